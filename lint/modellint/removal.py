"""Take whole lines out of a file."""

from __future__ import annotations

from modellint.edit import Edit, whole_lines
from modellint.source import Span


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
