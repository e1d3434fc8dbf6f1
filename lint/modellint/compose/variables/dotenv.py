"""`.env` and `env_file` files as Docker Compose reads them (compose-go, `dotenv`); checked against Compose 5.6.1."""

from __future__ import annotations

import os

from modellint.compose.variables.interpolate import InvalidTemplate, MissingVariable, substitute
from modellint.text.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 4 << 20  # characters of all values of a file; `A=$B$B` doubles with every line
MAX_SETTINGS = 200_000  # variables that the env files of a project set, for all services together
_SHORT = 4  # characters of a file that count as a variable when it is read again
_SPACE = " \t\v\f\r\x85\xa0"
_ESCAPES = {
    "n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", '"': '"', "\\": "\\", "$": "$$",
}  # fmt: skip


class Entry:
    """One variable of an env file. `value` is None where the name stands alone and the shell has no value for it."""

    __slots__ = ("name", "span", "value", "written")

    def __init__(self, name: str, span: Span, value: str | None, written: Span | None = None) -> None:
        self.name = name
        self.span = span  # of the name
        self.value = value
        self.written = written  # what stands behind the `=`, without its quotes


class DotenvError(ValueError):
    """An env file that Compose refuses."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(message)
        self.span = span


class TooManyVariables(Exception):
    """The env files of a project set more variables than a reader should hold."""


class VariableBudget:
    """How many variables may still be read."""

    __slots__ = ("_left", "_read")

    def __init__(self) -> None:
        self._left = MAX_SETTINGS
        self._read: set[str] = set()

    def read(self, path: str, size: int) -> None:
        """Count the characters of a file that was read before. Raises `TooManyVariables` where there is no room."""
        path = os.path.realpath(path)
        if path in self._read:
            self.take(size // _SHORT)
        self._read.add(path)

    def take(self, variables: int) -> None:
        """Count variables. Raises `TooManyVariables` for more than there is room for."""
        self._left -= variables
        if self._left < 0:
            raise TooManyVariables


def read_dotenv(
    source: Source, shell: Mapping[str, str], wins: bool = True, earlier: Mapping[str, str] | None = None
) -> list[Entry]:
    """The entries of an env file, in order. Raises `DotenvError` at the first line that Compose refuses.

    The file's text may refer to the variables of `shell`, which come first, to its own and to those of `earlier` env
    files. Where `wins`, the shell's also replace its values, as they do for `.env`.
    """
    text = source.text
    entries: list[Entry] = []
    known = {**(earlier or {}), **shell}
    at = size = 0
    while True:
        while at < len(text) and (text[at] in _SPACE or text[at] == "\n"):
            at += 1
        if at >= len(text):
            return entries
        if text[at] == "#":
            at = _line_end(text, at)
            continue
        name, span, at, alone = _name(source, at)
        if alone and at >= len(text):
            if not name:
                raise DotenvError(Span(source, max(at - 1, 0), at), "there is no name after this `export`")
            # Compose takes what ends with the file, without a line break, for the value of a variable without a name.
            entries.append(Entry("", span, name))
            return entries
        if alone and not name:
            continue
        if " " in name:
            raise DotenvError(span, "a variable name cannot contain a space; write `NAME=value`")
        written: Span | None = None
        if alone:
            value = known.get(name)
        else:
            value, written, at = _value(source, at, known)
            if wins and name in shell:
                value = shell[name]
        entries.append(Entry(name, span, value, written))
        if value is not None and name not in shell:
            known[name] = value
        size += len(value or "")
        if size > _LARGEST:
            raise DotenvError(span, "the variables in this file expand to too much text")


def read_raw(source: Source, shell: Mapping[str, str]) -> list[Entry]:
    """The entries of an env file with `format: raw`: a value is the rest of its line, as it stands."""
    entries: list[Entry] = []
    end = -1
    while end < len(source.text):
        start = end + 1
        end = _line_end(source.text, start)
        line = source.text[start:end].rstrip("\r")
        body = line.lstrip()
        if not body or body.startswith("#"):
            continue
        name, equals, value = body.partition("=")
        begin = start + len(line) - len(body)
        span = Span(source, begin, begin + len(name))
        if not name:
            raise DotenvError(Span(source, begin, begin + 1), "there is no name before this `=`")
        if name.split() != [name]:
            raise DotenvError(span, "a variable name cannot contain a space; write `NAME=value`")
        entries.append(Entry(name, span, value if equals else shell.get(name)))
    return entries


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _name(source: Source, at: int) -> tuple[str, Span, int, bool]:
    """Name, its span, where the value begins, and whether the name stands alone on its line."""
    text = source.text
    if text.startswith("export", at) and text[at + 6 : at + 7] in _SPACE and text[at + 6 : at + 7]:
        at += 6
        while at < len(text) and text[at] in _SPACE:
            at += 1
    end = at
    while end < len(text) and text[end] not in "=:\n":
        character = text[end]
        if not (character.isalnum() or character in "_.-[]" or character in _SPACE):
            message = f"a variable name cannot contain `{character}`; write `NAME=value`"
            raise DotenvError(Span(source, end, end + 1), message)
        end += 1
    name = text[at:end].strip(_SPACE)
    span = Span(source, at, at + len(name))
    alone = end >= len(text) or text[end] == "\n"
    if alone:
        return name, span, end, True
    end += 1
    while end < len(text) and text[end] in _SPACE:
        end += 1
    return name, span, end, False


def _value(source: Source, at: int, known: Mapping[str, str]) -> tuple[str, Span, int]:
    """The value that begins at an offset, what is written as it, and where it ends."""
    text = source.text
    quote = text[at : at + 1]
    if quote and quote in "'\"":
        end = at + 1
        while end < len(text) and text[end] != quote:
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            raise DotenvError(
                Span(source, at, _line_end(text, at)), "this quote is never closed; close it where the text ends"
            )
        body = text[at + 1 : end]
        written = Span(source, at + 1, end)
        if quote == "'":
            return body.replace("\\'", "'"), written, end + 1
        return _expand(source, at, _unescape(body), known), written, end + 1
    end = _line_end(text, at)
    raw = text[at:end]
    raw = raw.partition(" #")[0]
    value = raw.strip(_SPACE)  # nothing precedes it: `_name` has passed over the blanks
    return _expand(source, at, value, known), Span(source, at, at + len(value)), end


def _expand(source: Source, at: int, value: str, known: Mapping[str, str]) -> str:
    if "$" not in value:
        return value
    try:
        return substitute(value, known)
    except (InvalidTemplate, MissingVariable) as error:
        message = "this `${` is malformed; write `$$` for a literal `$`"
        if isinstance(error, MissingVariable):
            message = f"`{error.variable.name}` is required here but has no value; set it in the shell"
        raise DotenvError(Span(source, at, _line_end(source.text, at)), message) from None


def _unescape(body: str) -> str:
    """Backslash escapes of a double-quoted value; an escaped `$` becomes the `$$` that substitution makes one of."""
    if "\\" not in body:
        return body
    out: list[str] = []
    at = 0
    while at < len(body):
        if body[at] == "\\" and at + 1 < len(body):
            follows = body[at + 1]
            if follows == "0":
                digits = _digits(body, at + 2)
                out.append(chr(int(digits, 8)) if _is_octal(digits) else f"\\{digits}")
                at += len(digits)
            else:
                out.append(_ESCAPES.get(follows, "\\" + follows))
            at += 2
        else:
            out.append(body[at])
            at += 1
    return "".join(out)


def _digits(body: str, at: int) -> str:
    """At most three digits that stand at an offset."""
    end = at
    while end < min(at + 3, len(body)) and body[end] in "0123456789":
        end += 1
    return body[at:end]


def _is_octal(digits: str) -> bool:
    """Whether three digits name a character in an escape of Go."""
    return len(digits) == 3 and not digits.strip("01234567") and digits <= "377"
