"""Lay the documents of a project over one another. Each node keeps its own span, and so its own file."""

from __future__ import annotations

from modellint.node import Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.node import Node, Scalar

_RESET = "!reset"
_OVERRIDE = "!override"


def merge(base: Node, over: Node) -> Node:
    """What Compose makes of a value and the value that a later document gives it."""
    if over.tag == _OVERRIDE:
        return over
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        entries: dict[str, tuple[Scalar, Node]] = dict(base.entries)
        for name, (key, value) in over.entries.items():
            mine = entries.get(name)
            if value.tag == _RESET:
                entries.pop(name, None)
            elif mine is None:
                entries[name] = (key, value)
            else:
                entries[name] = (mine[0], merge(mine[1], value))
        return Mapping(base.source, base.start, base.end, entries, [*base.pairs, *over.pairs], tag=base.tag)
    if isinstance(base, Sequence) and isinstance(over, Sequence):
        return Sequence(base.source, base.start, base.end, [*base.items, *over.items], tag=base.tag)
    return over


def settle(node: Node) -> Node:
    """The tree without what `!reset` takes away, once nothing is laid over it any more."""
    if isinstance(node, Mapping):
        kept = {name: (key, settle(value)) for name, (key, value) in node.entries.items() if value.tag != _RESET}
        return Mapping(node.source, node.start, node.end, kept, node.pairs, node.flow, node.tag, node.anchor)
    if isinstance(node, Sequence):
        items = [settle(item) for item in node.items if item.tag != _RESET]
        return Sequence(node.source, node.start, node.end, items, node.flow, node.tag, node.anchor)
    return node
