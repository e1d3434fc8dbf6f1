"""A policy exception covers no findings.

None of the findings that it covers is reported any longer: the file was fixed or renamed, or the exception was wrong
and never worked. It would hide the next real finding at the same place.

An exception is checked only if its rule ran on a file that the exception is about, or if the file in its `where` does
not exist. The path of that file is relative to the directory of the policy, wherever the check runs.

```yaml compose.yaml
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml bad
version: 1
exceptions:
  - rule: unused-model
  #       ^^^^^^^^^^^^ `unused-model` reports nothing that this exception covers
    where: compose.yaml#models.*
    reason: kept for the next release
```

```yaml bad
version: 1
exceptions:
  - rule: unused-model
    where: other.yaml#models.llm
    #      ^^^^^^^^^^^^^^^^^^^^^ there is no `other.yaml` in `project`, the directory of this policy, to which `where` is relative: this exception for `unused-model` covers nothing
    reason: kept for the next release
```

```yaml good
version: 1
exceptions:
  - rule: unpinned-model
    where: compose.yaml#models.llm
    reason: rebuilt every night
```

What this rule cannot see: exceptions for existing files that were not checked in this run.
"""

from __future__ import annotations

from modellint.rule import WARNING, Context, Exemption, Finding, Findings, rule


@rule(WARNING, policy=True)
def unused_exception(exemption: Exemption, context: Context) -> Findings:
    """Report exceptions that matched no finding."""
    if exemption.expired or exemption.used or exemption.void:
        return
    if exemption.astray and exemption.where_at is not None:
        hint = (
            f"did you mean `{exemption.meant}`?" if exemption.meant else "correct its `where`, or remove the exception"
        )
        message = f"{exemption.astray}: this exception for `{exemption.rule}` covers nothing"
        yield Finding(exemption.where_at, message, hint=hint)
    elif exemption.tried:
        asked = "`where` or `about`" if exemption.about else "`where`"
        message = f"`{exemption.rule}` reports nothing that this exception covers"
        yield Finding(exemption.place, message, hint=f"remove the exception, or correct its {asked}")
