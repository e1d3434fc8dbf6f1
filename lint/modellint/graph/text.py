"""How wide a text is, and what of it is shown where there is too little room."""

from __future__ import annotations

import unicodedata

# Shares of the font size, rounded up. They are those of DejaVu Sans, the widest of the fonts that are asked for.
_SHARES = {
    char: share
    for share, chars in (
        (0.32, " ,.'ijlIJ"), (0.34, "/:;\\|"), (0.42, "-()[]!frt"), (0.5, '"*_`'), (0.56, "szcL?"),
        (0.62, "kvxyFPTYoae"), (0.64, "hnuSbdgpqE$0123456789{}"), (0.7, "KAVXZBRC"), (0.79, "UNHDG&OQ"),
        (0.87, "w#+<=>^~M"), (1.0, "%mW@"),
    )
    for char in chars
}  # fmt: skip
_ALPHABET = 1.04  # a letter of another alphabet
_BEYOND = 1.4  # ideographs, emoji, and whatever else a font may hold
_BOLD = 1.15
_SLACK = 0.5
_CUT = "…"
_MOST_MARKS = 2  # combining marks on one letter that are drawn: more of them climb out of their line


def shorten(text: str, most: int) -> str:
    """The text with at most so many characters: begin and end are kept, where names differ."""
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}{_CUT}{text[len(text) - end :]}"


def width(text: str, size: float, bold: bool = False) -> float:
    """What a text takes at most, in the unit of the font size."""
    share = sum([_share(char) for char in text])
    return share * size * (_BOLD if bold else 1)


def fit(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, shortened in the middle until it fits."""
    text = _without_towers(text)
    if width(text, size, bold) <= room + _SLACK:
        return text
    low, high = 1, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if width(shorten(text, middle), size, bold) <= room:
            low = middle
        else:
            high = middle - 1
    return shorten(text, low)


def _share(char: str) -> float:
    share = _SHARES.get(char)
    if share is not None:
        return share
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return _ALPHABET if char <= "\u07ff" else _BEYOND


def _without_towers(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)
