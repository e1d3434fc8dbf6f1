"""Text from files, made safe to print: to a terminal, and to a log that a runner searches for commands."""

from __future__ import annotations

_TEXT = frozenset(" \u200c\u200d\u3000")  # not printable to Python, yet part of text: joiners and the space of CJK text
_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def printable(text: str) -> str:
    """The text on one line, in which nothing is invisible and nothing is a command to a runner.

    Controls (bidirectional ones too), zero-width characters, line breaks and lone surrogates are written as escapes;
    a backslash breaks up `::` at the start, and `##[`, `##vso[` and `##teamcity[` anywhere.
    """
    if not text.isprintable():
        text = "".join([shown(char) for char in text])
    if marked(text):
        text = text.replace("##", "#\\#").replace("##", "#\\#")
    # A runner skips white space before `::`: an indent would not help.
    start = text.lstrip()
    return f"{text[: len(text) - len(start)]}\\{start}" if start.startswith("::") else text


def shown(char: str) -> str:
    """One character, or how it is written where it cannot be seen."""
    if char.isprintable() or char in _TEXT:
        return char
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def marked(text: str) -> bool:
    """Whether the text may hold a command of the kind that runners find anywhere in a line."""
    return "##" in text and "[" in text
