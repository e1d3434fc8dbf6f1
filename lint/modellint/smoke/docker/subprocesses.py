"""Run Docker's programs: bounded in time, several at once, and with nothing of them left when nobody waits any more."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from typing import IO, TYPE_CHECKING, NamedTuple

from modellint.files.atomic_write import naming, write_all
from modellint.system.signals import defer_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_AT_ONCE = 8
_GRACE = 5.0  # seconds that Compose has to let go of what it is doing
_MOST_OUTPUT = 64 << 20  # bytes that are read of what a program wrote
_LONGEST_LINE = 400
_DAEMON = "Error response from daemon:"


class ProgramCall(NamedTuple):
    """A program to run, and what it reads."""

    words: tuple[str, ...]
    given: bytes = b""


class Done(NamedTuple):
    """How a program ended. `late` says that it was ended because its time was over."""

    status: int
    out: str
    err: str
    late: bool = False

    @property
    def words(self) -> str:
        """What it complained of: the last line that it wrote."""
        return self.told(str)

    def told(self, hide: Callable[[str], str]) -> str:
        """What it complained of, without what `hide` takes out; that comes first, since half a secret is not found."""
        if self.late:
            return "it timed out"
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        said = hide(lines[-1]).removeprefix(_DAEMON).strip()[:_LONGEST_LINE] if lines else ""
        return said or f"it exited with status {self.status}"


def run(
    words: Sequence[str], environ: Mapping[str, str], seconds: float, given: bytes = b"", patience: float = 0.0
) -> Done:
    """Run a program to its end; one that must not be broken off has `patience` seconds more to come to it."""
    return run_all([ProgramCall(tuple(words), given)], environ, seconds, patience)[0]


def run_all(
    calls: Sequence[ProgramCall],
    environ: Mapping[str, str],
    seconds: float,
    patience: float = 0.0,
    grace: float = _GRACE,
) -> list[Done]:
    """Run programs side by side, each to its end; `grace` is how many seconds one has that is asked to end.

    Where a signal ends the run or its time is over, each has `patience` seconds more before it is asked.

    They do not get the terminal's signals: who runs them decides when they end.
    """
    until = time.monotonic() + seconds
    done: list[Done] = []
    for at in range(0, len(calls), _AT_ONCE):
        started = [_Started(call) for call in calls[at : at + _AT_ONCE]]
        try:
            for each in started:
                each.start(environ)
            _wait(started, until + patience)
            _end(started, grace)
            done += [each.done() for each in started]
        finally:  # which finds something to do where a signal has broken in
            _wait(started, time.monotonic() + patience)
            _end(started, grace)
            for each in started:
                each.close()
    return done


class _Started:
    """A program that runs. What it writes goes into files without a name, so that nobody has to read it meanwhile."""

    def __init__(self, call: ProgramCall) -> None:
        self._words = call.words
        self._given = call.given
        self._files: list[IO[bytes]] = [tempfile.TemporaryFile() for _ in range(3)]  # noqa: SIM115 - `close` closes them
        self._process: subprocess.Popen[bytes] | None = None
        self._problem = ""
        self._late = self._swept = False

    def start(self, environ: Mapping[str, str]) -> None:
        """Start it."""
        given, out, err = self._files
        with naming(tempfile.gettempdir()):
            write_all(given.fileno(), self._given)
            given.seek(0)
        try:
            with defer_interrupt():
                self._process = subprocess.Popen(
                    self._words, stdin=given, stdout=out, stderr=err, env=dict(environ), start_new_session=True
                )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            self._problem = f"cannot run {self._words[0]}: {why}"

    def wait(self, until: float) -> bool:
        """Whether it has ended by then."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, number: signal.Signals) -> None:
        """Have it, and what it has started, end before its time."""
        self._late = True
        self._send(number)

    def sweep(self) -> None:
        """Once it has ended, kill what it has started: of `docker` that somebody killed, the plugin may be left."""
        if not self._swept:  # later the number of its group may be another's
            self._swept = True
            self._send(signal.SIGKILL)

    def done(self) -> Done:
        """How it ended."""
        if self._process is None:
            return Done(127, "", self._problem)
        status = self._process.returncode
        return Done(-signal.SIGKILL if status is None else status, self._read(1), self._read(2), self._late)

    def close(self) -> None:
        """Give up its files."""
        for file in self._files:
            file.close()

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _read(self, at: int) -> str:
        self._files[at].seek(0)
        return self._files[at].read(_MOST_OUTPUT).decode("utf-8", "replace")


def _wait(started: Sequence[_Started], until: float) -> None:
    for each in started:
        each.wait(until)


def _end(started: Sequence[_Started], grace: float) -> None:
    """End what still runs, all at once."""
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, _GRACE)):
        running = [each for each in started if not each.wait(0.0)]
        for each in running:
            each.end(number)
        _wait(running, time.monotonic() + seconds)
    for each in started:
        each.sweep()
