"""Lay one part of a project over another, as Docker Compose does (compose-go, `override/merge.go`).

Checked against Compose 5.6.1. Nodes are never changed: a merge builds new maps and lists out of old nodes, and what
changes its form, as a list item that becomes a map entry, keeps the span of its text.
"""

from __future__ import annotations

from modellint.compose.model.project import Dropped, OversizedProject
from modellint.compose.schema.violation import Violation
from modellint.compose.values.merge_keys import UNIQUE, unique
from modellint.compose.values.shapes import (
    KeyedList,
    as_build,
    as_entries,
    as_items,
    as_mapping,
    dependency,
    frozen,
    is_null,
    nothing,
    with_entries,
)  # fmt: skip
from modellint.yaml.node import Mapping, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import TypeAlias

    from modellint.text.source import Span
    from modellint.yaml.node import Node

    Path: TypeAlias = "tuple[str, ...]"
    Entries: TypeAlias = "dict[str, tuple[Scalar, Node]]"
    Rule: TypeAlias = "Callable[[Merge, Node, Node, Path], Node]"

MAX_MERGED = 1_000_000  # entries and items that the merges of one project may copy
_RESET = "!reset"
_OVERRIDE = "!override"


class Conflict(ValueError):
    """Two values of one key that Compose cannot merge."""


class Merge:
    """The merges of one project, and what they leave behind."""

    __slots__ = ("dropped", "origins", "size", "violations")

    def __init__(self) -> None:
        self.origins: dict[Span, list[Span]] = {}  # of a value that won: what it replaced, earliest first
        self.dropped: list[Dropped] = []
        self.violations: list[Violation] = []
        self.size = 0

    def documents(self, base: Mapping, over: Mapping) -> Mapping:
        """A document laid over those before it."""
        return self.mappings(base, over, ())

    def part(self, base: Node, over: Node, path: Path) -> Node:
        """What stands under a path, laid over what stood there."""
        rule = _RULES.get(_pattern(path))
        if rule is not None:
            return rule(self, base, over, path)
        if is_null(over):
            return base
        if isinstance(base, Mapping):
            if not isinstance(over, Mapping):
                raise Conflict
            return self.mappings(base, over, path)
        if isinstance(base, Sequence):
            if not isinstance(over, Sequence):
                raise Conflict
            return self.lists(base, over, base.items, over.items, path)
        return self.replace(base, over)

    def mappings(self, base: Mapping, over: Mapping, path: Path) -> Mapping:
        """Both maps' entries, those under one key merged."""
        if not over.pairs and not over.anchor:
            return base
        entries: Entries = dict(base.entries)
        self.count(len(base.pairs) + len(over.pairs))
        for name, (key, value) in over.entries.items():
            mine = entries.get(name)
            if mine is None:
                entries[name] = (key, value)
                continue
            try:
                entries[name] = (mine[0], self.part(mine[1], value, (*path, name)))
            except Conflict:
                self.refuse(mine[1], key, value, (*path, name))
        flow, anchor = base.flow or over.flow, base.anchor or over.anchor
        pairs = [*base.pairs, *over.pairs]
        return base.__class__(base.source, base.start, base.end, entries, pairs, flow, base.tag, anchor)

    def lists(self, base: Node, over: Node, items: list[Node], more: list[Node], path: Path) -> Sequence:
        """Both lists' items. One that equals an item of the base is dropped, and a later one of the same key wins."""
        self.count(len(items) + len(more))
        pattern = _pattern(path)
        identity = _located if pattern in _PATHS else frozen
        kept = {identity(item): item for item in reversed(items)}
        joined = list(items)
        rewritten = pattern in _REWRITTEN  # what stood there has its long form by now, and no short form equals that
        for item in more:
            equal = None if rewritten and isinstance(item, Scalar) else kept.get(identity(item))
            if equal is None:
                kept[identity(item)] = item
                joined.append(item)
            elif isinstance(equal, Scalar) and isinstance(item, Scalar) and equal is not item:
                self.dropped.append(Dropped(item, more, equal))
        key = UNIQUE.get(pattern)
        if key is not None:
            joined = unique(joined, key, self.replace)
        place = base if isinstance(base, Sequence) else over
        flow = isinstance(place, Sequence) and place.flow
        return Sequence(place.source, place.start, place.end, joined, flow)

    def replace(self, base: Node, over: Node) -> Node:
        """The later value, and a note of what it replaces."""
        if base is not over and base.end > base.start:
            self.origins[over.span] = [*self.origins.get(base.span, ()), base.span]
        return over

    def count(self, size: int) -> None:
        """Raise `OversizedProject` once the merges have copied more than a reader should hold."""
        self.size += size
        if self.size > MAX_MERGED:
            raise OversizedProject

    def refuse(self, base: Node, key: Scalar, over: Node, path: Path) -> None:
        """Note that Compose refuses to merge two values."""
        row = base.span.first[0]
        message = (
            f"`{key.text}` is {_form(over)} here but {_form(base)} in `{base.source.path}`, line {row}: "
            "Compose cannot merge them and rejects the project"
        )
        self.violations.append(Violation(key.span, over, "merge", path, message, "write both in the same form"))

    def refuse_empty(self, over: Node, path: Path) -> None:
        """Note that two lists leave none between them, which Compose takes for null."""
        message = f"`{path[-1]}` has no value after it is merged with an empty list: Compose rejects the project"
        self.violations.append(Violation(over.span, over, "merge", path, message, "remove the empty list"))


def cleared(base: Mapping, over: Mapping) -> Mapping:
    """The documents so far without what `!reset` and `!override` of the next one take out of them."""
    return _cleared_map(base, over, (), loaded=True)


def cleared_part(base: Node, over: Node | None, path: Path, *, loaded: bool = True) -> Node:
    """The same for what stands under a path; `over` is what the next document says there, if it does.

    `loaded`: whether the base comes from a document that is loaded, in which a list of names is a map by now.
    """
    default = _BY_NAME.get(_RULES.get(_pattern(path))) if loaded else None
    if default is not None and isinstance(base, Sequence) and isinstance(over, Mapping):
        base = as_mapping(base, default) or base
    if not isinstance(base, Mapping) or isinstance(base, KeyedList) or not isinstance(over, Mapping):
        return base
    return _cleared_map(base, over, path, loaded)


def settle(document: Mapping) -> Mapping:
    """A document without the values that are tagged `!reset`."""
    kept: Entries = {}
    hidden: dict[str, list[Node]] | None = None
    for name, (key, value) in document.entries.items():
        if value.tag != _RESET:
            kept[name] = (key, _settled(value))
            continue
        hidden = _behind_merge_keys(document) if hidden is None else hidden
        if shown := [each for each in hidden.get(name, ()) if each.tag != _RESET]:
            kept[name] = (key, _settled(shown[0]))  # what a merge key brings along is no longer hidden
    return with_entries(document, kept)


def _settled(node: Node) -> Node:
    if node.tag == _OVERRIDE:
        return node  # Compose looks for no tags in it
    if isinstance(node, Mapping):
        return settle(node)
    if isinstance(node, Sequence):
        items = [_settled(item) for item in node.items if item.tag != _RESET]
        return Sequence(node.source, node.start, node.end, items, node.flow, node.tag, node.anchor)
    return node


def _cleared_map(base: Mapping, over: Mapping, path: Path, loaded: bool) -> Mapping:
    entries: Entries = {}
    hidden = _behind_merge_keys(over)
    for name, (key, value) in base.entries.items():
        said = over.get(name)
        if said is None:
            entries[name] = (key, value)
        elif all(each.tag not in (_RESET, _OVERRIDE) for each in (said, *hidden.get(name, ()))):
            entries[name] = (key, cleared_part(value, said, (*path, name), loaded=loaded))
    return with_entries(base, entries)


def _behind_merge_keys(node: Mapping) -> dict[str, list[Node]]:
    """What the maps behind the merge keys (`<<`) of a map say, by name. What is tagged in them counts as here.

    One pass over them, since a map may have as many merge keys as entries; one that is named twice says nothing new.
    """
    values = [value for key, value in node.pairs if isinstance(key, Scalar) and key.text == "<<" and not key.style]
    flat = [item for value in values for item in (value.items if isinstance(value, Sequence) else [value])]
    found: dict[str, list[Node]] = {}
    for each in {id(item): item for item in flat if isinstance(item, Mapping)}.values():
        for name, (_, value) in each.entries.items():
            found.setdefault(name, []).append(value)
    return found


def _replaced(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    return merge.replace(base, over)


def _keyed(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    """`NAME=value` lists and their maps: the later value of a name wins."""
    mine, theirs = as_entries(base), as_entries(over)
    if mine is None or theirs is None:
        raise Conflict
    merge.count(len(mine) + len(theirs))
    for name, (_, value) in theirs.items():
        if name in mine:
            merge.replace(mine[name][1], value)
    place = over if is_null(base) else base
    return KeyedList(place.source, place.start, place.end, {**mine, **theirs})


def _listed(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    """Lists that may be written as one value, or as a map of `name=value`."""
    return merge.lists(base, over, as_items(base), as_items(over), path)


def _listed_or_null(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    """The same, but for null over null, which stays null and is refused for it."""
    return over if is_null(base) and is_null(over) else _listed(merge, base, over, path)


def _named(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    """Lists of names that stand for a map of them."""
    mine, theirs = as_mapping(base, nothing), as_mapping(over, nothing)
    if mine is None or theirs is None:
        raise Conflict
    return merge.mappings(mine, theirs, path)


def _dependencies(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    mine, theirs = as_mapping(base, dependency), as_mapping(over, dependency)
    if mine is None or theirs is None:
        raise Conflict
    return merge.mappings(mine, theirs, path)


def _build(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    mine, theirs = as_build(base), as_build(over)
    if mine is None or theirs is None:
        return base if theirs is None else over
    return merge.mappings(mine, theirs, path)


def _logging(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    """Options belong to a driver: another driver takes none of them over."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        raise Conflict
    mine, theirs = base.get("driver"), over.get("driver")
    if mine is None or theirs is None or frozen(mine) == frozen(theirs):
        return merge.mappings(base, over, path)
    return merge.replace(base, over)


def _ulimits(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    """A limit is one number, or a map of both; only two maps are merged."""
    if is_null(over):
        return base
    if is_null(base):
        return merge.replace(base, over)
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        raise Conflict
    entries = dict(base.entries)
    for name, (key, value) in over.entries.items():
        mine = entries.get(name)
        both = mine is not None and isinstance(mine[1], Mapping) and isinstance(value, Mapping)
        entries[name] = (key, merge.part(mine[1], value, (*path, name)) if mine and both else value)
    return Mapping(base.source, base.start, base.end, entries, [*base.pairs, *over.pairs])


def _subnets(merge: Merge, base: Node, over: Node, path: Path) -> Node:
    """Step by step as Compose does it: every pair is merged, into the base's own map, unless the subnet is new."""
    if not isinstance(base, Sequence) or not isinstance(over, Sequence):
        raise Conflict
    merge.count(len(base.items) * len(over.items))
    found: list[list[Mapping]] = []  # each in a list of one, so that a later step changes what an earlier one added
    for original in base:
        right = [original] if isinstance(original, Mapping) else None
        for left in over:
            if right is None or not isinstance(left, Mapping):
                raise Conflict
            if _subnet(left) != _subnet(right[0]) and all(_subnet(one[0]) != _subnet(left) for one in found):
                found.append([left])
                continue
            right[0] = merge.mappings(right[0], left, path)
            at = next((at for at, one in enumerate(found) if _subnet(one[0]) == _subnet(right[0])), None)
            if at is None:
                found.append(right)
            else:
                found[at] = right
    if not found:
        merge.refuse_empty(over, path)
    return Sequence(base.source, base.start, base.end, [one[0] for one in found])


def _subnet(config: Mapping) -> object:
    node = config.get("subnet")
    return None if node is None else frozen(node)


def _located(item: Node) -> Hashable:
    """Equal for equal paths below one folder."""
    return (item.source.base, frozen(item))


def _form(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a map"
    return "a list" if isinstance(node, Sequence) else "one value"


def _pattern(path: Path) -> str:
    """The path with `*` for the names that users choose."""
    names = list(path)
    if len(names) > 1:
        names[1] = "*"
    if len(names) > 3 and names[2] == "networks":
        names[3] = "*"
    return ".".join(names)


_OF_PATHS = ("develop.watch", "env_file", "label_file", "volumes")
_REWRITTEN = frozenset(
    f"{section}.*.{name}"
    for section in ("services", "jobs")
    for name in ("build.secrets", "configs", "devices", "env_file", "ports", "secrets", "volumes")
)
_PATHS = frozenset(f"{section}.*.{name}" for section in ("services", "jobs") for name in _OF_PATHS)
_BY_NAME: dict[Rule | None, Callable[[Scalar], Node]] = {_named: nothing, _dependencies: dependency}
_OF_A_SERVICE: dict[str, Rule] = {
    "annotations": _keyed,
    "build": _build,
    "build.additional_contexts": _keyed,
    "build.args": _keyed,
    "build.extra_hosts": _listed,
    "build.labels": _keyed,
    "command": _replaced,
    "depends_on": _dependencies,
    "dns": _listed,
    "dns_opt": _listed,
    "dns_search": _listed,
    "entrypoint": _replaced,
    "env_file": _listed,
    "environment": _keyed,
    "extra_hosts": _listed_or_null,
    "healthcheck.test": _replaced,
    "label_file": _listed_or_null,
    "labels": _keyed,
    "logging": _logging,
    "models": _named,
    "networks": _named,
    "sysctls": _keyed,
    "tmpfs": _listed,
    "ulimits": _ulimits,
}
_RULES: dict[str, Rule] = {
    **{f"{section}.*.{name}": rule for section in ("services", "jobs") for name, rule in _OF_A_SERVICE.items()},
    **{f"{section}.*.labels": _keyed for section in ("networks", "volumes", "secrets", "configs")},
    "services.*.deploy.labels": _keyed,
    "networks.*.ipam.config": _subnets,
}
