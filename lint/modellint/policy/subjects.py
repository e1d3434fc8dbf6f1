"""The data available in a check: the models, services, bindings or the project of a policy's `each`.

A check has one variable, named by its `each`. A key that is not in the file does not exist: test it with `has`, as in
`!has(model.context_size) || model.context_size <= 8192`.

`model`: an entry of `models:`, or a service with `provider: {type: model}`.

| key | value |
|---|---|
| `name` | its name in the file |
| `model` | the reference, as text |
| `registry`, `repository` | `docker.io` and `ai/smollm2` for `ai/smollm2`; absent if the reference has no registry |
| `tag`, `digest` | as written; absent if not written |
| `context_size` | a number |
| `runtime_flags` | a list, empty if there is none |
| `granted_to` | names of the services that it is granted to |
| `legacy` | whether it is a service with a `provider` |
| `x-…` | its own extension keys, as `model["x-owner"]` |

`service`: an entry of `services:`.

| key | value |
|---|---|
| `name`, `image` | text |
| `build` | true if the service has `build` |
| `models` | names of the models that it is granted |
| `environment` | names of its variables, including those of its env files; never their values |
| `ports` | maps of `target`, `published`, `host_ip` and `protocol`; ports are numbers, a range is text |
| `profiles`, `depends_on`, `networks` | lists of names |
| `labels` | a map |
| `cap_add`, `cap_drop`, `cpus`, `devices`, `gpus`, `ipc`, `mem_limit`, `network_mode`, `pid`, `platform`, |
| `privileged`, `pull_policy`, `read_only`, `restart`, `runtime`, `security_opt`, `user`, `volumes` | as written |
| `x-…` | its own extension keys |

`binding`: one model of one service. `name` is what the service calls the model, `service` and `model` are as above (no
`model` if none is declared), `endpoint_var` and `model_var` name the variables that Compose injects.

`project`: its `name`, and all its `models` and `services` by name.

What may contain a secret is not available: values of `environment` and of env files, commands, build arguments. Labels
and extension keys are as written, without interpolation. So is every value with a variable that the shell sets, unless
the policy is named with `--policy` and is not in the repository. A whole number beyond 64 bits is a float.

An example (`good`, `bad`) is a part of a Compose file, such as `{model: ai/a, context_size: 131072}`, read like a real
file. Its `name` is `example`, unless it has one; it can also set derived keys: `granted_to`, `legacy`, `tag`, …
The `service` and the `model` of a binding are such parts, and those of a project are maps of them by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from modellint.compose.model.injection import MODEL, variable_names
from modellint.compose.model.project import build, names, settings
from modellint.compose.model.shown_values import outer_names, own_value
from modellint.oci.model_reference import Reference
from modellint.policy.loaded import PolicyError
from modellint.text.source import Source, Span
from modellint.text.suggest import did_you_mean
from modellint.yaml.node import Mapping, Scalar, Sequence
from modellint.yaml.scalars import compose_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Grant, Model, Project, Service, Setting
    from modellint.compose.model.shown_values import Leaf
    from modellint.yaml.node import Node
    from modellint.yaml.node import Value as ScalarValue

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
Shape: TypeAlias = "dict[str, Shape]"

_AS_WRITTEN = (
    "cap_add", "cap_drop", "cpus", "devices", "gpus", "ipc", "mem_limit", "network_mode", "pid", "platform",
    "privileged", "pull_policy", "read_only", "restart", "runtime", "security_opt", "user", "volumes",
)  # fmt: skip
_EXTENSIONS = "x-…"
_LISTS = ("profiles", "depends_on", "networks")
_MODEL: Shape = {
    key: {}
    for key in (
        "name", "model", "registry", "repository", "tag", "digest", "context_size", "runtime_flags", "granted_to",
        "legacy", _EXTENSIONS,
    )
}  # fmt: skip
_SERVICE: Shape = {
    key: {}
    for key in (
        "name", "image", "build", "models", "environment", "ports", "labels", _EXTENSIONS, *_LISTS, *_AS_WRITTEN,
    )
}  # fmt: skip
SHAPES: dict[str, Shape] = {
    "model": _MODEL,
    "service": _SERVICE,
    "binding": {"name": {}, "service": _SERVICE, "model": _MODEL, "endpoint_var": {}, "model_var": {}},
    "project": {"name": {}, "models": {"*": _MODEL}, "services": {"*": _SERVICE}},
}  # what there is under each variable; nothing below a key: anything may be there; `*`: any name
_WORKED_OUT = frozenset(_MODEL) - {"model", "context_size", "runtime_flags"}


def _filled(node: Scalar) -> ScalarValue:
    return node.value


class Subject:
    """One object that a check is about. `name` is for messages, `span` the place of its name."""

    __slots__ = ("name", "places", "span", "value")

    def __init__(self, name: str, value: dict[str, Value], span: Span, places: dict[str, Span]) -> None:
        self.name = name
        self.value = value
        self.span = span
        self.places = places

    def at(self, key: str | None) -> Span:
        """Where the value of a key stands; the name where there is no such key."""
        return self.places.get(key, self.span) if key else self.span


def subjects(project: Project, each: str, sees: bool = False) -> list[Subject]:
    """All models, services or bindings of a project, or the project itself.

    Unless a policy `sees` what variables of the machine bring in, what is written stands there instead.
    """
    leaf = _filled if sees else own_value(project)
    match each:
        case "model":
            return [_model_subject(model, leaf) for model in project.all_models()]
        case "service":
            return [_service_subject(service, leaf) for service in project.services.values()]
        case "binding":
            return [_binding_subject(grant, leaf) for grant in project.grants()]
        case _:
            return [_project_subject(project, leaf)] if project.root is not None else []


def example(each: str, body: Node) -> dict[str, Value]:
    """An example of a check, completed; raises `PolicyError` at what can be no part of one."""
    given = _map(body)
    match each:
        case "model":
            return _example_model(given, "example")
        case "service":
            return _example_service(given, "example")
        case "binding":
            return _example_binding(given)
        case _:
            return _example_project(given)


def knows(shape: Shape, key: str) -> bool:
    """Whether what has a shape may have a key."""
    return key in shape or "*" in shape or (key.startswith("x-") and _EXTENSIONS in shape)


def no_key(owner: str, key: str, shape: Shape) -> str:
    """What is said of a key that nothing of a shape has: the one that is meant, or else all that there are."""
    near = did_you_mean(key, list(shape))
    if not near:
        listed = ", ".join(f"`{each}`" for each in shape if each != "*")
        near = f"; its keys are {listed}; `modellint policy keys` describes them"
    return f"a {owner} has no key `{key}` in checks{near}"


def _model_subject(model: Model, leaf: Leaf) -> Subject:
    places = _places(model.body)
    if model.legacy and "context-size" in places:
        places["context_size"] = places["context-size"]
    if model.reference is not None and model.ref is not None:
        places.update(_reference_places(model.reference, model.ref.tag, model.ref.tag_at, model.ref.digest))
    return Subject(model.name.shown, _model(model, leaf), model.name.content, places)


def _service_subject(service: Service, leaf: Leaf) -> Subject:
    return Subject(service.name.shown, _service(service, leaf), service.name.content, _places(service.body))


def _binding_subject(grant: Grant, leaf: Leaf) -> Subject:
    places = {"endpoint_var" if one.kind != MODEL else "model_var": one.span for one in grant.variables}
    places["service"] = grant.service.name.content
    return Subject(f"{grant.service.name.shown}/{grant.name.shown}", _binding(grant, leaf), grant.name.content, places)


def _project_subject(project: Project, leaf: Leaf) -> Subject:
    root = project.root
    assert root is not None
    first = next((key.content for key, _ in root), Span(root.source, root.start, root.start))
    return Subject(_project_name(project, leaf) or "the project", _project(project, leaf), first, _places(root))


def _model(model: Model, leaf: Leaf = _filled) -> dict[str, Value]:
    value: dict[str, Value] = {
        "name": model.name.text,
        "runtime_flags": [_plain(flag, leaf) for flag in model.flags],
        "granted_to": [*dict.fromkeys(grant.service.name.text for grant in model.grants)],
        "legacy": model.legacy,
        **_extensions(model.body),
    }
    _put(value, "model", model.reference, leaf)
    _put(value, "context_size", model.context_size, leaf)
    if (reference := _reference(model, leaf)) is not None and reference.kind not in ("invalid", "local"):
        parts = {name: getattr(reference, name) for name in ("registry", "repository", "tag", "digest")}
        value.update((name, part) for name, part in parts.items() if part)
    return value


def _reference(model: Model, leaf: Leaf) -> Reference | None:
    """The reference that a check sees: that of the value, or of what is written."""
    node = model.reference
    seen = leaf(node) if node is not None else None
    return model.ref if node is None or seen == node.value or not isinstance(seen, str) else Reference(seen)


def _service(service: Service, leaf: Leaf = _filled) -> dict[str, Value]:
    body = service.body
    value: dict[str, Value] = {
        "name": service.name.text,
        "models": [*dict.fromkeys(_granted(grant, leaf) for grant in service.grants)],
        "environment": [*dict.fromkeys(_setting_name(one, leaf) for one in service.environment.values())],
        "ports": [_port(port.item, leaf) for port in service.ports],
        "labels": _labels(body.get("labels"), leaf),
        **{key: [_plain(name, leaf) for name in names(body.get(key))] for key in _LISTS},
        **_extensions(body),
    }
    if "build" in body:
        value["build"] = True
    for key in ("image", *_AS_WRITTEN):
        _put(value, key, body.get(key), leaf)
    return value


def _granted(grant: Grant, leaf: Leaf) -> str:
    """The name of the model that is granted."""
    return str(_seen(grant.name, grant.model_name, leaf))


def _setting_name(setting: Setting, leaf: Leaf) -> str:
    """The name of a variable or a label. In a list, it may itself be made of variables."""
    node = setting.node
    if node is None or node.start > setting.span.start or node.value == (seen := leaf(node)):
        return setting.name
    return str(seen).partition("=")[0]


def _seen(node: Scalar, value: str, leaf: Leaf) -> Value:
    """What was made of a scalar, or what is seen in its place."""
    seen = leaf(node)
    return value if seen == node.value else seen


def _binding(grant: Grant, leaf: Leaf = _filled) -> dict[str, Value]:
    value: dict[str, Value] = {"name": _granted(grant, leaf), "service": _service(grant.service, leaf)}
    if grant.model is not None:
        value["model"] = _model(grant.model, leaf)
    named = [grant.name, *(grant.body.get(key) for key in ("endpoint_var", "model_var") if grant.body is not None)]
    own = all(leaf(node) == node.value for node in named if isinstance(node, Scalar))
    for one in grant.variables:
        value["model_var" if one.kind == MODEL else "endpoint_var"] = one.name if own else one.shown
    return value


def _project_name(project: Project, leaf: Leaf) -> str:
    """The project's name; empty where the machine gives it and only what is written may be seen."""
    if leaf is _filled or "COMPOSE_PROJECT_NAME" not in project.once(outer_names):
        return project.name
    return ""


def _project(project: Project, leaf: Leaf) -> dict[str, Value]:
    models = {model.name.text: model for model in reversed([*project.all_models()])}  # a declared one before a legacy
    value: dict[str, Value] = {
        "models": {name: _model(model, leaf) for name, model in sorted(models.items())},
        "services": {name: _service(service, leaf) for name, service in project.services.items()},
    }
    if name := _project_name(project, leaf):
        value["name"] = name
    return value


def _example_model(body: Mapping, name: str) -> dict[str, Value]:
    _check_keys(body, "model")
    project = _built("models", {name: body})
    return {**_model(project.models[name]), **_given(body, _WORKED_OUT)}


def _example_service(body: Mapping, name: str) -> dict[str, Value]:
    _check_keys(body, "service")
    return {**_service(_built("services", {name: body}).services[name]), **_given(body, frozenset({"name"}))}


def _example_binding(body: Mapping) -> dict[str, Value]:
    _check_keys(body, "binding")
    value = _given(body, frozenset({"name", "endpoint_var", "model_var"}))
    model = _map(node) if (node := body.get("model")) is not None else None
    name = str(value.get("name") or (model and _given(model, frozenset({"name"})).get("name")) or "example")
    named = [str(value.pop(key, "")) for key in ("endpoint_var", "model_var")]
    endpoint, reference = variable_names(name, named[0], named[1])
    empty = Mapping(body.source, body.start, body.start, {})
    service = _example_service(_map(body.get("service") or empty), "example")
    service["models"] = service["models"] or [name]
    value.update(name=name, service=service, endpoint_var=endpoint)
    if model is not None:
        completed = _example_model(model, name)
        completed["granted_to"] = completed["granted_to"] or [service["name"]]
        value.update(model=completed, model_var=reference)
    return value


def _example_project(body: Mapping) -> dict[str, Value]:
    _check_keys(body, "project")
    models, services = (
        {name: _map(node) for name, (_, node) in _map(section).entries.items()} if section is not None else {}
        for section in (body.get("models"), body.get("services"))
    )
    project = build(body, [])
    shown: dict[str, Value] = {}
    for name, model in models.items():
        granted = [*dict.fromkeys(grant.service.name.text for grant in project.models[name].grants)]
        shown[name] = {**_example_model(model, name), "granted_to": [*granted]}
    return {
        "name": "example",
        **_given(body, frozenset({"name"})),
        "models": shown,
        "services": {name: _example_service(service, name) for name, service in services.items()},
    }


def _built(section: str, bodies: dict[str, Mapping]) -> Project:
    """A project of nothing but some models, or some services."""
    source = Source("", "")
    entries: dict[str, tuple[Scalar, Node]] = {
        name: (Scalar(source, 0, 0, name, name), body) for name, body in bodies.items()
    }
    key = Scalar(source, 0, 0, section, section)
    return build(Mapping(source, 0, 0, {section: (key, Mapping(source, 0, 0, entries))}), [])


def _given(body: Mapping, keys: frozenset[str]) -> dict[str, Value]:
    return {key: _plain(node) for key, (_, node) in body.entries.items() if key in keys}


def _check_keys(body: Mapping, each: str) -> None:
    for key, _ in body:
        if not knows(SHAPES[each], key.text):
            raise PolicyError(key.content, no_key(each, key.text, SHAPES[each]))


def _map(node: Node) -> Mapping:
    if isinstance(node, Mapping):
        return node
    span = node.content if isinstance(node, Scalar) else node.span
    raise PolicyError(span, "an example must be a map, such as `{model: ai/smollm2}`")


def _places(body: Node | None) -> dict[str, Span]:
    """Where the values of a map's keys stand: the scalar, or the key of what is larger."""
    if not isinstance(body, Mapping):
        return {}
    return {
        name: value.content if isinstance(value, Scalar) and value.content.text else key.content
        for name, (key, value) in body.entries.items()
    }


def _reference_places(
    node: Scalar, tag: str | None, tag_at: tuple[int, int], digest: str | None
) -> Iterator[tuple[str, Span]]:
    text = str(node.value)
    yield from ((part, node.content) for part in ("model", "registry", "repository"))
    yield "tag", node.locate(*tag_at) if tag else node.content
    yield "digest", node.locate(text.find("@") + 1, len(text)) if digest else node.content


def _port(item: Node, leaf: Leaf) -> dict[str, Value]:
    return _long_port(item, leaf) if isinstance(item, Mapping) else _short_port(item, leaf)


def _long_port(item: Mapping, leaf: Leaf) -> dict[str, Value]:
    value: dict[str, Value] = {"protocol": "tcp"}
    for key in ("target", "published", "host_ip", "protocol"):
        _put(value, key, item.get(key), leaf)
    return {key: _number(part) if key in ("target", "published") else part for key, part in value.items()}


def _short_port(item: Node, leaf: Leaf) -> dict[str, Value]:
    text = compose_text(leaf(item)) if isinstance(item, Scalar) else ""
    rest, _, protocol = text.partition("/")
    rest, _, target = rest.rpartition(":")
    host, _, published = rest.rpartition(":")
    value: dict[str, Value] = {"target": _number(target), "protocol": protocol or "tcp"}
    if published:
        value["published"] = _number(published)
    if host:
        value["host_ip"] = host.strip("[]")
    return value


def _number(value: Value) -> Value:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6 else value


def _labels(node: Node | None, leaf: Leaf) -> dict[str, Value]:
    return {
        _setting_name(one, leaf): one.shown if one.node is not None and one.node.has_variable else one.value or ""
        for one in settings(node)
    }


def _extensions(body: Node | None) -> dict[str, Value]:
    if not isinstance(body, Mapping):
        return {}
    return {key: _plain(node, _written) for key, (_, node) in body.entries.items() if key.startswith("x-")}


def _put(value: dict[str, Value], key: str, node: Node | None, leaf: Leaf) -> None:
    """A key, unless there is nothing to put under it."""
    if node is not None and (found := _plain(node, leaf)) is not None:
        value[key] = found


def _written(node: Scalar) -> ScalarValue:
    """The scalar with no variable filled in."""
    return node.content.text if node.has_variable else node.value


def _plain(node: Node, leaf: Leaf = _filled) -> Value:
    if isinstance(node, Scalar):
        return leaf(node)
    if isinstance(node, Sequence):
        return [_plain(item, leaf) for item in node.items]
    return {name: _plain(value, leaf) for name, (_, value) in node.entries.items()}
