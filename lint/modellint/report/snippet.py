"""The source line of a finding, with its span underlined."""

from __future__ import annotations

from modellint.report.printable import marked, shown
from modellint.report.width import width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.linter.record import Location

_TAB = "    "
_CUT = "..."
_WIDEST = 400  # columns, where nothing else limits them
_CONTEXT = 12  # columns kept on either side of the span when a line is cut


def snippet(place: Location, columns: int | None) -> tuple[str, str]:
    """The line and its underline, cut around the span to fit into so many columns; both empty if there is no text.

    Of a span of more than one line, the part on its first line is underlined.
    """
    line, start, lead = place.line, place.column - 1, ""
    text = place.text.replace("\r", "\n").partition("\n")[0]
    if len(line) < start + len(text):  # a result keeps only the beginning of a very long line
        line, start, lead = text, 0, _CUT
    if not line.strip():
        return "", ""
    end = start + len(text)
    cells = _cells(line)
    tail = ""
    columns = _WIDEST if columns is None else columns
    if len(lead) + sum(map(width, cells)) > columns:
        first, last = _window([width(cell) for cell in cells], start, end, columns - 2 * len(_CUT))
        lead, tail = _CUT if first else lead, _CUT if last < len(cells) else ""
        cells, start, end = cells[first:last], start - first, min(end, last) - first
    before = lead + "".join(cells[:start])
    under = "".join(cells[start:end])
    after = "".join(cells[end:]) + tail
    return before + under + after, " " * width(before) + "^" * max(1, width(under))


def _cells(line: str) -> list[str]:
    """What is shown for each character."""
    if line.isascii() and line.isprintable() and not marked(line):
        return list(line)
    cells = [_TAB if char == "\t" else shown(char) for char in line]
    if marked(line):
        for at in range(1, len(line)):
            if line[at] == line[at - 1] == "#":
                cells[at] = "\\#"
    return cells


def _window(widths: list[int], start: int, end: int, columns: int) -> tuple[int, int]:
    """The first cell to show and the one past the last: the span with some context, or at least its beginning."""
    first, room = start, columns
    last = start
    while last < end and room >= widths[last]:
        room -= widths[last]
        last += 1
    left = min(room, max(_CONTEXT, room - _CONTEXT))
    while first > 0 and left >= widths[first - 1]:
        first -= 1
        left -= widths[first]
        room -= widths[first]
    while last < len(widths) and room >= widths[last]:
        room -= widths[last]
        last += 1
    return first, last
