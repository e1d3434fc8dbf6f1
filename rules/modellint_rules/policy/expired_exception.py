"""A policy exception has expired.

An expired exception covers nothing, and its findings are reported again. Fix them, or set a later date and give the
reason. In its last two weeks, an exception is reported as a note.

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
    #        ^^^^^^^^^^ this exception for `unpinned-model` expired on 2020-01-31
```

```yaml good
version: 1
exceptions:
  - rule: unpinned-model
    reason: rebuilt every night
    expires: 9999-12-31
```

What this rule cannot see: whether the reason is still valid.
"""

from __future__ import annotations

from modellint.policy_terms import SOON
from modellint.rule import NOTE, WARNING, Context, Exemption, Finding, Findings, rule


@rule(WARNING, policy=True)
def expired_exception(exemption: Exemption, context: Context) -> Findings:
    """Report exceptions whose last day is past or near."""
    if exemption.days is None or exemption.expires_at is None:
        return
    span, hint = exemption.expires_at, "fix the findings that it covers, or set a later `expires` date"
    if exemption.expired:
        yield Finding(span, f"this exception for `{exemption.rule}` expired on {span.text}", hint=hint)
    elif exemption.days < SOON:
        days = "today" if exemption.days == 0 else f"in {exemption.days} {'day' if exemption.days == 1 else 'days'}"
        yield Finding(span, f"this exception for `{exemption.rule}` expires {days}", hint=hint, severity=NOTE)
