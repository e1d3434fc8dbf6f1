"""One client: what it sends, read up to a size and a moment, and how it is answered."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, cast

from modellint.smoke.isolation.http_request import RefusalError, expect_body

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from modellint.smoke.isolation.http_request import RequestHead

JSON = "application/json"
EVENTS = "text/event-stream"
_WORDS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 411: "Length Required", 413: "Content Too Large", 414: "URI Too Long",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip
_LINGER_SECONDS = 0.5
_LINGER_BYTES = 1 << 18


class CutOffError(Exception):
    """An answer has been sent in part, and the rest will not come."""


class HttpAnswer(NamedTuple):
    """A response."""

    status: int
    body: bytes | bytearray
    kind: str = JSON


class Memory:
    """What all clients together may hold."""

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._left = most

    def take(self, count: int) -> None:
        """Take some of it; less than nothing gives some back. Raises `RefusalError`."""
        with self._lock:
            if count > self._left:
                raise RefusalError(503, "too many requests at the same time")
            self._left -= count


class Share:
    """What one client holds of it."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._held = 0

    def hold(self, count: int) -> None:
        """Hold so much more, or less. Raises `RefusalError`."""
        self._memory.take(count)
        self._held += count

    def drop(self) -> None:
        """Hold nothing any more."""
        self.hold(-self._held)

    def __enter__(self) -> Share:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()


class ClientConnection:
    """A connection, and what is known of who asks, and for what.

    `left` says that the client has gone, `cut` that it was cut off from here. `send_seconds` is the time of an answer,
    or of each part of one that is passed on as it comes.
    """

    __slots__ = (
        "_runner", "client", "connection", "cut", "left", "model", "path", "send_seconds", "share", "version",
    )  # fmt: skip

    def __init__(self, connection: socket.socket, address: object, memory: Memory, send_seconds: float) -> None:
        self.connection = connection
        self.client = _host(address)
        self.share = Share(memory)
        self.send_seconds = send_seconds
        self.cut = self.left = False
        self.model = self.path = self.version = ""
        self._runner: socket.socket | None = None

    def cut_off(self) -> None:
        """Cut the client off, and the runner that it waits for."""
        self.cut = True
        shut(self.connection)
        if self._runner is not None:
            shut(self._runner)

    @contextlib.contextmanager
    def waiting_for(self, runner: socket.socket) -> Generator[None]:
        """Have the connection to a runner cut off with this one."""
        self._runner = runner
        try:
            if self.cut:  # if that comes later, `cut_off` sees the runner
                raise ConnectionAbortedError
            yield
        finally:
            self._runner = None

    def send(self, answer: HttpAnswer) -> None:
        """Send an answer whole."""
        lines = [f"Content-Length: {len(answer.body)}"]
        if answer.status == 401:
            lines.append("WWW-Authenticate: Bearer")
        self.connection.settimeout(self.send_seconds)  # of each `sendall` as a whole
        self.connection.sendall(_head(answer.status, answer.kind, *lines))
        self.connection.sendall(answer.body)

    def linger(self) -> None:
        """Read a little of what was not asked for: to close a connection with unread bytes takes the answer away."""
        self.connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _LINGER_SECONDS
        left = _LINGER_BYTES
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            self.connection.settimeout(seconds)
            part = self.connection.recv(1 << 14)
            if not part:
                return
            left -= len(part)


class Incoming:
    """What a client sends, read up to a size and a moment."""

    def __init__(self, visit: ClientConnection) -> None:
        self._visit = visit
        self._data = bytearray()

    def head(self, most: int, seconds: float) -> bytes:
        """The request line and the headers. Raises `RefusalError`, and `OSError` if they do not come."""
        deadline = time.monotonic() + seconds
        looked = 0
        while (end := self._data.find(b"\r\n\r\n", looked)) < 0:
            looked = max(0, len(self._data) - 3)
            if len(self._data) > most:
                break
            self._receive(deadline)
        if not 0 <= end <= most:
            raise RefusalError(431, f"the headers exceed the limit of {most} bytes")
        head = bytes(self._data[:end])
        del self._data[: end + 4]
        return head

    def body(self, head: RequestHead, most: int, seconds: float) -> bytearray:
        """The body; what comes behind it is not looked at. Raises as `head` does."""
        body = expect_body(head, most)
        deadline = time.monotonic() + seconds
        if head.headers.get("expect", "").lower() == "100-continue":
            self._visit.connection.settimeout(self._visit.send_seconds)
            self._visit.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while True:
            self._visit.share.hold(len(self._data))
            body.feed(self._data)
            if body.whole:
                return body.data
            self._data = bytearray()
            self._receive(deadline)

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._visit.connection.settimeout(left)
        part = self._visit.connection.recv(1 << 16)
        if not part:
            raise ConnectionResetError
        self._data += part


class Stream:
    """An answer that is sent as it comes: in chunks, so that a client can see whether it was all."""

    def __init__(self, visit: ClientConnection) -> None:
        self.status = 200
        self._visit = visit
        self._connection = visit.connection
        self._chunked = visit.version != "HTTP/1.0"

    def pass_on(self, parts: Iterable[bytes]) -> None:
        """Send all but the end; `status` becomes 502 if `parts` raises `RefusalError`, or the client takes no more."""
        try:
            self._begin()
            for part in parts:
                self._connection.sendall(b"%x\r\n%b\r\n" % (len(part), part) if self._chunked else part)
        except RefusalError:
            self.status = 502
            self._break_off()
        except OSError:
            self.status = 502
            self._visit.left = True
            self._break_off()

    def end(self) -> None:
        """Say that this was all. Raises `CutOffError` if it was not."""
        if self.status != 200:
            raise CutOffError
        if self._chunked:
            with contextlib.suppress(OSError):
                self._connection.sendall(b"0\r\n\r\n")

    def _begin(self) -> None:
        set_no_delay(self._connection)
        self._connection.settimeout(self._visit.send_seconds)
        how = ("Transfer-Encoding: chunked",) if self._chunked else ()
        self._connection.sendall(_head(200, EVENTS, "Cache-Control: no-cache", *how))

    def _break_off(self) -> None:
        """Where there is no end to leave out, have the connection reset when it is closed."""
        if not self._chunked:
            with contextlib.suppress(OSError):
                self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def document(content: object, status: int = 200) -> HttpAnswer:
    """An answer in JSON."""
    return HttpAnswer(status, json.dumps(content).encode())


def refusal(status: int, words: str) -> HttpAnswer:
    """An error, told in JSON."""
    return document({"error": {"code": status, "message": words}}, status)


def shut(connection: socket.socket) -> None:
    """Shut a connection down, which wakes who waits for it; to close it does not."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def set_no_delay(connection: socket.socket) -> None:
    """Have small parts sent at once."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _host(address: object) -> str:
    """The host of a client; an IPv4 one as such, also where the socket has IPv6."""
    host = cast("tuple[object, ...]", address)[0] if isinstance(address, tuple) else ""
    return str(host).removeprefix("::ffff:")


def _head(status: int, kind: str, *lines: str) -> bytes:
    first = f"HTTP/1.1 {status} {_WORDS.get(status, 'Answer')}"
    return "\r\n".join((first, f"Content-Type: {kind}", *lines, "Connection: close", "", "")).encode()
