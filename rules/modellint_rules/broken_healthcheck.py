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

`CMD-SHELL` takes one string. Of `["CMD-SHELL", "curl", "-f", "http://…"]` the shell runs `curl`, and takes the other words
for its own arguments `$0`, `$1`, …, which nothing reads.

```yaml bad
services:
  api:
    image: example/api:1
    healthcheck:
      test: ["CMD-SHELL", "curl", "-f", "http://localhost:8000/health"]
      #                    ^^^^ `CMD-SHELL` takes one string: the shell runs `curl` without the words behind it, which always fails, so the container never becomes healthy
  cache:
    image: redis:8
    healthcheck:
      test: ["CMD-SHELL", "redis-cli", "ping", "|", "grep PONG"]
      #                    ^^^^^^^^^ `CMD-SHELL` takes one string: the shell runs `redis-cli` without the words behind it, so this check does not test what it says
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

What this rule cannot see: what an image holds that it does not know, whether the path that is asked exists, and longer
scripts: it reads a command, and alternatives behind `||`.
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

    Lacking: TypeAlias = Callable[[str], bool]  # whether an image lacks a tool

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
_OPERATORS = frozenset(("||", "&&", "|", "&", ";", "<", ">", ">>", "2>&1", "2>"))
_USELESS_ALONE = ("curl", "wget")  # they fail without an address
_ALONE = "which always fails, so the container never becomes healthy"
_UNTESTED = "so this check does not test what it says"


@rule(WARNING)
def broken_healthcheck(project: Project, context: Context) -> Findings:
    """Report health checks that begin with a program which the image lacks, and words that no shell reads."""
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
    """The image, or the one that it is built upon, and the program that it lacks, for a check that cannot work."""
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
    follows = ", and what waits for that never starts" if waiting else ""
    is_built = "build" in service.body
    where = (
        f"`{image.text}`, which `{service.name.text}` is built upon"
        if is_built
        else f"the image of `{service.name.text}`"
    )
    message = f"`{tool}` is not in {where}: the check always fails, so the container never becomes healthy{follows}"
    edit = _edit(check) if not is_built and product(image) is OLLAMA else None
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


def _missing(check: CommandLine, lacking: Lacking) -> Word | None:
    """The program that the check begins with, if the image lacks it and nothing takes its place."""
    first = check.words[:1] if check.words and check.words[0] is not check.script else []
    innermost = check.simple[0][:1] if check.simple else []
    program = next((word for word in (*first, *innermost) if lacking(base_name(word.text))), None)
    if program is None or check.script is None or program in first:
        return program
    return program if _always_fails(check.script.text, lacking) else None


def _always_fails(script: str, lacking: Lacking) -> bool:
    """Whether a script that begins with a program which is not there fails, whatever stands behind that."""
    plain = script.rstrip()
    for sign in _HARMLESS:
        plain = plain.replace(sign, " " * len(sign))
    if any(sign in plain for sign in _TOO_MUCH):
        return False
    first, *others = plain.split("||")
    is_script = invocation(first.split(), in_shell=True).script >= 0  # in the script, where quotes would count
    return not is_script and _is_lost(first) and all(_fails(other, lacking) for other in others)


def _fails(command: str, lacking: Lacking) -> bool:
    """Whether an alternative fails as well."""
    line = command.split()
    line = line[invocation(line, in_shell=True).program :]
    if line and line[0] in _GIVES_UP:
        return line[1:2] != ["0"]
    return bool(line) and lacking(base_name(line[0])) and _is_lost(command)


def _is_lost(command: str) -> bool:
    """Whether nothing behind a pipe turns the failure into a success: `grep` finds nothing in nothing."""
    _, *behind = command.split("|")
    last = behind[-1].split() if behind else ["grep"]
    return last[:1] == ["grep"] and not any(word[:1] == "-" and "v" in word for word in last)


def _installed(service: Service) -> set[str]:
    """The words of the commands that run before the check, which may install something, and of what is mounted."""
    before = (service.commands.main, *(hook for hook in service.commands.hooks if hook.role != "pre_stop"))
    paths = [path for mount in service.mounts for path in (mount.source, mount.target)]
    found = {word.text for line in before for command in line.simple for word in command}
    return found.union(part for path in paths for part in path.split("/"))


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


def _edit(check: CommandLine) -> Edit | None:
    """Replace the check, where it is written plainly."""
    key, test = check.sections[0]
    text = test.span.text
    if test.anchor or test.tag or "#" in text or (isinstance(test, Scalar) and "\n" in text):
        return None
    # A list may begin below its key, what replaces it may not.
    below = test.span.first[0] > key.span.first[0] and test.span.first[1] <= key.span.first[1]
    return None if below else Edit(test.span, _CHECK)


def _lost(check: CommandLine) -> Finding:
    """What is said of words that a shell takes for the arguments of the one before them."""
    script, kind = check.script, next(check.scalars)
    assert script is not None
    given = check.words[0] is script and kind.value == "CMD-SHELL"
    what = "`CMD-SHELL` takes one string" if given else "a shell takes only the one word behind `-c`"
    shown = f"`{script.shown}`" if script.shown else "the first of these words"
    follows = _ALONE if script.text in _USELESS_ALONE else _UNTESTED
    message = f"{what}: the shell runs {shown} without the words behind it, {follows}"
    edit = Edit(kind.content, "CMD") if given and _are_plain(check.words) and not (kind.tag or kind.anchor) else None
    fix = Fix("run these words without a shell: `CMD`", [edit]) if edit else None
    return Finding(script.span, message, fix, hint="" if fix else "write the whole command as one string")


def _are_plain(words: list[Word]) -> bool:
    """Whether words are a program and its arguments, and no shell is meant to read more in them."""
    texts = [word.text for word in words]
    return " " not in texts[0] and not any("$" in text or "`" in text or text in _OPERATORS for text in texts)
