"""What Compose rejects in a single section of a service, a job or a step of `pre_start`.

It does so whatever the profiles. Checked against Compose 5.6.1.
"""

from __future__ import annotations

from modellint.compose.model.project import entries
from modellint.compose.schema.violation import Violation
from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from modellint.yaml.node import Node

    Path: TypeAlias = "tuple[str | int, ...]"
    Check: TypeAlias = "Callable[[Node, Path], Iterator[Violation]]"

_REFUSED = "Compose rejects the file"


def maps(node: Node | None) -> Iterator[Mapping]:
    """The items of a list that are maps."""
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Mapping):
            yield item


def _volumes(section: Node, path: Path) -> Iterator[Violation]:
    yield from _mounts(section, path)
    for at, item in enumerate(maps(section)):
        if text_of(item.get("type")) == "bind" and "source" not in item and "target" in item:
            yield _without_source(item, (*path, at))


def _without_source(item: Mapping, path: Path) -> Violation:
    message = f"this bind mount has no `source`: {_REFUSED}"
    return Violation(_first_line(item), item, "required", path, message, "add `source:`")


def _mounts(section: Node, path: Path) -> Iterator[Violation]:
    for at, item in enumerate(maps(section)):
        if "target" not in item:
            message = f"this entry in `{path[-1]}` has no `target`: {_REFUSED}"
            yield Violation(_first_line(item), item, "required", (*path, at), message, "add `target:`")


def _devices(section: Node | None, path: Path) -> Iterator[Violation]:
    for at, item in enumerate(maps(section)):
        if "count" in item and (key := item.key("device_ids")) is not None:
            message = f"a device cannot have both `count` and `device_ids`: {_REFUSED}"
            yield Violation(key.span, item, "exclusion", (*path, at), message, "remove one of them")


def _reservations(deploy: Node, path: Path) -> Iterator[Violation]:
    if isinstance(deploy, Mapping):
        below = ("resources", "reservations", "devices")
        yield from _devices(deploy.get(*below), (*path, *below))


def options(section: Node, path: Path) -> Iterator[Violation]:
    """What is refused in a map of plain options, those of storage and of the driver of a secret."""
    for key, value in entries(section):
        if key.text.startswith("x-"):
            yield _extension(key, value, path, "option")
        elif not isinstance(value, Scalar) or isinstance(value.value, bool | float):
            message = f"the option `{key.text}` must be text: {_REFUSED}"
            yield Violation(value.span, value, "type", (*path, key.text), message, "put it in quotes")


def _extension(key: Scalar, value: Node, path: Path, noun: str) -> Violation:
    message = f"Compose reads `{key.text}` as an extension, not as the name of a {noun}: it rejects the file"
    return Violation(key.content, value, "additionalProperties", (*path, key.text), message, "use another name")


def _pid(value: Node, path: Path) -> Iterator[Violation]:
    if isinstance(value, Scalar) and value.value is None:
        yield _crash(value, path)


def _build(build: Node, path: Path) -> Iterator[Violation]:
    if not isinstance(build, Mapping):
        return
    if (section := build.get("extra_hosts")) is not None:
        yield from _extra_hosts(section, (*path, "extra_hosts"))
    for key, value in entries(build.get("additional_contexts")):
        if isinstance(value, Scalar) and not isinstance(value.value, str):
            yield _crash(value, (*path, "additional_contexts", key.text))


def _crash(value: Scalar, path: Path) -> Violation:
    if value.value is None:
        message, hint = f"`{path[-1]}` is empty: Compose crashes on it", "give it a value, or remove it"
    else:
        message, hint = f"`{path[-1]}` must be text: Compose crashes on a {_kind(value)}", "put it in quotes"
    return Violation(value.span, value, "type", path, message, hint)


def _kind(value: Scalar) -> str:
    return "boolean" if isinstance(value.value, bool) else "number"


def _steps(section: Node, path: Path) -> Iterator[Violation]:
    """What is refused in the steps of `pre_start`."""
    for at, step in enumerate(maps(section)):
        for key, (_, value) in step.entries.items():
            if (check := IN_STEPS.get(key)) is not None:
                yield from check(value, (*path, at, key))


def _extra_hosts(section: Node, path: Path) -> Iterator[Violation]:
    for key, value in entries(section):
        if key.text.startswith("x-"):
            yield _extension(key, value, path, "host")
        if ":" in key.text:
            message = f"`{key.text}` is not a valid host name: {_REFUSED}"
            yield Violation(key.content, value, "cast", (*path, key.text), message, "write `name: address`")


def _first_line(node: Mapping) -> Span:
    """The first line of a map, which may run over many."""
    text = node.source.text
    end = text.find("\n", node.start, node.end)
    return Span(node.source, node.start, node.end if end < 0 else len(text[:end].rstrip()))


def _step_volumes(section: Node, path: Path) -> Iterator[Violation]:
    """A step may leave out the target, which is that of its service."""
    for at, item in enumerate(maps(section)):
        if text_of(item.get("type")) == "bind" and "source" not in item:
            yield _without_source(item, (*path, at))


IN_SERVICES: dict[str, Check] = {
    "build": _build,
    "deploy": _reservations,
    "devices": _mounts,
    "extra_hosts": _extra_hosts,
    "gpus": _devices,
    "pid": _pid,
    "ports": _mounts,
    "pre_start": _steps,
    "storage_opt": options,
    "volumes": _volumes,
}
IN_JOBS: dict[str, Check] = {
    name: IN_SERVICES[name] for name in ("build", "extra_hosts", "pid", "storage_opt", "volumes")
}
IN_STEPS: dict[str, Check] = {"extra_hosts": _extra_hosts, "storage_opt": options, "volumes": _step_volumes}
