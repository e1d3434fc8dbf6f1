"""One request over plain HTTP to a runner or a gateway: bounded in time and size, and whatever comes back is data.

Nothing is followed, no proxy is asked, no `Origin` is sent: Docker Model Runner refuses one that it does not know.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

UNIX = "unix:"
_SOCKET = ".sock"  # how the path of a socket has to end for llama-server
_MOST = 1 << 20  # bytes of an answer
_SHORTEST = 0.05  # seconds
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Reply:
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


def ask(base: str, path: str, seconds: float, *, document: object = None, key: str = "", most: int = _MOST) -> Reply:
    """Ask for `base` with `path` behind it: `http://host:port/…` or `unix:/path/of.sock/…`. A document is sent."""
    seconds = max(seconds, _SHORTEST)
    start = time.monotonic()
    connection, prefix = _connection(base, seconds)
    headers = {"Accept": "application/json", "Connection": "close"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    body = None
    if document is not None:
        body = json.dumps(document).encode()
        headers["Content-Type"] = "application/json"
    late = threading.Event()
    # The timeout of a socket begins anew with each byte, so it is no limit for one that sends a byte now and then.
    timer = threading.Timer(seconds, _cut, (connection, late))
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST" if body else "GET", prefix + path, body, headers)
        answer = connection.getresponse()
        received = _read(answer, most)
    except (OSError, http.client.HTTPException, ValueError) as error:
        slow = late.is_set() or isinstance(error, TimeoutError)
        return Reply(0, b"", time.monotonic() - start, f"no answer within {seconds:g} s" if slow else _words(error))
    finally:
        timer.cancel()
        connection.close()
    passed = time.monotonic() - start
    if late.is_set():  # an answer that is cut off without a length looks whole
        return Reply(0, b"", passed, f"no answer within {seconds:g} s")
    if len(received) > most:
        return Reply(0, b"", passed, f"an answer of more than {most} bytes")
    return Reply(answer.status, received, passed)


def _connection(base: str, seconds: float) -> tuple[http.client.HTTPConnection, str]:
    if base.startswith(UNIX):
        end = base.rindex(_SOCKET) + len(_SOCKET)
        return _UnixConnection(base[len(UNIX) : end], seconds), base[end:].rstrip("/")
    parts = urlsplit(base)
    if parts.scheme != "http" or not parts.hostname or parts.username is not None:
        raise ValueError("a base is http://host:port/… or unix:/path/of.sock/…")
    return http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=seconds), parts.path.rstrip("/")


def _read(answer: http.client.HTTPResponse, most: int) -> bytes:
    received = bytearray()
    while len(received) <= most and (chunk := answer.read(_CHUNK)):
        received += chunk
    return bytes(received)


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    sock: socket.socket | None = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _words(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError | FileNotFoundError):
        return "nothing listens there"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "the answer is no HTTP"
