"""What Compose rejects although the schema accepts it (compose-go, `loader/validate.go`, `validation`, `transform`).

Checked against Compose 5.6.1. Values and entries are checked in every service; what services refer to, and what
excludes what, only in active ones: Compose drops the others first.
"""

from __future__ import annotations

from modellint.compose.model.project import names
from modellint.compose.schema.violation import Violation
from modellint.compose.validation.casts import is_unread, miscasts, shown
from modellint.compose.validation.declarations import declarations
from modellint.compose.validation.references import Declared, cycles, needs, references
from modellint.compose.validation.sections import IN_SERVICES, maps
from modellint.compose.values.merge_keys import mount_target
from modellint.compose.values.units import bytes_of, to_float, to_int
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from modellint.compose.model.project import Project, Service
    from modellint.compose.validation.references import Dependency
    from modellint.yaml.node import Node

    Path: TypeAlias = "tuple[str | int, ...]"

_REFUSED = "Compose rejects the file"
_MANY = 2**63 - 1  # containers
_ENOUGH = 1000  # violations in one project; a reader stops long before
_TESTS = ("CMD", "CMD-SHELL", "NONE")
_TARGETLESS = ("rebuild", "restart")  # actions of `develop.watch`


def inconsistencies(project: Project, strict: bool = False) -> list[Violation]:
    """Everything that Compose refuses beyond the schema, in no particular order.

    What is missing counts only where the project is whole, or is to be taken for whole (`strict`): a fragment is
    laid over a file that may hold it. What `undefined-model` and `dependency-on-model` report is left out.
    """
    root = project.root
    if root is None:
        return []
    whole = strict or project.whole
    found = miscasts(root)
    graph: dict[str, dict[str, Dependency]] = {}
    declared = Declared(project, root)
    found.extend(declarations(root, project.environment, whole))
    for name, service in project.services.items():
        path = ("services", name)
        for key, (_, value) in service.body.entries.items():
            if (check := IN_SERVICES.get(key)) is not None:
                found.extend(check(value, (*path, key)))
            if service.active and (test := _IN_ACTIVE_SERVICES.get(key)) is not None:
                found.extend(test(service.body, path))
            if service.active and whole and (test := _IN_WHOLE_SERVICES.get(key)) is not None:
                found.extend(test(service.body, path))
        if service.active and whole:
            found.extend(_image(service, path))
            graph[name] = needs(service)
            found.extend(references(service, declared, graph[name]))
        if len(found) > _ENOUGH:
            break
    if "jobs" in root:
        from modellint.compose.validation.jobs import jobs

        found.extend(jobs(root, project, whole))
    found.extend(_container_names(project))
    found.extend(cycles(graph))
    if found:
        _mark_unset(found, project)
    return found


def _mark_unset(found: list[Violation], project: Project) -> None:
    """Give the kind `variable` to what hangs on a variable without a value, which may have one elsewhere."""
    unset = {id(variable.scalar) for variable in project.variables if not variable.is_set and not variable.operator}
    for violation in found:
        if id(violation.node) in unset:
            violation.kind = "variable"


def _network_mode(body: Mapping, path: Path) -> Iterator[Violation]:
    networks = body.key("networks")
    if networks is not None and _filled(body.get("network_mode")) and any(True for _ in names(body.get("networks"))):
        message = f"a service cannot have both `network_mode` and `networks`: {_REFUSED}"
        yield Violation(networks.span, body, "exclusion", (*path, "networks"), message, "remove one of them")


def _dockerfile(body: Mapping, path: Path) -> Iterator[Violation]:
    build = body.get("build")
    inline = build.key("dockerfile_inline") if isinstance(build, Mapping) else None
    if inline is not None and _filled(body.get("build", "dockerfile")) and _filled(body.get("build", inline.text)):
        message = f"a build cannot have both `dockerfile` and `dockerfile_inline`: {_REFUSED}"
        yield Violation(inline.span, body, "exclusion", (*path, "build"), message, "remove one of them")


def _test(body: Mapping, path: Path) -> Iterator[Violation]:
    test = body.get("healthcheck", "test")
    first = test.items[0] if isinstance(test, Sequence) and test.items else None
    if isinstance(first, Scalar) and text_of(first) not in _TESTS and not is_unread(first):
        message = f"a `test` list must start with `CMD`, `CMD-SHELL` or `NONE`, not `{shown(first)}`: {_REFUSED}"
        hint = "add `CMD` before the program, or write the test as a string"
        yield Violation(first.content, first, "cast", (*path, "healthcheck", "test"), message, hint)


def _scale(body: Mapping, path: Path) -> Iterator[Violation]:
    yield from _negative(body.get("scale"), (*path, "scale"))
    scale, replicas = body.get("scale"), body.get("deploy", "replicas")
    wanted, deployed = _number(scale), _number(replicas)
    if scale is not None and None not in (wanted, deployed) and wanted != deployed:
        message = f"`scale` and `deploy.replicas` differ: {_REFUSED}"
        yield Violation(scale.span, scale, "exclusion", (*path, "scale"), message, "remove `scale`")


# A limit that has two places: the key of the service, its twin below `deploy.resources`, and how both are read.
_TWINS: dict[str, tuple[tuple[str, str], Callable[[str], float]]] = {
    "cpus": (("limits", "cpus"), to_float),
    "mem_limit": (("limits", "memory"), bytes_of),
    "mem_reservation": (("reservations", "memory"), bytes_of),
    "pids_limit": (("limits", "pids"), to_int),
}


def _twins(body: Mapping, path: Path) -> Iterator[Violation]:
    for key, (below, read) in _TWINS.items():
        here, section = body.get(key), body.get("deploy", "resources", below[0])
        there = section.get(below[1]) if isinstance(section, Mapping) else None
        if not isinstance(here, Scalar) or not isinstance(section, Mapping):
            continue
        try:
            mine, twin = read(str(here.value)), read(str(there.value)) if isinstance(there, Scalar) else 0
        except (ValueError, OverflowError):
            continue
        if mine and mine != twin and not (there and not twin):
            twice = f"`deploy.resources.{'.'.join(below)}`"
            differ = f"differs from {twice}" if there else f"has no counterpart in `deploy.resources.{below[0]}`"
            message = f"`{key}` {differ}: {_REFUSED}"
            yield Violation(here.content, here, "exclusion", (*path, key), message, f"set it only once, as {twice}")


def _replicas(body: Mapping, path: Path) -> Iterator[Violation]:
    yield from _negative(body.get("deploy", "replicas"), (*path, "deploy", "replicas"))


def _deployed(body: Mapping, path: Path) -> Iterator[Violation]:
    yield from _replicas(body, path)
    yield from _twins(body, path)


def _negative(node: Node | None, path: Path) -> Iterator[Violation]:
    number = _number(node)
    if node is not None and number is not None and not 0 <= number <= _MANY:
        bound = "below 0" if number < 0 else f"above {_MANY}"
        message = f"the number of containers cannot be {bound}: {_REFUSED}"
        yield Violation(node.span, node, "minimum", path, message, "write 0 or more")


def _one_container(body: Mapping, path: Path) -> Iterator[Violation]:
    name, scale = body.get("container_name"), body.get("scale")
    count = _number(body.get("deploy", "replicas") if scale is None else scale)
    if isinstance(name, Scalar) and name.value and count is not None and count > 1:
        message = f"`container_name` can name only one container, but the service has more: {_REFUSED}"
        hint = "remove `container_name`, or run one container"
        yield Violation(name.content, name, "exclusion", (*path, "container_name"), message, hint)


def _image(service: Service, path: Path) -> Iterator[Violation]:
    body = service.body
    if not ("build" in body or "provider" in body or "extends" in body or _filled(body.get("image"))):
        image = body.get("image")
        if isinstance(image, Scalar) and image.interpolated:
            message = f"`{shown(image)}` has no value here, but a service without `build` requires an image: {_REFUSED}"
            hint = "give the variable a value, or a default such as `${NAME:-value}`"
            yield Violation(image.content, image, "required", (*path, "image"), message, hint)
            return
        message = f"the service `{service.name.text}` has neither `image` nor `build`: {_REFUSED}"
        yield Violation(service.name.content, body, "required", path, message, "add `image:` or `build:`")


def _platform(body: Mapping, path: Path) -> Iterator[Violation]:
    platform, platforms = body.get("platform"), body.get("build", "platforms")
    if not (isinstance(platform, Scalar) and platform.value and isinstance(platforms, Sequence) and platforms.items):
        return
    if not any(isinstance(item, Scalar) and item.value == platform.value for item in platforms):
        message = f"`build.platforms` does not include the service's `platform`, `{shown(platform)}`: {_REFUSED}"
        hint = "add it there, or remove `platform`"
        yield Violation(platform.content, platform, "reference", (*path, "platform"), message, hint)


def _watch(body: Mapping, path: Path) -> Iterator[Violation]:
    for at, item in enumerate(maps(body.get("develop", "watch"))):
        place = (*path, "develop", "watch", at)
        action, watched = item.get("action"), item.get("path")
        if isinstance(action, Scalar) and action.value not in _TARGETLESS and not _filled(item.get("target")):
            message = f"the action `{shown(action)}` requires a `target`: {_REFUSED} without it"
            hint = "add `target:` with a path in the container"
            yield Violation(action.content, action, "required", place, message, hint)
        if isinstance(watched, Scalar) and watched.value == "":
            yield Violation(
                watched.span, watched, "required", place, f"this `path` is empty: {_REFUSED}", "write a path"
            )


def _container_names(project: Project) -> Iterator[Violation]:
    first: dict[str, Scalar] = {}
    for service in project.services.values():
        name = service.body.get("container_name") if service.active else None
        if isinstance(name, Scalar) and isinstance(name.value, str) and name.value and not is_unread(name):
            earlier = first.setdefault(name.value, service.name)
            if earlier is not service.name:
                message = f"the service `{earlier.text}` already has this `container_name`: {_REFUSED}"
                path = ("services", service.name.text, "container_name")
                yield Violation(name.content, name, "exclusion", path, message, "give each container its own name")


def _filled(node: Node | None) -> bool:
    """Whether there is a value that is not empty."""
    return bool(node.value) if isinstance(node, Scalar) else node is not None


def _number(node: Node | None) -> int | None:
    if not isinstance(node, Scalar) or isinstance(node.value, bool):
        return None
    try:
        return (
            to_int(node.value) if isinstance(node.value, str) else int(node.value) if node.value is not None else None
        )
    except (ValueError, OverflowError):
        return None


def _mounted(body: Mapping, path: Path) -> Iterator[Violation]:
    """A path in the container that two mounts want. Those of `volumes` alone replace one another."""
    section = body.get("tmpfs")
    first: dict[str, Scalar] = {}
    for item in section.items if isinstance(section, Sequence) else [section]:
        if isinstance(item, Scalar) and (target := (text_of(item) or "").partition(":")[0]):
            if target in first:
                yield _twice(item, target, "tmpfs", (*path, "tmpfs"))
            first.setdefault(target, item)
    volumes = body.get("volumes")
    for item in volumes.items if isinstance(volumes, Sequence) else ():
        if (target := mount_target(item)) in first:
            place = item.get("target") if isinstance(item, Mapping) else item
            if isinstance(place, Scalar):
                yield _twice(place, target, "tmpfs", (*path, "volumes"))


def _twice(node: Scalar, target: str, other: str, path: Path) -> Violation:
    message = f"`{shown(node)}` is mounted on a path that an entry of `{other}` already uses: {_REFUSED}"
    return Violation(node.content, node, "exclusion", path, message, "remove one of them")


_IN_ACTIVE_SERVICES: dict[str, Callable[[Mapping, Path], Iterator[Violation]]] = {
    "build": _dockerfile,
    "container_name": _one_container,
    "deploy": _deployed,
    "healthcheck": _test,
    "network_mode": _network_mode,
    "scale": _scale,
    "tmpfs": _mounted,
}
_IN_WHOLE_SERVICES: dict[str, Callable[[Mapping, Path], Iterator[Violation]]] = {
    "develop": _watch,
    "platform": _platform,
}
