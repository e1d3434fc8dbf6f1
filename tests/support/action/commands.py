"""How a GitHub runner finds commands in a log, after `ActionCommand.cs` and its manager in actions/runner.

Standard output and standard error are split at every kind of line break. A line is a command if it begins with `::`
after what .NET counts as white space, or if it holds `##[…]` anywhere; the name must be one that the runner knows.
"""

from __future__ import annotations

import re
from typing import NamedTuple

KNOWN = frozenset(
    (
        "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "internal-set-repo-path",
        "notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
    )
)  # fmt: skip
WHITE = "".join(
    map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
)


class Command(NamedTuple):
    """A command as the runner carries it out."""

    name: str
    properties: dict[str, str]
    data: str


def commands(log: str) -> list[Command]:
    """Every command in a log."""
    if "::" not in log and "##[" not in log:
        return []
    found = (_colons(line) or _bracket(line) for line in re.split(r"\r\n|\r|\n", log))
    return [command for command in found if command]


def _colons(line: str) -> Command | None:
    text = line.lstrip(WHITE)
    end = text.find("::", 2)
    if not text.startswith("::") or end < 0:
        return None
    return _command(text[2:end], text[end + 2 :], ",", _DATA)


def _bracket(line: str) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    return _command(line[start + 3 : end], line[end + 1 :], ";", _OLD)


def _command(head: str, data: str, separator: str, escapes: tuple[tuple[str, str], ...]) -> Command | None:
    name, _, rest = head.partition(" ")
    if name.lower() not in KNOWN:
        return None
    pairs = [pair.partition("=") for pair in rest.strip(WHITE).split(separator)]
    marks = _PROPERTY if escapes is _DATA else escapes
    properties = {key: _plain(value, marks) for key, _, value in pairs if key and value}
    return Command(name.lower(), properties, _plain(data, escapes))


_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
_OLD = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%"))


def _plain(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    for code, char in escapes:
        text = text.replace(code, char)
    return text
