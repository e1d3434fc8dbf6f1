"""A runner that is running: started apart, watched until it answers, and ended without a trace.

    with start(find(), setup, Files(path)) as running:
        running.wait(60)
        print(running.url, running.context())

It listens on a socket in a folder that nobody else may enter, as Docker Model Runner has it too, or on a port of
127.0.0.1.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from modellint.files.atomic_write import words as told
from modellint.smoke.runners.http_client import UNIX, ask
from modellint.smoke.runners.log import is_out_of_memory, tail, telling
from modellint.smoke.runners.memory import limit_of, taken
from modellint.smoke.runners.plan import arguments
from modellint.system.programs import isolated
from modellint.system.signals import defer_interrupt
from modellint.text.json_values import as_count, as_object
from modellint.text.sizes import binary

if TYPE_CHECKING:
    from modellint.smoke.runners.find import Program
    from modellint.smoke.runners.plan import Files, RunnerConfig

REACHED = "reached"
DIVIDED = "divided"
CAPPED = "capped"
SHORT = "short"

_SUPERVISOR = os.path.join(os.path.dirname(__file__), "supervisor.py")
_GRACE = 3.0  # seconds that a runner has to end when it is asked to
_PATIENCE = 5.0  # seconds more that its supervisor has
_QUESTION = 5.0  # seconds for /props and the like
_LIFE = 2.0  # seconds for /health of a runner that was healthy
_DYING = 1.0  # seconds by which a supervisor may outlive its runner
_POLL = (0.01, 0.25)  # seconds between two questions for /health: at first, at last
_KILLED = 128 + 9  # nobody but the kernel does that to a runner of ours
_TAIL = 1 << 14  # bytes of the log that are read
_LONGEST_FOLDER = 60
_MOST_LOG = 64 << 20  # bytes that a runner may write before it is healthy
# What a runner gets of the environment. llama.cpp takes flags from `LLAMA_ARG_…`, which Docker Model Runner's has not.
_ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV",
    "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME",
)  # fmt: skip


class RunnerFailed(Exception):
    """A runner did not start, did not become healthy, or is not what was asked for.

    The text is one line. `log` are the last lines that the runner wrote. Neither shows what is hidden.
    """

    def __init__(self, message: str, log: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.log = log


@dataclass(frozen=True, slots=True)
class Window:
    """The context of a runner, in tokens: declared (0: not), of one request, trained (0: unknown); and its slots.

    `verdict`: the declared context is `REACHED` by each request; or it is `DIVIDED`, reached by all requests together,
    because the flags split it; or it is `CAPPED` to what the model was trained with; or `SHORT` for another reason.
    """

    declared: int
    request: int
    slots: int
    trained: int
    verdict: str

    @property
    def ok(self) -> bool:
        """Whether the declared context is there, be it in parts."""
        return self.verdict in (REACHED, DIVIDED)

    @property
    def words(self) -> str:
        """The verdict for a person; empty where there is nothing to say."""
        asked = f"`context_size` is {self.declared}"
        if self.verdict == DIVIDED:
            return (
                f"{self.slots} parallel requests share the `context_size` of {self.declared} tokens: each "
                f"gets {self.request}"
            )
        if self.verdict == CAPPED:
            return f"{asked}, but the model was trained with {self.trained}: a request gets no more"
        if self.verdict == SHORT:
            return f"{asked}, but a request gets {self.request}: another setting overrides the context size"
        return ""


class Running:
    """A runner and its supervisor. `url` is for `exchange.ask`, and with `/v1` behind it for `probe`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        setup: RunnerConfig,
        url: str,
        model: str,
        folder: str,
        log: int,
        memory: int,
    ) -> None:
        self.setup = setup
        self.memory = memory  # bytes that it may have of its own
        self.url = url
        self.seconds = 0.0  # from the start until it was healthy
        self._process = process
        self._model = model
        self._folder = folder
        self._log: int = log
        self._most_taken = 0
        self._started = time.monotonic()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The supervisor's process."""
        return self._process.pid

    def wait(self, seconds: float) -> None:
        """Return when it is healthy; raises `RunnerFailed` when it ends or `seconds` after the start are over."""
        end = self._started + seconds
        pause, state = _POLL[0], None
        while True:
            status = self._process.poll()
            if status is not None:
                raise self._ended(f"the runner exited {_how(status)}", status)
            left = max(end - time.monotonic(), 0.0)
            reply = ask(self.url, "/health", min(left, 2.0))  # once at least: others may have been waited for
            if reply.status == 200:
                break
            state = _state(reply.status, reply.problem) if left or state is None else state
            if not left:
                raise self._failed(f"the runner was not healthy after {seconds:.3g} s: {state}{self._grown()}")
            if os.fstat(self._log).st_size > _MOST_LOG:
                raise self._failed(f"the runner wrote more than {_MOST_LOG >> 20} MiB of output before it was healthy")
            self._most_taken = max(self._most_taken, taken(self.pid))
            time.sleep(min(pause, max(end - time.monotonic(), 0)))
            pause = min(pause * 1.5, _POLL[1])
        self.seconds = time.monotonic() - self._started

    def context(self) -> Window:
        """What context it really has; raises `RunnerFailed` where it does not say."""
        props = self._question("/props")
        settings = as_object(props.get("default_generation_settings"))
        request, slots = as_count(settings.get("n_ctx")), as_count(props.get("total_slots"))
        path = props.get("model_path")
        if isinstance(path, str) and path and path != self._model:
            raise self._failed("another program responds at the runner's address: it serves another file")
        if not request or not slots:
            raise self._failed("the runner does not report its context size")
        trained = as_count(as_object(self.models().get("meta")).get("n_ctx_train"))
        verdict = _verdict(self.setup.context, request, slots, trained, self.setup.divided)
        return Window(self.setup.context, request, slots, trained, verdict)

    def models(self) -> dict[str, Any]:
        """The entry of `/v1/models` for the model; empty where there is none."""
        data = self._question("/v1/models").get("data")
        entries = cast("list[object]", data) if isinstance(data, list) else []
        return as_object(entries[0]) if entries else {}

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def ended(self) -> RunnerFailed | None:
        """Why it no longer runs, or no longer answers; None while it does."""
        reply = ask(self.url, "/health", _LIFE)
        if not reply.status:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_DYING)
        status = self._process.poll()
        if status is not None:
            return self._ended(f"the runner exited {_how(status)} after it was healthy", status)
        if reply.status == 200:
            return None
        return self._failed(f"the runner is no longer healthy: {_state(reply.status, reply.problem)}")

    def log(self) -> tuple[str, ...]:
        """The last lines that it wrote, without what is hidden."""
        return tuple(tail(self._text(), self.setup.hidden))

    def stop(self) -> None:
        """End it, and return when nothing of it runs any more. A second call does nothing."""
        with defer_interrupt():
            self._stop()

    def _stop(self) -> None:
        if self._log < 0:
            return
        stdin = self._process.stdin
        if stdin is not None:
            stdin.close()  # the supervisor ends the runner, and removes the folder
        try:
            self._process.wait(_GRACE + _PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._log)
        self._log = -1

    def _question(self, path: str) -> dict[str, Any]:
        reply = ask(self.url, path, _QUESTION, key=self.setup.key)
        if reply.status != 200:
            raise self._failed(f"the runner's {path}: {reply.problem or f'HTTP {reply.status}'}")
        return as_object(reply.document())

    def _failed(self, message: str) -> RunnerFailed:
        return RunnerFailed(message, tuple(tail(self._text(), self.setup.hidden)))

    def _ended(self, message: str, status: int) -> RunnerFailed:
        """With what it said, and whether memory was the cause."""
        text = self._text()
        line = telling(text, self.setup.hidden)
        why = f"{message}: {line}" if line else message
        if is_out_of_memory(text):
            return self._failed(f"{why}; memory is the cause: it needs more than {self._limit()}")
        if status == _KILLED:
            return self._failed(f"{why}; the kernel does this when the machine runs out of memory")
        return self._failed(f"{why}{self._grown()}")

    def _grown(self) -> str:
        """What to add where it has taken so much that memory may be the cause."""
        if not self.memory or self._most_taken < self.memory // 2:
            return ""
        return f"; memory may be the cause: it used {binary(self._most_taken)} of {self._limit()}"

    def _limit(self) -> str:
        return f"its limit of {binary(self.memory)} (use `--runner-memory` to change it)"

    def _text(self) -> str:
        """The end of the log."""
        if self._log < 0:
            return ""
        size = os.fstat(self._log).st_size
        read = os.pread(self._log, _TAIL, max(0, size - _TAIL)).decode("utf-8", "replace")
        return read if size <= _TAIL else read.partition("\n")[2]


def start(
    program: Program, setup: RunnerConfig, files: Files, *, tcp: bool = False, memory: int = 0, serving: bool = False
) -> Running:
    """Start a runner for the files of an artifact; raises `RunnerFailed`.

    It may take so many bytes of `memory`; 0: what the model and its context bear out (`limit_of`), and more where it is
    `serving` applications.

    It is not waited for: to boot several at once, start all and wait for each. Where a signal may interrupt that, the
    block that also sees to its end is to be `defer_interrupt`.
    """
    if sys.platform != "linux":
        raise RunnerFailed("modellint starts runners only on Linux: elsewhere a runner could outlive it")
    with defer_interrupt():
        return _start(program, setup, files, tcp, memory, serving)


def _start(program: Program, setup: RunnerConfig, files: Files, tcp: bool, memory: int, serving: bool) -> Running:
    folder, log = "", -1
    try:
        folder = tempfile.mkdtemp(prefix="modellint-runner-", dir=_short_folder())
        log = os.open(os.path.join(folder, "log"), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        port = _free_port() if tcp else 0
        host = "127.0.0.1" if tcp else os.path.join(folder, "runner.sock")
        absolute = _absolute(files)
        memory = memory or limit_of(setup, absolute, on_gpu=not program.own, serving=serving)
        words = arguments(setup, absolute, host, port, _cores())
        process = subprocess.Popen(
            [*isolated(), _SUPERVISOR, folder, str(_GRACE), str(memory), *program.words, *words],
            stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=folder, env=_environment(), start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:  # ValueError: a NUL in a flag
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        if log >= 0:
            os.close(log)
        reason = f"{error.filename or program.words[0]}: {told(error)}" if isinstance(error, OSError) else error
        raise RunnerFailed(f"cannot start the runner: {reason}") from None
    url = f"http://127.0.0.1:{port}" if tcp else UNIX + host
    return Running(process, setup, url, absolute.model, folder, log, memory)


def _short_folder() -> str:
    """Where a socket may lie: the kernel takes no path of more than 107 bytes for one."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= _LONGEST_FOLDER else "/tmp"


def _absolute(files: Files) -> Files:
    def whole(path: str) -> str:
        return os.path.abspath(path) if path else ""

    return replace(
        files, model=whole(files.model), chat_template=whole(files.chat_template), mmproj=whole(files.mmproj)
    )


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {**kept, "GGML_NO_BACKTRACE": "1"}  # else a failed assertion starts a debugger, for seconds


def _cores() -> int:
    return (os.cpu_count() or 1) if platform.machine() in ("aarch64", "arm64") else 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _verdict(declared: int, request: int, slots: int, trained: int, divided: bool) -> str:
    if request >= declared:
        return REACHED
    if divided and request * slots >= declared:
        return DIVIDED
    return CAPPED if trained and request == trained else SHORT


def _how(status: int) -> str:
    return f"by signal {status - 128}" if status > 128 else f"with status {status}"


def _state(status: int, problem: str) -> str:
    if status == 503:
        return "it was still loading"
    return f"/health returned {status}" if status else problem
