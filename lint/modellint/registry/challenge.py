"""Parse the `WWW-Authenticate` header, in which a registry says how to authenticate (RFC 9110, 11.6.1)."""

from __future__ import annotations

_LONGEST = 8192
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BARE = _TOKEN | frozenset("/:?=@")  # some servers leave the quotation marks of a URL out


class Challenge:
    """A scheme (`basic`, `bearer`) and its parameters, both named in lower case."""

    __slots__ = ("parameters", "scheme")

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.parameters: dict[str, str] = {}


def parse(header: str) -> list[Challenge]:
    """The challenges of a header, as far as it can be read. Of a parameter that is given twice the first counts."""
    found: list[Challenge] = []
    if len(header) > _LONGEST:
        return found
    at = 0
    while True:
        at = _skip(header, at, " \t,")
        word, at = _take(header, at, _TOKEN)
        if not word:
            return found
        after = _skip(header, at, " \t")
        if header[after : after + 1] != "=":
            found.append(Challenge(word.lower()))
            continue
        value, at = _value(header, _skip(header, after + 1, " \t"))
        if value is None:
            return found
        if found:
            found[-1].parameters.setdefault(word.lower(), value)


def choose(header: str) -> Challenge | None:
    """The challenge to answer: a token where the registry gives out any, else a password."""
    found = {each.scheme: each for each in reversed(parse(header))}
    return found.get("bearer") or found.get("basic")


def _value(text: str, at: int) -> tuple[str | None, int]:
    """A value with or without quotation marks, and where it ends; None where a quotation mark is missing."""
    if text[at : at + 1] != '"':
        return _take(text, at, _BARE)
    parts: list[str] = []
    at += 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\":
            at += 1
        parts.append(text[at : at + 1])
        at += 1
    return ("".join(parts), at + 1) if at < len(text) else (None, at)


def _skip(text: str, at: int, what: str) -> int:
    while at < len(text) and text[at] in what:
        at += 1
    return at


def _take(text: str, at: int, what: frozenset[str]) -> tuple[str, int]:
    end = at
    while end < len(text) and text[end] in what:
        end += 1
    return text[at:end], end
