"""An exception of the policy has run out.

It covers nothing any more, and what it covered is reported again. Somebody has to mend that, or to give the exception another
last day, with the reason why. In its last two weeks an exception is named as a note.

```yaml compose.yaml
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
```

```yaml bad
version: 1
exceptions:
  - rule: unpinned-model
    reason: rebuilt every night
    expires: 2020-01-31
    #        ^^^^^^^^^^ this exception for `unpinned-model` ran out on 2020-01-31
```

```yaml good
version: 1
exceptions:
  - rule: unpinned-model
    reason: rebuilt every night
    expires: 9999-12-31
```

What this rule cannot see: whether the reason still holds.
"""

from __future__ import annotations

from modellint.policy_terms import SOON
from modellint.rule import NOTE, WARNING, Context, Exemption, Finding, Findings, rule


@rule(WARNING, policy=True)
def expired_exception(exemption: Exemption, context: Context) -> Findings:
    """Report an exception whose last day is over, or near."""
    if exemption.days is None or exemption.expires_at is None:
        return
    span, hint = exemption.expires_at, "mend what it covers, or give it another last day"
    if exemption.expired:
        yield Finding(span, f"this exception for `{exemption.rule}` ran out on {span.text}", hint=hint)
    elif exemption.days < SOON:
        days = "today" if exemption.days == 0 else f"in {exemption.days} {'day' if exemption.days == 1 else 'days'}"
        yield Finding(span, f"this exception for `{exemption.rule}` runs out {days}", hint=hint, severity=NOTE)
