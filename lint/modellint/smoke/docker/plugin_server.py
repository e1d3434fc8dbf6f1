"""The socket of the plugin: each connection is one call, answered in a separate thread."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import TYPE_CHECKING, cast

from modellint.smoke.docker.plugin_protocol import PluginReply

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

_LONGEST_CALL = 1 << 20
_SECONDS = 10.0


@contextlib.contextmanager
def listening(path: str, answer: Callable[[Sequence[str]], PluginReply]) -> Generator[None]:
    """Answer calls at a socket until the block ends. Who may connect is up to the folder that it lies in."""
    listener = socket.socket(socket.AF_UNIX)
    thread = threading.Thread(target=_accept, args=(listener, answer), name="modellint-desk", daemon=True)
    try:
        listener.bind(path)
        listener.listen(64)
        thread.start()
        yield
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # which wakes the thread
        listener.close()
        if thread.ident is not None:
            thread.join(5)


def _accept(listener: socket.socket, answer: Callable[[Sequence[str]], PluginReply]) -> None:
    lock = threading.Lock()  # Compose configures several models at once
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, answer, lock), daemon=True).start()


def _serve(connection: socket.socket, answer: Callable[[Sequence[str]], PluginReply], lock: threading.Lock) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(_SECONDS)
        with connection.makefile("rb") as file:
            words = _words(file.readline(_LONGEST_CALL))
        with lock:
            reply = answer(words)
        connection.sendall(json.dumps(reply._asdict()).encode() + b"\n")


def _words(line: bytes) -> list[str]:
    try:
        document: object = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return [str(word) for word in cast("list[object]", document)] if isinstance(document, list) else []
