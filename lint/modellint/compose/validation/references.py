"""References to names that are not declared, and services that depend on each other in a cycle.

Compose checks both when the profiles are applied, so only active services count (compose-go, `loader/validate.go`,
`loader/normalize.go`, `graph`). Checked against Compose 5.6.1.
"""

from __future__ import annotations

from modellint.compose.model.project import names, settings
from modellint.compose.schema.violation import UNSET, Violation
from modellint.compose.validation.casts import is_unread, shown
from modellint.compose.values.short_forms import volume_name
from modellint.compose.values.units import to_bool
from modellint.text.suggest import Guesses
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Project, Service
    from modellint.text.source import Span
    from modellint.yaml.node import Node

_REFUSED = "Compose rejects the file"
_SERVICE = "service:"
_LONGEST_CIRCLE = 8  # names in a message
_MANY = 50  # more names than these are not compared with a mistyped one
_NAMESPACES = ("network_mode", "ipc", "pid", "uts")


class Dependency:
    """One service that another needs. `key` is the section that says so, `span` the name in it."""

    __slots__ = ("key", "node", "required", "span")

    def __init__(self, key: str, node: Scalar, span: Span, required: bool = True) -> None:
        self.key = key
        self.node = node
        self.span = span
        self.required = required


def needs(service: Service) -> dict[str, Dependency]:
    """The services that must run before a service, by name; `depends_on` counts before what only implies it."""
    body = service.body
    found: dict[str, Dependency] = {}
    section = body.get("depends_on")
    for node in service.depends_on:
        condition = section.get(node.text, "required") if isinstance(section, Mapping) else None
        found[_name(node)] = Dependency("depends_on", node, node.content, not _is_false(condition))
    if "links" in body:
        for node in names(body.get("links")):
            text = _name(node)
            name = text.partition(":")[0] if text.count(":") == 1 else text
            found.setdefault(name, Dependency("links", node, node.part(0, len(name))))
    for key in _NAMESPACES:
        mode = body.get(key) if key in body else None
        if isinstance(mode, Scalar) and isinstance(mode.value, str) and mode.value.startswith(_SERVICE):
            name = mode.value[len(_SERVICE) :]
            found.setdefault(name, Dependency(key, mode, mode.part(len(_SERVICE), len(mode.value))))
    if "volumes_from" in body:
        for node in names(body.get("volumes_from")):
            name = _name(node).partition(":")[0]
            if not _name(node).startswith("container:"):
                found.setdefault(name, Dependency("volumes_from", node, node.part(0, len(name))))
    return found


class Declared:
    """What a project declares, for those that refer to it."""

    __slots__ = ("default_network", "guesses", "project", "root")

    def __init__(self, project: Project, root: Mapping) -> None:
        self.project = project
        self.root = root
        self.default_network = _has_default_network(project)
        self.guesses = Guesses()


def references(service: Service, declared: Declared, needed: dict[str, Dependency]) -> Iterator[Violation]:
    """Every name that an active service uses and that nothing declares. Models are left to a rule of their own."""
    body, project = service.body, declared.project
    path = ("services", service.name.text)
    for section in ("networks", "volumes", "secrets", "configs"):
        if section == "networks" and text_of(body.get("network_mode")):
            continue  # the two exclude each other
        if section in body:
            for node, name in _used(section, body.get(section)):
                if name != "default" or section != "networks" or not declared.default_network:
                    yield from _undeclared(section, node, name, declared, path)
    if isinstance(build := body.get("build"), Mapping):
        for node, name in _used("secrets", build.get("secrets")):
            yield from _undeclared("secrets", node, name, declared, (*path, "build"))
        for setting in settings(build.get("additional_contexts")):
            if setting.node is not None and setting.value is not None and setting.value.startswith(_SERVICE):
                yield from _unbuilt(setting.node, setting.value[len(_SERVICE) :], project, path)
    for grant in names(body.get("models")) if isinstance(body.get("models"), Sequence) else ():
        if grant.interpolated and grant.value == "":
            message = f"`{shown(grant)}` has no value here, so this grants no model: {_REFUSED}"
            hint = "give the variable a value, or a default such as `${NAME:-value}`"
            yield Violation(grant.content, grant, UNSET, (*path, "models"), message, hint)
    for name, need in needed.items():
        other = project.services.get(name)
        if (other is None or not other.active) and not is_unread(need.node):
            yield from _unmet(need, name, other, declared, path)


def cycles(graph: dict[str, dict[str, Dependency]]) -> Iterator[Violation]:
    """One violation for every circle of services, given what each active one needs."""
    done: set[str] = set()
    for start in graph:
        walk = {} if start in done else {start: iter(graph[start])}
        while walk:
            at = next(reversed(walk))
            following = next((name for name in walk[at] if name in graph and name not in done), None)
            if following is None:
                done.add(at)
                del walk[at]
            elif following not in walk:
                walk[following] = iter(graph[following])
            else:
                names_on_walk = list(walk)
                loop = names_on_walk[names_on_walk.index(following) :]
                yield _circle(loop, graph)
                done.update(loop)
                for name in loop:
                    del walk[name]


def _circle(loop: list[str], graph: dict[str, dict[str, Dependency]]) -> Violation:
    need = graph[loop[0]][loop[1 % len(loop)]]
    shown_names = [f"`{name}`" for name in loop[:_LONGEST_CIRCLE]] + ["…"] * (len(loop) > _LONGEST_CIRCLE)
    circle = " → ".join((*shown_names, f"`{loop[0]}`"))
    message = f"these services depend on each other in a cycle, so none can start: {circle}; {_REFUSED}"
    return Violation(
        need.span, need.node, "cycle", ("services", loop[0], need.key), message, "remove one of the dependencies"
    )


def _used(section: str, node: Node | None) -> Iterator[tuple[Scalar, str]]:
    """The names that a section of a service uses, each with its node."""
    if section == "networks":
        for network in names(node):
            yield network, _name(network)
        return
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            name = volume_name(_name(item)) if section == "volumes" else _name(item)
            if name or section != "volumes":
                yield item, name
        elif isinstance(item, Mapping):
            source = item.get("source")
            if section != "volumes":
                key = next((key for key, _ in item), Scalar(item.source, item.start, item.end, "", None))
                yield source if isinstance(source, Scalar) else key, (text_of(source) or "")
            elif isinstance(source, Scalar) and text_of(source) and text_of(item.get("type")) == "volume":
                yield source, str(source.value)


def _undeclared(
    section: str, node: Scalar, name: str, declared: Declared, path: tuple[str, ...]
) -> Iterator[Violation]:
    if section == "networks" and name.startswith("x-"):
        message = f"Compose reads `{shown(node)}` as an extension, not as the name of a network: {_REFUSED}"
        yield Violation(node.content, node, "reference", (*path, section), message, "use another name")
        return
    known = declared.root.get(section)
    if (isinstance(known, Mapping) and name in known) or is_unread(node):
        return
    span = node.part(0, len(name)) if section == "volumes" else node.content
    text = shown(node) if node.interpolated else name
    message = f"the {section[:-1]} `{text}` is not declared: {_REFUSED}"
    hint = f"declare it under the top-level `{section}:`{_near(name, known, declared.guesses)}"
    yield Violation(span, node, "reference", (*path, section), message, hint)


def _has_default_network(project: Project) -> bool:
    """Whether Compose makes the network `default`: for any service that does not say that it wants another."""
    for service in project.services.values():
        networks = [_name(name) for name in names(service.body.get("networks"))] or ["default"]
        if "default" in networks and "network_mode" not in service.body and "provider" not in service.body:
            return True
    return False


def _unbuilt(node: Scalar, name: str, project: Project, path: tuple[str, str]) -> Iterator[Violation]:
    other = project.services.get(name)
    if other is not None and "build" in other.body:
        return
    what = "does not exist" if other is None else "has no `build`"
    message = f"the build context `{shown(node)}` refers to a service that {what}: {_REFUSED}"
    hint = "use a service that has `build`" if other is not None else "declare it, or correct the name"
    yield Violation(node.content, node, "reference", (*path, "build", "additional_contexts"), message, hint)


def _unmet(
    need: Dependency, name: str, other: Service | None, declared: Declared, path: tuple[str, str]
) -> Iterator[Violation]:
    project = declared.project
    text = shown(need.node) if need.node.interpolated else name
    place = (*path, need.key)
    if other is not None:
        if need.required:
            message = f"`{need.key}` refers to the service `{text}`, which no enabled profile starts: {_REFUSED}"
            hint = "give both services the same `profiles`, or set `required: false` in `depends_on`"
            yield Violation(need.span, need.node, "profile", place, message, hint)
    elif not (need.key == "depends_on" and project.models and (name in project.models or name == "models")):
        message = f"`{need.key}` refers to the service `{text}`, which does not exist: {_REFUSED}"
        near = _near(name, declared.root.get("services"), declared.guesses)
        hint = f"declare it, or correct the name{near}"
        yield Violation(need.span, need.node, "reference", place, message, hint)


def _near(name: str, section: Node | None, guesses: Guesses) -> str:
    """A question for who mistyped a name."""
    if not isinstance(section, Mapping) or len(section.entries) > _MANY:
        return ""
    near = guesses.nearest(name, (key.text for key, _ in section), 0.7)
    return f"; did you mean `{near}`?" if near else ""


def _name(node: Scalar) -> str:
    """A name: the value of a list's item; a key is not interpolated."""
    return text_of(node) or ("" if node.interpolated else node.text)


def _is_false(node: Node | None) -> bool:
    if not isinstance(node, Scalar):
        return False
    try:
        return not to_bool(node.value) if isinstance(node.value, str) else node.value is False
    except ValueError:
        return False
