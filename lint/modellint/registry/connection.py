"""urllib3's connections, with what it lacks: judged addresses, a deadline for every single read, and a cap on lines.

urllib3's timeouts are for one read from the socket. A server that sends a byte every few seconds passes them for ever,
in the headers as in the body. Here each read is given what the reference's budget has left.
"""

from __future__ import annotations

import http.client
import io
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from modellint.registry.address_policy import AddressPolicy, connect
from modellint.registry.failure import Failure

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator

    from modellint.registry.deadline import Deadline

_MOST_LINES = 1 << 16  # bytes of lines that may come ahead of data: status, headers, sizes of chunks, trailers
# Each chunk of a body has a line of its own, so data earns lines: so many bytes of it one byte of them. A chunk of 62
# bytes earns a plain line ("3e\r\n"), and no honest server sends a blob in smaller ones. What is not earned comes out
# of the 64 KiB, and no more than these are saved up: after much data, too, no server needs a flood of lines.
_DATA_FOR_LINES = 16
_MOST_AT_ONCE = 1 << 24  # bytes of a read without a limit of its own; nothing makes one


class _Current(threading.local):
    budget: Deadline | None = None


_current = _Current()


@contextmanager
def spending(budget: Deadline) -> Generator[None]:
    """Let the connections that this thread uses inside take their time from a budget."""
    _current.budget = budget
    try:
        yield
    finally:
        _current.budget = None


def _budget() -> Deadline:
    if _current.budget is None:
        raise RuntimeError("no budget")
    return _current.budget


class _Reader(io.BufferedIOBase):
    """What `http.client` reads an answer from. One read from the socket at a time, each within the budget."""

    def __init__(self, file: io.BufferedReader, connection: socket.socket) -> None:
        self._file = file
        self._connection = connection
        self._budget = _budget()
        self._lines_left = _MOST_LINES
        self._unpaid = 0  # bytes of data that are not enough yet for a byte of lines

    def _peek(self) -> bytes:
        """What is there already, or else what the next read from the socket brings; empty at the end."""
        self._connection.settimeout(self._budget.left())
        try:
            return self._file.peek(1)
        except TimeoutError:
            raise self._budget.over() from None

    def readline(self, size: int | None = -1) -> bytes:
        limit = self._lines_left if size is None or size < 0 else min(size, self._lines_left)
        line = bytearray()
        while len(line) < limit and not line.endswith(b"\n"):
            seen = self._peek()
            if not seen:
                break
            line += self._file.read(min(seen.find(b"\n") + 1 or len(seen), limit - len(line)))
        self._lines_left -= len(line)
        if self._lines_left <= 0:
            raise Failure("too-big", "the registry's response has too many headers, or chunks that are too small")
        return bytes(line)

    def read1(self, size: int | None = -1) -> bytes:
        seen = self._peek()
        data = self._file.read(len(seen) if size is None or size < 0 else min(size, len(seen)))
        earned, self._unpaid = divmod(self._unpaid + len(data), _DATA_FOR_LINES)
        self._lines_left = min(_MOST_LINES, self._lines_left + earned)
        return data

    def read(self, size: int | None = -1) -> bytes:
        limit = _MOST_AT_ONCE if size is None or size < 0 else size
        data = bytearray()
        while len(data) < limit and (part := self.read1(limit - len(data))):
            data += part
        return bytes(data)

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def peek(self, size: int = 0) -> bytes:
        return self._peek()

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer that is read through `_Reader`."""

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.fp: Any = _Reader(cast("io.BufferedReader", self.fp), sock)


def pools(reach: AddressPolicy) -> dict[str, type[HTTPConnectionPool]]:
    """The classes of connection pools by scheme, for hosts of some reach."""

    class Plain(HTTPConnection):
        response_class = _Response

        def _new_conn(self) -> socket.socket:
            return super()._new_conn() if self.proxy else connect(self.host, self.port, reach, _budget())

    class Tls(HTTPSConnection):
        response_class = _Response

        def _new_conn(self) -> socket.socket:
            return super()._new_conn() if self.proxy else connect(self.host, self.port, reach, _budget())

        def connect(self) -> None:
            try:
                super().connect()
            except ssl.SSLError as problem:
                raise tls_failure(problem) from None

    class PlainPool(HTTPConnectionPool):
        ConnectionCls: Any = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls: Any = Tls

    return {"http": PlainPool, "https": TlsPool}


class BadCertificate(Failure):
    """A host speaks TLS, and shows a certificate that is not trusted."""


def tls_failure(problem: ssl.SSLError) -> Failure:
    """What is said of a host with which no TLS connection comes about."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        if problem.verify_code in (18, 19, 20, 21):  # self-signed, or of an unknown authority
            words = "the registry's certificate is not from a trusted authority (use `--ca-file FILE` to add one)"
        elif problem.verify_code in (9, 10):
            words = "the registry's certificate has expired or is not yet valid"
        else:
            words = "the registry's certificate is not valid for its host name"
        return BadCertificate("tls", words, down=True)
    if problem.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"):
        words = "the registry does not use TLS (use `--plain-http HOST` to connect without it)"
    else:
        words = "cannot establish a TLS connection to the registry"
    return Failure("tls", words, down=True)
