"""The other shapes of a value: what Compose turns a list, a map or a single value into before it merges it."""

from __future__ import annotations

from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar, Sequence
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import TypeAlias

    from modellint.yaml.node import Node, Value

    Entries: TypeAlias = "dict[str, tuple[Scalar, Node]]"


class KeyedList(Mapping):
    """Merged `NAME=value` items in the form of a map. To Compose they stay a list: `!reset` of one name misses them."""

    __slots__ = ()


def is_null(node: Node) -> bool:
    """Whether a value is null."""
    return isinstance(node, Scalar) and node.value is None


def frozen(node: Node) -> Hashable:
    """Something that is equal for equal values; Compose tells `1` from `"1"`, and the order of a map does not count."""
    if isinstance(node, Scalar):
        return (node.value.__class__, node.value)
    if isinstance(node, Sequence):
        return tuple([frozen(item) for item in node.items])
    return frozenset([(name, frozen(value)) for name, (_, value) in node.entries.items()])


def with_entries(node: Mapping, entries: Entries) -> Mapping:
    """The same map with other entries."""
    return Mapping(node.source, node.start, node.end, entries, node.pairs, node.flow, node.tag, node.anchor)


def as_entries(node: Node) -> Entries | None:
    """`NAME=value` items by name, the last of each; None where an item is no text."""
    if isinstance(node, Mapping):
        return dict(node.entries)
    entries: Entries = {}
    for item in as_items(node):
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            return None
        key, value = _split(item, item.value)
        entries[key.text] = (key, value)
    return entries


def as_items(node: Node) -> list[Node]:
    """The items of a list; of a map `name=value` for each entry, sorted; of one text only that text."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Scalar):
        return [node] if isinstance(node.value, str) else []
    made: dict[str, list[Node]] = {}
    for name, (key, value) in node.entries.items():
        for each in value.items if isinstance(value, Sequence) else [value]:
            if isinstance(each, Scalar):
                text = name if each.value is None else f"{name}={compose_text(each.value)}"
                place = key.span if each.value is None else each.span
                made.setdefault(text, []).append(_made(place, text, text, each))
    return [item for text in sorted(made) for item in made[text]]


def as_mapping(node: Node, default: Callable[[Scalar], Node]) -> Mapping | None:
    """The map that a list of names stands for, `default` under each; None where there is none."""
    if isinstance(node, Mapping):
        return node
    entries: Entries = {}
    items: list[Node] = [] if is_null(node) else node.items if isinstance(node, Sequence) else [node]
    for item in items:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            return None
        entries[item.value] = (item, default(item))
    return Mapping(node.source, node.start, node.end, entries)


def nothing(item: Scalar) -> Node:
    """What stands under a name of a list: null."""
    return _made(Span(item.source, item.end, item.end), "", None, item)


def dependency(item: Scalar) -> Mapping:
    """What stands under a name of a `depends_on` list."""
    values: tuple[tuple[str, Value], ...] = (("condition", "service_started"), ("required", True))
    entries: Entries = {
        name: (_made(item.span, name, name, item), _made(item.span, compose_text(value), value, item))
        for name, value in values
    }
    return Mapping(item.source, item.start, item.end, entries)


def _requests(node: Node) -> Node:
    """The list that `gpus: all` stands for; anything else as it is."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node
    count: Entries = {"count": (_made(node.span, "count", "count", node), _made(node.span, node.text, "all", node))}
    return Sequence(node.source, node.start, node.end, [Mapping(node.source, node.start, node.end, count)])


def loaded(service: Node) -> Node:
    """A service of a document that is loaded: Compose has given some of its sections their long form by then."""
    for path, change in _LONG_FORMS:
        service = _changed(service, path, change)
    return service


def completed(service: Node) -> Node:
    """A service of an included project: Compose has completed its requests for devices by then."""
    for path in (("gpus",), ("deploy", "resources", "reservations", "devices")):
        service = _changed(service, path, _requests_for_all)
    return service


def _changed(node: Node, path: tuple[str, ...], change: Callable[[Node], Node]) -> Node:
    """A node with what stands under a path in it changed; the same one where nothing stands there."""
    if not path:
        return change(node)
    found = node.entries.get(path[0]) if isinstance(node, Mapping) else None
    if found is None or not isinstance(node, Mapping):
        return node
    new = _changed(found[1], path[1:], change)
    return node if new is found[1] else with_entries(node, {**node.entries, path[0]: (found[0], new)})


def _watches(node: Node) -> Node:
    """`ignore` and `include` of each watch as lists."""
    if not isinstance(node, Sequence):
        return node
    items = [_changed(_changed(item, ("ignore",), _list), ("include",), _list) for item in node.items]
    return Sequence(node.source, node.start, node.end, items, node.flow)


def _completed_dependencies(node: Node) -> Node:
    """A map of dependencies in which each says its condition, and whether it is required."""
    if not isinstance(node, Mapping):
        return node
    entries: Entries = {}
    for name, (key, value) in node.entries.items():
        if isinstance(value, Mapping):
            value = with_entries(value, {**dependency(key).entries, **value.entries})
        entries[name] = (key, value)
    return with_entries(node, entries)


def _list(node: Node) -> Node:
    return Sequence(node.source, node.start, node.end, [node]) if isinstance(node, Scalar) else node


def _requests_for_all(requests: Node) -> Node:
    """Requests for devices in which one without a count or ids asks for all, as Compose completes them."""
    requests = _requests(requests)
    if not isinstance(requests, Sequence):
        return requests
    items = [_for_all(item) if isinstance(item, Mapping) else item for item in requests.items]
    return Sequence(requests.source, requests.start, requests.end, items, requests.flow)


def _for_all(request: Mapping) -> Mapping:
    if "count" in request or "device_ids" in request:
        return request
    place = Scalar(request.source, request.start, request.end, "all", "all")
    return with_entries(request, {**request.entries, "count": (_made(place.span, "count", "count", place), place)})


def as_build(node: Node) -> Mapping | None:
    """The map that the short form of `build` stands for; None for what is neither."""
    if isinstance(node, Mapping):
        return node
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    entries: Entries = {"context": (_made(node.span, "context", "context", node), node)}
    return Mapping(node.source, node.start, node.end, entries)


def _split(item: Scalar, text: str) -> tuple[Scalar, Scalar]:
    """Key and value of a `NAME=value` item, at their places in it; a name alone has a null value."""
    name, equals, value = text.partition("=")
    content = item.content
    key_span = value_span = content
    if content.text.partition("=")[0] == name:
        middle = content.start + len(name)
        key_span = Span(content.source, content.start, middle)
        value_span = Span(content.source, min(middle + 1, content.end), content.end)
    return _made(key_span, name, name, item), _made(value_span, value, value if equals else None, item)


def _made(span: Span, text: str, value: Value, item: Scalar) -> Scalar:
    scalar = Scalar(span.source, span.start, span.end, text, value)
    scalar.interpolated = item.interpolated
    return scalar


_LONG_FORMS: tuple[tuple[tuple[str, ...], Callable[[Node], Node]], ...] = (
    (("depends_on",), _completed_dependencies),
    (("develop", "watch"), _watches),
    (("gpus",), _requests),
)
