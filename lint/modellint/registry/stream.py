"""Blobs of gigabytes: handed on as they come, through the same checks as every other answer.

What is different is what becomes of a body: it goes to a `Sink` instead of into memory. Hosts, addresses, TLS, log-in,
redirects and second tries are those of `transport` and `client`. And time: a blob may take hours, as long as something
comes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from modellint.registry.client import Client
from modellint.registry.deadline import Deadline
from modellint.registry.failure import Failure, of_status
from modellint.registry.transport import Consumer
from modellint.text.sizes import binary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests


STALL = 30.0  # seconds in which `_ENOUGH` bytes have to come
_ENOUGH = 1 << 20
_PART = 1 << 18  # bytes that are handed on at a time
_LONGEST = 19  # digits of a number in a header


class Interrupted(Failure):
    """A body ended, or nothing came any more, before it was complete. What came is good to go on from."""


class NoRange(Failure):
    """The registry does not go on where it was asked to."""


class Patience(Deadline):
    """The time for a blob: so long without progress, and an end whatever comes."""

    __slots__ = ("_came", "_until")

    def __init__(self, stall: float, until: float = float("inf")) -> None:
        super().__init__(stall)
        self._until = until  # of the monotonic clock
        self.renew()

    @property
    def used_up(self) -> bool:
        """Whether a new connection cannot help."""
        return self.closed or time.monotonic() >= self._until

    def renew(self) -> None:
        """Start the time without progress anew."""
        self._came = 0
        self._end = min(time.monotonic() + self.seconds, self._until)

    def came(self, count: int) -> None:
        """Note progress. Single bytes are none: a server that sends one each second would keep us for ever."""
        self._came += count
        if self._came >= _ENOUGH:
            self.renew()

    def over(self) -> Failure:
        """What is said when it is used up."""
        if self.used_up:
            return Failure("timeout", "the download timed out")
        return Failure("timeout", f"the registry sent almost no data for {self.seconds:g} seconds", down=True)


class Sink(Consumer):
    """Where what is left of a blob of a size goes.

    `begin` is called with the place of the first byte that comes, which is `start`, or 0 where the registry cannot
    begin elsewhere; `take` with all that comes.
    """

    def __init__(
        self,
        size: int,
        start: int,
        begin: Callable[[int], object],
        take: Callable[[bytes], object],
        patience: Patience,
    ) -> None:
        self.size = size
        self.start = start
        self.begin = begin
        self.take = take
        self.patience = patience

    def take_all(self, response: requests.Response) -> None:
        """Take a body; raises `Failure`."""
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity"):
            raise Failure("encoding", "the registry sent a compressed response that was not requested")
        offset = self._offset(response)
        self._judge_length(response, self.size - offset)
        self.begin(offset)
        left = self.size - offset
        parts = response.raw.stream(_PART, decode_content=False)
        while part := self._next(parts, left):
            if len(part) > left:
                raise self._too_much()
            left -= len(part)
            self.patience.came(len(part))
            self.take(part)
        if left:
            raise Interrupted("network", "the registry closed the connection in the middle of a file", down=True)

    def _offset(self, response: requests.Response) -> int:
        """Where in the blob a body begins."""
        if response.status_code == 200:
            return 0
        start, total = _content_range(response.headers.get("Content-Range", ""))
        if start != self.start or total not in (self.size, -1):
            raise NoRange("http", "the registry sent the wrong part of a file")
        return start

    def _judge_length(self, response: requests.Response, left: int) -> None:
        length = _number(response.headers.get("Content-Length", ""))
        if length > left:
            raise self._too_much()
        if 0 <= length < left and response.status_code == 200:  # a range may be answered with less
            words = f"the file in the registry differs in size from the manifest ({binary(self.size)})"
            raise Failure("digest-mismatch", words)

    def _next(self, parts: Iterator[bytes], left: int) -> bytes:
        """The next part; empty at the end, also at a bad one where nothing is missing."""
        try:
            return next(parts, b"")
        except Exception as problem:  # of the libraries, or a `Failure` of our own reader of the connection
            if self.patience.used_up:
                raise self.patience.over() from None
            if not left:
                return b""
            reason = problem.reason if isinstance(problem, Failure) else ""
            code = problem.code if isinstance(problem, Failure) else "network"
            words = reason or "the registry closed the connection in the middle of a file"
            raise Interrupted(code, words, down=True) from None

    def _too_much(self) -> Failure:
        return Failure("too-big", f"the registry sent more data than the manifest says ({binary(self.size)})")


class Blobs(Client):
    """The client of one repository, which can also hand on blobs."""

    def pour(self, digest: str, sink: Sink) -> None:
        """Let a blob flow into a sink; raises `Failure`, of which `Interrupted` and `NoRange` are worth a new try."""
        sink.patience.renew()
        headers = {"Range": f"bytes={sink.start}-"} if sink.start else {}
        reply = self._ask("GET", f"blobs/{digest}", headers, sink.patience, sink)
        if reply.status == 416:
            raise NoRange("http", "the registry does not have the requested part of the file")
        if reply.status not in (200, 206):
            raise of_status(reply.status, self._origin.registry)


def _content_range(text: str) -> tuple[int, int]:
    """Start and whole size of `bytes START-END/SIZE`; -1 for what it does not say."""
    unit, _, rest = text.strip().partition(" ")
    span, _, total = rest.partition("/")
    if unit.lower() != "bytes":
        return -1, -1
    known = _number(total)
    return _number(span.partition("-")[0]), known if known >= 0 or total.strip() == "*" else -2


def _number(text: str) -> int:
    """The number that a header holds; -1 where it holds none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST else -1
