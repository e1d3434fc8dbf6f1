"""One runtime flag stands in the list twice.

llama-server takes the last value; the first stays in the file and says something that is not so. A second list of
`runtime_flags`, in an override, an included file or another document, is appended to the first, never put in its place
(compose-go, `override/merge.go`); only items that the list already holds are dropped, see `dropped-flag`.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags:
      - "--temp"
      - "0.1"
      - "--mlock"
      - "--temperature"
      #  ^^^^^^^^^^^^^ `--temperature` is in the list a second time: llama-server takes the last one, the first says nothing
      - "0.7"
```

```yaml fixed
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags:
      - "--mlock"
      - "--temperature"
      - "0.7"
```

An override that changes a value needs `!override`, which replaces the list:

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temp", "0.1"]
---
models:
  llm:
    runtime_flags: !override ["--temp", "0.7"]
```

What this rule cannot see: `runtime_flags` of files that are not read together with this one.
"""

from __future__ import annotations

from modellint.evidence.llama_flags import option, pairs
from modellint.fixing.list_edits import take_out
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Mapping, Model, Scalar, rule

_MAY_REPEAT = frozenset(("-otd", "--override-tensor-draft", "--spec-draft-override-tensor"))


@rule(WARNING, tags=("runtime",))
def duplicated_flags(model: Model, context: Context) -> Findings:
    """Report a flag that an earlier item of the list holds too."""
    flags = [str(item.value) for item in model.flags]
    first_of: dict[str, tuple[int, int | None]] = {}  # by option: the numbers of its first flag and of the value
    for name, at, value in pairs(flags):
        before = first_of.setdefault(option(name) or f"{at}", (at, value))
        if before[0] == at or name in _MAY_REPEAT:
            continue
        first, item = model.flags[before[0]], model.flags[at]
        shown = item.shown.partition("=")[0]
        message = f"`{shown}` is in the list a second time: llama-server takes the last one, the first says nothing"
        fix = _fix(model, [model.flags[part] for part in before if part is not None])
        hint = "" if fix else "keep one; in an override, replace the list with `!override`"
        related = [(first.content, "the first one")]
        yield Finding(item.part(0, len(name)), message, fix, related, hint=hint)


def _fix(model: Model, items: list[Scalar]) -> Fix | None:
    edits = take_out(model.body, "runtime_flags", items) if isinstance(model.body, Mapping) else None
    return Fix("drop the first one", edits) if edits else None
