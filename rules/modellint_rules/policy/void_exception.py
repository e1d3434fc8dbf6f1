"""An exception of the policy is about something that Docker Compose or the runner refuses.

Accepted or not, the project does not start. Such an exception covers nothing: what it is about is reported as if it were not
there. Mend that, and drop the exception.

```yaml compose.yaml
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
    runtime_flags: ["--temp=0.2"]
```

```yaml bad
version: 1
exceptions:
  - rule: joined-flag
  #       ^^^^^^^^^^^ no exception covers what `joined-flag` reports here: the project does not start, accepted or not
    where: compose.yaml#models.llm
    reason: to be mended some day
```

```yaml good
version: 1
exceptions:
  - rule: unpinned-model
    where: compose.yaml#models.llm
    reason: rebuilt every night
```

What this rule cannot see: other versions of Compose and of the runner, which may refuse less. A policy that is for those
switches the rule off under `rules:`, and every report says so.
"""

from __future__ import annotations

from modellint.rule import WARNING, Context, Exemption, Finding, Findings, rule


@rule(WARNING, policy=True)
def void_exception(exemption: Exemption, context: Context) -> Findings:
    """Report an exception that is about what keeps the project from starting."""
    if exemption.void:
        message = (
            f"no exception covers what `{exemption.rule}` reports here: the project does not start, accepted or not"
        )
        yield Finding(exemption.place, message, hint="mend what is reported, and drop the exception")
