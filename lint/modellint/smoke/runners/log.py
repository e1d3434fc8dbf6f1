"""What a runner wrote, made fit for a message: the last of it, printable, without secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_ERROR = re.compile(r"^error\b|\berror:|^[\d.]+ E |\bfailed to\b|\bterminate called\b|\bGGML_ASSERT\b", re.IGNORECASE)
_NO_MEMORY = re.compile(
    r"bad_alloc|MemoryError|out of memory|(?:failed|unable) to allocate|can(?:no|')t allocate", re.IGNORECASE
)
_FATAL = re.compile(r"^error\b", re.IGNORECASE)  # how llama.cpp begins what it ends with
_STAMP = re.compile(r"^[\d.]+ [A-Z] ")  # time and level, as llama.cpp writes them
_BEARER = re.compile(r"(?i)\b(bearer\s+)\S+")
_LONGEST_LINE = 300
_MOST_LINES = 12


def printable(text: str, longest: int) -> str:
    """A text in one line that no terminal acts upon."""
    plain = _ESCAPE.sub("", text[: 4 * longest])
    shown = "".join(each if each.isprintable() else " " for each in plain).strip()
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def tail(text: str, hidden: Iterable[tuple[str, str]] = ()) -> list[str]:
    """The last lines, each cut to a bearable length. Of `hidden`, each text is replaced by what may be shown."""
    masked = mask(text, hidden)
    lines = [printable(line, _LONGEST_LINE) for line in masked.splitlines()]
    return [line for line in lines if line][-_MOST_LINES:]


def telling(text: str, hidden: Iterable[tuple[str, str]] = ()) -> str:
    """The line that says what went wrong: the first that begins as an error, else that looks like one, else the last.

    llama.cpp writes some lines through a thread of its own, so which of two errors stands first is chance.
    """
    lines = [line for line in mask(text, hidden).splitlines() if line.strip()]
    plain = [_ESCAPE.sub("", line) for line in lines]
    found = (at for pattern in (_FATAL, _ERROR) for at, line in enumerate(plain) if pattern.search(line))
    line = lines[next(found, -1)] if lines else ""
    return printable(_STAMP.sub("", line), _LONGEST_LINE)


def is_out_of_memory(text: str) -> bool:
    """Whether it says that there was no memory."""
    return _NO_MEMORY.search(text) is not None


def mask(text: str, hidden: Iterable[tuple[str, str]]) -> str:
    """The text with what must not be shown replaced. A short secret is replaced only where it is a word of its own."""
    for secret, shown in sorted(set(hidden), key=_longest_first):
        if len(secret) >= 8:
            text = text.replace(secret, shown)
        elif secret:
            text = re.sub(rf"(?<![\w.]){re.escape(secret)}(?![\w.])", shown.replace("\\", r"\\"), text)
    return _BEARER.sub(r"\1***", text)


def _longest_first(pair: Sequence[str]) -> tuple[int, str]:
    return -len(pair[0]), pair[0]
