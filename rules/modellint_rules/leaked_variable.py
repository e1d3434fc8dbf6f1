"""What connects a service to a model, or pays for it, travels through the environment.

Three ways lead there, and a grant or a secret replaces each of them:

- A variable that a grant injects into one service is set by hand in another one. There is no grant, so Compose pulls nothing
  for that service, and its address and model stay what they were when the runner, the model or the machine has changed.
- `env_file: .env` hands the file that Compose itself reads for `${…}` to a container, whole: with the address of the model
  that stands in it, and with everything else that anyone ever wrote into it.
- The key of a model provider is an environment variable of the container. `docker inspect` shows it to everyone who may talk
  to Docker, every process that the container starts inherits it, crash reports print it; on a command line the process list
  shows it as well. (A note, because it is a matter of how much that key is worth to you.)

```yaml bad
services:
  agent:
    image: agent
    models:
      llm:
        endpoint_var: MODEL_RUNNER_URL
    environment:
      - OPENAI_API_KEY=${OPENAI_API_KEY}
      # ^^^^^^^^^^^^^^ the key `OPENAI_API_KEY` lies in the environment of `agent`: `docker inspect`, every child process and crash reports show it
  worker:
    image: worker
    env_file: .env
    #         ^^^^ `.env` is handed to the container whole: `LLM_BASE_URL`, `MODEL_RUNNER_URL`, and everything else that stands in it
  web:
    image: web
    environment:
      MODEL_RUNNER_URL: ${MODEL_RUNNER_URL}
    # ^^^^^^^^^^^^^^^^ `MODEL_RUNNER_URL` is what the grant of `llm` injects into `agent`; set by hand here, it follows neither the runner nor the model
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml fixed
services:
  agent:
    image: agent
    models:
      llm:
        endpoint_var: MODEL_RUNNER_URL
    environment:
      - OPENAI_API_KEY=${OPENAI_API_KEY}
  worker:
    image: worker
    env_file: .env
  web:
    image: web
    models:
      llm:
        endpoint_var: MODEL_RUNNER_URL
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```dotenv .env
LLM_BASE_URL=http://model-runner.docker.internal/engines/v1
MODEL_RUNNER_URL=http://172.17.0.1:12434/v1
```

A secret is a file in the container; most programs and SDK wrappers take the name of such a file:

```yaml good
services:
  agent:
    image: agent
    models:
      llm:
        endpoint_var: MODEL_RUNNER_URL
    environment:
      OPENAI_API_KEY_FILE: /run/secrets/openai_api_key
    secrets: [openai_api_key]
  local:
    image: local
    environment:
      TAVILY_API_KEY: ${TAVILY_API_KEY}
      AWS_SECRET_ACCESS_KEY: ${AWS_SECRET_ACCESS_KEY}
      OPENAI_API_KEY: not-needed
      OPENAI_BASE_URL: https://api.openai.com/v1
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
secrets:
  openai_api_key:
    file: ./openai_api_key.txt
```

A key that several services take over from one line, by an anchor, is one finding. A key for search, tracing, storage or a vector
database is none of a model's provider; one of a cloud counts where the service speaks of the models there (Bedrock).

What this rule cannot see: what a program does with a variable, whether a key is a throwaway one, and env files that are not
there. It knows the providers' own names for keys; one under another name is left alone.
"""

from __future__ import annotations

from modellint.compose.model.project import Injected, Setting, settings
from modellint.evidence.endpoints import is_model_address, is_model_name
from modellint.rule import (
    ERROR,
    NOTE,
    WARNING,
    Context,
    Finding,
    Findings,
    Fix,
    Project,
    Scalar,
    Service,
    Span,
    Variable,
    rule,
    scalars,
)
from modellint.secrets import credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST_NAMED = 3  # services in a message
_MOST_FIXED = 50  # variables: for each of them, a whole section is looked at
_SECRET = "mount it as a secret, and give the program the name of the file"


@rule(WARNING, tags=("environment", "security"))
def leaked_variable(project: Project, context: Context) -> Findings:
    """Report injected variables set by hand, `.env` handed to a container, and providers' keys in the environment."""
    injected: dict[str, Injected] = {}
    for grant in project.grants():
        for each in grant.variables:
            injected.setdefault(each.name, each)
    services = project.services.values()
    by_hand = [each for service in services for each in _set_by_hand(service, injected, context)] if injected else []
    for service, setting, source in by_hand:
        fix = _granting(service, setting, source, context) if len(by_hand) <= _MOST_FIXED else None
        yield _by_hand(service, setting, source, fix)
    for service in services:
        yield from _env_files(service, context)
    yield from _keys(services, context)
    configs = project.root.get("configs") if project.root is not None else None
    for scalar in scalars(configs):
        yield from _keys_in(scalar, context, "a config that is written into the container as a plain file")


def _set_by_hand(
    service: Service, injected: dict[str, Injected], context: Context
) -> Iterator[tuple[Service, Setting, Injected]]:
    """The injected variables that another service gets from the shell or from `.env`.

    Where nothing sets it, `interpolated-variable` speaks.
    """
    own = {variable.name for grant in service.grants for variable in grant.variables}
    for name, setting in service.environment.items():
        source = injected.get(name)
        if source is None or name in own or setting.node is None:
            continue
        variables = context.evidence.variables(setting.node)
        if setting.value is None or any(variable.is_set for variable in variables):
            yield service, setting, source


def _by_hand(service: Service, setting: Setting, source: Injected, fix: Fix | None) -> Finding:
    giver = source.grant.service.name.text
    message = (
        f"`{setting.name}` is what the grant of `{source.grant.name.shown}` injects into `{giver}`; set by hand here, it "
        "follows neither the runner nor the model"
    )
    hint = "" if fix else f"grant the model to `{service.name.text}` as well, and drop this"
    return Finding(setting.span, message, fix, [(source.span, "injected by this")], hint=hint, severity=ERROR)


def _granting(service: Service, setting: Setting, source: Injected, context: Context) -> Fix | None:
    """Let a grant of the service itself inject what is only passed through."""
    from modellint.fixing.grant_edits import add_grant, inject_instead, may_rename, take_out_settings

    project, model = context.project, source.grant.model
    if source.grant.legacy or model is None or not model.checked or service.provider is not None:
        return None
    given = [service.environment[each.name] for each in source.grant.variables if each.name in service.environment]
    if not all(map(_is_passed_through, given)) or "network_mode" in service.body:
        return None
    own = [grant for grant in service.grants if grant.model is model]
    if own:
        variable = next((each for each in own[0].variables if each.kind == source.kind), None)
        if variable is None or not may_rename(context.evidence, variable, setting.name):
            return None
        edits = inject_instead(project, variable, setting)
        return Fix(f"let the grant of `{model.name.text}` inject it", edits) if edits else None
    if service.grants:
        return None
    names = {f"{each.kind}_var": each.name for each in reversed(source.grant.variables) if each.explicit}
    added = add_grant(project, service, setting.span, model, names)
    taken = take_out_settings(project, service, given) if added else None
    return (
        Fix(f"grant `{model.name.text}` to `{service.name.text}` as well", [*added, *taken])
        if added and taken
        else None
    )


def _is_passed_through(setting: Setting) -> bool:
    """Whether a variable is given on under its own name, with nothing added."""
    written = setting.shown
    return setting.node is not None and (
        setting.value is None or written in (f"${setting.name}", f"${{{setting.name}}}")
    )


def _env_files(service: Service, context: Context) -> Findings:
    """Report `.env` as an env file of a service, where it holds the address of a model server."""
    held = [each for each in service.environment.values() if _is_of_dotenv(each)]
    addresses = {each.text.name for each in context.evidence.endpoints(service) if each.server} if held else set[str]()
    if not any(each.name in addresses for each in held):
        return
    first = held[0]
    assert first.named is not None
    names = ", ".join(f"`{each.name}`" for each in held[:2])
    message = f"`.env` is handed to the container whole: {names}, and everything else that stands in it"
    hint = "grant the model, and name the variables that the service needs under `environment`"
    related = [(each.span, "set here") for each in held[:2]]
    yield Finding(first.named.content, message, related=related, hint=hint)


def _is_of_dotenv(setting: Setting) -> bool:
    """Whether `.env` wires a service to a model."""
    name = setting.file.replace("\\", "/").rpartition("/")[2]
    wires = is_model_address(setting.name) or is_model_name(setting.name)
    return name == ".env" and wires and bool(setting.value)


def _keys(services: Iterable[Service], context: Context) -> Findings:
    """Report each key of a provider that a variable brings into environments or onto a command line, once for a place."""
    owners: dict[Span, list[str]] = {}
    found: dict[Span, Setting] = {}
    for service in services:
        for setting in _given_keys(service, context):
            found.setdefault(setting.span, setting)
            owners.setdefault(setting.span, []).append(service.name.text)
        for scalar in service.commands.scalars if context.project.variables else ():
            yield from _keys_in(scalar, context, "a command line, which `docker inspect` and the process list show")
    for span, setting in found.items():
        message = _key_message(setting.name, f"the environment of {_listed(owners[span])}")
        yield Finding(span, message, hint=_SECRET, severity=NOTE)


def _given_keys(service: Service, context: Context) -> Iterator[Setting]:
    for setting in [*service.environment.values(), *settings(service.body.get("build", "args"))]:
        name, node = setting.name, setting.node
        if node is None or not (
            credentials.is_provider_key(name) or _speaks_of(service, credentials.cloud_of_models(name))
        ):
            continue
        variables = context.evidence.variables(node)
        if setting.value is None or (variables and not _is_optional(variables)):
            yield setting


def _speaks_of(service: Service, words: Sequence[str]) -> bool:
    """Whether a variable of a service has one of some words in its name or value."""
    given = service.environment.values() if words else ()
    return any(word in f"{each.name}={each.value or ''}".upper() for each in given for word in words)


def _keys_in(scalar: Scalar, context: Context, where: str) -> Findings:
    for variable in context.evidence.variables(scalar):
        if credentials.is_provider_key(variable.name) and not _is_optional([variable]):
            message = f"the key `{variable.name}` stands in {where}"
            yield Finding(variable.span, message, hint=_SECRET, severity=NOTE)


def _is_optional(variables: list[Variable]) -> bool:
    """Whether a default says that no key is needed."""
    defaults = [variable.operand for variable in variables if variable.operator[-1:] == "-" and variable.operand]
    return any("$" not in default and credentials.is_none(default) for default in defaults)


def _key_message(name: str, where: str) -> str:
    return f"the key `{name}` lies in {where}: `docker inspect`, every child process and crash reports show it"


def _listed(names: Sequence[str]) -> str:
    said = [f"`{name}`" for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        said.append(f"{len(names) - _MOST_NAMED} more")
    *first, last = said
    return f"{', '.join(first)} and {last}" if first else last
