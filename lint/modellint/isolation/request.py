"""An HTTP request taken apart, strictly: what two servers could read in two ways is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from modellint.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ONCE = frozenset(("content-length", "transfer-encoding", "authorization", "host", "content-type", "expect"))
_MOST_HEADERS = 64
_LONGEST_PATH = 4096
_LONGEST_REFERENCE = 512
_LONGEST_LENGTH = 12
_FORWARDED = (("chat", "completions"), ("completions",), ("embeddings",))


class RefusalError(Exception):
    """A request that is answered with an error: its status, and words for the client."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Head(NamedTuple):
    """Request line and headers; the names of headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]


class Call(NamedTuple):
    """What a request asks for: `list` of the models, one `model`, or something to `forward` to `path`."""

    kind: str
    path: str = ""
    reference: str = ""


def parse_head(data: bytes) -> Head:
    """Take apart what stands before the empty line. Raises `RefusalError`."""
    first, *lines = data.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or not _TOKEN.issuperset(words[0]) or not words[0]:
        raise RefusalError(400, "this is no HTTP/1.1 request line")
    if len(words[1]) > _LONGEST_PATH:
        raise RefusalError(414, "the path is too long")
    if not words[1].startswith("/") or not all("!" <= letter <= "~" for letter in words[1]):
        raise RefusalError(400, "the path must begin with / and have printable ASCII characters only")
    if len(lines) > _MOST_HEADERS:
        raise RefusalError(431, "there are too many headers")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or not _TOKEN.issuperset(name):
            raise RefusalError(400, "a header has no valid name")
        if any((letter < " " and letter != "\t") or letter == "\x7f" for letter in value):
            raise RefusalError(400, "a header has control characters")
        name = name.lower()
        if name in headers and name in _ONCE:
            raise RefusalError(400, "a header stands there twice")
        headers[name] = value.strip(" \t")
    return Head(words[0], words[1], headers)


def body_length(headers: Mapping[str, str], most: int) -> int:
    """How long the body is. Raises `RefusalError`, also for a body whose length comes in parts."""
    if "transfer-encoding" in headers:
        raise RefusalError(411, "a Content-Length is needed, and no Transfer-Encoding is taken")
    text = headers.get("content-length")
    if text is None:
        raise RefusalError(411, "a Content-Length is needed")
    if not text.isascii() or not text.isdigit():
        raise RefusalError(400, "the Content-Length is no number")
    if len(text) > _LONGEST_LENGTH or int(text) > most:
        raise RefusalError(413, f"a body may have {most} bytes")
    return int(text)


def route(method: str, target: str) -> Call:
    """What is asked for. Raises `RefusalError` with 404, or 405 where only the method is wrong."""
    parts = [part for part in target.partition("?")[0].split("/") if part]  # as Docker Model Runner: `//` counts once
    if any(piece in (".", "..") for part in parts for piece in unquote(part).split("/")):
        raise RefusalError(404, "there is nothing at this path")
    if parts[:1] == ["engines"]:
        parts = parts[1:]
    version, rest = parts[:1], tuple(parts[1:])
    if version == ["v1"] and rest in _FORWARDED:
        _demand(method, "POST")
        return Call("forward", "/v1/" + "/".join(rest))
    if version == ["v1"] and rest[:1] == ("models",):
        _demand(method, "GET")
        return Call("model", reference=unquote("/".join(rest[1:]))) if rest[1:] else Call("list")
    raise RefusalError(404, "there is nothing at this path")


def _demand(method: str, wanted: str) -> None:
    if method != wanted:
        raise RefusalError(405, f"this path takes {wanted} only")


def parse_body(data: bytes) -> tuple[str, bytes]:
    """The model that a body asks for, and the body written anew: no key twice, no NaN. Raises `RefusalError`."""
    try:
        document: object = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RefusalError(400, "the body is no JSON document") from None
    if not isinstance(document, dict):
        raise RefusalError(400, "the body is no JSON object")
    model: object = document.get("model")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if not isinstance(model, str):
        raise RefusalError(400, "the body names no `model`")
    try:
        return model, json.dumps(document, allow_nan=False).encode()
    except (ValueError, RecursionError):  # 1e999 is read as a number that JSON cannot write
        raise RefusalError(400, "the body is no JSON document") from None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def canonical(text: str) -> str:
    """One spelling for all references that Docker Model Runner takes for the same; empty for an invalid one."""
    if len(text) > _LONGEST_REFERENCE:
        return ""
    ref = Reference(text)
    if ref.kind == "invalid":
        return ""
    return ref.normal if ref.kind == "local" else ref.request
