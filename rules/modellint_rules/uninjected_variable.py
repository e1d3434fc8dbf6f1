"""A service reads a variable that nothing sets, and Compose injects one with nearly the same name.

A grant injects two variables, and their names follow one rule: the model's key in capitals, `-` replaced by `_`, and
`_URL` or `_MODEL` behind it. There is no prefix. A program that waits for `AI_LLM_URL` beside a grant that injects `LLM_URL`
finds an empty string, and mostly fails far from the cause: with a request to `/chat/completions` of no host.

```yaml bad
services:
  app:
    image: app
    command: ["sh", "-c", "curl -fsS $$AI_LLM_URL/models && exec app"]
    #                                  ^^^^^^^^^^ nothing sets `AI_LLM_URL`, so it is empty: the grant of `llm` injects `LLM_URL`
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml fixed
services:
  app:
    image: app
    command: ["sh", "-c", "curl -fsS $$LLM_URL/models && exec app"]
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

A `${…}` with one `$` is filled in by Compose itself, before anything is injected. There the right name would be empty as
well, so the way out is to let the grant inject the name that the program reads:

```yaml bad
services:
  app:
    image: app
    environment:
      OPENAI_BASE_URL: ${AI_LLM_URL}
      #                ^^^^^^^^^^^^^ nothing sets `AI_LLM_URL`, so this is empty: the grant of `llm` injects `LLM_URL`, and only into the container
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml good
services:
  app:
    image: app
    command: ["sh", "-c", "curl -fsS $$LLM_URL/models && exec app --model $$OPENAI_MODEL --key $$OPENAI_API_KEY"]
    models:
      llm:
        model_var: OPENAI_MODEL
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

What this rule cannot see: what the image and the code inside it read; a variable that the image itself sets.
"""

from __future__ import annotations

from modellint.compose.project import Injected
from modellint.rule import (
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Scalar,
    Service,
    Span,
    Variable,
    rule,
    scalars,
)

_SHELL_KEYS = (("command",), ("entrypoint",), ("healthcheck", "test"))
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


@rule(WARNING)
def uninjected_variable(service: Service, context: Context) -> Findings:
    """Report the variables of a service's commands, and of its interpolated values, that are set nowhere."""
    injected = {variable.name: variable for grant in service.grants for variable in grant.variables}
    if not injected:
        return
    known = injected.keys() | service.environment.keys()
    for path in _SHELL_KEYS:
        for scalar in scalars(service.body.get(*path)):
            for name, start in _shell_variables(scalar.text):
                near = _nearest(name, injected)
                if near and name not in known and f"{name}=" not in scalar.text:
                    yield _in_shell(scalar, name, start, injected[near])
    for variable in _unset(context):
        near = _nearest(variable.name, injected)
        if near and variable.name not in injected and variable.scalar in list(scalars(service.body)):
            message = (
                f"nothing sets `{variable.name}`, so this is empty: the grant of `{injected[near].grant.name.shown}` "
                f"injects `{injected[near].shown}`, and only into the container"
            )
            kind = f"{injected[near].kind}_var"
            yield Finding(
                variable.span, message, hint=f"name the variable that the program reads as `{kind}` of the grant"
            )


def _unset(context: Context) -> list[Variable]:
    """The variables of the project that are filled in as nothing."""
    project = context.project
    return [each for each in project.variables if not each.operator and not each.is_set]


def _in_shell(scalar: Scalar, name: str, start: int, injected: Injected) -> Finding:
    shown, grant = injected.shown, injected.grant
    message = f"nothing sets `{name}`, so it is empty: the grant of `{grant.name.shown}` injects `{shown}`"
    content = scalar.content
    if content.text != scalar.text:
        return Finding(content, message, hint=f"read `{shown}`")
    span = Span(content.source, content.start + start, content.start + start + len(name))
    if shown != injected.name:  # it hangs on a variable, whose value is not for printing
        return Finding(span, message, hint=f"read `{shown}`")
    return Finding(span, message, Fix(f"read `{shown}`", [Edit(span, shown)]))


def _shell_variables(text: str) -> list[tuple[str, int]]:
    """Names that a shell expands, with their offsets: `$$NAME` and `$${NAME…`, the `$` doubled for Compose."""
    found: list[tuple[str, int]] = []
    at = text.find("$$")
    while at >= 0:
        start = at + 3 if text[at + 2 : at + 3] == "{" else at + 2
        end = start
        while end < len(text) and text[end] in _NAME:
            end += 1
        if end > start:
            found.append((text[start:end], start))
        at = text.find("$$", max(end, at + 2))
    return found


def _nearest(name: str, injected: dict[str, Injected]) -> str | None:
    """The injected variable that a name adds a prefix to, or leaves one off, or None."""
    for other in injected:
        if name.endswith(f"_{other}") or (other.endswith(f"_{name}") and "_" in name):
            return other
    return None
