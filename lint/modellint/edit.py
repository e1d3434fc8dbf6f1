"""Edits, and fixes made of them. Edits replace characters of the source; nothing is ever printed anew from a tree."""

from __future__ import annotations

from modellint.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal, TypeAlias

    Safety: TypeAlias = Literal["safe", "unsafe"]

SAFE: Safety = "safe"  # keeps the meaning, or does exactly what the file already says
UNSAFE: Safety = "unsafe"  # a person should look at it


class Edit:
    """Replace the text of a span."""

    __slots__ = ("span", "text")

    def __init__(self, span: Span, text: str) -> None:
        self.span = span
        self.text = text


class Fix:
    """Edits that belong together: all are applied, or none."""

    __slots__ = ("edits", "safety", "title")

    def __init__(self, title: str, edits: Sequence[Edit], safety: Safety = UNSAFE) -> None:
        self.title = title
        self.edits = edits
        self.safety = safety


def rewrite(source: Source, fixes: Iterable[Fix]) -> str:
    """The source's text after as many fixes as fit: one that overlaps an earlier one is left for a later pass."""
    from bisect import bisect_left

    taken: list[Edit] = []  # in the order of the text
    for fix in fixes:
        here = [edit for edit in fix.edits if edit.span.source is source]
        places = [bisect_left(taken, _place(edit), key=_place) for edit in here]
        neighbours = (taken[max(place - 1, 0) : place + 1] for place in places)
        if not any(
            _overlap(one.span, other.span) for one, near in zip(here, neighbours, strict=True) for other in near
        ):
            for edit in here:
                taken.insert(bisect_left(taken, _place(edit), key=_place), edit)
    pieces: list[str] = []
    last = 0
    for edit in taken:
        pieces += (source.text[last : edit.span.start], edit.text)
        last = edit.span.end
    return "".join((*pieces, source.text[last:]))


def remark(span: Span, text: str) -> list[Edit]:
    """Say something in a comment behind a span, if nothing else stands on the rest of its line."""
    source = span.source
    end = source.line_starts()[span.last[0] - 1] + len(source.line(span.last[0]))
    room = Span(source, span.end, end)
    return [] if room.text.strip() else [Edit(room, f" # {text}")]


def whole_lines(span: Span) -> Span:
    """The span widened to the lines it stands on, their line breaks included."""
    source = span.source
    starts = source.line_starts()
    first = span.first[0]
    last = source.position(max(span.start, span.end - 1))[0]
    return Span(source, starts[first - 1], starts[last] if last < len(starts) else len(source.text))


def _place(edit: Edit) -> tuple[int, int]:
    return edit.span.start, edit.span.end


def _overlap(one: Span, other: Span) -> bool:
    """Whether two spans share a character, or one inserts inside the other or where the other inserts."""
    if one.start == one.end == other.start == other.end:
        return True
    return one.start < other.end and other.start < one.end
