"""One request over plain HTTP to a runner or a gateway: bounded in time and size, and whatever comes back is data.

Nothing is followed, no proxy is asked, no `Origin` is sent: Docker Model Runner refuses one that it does not know.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UNIX = "unix:"
_SOCKET = ".sock"  # how the path of a socket has to end for llama-server
_MOST = 1 << 20  # bytes of an answer
_SHORTEST = 0.05  # seconds
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class RunnerReply:
    """What came back. `status` is 0 where nothing did; `problem` then says why."""

    status: int
    body: bytes
    seconds: float
    problem: str = ""

    def document(self) -> object:
        """The parsed body; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _TooMuchError(Exception):
    """An answer that is too long to go on with. The text is the problem of the reply."""


def ask(
    base: str,
    path: str,
    seconds: float,
    *,
    document: object = None,
    key: str = "",
    most: int = _MOST,
    headers: Mapping[str, str] | None = None,
    line: Callable[[bytes], object] | None = None,
) -> RunnerReply:
    """Ask for `base` with `path` behind it: `http://host:port/…` or `unix:/path/of.sock/…`. A document is sent.

    `line` is called with each line of a good answer (200) as it comes, without its end, and may raise; the body is not
    kept then. `most` are the bytes of the answer, of which no more than a MiB is kept; `headers` are sent besides the
    usual ones.
    """
    seconds = max(seconds, _SHORTEST)
    start = time.monotonic()
    connection, prefix = _connection(base, seconds)
    sent = {"Accept": "application/json", "Connection": "close", **(headers or {})}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    body = None
    if document is not None:
        body = json.dumps(document).encode()
        sent["Content-Type"] = "application/json"
    late = threading.Event()
    sockets: list[socket.socket] = []
    # The timeout of a socket begins anew with each byte, so it is no limit for one that sends a byte now and then.
    timer = threading.Timer(seconds, _cut, (sockets, late))
    timer.daemon = True
    timer.start()
    try:
        connection.connect()
        sockets.append(connection.sock)  # once there is an answer, only that knows the socket
        if late.is_set():
            raise TimeoutError
        connection.request("POST" if body else "GET", prefix + path, body, sent)
        answer = connection.getresponse()
        if line and answer.status == 200:
            received = _feed(answer, most, line)
        else:
            most = min(most, _MOST)
            received = _read(answer, most)
    except _TooMuchError as problem:
        return RunnerReply(0, b"", time.monotonic() - start, str(problem))
    except (OSError, http.client.HTTPException, ValueError) as error:
        slow = late.is_set() or isinstance(error, TimeoutError)
        return RunnerReply(
            0, b"", time.monotonic() - start, f"no response within {seconds:g} s" if slow else _words(error)
        )
    finally:
        timer.cancel()
        connection.close()
    passed = time.monotonic() - start
    if late.is_set():  # an answer that is cut off without a length looks whole
        return RunnerReply(0, b"", passed, f"no response within {seconds:g} s")
    if len(received) > most:
        return RunnerReply(0, b"", passed, _too_much(most))
    return RunnerReply(answer.status, received, passed)


def _connection(base: str, seconds: float) -> tuple[http.client.HTTPConnection, str]:
    if base.startswith(UNIX):
        end = base.rindex(_SOCKET) + len(_SOCKET)
        return _UnixConnection(base[len(UNIX) : end], seconds), base[end:].rstrip("/")
    parts = urlsplit(base)
    if parts.scheme != "http" or not parts.hostname or parts.username is not None:
        raise ValueError("the base URL must be http://host:port/… or unix:/path/of.sock/…")
    return http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=seconds), parts.path.rstrip("/")


def _read(answer: http.client.HTTPResponse, most: int) -> bytes:
    received = bytearray()
    while len(received) <= most and (chunk := answer.read(_CHUNK)):
        received += chunk
    return bytes(received)


def _feed(answer: http.client.HTTPResponse, most: int, line: Callable[[bytes], object]) -> bytes:
    """Hand over each line; nothing is left of them."""
    rest, received = b"", 0
    while chunk := answer.read1(_CHUNK):  # `read` would wait for a whole chunk
        received += len(chunk)
        if received > most:
            raise _TooMuchError(_too_much(most))
        *whole, rest = (rest + chunk).split(b"\n")
        if max(map(len, (*whole, rest))) > _LONGEST_LINE:
            raise _TooMuchError(f"a line is longer than {_LONGEST_LINE} bytes")
        for each in whole:
            line(each)
    if rest:
        line(rest)
    return b""


def _too_much(most: int) -> str:
    return f"the response is larger than {most} bytes"


def _cut(sockets: list[socket.socket], late: threading.Event) -> None:
    late.set()
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _words(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError | FileNotFoundError):
        return "nothing is listening there"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected):
        return "the response ended early"
    return "the response is not HTTP"
