"""From the events of a YAML text to nodes with exact places, within limits.

The limits protect `check` from hostile files; real Compose files stay far below them.
"""

from __future__ import annotations

from modellint.text.finding import Related
from modellint.text.source import Source, Span
from modellint.yaml.events import (
    AliasEvent,
    DocumentStart,
    EndEvent,
    MappingStart,
    Other,
    Parser,
    ScalarEvent,
    SequenceStart,
    StreamEnd,
    YamlError,
)
from modellint.yaml.libyaml_workaround import restored
from modellint.yaml.node import Mapping, Scalar, Sequence
from modellint.yaml.scalars import fits, resolve, tagged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.yaml.node import Node

MAX_DEPTH = 100  # nested collections, aliases followed
MAX_NODES = 100_000  # written in one file
MAX_EXPANDED = 400_000  # nodes once every alias is replaced by its target
LONG_TEXT = 64  # characters; of a longer one every two count as a node where it is repeated
MAX_LISTED = 200  # problems of one file
_STOPS = " \t\r\n,[]{}"
_BLANKS = " \t\r\n"


class Problem:
    """Something in the text that YAML, or Compose's reading of it, refuses."""

    __slots__ = ("message", "related", "span")

    def __init__(self, span: Span, message: str, related: tuple[Related, ...] = ()) -> None:
        self.span = span
        self.message = message
        self.related = related


class Alias:
    """`*name` as it stands in the text; the tree holds its target in its place."""

    __slots__ = ("name", "span", "target")

    def __init__(self, span: Span, name: str, target: Node) -> None:
        self.span = span
        self.name = name
        self.target = target


class YamlFile:
    """What was read of one file. `whole` is False where damaged parts were left out of the documents."""

    __slots__ = ("aliases", "documents", "problems", "size", "source", "templates", "whole")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.documents: list[Node] = []
        self.problems: list[Problem] = []
        self.aliases: list[Alias] = []
        self.templates: list[Scalar] = []  # the scalars that hold a `$`
        self.size = 0  # nodes as they are written
        self.whole = True

    def refuse(self, problem: Problem) -> None:
        """Add a problem; of a file that is full of them, only the first `MAX_LISTED`."""
        if len(self.problems) == MAX_LISTED:
            self.problems.append(
                Problem(problem.span, f"the file has more problems; only the first {MAX_LISTED} are listed")
            )
        elif len(self.problems) < MAX_LISTED:
            self.problems.append(problem)


class TooMuch(YamlError):
    """The text is valid and larger than a reader should accept."""


class _Frame:
    """A collection that is still open."""

    __slots__ = ("depth", "event", "extra", "items", "weight")

    def __init__(self, event: MappingStart | SequenceStart) -> None:
        self.event = event
        self.items: list[Node] = []
        self.extra = 0  # nodes below the items
        self.weight = 0  # of the long texts among the items and below, as nodes
        self.depth = 0  # of the deepest item


class Builder:
    """Turns the events of one text into the documents of a file; `repaired` is a text in which others stand in."""

    def __init__(self, file: YamlFile, repaired: bool = False) -> None:
        self.file = file
        self.source = file.source
        self.repaired = repaired
        self.slashes = r"\/" in file.source.text
        self.anchors: dict[str, tuple[Node, int, int]] = {}  # node, nodes in it, depth
        self._expanded = 0  # nodes that aliases stand for, counted at each: a merge key copies them there and then

    def build(self, text: str) -> YamlError | None:
        """Read until the end, or until the error that is returned; the file then holds what came before."""
        documents = self.file.documents
        stack: list[_Frame] = []
        frame: _Frame | None = None
        items = documents
        nodes = end = 0
        parser = Parser(text)
        try:
            with parser as next_event:
                while True:
                    event = next_event()
                    kind = event.__class__
                    if kind is ScalarEvent:
                        nodes += 1
                        scalar = self._scalar(event, frame)
                        end = scalar.end
                        items.append(scalar)
                    elif kind is MappingStart or kind is SequenceStart:
                        nodes += 1
                        if frame is not None:
                            stack.append(frame)
                        frame = _Frame(event)
                        items = frame.items
                        if len(stack) >= MAX_DEPTH:
                            raise TooMuch(None, None, f"nested deeper than {MAX_DEPTH} levels", event.start)
                        if nodes > MAX_NODES:
                            raise TooMuch(None, None, f"the file contains more than {MAX_NODES:,} values", event.start)
                    elif kind is EndEvent:
                        if frame is None:
                            continue
                        node = self._close(frame, event, end)
                        end = node.end
                        inner = frame
                        frame = stack.pop() if stack else None
                        items = documents
                        if frame is not None:
                            items = frame.items
                            frame.extra += len(inner.items) + inner.extra
                            frame.weight += inner.weight
                            frame.depth = max(frame.depth, inner.depth + 1)
                        items.append(node)
                    elif kind is AliasEvent:
                        nodes += 1
                        end = event.end.index
                        items.append(self._alias(event, frame, stack))
                    elif kind is DocumentStart:
                        self._check_version(event)
                    elif kind is StreamEnd:
                        break
                    elif kind is not Other:
                        raise TypeError(f"unknown event from the YAML parser: {kind.__name__}")
                self.file.size = nodes
                if nodes > MAX_NODES:
                    raise TooMuch(None, None, f"the file contains more than {MAX_NODES:,} values", event.start)
        except YamlError as error:
            self.file.size = nodes
            while frame is not None:  # close what is open, so that the part before the error is a tree too
                node = self._close(frame, None, end)
                frame = stack.pop() if stack else None
                (documents if frame is None else frame.items).append(node)
            return error
        return None

    def _check_version(self, event: DocumentStart) -> None:
        if event.version is not None and event.version != (1, 1):
            line = Span(self.source, event.start.index, event.start.index + len("%YAML 1.2"))
            self.file.refuse(Problem(line, "Compose reads YAML 1.1 and rejects this version; remove this line"))

    def _scalar(self, event: ScalarEvent, frame: _Frame | None) -> Scalar:
        text, style, tag = event.value, event.style or "", event.tag
        start, end = event.start.index, event.end.index
        if self.repaired:
            text = restored(text)
        if style == '"' and self.slashes:
            self._refuse_slash(start, end)
        if tag is not None or event.anchor is not None:
            start = min(_behind_properties(self.source.text, start), end)
        if style == "|" or style == ">":
            end = start + len(self.source.text[start:end].rstrip(_BLANKS))
        if tag is None:
            value = text if style else resolve(text)
            if not style and "?" in text and frame is not None and frame.event.flow:
                self._refuse_question_mark(start, end)
        else:
            self._refuse_tag(event.start.index)
            value = tagged(text, tag)
            if not fits(value, tag):
                span = Span(self.source, start, end)
                self.file.refuse(Problem(span, f"this cannot be read as `!!{tag.rpartition(':')[2]}`"))
        scalar = Scalar(self.source, start, end, text, value, style, tag, event.anchor)
        weight = len(text) >> 1 if len(text) > LONG_TEXT else 0
        if weight and frame is not None:
            frame.weight += weight
        if "$" in text and isinstance(value, str) and not _is_key_next(frame):
            self.file.templates.append(scalar)
        if event.anchor is not None:
            self.anchors[event.anchor] = (scalar, 1 + weight, 0)
        return scalar

    def _refuse_slash(self, start: int, end: int) -> None:
        r"""JSON writes `\/`, which libyaml reads, and Compose does not."""
        text = self.source.text
        at = text.find("\\", start, end)
        while at >= 0:
            if text[at + 1] == "/":
                span = Span(self.source, at, at + 2)
                self.file.refuse(
                    Problem(span, "Compose does not support the escape `\\/` and rejects the file; write `/`")
                )
                return
            at = text.find("\\", at + 2, end)

    def _refuse_question_mark(self, start: int, end: int) -> None:
        """`[what? yes]` is text to libyaml, and not to Compose."""
        text = self.source.text
        for at in range(start, end):
            if text[at] == "?" and text[at + 1 : at + 2] in _BLANKS:
                message = "Compose rejects a space after `?` in `[…]` and `{…}`; quote the value"
                self.file.refuse(Problem(Span(self.source, at, at + 1), message))
                return

    def _refuse_tag(self, start: int) -> None:
        """`[!reset, a]` is the tag `!reset,` to libyaml, and none to Compose."""
        text = self.source.text
        at = text.find("!", start)
        if text.startswith("!<", at):
            return
        end = at
        while text[end : end + 1] not in _BLANKS:
            if text[end] in "[],":
                message = f"a tag cannot contain `{text[end]}`, and Compose rejects the file; put a space after the tag"
                self.file.refuse(Problem(Span(self.source, at, end + 1), message))
                return
            end += 1

    def _alias(self, event: AliasEvent, frame: _Frame | None, stack: list[_Frame]) -> Node:
        span = Span(self.source, event.start.index, event.end.index)
        known = self.anchors.get(event.anchor)
        inside = [outer for outer in (*stack, frame) if outer is not None and outer.event.anchor == event.anchor]
        if known is None or inside:
            message = f"there is no anchor `&{event.anchor}` before this alias"
            if inside:
                message = f"this alias is inside its own anchor `&{event.anchor}`, so it never ends"
            self.file.refuse(Problem(span, message))
            return Scalar(self.source, span.start, span.end, "", None)
        target, size, height = known
        self._expanded += size - 1
        if frame is not None:
            frame.extra += size - 1
            frame.depth = max(frame.depth, height)
            if self._expanded > MAX_EXPANDED or len(stack) + height >= MAX_DEPTH:
                raise TooMuch(None, None, "the aliases in this file expand to too much data", event.start)
        self.file.aliases.append(Alias(span, event.anchor, target))
        return target

    def _close(self, frame: _Frame, end: EndEvent | None, last: int) -> Mapping | Sequence:
        event = frame.event
        flow = bool(event.flow)
        start = event.start.index
        if event.anchor is not None or event.tag is not None:
            start = event.content.index
            if flow or (isinstance(event, SequenceStart) and self.source.text[start : start + 1] != "-"):
                start -= 1  # behind the bracket, or behind the `-` of a list that is indented like its key
        stop = end.end.index if flow and end is not None else max(start, last if frame.items else event.content.index)
        if event.tag is not None:
            self._refuse_tag(event.start.index)
        node: Mapping | Sequence
        if isinstance(event, MappingStart):
            node = self._mapping(frame.items, start, stop, flow, event)
        else:
            node = Sequence(self.source, start, stop, frame.items, flow, event.tag, event.anchor)
        if frame.extra > MAX_EXPANDED and end is not None:
            raise TooMuch(None, None, "the aliases in this file expand to too much data", event.start)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1 + len(frame.items) + frame.extra + frame.weight, frame.depth + 1)
        return node

    def _mapping(self, items: list[Node], start: int, end: int, flow: bool, event: MappingStart) -> Mapping:
        walk = iter(items)
        pairs = list(zip(walk, walk))  # noqa: B905 an odd item is a key whose value an error cut off
        entries: dict[str, tuple[Scalar, Node]] = {}
        merges: list[Node] = []
        for pair in pairs:
            key, value = pair
            if not isinstance(key, Scalar):
                message = "a key must be text, not a list or a map"
                if self.source.text.startswith("{{", start):
                    message = "YAML reads `{{` as a map inside a map; quote the value, or render the template first"
                self.file.refuse(Problem(_first_line(key), message))
                continue
            name = key.text
            if key.value != name:
                message = f"YAML does not read the key `{name}` as text, and Compose rejects it; quote it"
                self.file.refuse(Problem(key.span, message))
            if name == "<<" and not key.style:
                merges.append(value)
            if name in entries:
                first = entries[name][0]
                line = first.span.first[0]
                message = f"the key `{name}` appears twice in this map; the first is on line {line}"
                if name == "<<":
                    message += "; merge several maps with `<<: [*a, *b]`"
                self.file.refuse(Problem(key.span, message, (Related(first.span, "first here"),)))
            entries[name] = (key, value)
        node = Mapping(self.source, start, end, entries, pairs, flow, event.tag, event.anchor)
        if merges:
            self._merge(node, merges)
        return node

    def _merge(self, node: Mapping, merges: list[Node]) -> None:
        """Apply `<<`: what is written wins over what is merged, an earlier mapping over a later one."""
        key = node.entries.pop("<<")[0]
        entries = node.entries
        for merged in merges:
            for base in merged.items if isinstance(merged, Sequence) else [merged]:
                if isinstance(base, Mapping):
                    if len(entries) + len(base.entries) > MAX_NODES:
                        raise TooMuch(None, None, "the merge keys in this file add too many values", _At(key))
                    for name, entry in base.entries.items():
                        entries.setdefault(name, entry)
                else:
                    self.file.refuse(Problem(key.span, "`<<` can only merge maps"))


def _is_key_next(frame: _Frame | None) -> bool:
    """Whether the next node of an open collection is a key, which Compose does not interpolate."""
    return frame is not None and isinstance(frame.event, MappingStart) and len(frame.items) % 2 == 0


class _At:
    """The mark of a node that was built."""

    line = column = 0

    def __init__(self, node: Scalar) -> None:
        self.index = node.start


def _first_line(node: Node) -> Span:
    first = node.span.text.splitlines()[:1]
    return Span(node.source, node.start, node.start + len(first[0] if first else ""))


def _behind_properties(text: str, at: int) -> int:
    """Where the content of a node with an anchor or a tag begins."""
    length = len(text)
    while at < length and text[at] in "&!":
        if text.startswith("!<", at):  # a verbatim tag may hold commas
            at = text.find(">", at) + 1
        while at < length and text[at] not in _STOPS:
            at += 1
        while at < length:
            if text[at] in _BLANKS:
                at += 1
            elif text[at] == "#":
                while at < length and text[at] not in "\r\n":
                    at += 1
            else:
                break
    return at
