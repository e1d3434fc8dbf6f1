"""The address of a model server is hardcoded where a grant would inject it.

No address of Docker Model Runner works everywhere. Docker Desktop answers at `model-runner.docker.internal`, Docker
Engine at the gateway of the bridge (usually `172.17.0.1:12434`), Docker Cloud at a third address, and the path has
changed from `/engines/llama.cpp/v1` to `/v1/` (docker/model-runner, `cmd/cli/commands/status.go`). On Linux,
`host.docker.internal` does not resolve unless `extra_hosts` defines it, and `localhost` in a container is the container
itself. Compose asks Docker Model Runner for its address and injects it into every service that is granted a model; it
also pulls the model, which it does not do for an address.

The same is true for Ollama or LM Studio on the host. In addition, nothing in the project starts them or specifies which
models they need.

```yaml bad
services:
  app:
    image: app
    environment:
      OPENAI_BASE_URL: http://model-runner.docker.internal/engines/v1
      #                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `OPENAI_BASE_URL` hardcodes the address of Docker Model Runner: it differs between Docker Desktop, Docker Engine and Docker Cloud, and Compose pulls no model for it
  job:
    image: job
    environment:
      - LLM_HOST=host.docker.internal:11434
      #          ^^^^^^^^^^^^^^^^^^^^^^^^^^ `LLM_HOST` hardcodes the address of Ollama on the host: nothing in the project starts it, and Compose pulls no model for it
    command: ["sh", "-c", "curl -fsS http://localhost:12434/engines/v1/models && exec job"]
    #                                       ^^^^^^^^^^^^^^^ this points to the container itself, where no Docker Model Runner is listening
```

If the project declares one model, and the program appends only `/chat/completions` or a similar path to the address,
the fix grants that model. The injected address then ends in `/v1/`, whatever the hardcoded one was:

```yaml bad
services:
  app:
    image: app
    environment:
      LOG_LEVEL: info
      OPENAI_BASE_URL: http://model-runner.docker.internal/engines/v1
      #                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `OPENAI_BASE_URL` hardcodes the address of Docker Model Runner: it differs between Docker Desktop, Docker Engine and Docker Cloud, and Compose pulls no model for it
      OPENAI_MODEL: ai/smollm2:360M-Q4_K_M
  job:
    image: job
    environment:
      - LLM_BASE_URL=http://172.17.0.1:12434/v1
      #                     ^^^^^^^^^^^^^^^^ `LLM_BASE_URL` hardcodes the address of Docker Model Runner: it differs between Docker Desktop, Docker Engine and Docker Cloud, and Compose pulls no model for it
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

An address without `/v1` gets no fix: the program appends the rest of the path, and would append it to the injected
address too.

What this rule cannot see: addresses in code, in mounted files, and in variables that are set where the project runs. It
does not report addresses of other services in the project, or of hosts that have their own name.
"""

from __future__ import annotations

from modellint.compose.model.ports import PortSet, read_exposed
from modellint.compose.model.wrappers import base_name
from modellint.evidence.endpoints import ITSELF, RUNNER
from modellint.evidence.images import PROXY, SERVER
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Grant, Related, Service, rule, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.commands import Word
    from modellint.compose.model.project import Model, Setting
    from modellint.evidence.endpoints import ModelServerAddress

_OLLAMA = "Ollama"
_GRANTED = "grant the model to the service under `models:`, and call the injected address"
_GRANT = "grant the model to the service under `models:`, and let Compose inject the address"


@rule(WARNING, tags=("network", "environment"))
def hardcoded_endpoint(service: Service, context: Context) -> Findings:
    """Report each known address of a model server outside the project."""
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
        related = [*endpoint.text.origin, *(Related(grant.name.content, "the grant") for grant in service.grants[:1])]
        if fixes is None and endpoint.text.kind == "variable":
            fixes = _fixes(service, context)
        fix = fixes.get(endpoint.text.name) if fixes and endpoint.text.kind == "variable" else None
        yield Finding(span, _message(endpoint), fix, related, hint="" if fix else _hint(service, endpoint, granted))


class _Own:
    """The addresses a service may listen on, for which `localhost` is correct, as in a health check."""

    __slots__ = ("_is_anywhere", "_ports")

    def __init__(self, service: Service) -> None:
        serves = any(_is_ollama_serve(command) for command in service.commands.main.simple)
        self._is_anywhere = service.body.get("network_mode") is not None or serves
        ranges = [each for port in service.ports for each in (port.container, port.host) if each is not None]
        self._ports = PortSet([*ranges, *read_exposed(service.body)])

    def holds(self, endpoint: ModelServerAddress) -> bool:
        """Return whether the service itself may listen at an address."""
        port = endpoint.url.port
        return self._is_anywhere or endpoint.text.kind == "dockerfile" or (port is not None and port in self._ports)


def _is_ollama_serve(command: list[Word]) -> bool:
    return len(command) > 1 and base_name(command[0].text) == "ollama" and command[1].text == "serve"


def _message(endpoint: ModelServerAddress) -> str:
    text, server = endpoint.text, endpoint.server
    shown = f"`{text.name}`" if text.name and text.kind != "command" else "this"
    if endpoint.url.host in ITSELF:
        return f"{shown} points to the container itself, where no {server.removeprefix('a ')} is listening"
    if server == RUNNER:
        why = "it differs between Docker Desktop, Docker Engine and Docker Cloud, and Compose pulls no model for it"
        return f"{shown} hardcodes the address of {server}: {why}"
    why = "nothing in the project starts it, and Compose pulls no model for it"
    return f"{shown} hardcodes the address of {server} on the host: {why}"


def _hint(service: Service, endpoint: ModelServerAddress, granted: dict[str, Grant]) -> str:
    name = endpoint.text.name
    if endpoint.text.kind not in ("variable", "env file") or not name:
        return _GRANT
    if name in granted:
        return f"remove it: the `{granted[name].name.shown}` grant already sets `{name}`"
    if "/v1" not in endpoint.url.path:
        if endpoint.server == _OLLAMA or _OLLAMA.upper() in name.upper().split("_"):
            return "run Ollama as a service of the project, and call that: its native API is not available at `…/v1/`"
        return f"{_GRANTED}, which ends in `/v1/`, with a client for the OpenAI API"
    if service.grants:
        return f"let the `{service.grants[0].name.shown}` grant inject it: `endpoint_var: {name}`"
    return f"{_GRANT}: `endpoint_var: {name}`"


def _fixes(service: Service, context: Context) -> dict[str, Fix]:
    """Return fixes by variable: remove what a grant already sets, and let a grant inject the one variable that fits."""
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
                found[setting.name] = Fix(
                    f"remove it: the `{grant.name.shown}` grant already sets `{setting.name}`", edits
                )
        elif endpoint.server == RUNNER and endpoint.url.host not in project.services and is_base_url(endpoint):
            replaceable.append(setting)
    if len(replaceable) == 1:  # a grant can replace only one, and of several it is not known which
        fix = _injecting(service, replaceable[0], context)
        if fix is not None:
            found[replaceable[0].name] = fix
    return found


def _injecting(service: Service, setting: Setting, context: Context) -> Fix | None:
    """Let a grant inject a variable: the service's only grant, or a new one of the only model."""
    from modellint.fixing.grant_edits import inject_instead, may_rename

    project, name = context.project, setting.name
    if len(service.grants) == 1:
        variable = service.grants[0].variables[-1]
        edits = inject_instead(project, variable, setting) if may_rename(context.evidence, variable, name) else None
        title = f"let the `{service.grants[0].name.shown}` grant inject `{name}`; its value becomes `http://…/v1/`"
        return Fix(title, edits) if edits else None
    models = list(project.models.values())
    if service.grants or len(models) != 1 or service.provider is not None or "network_mode" in service.body:
        return None
    return _granting(service, setting, models[0], context)


def _granting(service: Service, setting: Setting, model: Model, context: Context) -> Fix | None:
    """Grant a model to a service whose environment sets by hand what the grant would inject."""
    from modellint.compose.model.injection import prefix
    from modellint.evidence.endpoints import is_model_name
    from modellint.fixing.grant_edits import add_grant, is_variable_name, take_out_settings

    names = {"endpoint_var": setting.name}
    named = [each for each in service.environment.values() if is_model_name(each.name)]
    if any(each.value != text_of(model.reference) or each.node is None or each.node.interpolated for each in named):
        return None  # a different model is meant
    if named:
        names["model_var"] = named[0].name
    default = f"{prefix(model.name.text)}_MODEL"
    if len(named) > 1 or not model.checked or not all(map(is_variable_name, [*names.values(), default])):
        return None
    added = add_grant(context.project, service, setting.span, model, names)
    taken = take_out_settings(context.project, service, [setting, *named]) if added else None
    shown = " and ".join(f"`{name}`" for name in names.values())
    title = f"grant `{model.name.text}` and inject {shown}; the address becomes `http://…/v1/`"
    return Fix(title, [*added, *taken]) if added and taken else None
