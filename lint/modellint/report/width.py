"""How many columns of a terminal a text takes."""

from __future__ import annotations


def width(text: str) -> int:
    """Columns that a printable text takes: none for a combining mark, two for a wide character."""
    if text.isascii():
        return len(text)
    import unicodedata

    columns = 0
    for char in text:
        if unicodedata.category(char) in ("Mn", "Me", "Cf"):
            continue
        columns += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return columns


def wrap(text: str, first: int, rest: int) -> list[str]:
    """The text broken between words into a first line and further ones of these widths; a longer word stays whole."""
    lines: list[str] = []
    line, room = "", first
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer) > room and (line or not lines):
            lines.append(line)
            line, room = word, rest
        else:
            line = longer
    return [*lines, line]
