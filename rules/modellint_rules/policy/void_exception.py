"""A policy exception is about a finding that prevents the project from starting.

The project does not start, whether the finding is accepted or not. Such an exception covers nothing: the finding is
reported as if the exception did not exist. Fix the problem, and remove the exception.

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
  #       ^^^^^^^^^^^ an exception cannot cover what `joined-flag` reports here: the project does not start either way
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

What this rule cannot see: other versions of Compose and of Docker Model Runner, which may accept more. A policy for
those versions can disable the rule under `rules:`, which every report shows.
"""

from __future__ import annotations

from modellint.rule import WARNING, Context, Exemption, Finding, Findings, rule


@rule(WARNING, policy=True)
def void_exception(exemption: Exemption, context: Context) -> Findings:
    """Report exceptions for findings that prevent the project from starting."""
    if exemption.void:
        message = (
            f"an exception cannot cover what `{exemption.rule}` reports here: the project does not start either way"
        )
        yield Finding(exemption.place, message, hint="fix the finding, and remove the exception")
