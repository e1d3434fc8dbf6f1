"""A health check runs a program that the image does not hold.

The check fails every time, whatever the server does: the container is `unhealthy` for good, and a service that waits for it
with `condition: service_healthy` is never started ("dependency failed to start").

The image of Ollama holds neither `curl` nor `wget`. It holds `ollama`, and `ollama list` asks the server that `OLLAMA_HOST`
names for its models and fails where nothing answers, so it tells the same without another program.

```yaml bad
services:
  ollama:
    image: ollama/ollama:0.12.6
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:11434/api/tags"]
      #              ^^^^ `curl` is not in the image of `ollama`: the check always fails, so the container never becomes healthy, and what waits for that never starts
      interval: 30s
  qdrant:
    image: qdrant/qdrant:v1.15.4
    healthcheck:
      test: wget -qO- http://localhost:6333/readyz || exit 1
      #     ^^^^ `wget` is not in the image of `qdrant`: the check always fails, so the container never becomes healthy
  app:
    image: app
    depends_on:
      ollama:
        condition: service_healthy
```

```yaml fixed
services:
  ollama:
    image: ollama/ollama:0.12.6
    healthcheck:
      test: ["CMD", "ollama", "list"]
      interval: 30s
  qdrant:
    image: qdrant/qdrant:v1.15.4
    healthcheck:
      test: wget -qO- http://localhost:6333/readyz || exit 1
  app:
    image: app
    depends_on:
      ollama:
        condition: service_healthy
```

```yaml good
services:
  ollama:
    image: ollama/ollama:0.12.6
    healthcheck:
      test: ["CMD-SHELL", "curl -f http://localhost:11434 || ollama list"]
  qdrant:
    image: qdrant/qdrant:v1.15.4
    healthcheck:
      test: ["CMD-SHELL", "bash -c ':> /dev/tcp/127.0.0.1/6333'"]
  built:
    image: ollama/ollama:0.12.6
    build: ./ollama-with-curl
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:11434"]
  llama:
    image: ghcr.io/ggml-org/llama.cpp:server
    command: -m /models/small.gguf
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8080/health"]
```

Of an image that is built here, the base and the steps of the Dockerfile's last stage say what it holds: `python:3.13-slim` has neither
`curl` nor `wget`, and `pip install` brings none.

```yaml bad
services:
  relay:
    build:
      context: .
      dockerfile_inline: |
        FROM python:3.13-slim
        RUN pip install fastapi uvicorn
        CMD ["uvicorn", "main:app"]
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8000/health"]
      #              ^^^^ `curl` is not in `python:3.13-slim`, which `relay` is built upon: the check always fails, so the container never becomes healthy
```

```yaml good
services:
  relay:
    build:
      context: .
      dockerfile_inline: |
        FROM python:3.13-slim
        RUN apt-get update && apt-get install -y curl
        CMD ["uvicorn", "main:app"]
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8000/health"]
```

What this rule cannot see: what an image holds that it does not know, whether the path that is asked exists, and longer
scripts: it reads a command, and alternatives behind `||`.
"""

from __future__ import annotations

from modellint.evidence.images import OLLAMA, base_lacks, lacks, product
from modellint.evidence.serving import words
from modellint.oci.image_reference import Image
from modellint.rule import (
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Mapping,
    Project,
    Scalar,
    Sequence,
    Service,
    Span,
    rule,
    scalars,
    text_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from modellint.rule import Node

    Lacking: TypeAlias = Callable[[str], bool]  # whether an image lacks a tool

_SHELLS = frozenset(("sh", "bash", "/bin/sh", "/bin/bash"))
_GIVES_UP = frozenset(("exit", "false"))
_HARMLESS = ("2>&1", "1>&2", ">&2", "&>", "&&")  # an `&` that sends nothing to the background
_TOO_MUCH = (";", "\n", "`", "$(", "&", "(", "{", "!")  # then it is a script, and the first word does not decide
_INSTEAD = {
    "docker.io/qdrant/qdrant": "use `bash -c ':> /dev/tcp/127.0.0.1/6333'`",
    "ghcr.io/berriai/litellm": "use `python3` and its `urllib.request`",
    "docker.litellm.ai/berriai/litellm": "use `python3` and its `urllib.request`",
    "docker.io/semitechnologies/weaviate": "use `wget`, which it holds",
    "cr.weaviate.io/semitechnologies/weaviate": "use `wget`, which it holds",
    "ghcr.io/ggml-org/llama.cpp": "use `curl`, which it holds",
}
_CHECK = '["CMD", "ollama", "list"]'


@rule(WARNING)
def broken_healthcheck(project: Project, context: Context) -> Findings:
    """Report health checks that begin with a program which the image is known to lack."""
    broken = [(service, found) for service in project.services.values() if (found := _check(service, context))]
    waiting = _waiting(project) if broken else {}
    for service, (image, tool, span, test) in broken:
        yield _broken(service, image, tool, span, test, waiting.get(service.name.text, []))


def _check(service: Service, context: Context) -> tuple[Image, str, Span, Node] | None:
    """The image, or the one that it is built upon, and the program that it lacks, for a check that cannot work."""
    test = service.body.get("healthcheck", "test")
    if test is None:
        return None
    if "build" in service.body:
        dockerfile = context.evidence.dockerfile(service)
        if dockerfile is None or dockerfile.brings or "$" in dockerfile.base:
            return None
        name, lacking = dockerfile.base, _base(dockerfile.base)
    else:
        name = text_of(service.image) or ""
        lacking = _image(name)
    missing = _missing(test, lacking) if name else None
    if missing is None or missing[0] in _installed(service):
        return None
    return Image(name), *missing, test


def _base(reference: str) -> Lacking:
    return lambda tool: base_lacks(reference, tool)


def _image(reference: str) -> Lacking:
    image = Image(reference)
    return lambda tool: lacks(image, tool)


def _broken(service: Service, image: Image, tool: str, span: Span, test: Node, waiting: list[Span]) -> Finding:
    follows = ", and what waits for that never starts" if waiting else ""
    is_built = "build" in service.body
    where = (
        f"`{image.text}`, which `{service.name.text}` is built upon"
        if is_built
        else f"the image of `{service.name.text}`"
    )
    message = f"`{tool}` is not in {where}: the check always fails, so the container never becomes healthy{follows}"
    edit = _edit(service, test) if not is_built and product(image) is OLLAMA else None
    fix = Fix("ask with `ollama list`, which the image holds", [edit]) if edit else None
    related = [(each, "waits for it") for each in waiting]
    if is_built:
        return Finding(
            span, message, related=related, hint=f"install `{tool}` in the Dockerfile, or use what the image holds"
        )
    if service.image is not None:
        related.insert(0, (service.image.content, "the image"))
    hint = "" if fix else _INSTEAD.get(image.name, "use a program that the image holds, as `ollama list`")
    return Finding(span, message, fix, related, hint=hint)


def _missing(test: Node, lacking: Lacking) -> tuple[str, Span] | None:
    """The program that the check begins with, if the image lacks it and nothing takes its place."""
    if isinstance(test, Scalar):
        return _in_shell(test, lacking)
    items = [item for item in test if isinstance(item, Scalar)] if isinstance(test, Sequence) else []
    kind = text_of(items[0]) if len(items) > 1 else ""
    if kind == "CMD-SHELL":
        return _in_shell(items[1], lacking)
    if kind != "CMD":
        return None
    tool = text_of(items[1]) or ""
    if tool in _SHELLS and len(items) == 4 and text_of(items[2]) == "-c":
        return _in_shell(items[3], lacking)
    return (tool, items[1].content) if lacking(tool) else None


def _in_shell(script: Scalar, lacking: Lacking) -> tuple[str, Span] | None:
    text = script.value if isinstance(script.value, str) else ""
    plain = text.rstrip()
    for sign in _HARMLESS:
        plain = plain.replace(sign, " " * len(sign))
    if any(sign in plain for sign in _TOO_MUCH):
        return None
    first, *others = plain.split("||")
    tool = next(iter(first.split()), "")
    if not lacking(tool) or not _is_lost(first) or not all(_fails(other, lacking) for other in others):
        return None
    start = text.index(tool)
    return tool, script.locate(start, start + len(tool))


def _fails(command: str, lacking: Lacking) -> bool:
    """Whether an alternative fails as well."""
    line = command.split()
    if line and line[0] in _GIVES_UP:
        return line[1:2] != ["0"]
    return bool(line) and lacking(line[0]) and _is_lost(command)


def _is_lost(command: str) -> bool:
    """Whether nothing behind a pipe turns the failure into a success: `grep` finds nothing in nothing."""
    _, *behind = command.split("|")
    last = behind[-1].split() if behind else ["grep"]
    return last[:1] == ["grep"] and not any(word[:1] == "-" and "v" in word for word in last)


def _installed(service: Service) -> list[str]:
    """The words of the commands that run before the check, which may install something."""
    hooks = (scalar for key in ("post_start", "pre_start") for scalar in scalars(service.body.get(key)))
    mounts = (scalar for scalar in scalars(service.body.get("volumes")))
    found = [word for scalar in hooks for word in str(scalar.value).split()]
    return [
        *words(service),
        *found,
        *(part for scalar in mounts for part in str(scalar.value).replace(":", "/").split("/")),
    ]


def _waiting(project: Project) -> dict[str, list[Span]]:
    """Where services wait for others to be healthy, by the name of what they wait for."""
    found: dict[str, list[Span]] = {}
    for service in project.services.values():
        section = service.body.get("depends_on")
        for name, body in section if isinstance(section, Mapping) else ():
            condition = body.get("condition") if isinstance(body, Mapping) else None
            if isinstance(condition, Scalar) and condition.value == "service_healthy":
                found.setdefault(name.text, []).append(condition.content)
    return found


def _edit(service: Service, test: Node) -> Edit | None:
    """Replace the check, where it is written plainly."""
    check = service.body.get("healthcheck")
    key = check.key("test") if isinstance(check, Mapping) else None
    text = test.span.text
    if key is None or test.anchor or test.tag or "#" in text or (isinstance(test, Scalar) and "\n" in text):
        return None
    # A list may begin below its key, what replaces it may not.
    below = test.span.first[0] > key.span.first[0] and test.span.first[1] <= key.span.first[1]
    return None if below else Edit(test.span, _CHECK)
