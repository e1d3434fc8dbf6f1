"""The process that evaluates conditions in CEL: started at the first one, bounded, and started anew after it was ended.

An expression of a few hundred letters can take gigabytes or minutes, and the engine cannot be interrupted. So it runs
in a process of its own, `cel_worker`, which the kernel ends when it takes too much: what was asked then has no answer,
and the next question goes to a new process. Time is that of the processor, so that a busy machine changes nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from importlib.machinery import PathFinder
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from modellint.policy.subjects import SHAPES
from modellint.system.programs import bare_environment, isolated

if TYPE_CHECKING:
    from modellint.policy.subjects import Value

MOST_MEMORY = 192 << 20  # bytes that all conditions together may take, besides the engine itself
FIRST_SECONDS = 1.0  # of the processor, for all questions together
MORE_SECONDS = 0.002  # for each question; an ordinary one takes a hundredth of it
_SECONDS_OF_A_BYTE = 1e-7  # for what a question says: to read it takes a tenth of that
_AGAIN_SECONDS = 0.5  # after a process was ended
_MOST_ENDS = 3
_PATIENCE = 15.0  # seconds by the clock: where the kernel has no limit, and for a machine that is very busy
_START = 60.0  # seconds by the clock until a process is there
_WINDOWS = os.name == "nt"
_WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cel_worker.py")
_TIME = "it takes too long"
_MEMORY = f"it uses more than {MOST_MEMORY >> 20} MiB"
_ENDED = "the engine crashed"
_NO_START = "the engine cannot be started"
_USED_UP = "the conditions evaluated before it took too long"


class Ended(Exception):
    """A condition took too much, or none is evaluated any more. The text says which."""


class RefusedCondition(Exception):
    """The engine does not compile or evaluate something. The text is its own, and may quote a value."""


class CheckAnswer(NamedTuple):
    """The kind of what came out (`BOOL`, `STRING`, …), and its value where that is true or false."""

    kind: str
    value: bool | None


class CelEngine:
    """What answers questions about conditions, for as many threads as ask. `left` is its time, in seconds."""

    def __init__(self) -> None:
        self.left = FIRST_SECONDS
        self.starts = 0
        self._ends = 0
        self._known: dict[tuple[str, str], str] = {}  # conditions that took too much, and what of
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._lock = threading.Lock()

    def compile(self, each: str, text: str) -> str:
        """The kind of what a condition gives. Raises `RefusedCondition`, `Ended` or `ImportError`."""
        return self._ask(each, text, {}).kind

    def evaluate(self, each: str, text: str, value: dict[str, Value]) -> CheckAnswer:
        """What a condition gives for an object. Raises as `compile` does."""
        return self._ask(each, text, {"value": value})

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process, self._rest = self._process, None, b""
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # what could not be written is nobody's loss
                        pipe.close()

    def _ask(self, each: str, text: str, more: dict[str, Any]) -> CheckAnswer:
        with self._lock:
            if reason := self._known.get((each, text)):
                raise Ended(reason)
            if self.left <= 0:
                raise Ended(_USED_UP)
            if self._process is None:
                self._start()
            said = json.dumps({"each": each, "text": text, **more})
            self.left += MORE_SECONDS + _SECONDS_OF_A_BYTE * len(said)
            answer = self._exchange(f"{self.left:.3f} {said}", _PATIENCE)
            if reason := answer.get("ended"):
                self._ends += 1
                self.left = _AGAIN_SECONDS if self._ends < _MOST_ENDS else 0.0
                self._known[each, text] = str(reason)
                raise Ended(reason)
            self.left -= float(answer["seconds"])
            if "problem" in answer:
                raise RefusedCondition(answer["problem"])
            return CheckAnswer(str(answer["kind"]), answer.get("value"))

    def _start(self) -> None:
        folders = _folders()
        if not folders:
            raise ImportError("cel_expr_python is not installed")
        try:
            self._process = subprocess.Popen(
                [*isolated(), _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                cwd=os.path.dirname(_WORKER), env=bare_environment(), start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
        except OSError:  # there are too many processes
            raise Ended(_NO_START) from None
        self.starts += 1
        order = {"path": folders, "variables": list(SHAPES), "memory": MOST_MEMORY}
        answer = self._exchange(json.dumps(order), _START)
        if answer:
            self.close()
            raise ImportError(str(answer.get("problem") or answer["ended"]))

    def _exchange(self, question: str, seconds: float) -> dict[str, Any]:
        """The answer to a question; where the process ended over it, why: `{"ended": …}`."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{question}\n".encode())
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._line(process, process.stdout, seconds))
        except TimeoutError:
            answer = {"ended": _TIME}
        except (OSError, ValueError):
            answer = {"ended": _why(process)}
        except BaseException:  # somebody interrupts: the answer may still come, and must not be taken for the next
            self.close()
            raise
        if answer.get("memory"):
            answer = {"ended": _MEMORY}
        if "ended" in answer:
            self.close()
        return answer

    def _line(self, process: subprocess.Popen[bytes], pipe: IO[bytes], seconds: float) -> bytes:
        """A line of the process, or what there is when it ends. Raises `TimeoutError`."""
        if _WINDOWS:  # where a pipe cannot be waited for
            return _patient_line(process, pipe, seconds)
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                part = os.read(pipe.fileno(), 1 << 16)
                if not part:
                    return self._rest
                self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line


_engines: dict[int, CelEngine] = {}  # by process: one that was forked off must not talk to its parent's
_lock = threading.Lock()


def engine() -> CelEngine:
    """The engine of this process: one for all policies of a run."""
    with _lock:
        found = _engines.get(os.getpid())
        if found is None:
            found = _engines[os.getpid()] = CelEngine()
            atexit.register(found.close)
        return found


def _folders() -> list[str]:
    """The folders of the path in which the engine lies; never the current one, which may be what is checked."""
    here = os.path.realpath(os.curdir)
    path = [folder for folder in sys.path if os.path.isabs(folder) and os.path.realpath(folder) != here]
    spec = PathFinder.find_spec("cel_expr_python", path)
    return [os.path.dirname(place) for place in spec.submodule_search_locations or ()] if spec is not None else []


def _patient_line(process: subprocess.Popen[bytes], pipe: IO[bytes], seconds: float) -> bytes:
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        line = pipe.readline()
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError
    return line


def _why(process: subprocess.Popen[bytes]) -> str:
    """What a process ended of."""
    try:
        status = process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        return _ENDED
    number = -status
    if number == getattr(signal, "SIGXCPU", 0):
        return _TIME
    # What gets no memory any more ends itself, in one of several ways.
    return _MEMORY if sys.platform == "linux" and number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS) else _ENDED
