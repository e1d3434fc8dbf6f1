"""A runtime flag lacks its value, or a word stands in the list that is neither a flag nor the value of one.

llama-server reads the items of `runtime_flags` one after the other. Each has to be the name of a flag; a flag that takes
a value takes the next item for it, whatever that is. For any other word it prints `error: invalid argument: temp`, for
a last flag without a value `expected value for argument`, and exits. Docker Model Runner's own check looks only at words
that begin with `-` (as of 1.2.6), so `docker compose up` succeeds and the first request fails.

A word processor or a web page may have turned `--` into one long dash, which is no dash to a program.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: [temp, "0.1", —top-k, "40", "--mlock", "true", "--ctx-size", "--jinja", "--seed"]
    #               ^^^^ `temp` is neither a flag nor the value of one: llama-server refuses it and never starts
    #                            ^^^^^^ `—top-k` begins with `—`, which is no `--`: llama-server takes it for no flag and never starts
    #                                                      ^^^^ `--mlock` takes no value, so `true` stands alone: llama-server refuses it and never starts
    #                                                              ^^^^^^^^^^ `--ctx-size` has no value: llama-server takes the flag `--jinja` behind it for one
    #                                                                                       ^^^^^^ `--seed` has no value, and nothing stands behind it: llama-server never starts
```

```yaml fixed
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temp", "0.1", "--top-k", "40", "--mlock", "true", "--ctx-size", "--jinja", "--seed"]
```

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temp", "0.1", "--top-k", "40", "--mlock", "--jinja", "--grammar", "root ::= [a-z]+"]
```

What this rule cannot see: whether llama-server likes a value, and what a variable that is not set here will be.
Words that the runner refuses are the subject of `rejected-flag`, and lists that a merge tore apart of `dropped-flag`.
"""

from __future__ import annotations

from modellint.compose.model.unset import with_unset
from modellint.evidence.llama_flags import ALLOWED, LLAMA_CPP, fault, key_of, takes_value
from modellint.rule import ERROR, Context, Edit, Finding, Findings, Fix, Model, Project, Scalar, rule

_DASHES = "‐‑‒–—―−﹘﹣－"
_NEVER = "llama-server refuses it and never starts"
_KNOWN = ALLOWED[LLAMA_CPP]


@rule(ERROR, refused=True, tags=("runtime",))
def unpaired_flag(model: Model, context: Context) -> Findings:
    """Report each word that is no flag and no value, and each flag that has no value."""
    flags = model.flags
    unknown, kept = context.project.once(with_unset), context.project.once(_kept)
    if any(id(flag) in kept for flag in flags):
        return  # a merge tore the list apart, and `dropped-flag` says so
    at = 0
    while at < len(flags):
        item, behind = flags[at], flags[at + 1] if at + 1 < len(flags) else None
        before = flags[at - 1] if at else None
        at += 1
        if id(item) in unknown:  # it may be a flag
            at += behind is not None and not _is_flag(behind)
            continue
        if not isinstance(item.value, str) or fault(item.value):
            continue
        name = item.value if item.value.startswith("-") else _meant(item.value)
        if not key_of(item.value):
            yield from _stray(item, before, name)
        elif takes_value(name) and (behind is None or _is_flag(behind)):
            yield _without_value(item, behind)
            continue
        if takes_value(name) and behind is not None and not _is_flag(behind):
            at += 1


def _kept(project: Project) -> frozenset[int]:
    return frozenset(id(dropped.kept) for dropped in project.dropped)


def _stray(item: Scalar, before: Scalar | None, meant: str) -> Findings:
    """The finding about a word that is no flag and no value, unless another rule's finding about the one before is."""
    text = str(item.value)
    first = str(before.value) if before is not None else ""
    key = key_of(first)
    if meant and not item.interpolated:
        wrong, right = _dashes(text, _DASHES), _dashes(meant, "-")
        message = f"`{text}` is neither a flag nor the value of one: {_NEVER}"
        if wrong:
            message = (
                f"`{text}` begins with `{wrong}`, which is no `{right}`:"
                " llama-server takes it for no flag and never starts"
            )
        yield Finding(item.content, message, _fix(item, meant), hint=f"write `{meant}`")
    elif key and (fault(first) or "=" in first):
        return  # its own finding says that the two do not go together
    elif before is not None and key in _KNOWN and not takes_value(key) and text:
        message = f"`{before.shown}` takes no value, so `{item.shown}` stands alone: {_NEVER}"
        yield Finding(item.content, message, hint=f"leave it out: `{before.shown}` is a switch")
    else:
        what = f"`{item.shown}` is empty here, which is" if not text else f"`{item.shown}` is"
        hint = "write the flag that it is the value of before it, or leave it out"
        yield Finding(item.content, f"{what} neither a flag nor the value of one: {_NEVER}", hint=hint)


def _is_flag(item: Scalar) -> bool:
    """Whether a word is a flag, also one whose dash is of another kind."""
    text = str(item.value)
    return text in _KNOWN or (text[:1] in tuple(_DASHES) and bool(_meant(text)))


def _dashes(text: str, kinds: str) -> str:
    return text[: len(text) - len(text.lstrip(kinds))]


def _fix(item: Scalar, meant: str) -> Fix | None:
    if item.content.text != item.value:
        return None
    # Between quotes already, or else to be put there: a plain `--temp` is good YAML, but quotes are what pages show.
    written = meant if item.content != item.span else f'"{meant}"'
    return Fix(f"did you mean `{meant}`?", [Edit(item.content, written)])


def _without_value(item: Scalar, behind: Scalar | None) -> Finding:
    hint = "write the value behind it as an item of its own, or leave the flag out"
    if behind is None:
        message = f"`{item.shown}` has no value, and nothing stands behind it: llama-server never starts"
        return Finding(item.content, message, hint=hint)
    message = f"`{item.shown}` has no value: llama-server takes the flag `{behind.shown}` behind it for one"
    return Finding(item.content, message, related=[(behind.content, "what it takes for the value")], hint=hint)


def _meant(text: str) -> str:
    """The flag that a word without a dash, or with another dash, stands for; empty where it is none."""
    name = text.lstrip(_DASHES)
    dashed = ("-" * (len(text) - len(name)), "--", "-") if len(name) < len(text) else ("--",)
    return next((f"{dashes}{name}" for dashes in dashed if f"{dashes}{name}" in _KNOWN), "")
