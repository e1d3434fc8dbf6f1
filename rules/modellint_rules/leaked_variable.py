"""A model address, model name or API key reaches a container through the environment.

This happens in three ways. A grant or a secret replaces each of them:

- A variable that a grant injects into one service is set by hand in another service. Without a grant, Compose pulls
  nothing for that service, and its address and model name stay the same when Docker Model Runner, the model or the host
  changes.
- `env_file: .env` passes the file that Compose itself reads for `${…}` to a container as a whole: with the address of
  the model in it, and with everything else that anyone has ever added to it.
- The key of a model provider is an environment variable of the container. `docker inspect` shows it to everyone with
  access to Docker, child processes inherit it, and crash reports print it; on a command line, the process list shows it
  too. (This is a note, because how much it matters depends on the key.)

```yaml bad
services:
  agent:
    image: agent
    models:
      llm:
        endpoint_var: MODEL_RUNNER_URL
    environment:
      - OPENAI_API_KEY=${OPENAI_API_KEY}
      # ^^^^^^^^^^^^^^ the key `OPENAI_API_KEY` is in the environment of `agent`: `docker inspect`, child processes and crash reports can show it
  worker:
    image: worker
    env_file: .env
    #         ^^^^ the container gets everything in `.env`, including `LLM_BASE_URL` and `MODEL_RUNNER_URL`
  web:
    image: web
    environment:
      MODEL_RUNNER_URL: ${MODEL_RUNNER_URL}
    # ^^^^^^^^^^^^^^^^ `MODEL_RUNNER_URL` is set by hand, but the `llm` grant injects it into `agent`: this value does not follow changes to Docker Model Runner or the model
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

A secret is a file in the container; most programs and SDK wrappers accept the name of such a file:

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

A key that several services share through an anchor is one finding. Keys for search, tracing, storage or a vector
database are not reported; the key of a cloud provider is, if the service mentions the models there (Bedrock).

What this rule cannot see: what a program does with a variable, whether a key is a throwaway key, and env files that do
not exist. It finds only keys with the providers' own names.
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
    Related,
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
_MOST_FIXED = 50  # variables: the fix of each reads a whole section
_SECRET = "mount it as a secret, and pass the file name to the program"


@rule(WARNING, tags=("environment", "security"))
def leaked_variable(project: Project, context: Context) -> Findings:
    """Report injected variables set by hand, `.env` as an env file, and keys of providers in the environment."""
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
        yield from _keys_in(scalar, context, "a config that the container gets as a plain file")


def _set_by_hand(
    service: Service, injected: dict[str, Injected], context: Context
) -> Iterator[tuple[Service, Setting, Injected]]:
    """Yield the injected variables that another service gets from the shell or from `.env`.

    If nothing sets the variable, `interpolated-variable` reports it.
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
        f"`{setting.name}` is set by hand, but the `{source.grant.name.shown}` grant injects it into `{giver}`: this"
        " value does not follow changes to Docker Model Runner or the model"
    )
    hint = "" if fix else f"grant the model to `{service.name.text}` too, and remove this"
    return Finding(setting.span, message, fix, [Related(source.span, "injected here")], hint=hint, severity=ERROR)


def _granting(service: Service, setting: Setting, source: Injected, context: Context) -> Fix | None:
    """Return a fix that grants the model to the service instead of passing the variable through."""
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
        return Fix(f"let the `{model.name.text}` grant inject it", edits) if edits else None
    if service.grants:
        return None
    names = {f"{each.kind}_var": each.name for each in reversed(source.grant.variables) if each.explicit}
    added = add_grant(project, service, setting.span, model, names)
    taken = take_out_settings(project, service, given) if added else None
    return Fix(f"grant `{model.name.text}` to `{service.name.text}` too", [*added, *taken]) if added and taken else None


def _is_passed_through(setting: Setting) -> bool:
    """Return whether a variable is passed through under its own name, with nothing added."""
    written = setting.shown
    return setting.node is not None and (
        setting.value is None or written in (f"${setting.name}", f"${{{setting.name}}}")
    )


def _env_files(service: Service, context: Context) -> Findings:
    """Report `.env` as an env file of a service, if it contains the address of a model server."""
    held = [each for each in service.environment.values() if _is_of_dotenv(each)]
    addresses = {each.text.name for each in context.evidence.endpoints(service) if each.server} if held else set[str]()
    if not any(each.name in addresses for each in held):
        return
    first = held[0]
    assert first.named is not None
    names = " and ".join(f"`{each.name}`" for each in held[:2])
    message = f"the container gets everything in `.env`, including {names}"
    hint = "grant the model, and list the variables that the service needs under `environment`"
    related = [Related(each.span, "set here") for each in held[:2]]
    yield Finding(first.named.content, message, related=related, hint=hint)


def _is_of_dotenv(setting: Setting) -> bool:
    """Return whether a variable comes from `.env` and connects a service to a model."""
    name = setting.file.replace("\\", "/").rpartition("/")[2]
    wires = is_model_address(setting.name) or is_model_name(setting.name)
    return name == ".env" and wires and bool(setting.value)


def _keys(services: Iterable[Service], context: Context) -> Findings:
    """Report each provider key that a variable passes into an environment or a command line, once per place."""
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
    """Return whether a variable of a service has one of the words in its name or value."""
    given = service.environment.values() if words else ()
    return any(word in f"{each.name}={each.value or ''}".upper() for each in given for word in words)


def _keys_in(scalar: Scalar, context: Context, where: str) -> Findings:
    for variable in context.evidence.variables(scalar):
        if credentials.is_provider_key(variable.name) and not _is_optional([variable]):
            message = f"the key `{variable.name}` is in {where}"
            yield Finding(variable.span, message, hint=_SECRET, severity=NOTE)


def _is_optional(variables: list[Variable]) -> bool:
    """Return whether a default shows that no key is needed."""
    defaults = [variable.operand for variable in variables if variable.operator[-1:] == "-" and variable.operand]
    return any("$" not in default and credentials.is_none(default) for default in defaults)


def _key_message(name: str, where: str) -> str:
    return f"the key `{name}` is in {where}: `docker inspect`, child processes and crash reports can show it"


def _listed(names: Sequence[str]) -> str:
    said = [f"`{name}`" for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        said.append(f"{len(names) - _MOST_NAMED} more")
    *first, last = said
    return f"{', '.join(first)} and {last}" if first else last
