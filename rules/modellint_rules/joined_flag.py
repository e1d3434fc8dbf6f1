"""A runtime flag and its value are joined by `=`.

Each item of `runtime_flags` becomes one word on the command line of llama-server, and llama-server looks the whole
word up in its table of flags. `--temp=0.2` is not in it: the server prints `error: invalid argument: --temp=0.2` and
exits. Docker Model Runner's own check lets the `=` through (as of 1.2.6), so `docker compose up` succeeds and the first
request fails.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temperature=0.2", "--gpu-layers=40"]
    #                ^^^^^^^^^^^^^^^^^ llama-server does not accept `--temperature=0.2`: `--temperature` and its value must be two items, so it never starts
    #                                     ^^^^^^^^^^^^^^^ llama-server does not accept `--gpu-layers=40`: `--gpu-layers` and its value must be two items, so it never starts
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

A list with one item on each line is fixed in the same way. A number needs quotes there, because Compose accepts only
strings:

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
      # ^^^^^^^^^^^ llama-server does not accept `--threads=4`: `--threads` and its value must be two items, so it never starts
      - "--batch-size=${BATCH:-256}"
      #  ^^^^^^^^^^^^^^^^^^^^^^^^^^ llama-server does not accept `--batch-size=${BATCH:-256}`: `--batch-size` and its value must be two items, so it never starts
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

What this rule cannot see: the build of llama-server that the runner will start. No build up to October 2026 accepts `=`.
A negative value has no form that works, see `rejected-flag`. Flags that the runner refuses are that rule's subject too.
"""

from __future__ import annotations

from modellint.evidence.llama_flags import fault, key_of, takes_value
from modellint.fixing.list_edits import split_item
from modellint.rule import ERROR, SAFE, Context, Finding, Findings, Fix, Model, Scalar, rule


@rule(ERROR, refused=True, tags=("runtime",))
def joined_flag(model: Model, context: Context) -> Findings:
    """Report `--flag=value` where the runner lets it through."""
    for item in model.flags:
        text = item.value
        if not isinstance(text, str) or "=" not in text or not key_of(text) or fault(text):
            continue
        name = key_of(text)
        shown = item.shown.partition("=")[0]
        message = f"llama-server does not accept `{item.shown}`: `{shown}` and its value must be two items, so it never starts"
        fix = _fix(item, name)
        hint = "" if fix else _hint(name, shown, text[len(name) + 1 :])
        yield Finding(item.content, message, fix, hint=hint)


def _fix(item: Scalar, name: str) -> Fix | None:
    written = item.content.text
    value = written.removeprefix(f"{name}=")
    # A word that begins with a dash is a flag to the runner, whatever stands before it.
    negative = str(item.value)[len(name) + 1 :].startswith("-")
    if value == written or not value or not takes_value(name) or negative or " -" in value:
        return None
    edit = split_item(item, [name, value])
    return Fix("make two items of it", [edit], SAFE) if edit else None


def _hint(name: str, shown: str, value: str) -> str:
    if not takes_value(name):
        return f"`{shown}` is a switch: write it without a value, or leave it out"
    if value.startswith("-"):
        return f"leave `{shown}` out: as an item of its own a negative value is refused as a flag"
    return f"write `{shown}` and its value as two items"
