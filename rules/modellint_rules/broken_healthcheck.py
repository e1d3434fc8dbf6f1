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

`CMD-SHELL` takes one string. With `["CMD-SHELL", "curl", "-f", "http://…"]`, the shell runs `curl` alone. The other words become
the shell's arguments `$0`, `$1` and so on, which nothing reads.

```yaml bad
services:
  api:
    image: example/api:1
    healthcheck:
      test: ["CMD-SHELL", "curl", "-f", "http://localhost:8000/health"]
      #                    ^^^^ `CMD-SHELL` takes one string: the shell runs `curl` without the words after it, so the health check always fails and the container never becomes healthy
  cache:
    image: redis:8
    healthcheck:
      test: ["CMD-SHELL", "redis-cli", "ping", "|", "grep PONG"]
      #                    ^^^^^^^^^ `CMD-SHELL` takes one string: the shell runs `redis-cli` without the words after it, so the health check does not test what it should
```

```yaml fixed
services:
  api:
    image: example/api:1
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8000/health"]
  cache:
    image: redis:8
    healthcheck:
      test: ["CMD-SHELL", "redis-cli", "ping", "|", "grep PONG"]
```

```yaml good
services:
  api:
    image: example/api:1
    healthcheck:
      test: ["CMD-SHELL", "curl -f http://localhost:8000/health || exit 1"]
  cache:
    image: redis:8
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
```

What this rule cannot see: the contents of images that it does not know, whether the requested path exists, and longer
scripts. It reads one command and its alternatives after `||`.
"""

from __future__ import annotations

from modellint.compose.model.wrappers import base_name, invocation
from modellint.evidence.images import OLLAMA, base_lacks, lacks, product
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
    Service,
    Span,
    rule,
    text_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from modellint.compose.model.commands import CommandLine, Word

    Lacking: TypeAlias = Callable[[str], bool]  # whether an image lacks a program

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
_OPERATORS = frozenset(("||", "&&", "|", "&", ";", "<", ">", ">>", "2>&1", "2>"))
_USELESS_ALONE = ("curl", "wget")  # they fail without an address
_ALONE = "so the health check always fails and the container never becomes healthy"
_UNTESTED = "so the health check does not test what it should"


@rule(WARNING)
def broken_healthcheck(project: Project, context: Context) -> Findings:
    """Report health checks that start with a program that the image is known to lack, or that drop their words."""
    broken: list[tuple[Service, CommandLine, tuple[Image, Word]]] = []
    for service in project.services.values():
        check = service.commands.check
        found = _lacking(service, check, context) if check is not None else None
        if check is not None and found is not None:
            broken.append((service, check, found))
        elif check is not None and check.lost:
            yield _lost(check)
    waiting = _waiting(project) if broken else {}
    for service, check, (image, tool) in broken:
        yield _broken(service, image, tool, check, waiting.get(service.name.text, []))


def _lacking(service: Service, check: CommandLine, context: Context) -> tuple[Image, Word] | None:
    """Return the image or base image, and the program that it lacks, of a failing health check."""
    if "build" in service.body:
        dockerfile = context.evidence.dockerfile(service)
        if dockerfile is None or dockerfile.brings or "$" in dockerfile.base:
            return None
        name, lacking = dockerfile.base, _base(dockerfile.base)
    else:
        name = text_of(service.image) or ""
        lacking = _image(name)
    missing = _missing(check, lacking) if name else None
    if missing is None or base_name(missing.text) in _installed(service):
        return None
    return Image(name), missing


def _base(reference: str) -> Lacking:
    return lambda tool: base_lacks(reference, tool)


def _image(reference: str) -> Lacking:
    image = Image(reference)
    return lambda tool: lacks(image, tool)


def _broken(service: Service, image: Image, program: Word, check: CommandLine, waiting: list[Span]) -> Finding:
    tool, span = program.text, program.span
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
    edit = _edit(check) if not is_built and product(image) is OLLAMA else None
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


def _missing(check: CommandLine, lacking: Lacking) -> Word | None:
    """Return the program that the health check starts with, if the image lacks it and no alternative can pass."""
    first = check.words[:1] if check.words and check.words[0] is not check.script else []
    innermost = check.simple[0][:1] if check.simple else []
    program = next((word for word in (*first, *innermost) if lacking(base_name(word.text))), None)
    if program is None or check.script is None or program in first:
        return program
    return program if _always_fails(check.script.text, lacking) else None


def _always_fails(script: str, lacking: Lacking) -> bool:
    """Return whether a script fails if the program that it starts with is missing."""
    plain = script.rstrip()
    for sign in _HARMLESS:
        plain = plain.replace(sign, " " * len(sign))
    if any(sign in plain for sign in _TOO_MUCH):
        return False
    first, *others = plain.split("||")
    is_script = invocation(first.split(), in_shell=True).script >= 0  # nested, where quotes matter
    return not is_script and _is_lost(first) and all(_fails(other, lacking) for other in others)


def _fails(command: str, lacking: Lacking) -> bool:
    """Return whether an alternative fails too."""
    line = command.split()
    line = line[invocation(line, in_shell=True).program :]
    if line and line[0] in _GIVES_UP:
        return line[1:2] != ["0"]
    return bool(line) and lacking(base_name(line[0])) and _is_lost(command)


def _is_lost(command: str) -> bool:
    """Return whether the failure survives a pipe: `grep` finds nothing in empty input."""
    _, *behind = command.split("|")
    last = behind[-1].split() if behind else ["grep"]
    return last[:1] == ["grep"] and not any(word[:1] == "-" and "v" in word for word in last)


def _installed(service: Service) -> set[str]:
    """Return the words of the commands that run before the health check, which may install a program."""
    before = (service.commands.main, *(hook for hook in service.commands.hooks if hook.role != "pre_stop"))
    paths = [path for mount in service.mounts for path in (mount.source, mount.target)]
    found = {word.text for line in before for command in line.simple for word in command}
    return found.union(part for path in paths for part in path.split("/"))


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


def _edit(check: CommandLine) -> Edit | None:
    """Return an edit that replaces the health check, or None if it is not written in a simple form."""
    key, test = check.sections[0]
    text = test.span.text
    if test.anchor or test.tag or "#" in text or (isinstance(test, Scalar) and "\n" in text):
        return None
    # A block list may have the indentation of its key, the flow list that replaces it may not.
    below = test.span.first[0] > key.span.first[0] and test.span.first[1] <= key.span.first[1]
    return None if below else Edit(test.span, _CHECK)


def _lost(check: CommandLine) -> Finding:
    """Report words that a shell takes as the arguments of its script."""
    script, kind = check.script, next(check.scalars)
    assert script is not None
    given = check.words[0] is script and kind.value == "CMD-SHELL"
    what = "`CMD-SHELL` takes one string" if given else "a shell takes only the one word after `-c`"
    shown = f"`{script.shown}`" if script.shown else "the first of these words"
    follows = _ALONE if script.text in _USELESS_ALONE else _UNTESTED
    message = f"{what}: the shell runs {shown} without the words after it, {follows}"
    edit = Edit(kind.content, "CMD") if given and _are_plain(check.words) and not (kind.tag or kind.anchor) else None
    fix = Fix("use `CMD`, which runs the words without a shell", [edit]) if edit else None
    return Finding(script.span, message, fix, hint="" if fix else "write the whole command as one string")


def _are_plain(words: list[Word]) -> bool:
    """Return whether words are a program and its arguments, without the syntax of a shell."""
    texts = [word.text for word in words]
    return " " not in texts[0] and not any("$" in text or "`" in text or text in _OPERATORS for text in texts)
