"""The address of a model server is written by hand where a grant would inject the right one.

There is no address of Docker Model Runner that works everywhere. Docker Desktop answers at
`model-runner.docker.internal`, Docker Engine at the bridge's gateway (mostly `172.17.0.1:12434`), Docker Cloud at a third
place, and the path has changed from `/engines/llama.cpp/v1` to `/v1/` (docker/model-runner, `cmd/cli/commands/status.go`).
`host.docker.internal` is no name on Linux unless `extra_hosts` makes it one, and `localhost` in a container is the container.
Compose asks the runner for its address and injects it into every service that is granted a model; it also pulls the model,
which nothing does for an address.

Of Ollama or LM Studio on the host the same is true, and more: nothing in the project starts it or says which models it
must hold.

```yaml bad
services:
  app:
    image: app
    environment:
      OPENAI_BASE_URL: http://model-runner.docker.internal/engines/v1
      #                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `OPENAI_BASE_URL` is a fixed address of Docker Model Runner: it is another one on every kind of Docker, and no model is pulled for it
  job:
    image: job
    environment:
      - LLM_HOST=host.docker.internal:11434
      #          ^^^^^^^^^^^^^^^^^^^^^^^^^^ `LLM_HOST` is a fixed address of Ollama on the machine outside: nothing here starts it, and no model is pulled for it
    command: ["sh", "-c", "curl -fsS http://localhost:12434/engines/v1/models && exec job"]
    #                                       ^^^^^^^^^^^^^^^ this points at the container itself, where no Docker Model Runner answers
```

```yaml good
services:
  app:
    image: app
    models:
      llm:
        endpoint_var: OPENAI_BASE_URL
        model_var: OPENAI_MODEL
  job:
    image: job
    environment:
      - OPENAI_BASE_URL=https://api.openai.com/v1
      - AGENTS_URL=http://localhost:7777
      - SIMULATOR_URL=http://simulator:8089/v1
  simulator:
    image: simulator
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: addresses in the code, in files that are mounted, and in variables that are set where the
project runs. An address of another service of the project is left alone, and so is one of a machine that has a name of its own.
"""

from __future__ import annotations

from modellint.evidence.endpoints import ITSELF, RUNNER
from modellint.evidence.images import PROXY, SERVER
from modellint.rule import WARNING, Context, Finding, Findings, Service, rule, scalars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.evidence.endpoints import Endpoint

_GRANT = "grant the model to the service under `models:`, and let Compose inject the address"


@rule(WARNING, tags=("network", "environment"))
def hardcoded_endpoint(service: Service, context: Context) -> Findings:
    """Report every known address of a model server outside of the project."""
    evidence = context.evidence
    known = evidence.product(service)
    is_server = known is not None and known.role in (SERVER, PROXY)
    for endpoint in evidence.endpoints(service):
        url = endpoint.url
        if not endpoint.server or (url.host in ITSELF and (is_server or _is_own(service, endpoint))):
            continue
        if endpoint.text.kind == "label":
            continue
        span = endpoint.text.locate(url.start, url.end)
        related = [*endpoint.text.origin, *((grant.name.content, "a grant") for grant in service.grants[:1])]
        yield Finding(span, _message(endpoint), related=related, hint=_hint(service, endpoint))


def _is_own(service: Service, endpoint: Endpoint) -> bool:
    """Whether the service itself may listen there, so that `localhost` is meant: as in a health check."""
    if service.body.get("network_mode") is not None or endpoint.text.kind == "dockerfile":
        return True
    sections = (service.body.get(key) for key in ("ports", "expose"))
    texts = [str(item.value) for section in sections for item in scalars(section)]
    started = " ".join(str(item.value) for item in scalars(service.body.get("command")))
    return any(str(endpoint.url.port) in text for text in texts) or "ollama serve" in started


def _message(endpoint: Endpoint) -> str:
    text, server = endpoint.text, endpoint.server
    shown = f"`{text.name}`" if text.name and text.kind != "command" else "this"
    if endpoint.url.host in ITSELF:
        return f"{shown} points at the container itself, where no {server.removeprefix('a ')} answers"
    if server == RUNNER:
        why = "it is another one on every kind of Docker, and no model is pulled for it"
        return f"{shown} is a fixed address of {server}: {why}"
    why = "nothing here starts it, and no model is pulled for it"
    return f"{shown} is a fixed address of {server} on the machine outside: {why}"


def _hint(service: Service, endpoint: Endpoint) -> str:
    name = endpoint.text.name
    if endpoint.text.kind not in ("variable", "env file") or not name:
        return _GRANT
    for grant in service.grants:
        if any(variable.name == name for variable in grant.variables):
            return f"drop it: the grant of `{grant.name.shown}` sets `{name}` anyway"
    if service.grants:
        return f"let the grant of `{service.grants[0].name.shown}` inject it: `endpoint_var: {name}`"
    return f"{_GRANT}: `endpoint_var: {name}`"
