"""Edits, and fixes made of them. Edits replace characters of the source; nothing is ever printed anew from a tree."""

from __future__ import annotations

from modellint.text.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal, TypeAlias

    Safety: TypeAlias = Literal["safe", "unsafe"]
    Place: TypeAlias = tuple[int, int]  # where something starts and ends in a text

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


def fitting(fixes: Iterable[Fix]) -> list[Fix]:
    """As many fixes as fit beside one another: one that overlaps an earlier one is left for a later pass."""
    from bisect import bisect_left, insort

    chosen: list[Fix] = []
    taken: dict[str, list[Place]] = {}  # by file, in the order of the text; places alone are compared without a call
    for fix in fixes:
        wanted = [(taken.setdefault(edit.span.source.path, []), _place(edit)) for edit in fix.edits]
        if not any(
            _overlap(place, other)
            for there, place in wanted
            for at in (bisect_left(there, place),)
            for other in there[max(at - 1, 0) : at + 1]
        ):
            chosen.append(fix)
            for there, place in wanted:
                insort(there, place)
    return chosen


def rewrite(source: Source, fixes: Iterable[Fix]) -> str:
    """The source's text after as many fixes as fit."""
    edits = [edit for fix in fitting(fixes) for edit in fix.edits if edit.span.source.path == source.path]
    return rewritten(in_order(edits)) if edits else source.text


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """Edits in the order of the text."""
    return sorted(edits, key=_place)


def rewritten(edits: Sequence[Edit]) -> str:
    """The text of one file after edits that stand in its order."""
    text = edits[0].span.source.text
    pieces: list[str] = []
    last = 0
    for edit in edits:
        pieces += (text[last : edit.span.start], edit.text)
        last = edit.span.end
    return "".join((*pieces, text[last:]))


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


def _place(edit: Edit) -> Place:
    return edit.span.start, edit.span.end


def _overlap(one: Place, other: Place) -> bool:
    """Whether two places share a character, or one inserts inside the other or where the other inserts."""
    if one == other and one[0] == one[1]:
        return True
    return one[0] < other[1] and other[0] < one[1]
