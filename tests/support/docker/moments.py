"""Send signals to a run, or to what it has started, at a moment that is chosen by what it does."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

_PAUSE = 0.003


class Moment(NamedTuple):
    """So many seconds after something with these words in its command line runs below the run."""

    words: str
    after: float = 0.0


class Sender:
    """Sends signals to the run in a folder while the block lasts.

    They go to what has `target` in its command line, the last of several, or to the run itself. Each is a signal and
    the seconds until the next. `sent` is how many have found somebody.
    """

    def __init__(self, folder: Path, at: Moment, signals: Sequence[tuple[int, float]], target: str = "") -> None:
        self.sent = 0
        self._folder = str(folder)
        self._at = at
        self._signals = signals
        self._target = target
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _send(self) -> None:
        run = 0
        while not self._over.is_set():
            run = run or self._run()
            if run and any(self._at.words in words for _, words in below(run)):
                break
            time.sleep(_PAUSE)
        else:
            return
        time.sleep(self._at.after)
        for number, pause in self._signals:
            if self._over.is_set():
                return
            found = [pid for pid, words in below(run) if self._target in words] if self._target else [run]
            for pid in found[-1:]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                    self.sent += 1
            time.sleep(pause)

    def _run(self) -> int:
        """The process of `modellint smoke` in the folder, once it handles signals; 0 where there is none yet."""
        for pid, words in below(os.getpid()):
            if " -m modellint smoke " in words:
                with contextlib.suppress(OSError):
                    if str(Path(f"/proc/{pid}/cwd").readlink()) == self._folder and _catches(pid, signal.SIGHUP):
                        return pid
        return 0


def below(pid: int) -> Iterator[tuple[int, str]]:
    """What runs below a process: numbers and command lines."""
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child, Path(f"/proc/{child}/cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")
                yield from below(child)
    except OSError:  # it has just ended
        return


def _catches(pid: int, number: signal.Signals) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)
