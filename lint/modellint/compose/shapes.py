"""The other shapes of a value: what Compose turns a list, a map or a single value into before it merges it."""

from __future__ import annotations

from modellint.node import Mapping, Scalar, Sequence
from modellint.scalar import compose_text
from modellint.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import TypeAlias

    from modellint.node import Node, Value

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


def dependency(item: Scalar) -> Node:
    """What stands under a name of a `depends_on` list."""
    values: tuple[tuple[str, Value], ...] = (("condition", "service_started"), ("required", True))
    entries: Entries = {
        name: (_made(item.span, name, name, item), _made(item.span, compose_text(value), value, item))
        for name, value in values
    }
    return Mapping(item.source, item.start, item.end, entries)


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
