"""Docker Model Runner rejects a runtime flag.

Since 1.0.15, Docker Model Runner compares every item of `runtime_flags` with a list of flags that it allows for
llama-server. An item that starts with `-` must be in the list exactly; no item may contain a slash or a backslash. A
single rejected item makes `docker model configure`, and with it `docker compose up`, fail. Docker Compose passes the
flags before Docker Model Runner has inspected the model, so the list for llama.cpp applies to every model, including
vLLM models.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags:
      - "--temp 0.1"
      #  ^^^^^^^^^^ `--temp 0.1` puts several arguments in one list item: Docker Model Runner rejects it, and `docker compose up` fails
      - "--ctx_size"
      #  ^^^^^^^^^^ `--ctx_size` is not an allowed flag: Docker Model Runner rejects it, and `docker compose up` fails
      - "4096"
      - "--n-predict"
      - "-1"
      #  ^^ `-1` starts with `-`, so it is taken for a flag: Docker Model Runner rejects it, and `docker compose up` fails
      - "--max-model-len"
      #  ^^^^^^^^^^^^^^^ `--max-model-len` is a vLLM flag, and Compose files can use only llama.cpp flags: Docker Model Runner rejects it, and `docker compose up` fails
      - "8192"
      - "--verbose-prompt"
      #  ^^^^^^^^^^^^^^^^ `--verbose-prompt` is not an allowed flag, although Docker's documentation shows it: Docker Model Runner rejects it, and `docker compose up` fails
      - "--lora"
      #  ^^^^^^ `--lora` names a file, which is not allowed in runtime flags: Docker Model Runner rejects it, and `docker compose up` fails
      - "/adapters/a.gguf"
      #  ^^^^^^^^^^^^^^^^ `/adapters/a.gguf` contains a slash or backslash, which is not allowed in runtime flags: Docker Model Runner rejects it, and `docker compose up` fails
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
      - "--temp"
      - "0.1"
      - "--ctx-size"
      - "4096"
      - "--n-predict"
      - "-1"
      - "--max-model-len"
      - "8192"
      - "--verbose-prompt"
      - "--lora"
      - "/adapters/a.gguf"
```

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temp", "0.1", "--top-k", "40", "--verbose", "-fa", "on"]
```

What this rule cannot see: which version of Docker Model Runner will read the file. The list is from 1.2.6; older
versions allow fewer flags, and versions before 1.0.15 allow everything. Whether llama-server accepts the values is not
checked.
"""

from __future__ import annotations

from modellint.evidence.llama_flags import (
    ALLOWED,
    FLAG_AS_VALUE,
    LLAMA_CPP,
    PATH,
    fault,
    key_of,
    takes_value,
)
from modellint.fixing.list_edits import split_item
from modellint.rule import ERROR, SAFE, Context, Edit, Finding, Findings, Fix, Model, Scalar, rule
from modellint.text.numbers import whole

_REFUSED = "Docker Model Runner rejects it, and `docker compose up` fails"
_OUTSIDE = (  # names that are not in the list, the reason, and the hint
    (
        "--host --port --model -m --alias -a --model-url -mu --hf-repo -hf -hfr --hf-file -hff",
        "is set automatically",
        "remove it",
    ),
    (
        "--mmproj -mm --lora --lora-scaled --control-vector --control-vector-scaled --grammar-file --json-schema-file -jf "
        "--chat-template-file --log-file --slot-save-path --path --api-key-file --ssl-key-file --ssl-cert-file "
        "--model-draft -md --lookup-cache-static -lcs --lookup-cache-dynamic -lcd",
        "names a file, which is not allowed in runtime flags",
        "remove it, or package the file with the model",
    ),
    (
        "--verbose-prompt --log-prefix --log-timestamps --log-colors",
        "is not an allowed flag, although Docker's documentation shows it",
        "use `--verbose`, or remove it",
    ),
    (
        "--context-size --context --num-ctx --n-ctx --context-length",
        "is not an allowed flag",
        "set `context_size` on the model instead",
    ),
)
_MEANT = {
    "--max-tokens": "--n-predict",
    "--num-predict": "--n-predict",
    "--num-gpu": "--gpu-layers",
    "--num-thread": "--threads",
    "--repetition-penalty": "--repeat-penalty",
    "--batch": "--batch-size",
    "--draft": "--spec-draft-n-max",
    "--draft-n": "--spec-draft-n-max",
}


@rule(ERROR, refused=True, tags=("runtime",))
def rejected_flag(model: Model, context: Context) -> Findings:
    """Report each item of the flags that Docker Model Runner rejects."""
    for item in model.flags:
        text = item.value
        why = fault(text) if isinstance(text, str) else ""
        if not isinstance(text, str) or not why:
            continue
        if why == PATH:
            message = f"`{item.shown}` contains a slash or backslash, which is not allowed in runtime flags: {_REFUSED}"
            yield Finding(
                item.content, message, hint="remove it: Docker Model Runner does not allow paths, URLs or `<tag/>`"
            )
        elif why == FLAG_AS_VALUE:
            message = f"the value in `{item.shown}` starts with `-` and is not a number: {_REFUSED}"
            yield Finding(item.content, message, hint="remove it, or use a value that does not look like a flag")
        elif whole(text[1:2]) is not None:
            message = f"`{item.shown}` starts with `-`, so it is taken for a flag: {_REFUSED}"
            yield Finding(item.content, message, hint=_NEGATIVE)
        elif len(text.split()) > 1 and "=" not in text.split()[0]:
            yield _spaced(item, text)
        else:
            yield _unknown(item, key_of(text), context)


_NEGATIVE = (
    "remove the flag: a negative value cannot be passed, because Docker Model Runner rejects `-1` as a separate item "
    "and llama-server rejects `--flag=-1`"
)


def _spaced(item: Scalar, text: str) -> Finding:
    words = text.split()
    if takes_value(words[0]) and not any(word.startswith("-") for word in words[1:]):
        words = text.split(None, 1)
    message = f"`{item.shown}` puts several arguments in one list item: {_REFUSED}"
    # Quotes in an item are meant for a shell, but there is none here.
    plain = item.content.text == text and not any("'" in word or '"' in word for word in words)
    edit = split_item(item, words) if plain and not any(fault(word) for word in words) else None
    if edit is None:
        return Finding(item.content, message, hint="write each flag and each value as its own list item")
    return Finding(item.content, message, Fix(f"split it into {len(words)} list items", [edit], SAFE))


def _unknown(item: Scalar, name: str, context: Context) -> Finding:
    span = item.part(0, len(name))
    if span.text != name:  # it contains a variable, whose value must not be printed
        return Finding(item.content, f"`{item.shown}` does not give an allowed flag: {_REFUSED}", hint=_reason("")[1])
    meant = _meant(name, context)
    if meant:
        message = f"`{name}` is not an allowed flag: {_REFUSED}"
        return Finding(span, message, Fix(f"use `{meant}` instead", [Edit(span, meant)]))
    reason, hint = _reason(name)
    return Finding(span, f"`{name}` {reason}: {_REFUSED}", hint=hint)


def _reason(name: str) -> tuple[str, str]:
    """Return what is wrong with a name that is not in the list, and the hint."""
    for names, reason, hint in _OUTSIDE:
        if name in names.split():
            return reason, hint
    if name in ALLOWED["vllm"]:
        hint = "remove it; to set the context size, use `context_size`"
        return "is a vLLM flag, and Compose files can use only llama.cpp flags", hint
    return "is not an allowed flag", "remove it"


def _meant(name: str, context: Context) -> str:
    """Return the allowed flag that a name most likely means, or an empty string."""
    known = ALLOWED[LLAMA_CPP]
    dashed = name.replace("_", "-").lower()
    for guess in (dashed, f"-{dashed}", _MEANT.get(dashed, "")):
        if guess in known:
            return guess
    if len(name) < 5 or name in ALLOWED["vllm"] or any(name in names.split() for names, _, _ in _OUTSIDE):
        return ""
    return context.guesses.nearest(dashed, known, 0.85)
