"""A YAML tree in which every node knows its span.

Nodes are shared where the YAML shares them: an alias is replaced by its target, and the entries that a merge key
brings in are the target's own. A span therefore always lies where the text really is.
"""

from __future__ import annotations

from modellint.text.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Value: TypeAlias = str | int | float | bool | None
    Node: TypeAlias = "Scalar | Sequence | Mapping"


class Scalar:
    """A leaf.

    `text` is what YAML reads, `value` what Compose makes of it: typed as go-yaml types it, and interpolated. `style`
    is the quote or block character, empty for a plain scalar.
    """

    __slots__ = ("anchor", "end", "interpolated", "source", "start", "style", "tag", "text", "value")

    def __init__(
        self,
        source: Source,
        start: int,
        end: int,
        text: str,
        value: Value,
        style: str = "",
        tag: str | None = None,
        anchor: str | None = None,
    ) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.text = text
        self.value = value
        self.style = style
        self.tag = tag
        self.anchor = anchor
        self.interpolated = False

    @property
    def span(self) -> Span:
        """The scalar's own text, quotes included, anchor and tag not."""
        return Span(self.source, self.start, self.end)

    @property
    def content(self) -> Span:
        """The scalar's own text without its quotes."""
        if self.style in ("'", '"') and self.end - self.start >= 2:
            return Span(self.source, self.start + 1, self.end - 1)
        return self.span

    @property
    def shown(self) -> str:
        """The text for a message: as written where it is interpolated, so that no variable's value is printed."""
        return self.content.text if self.interpolated else self.text

    @property
    def has_variable(self) -> bool:
        """Whether a variable may be filled in: the text has a `$` that is not doubled, or an escape of one."""
        return self.interpolated and any("$" in text.replace("$$", "") for text in (self.text, self.content.text))

    def part(self, start: int, end: int) -> Span:
        """The span of `value[start:end]`; all the content where the text is not the value, letter by letter."""
        content = self.content
        if isinstance(self.value, str) and content.text == self.value:
            return Span(self.source, content.start + start, content.start + end)
        return content

    def locate(self, start: int, end: int) -> Span:
        """Where `value[start:end]` stands, also where escapes, folding or `$$` set the text apart from the value.

        The text that is the same, counted from the left; all the content where the two do not tally.
        """
        return located(self.content, self.value, start, end) if isinstance(self.value, str) else self.content


def located(content: Span, text: str, start: int, end: int) -> Span:
    """Where `text[start:end]` stands in a span that holds the text in some way of writing; all of it where unknown."""
    written = content.text
    if written == text:
        return Span(content.source, content.start + start, content.start + end)
    piece = text[start:end]
    if not piece or text.count(piece) != written.count(piece):
        return content
    at = -1
    for _ in range(text.count(piece, 0, start + len(piece))):
        at = written.find(piece, at + 1)
    return Span(content.source, content.start + at, content.start + at + len(piece)) if at >= 0 else content


class Sequence:
    """A list."""

    __slots__ = ("anchor", "end", "flow", "items", "source", "start", "tag")

    def __init__(
        self,
        source: Source,
        start: int,
        end: int,
        items: list[Node],
        flow: bool = False,
        tag: str | None = None,
        anchor: str | None = None,
    ) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.items = items
        self.flow = flow
        self.tag = tag
        self.anchor = anchor

    @property
    def span(self) -> Span:
        """From the first item to the end of the last, brackets included."""
        return Span(self.source, self.start, self.end)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


class Mapping:
    """A map. `pairs` is what is written, `entries` what holds: merge keys applied, the last duplicate kept."""

    __slots__ = ("anchor", "end", "entries", "flow", "pairs", "source", "start", "tag")

    def __init__(
        self,
        source: Source,
        start: int,
        end: int,
        entries: dict[str, tuple[Scalar, Node]],
        pairs: list[tuple[Node, Node]] | None = None,
        flow: bool = False,
        tag: str | None = None,
        anchor: str | None = None,
    ) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.entries = entries
        self.pairs: list[tuple[Node, Node]] = list(entries.values()) if pairs is None else pairs
        self.flow = flow
        self.tag = tag
        self.anchor = anchor

    @property
    def span(self) -> Span:
        """From the first key to the end of the last value, braces included."""
        return Span(self.source, self.start, self.end)

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries.values())

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def get(self, *path: str) -> Node | None:
        """The node under a key, or under a path of keys."""
        node: Node | None = self
        for name in path:
            entry = node.entries.get(name) if isinstance(node, Mapping) else None
            node = entry[1] if entry else None
        return node

    def key(self, name: str) -> Scalar | None:
        """The key node of an entry."""
        entry = self.entries.get(name)
        return entry[0] if entry else None


def plain(node: Node) -> object:
    """The node as dicts, lists and scalars, as a JSON Schema validator wants them. Aliases become copies."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {name: plain(value) for name, (_, value) in node.entries.items()}


def scalars(node: Node | None) -> Iterator[Scalar]:
    """Every scalar value below a node, keys left out, in order."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    elif node is not None:
        for _, value in node.entries.values():
            yield from scalars(value)


def text_of(node: Node | None) -> str | None:
    """The value of a string scalar, or None."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None
