"""Serves a socket that listens in a service's namespace: the granted models, for who has the token, and nothing else.

Who asks is known by the socket: nobody else can reach it. A connection is one request. Everything about it is bounded:
its size, its time from the first byte to the last, and the number of connections; a client can only hurt itself.
"""

from __future__ import annotations

import contextlib
import hmac
import http.client
import json
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from modellint.isolation.request import RefusalError, body_length, canonical, parse_body, parse_head, route

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from typing import TypeAlias

    from modellint.isolation.request import Head

    Address: TypeAlias = "tuple[str, int]"

_WORDS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 411: "Length Required", 413: "Content Too Large", 414: "URI Too Long",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 502: "Bad Gateway",
}  # fmt: skip
_JSON = "application/json"
_LINGER_SECONDS = 0.5
_LINGER_BYTES = 1 << 18
_REMEMBERED = 1000


class Limits(NamedTuple):
    """What a client, and a runner, may take."""

    head_bytes: int = 16 << 10
    body_bytes: int = 1 << 20
    answer_bytes: int = 8 << 20
    head_seconds: float = 5.0
    body_seconds: float = 10.0
    runner_seconds: float = 60.0
    send_seconds: float = 10.0
    connections: int = 16


class Answer(NamedTuple):
    """A response."""

    status: int
    body: bytes
    kind: str = _JSON


class Served(NamedTuple):
    """A request that was answered; `model` is empty unless it went to a runner."""

    status: int
    path: str
    model: str


class Gateway:
    """Serves one listening socket, which it owns, until it is closed.

    `models` maps each granted reference, in any spelling, to the address of its runner.
    """

    def __init__(
        self, listener: socket.socket, token: str, models: Mapping[str, Address], limits: Limits | None = None
    ) -> None:
        self._listener = listener
        self._token = token.encode()
        self._models = {canonical(reference): address for reference, address in models.items()}
        self._models.pop("", None)  # what is no valid reference is no model, and nothing may be equal to it
        self._limits = limits or Limits()
        self._free = threading.BoundedSemaphore(self._limits.connections)
        self._parsing = threading.Lock()  # a document takes many times its size, so one at a time
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = False
        self.served: deque[Served] = deque(maxlen=_REMEMBERED)
        self._thread = threading.Thread(target=self._accept, name="modellint-gateway", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Stop, and cut every connection off."""
        with self._lock:
            self._closed = True
            still_open = list(self._open)
        for each in (self._listener, *still_open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # which wakes who waits for it; a close does not
        if self._thread.ident is not None:
            self._thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        self._listener.settimeout(None)
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if self._closed:
                    return
                time.sleep(0.01)  # too many files are open, or a client gave up: neither ends the service
                continue
            self._free.acquire()
            with self._lock:
                self._open.add(connection)
                closed = self._closed
            try:
                if closed:
                    raise RuntimeError("closed")
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
            except RuntimeError:  # no thread is to be had
                self._let_go(connection)

    def _let_go(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.close()
        self._free.release()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError):
                _send(connection, self._answer(connection), self._limits.send_seconds)
                _linger(connection)
        finally:
            self._let_go(connection)

    def _answer(self, connection: socket.socket) -> Answer:
        path = model = ""
        try:
            incoming = _Incoming(connection, self._limits)
            head = parse_head(incoming.head())
            path = head.target
            self._authorise(head)
            call = route(head.method, head.target)
            if call.kind == "list":
                answer = _document({"object": "list", "data": [_entry(each) for each in self._models]})
            elif call.kind == "model":
                answer = _document(_entry(self._granted(call.reference)))
            else:
                data = incoming.body(head)
                with self._parsing:
                    asked, body = parse_body(data)
                model = self._granted(asked)
                answer = self._ask_runner(self._models[model], call.path, body)
        except RefusalError as error:
            answer = _refusal(error.status, error.words)
        except TimeoutError:
            answer = _refusal(408, "the request came too slowly")
        except (RecursionError, MemoryError, ValueError):
            answer = _refusal(500, "the request cannot be handled")
        self.served.append(Served(answer.status, path, model))
        return answer

    def _authorise(self, head: Head) -> None:
        scheme, _, token = head.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode(), self._token)
        if not right or scheme.lower() != "bearer":
            raise RefusalError(401, "the token of this grant is needed")

    def _granted(self, text: str) -> str:
        reference = canonical(text)
        if reference not in self._models:
            raise RefusalError(403, "this model is not granted here")
        return reference

    def _ask_runner(self, address: Address, path: str, body: bytes) -> Answer:
        """What the runner says. Its refusals (4xx) are passed on; of its failures only that there was one is told."""
        lines = (
            f"POST {path} HTTP/1.1", f"Host: {address[0]}:{address[1]}", f"Content-Type: {_JSON}",
            f"Content-Length: {len(body)}", "Connection: close",
        )  # fmt: skip
        most, seconds = self._limits.answer_bytes, self._limits.runner_seconds
        try:
            with socket.create_connection(address, timeout=min(5.0, seconds)) as runner:
                runner.settimeout(seconds)
                with self._held(runner), _cut_off(runner, seconds):
                    runner.sendall("\r\n".join((*lines, "", "")).encode("latin-1") + body)
                    with contextlib.closing(http.client.HTTPResponse(runner, method="POST")) as response:
                        response.begin()
                        data = response.read(most + 1)
                        status, kind, missing = response.status, response.getheader("Content-Type", ""), response.length
        except (OSError, ValueError, http.client.HTTPException):
            raise RefusalError(502, "the runner of this model gave no answer") from None
        if len(data) > most:
            raise RefusalError(502, "the runner of this model answered too much")
        if missing or not (200 <= status < 300 or 400 <= status < 500):
            raise RefusalError(502, "the runner of this model failed")
        return Answer(status, data, _kind(kind))

    @contextlib.contextmanager
    def _held(self, connection: socket.socket) -> Generator[None]:
        """Have a connection cut off when the gateway is closed."""
        with self._lock:
            if self._closed:
                raise ConnectionAbortedError
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)


class _Incoming:
    """What a client sends, read up to a size and a moment."""

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._data = bytearray()

    def head(self) -> bytes:
        """The request line and the headers. Raises `RefusalError`, and `OSError` if they do not come."""
        deadline = time.monotonic() + self._limits.head_seconds
        looked = 0
        while (end := self._data.find(b"\r\n\r\n", looked)) < 0:
            looked = max(0, len(self._data) - 3)
            if len(self._data) > self._limits.head_bytes:
                break
            self._receive(deadline)
        if not 0 <= end <= self._limits.head_bytes:
            raise RefusalError(431, f"the headers may have {self._limits.head_bytes} bytes")
        head = bytes(self._data[:end])
        del self._data[: end + 4]
        return head

    def body(self, head: Head) -> bytes:
        """The body; what comes behind it is not looked at."""
        length = body_length(head.headers, self._limits.body_bytes)
        deadline = time.monotonic() + self._limits.body_seconds
        if head.headers.get("expect", "").lower() == "100-continue":
            self._connection.settimeout(self._limits.send_seconds)
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(self._data) < length:
            self._receive(deadline)
        return bytes(self._data[:length])

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        part = self._connection.recv(1 << 16)
        if not part:
            raise ConnectionResetError
        self._data += part


def _kind(given: str) -> str:
    """A type that is safe to repeat."""
    return next((kind for kind in (_JSON, "text/event-stream") if given.lower().startswith(kind)), "text/plain")


@contextlib.contextmanager
def _cut_off(connection: socket.socket, seconds: float) -> Generator[None]:
    """End a connection after a time, however many bytes trickle in: a socket's own time begins anew with each."""

    def cut() -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _entry(reference: str) -> dict[str, object]:
    return {"id": reference, "object": "model", "created": 0, "owned_by": "modellint"}


def _document(content: object) -> Answer:
    return Answer(200, json.dumps(content).encode())


def _refusal(status: int, words: str) -> Answer:
    return Answer(status, json.dumps({"error": {"code": status, "message": words}}).encode())


def _send(connection: socket.socket, answer: Answer, seconds: float) -> None:
    lines = [
        f"HTTP/1.1 {answer.status} {_WORDS.get(answer.status, 'Answer')}", f"Content-Type: {answer.kind}",
        f"Content-Length: {len(answer.body)}", "Connection: close",
    ]  # fmt: skip
    if answer.status == 401:
        lines.append("WWW-Authenticate: Bearer")
    connection.settimeout(seconds)  # of `sendall` as a whole
    connection.sendall("\r\n".join((*lines, "", "")).encode() + answer.body)


def _linger(connection: socket.socket) -> None:
    """Read a little of what was not asked for: to close a connection with unread bytes takes the answer away."""
    connection.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + _LINGER_SECONDS
    left = _LINGER_BYTES
    while left > 0 and (seconds := deadline - time.monotonic()) > 0:
        connection.settimeout(seconds)
        part = connection.recv(1 << 14)
        if not part:
            return
        left -= len(part)
