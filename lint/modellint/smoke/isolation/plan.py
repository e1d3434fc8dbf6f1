"""What a service is to find in its namespace, worked out from the project: pure, so that it can be read and tested.

The variables are those that Docker Compose injects. The value of an endpoint is an address of ours, and ends in `/` as
Docker Model Runner's does. Grants that name one `endpoint_var` share an endpoint, as they do in Compose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from modellint.compose.model.injection import ENDPOINT
from modellint.smoke.isolation.http_request import canonical
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, Outcome
from modellint.yaml.node import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Literal, TypeAlias

    from modellint.compose.model.project import Grant, Injected, Project, Service

    Token: TypeAlias = Literal["right", "wrong", "none"]

_TOKENS: tuple[tuple[str, Token], ...] = (("wrong token", "wrong"), ("no token", "none"))
_MOST_OTHERS = 3
_INVENTED = "modellint/not-granted"
_LONGEST = (128 << 10) - 1  # bytes of `NAME=value`: Linux starts no program with a longer one (MAX_ARG_STRLEN)
_PROVIDER_PATH = "/engines/v1/"  # what `docker model compose up` answers; `docker model status` answers the other
_PATH = "/v1/"


class Upstream(NamedTuple):
    """A runner. `answer` is what its model says to anything, where that is known: then a mix-up shows."""

    host: str
    port: int
    embeddings: bool = False
    answer: str = ""


class ForbiddenAddress(NamedTuple):
    """An address that no service may reach."""

    what: str  # `runner port`, `registry port`
    host: str
    port: int


class GrantedModel(NamedTuple):
    """A model that has a runner. `reference` is as Compose injects it."""

    name: str
    reference: str
    upstream: Upstream


class ServiceEndpoint(NamedTuple):
    """What listens in the namespace, and the variable that names it."""

    variable: str
    path: str
    models: tuple[GrantedModel, ...]


class Ask(NamedTuple):
    """A request to an endpoint. `control` is the place in the list of the request that shows it could have passed."""

    check: str
    endpoint: int
    subject: str
    path: str
    expected: int
    model: str = ""  # what the body asks for; empty for a GET
    token: Token = "right"
    answer: str = ""  # what has to be found in the answer, where something has to be
    control: int | None = None


class ServicePlan(NamedTuple):
    """All that is to be tried for a service. `problems` are outcomes that are certain before anything runs."""

    service: str
    models: tuple[tuple[str, str], ...]  # variables that name a model, and their values
    endpoints: tuple[ServiceEndpoint, ...]
    asks: tuple[Ask, ...]
    forbidden: tuple[ForbiddenAddress, ...]
    problems: tuple[Outcome, ...]


def plan_services(
    project: Project, upstreams: Mapping[str, Upstream], registries: Sequence[ForbiddenAddress] = ()
) -> list[ServicePlan]:
    """The plan of every active service that has a container. `upstreams` has the runner of a model by its name."""
    runners = dict.fromkeys((each.host, each.port) for each in upstreams.values())
    forbidden = (*(ForbiddenAddress("runner port", *address) for address in runners), *registries)
    references = [text for model in project.all_models() if (text := text_of(model.reference))]
    return [
        _plan(project, service, upstreams, forbidden, references)
        for service in project.services.values()
        if service.active and service.provider is None
    ]


def environment(plan: ServicePlan, ports: Sequence[int]) -> dict[str, str]:
    """All variables that Compose would inject, once it is known where the endpoints listen. No process gets them."""
    urls = {
        endpoint.variable: f"http://127.0.0.1:{port}{endpoint.path}"
        for endpoint, port in zip(plan.endpoints, ports, strict=True)
    }
    return {**dict(plan.models), **urls}


def _plan(
    project: Project,
    service: Service,
    upstreams: Mapping[str, Upstream],
    forbidden: tuple[ForbiddenAddress, ...],
    references: Sequence[str],
) -> ServicePlan:
    name = service.name.text
    injected = [
        _Value(variable, *_value(project, variable)) for grant in service.grants for variable in grant.variables
    ]
    endpoints = tuple(_endpoints(project, service, upstreams))
    named = {endpoint.variable for endpoint in endpoints}
    models = {each.name: each.text for each in injected if not each.is_endpoint and each.name not in named}
    usable = tuple((key, value) for key, value in models.items() if _can_be_set(key, value))
    problems = (
        *(problem for grant in service.grants for problem in _grant_problems(project, grant, upstreams)),
        *_variable_problems(name, injected),
        *(problem for endpoint in endpoints for problem in _mix_ups(name, endpoint)),
    )
    return ServicePlan(name, usable, endpoints, tuple(plan_asks(endpoints, references)), forbidden, problems)


class _Value(NamedTuple):
    """What a grant puts into a variable. Of an endpoint that is its path: the rest is the same for all."""

    variable: Injected
    is_endpoint: bool
    text: str

    @property
    def name(self) -> str:
        return self.variable.name


def _value(project: Project, variable: Injected) -> tuple[bool, str]:
    if variable.kind == ENDPOINT:
        return True, _PROVIDER_PATH if variable.grant.legacy else _PATH
    model = variable.grant.model
    if model is not None and model.legacy:  # a provider may name several, which it joins
        same = [each for each in project.legacy if each.name.text == model.name.text]
        return False, ",".join(text_of(each.reference) or "" for each in same)
    return False, (text_of(model.reference) or "") if model is not None else ""


def _endpoints(project: Project, service: Service, upstreams: Mapping[str, Upstream]) -> Iterator[ServiceEndpoint]:
    """One for each variable that names one, with the models of all grants that do so."""
    found: dict[str, list[Injected]] = {}
    for grant in service.grants:
        for variable in grant.variables:
            if variable.kind == ENDPOINT and _can_be_set(variable.name, ""):
                found.setdefault(variable.name, []).append(variable)
    for name, variables in found.items():
        models = [
            GrantedModel(grant.model_name, text_of(grant.model.reference) or "", upstreams[grant.model_name])
            for grant in (variable.grant for variable in variables)
            if grant.model is not None and not list(_grant_problems(project, grant, upstreams))
        ]
        yield ServiceEndpoint(name, _value(project, variables[0])[1], tuple(models))


def _grant_problems(project: Project, grant: Grant, upstreams: Mapping[str, Upstream]) -> Iterator[Outcome]:
    """Why nobody could use a model that is granted."""
    service, name = grant.service.name.text, grant.model_name
    if grant.model is None:
        yield Outcome(service, "grant", name, FAIL, "the project declares no model with this name")
    elif grant.legacy and sum(model.name.text == name for model in project.legacy) > 1:
        yield Outcome(service, "grant", name, NOT_PROVEN, "its provider service names several models")
    elif not canonical(text_of(grant.model.reference) or ""):
        yield Outcome(service, "grant", name, FAIL, "the model has no valid reference")
    elif name not in upstreams:
        yield Outcome(service, "grant", name, NOT_PROVEN, "no runner is running for this model")


def _variable_problems(service: str, injected: Sequence[_Value]) -> Iterator[Outcome]:
    values: dict[str, set[tuple[bool, str]]] = {}
    for each in injected:
        values.setdefault(each.name, set()).add((each.is_endpoint, each.text))
    for name, found in values.items():
        if not all(_can_be_set(name, text) for _, text in found):
            yield Outcome(service, "variable", name, FAIL, "a process cannot have a variable with this name or value")
        if len(found) > 1:
            yield Outcome(service, "variable", name, FAIL, "two different values are injected into this variable")


def _mix_ups(service: str, endpoint: ServiceEndpoint) -> Iterator[Outcome]:
    """A reference that stands for two runners at one endpoint: a request could mean either."""
    runners: dict[str, set[Upstream]] = {}
    for model in endpoint.models:
        runners.setdefault(canonical(model.reference), set()).add(model.upstream)
    for reference, found in runners.items():
        if len(found) > 1:
            why = f"`{reference}` has {len(found)} runners, and a request cannot choose between them"
            yield Outcome(service, "grant", endpoint.variable, NOT_PROVEN, why)


def _can_be_set(name: str, value: str) -> bool:
    """Whether a process can have it. Nothing of ours does: the name may be one that has a loader run a file."""
    size = len(f"{name}={value}".encode("utf-8", "surrogatepass"))
    return bool(name) and "=" not in name and "\0" not in name and "\0" not in value and size <= _LONGEST


def plan_asks(endpoints: Sequence[ServiceEndpoint], references: Sequence[str]) -> list[Ask]:
    """What is asked of each endpoint; `references` are those of all models that the project has."""
    asks: list[Ask] = []
    for number, endpoint in enumerate(endpoints):
        listed = ", ".join(dict.fromkeys(canonical(model.reference) for model in endpoint.models))
        control = len(asks)
        asks.append(Ask("models", number, endpoint.variable, "models", 200, answer=listed))
        for model in endpoint.models:
            name = canonical(model.reference)
            asks.append(Ask("model", number, model.name, f"models/{_quoted(model.reference)}", 200, answer=name))
        for model in endpoint.models:
            if endpoint.models[0] is model:
                control = len(asks)
            asks.append(_work(number, model))
        base = asks[control]._replace(control=control, answer="")
        granted = {canonical(model.reference) for model in endpoint.models}
        others = _others(references, granted) if endpoint.models else []
        asks += [base._replace(check="other model", subject=each, model=each, expected=403) for each in others]
        asks += [
            base._replace(check=check, subject=endpoint.variable, expected=401, token=token) for check, token in _TOKENS
        ]
    return asks


def _work(endpoint: int, model: GrantedModel) -> Ask:
    if model.upstream.embeddings:
        return Ask("embeddings", endpoint, model.name, "embeddings", 200, model.reference)
    return Ask("chat", endpoint, model.name, "chat/completions", 200, model.reference, answer=model.upstream.answer)


def _others(references: Sequence[str], granted: set[str]) -> list[str]:
    """Some models that are not granted, and one that does not exist."""
    others = {name: reference for reference in references if (name := canonical(reference)) and name not in granted}
    return [*list(others.values())[:_MOST_OTHERS], _INVENTED]


def _quoted(reference: str) -> str:
    """A reference as part of a path: `/`, `:` and `@` stay, as a client of Docker Model Runner has them."""
    kept = "/:@-._~"
    return "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in kept) else _percent(letter)
        for letter in reference
    )


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


def body_of(ask: Ask) -> dict[str, object] | None:
    """What is sent with a request; nothing with a GET."""
    if not ask.model:
        return None
    if ask.path == "embeddings":
        return {"model": ask.model, "input": "hello"}
    return {"model": ask.model, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 16}
