"""A door in front of a registry, which lets bytes out as it is told: slowly, or so many and no more."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Literal, TypeAlias

End: TypeAlias = Literal["close", "reset", "hang"]
_PIECE = 1 << 14


class Door:
    """Listens while the block lasts; `host` is `localhost:PORT`.

    After `most` bytes, of all connections together, each connection ends as `end` says. Between two pieces of 16 KiB it
    waits for `pause` seconds.
    """

    def __init__(self, host: str, *, most: int = 1 << 40, end: End = "close", pause: float = 0.0) -> None:
        self._target = ("127.0.0.1", int(host.rpartition(":")[2]))
        self._left = most
        self._end = end
        self._pause = pause
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host = f"localhost:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Door:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        with self._lock:
            still_open = [self._listener, *self._open]
        for each in still_open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self._target) as registry:
            with self._lock:
                self._open |= {client, registry}
            ask = threading.Thread(target=self._ask, args=(client, registry), daemon=True)
            ask.start()
            with contextlib.suppress(OSError):
                while not self._closed.is_set() and (data := registry.recv(_PIECE)) and self._may(len(data)):
                    client.sendall(data)
                    self._closed.wait(self._pause)
            if self._end == "hang":
                self._closed.wait()
            # While a thread waits for a connection, its closing does nothing.
            client.shutdown(socket.SHUT_RD if self._end == "reset" else socket.SHUT_RDWR)
            ask.join()
            if self._end == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _ask(self, client: socket.socket, registry: socket.socket) -> None:
        """What the client says is let through as it is."""
        with contextlib.suppress(OSError):
            while data := client.recv(_PIECE):
                registry.sendall(data)
            registry.shutdown(socket.SHUT_RDWR)

    def _may(self, count: int) -> bool:
        with self._lock:
            self._left -= count
            return self._left >= 0
