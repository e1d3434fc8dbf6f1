"""A child process in a separate network namespace, and the sockets that listen there.

The child is a fresh interpreter, since a process with threads must not fork. It is killed by the kernel when the
*thread* that made it ends, so that thread has to wait for it; everything here does.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from modellint.system.programs import bare_environment, isolated
from modellint.system.signals import defer_interrupt

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from typing import IO

MOST_LISTENERS = 200  # the kernel passes 253 sockets at a time
_CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "namespace_child.py")
_START_SECONDS = 15.0
_MOST_OUTPUT = 1 << 20
_MOST_COMPLAINT = 4096
_LONGEST_ANSWER = 1 << 16


class RefusedError(Exception):
    """There is no namespace to be had: the step at which that turned out, and the number of the kernel's error."""

    def __init__(self, step: str, number: int = 0) -> None:
        super().__init__(f"{step}: {os.strerror(number) if number else 'no response'}")
        self.step = step
        self.number = number


class Finished(NamedTuple):
    """How a program ended. `problem` is empty if it ended by itself, in time, with status 0 and not too much output."""

    output: bytes
    problem: str


class Namespace:
    """A process that waits in its namespace for the program that it is to become."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, given: int) -> None:
        self._process = process
        self._control = control
        self._given = given  # the file that the program has as its standard input
        self.ports: list[int] = []
        self.listeners: list[socket.socket] = []

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def receive(self, count: int) -> None:
        """Take the listening sockets. Raises `RefusedError`."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, _LONGEST_ANSWER, MOST_LISTENERS)
        except OSError as error:
            raise RefusedError("start", error.errno or errno.ETIMEDOUT) from error
        self.listeners = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        for listener in self.listeners:
            listener.set_inheritable(False)  # `recv_fds` of Python 3.11 does not look at MSG_CMSG_CLOEXEC
        answer = _read(data)
        _raise_refusal(answer)
        ports = answer.get("ports")
        if not isinstance(ports, list) or len(self.listeners) != count:
            raise RefusedError("start")
        self.ports = [listener.getsockname()[1] for listener in self.listeners]
        if network_of(self.pid) in (0, network_of()):  # never trust that it did what it said
            raise RefusedError("namespace")

    def run(self, words: Sequence[str], given: bytes, seconds: float) -> Finished:
        """Have the process become a program that reads `given`, and see it to its end.

        Its environment is that of any interpreter of ours: nobody who calls this has a say in it.
        """
        deadline = time.monotonic() + seconds
        order = json.dumps({"words": list(words), "environment": bare_environment()}).encode()
        os.pwrite(self._given, given, 0)  # the program shares the file's offset, which has to stay at 0
        try:
            self._control.settimeout(seconds)
            self._control.sendall(order)
            self._control.shutdown(socket.SHUT_WR)
        except OSError:
            return Finished(b"", "the process in the namespace has ended")
        pipes = self._process.stdout, self._process.stderr
        output, complaint, problem = _read_both(pipes, deadline)
        if not problem:
            try:
                status = self._process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                return Finished(output, f"it did not exit within {seconds:g} s")
            problem = self._refusal() or _describe(status, complaint)
        elif problem == _TOO_LATE:
            problem = f"it did not exit within {seconds:g} s"
        return Finished(output, problem)

    def close(self) -> None:
        """Kill what is left of the process and its session, and let go of everything."""
        with defer_interrupt():
            self._close()

    def _close(self) -> None:
        if self._process.returncode is None:  # not reaped: its number cannot be that of another process
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.kill()
        self._process.wait()
        for each in (self._control, *self.listeners, self._process.stdout, self._process.stderr):
            if each is not None:
                each.close()
        os.close(self._given)

    def _refusal(self) -> str:
        """Why the program could not be started, if so."""
        with contextlib.suppress(OSError):
            self._control.settimeout(1)
            answer = _read(self._control.recv(_LONGEST_ANSWER))
            if "errno" in answer:
                number = answer["errno"]
                why = os.strerror(number) if isinstance(number, int) and number else "not possible"
                return f"cannot start the probe: {why}"
        return ""


@contextlib.contextmanager
def open_namespace(count: int, avoid: Iterable[int] = (), seconds: float = _START_SECONDS) -> Generator[Namespace]:
    """A namespace with so many listeners on 127.0.0.1, none on a port of `avoid`. Raises `RefusedError`."""
    if not sys.platform.startswith("linux") or not sys.executable:
        raise RefusedError("start", errno.ENOSYS)
    if count > MOST_LISTENERS:
        raise RefusedError("listen", errno.EMFILE)
    namespace = None
    try:
        with defer_interrupt():
            namespace = _start(count, avoid, seconds)
        namespace.receive(count)
        yield namespace
    finally:
        if namespace is not None:
            namespace.close()


def _start(count: int, avoid: Iterable[int], seconds: float) -> Namespace:
    ours, theirs = socket.socketpair()
    ours.settimeout(seconds)
    try:
        given = os.memfd_create("modellint-plan")
    except OSError as error:
        ours.close()
        theirs.close()
        raise RefusedError("start", error.errno or 0) from error
    order = json.dumps({"count": count, "avoid": sorted(set(avoid))})
    try:
        process = subprocess.Popen(
            [*isolated(), _CHILD, str(theirs.fileno()), str(os.getpid()), order],
            stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, cwd="/",
            env=bare_environment(), pass_fds=[theirs.fileno()], start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        ours.close()
        os.close(given)
        raise RefusedError("start", error.errno or 0) from error
    finally:
        theirs.close()
    return Namespace(process, ours, given)


def network_of(pid: int | str = "self") -> int:
    """The number of a process's network namespace; 0 where it cannot be seen."""
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return 0


_TOO_LATE = "late"


def _read_both(pipes: tuple[IO[bytes] | None, IO[bytes] | None], deadline: float) -> tuple[bytes, bytes, str]:
    """Output and complaint until both end, or the reason why they were not read to the end."""
    found = {pipe: bytearray() for pipe in pipes if pipe is not None}
    limits = dict(zip(pipes, (_MOST_OUTPUT, _MOST_COMPLAINT), strict=True))
    problem = ""
    with selectors.DefaultSelector() as selector:
        for pipe in found:
            selector.register(pipe, selectors.EVENT_READ, pipe)
        while selector.get_map() and not problem:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                problem = _TOO_LATE
            for key, _ in ready:
                source: IO[bytes] = key.data
                part = os.read(source.fileno(), 1 << 16)
                if not part:
                    selector.unregister(source)
                elif len(found[source]) + len(part) <= limits[source]:
                    found[source] += part
                elif limits[source] == _MOST_OUTPUT:
                    problem = "it produced too much output"
            if not problem and time.monotonic() > deadline:
                problem = _TOO_LATE
    output, complaint = (bytes(found[pipe]) if pipe is not None else b"" for pipe in pipes)
    return output, complaint, problem


def _describe(status: int, complaint: bytes) -> str:
    if status == 0:
        return ""
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    end = f"it was killed by signal {-status}" if status < 0 else f"it exited with status {status}"
    shown = "".join(letter if letter.isprintable() else "?" for letter in lines[-1][:200]) if lines else ""
    return f"{end}: {shown}" if shown else end


def _read(data: bytes) -> dict[str, object]:
    try:
        answer: object = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return {str(key): value for key, value in answer.items()} if isinstance(answer, dict) else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _raise_refusal(answer: Mapping[str, object]) -> None:
    number = answer.get("errno")
    if isinstance(number, int):
        raise RefusedError(str(answer.get("step", "start")), number)
