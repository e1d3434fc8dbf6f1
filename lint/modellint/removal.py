"""Take whole lines out of a file."""

from __future__ import annotations

from modellint.edit import Edit, whole_lines
from modellint.source import Span


def removal(span: Span) -> Edit | None:
    """Delete the lines of a span; None where something else stands on them, or refers to what stands there.

    The dash of a list item and a comment behind the span go with it.
    """
    lines = whole_lines(span)
    text = span.source.text
    before, after = text[lines.start : span.start].strip(), text[span.end : lines.end].strip()
    alone = before in ("", "-") and (not after or after.startswith("#"))
    return Edit(lines, "") if alone and "&" not in lines.text else None
