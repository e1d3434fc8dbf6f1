"""A runtime flag and its value are joined by `=` instead of being separate list items.

Each item of `runtime_flags` becomes one argument of llama-server, which looks up the whole argument in its table of
flags. `--temp=0.2` is not in the table: the server prints `error: invalid argument: --temp=0.2` and exits. The check in
Docker Model Runner accepts the `=` (as of 1.2.6), so `docker compose up` succeeds and the first request fails.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temperature=0.2", "--gpu-layers=40"]
    #                ^^^^^^^^^^^^^^^^^ llama-server rejects `--temperature=0.2` and does not start: `--temperature` and its value must be separate list items
    #                                     ^^^^^^^^^^^^^^^ llama-server rejects `--gpu-layers=40` and does not start: `--gpu-layers` and its value must be separate list items
```

```yaml fixed
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temperature", "0.2", "--gpu-layers", "40"]
```

A list with one item per line is fixed in the same way. Numbers need quotes there, because Compose accepts only strings:

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags:
      - --threads=4 # one for each core
      # ^^^^^^^^^^^ llama-server rejects `--threads=4` and does not start: `--threads` and its value must be separate list items
      - "--batch-size=${BATCH:-256}"
      #  ^^^^^^^^^^^^^^^^^^^^^^^^^^ llama-server rejects `--batch-size=${BATCH:-256}` and does not start: `--batch-size` and its value must be separate list items
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
      - --threads
      - "4" # one for each core
      - "--batch-size"
      - "${BATCH:-256}"
```

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temp", "0.2", "--mlock", "--chat-template-kwargs", '{"a": "b=c"}']
```

What this rule cannot see: which build of llama-server Docker Model Runner will start. No build up to October 2026
accepts `=`. A negative value cannot be passed in any form, see `rejected-flag`. That rule also reports the flags that
Docker Model Runner rejects.
"""

from __future__ import annotations

from modellint.evidence.llama_flags import fault, key_of, takes_value
from modellint.fixing.list_edits import split_item
from modellint.rule import ERROR, SAFE, Context, Finding, Findings, Fix, Model, Scalar, rule


@rule(ERROR, refused=True, tags=("runtime",))
def joined_flag(model: Model, context: Context) -> Findings:
    """Report `--flag=value` if Docker Model Runner accepts it."""
    for item in model.flags:
        text = item.value
        if not isinstance(text, str) or "=" not in text or not key_of(text) or fault(text):
            continue
        name = key_of(text)
        shown = item.shown.partition("=")[0]
        message = (
            f"llama-server rejects `{item.shown}` and does not start: `{shown}` and its value must be separate list"
            " items"
        )
        fix = _fix(item, name)
        hint = "" if fix else _hint(name, shown, text[len(name) + 1 :])
        yield Finding(item.content, message, fix, hint=hint)


def _fix(item: Scalar, name: str) -> Fix | None:
    written = item.content.text
    value = written.removeprefix(f"{name}=")
    # Docker Model Runner takes every item that starts with a dash for a flag, whatever precedes it.
    negative = str(item.value)[len(name) + 1 :].startswith("-")
    if value == written or not value or not takes_value(name) or negative or " -" in value:
        return None
    edit = split_item(item, [name, value])
    return Fix("split it into two list items", [edit], SAFE) if edit else None


def _hint(name: str, shown: str, value: str) -> str:
    if not takes_value(name):
        return f"`{shown}` takes no value: remove the value, or remove the flag"
    if value.startswith("-"):
        return f"remove `{shown}`: Docker Model Runner would take a negative value in its own list item for a flag"
    return f"write `{shown}` and its value as two list items"
