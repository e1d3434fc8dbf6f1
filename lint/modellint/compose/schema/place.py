"""Where a schema violation is, and what to call it."""

from __future__ import annotations

from modellint.compose.schema.hints import SECTION_ENTRIES
from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from modellint.yaml.node import Node

    Path: TypeAlias = "tuple[str | int, ...]"


class SchemaPlace:
    """A node on a path from the root, and the key it stands under."""

    __slots__ = ("key", "node", "path")

    def __init__(self, root: Node, path: Path) -> None:
        self.path = path
        self.key: Scalar | None = None  # the nearest key above the node
        node = root
        for step in path:
            if isinstance(node, Mapping):
                self.key, node = node.entries[str(step)]
            elif not isinstance(node, Scalar):
                node = node.items[int(step)]
        self.node = node

    @property
    def span(self) -> Span:
        """The value where it is short, else its key, else the first thing in it."""
        node = self.node
        if node.start < node.end and "\n" not in node.span.text and (isinstance(node, Scalar) or node.flow):
            return node.span
        if self.key is not None and not (self.path and isinstance(self.path[-1], int)):
            return self.key.span
        return _first(node) or (self.key.span if self.key is not None else _first_line(node))

    @property
    def owner(self) -> Span:
        """The key that owns the node, or for a list item the first thing in it."""
        if self.key is not None and self.path and isinstance(self.path[-1], str):
            return self.key.span
        return _first(self.node) or self.span

    @property
    def noun(self) -> str:
        """What the node is: `a service`, "`healthcheck`", "an item of `ports`"."""
        path = self.path
        if not path:
            return "a Compose file"
        if len(path) == 2 and path[0] in SECTION_ENTRIES:
            return SECTION_ENTRIES[str(path[0])]
        if isinstance(path[-1], int):
            return f"an item of `{self.name}`"
        if len(path) == 4 and path[0] == "services" and path[2] == "models":
            return "a model grant"
        return f"`{self.name}`"

    @property
    def subject(self) -> str:
        """The node by its name: "model `llm`", "`healthcheck`", "an item of `ports`"."""
        if self.path and isinstance(self.path[-1], int):
            return f"an item of `{self.name}`"
        entry = SECTION_ENTRIES.get(str(self.path[0])) if len(self.path) == 2 else None
        return f"{entry.removeprefix('a ')} `{self.name}`" if entry else f"`{self.name}`"

    @property
    def name(self) -> str:
        """The nearest key above the node, as written."""
        return self.key.text if self.key is not None else ""


def _first(node: Node) -> Span | None:
    """The first key or item in a collection."""
    if isinstance(node, Mapping):
        return next((key.span for key, _ in node), None)
    if isinstance(node, Scalar):
        return node.span if node.start < node.end and "\n" not in node.span.text else None
    return next((found for item in node.items if (found := _first(item)) is not None), None)


def _first_line(node: Node) -> Span:
    line = node.span.text.partition("\n")[0].rstrip("\r")
    return Span(node.source, node.start, node.start + len(line))
