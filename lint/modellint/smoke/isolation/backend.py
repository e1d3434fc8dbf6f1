"""Asks a runner for a client: within a time, up to a size, and for as long as the client waits."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from modellint.smoke.isolation.connection import EVENTS, JSON, HttpAnswer, set_no_delay, shut
from modellint.smoke.isolation.http_request import RefusalError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import TypeAlias

    from modellint.smoke.isolation.connection import ClientConnection, Share

    Address: TypeAlias = "tuple[str, int]"

_NO_ANSWER = "the runner of this model sent no response or an incomplete one"
_NOT_SUPPORTED = 501  # llama-server's, where its flags do not let it do what is asked
_CONNECT_SECONDS = 5.0
_PART_BYTES = 1 << 16
_LOOK_SECONDS = 0.25


@contextlib.contextmanager
def connect(address: Address, visit: ClientConnection, seconds: float) -> Generator[Runner]:
    """A runner, to be asked once. Raises `RefusalError`, which of all its failures says only that there was one."""
    try:
        with (
            socket.create_connection(address, timeout=min(_CONNECT_SECONDS, seconds)) as connection,
            visit.waiting_for(connection),
            _Watch(connection, visit, seconds) as watch,
            contextlib.closing(http.client.HTTPResponse(connection, method="POST")) as response,
        ):
            connection.settimeout(seconds)
            set_no_delay(connection)
            yield Runner(address, connection, response, watch)
    except (OSError, ValueError, http.client.HTTPException):
        raise RefusalError(502, _NO_ANSWER) from None


class BackendReply(NamedTuple):
    """What a runner answers: its body is in `parts`, as they come."""

    status: int
    kind: str
    parts: Iterator[bytes]

    @property
    def streams(self) -> bool:
        """Whether it is to be passed on as it comes."""
        return self.status == 200 and self.kind == EVENTS

    def whole(self, share: Share) -> HttpAnswer:
        """All of it. Raises `RefusalError` if it does not come to its end, or is too much to hold."""
        data = bytearray()
        for part in self.parts:
            share.hold(len(part))
            data += part
        return HttpAnswer(self.status, data, self.kind)


class Runner:
    """The connection to a runner."""

    def __init__(
        self, address: Address, connection: socket.socket, response: http.client.HTTPResponse, watch: _Watch
    ) -> None:
        self._address = address
        self._connection = connection
        self._response = response
        self._watch = watch

    def ask(self, path: str, body: bytes) -> None:
        """Send a request."""
        host, port = self._address
        lines = (
            f"POST {path} HTTP/1.1", f"Host: {host}:{port}", f"Content-Type: {JSON}", f"Content-Length: {len(body)}",
            "Connection: close",
        )  # fmt: skip
        self._connection.sendall("\r\n".join((*lines, "", "")).encode("latin-1"))
        self._connection.sendall(body)

    def reply(self, most: int) -> BackendReply:
        """What it answers, up to a size. Its refusals are passed on; if it failed, `RefusalError` is raised."""
        self._response.begin()
        status = self._response.status
        if not (200 <= status < 300 or 400 <= status < 500 or status == _NOT_SUPPORTED):
            raise RefusalError(502, "the runner of this model failed")
        return BackendReply(status, _kind(self._response.getheader("Content-Type", "")), self._parts(most))

    def _parts(self, most: int) -> Iterator[bytes]:
        """The body, as it comes. Raises `RefusalError` if it does not come to its end, or is too long."""
        left = self._response.length  # None where the end shows itself: behind the last chunk, or with the connection
        while left is None or left > 0:
            try:
                part = self._response.read1(_PART_BYTES if left is None else min(_PART_BYTES, left))
            except (OSError, ValueError, http.client.HTTPException):
                raise RefusalError(502, _NO_ANSWER) from None
            if self._watch.cut or (left and not part):
                raise RefusalError(502, _NO_ANSWER)
            if not part:
                return
            most -= len(part)
            if most < 0:
                raise RefusalError(502, "the response from the runner of this model is too large")
            left = left - len(part) if left is not None else None
            yield part


class _Watch:
    """Cuts a runner off after a time, however much trickles in, and when the client that waits for it has gone."""

    def __init__(self, runner: socket.socket, visit: ClientConnection, seconds: float) -> None:
        self._cut = False
        self._runner = runner
        self._visit = visit
        self._deadline = time.monotonic() + seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="modellint-watch", daemon=True)

    @property
    def cut(self) -> bool:
        """Whether the runner was cut off, by this or with the client: what then looks like an end is none."""
        return self._cut or self._visit.cut

    def __enter__(self) -> _Watch:
        self._client = self._visit.connection.dup()  # to look without waiting, whatever the other waits for
        self._client.setblocking(False)
        try:
            self._thread.start()
        except RuntimeError:  # no thread is to be had
            self._client.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._client.close()

    def _watch(self) -> None:
        while (left := self._deadline - time.monotonic()) > 0 and not self._visit.left:
            if self._done.wait(min(_LOOK_SECONDS, left)):
                return
            self._visit.left = self._has_left()
        self._cut = True
        shut(self._runner)

    def _has_left(self) -> bool:
        """Whether the client has ended its side: Docker Model Runner too takes that for a farewell."""
        try:
            return not self._client.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True


def _kind(given: str) -> str:
    """A type that is safe to repeat."""
    kind = given.partition(";")[0].strip().lower()
    return kind if kind in (JSON, EVENTS) else "text/plain"
