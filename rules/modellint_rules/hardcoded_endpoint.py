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

Where the project declares one model, and the value is an address to which the program adds nothing but `/chat/completions` and
its like, the fix grants that model. What is injected then ends in `/v1/`, whatever stood there before:

```yaml bad
services:
  app:
    image: app
    environment:
      LOG_LEVEL: info
      OPENAI_BASE_URL: http://model-runner.docker.internal/engines/v1
      #                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `OPENAI_BASE_URL` is a fixed address of Docker Model Runner: it is another one on every kind of Docker, and no model is pulled for it
      OPENAI_MODEL: ai/smollm2:360M-Q4_K_M
  job:
    image: job
    environment:
      - LLM_BASE_URL=http://172.17.0.1:12434/v1
      #                     ^^^^^^^^^^^^^^^^ `LLM_BASE_URL` is a fixed address of Docker Model Runner: it is another one on every kind of Docker, and no model is pulled for it
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml fixed
services:
  app:
    image: app
    models:
      llm:
        endpoint_var: OPENAI_BASE_URL
        model_var: OPENAI_MODEL
    environment:
      LOG_LEVEL: info
  job:
    image: job
    models:
      llm:
        endpoint_var: LLM_BASE_URL
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
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

An address without `/v1` gets no fix: the program adds the rest of the path, and would add it to the injected one as well.

What this rule cannot see: addresses in the code, in files that are mounted, and in variables that are set where the
project runs. An address of another service of the project is left alone, and so is one of a machine that has a name of its own.
"""

from __future__ import annotations

from modellint.compose.model.ports import PortSet, read_exposed
from modellint.compose.model.wrappers import base_name
from modellint.evidence.endpoints import ITSELF, RUNNER
from modellint.evidence.images import PROXY, SERVER
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Grant, Service, rule, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.commands import Word
    from modellint.compose.model.project import Model, Setting
    from modellint.evidence.endpoints import ModelServerAddress

_OLLAMA = "Ollama"
_GRANTED = "grant the model to the service under `models:`, and call the address that is injected"
_GRANT = "grant the model to the service under `models:`, and let Compose inject the address"


@rule(WARNING, tags=("network", "environment"))
def hardcoded_endpoint(service: Service, context: Context) -> Findings:
    """Report every known address of a model server outside of the project."""
    evidence = context.evidence
    known = evidence.product(service)
    is_server = known is not None and known.role in (SERVER, PROXY)
    fixes: dict[str, Fix] | None = None
    own: _Own | None = None
    granted = {variable.name: grant for grant in reversed(service.grants) for variable in grant.variables}
    for endpoint in evidence.endpoints(service):
        url = endpoint.url
        if not endpoint.server:
            continue
        if url.host in ITSELF:
            own = own or _Own(service)
            if is_server or own.holds(endpoint):
                continue
        if endpoint.text.kind == "label":
            continue
        span = endpoint.text.locate(url.start, url.end)
        related = [*endpoint.text.origin, *((grant.name.content, "a grant") for grant in service.grants[:1])]
        if fixes is None and endpoint.text.kind == "variable":
            fixes = _fixes(service, context)
        fix = fixes.get(endpoint.text.name) if fixes and endpoint.text.kind == "variable" else None
        yield Finding(span, _message(endpoint), fix, related, hint="" if fix else _hint(service, endpoint, granted))


class _Own:
    """What a service says about where it listens itself, so that `localhost` is meant: as in a health check."""

    __slots__ = ("_is_anywhere", "_ports")

    def __init__(self, service: Service) -> None:
        serves = any(_is_ollama_serve(command) for command in service.commands.main.simple)
        self._is_anywhere = service.body.get("network_mode") is not None or serves
        ranges = [each for port in service.ports for each in (port.container, port.host) if each is not None]
        self._ports = PortSet([*ranges, *read_exposed(service.body)])

    def holds(self, endpoint: ModelServerAddress) -> bool:
        """Whether the service may listen at an address of its own."""
        port = endpoint.url.port
        return self._is_anywhere or endpoint.text.kind == "dockerfile" or (port is not None and port in self._ports)


def _is_ollama_serve(command: list[Word]) -> bool:
    return len(command) > 1 and base_name(command[0].text) == "ollama" and command[1].text == "serve"


def _message(endpoint: ModelServerAddress) -> str:
    text, server = endpoint.text, endpoint.server
    shown = f"`{text.name}`" if text.name and text.kind != "command" else "this"
    if endpoint.url.host in ITSELF:
        return f"{shown} points at the container itself, where no {server.removeprefix('a ')} answers"
    if server == RUNNER:
        why = "it is another one on every kind of Docker, and no model is pulled for it"
        return f"{shown} is a fixed address of {server}: {why}"
    why = "nothing here starts it, and no model is pulled for it"
    return f"{shown} is a fixed address of {server} on the machine outside: {why}"


def _hint(service: Service, endpoint: ModelServerAddress, granted: dict[str, Grant]) -> str:
    name = endpoint.text.name
    if endpoint.text.kind not in ("variable", "env file") or not name:
        return _GRANT
    if name in granted:
        return f"drop it: the grant of `{granted[name].name.shown}` sets `{name}` anyway"
    if "/v1" not in endpoint.url.path:
        if endpoint.server == _OLLAMA or _OLLAMA.upper() in name.upper().split("_"):
            return "run Ollama as a service of the project, and call that: a client of Ollama's own API has no use for `…/v1/`"
        return f"{_GRANTED}, which ends with `/v1/`, through a client of the OpenAI API"
    if service.grants:
        return f"let the grant of `{service.grants[0].name.shown}` inject it: `endpoint_var: {name}`"
    return f"{_GRANT}: `endpoint_var: {name}`"


def _fixes(service: Service, context: Context) -> dict[str, Fix]:
    """By variable: drop what a grant sets anyway, and let the grant inject the one that it can be meant for."""
    from modellint.fixing.grant_edits import is_base_url, take_out_settings

    project = context.project
    injected = {variable.name: variable.grant for grant in service.grants for variable in grant.variables}
    found: dict[str, Fix] = {}
    replaceable: list[Setting] = []
    for endpoint in context.evidence.endpoints(service):
        setting = service.environment.get(endpoint.text.name)
        if not endpoint.server or setting is None or setting.node is None or setting.node is not endpoint.text.node:
            continue
        grant = injected.get(setting.name)
        if grant is not None:
            edits = take_out_settings(project, service, [setting])
            if edits:
                found[setting.name] = Fix(f"drop it: the grant of `{grant.name.shown}` sets `{setting.name}`", edits)
        elif endpoint.server == RUNNER and endpoint.url.host not in project.services and is_base_url(endpoint):
            replaceable.append(setting)
    if len(replaceable) == 1:  # of several, a grant can replace one, and it is not known which
        fix = _injecting(service, replaceable[0], context)
        if fix is not None:
            found[replaceable[0].name] = fix
    return found


def _injecting(service: Service, setting: Setting, context: Context) -> Fix | None:
    """Let a grant inject a variable: the only one of the service, or one of the only model."""
    from modellint.fixing.grant_edits import inject_instead, may_rename

    project, name = context.project, setting.name
    if len(service.grants) == 1:
        variable = service.grants[0].variables[-1]
        edits = inject_instead(project, variable, setting) if may_rename(context.evidence, variable, name) else None
        title = f"let the grant of `{service.grants[0].name.shown}` inject `{name}`, which becomes `http://…/v1/`"
        return Fix(title, edits) if edits else None
    models = list(project.models.values())
    if service.grants or len(models) != 1 or service.provider is not None or "network_mode" in service.body:
        return None
    return _granting(service, setting, models[0], context)


def _granting(service: Service, setting: Setting, model: Model, context: Context) -> Fix | None:
    """Grant a model to a service that says by hand what the grant says."""
    from modellint.compose.model.injection import prefix
    from modellint.evidence.endpoints import is_model_name
    from modellint.fixing.grant_edits import add_grant, is_variable_name, take_out_settings

    names = {"endpoint_var": setting.name}
    named = [each for each in service.environment.values() if is_model_name(each.name)]
    if any(each.value != text_of(model.reference) or each.node is None or each.node.interpolated for each in named):
        return None  # another model is meant
    if named:
        names["model_var"] = named[0].name
    default = f"{prefix(model.name.text)}_MODEL"
    if len(named) > 1 or not model.checked or not all(map(is_variable_name, [*names.values(), default])):
        return None
    added = add_grant(context.project, service, setting.span, model, names)
    taken = take_out_settings(context.project, service, [setting, *named]) if added else None
    shown = " and ".join(f"`{name}`" for name in names.values())
    title = f"grant `{model.name.text}` under the name of {shown}: the address becomes `http://…/v1/`"
    return Fix(title, [*added, *taken]) if added and taken else None
