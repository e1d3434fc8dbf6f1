"""`.env` and `env_file` files as Docker Compose reads them (compose-go, `dotenv`); checked against Compose 5.6.1."""

from __future__ import annotations

from modellint.compose.interpolate import InvalidTemplate, MissingVariable, substitute
from modellint.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SPACE = " \t\v\f\r\x85\xa0"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class Entry:
    """One variable of an env file. `value` is None where the name stands alone and the shell has no value for it."""

    __slots__ = ("name", "span", "value")

    def __init__(self, name: str, span: Span, value: str | None) -> None:
        self.name = name
        self.span = span  # of the name
        self.value = value


class DotenvError(ValueError):
    """An env file that Compose refuses."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(message)
        self.span = span


def read_dotenv(source: Source, shell: Mapping[str, str], wins: bool = True) -> list[Entry]:
    """The entries of an env file, in order. Raises `DotenvError` at the first line that Compose refuses.

    `shell` are the variables that the file's own text may refer to; where `wins`, they also replace its values, as
    they do for `.env`.
    """
    text = source.text
    entries: list[Entry] = []
    known: dict[str, str] = {}
    at = 0
    while True:
        while at < len(text) and (text[at] in _SPACE or text[at] == "\n"):
            at += 1
        if at >= len(text):
            return entries
        if text[at] == "#":
            at = _line_end(text, at)
            continue
        name, span, at, alone = _name(source, at)
        if alone:
            value = shell.get(name)
        else:
            value, at = _value(source, at, {**shell, **known} if known else shell)
            if wins and name in shell:
                value = shell[name]
        entries.append(Entry(name, span, value))
        if value is not None:
            known[name] = value


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
            message = f"`{character}` cannot stand in the name of a variable"
            raise DotenvError(Span(source, end, end + 1), message)
        end += 1
    name = text[at:end].strip(_SPACE)
    span = Span(source, at, at + len(name))
    if " " in name:
        raise DotenvError(span, "the name of a variable cannot contain a space")
    alone = end >= len(text) or text[end] == "\n"
    end += 1
    while not alone and end < len(text) and text[end] in _SPACE:
        end += 1
    return name, span, min(end, len(text)), alone


def _value(source: Source, at: int, known: Mapping[str, str]) -> tuple[str, int]:
    text = source.text
    quote = text[at : at + 1]
    if quote and quote in "'\"":
        end = at + 1
        while end < len(text) and not (text[end] == quote and text[end - 1] != "\\"):
            end += 1
        if end >= len(text):
            raise DotenvError(Span(source, at, _line_end(text, at)), "this quote is never closed")
        body = text[at + 1 : end]
        return (_expand(source, at, _unescape(body), known) if quote == '"' else body), end + 1
    end = _line_end(text, at)
    raw = text[at:end]
    comment = next((k for k, c in enumerate(raw) if c == "#" and (k == 0 or raw[k - 1] in _SPACE)), len(raw))
    return _expand(source, at, raw[:comment].strip(_SPACE), known), end


def _expand(source: Source, at: int, value: str, known: Mapping[str, str]) -> str:
    if "$" not in value:
        return value
    try:
        return substitute(value, known)
    except (InvalidTemplate, MissingVariable) as error:
        message = f"{error.args[0]}" if isinstance(error, MissingVariable) else "this `${` is not well formed"
        raise DotenvError(Span(source, at, _line_end(source.text, at)), message) from None


def _unescape(body: str) -> str:
    """Backslash escapes of a double-quoted value; an escaped `$` stays one, as a `$$` that is substituted later."""
    if "\\" not in body:
        return body
    out: list[str] = []
    at = 0
    while at < len(body):
        if body[at] == "\\" and at + 1 < len(body):
            follows = body[at + 1]
            out.append("$$" if follows == "$" else _ESCAPES.get(follows, follows))
            at += 2
        else:
            out.append(body[at])
            at += 1
    return "".join(out)
