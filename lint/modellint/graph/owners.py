"""Which part of the picture a finding belongs to: the one whose text in the files is the smallest around it."""

from __future__ import annotations

from modellint.yaml.node import Mapping, Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from modellint.graph.picture import Mark, Part, Picture
    from modellint.text.finding import Finding
    from modellint.text.source import Source
    from modellint.yaml.node import Node

    Stretch: TypeAlias = tuple[int, int]  # start and end in one file


class Claims:
    """The stretches of text that parts claim. What is claimed later, and by less, is claimed with more right."""

    __slots__ = ("_by_path",)

    def __init__(self) -> None:
        self._by_path: dict[str, dict[Stretch, list[Part]]] = {}

    def add(self, part: Part, *nodes: Node | None) -> None:
        """Claim all that is written below some nodes. Parts of one kind share what they share by an anchor."""
        for source, start, end in _stretches(nodes):
            owners = self._by_path.setdefault(source.path, {}).setdefault((start, end), [])
            if owners and type(owners[0]) is not type(part):
                owners.clear()
            if part not in owners:
                owners.append(part)

    def place(self, found: Iterable[tuple[Finding, Mark]], picture: Picture) -> None:
        """Give every mark to its owners: those of the finding's place, else those of what it relates to."""
        pairs = list(found)
        spans = [(finding.span, *[each.span for each in finding.related]) for finding, _ in pairs]
        owners = self._owners({(span.source.path, span.start) for each in spans for span in each})
        for (_, mark), places in zip(pairs, spans, strict=True):
            picture.marks.append(mark)
            for span in places:
                mark.on = mark.on or owners[span.source.path, span.start]
            for part in mark.on:
                part.marks.append(mark)

    def _owners(self, places: set[tuple[str, int]]) -> dict[tuple[str, int], list[Part]]:
        found: dict[tuple[str, int], list[Part]] = {}
        wanted: dict[str, list[int]] = {}
        for path, at in places:
            wanted.setdefault(path, []).append(at)
        for path, offsets in wanted.items():
            for at, owners in _sweep(self._by_path.get(path, {}), sorted(offsets)):
                found[path, at] = owners
        return found


def _sweep(claimed: dict[Stretch, list[Part]], offsets: list[int]) -> Iterator[tuple[int, list[Part]]]:
    """The owners of the smallest stretch around each offset. Stretches lie in one another as the YAML does."""
    stretches = sorted(claimed, key=lambda stretch: (stretch[0], -stretch[1]))
    open_now: list[Stretch] = []
    following = 0
    for at in offsets:
        while following < len(stretches) and stretches[following][0] <= at:
            open_now.append(stretches[following])
            following += 1
        open_now = [stretch for stretch in open_now if stretch[1] >= at]
        smallest = min(open_now, key=lambda stretch: (stretch[1] - stretch[0], -stretch[0]), default=None)
        yield at, claimed[smallest] if smallest is not None else []


def _stretches(nodes: Iterable[Node | None]) -> Iterator[tuple[Source, int, int]]:
    """Where nodes and all below them stand. What an alias repeats is looked at once."""
    waiting = [node for node in nodes if node is not None]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node.source, node.start, node.end
        if isinstance(node, Mapping):
            for key, value in node:
                waiting += [key, value]
        elif not isinstance(node, Scalar):
            waiting += node.items
