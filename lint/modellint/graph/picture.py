"""What is in the picture of a project. Every text in it is ready to be shown: on one line, with nothing invisible."""

from __future__ import annotations

from modellint.graph.text import shorten
from modellint.text.finding import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal, TypeAlias

    NodeKind: TypeAlias = Literal["port", "service", "model"]
    EdgeKind: TypeAlias = Literal["port", "grant", "legacy", "depends"]
    Part: TypeAlias = "Node | Edge"

_LONGEST_TIP = 300  # characters of a message in a list
MOST_SHOWN = 12  # findings that are spelled out at one part
_CROWD = 12  # services, and dependencies, beyond which dependencies are not drawn: they would hide the grants


class Mark:
    """A finding, as the picture shows it. `on` are the parts that it belongs to; none where it is about the project."""

    __slots__ = ("message", "on", "place", "rule", "severity")

    def __init__(self, severity: str, rule: str, message: str, place: str) -> None:
        self.severity = severity
        self.rule = rule
        self.message = message
        self.place = place
        self.on: list[Part] = []

    @property
    def text(self) -> str:
        """All of it, on one line."""
        return f"{self.severity}[{self.rule}] {self.place}: {shorten(self.message, _LONGEST_TIP)}"


class Node:
    """A box.

    `flags`: `idle` (no enabled profile), `alarm` (an inference API that everybody reaches), `absent` (granted and not
    declared), `legacy` (a provider service), `pinned` and `loose` (a model with and without a digest that counts).
    """

    __slots__ = ("details", "flags", "id", "kind", "marks", "name")

    def __init__(self, id: str, kind: NodeKind, name: str, details: list[str], flags: Iterable[str] = ()) -> None:
        self.id = id
        self.kind: NodeKind = kind
        self.name = name
        self.details = details  # the first is drawn, all are told
        self.flags = frozenset(flags)
        self.marks: list[Mark] = []

    @property
    def said(self) -> str:
        """What it is, in words."""
        return f"{self.name}: {'; '.join(self.details)}" if self.details else self.name


class Edge:
    """An arrow. `flags` are `idle` and `alarm`, as with nodes."""

    __slots__ = ("flags", "id", "kind", "label", "marks", "source", "target")

    def __init__(
        self, id: str, kind: EdgeKind, source: Node, target: Node, label: str, flags: Iterable[str] = ()
    ) -> None:
        self.id = id
        self.kind: EdgeKind = kind
        self.source = source
        self.target = target
        self.label = label
        self.flags = frozenset(flags)
        self.marks: list[Mark] = []

    @property
    def said(self) -> str:
        """What it is, in words."""
        verb = _VERBS[self.kind]
        label = f": {self.label}" if self.label and self.kind != "port" else ""
        return f"{self.source.name} {verb} {self.target.name}{label}"


_VERBS: dict[EdgeKind, str] = {
    "port": "leads to",
    "grant": "is granted",
    "legacy": "is granted, by a provider service,",
    "depends": "depends on",
}


class Picture:
    """All of it. `left_out` says what is not drawn, and how many of it."""

    __slots__ = ("edges", "left_out", "marks", "nodes", "title", "totals")

    def __init__(self, title: str) -> None:
        self.title = title
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.marks: list[Mark] = []
        self.left_out: dict[str, int] = {}
        self.totals: dict[str, int] = {}  # of the project, drawn or not

    def of(self, kind: NodeKind) -> list[Node]:
        """The nodes of a kind."""
        return [node for node in self.nodes if node.kind == kind]

    @property
    def is_crowded(self) -> bool:
        """Whether dependencies are left to words."""
        dependencies = sum(edge.kind == "depends" for edge in self.edges)
        return dependencies > _CROWD or len(self.of("service")) > _CROWD

    def drawn(self) -> list[Edge]:
        """The edges that every format draws."""
        return [edge for edge in self.edges if edge.kind != "depends"] if self.is_crowded else self.edges

    def summary(self) -> str:
        """What is in it, counted."""
        parts = [counted(count, noun) for noun, count in self.totals.items()]
        return ", ".join([*parts, *[counted(count, severity) for severity, count in tally(self.marks)]])

    def missing(self) -> list[str]:
        """What is not drawn, as sentences."""
        said = [f"{counted(count, f'more {what}')} not drawn" for what, count in self.left_out.items() if count]
        if self.is_crowded and (hidden := sum(edge.kind == "depends" for edge in self.edges)):
            said.append(f"{counted(hidden, 'dependency')} not drawn")
        return said


def tally(marks: Iterable[Mark]) -> list[tuple[str, int]]:
    """Each severity that occurs and how often, the worst first."""
    found = [mark.severity for mark in marks]
    return [(severity, found.count(severity)) for severity in SEVERITIES if severity in found]


def worst(marks: Iterable[Mark]) -> str:
    """The worst severity; empty where there is none."""
    return next((severity for severity, _ in tally(marks)), "")


def counted(count: int, noun: str) -> str:
    """`1 grant`, `2 grants`, `2 dependencies`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("cy") else f"{count} {noun}s"
