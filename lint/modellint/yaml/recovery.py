"""Continue after a syntax error: remove the damaged part from the text."""

from __future__ import annotations

from itertools import pairwise

from modellint.text.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

CONFLICT = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")  # how the lines of a merge conflict begin
_TAB = 8  # columns; deeper than the spaces next to it


def damage(text: str, at: int) -> str:
    """The text with the block around an offset blanked out, so that the rest can be read; empty when nothing is left.

    The block is the part of a service, a model or another entry of a section that the offset is in.
    """
    source = Source("", text)
    starts = [*source.line_starts(), len(text)]
    lines = [text[start:end] for start, end in pairwise(starts)]
    hurt = source.position(at)[0] - 1
    blank: Sequence[int]
    if lines[hurt].startswith(CONFLICT):
        blank = _second_side(lines, hurt)
    else:
        while hurt > 0 and not lines[hurt].strip():
            hurt -= 1
        blank = _block(lines, hurt)
    if not any(lines[number].strip() for number in blank):
        return ""
    for number in blank:
        body = lines[number].rstrip("\r\n")
        lines[number] = " " * len(body) + lines[number][len(body) :]
    return "".join(lines)


def indentation(line: str) -> int:
    """Columns before the text of a line, or -1 for a line without any."""
    body = line.lstrip(" \t")
    if not body.strip() or body[0] == "#":
        return -1
    space = line[: len(line) - len(body)]
    return len(space) + (_TAB - 1) * space.count("\t")


def _second_side(lines: list[str], start: int) -> list[int]:
    """The lines of a conflict's markers, and of all its sides but the first."""
    blank: list[int] = []
    for number in range(start, len(lines)):
        if lines[number].startswith(CONFLICT) or blank[1:]:
            blank.append(number)
        if lines[number].startswith(CONFLICT[-1]):
            break
    return blank


def _block(lines: list[str], at: int) -> range:
    """The lines of the section's entry that a line is in; the first line of an entry is kept where it is whole."""
    section = _at_most(lines, at, 0)
    inner = next((line for line in lines[section + 1 :] if indentation(line) > 0), "")
    head = max(section, _at_most(lines, at, indentation(inner)))
    depth = max(indentation(lines[head]), 0)
    last = at + 1
    while last < len(lines) and not 0 <= indentation(lines[last]) <= depth:
        last += 1
    return range(head + 1 if head < at else at, last)


def _at_most(lines: list[str], at: int, depth: int) -> int:
    """The nearest line at or above one that is indented no deeper."""
    while at > 0 and not 0 <= indentation(lines[at]) <= depth:
        at -= 1
    return at
