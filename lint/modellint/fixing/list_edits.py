"""Edits of lists and maps: one item split into several, items taken out, and lines added.

Each gives None where the file is not laid out so plainly that the edit is certain to mean what it should.
"""

from __future__ import annotations

from modellint.text.edit import Edit, whole_lines
from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar, Sequence

_MOST = 200  # items of a list or map of which some are taken out: more are not a person's, and would take long

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.text.source import Source
    from modellint.yaml.node import Node


def split_item(item: Scalar, pieces: list[str]) -> Edit | None:
    """Make several list items of one. The pieces are source text, in the item's own quotes."""
    gap = _gap_before(item)
    if gap is None or item.anchor or item.tag or item.style in ("|", ">") or "\n" in item.span.text:
        return None
    first, *others = pieces
    if item.style:
        quoted = [f"{item.style}{piece}{item.style}" for piece in pieces]
    else:
        quoted = [first, *(_quoted(piece) for piece in others)]
    return Edit(item.span, gap.join(quoted))


def take_out(body: Mapping, name: str, items: list[Scalar]) -> list[Edit] | None:
    """Take items out of the list or map under a key, and the key with them when nothing is left.

    A map's items are its values.
    """
    for key, section in body.pairs:
        if isinstance(key, Scalar) and key.text == name and not isinstance(section, Scalar) and not section.anchor:
            nodes = section.items if isinstance(section, Sequence) else [value for _, value in section.pairs]
            wanted = set(map(id, items))
            chosen = [at for at, node in enumerate(nodes) if id(node) in wanted] if len(nodes) <= _MOST else []
            if chosen and len(chosen) == len(items):
                if len(chosen) == len(nodes):
                    return take_out_key(body, name)
                return _cut(section, chosen)
    return None


def take_out_key(body: Mapping, name: str) -> list[Edit] | None:
    """Take out an entry of a block map that stands alone on its lines."""
    written = [(key, value) for key, value in body.pairs if isinstance(key, Scalar) and key.text == name]
    if len(written) != 1 or body.flow or body.anchor:
        return None
    key, value = written[0]
    if value.anchor:
        return None
    span = Span(key.source, key.start, max(key.end, value.end))
    return [Edit(whole_lines(span), "")] if stands_alone(span) else None


def take_out_entry(body: Mapping, name: str) -> list[Edit] | None:
    """Take out one of several entries of a map: on lines of its own, behind the dash of a list item, or in braces."""
    at = next((at for at, (key, _) in enumerate(body.pairs) if isinstance(key, Scalar) and key.text == name), -1)
    if at < 0 or not 2 <= len(body.pairs) <= _MOST or body.anchor or body.pairs[at][1].anchor:
        return None
    source, span = body.source, _span(body, at)
    if body.flow or source.line(span.first[0])[: span.first[1] - 1].strip() != "-":
        return _cut(body, [at])
    gap = Span(source, span.end, _span(body, at + 1).start) if at == 0 else None
    return [Edit(Span(source, span.start, gap.end), "")] if gap and not gap.text.strip() else None


def add_lines(key: Scalar, value: Node, lines: list[str]) -> Edit:
    """Put lines below an entry of a block map, behind the comments that are indented as a part of it."""
    source, (_, column) = key.source, key.span.first
    end = value.end if value.start >= key.end else key.end  # of an alias, the target stands above it
    row = source.position(max(key.end, end) - 1)[0]
    while row < len(source.line_starts()):
        line = source.line(row + 1)
        if not line[:column].isspace() or not line.strip().startswith("#"):
            break
        row += 1
    return below(source, row, lines)


def below(source: Source, row: int, lines: list[str]) -> Edit:
    """Put lines below a line."""
    end = source.line_starts()[row - 1] + len(source.line(row))
    ending = line_break(source, row)
    return Edit(Span(source, end, end), "".join(f"{ending}{line}" for line in lines))


def line_break(source: Source, row: int) -> str:
    """What ends a line, or where it is the last one, the line before it."""
    starts = source.line_starts()
    end = starts[min(row, len(starts) - 1)]
    before = source.text[max(0, end - 2) : end]
    return next((ending for ending in ("\r\n", "\r") if before.endswith(ending)), "\n")


def column(node: Node) -> int:
    """How many characters stand before a node on its line."""
    return node.span.first[1] - 1


def stands_alone(span: Span) -> bool:
    """Whether nothing else stands on its lines but blanks, the dash of its list item, and a comment behind it."""
    source = span.source
    row, column = span.first
    end_row, end_column = span.last
    before = source.line(row)[: column - 1].strip()
    after = source.line(end_row)[end_column - 1 :].strip().removeprefix(":").strip()
    return before in ("", "-") and (not after or after.startswith("#"))


def _cut(section: Sequence | Mapping, chosen: list[int]) -> list[Edit] | None:
    cut = [_span(section, at) for at in chosen]
    if not section.flow:
        return [Edit(whole_lines(span), "") for span in cut] if all(stands_alone(span) for span in cut) else None
    nodes = section.items if isinstance(section, Sequence) else [node for pair in section.pairs for node in pair]
    if any(node.start < section.start or node.end > section.end for node in nodes):
        return None  # an alias: what it stands for lies elsewhere
    last_kept = max(set(range(_length(section))).difference(chosen))
    edits: list[Edit] = []
    for at, span in zip(chosen, cut, strict=True):
        if at < last_kept:
            edits.append(Edit(Span(span.source, span.start, _span(section, at + 1).start), ""))
        else:
            edits.append(Edit(Span(span.source, _span(section, at - 1).end, span.end), ""))
    return edits


def _length(section: Sequence | Mapping) -> int:
    return len(section.items) if isinstance(section, Sequence) else len(section.pairs)


def _span(section: Sequence | Mapping, at: int) -> Span:
    """Where an item of a list, or an entry of a map, stands."""
    if isinstance(section, Sequence):
        return section.items[at].span
    key, value = section.pairs[at]
    return Span(key.source, key.start, max(key.end, value.end))


def _gap_before(item: Scalar) -> str | None:
    """What stands between two items of the list: a line break and a dash, or a comma."""
    source = item.source
    row, column = item.span.first
    before = source.line(row)[: column - 1]
    if before.strip() == "-":
        return line_break(source, row) + before
    return ", " if source.text[: item.start].rstrip().endswith(("[", ",")) else None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if '"' in text or "\\" in text else f'"{text}"'


def removal(span: Span) -> Edit | None:
    """Delete the lines of a span; None where something else stands on them, or refers to what stands there.

    The dash of a list item and a comment behind the span go with it.
    """
    lines = whole_lines(span)
    alone = _begins(span, lines.start) and _ends(span, lines.end)
    return Edit(lines, "") if alone and "&" not in lines.text else None


def _begins(span: Span, start: int) -> bool:
    """Whether nothing but the dash of an item stands before a span. A line may be long: no part of it is copied."""
    text, at, dashes = span.source.text, span.start, 0
    while at > start and (text[at - 1].isspace() or text[at - 1] == "-"):
        at -= 1
        dashes += text[at] == "-"
    return at == start and dashes <= 1


def _ends(span: Span, end: int) -> bool:
    """Whether nothing but a comment stands behind a span."""
    text, at = span.source.text, span.end
    while at < end and text[at].isspace():
        at += 1
    return at == end or text[at] == "#"
