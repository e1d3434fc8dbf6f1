"""The declared context size is not the one that requests get.

`context_size` becomes `--ctx-size`, and `runtime_flags` come after it: llama-server uses the last one, so
`-c`/`--ctx-size` in the flags silently wins. `--parallel 4` gives each request a quarter of the context, unless the
cache is shared (`--kv-unified`). Compose ignores zero and negative values, and a number above 2147483647 makes
`docker model configure` fail. An embedding model runs with the default context size, and without any of the flags,
unless they contain exactly `--embeddings` (docker/model-runner 1.2.6).

```yaml bad
services:
  app:
    image: app
    models: [chat, code, big, huge, all, embedder]
models:
  chat:
    model: ai/qwen3:0.6B-Q4_K_M
    context_size: 8192
    runtime_flags:
      - "--ctx-size"
      #  ^^^^^^^^^^ `--ctx-size 4096` overrides `context_size: 8192`: llama-server uses the last one
      - "4096"
      - "--mlock"
  code:
    model: ai/qwen2.5:0.5B-F16
    context_size: 8192
    runtime_flags: ["--parallel", "4"]
    #                ^^^^^^^^^^ `--parallel` divides the context: each parallel request gets 2048 of the 8192 tokens
  big:
    model: ai/gemma3:270M-F16
    context_size: 4096
    runtime_flags: ["-c", "4096"]
    #                ^^ `-c 4096` repeats `context_size`, and overrides it if one of them changes
  huge:
    model: ai/smollm3:Q4_K_M
    context_size: 4294967296
    #             ^^^^^^^^^^ `context_size` 4294967296 is greater than 2147483647: `docker model configure` rejects it, and `up` fails
  all:
    model: ai/smollm2:360M-Q4_K_M
    context_size: -1
    #             ^^ Compose ignores a `context_size` of -1: the model runs with its default context size
  embedder:
    model: ai/nomic-embed-text-v1.5:137M-F16
    context_size: 2048
    #             ^^^^ without `--embeddings`, Docker Model Runner ignores `context_size` for an embedding model
```

```yaml fixed
services:
  app:
    image: app
    models: [chat, code, big, huge, all, embedder]
models:
  chat:
    model: ai/qwen3:0.6B-Q4_K_M
    context_size: 4096
    runtime_flags:
      - "--mlock"
  code:
    model: ai/qwen2.5:0.5B-F16
    context_size: 8192
    runtime_flags: ["--parallel", "4"]
  big:
    model: ai/gemma3:270M-F16
    context_size: 4096
  huge:
    model: ai/smollm3:Q4_K_M
    context_size: 4294967296
  all:
    model: ai/smollm2:360M-Q4_K_M
  embedder:
    model: ai/nomic-embed-text-v1.5:137M-F16
    context_size: 2048
```

```yaml good
services:
  app:
    image: app
    models: [chat, code, embedder]
models:
  chat:
    model: ai/qwen3:0.6B-Q4_K_M
    context_size: 4096
    runtime_flags: ["--mlock"]
  code:
    model: ai/qwen2.5:0.5B-F16
    context_size: 32768
    runtime_flags: ["--parallel", "4", "--kv-unified"]
  embedder:
    model: ai/nomic-embed-text-v1.5:137M-F16
    context_size: 2048
    runtime_flags: ["--embeddings"]
```

What this rule cannot see: the context size that the model was trained with, and embedding models whose name does not
show it.
"""

from __future__ import annotations

from modellint.evidence.llama_flags import pairs, same_option
from modellint.fixing.list_edits import take_out, take_out_key
from modellint.rule import (
    ERROR,
    NOTE,
    SAFE,
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Mapping,
    Model,
    Related,
    Scalar,
    rule,
)
from modellint.text.numbers import stoi

_MOST = 2**31 - 1  # the option of `docker model configure` is an int32
_WRAPS = 2**63  # above it the number is negative to Compose
_EMBEDDERS = ("bge-", "gte-", "e5-", "multilingual-e5", "all-minilm")


@rule(WARNING, tags=("runtime",))
def overridden_context(model: Model, context: Context) -> Findings:
    """Report context sizes that something else overrides, divides or ignores."""
    if model.legacy:
        return
    size = _number(model.context_size)
    if model.context_size is not None and size is not None:
        yield from _out_of_range(model, model.context_size, size)
    if model.context_size is not None and size is not None and 0 < size <= _MOST:
        yield from _beaten(model, model.context_size, size)
    yield from _not_embedding(model)


def _out_of_range(model: Model, node: Scalar, size: int) -> Findings:
    if size <= 0 or size >= _WRAPS:
        edits = take_out_key(model.body, "context_size") if isinstance(model.body, Mapping) else None
        message = f"Compose ignores a `context_size` of {node.shown}: the model runs with its default context size"
        hint = "" if edits else "remove it, or use a positive number"
        yield Finding(node.content, message, Fix("remove it", edits) if edits else None, hint=hint)
    elif size > _MOST:
        message = (
            f"`context_size` {node.shown} is greater than {_MOST}: `docker model configure` rejects it, and `up` fails"
        )
        yield Finding(node.content, message, hint="write the context size in tokens, such as 8192", severity=ERROR)


def _beaten(model: Model, node: Scalar, size: int) -> Findings:
    words = [str(flag.value) for flag in model.flags]
    read = pairs(words)
    shared = any(same_option(name, "--kv-unified") for name, _, _ in read)
    for name, at, value_at in read:
        flag = model.flags[at]
        value = model.flags[value_at] if value_at is not None else None
        text = str(value.value) if value is not None else words[at].partition("=")[2]
        number = stoi(text)
        if same_option(name, "--ctx-size"):
            yield _second_size(model, node, size, flag, value, number)
        elif same_option(name, "--parallel") and number is not None and number > 1 and not shared:
            share = "only part of it" if (value or flag).interpolated else f"{size // number} of the {size} tokens"
            message = f"`{flag.shown.partition('=')[0]}` divides the context: each parallel request gets {share}"
            hint = (
                "multiply `context_size` by the number of parallel requests, or share the context with `--kv-unified`"
            )
            yield Finding(flag.part(0, len(name)), message, hint=hint, severity=NOTE)


def _second_size(
    model: Model, node: Scalar, size: int, flag: Scalar, value: Scalar | None, number: int | None
) -> Finding:
    items = [flag] if value is None else [flag, value]
    edits = take_out(model.body, "runtime_flags", items) if isinstance(model.body, Mapping) else None
    shown = flag.shown if value is None else f"{flag.shown} {value.shown}"
    span = flag.content
    related = [Related(node.content, "declared here")]
    if number == size:
        message = f"`{shown}` repeats `context_size`, and overrides it if one of them changes"
        fix = Fix("remove the flag", edits, SAFE) if edits else None
    else:
        message = f"`{shown}` overrides `context_size: {node.shown}`: llama-server uses the last one"
        literal = edits is not None and number is not None and not (value or flag).interpolated
        fix = (
            Fix(f"set `context_size` to {number} and remove the flag", [Edit(node.content, str(number)), *edits])
            if literal and edits
            else None
        )
    return Finding(span, message, fix, related, hint="" if fix else "set it only once, with `context_size`")


def _not_embedding(model: Model) -> Findings:
    words = [str(flag.value) for flag in model.flags]
    if "--embeddings" in words or "--rerank" in words or "--reranking" in words or not _embeds(model):
        return
    near = next((flag for flag in model.flags if flag.value == "--embedding"), None)
    if near is not None:
        message = "Docker Model Runner accepts `--embedding`, but only `--embeddings` makes it run an embedding model"
        yield Finding(near.content, message, Fix("use `--embeddings` instead", [Edit(near.content, "--embeddings")]))
    elif model.context_size is not None or model.flags:
        place = model.context_size or model.flags[0]
        what = "`context_size`" if model.context_size is not None else "`runtime_flags`"
        message = f"without `--embeddings`, Docker Model Runner ignores {what} for an embedding model"
        yield Finding(place.content, message, hint='add `"--embeddings"` to `runtime_flags`')


def _embeds(model: Model) -> bool:
    """Return whether the name shows an embedding model; the name of a reranker may contain the same words."""
    if model.ref is None or model.ref.kind == "invalid":
        return False
    name = model.ref.name.rpartition("/")[2].lower()
    return "rerank" not in name and ("embed" in name or name.startswith(_EMBEDDERS))


def _number(node: Scalar | None) -> int | None:
    value = node.value if node is not None else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if value == value and abs(value) != float("inf") and value == int(value) else None
