"""A health check runs a program that is not in the image.

The health check always fails, whatever the server does: the container stays `unhealthy`, and a service that depends on
it with `condition: service_healthy` never starts ("dependency failed to start").

The Ollama image includes neither `curl` nor `wget`. It includes `ollama`, and `ollama list` asks the server at
`OLLAMA_HOST` for its models and fails if nothing answers, so it checks the same thing without another program.

```yaml bad
services:
  ollama:
    image: ollama/ollama:0.12.6
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:11434/api/tags"]
      #              ^^^^ `curl` is not in the image of `ollama`: the health check always fails, so the container never becomes healthy, and services that wait for it never start
      interval: 30s
  qdrant:
    image: qdrant/qdrant:v1.15.4
    healthcheck:
      test: wget -qO- http://localhost:6333/readyz || exit 1
      #     ^^^^ `wget` is not in the image of `qdrant`: the health check always fails, so the container never becomes healthy
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

For an image that the project builds, the base image and the steps of the last stage of the Dockerfile are read:
`python:3.13-slim` includes neither `curl` nor `wget`, and `pip install` adds neither.

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
      #              ^^^^ `curl` is not in `python:3.13-slim`, the base image of `relay`: the health check always fails, so the container never becomes healthy
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

What this rule cannot see: the contents of images that it does not know, whether the requested path exists, and longer
scripts. It reads one command and its alternatives after `||`.
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
    Related,
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

    Lacking: TypeAlias = Callable[[str], bool]  # whether an image lacks a program

_SHELLS = frozenset(("sh", "bash", "/bin/sh", "/bin/bash"))
_GIVES_UP = frozenset(("exit", "false"))
_HARMLESS = ("2>&1", "1>&2", ">&2", "&>", "&&")  # an `&` that sends nothing to the background
_TOO_MUCH = (";", "\n", "`", "$(", "&", "(", "{", "!")  # it is a script: the first word does not decide the result
_INSTEAD = {
    "docker.io/qdrant/qdrant": "use `bash -c ':> /dev/tcp/127.0.0.1/6333'`",
    "ghcr.io/berriai/litellm": "use `python3` with `urllib.request`",
    "docker.litellm.ai/berriai/litellm": "use `python3` with `urllib.request`",
    "docker.io/semitechnologies/weaviate": "use `wget`, which the image includes",
    "cr.weaviate.io/semitechnologies/weaviate": "use `wget`, which the image includes",
    "ghcr.io/ggml-org/llama.cpp": "use `curl`, which the image includes",
}
_CHECK = '["CMD", "ollama", "list"]'


@rule(WARNING)
def broken_healthcheck(project: Project, context: Context) -> Findings:
    """Report health checks that start with a program that the image is known to lack."""
    broken = [(service, found) for service in project.services.values() if (found := _check(service, context))]
    waiting = _waiting(project) if broken else {}
    for service, (image, tool, span, test) in broken:
        yield _broken(service, image, tool, span, test, waiting.get(service.name.text, []))


def _check(service: Service, context: Context) -> tuple[Image, str, Span, Node] | None:
    """Return the image or base image, the program that it lacks, its place and the test of a failing health check."""
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
    follows = ", and services that wait for it never start" if waiting else ""
    is_built = "build" in service.body
    where = (
        f"`{image.text}`, the base image of `{service.name.text}`"
        if is_built
        else f"the image of `{service.name.text}`"
    )
    message = (
        f"`{tool}` is not in {where}: the health check always fails, so the container never becomes healthy{follows}"
    )
    edit = _edit(service, test) if not is_built and product(image) is OLLAMA else None
    fix = Fix("use `ollama list`, which the image includes", [edit]) if edit else None
    related = [Related(each, "waits for this service") for each in waiting]
    if is_built:
        return Finding(
            span,
            message,
            related=related,
            hint=f"install `{tool}` in the Dockerfile, or use a program that the image includes",
        )
    if service.image is not None:
        related.insert(0, Related(service.image.content, "the image"))
    hint = "" if fix else _INSTEAD.get(image.name, "use a program that the image includes, such as `ollama list`")
    return Finding(span, message, fix, related, hint=hint)


def _missing(test: Node, lacking: Lacking) -> tuple[str, Span] | None:
    """Return the program that the health check starts with, if the image lacks it and no alternative can pass."""
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
    """Return whether an alternative fails too."""
    line = command.split()
    if line and line[0] in _GIVES_UP:
        return line[1:2] != ["0"]
    return bool(line) and lacking(line[0]) and _is_lost(command)


def _is_lost(command: str) -> bool:
    """Return whether the failure survives a pipe: `grep` finds nothing in empty input."""
    _, *behind = command.split("|")
    last = behind[-1].split() if behind else ["grep"]
    return last[:1] == ["grep"] and not any(word[:1] == "-" and "v" in word for word in last)


def _installed(service: Service) -> list[str]:
    """Return the words of the commands that run before the health check, which may install a program."""
    hooks = (scalar for key in ("post_start", "pre_start") for scalar in scalars(service.body.get(key)))
    mounts = (scalar for scalar in scalars(service.body.get("volumes")))
    found = [word for scalar in hooks for word in str(scalar.value).split()]
    return [
        *words(service),
        *found,
        *(part for scalar in mounts for part in str(scalar.value).replace(":", "/").split("/")),
    ]


def _waiting(project: Project) -> dict[str, list[Span]]:
    """Return the places where services wait for a healthy service, by the name of that service."""
    found: dict[str, list[Span]] = {}
    for service in project.services.values():
        section = service.body.get("depends_on")
        for name, body in section if isinstance(section, Mapping) else ():
            condition = body.get("condition") if isinstance(body, Mapping) else None
            if isinstance(condition, Scalar) and condition.value == "service_healthy":
                found.setdefault(name.text, []).append(condition.content)
    return found


def _edit(service: Service, test: Node) -> Edit | None:
    """Return an edit that replaces the health check, or None if it is not written in a simple form."""
    check = service.body.get("healthcheck")
    key = check.key("test") if isinstance(check, Mapping) else None
    text = test.span.text
    if key is None or test.anchor or test.tag or "#" in text or (isinstance(test, Scalar) and "\n" in text):
        return None
    # A block list may have the indentation of its key, the flow list that replaces it may not.
    below = test.span.first[0] > key.span.first[0] and test.span.first[1] <= key.span.first[1]
    return None if below else Edit(test.span, _CHECK)
