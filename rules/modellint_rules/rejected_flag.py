"""Docker Model Runner refuses a runtime flag.

Since 1.0.15 the runner compares every word of `runtime_flags` with a list of flags that it lets through to
llama-server. A word that begins with `-` has to be in the list, letter by letter; no word may hold a slash or a backslash.
One refused word makes `docker model configure`, and with it `docker compose up`, fail. Docker Compose hands the flags over before the
runner has looked at the model, so the list of llama.cpp holds for every model, vLLM's too.

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
      #  ^^^^^^^^^^ `--temp 0.1` is one item with a space, and one item is one word: Docker Model Runner refuses it and `docker compose up` fails
      - "--ctx_size"
      #  ^^^^^^^^^^ `--ctx_size` is not in the list of flags: Docker Model Runner refuses it and `docker compose up` fails
      - "4096"
      - "--n-predict"
      - "-1"
      #  ^^ `-1` begins with `-`, so it counts as a flag: Docker Model Runner refuses it and `docker compose up` fails
      - "--max-model-len"
      #  ^^^^^^^^^^^^^^^ `--max-model-len` is a flag of vLLM, and of a Compose file only those of llama.cpp are let through: Docker Model Runner refuses it and `docker compose up` fails
      - "8192"
      - "--verbose-prompt"
      #  ^^^^^^^^^^^^^^^^ `--verbose-prompt` is not in the list of flags, though Docker's documentation shows it: Docker Model Runner refuses it and `docker compose up` fails
      - "--lora"
      #  ^^^^^^ `--lora` names a file, which no flag may: Docker Model Runner refuses it and `docker compose up` fails
      - "/adapters/a.gguf"
      #  ^^^^^^^^^^^^^^^^ `/adapters/a.gguf` holds a slash or backslash, which no flag may: Docker Model Runner refuses it and `docker compose up` fails
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

What this rule cannot see: which version of the runner will read the file. The list is that of 1.2.6; older ones know
fewer flags, those before 1.0.15 let everything through. Whether llama-server likes the values is not checked.
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

_REFUSED = "Docker Model Runner refuses it and `docker compose up` fails"
_OUTSIDE = (  # names that are not in the list, what to say about them, and what to do
    (
        "--host --port --model -m --alias -a --model-url -mu --hf-repo -hf -hfr --hf-file -hff",
        "is what the runner sets itself",
        "leave it out",
    ),
    (
        "--mmproj -mm --lora --lora-scaled --control-vector --control-vector-scaled --grammar-file --json-schema-file -jf "
        "--chat-template-file --log-file --slot-save-path --path --api-key-file --ssl-key-file --ssl-cert-file "
        "--model-draft -md --lookup-cache-static -lcs --lookup-cache-dynamic -lcd",
        "names a file, which no flag may",
        "leave it out, or package what the file holds with the model",
    ),
    (
        "--verbose-prompt --log-prefix --log-timestamps --log-colors",
        "is not in the list of flags, though Docker's documentation shows it",
        "use `--verbose`, or leave it out",
    ),
    (
        "--context-size --context --num-ctx --n-ctx --context-length",
        "is not in the list of flags",
        "declare the model's `context_size`",
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
    """Report each word of the flags that the runner's list or its checks refuse."""
    for item in model.flags:
        text = item.value
        why = fault(text) if isinstance(text, str) else ""
        if not isinstance(text, str) or not why:
            continue
        if why == PATH:
            message = f"`{item.shown}` holds a slash or backslash, which no flag may: {_REFUSED}"
            yield Finding(item.content, message, hint="leave it out: the runner lets no path, URL or `<tag/>` through")
        elif why == FLAG_AS_VALUE:
            message = f"in `{item.shown}` the value begins with `-` and is no number: {_REFUSED}"
            yield Finding(item.content, message, hint="leave it out, or give it a value that is no flag")
        elif whole(text[1:2]) is not None:
            message = f"`{item.shown}` begins with `-`, so it counts as a flag: {_REFUSED}"
            yield Finding(item.content, message, hint=_NEGATIVE)
        elif len(text.split()) > 1 and "=" not in text.split()[0]:
            yield _spaced(item, text)
        else:
            yield _unknown(item, key_of(text), context)


_NEGATIVE = (
    "leave the flag out: `-1` never arrives, since llama-server refuses `--flag=-1`, which the runner lets through"
)


def _spaced(item: Scalar, text: str) -> Finding:
    words = text.split()
    if takes_value(words[0]) and not any(word.startswith("-") for word in words[1:]):
        words = text.split(None, 1)
    message = f"`{item.shown}` is one item with a space, and one item is one word: {_REFUSED}"
    # A word with a quote in it had its quotes removed by a shell, which there is none here.
    plain = item.content.text == text and not any("'" in word or '"' in word for word in words)
    edit = split_item(item, words) if plain and not any(fault(word) for word in words) else None
    if edit is None:
        return Finding(item.content, message, hint="make each word an item of its own")
    return Finding(item.content, message, Fix(f"make {len(words)} items of it", [edit], SAFE))


def _unknown(item: Scalar, name: str, context: Context) -> Finding:
    span = item.part(0, len(name))
    if span.text != name:  # a variable is in it, whose value is not for printing
        return Finding(item.content, f"`{item.shown}` gives no flag of the list: {_REFUSED}", hint=_reason("")[1])
    meant = _meant(name, context)
    if meant:
        message = f"`{name}` is not in the list of flags: {_REFUSED}"
        return Finding(span, message, Fix(f"did you mean `{meant}`?", [Edit(span, meant)]))
    reason, hint = _reason(name)
    return Finding(span, f"`{name}` {reason}: {_REFUSED}", hint=hint)


def _reason(name: str) -> tuple[str, str]:
    """What is wrong with a name that is not in the list, and what to do."""
    for names, reason, hint in _OUTSIDE:
        if name in names.split():
            return reason, hint
    if name in ALLOWED["vllm"]:
        hint = "leave it out, and use `context_size` for the context: Compose has its flags checked as llama.cpp's"
        return "is a flag of vLLM, and of a Compose file only those of llama.cpp are let through", hint
    return "is not in the list of flags", "leave it out"


def _meant(name: str, context: Context) -> str:
    """The flag in the list that a name most likely stands for, or nothing."""
    known = ALLOWED[LLAMA_CPP]
    dashed = name.replace("_", "-").lower()
    for guess in (dashed, f"-{dashed}", _MEANT.get(dashed, "")):
        if guess in known:
            return guess
    if len(name) < 5 or name in ALLOWED["vllm"] or any(name in names.split() for names, _, _ in _OUTSIDE):
        return ""
    return context.guesses.nearest(dashed, known, 0.85)
