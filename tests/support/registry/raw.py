"""A web server that writes what it is told, byte by byte, and remembers who asked it for what."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias

from support.registry.push import sha256
from support.registry.servers import Small

Play: TypeAlias = "Callable[[Talk], None]"
Headers: TypeAlias = "Sequence[tuple[str, str | bytes]]"
GOOD = Small()
_numbers = itertools.count(1)


def next_address() -> str:
    """An address of this machine that no other server of this process has: each is a host of its own."""
    number = next(_numbers)
    return f"127.{77 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


class Seen:
    """A request that came in."""

    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body

    def text(self) -> str:
        """All of it, to look for something that must not be in it."""
        return "\n".join(
            [f"{self.method} {self.path}", *map(": ".join, self.headers.items()), self.body.decode("latin-1")]
        )


class Host:
    """A server on an address of its own. `play` is called for each request, `greet` for each connection before that.

    Use as a context manager: it listens inside. `name` is what URLs call it: its address, or the given name.
    """

    def __init__(
        self,
        play: Play | None = None,
        *,
        greet: Play | None = None,
        tls: ssl.SSLContext | None = None,
        name: str = "",
        listens: bool = True,
        probed: bool = False,
    ) -> None:
        self.play = play or Talk.good
        self.probed = probed  # whether `play` is also for `/v2/`, which is asked first where TLS is not certain
        self.greet = greet
        self.tls = tls
        self.seen: list[Seen] = []
        self.connections = self.played = 0
        self.stopped = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((next_address(), 0), backlog=256)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self.name = f"{name or self.address[0]}:{self.address[1]}"
        self.url = ("https://" if tls else "http://") + self.name
        self.other: dict[str, Host] = {}  # the hosts of the same scene
        if not listens:
            self._listener.close()

    def __enter__(self) -> Host:
        if self._listener.fileno() >= 0:
            self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _start(self, target: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(30)
                talk = Talk(self, connection)
                if self.greet:
                    self.greet(talk)
                if self.tls and not talk.closed:
                    with self.tls.wrap_socket(connection, server_side=True) as wrapped:
                        self._open.add(wrapped)
                        try:
                            self._talk(Talk(self, wrapped))
                        finally:
                            self._open.discard(wrapped)
                else:
                    self._talk(talk)
        except (OSError, ValueError):
            pass  # the client went away, which is what it should do
        finally:
            self._open.discard(connection)

    def _talk(self, talk: Talk) -> None:
        while not talk.closed and not self.stopped.is_set() and talk.read():
            self.seen.append(Seen(talk.method, talk.path, talk.headers, talk.body))
            if talk.path == "/v2/" and not self.probed:
                talk.answer(200, b"{}")
            else:
                self.played += 1
                talk.count = self.played
                self.play(talk)


class Talk:
    """A connection and the request that came last on it."""

    def __init__(self, host: Host, connection: socket.socket) -> None:
        self.host = host
        self.connection = connection
        self.closed = False
        self.count = 0  # of the requests to this host that were played so far
        self.method = self.path = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self._rest = b""

    def read(self) -> bool:
        """Read the next request."""
        while b"\r\n\r\n" not in self._rest:
            more = self.connection.recv(65536)
            if not more or len(self._rest) > 1_000_000:
                return False
            self._rest += more
            if self._rest.startswith(b"\x16\x03"):  # TLS, where none is
                self.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return False
        head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = first.split(" ", 2)
        pairs = [line.partition(":") for line in lines]
        self.headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(self.headers.get("content-length", "0"))
        while len(self._rest) < length:
            more = self.connection.recv(65536)
            if not more:
                return False
            self._rest += more
        self.body, self._rest = self._rest[:length], self._rest[length:]
        return True

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")

    @property
    def is_blob(self) -> bool:
        return "/blobs/" in self.path

    def url(self, name: str, path: str = "") -> str:
        """The URL of another host of the scene, of this path or the one that was asked for."""
        return self.host.other[name].url + (path or self.path)

    def write(self, data: bytes) -> None:
        self.connection.sendall(data)

    def close(self) -> None:
        """End the connection after this answer."""
        self.closed = True

    def hang(self) -> None:
        """Say nothing more, until the scene is over."""
        self.host.stopped.wait(30)
        self.close()

    def reset(self) -> None:
        """End the connection as a crashed program does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close()

    def drip(self, part: bytes, pause: float) -> None:
        """Write a part again and again."""
        while not self.host.stopped.is_set():
            self.write(part)
            if pause:
                self.host.stopped.wait(pause)
        self.close()

    def answer(self, status: int, body: bytes = b"", headers: Headers = (), phrase: str = "Some") -> None:
        """Answer; a HEAD gets no body, and the length of what a GET would get."""
        given = list(headers)
        names = {name.lower() for name, _ in given}
        if "content-length" not in names and "transfer-encoding" not in names:
            given.append(("Content-Length", str(len(body))))
        lines = [f"HTTP/1.1 {status} {phrase}".encode("latin-1")]
        lines += [name.encode() + b": " + (v if isinstance(v, bytes) else v.encode("latin-1")) for name, v in given]
        self.write(b"\r\n".join(lines) + b"\r\n\r\n" + (b"" if self.method == "HEAD" else body))

    def good(self, headers: Headers = ()) -> None:
        """What an honest registry answers."""
        if self.is_blob:
            self.answer(200, GOOD.config, [("Content-Type", "application/octet-stream"), *headers])
        else:
            self.manifest(GOOD.manifest, headers)

    def manifest(self, data: bytes, more: Headers = (), digest: str | bytes | None = None, kind: str = "") -> None:
        """A manifest, with the digest that it has or another one; an empty digest leaves the header out."""
        given: list[tuple[str, str | bytes]] = [("Content-Type", kind or GOOD.media_type)]
        shown = sha256(data) if digest is None else digest
        if shown:
            given.append(("Docker-Content-Digest", shown))
        self.answer(200, data, [*given, *more])
