"""Text, and places in it.

Offsets, columns and widths count Unicode code points. Lines end at LF, CRLF or a lone CR, as editors count them; the
other YAML line breaks (NEL, LS, PS) end no line.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Source:
    """One file's text, without a byte order mark. Of a `private` one (an env file, a script) none is printed.

    `base` is the folder that relative paths in the text are relative to; the file's own unless it is told otherwise.
    """

    __slots__ = ("_held", "_line", "_starts", "base", "documents", "path", "private", "secrets", "text")

    def __init__(self, path: str, text: str, private: bool = False) -> None:
        self.path = path
        self.text = text
        self.private = private
        self.base = os.path.dirname(path) or "."
        self.documents: Sequence[object] | None = None  # the nodes that were made of it; None where nobody has yet
        self.secrets: object = None  # what must not be shown of it: see `secret_lines`
        self._starts: list[int] = []
        self._held: dict[str, bool] = {}
        self._line = 0, ""  # the one that was asked for last

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        starts = self.line_starts()
        low, high = 0, len(starts)
        while low < high:  # `bisect` would cost the import of a shared object on every run
            middle = (low + high) // 2
            if starts[middle] <= offset:
                low = middle + 1
            else:
                high = middle
        return low, offset - starts[low - 1] + 1

    def line_starts(self) -> list[int]:
        """Offsets of the first character of every line."""
        if not self._starts:
            self._starts = _line_starts(self.text)
        return self._starts

    def holds(self, word: str) -> bool:
        """Whether a word stands anywhere in the text; looked for once."""
        if word not in self._held:
            self._held[word] = word in self.text
        return self._held[word]

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its line break."""
        held = self._line
        if held[0] != number:
            starts = self.line_starts()
            start = starts[number - 1]
            end = starts[number] if number < len(starts) else len(self.text)
            while end > start and self.text[end - 1] in "\r\n":
                end -= 1
            held = self._line = number, self.text[start:end]  # findings come in order, and a line may be a whole file
        return held[1]


class Span:
    """A stretch of one source, from `start` up to but not including `end`."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    @property
    def text(self) -> str:
        """The characters it covers."""
        return self.source.text[self.start : self.end]

    @property
    def first(self) -> tuple[int, int]:
        """Line and column where it begins."""
        return self.source.position(self.start)

    @property
    def last(self) -> tuple[int, int]:
        """Line and column just past its end."""
        return self.source.position(self.end)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Span)
            and (self.source is other.source)
            and (self.start, self.end) == (other.start, other.end)
        )

    def __hash__(self) -> int:
        return hash((self.source.path, self.start, self.end))

    def __repr__(self) -> str:
        line, column = self.first
        return f"{self.source.path}:{line}:{column}"


def _line_starts(text: str) -> list[int]:
    starts = [0]
    find = text.find
    at = find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = find("\n", at + 1)
    if "\r" in text:
        at = find("\r")
        while at >= 0:
            if text[at + 1 : at + 2] != "\n":
                starts.append(at + 1)
            at = find("\r", at + 1)
        starts.sort()
    return starts
