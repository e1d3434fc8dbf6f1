"""A runtime flag appears twice in the list.

llama-server uses the last value; the first one has no effect and misleads readers. A second list of `runtime_flags`, in
an override file, an included file or another document, is appended to the first and never replaces it (compose-go,
`override/merge.go`); only items that the list already contains are dropped, see `dropped-flag`.

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
      #  ^^^^^^^^^^^^^ `--temperature` appears twice in the list: llama-server uses the last one and ignores the first
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

An override file that changes a value needs `!override`, which replaces the list:

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

What this rule cannot see: `runtime_flags` in files that are not read together with this one.
"""

from __future__ import annotations

from modellint.evidence.llama_flags import option, pairs
from modellint.fixing.list_edits import take_out
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Mapping, Model, Related, Scalar, rule

_MAY_REPEAT = frozenset(("-otd", "--override-tensor-draft", "--spec-draft-override-tensor"))


@rule(WARNING, tags=("runtime",))
def duplicated_flags(model: Model, context: Context) -> Findings:
    """Report flags that an earlier item of the list sets too."""
    flags = [str(item.value) for item in model.flags]
    first_of: dict[str, tuple[int, int | None]] = {}  # by option: the positions of its first flag and of the value
    for name, at, value in pairs(flags):
        before = first_of.setdefault(option(name) or f"{at}", (at, value))
        if before[0] == at or name in _MAY_REPEAT:
            continue
        first, item = model.flags[before[0]], model.flags[at]
        shown = item.shown.partition("=")[0]
        message = f"`{shown}` appears twice in the list: llama-server uses the last one and ignores the first"
        fix = _fix(model, [model.flags[part] for part in before if part is not None])
        hint = "" if fix else "keep one; in an override file, replace the list with `!override`"
        related = [Related(first.content, "first occurrence")]
        yield Finding(item.part(0, len(name)), message, fix, related, hint=hint)


def _fix(model: Model, items: list[Scalar]) -> Fix | None:
    edits = take_out(model.body, "runtime_flags", items) if isinstance(model.body, Mapping) else None
    return Fix("remove the first occurrence", edits) if edits else None
