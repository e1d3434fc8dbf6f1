"""A runtime flag has no value, or a list item is neither a flag nor the value of a flag.

llama-server reads the items of `runtime_flags` in order. Each must be the name of a flag; a flag that takes a value
takes the next item, whatever it is. For any other item llama-server prints `error: invalid argument: temp`, and for a
last flag without a value `expected value for argument`, and exits. The check in Docker Model Runner covers only items
that start with `-` (as of 1.2.6), so `docker compose up` succeeds and the first request fails.

Word processors and web pages can turn `--` into one long dash, which programs do not recognize as a dash.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: [temp, "0.1", —top-k, "40", "--mlock", "true", "--ctx-size", "--jinja", "--seed"]
    #               ^^^^ `temp` is neither a flag nor the value of a flag: llama-server rejects it and does not start
    #                            ^^^^^^ `—top-k` starts with `—` instead of `--`: llama-server does not recognize it as a flag and does not start
    #                                                      ^^^^ `--mlock` takes no value, so `true` belongs to no flag: llama-server rejects it and does not start
    #                                                              ^^^^^^^^^^ `--ctx-size` has no value: llama-server takes the next flag, `--jinja`, for its value
    #                                                                                       ^^^^^^ `--seed` is the last item and has no value: llama-server does not start
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

What this rule cannot see: whether llama-server accepts a value, and the value of a variable that is not set here. Items
that Docker Model Runner rejects are reported by `rejected-flag`, and lists that a merge broke by `dropped-flag`.
"""

from __future__ import annotations

from modellint.compose.model.unset import with_unset
from modellint.evidence.llama_flags import ALLOWED, LLAMA_CPP, fault, key_of, takes_value
from modellint.rule import ERROR, Context, Edit, Finding, Findings, Fix, Model, Project, Related, Scalar, rule

_DASHES = "‐‑‒–—―−﹘﹣－"
_NEVER = "llama-server rejects it and does not start"
_KNOWN = ALLOWED[LLAMA_CPP]


@rule(ERROR, refused=True, tags=("runtime",))
def unpaired_flag(model: Model, context: Context) -> Findings:
    """Report items that are neither a flag nor a value, and flags without a value."""
    flags = model.flags
    unknown, kept = context.project.once(with_unset), context.project.once(_kept)
    if any(id(flag) in kept for flag in flags):
        return  # a merge broke the list, and `dropped-flag` reports it
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
    """Report an item that is neither a flag nor a value, unless another rule reports the item before it."""
    text = str(item.value)
    first = str(before.value) if before is not None else ""
    key = key_of(first)
    if meant and not item.interpolated:
        wrong, right = _dashes(text, _DASHES), _dashes(meant, "-")
        message = f"`{text}` is neither a flag nor the value of a flag: {_NEVER}"
        if wrong:
            message = (
                f"`{text}` starts with `{wrong}` instead of `{right}`:"
                " llama-server does not recognize it as a flag and does not start"
            )
        yield Finding(item.content, message, _fix(item, meant), hint=f"write `{meant}`")
    elif key and (fault(first) or "=" in first):
        return  # the finding of that item covers both
    elif before is not None and key in _KNOWN and not takes_value(key) and text:
        message = f"`{before.shown}` takes no value, so `{item.shown}` belongs to no flag: {_NEVER}"
        yield Finding(item.content, message, hint=f"remove it: `{before.shown}` takes no value")
    else:
        what = f"`{item.shown}` is empty here, which is" if not text else f"`{item.shown}` is"
        hint = "write its flag before it, or remove it"
        yield Finding(item.content, f"{what} neither a flag nor the value of a flag: {_NEVER}", hint=hint)


def _is_flag(item: Scalar) -> bool:
    """Return whether an item is a flag, including flags with a different kind of dash."""
    text = str(item.value)
    return text in _KNOWN or (text[:1] in tuple(_DASHES) and bool(_meant(text)))


def _dashes(text: str, kinds: str) -> str:
    return text[: len(text) - len(text.lstrip(kinds))]


def _fix(item: Scalar, meant: str) -> Fix | None:
    if item.content.text != item.value:
        return None
    # Add quotes if there are none: a plain `--temp` is valid YAML, but the documentation shows quotes.
    written = meant if item.content != item.span else f'"{meant}"'
    return Fix(f"use `{meant}` instead", [Edit(item.content, written)])


def _without_value(item: Scalar, behind: Scalar | None) -> Finding:
    hint = "write the value after it as its own list item, or remove the flag"
    if behind is None:
        message = f"`{item.shown}` is the last item and has no value: llama-server does not start"
        return Finding(item.content, message, hint=hint)
    message = f"`{item.shown}` has no value: llama-server takes the next flag, `{behind.shown}`, for its value"
    return Finding(item.content, message, related=[Related(behind.content, "taken for the value")], hint=hint)


def _meant(text: str) -> str:
    """Return the flag that an item without a dash, or with a different dash, means, or an empty string."""
    name = text.lstrip(_DASHES)
    dashed = ("-" * (len(text) - len(name)), "--", "-") if len(name) < len(text) else ("--",)
    return next((f"{dashes}{name}" for dashes in dashed if f"{dashes}{name}" in _KNOWN), "")
