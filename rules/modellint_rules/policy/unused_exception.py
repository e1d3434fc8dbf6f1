"""An exception of the policy is not needed.

Nothing that it covers is reported any more: the file was mended, renamed, or the exception was written wrongly and never
worked. It hides the next real finding at the same place.

An exception is judged only where its rule ran and looked at a file that it is about, or where the file of its `where` does
not exist. That file is named as it is seen from the folder of the policy, wherever the check is run.

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

What this rule cannot see: exceptions for files that exist and that this check did not look at.
"""

from __future__ import annotations

from modellint.rule import WARNING, Context, Exemption, Finding, Findings, rule


@rule(WARNING, policy=True)
def unused_exception(exemption: Exemption, context: Context) -> Findings:
    """Report an exception that matched nothing."""
    if exemption.expired or exemption.used or exemption.void:
        return
    if exemption.astray and exemption.where_at is not None:
        hint = f"did you mean `{exemption.meant}`?" if exemption.meant else "mend its `where`, or drop the exception"
        message = f"{exemption.astray}: this exception for `{exemption.rule}` covers nothing"
        yield Finding(exemption.where_at, message, hint=hint)
    elif exemption.tried:
        asked = "`where` or `about`" if exemption.about else "`where`"
        message = f"`{exemption.rule}` reports nothing that this exception covers"
        yield Finding(exemption.place, message, hint=f"drop the exception, or mend its {asked}")
