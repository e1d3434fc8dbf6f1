"""An HTTP request taken apart, strictly: what two servers could read in two ways is refused."""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import unquote

from modellint.oci.model_reference import Reference

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEX = frozenset(b"0123456789abcdefABCDEF")
_ONCE = frozenset(("content-length", "transfer-encoding", "authorization", "host", "content-type", "expect"))
_MOST_HEADERS = 64
_LONGEST_PATH = 4096
_LONGEST_REFERENCE = 512
_LONGEST_LENGTH = 12
_LONGEST_SIZE = 8  # hexadecimal digits of a chunk's size
_MOST_CHUNKS = 1 << 16  # each costs time, however small it is
_MOST_VALUES = 1 << 20  # each costs memory, many times its own size
_BACKEND = "llama.cpp"
EMBEDDINGS = "/v1/embeddings"
# What a model does, as far as llama-server answers it (its tools/server/server.cpp): so `/score` is missing. So is
# `/v1/rerank`, which Docker Model Runner answers with 404: it reads `v1` as the name of a backend.
_FORWARDED = frozenset((
    "/v1/chat/completions", "/v1/completions", EMBEDDINGS, "/v1/responses", "/v1/messages",
    "/v1/messages/count_tokens", "/rerank",
))  # fmt: skip


class RefusalError(Exception):
    """A request that is answered with an error: its status, and words for the client."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class RequestHead(NamedTuple):
    """Request line and headers; the names of headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    version: str = "HTTP/1.1"


class ModelCall(NamedTuple):
    """What a request asks for: `list` of the models, one `model`, or something to `forward` to `path`."""

    kind: str
    path: str = ""
    reference: str = ""


def parse_head(data: bytes) -> RequestHead:
    """Take apart what stands before the empty line. Raises `RefusalError`."""
    first, *lines = data.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or not _TOKEN.issuperset(words[0]) or not words[0]:
        raise RefusalError(400, "the request line is not valid HTTP/1.1")
    if len(words[1]) > _LONGEST_PATH:
        raise RefusalError(414, "the path is too long")
    if not words[1].startswith("/") or not all("!" <= letter <= "~" for letter in words[1]):
        raise RefusalError(400, "the path must start with / and contain only printable ASCII characters")
    if len(lines) > _MOST_HEADERS:
        raise RefusalError(431, "there are too many headers")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or not _TOKEN.issuperset(name):
            raise RefusalError(400, "a header has an invalid name")
        if any((letter < " " and letter != "\t") or letter == "\x7f" for letter in value):
            raise RefusalError(400, "a header contains control characters")
        name = name.lower()
        if name in headers and name in _ONCE:
            raise RefusalError(400, "a header appears twice")
        headers[name] = value.strip(" \t")
    return RequestHead(words[0], words[1], headers, words[2])


def expect_body(head: RequestHead, most: int) -> SizedBody | ChunkedBody:
    """What is to be fed with the bytes behind the head, until it is whole. Raises `RefusalError`."""
    coding, length = head.headers.get("transfer-encoding"), head.headers.get("content-length")
    if coding is not None:
        if length is not None or coding.lower() != "chunked" or head.version != "HTTP/1.1":
            raise RefusalError(400, "Transfer-Encoding must be `chunked`, without Content-Length, in HTTP/1.1")
        return ChunkedBody(most)
    if length is None:
        raise RefusalError(411, "Content-Length or a chunked body is required")
    if not length.isascii() or not length.isdigit():
        raise RefusalError(400, "Content-Length is not a number")
    if len(length) > _LONGEST_LENGTH or int(length) > most:
        raise RefusalError(413, f"the body exceeds the limit of {most} bytes")
    return SizedBody(int(length))


class SizedBody:
    """A body whose length is known before."""

    def __init__(self, length: int) -> None:
        self.data = bytearray()
        self._length = length

    @property
    def whole(self) -> bool:
        """Whether all of it has come."""
        return len(self.data) >= self._length

    def feed(self, part: bytes | bytearray) -> None:
        """Take what has come. What comes behind the body is not looked at."""
        self.data += part[: self._length - len(self.data)]


class ChunkedBody:
    """A body in chunks, without extensions and trailers: nobody needs them, and servers read them in different ways."""

    def __init__(self, most: int) -> None:
        self.data = bytearray()
        self.whole = False
        self._most = most
        self._waiting = bytearray()
        self._chunks = 0
        self._left = 0  # bytes of this chunk
        self._behind = False  # whether a line break is due: behind a chunk, or as the empty line behind the last
        self._last = False

    def feed(self, part: bytes | bytearray) -> None:
        """Take what has come. Raises `RefusalError`."""
        self._waiting += part
        while not self.whole and self._step():
            pass

    def _step(self) -> bool:
        if self._left:
            return self._read_data()
        if self._behind:
            return self._read_break()
        return self._read_size()

    def _read_size(self) -> bool:
        end = self._waiting.find(b"\r\n", 0, _LONGEST_SIZE + 2)
        digits = self._waiting[:end]  # if there is no end yet, the last byte may be its first half
        if end == 0 or len(digits) > _LONGEST_SIZE or not _HEX.issuperset(digits):
            raise RefusalError(400, "a chunk size is not a hexadecimal number with nothing after it")
        if end < 0:
            return False
        self._left = int(digits, 16)
        self._chunks += 1
        if len(self.data) + self._left > self._most or self._chunks > _MOST_CHUNKS:
            raise RefusalError(413, f"the body exceeds the limit of {self._most} bytes or {_MOST_CHUNKS} chunks")
        self._last = not self._left
        self._behind = True
        del self._waiting[: end + 2]
        return True

    def _read_data(self) -> bool:
        part = self._waiting[: self._left]
        self.data += part
        self._left -= len(part)
        del self._waiting[: len(part)]
        return bool(part)

    def _read_break(self) -> bool:
        if not b"\r\n".startswith(self._waiting[:2]):
            raise RefusalError(400, "a chunk does not end where it should, or trailers follow it")
        if len(self._waiting) < 2:
            return False
        del self._waiting[:2]
        self._behind = False
        self.whole = self._last
        return True


def route(method: str, target: str) -> ModelCall:
    """What is asked for. Raises `RefusalError` with 404, or 405 where only the method is wrong.

    As in Docker Model Runner, `/engines` may stand before it, and then a backend, of which llama.cpp is here.
    """
    parts = [part for part in target.partition("?")[0].split("/") if part]  # as Docker Model Runner: `//` counts once
    if any(piece in (".", "..") for part in parts for piece in unquote(part).split("/")):
        raise RefusalError(404, "nothing exists at this path")
    if parts[:1] == ["engines"]:
        parts = parts[2:] if parts[1:2] == [_BACKEND] else parts[1:]
    path = "/" + "/".join(parts)
    if path in _FORWARDED:
        _demand(method, "POST")
        return ModelCall("forward", path)
    if parts[:2] == ["v1", "models"]:
        _demand(method, "GET")
        return ModelCall("model", reference=unquote("/".join(parts[2:]))) if parts[2:] else ModelCall("list")
    raise RefusalError(404, "nothing exists at this path")


def _demand(method: str, wanted: str) -> None:
    if method != wanted:
        raise RefusalError(405, f"this path accepts only {wanted}")


def parse_body(data: bytes | bytearray) -> tuple[str, bytes]:
    """The model that a body asks for, and the body written anew: no key twice, no NaN. Raises `RefusalError`."""
    if sum(data.count(each) for each in b",[{") > _MOST_VALUES:  # a value needs one of them before it
        raise RefusalError(413, f"the body exceeds the limit of {_MOST_VALUES} values")
    try:
        document: object = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RefusalError(400, "the body is not JSON") from None
    if not isinstance(document, dict):
        raise RefusalError(400, "the body is not a JSON object")
    model: object = document.get("model")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if not isinstance(model, str):
        raise RefusalError(400, "the body has no `model`")
    try:
        return model, json.dumps(document, allow_nan=False).encode()
    except (ValueError, RecursionError):  # 1e999 is read as a number that JSON cannot write
        raise RefusalError(400, "the body is not JSON") from None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not valid JSON")


def canonical(text: str) -> str:
    """One spelling for all references that Docker Model Runner takes for the same; empty for an invalid one."""
    if len(text) > _LONGEST_REFERENCE:
        return ""
    ref = Reference(text)
    if ref.kind == "invalid":
        return ""
    return ref.normal if ref.kind == "local" else ref.request
