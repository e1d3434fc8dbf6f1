"""Start a runner, end it with whoever wanted it, and leave nothing of it behind.

    python -I -S supervisor.py FOLDER SECONDS BYTES PROGRAM WORD…

is a process between modellint and a runner. It ends the runner when its input ends, which happens when modellint closes
it, and also when modellint is killed: then nobody else could. The runner is asked to end (SIGTERM), after SECONDS it is
killed, with its process group and whatever it left running elsewhere. At last FOLDER is removed.

The runner, and what it starts, may each have BYTES of memory of its own (0: no limit). What is mapped from a file, as
weights are, or is only reserved, as drivers of GPUs do by the terabyte, is not counted. Should the machine run out of
memory nevertheless, the kernel takes the runner before others.

Should the supervisor itself be killed, Linux kills the runner (PR_SET_PDEATHSIG). That signal alone would not do: it
comes when the *thread* that started a process ends, and it does not reach what a runner starts itself, as scripts do.

Linux only. It imports nothing but the standard library, and little of that: it is on the way of each start.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import time

_PDEATHSIG, _SUBREAPER = 1, 36  # of prctl
_HANDLED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_NOT_RUN = 127
_PAUSE = 0.02
_FIRST_TO_GO = 800  # of 1000; 0 is usual


def main(seconds: float, memory: int, words: list[str]) -> int:
    """Run the program to its end, and return its status as a shell would."""
    prctl = ctypes.CDLL(None).prctl  # looked up before there is a child, which should do as little as possible
    prctl(_SUBREAPER, 1)  # what a runner leaves behind becomes a child of this process
    news, sender = os.pipe()
    os.set_blocking(sender, False)
    signal.set_wakeup_fd(sender)
    for number in _HANDLED:
        signal.signal(number, _nothing)
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)  # until the child no longer handles them as the supervisor does
    supervisor, child = os.getpid(), os.fork()
    if not child:
        _become(words, memory, supervisor, prctl)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
    while not _ended(child):
        ready = select.select([sys.stdin, news], [], [])[0]
        told = os.read(news, 64) if news in ready else b""
        if sys.stdin in ready or any(number != signal.SIGCHLD for number in told):
            _send(child, signal.SIGTERM)
            _wait(child, seconds)
            break
    _send(child, signal.SIGKILL)  # before it is waited for: until then the number of the group is nobody else's
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _sweep()
    return status if status >= 0 else 128 - status


def _become(
    words: list[str],
    memory: int,
    supervisor: int,
    prctl: ctypes._NamedFuncPointer,  # pyright: ignore[reportPrivateUsage]
) -> None:
    """Turn the child into the program."""
    try:
        os.setpgid(0, 0)
        prctl(_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != supervisor:
            os._exit(_NOT_RUN)
        for number in (*_HANDLED, signal.SIGPIPE):  # which Python ignores, and a program would inherit that
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        _limit(memory)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(words[0], words)
    except OSError as error:
        os.write(2, f"error: cannot run {words[0]}: {error.strerror}\n".encode("utf-8", "replace"))
    finally:
        os._exit(_NOT_RUN)


def _limit(memory: int) -> None:
    """Bound what this process may take, and leave no core of it behind."""
    with open("/proc/self/oom_score_adj", "r+", encoding="ascii") as file:
        if int(file.read()) < _FIRST_TO_GO:
            file.seek(0)
            file.write(str(_FIRST_TO_GO))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if memory and (hard == resource.RLIM_INFINITY or memory < hard):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _nothing(*_: object) -> None:
    """What a signal does by itself: it only writes its number into the pipe."""


def _ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _wait(child: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not _ended(child) and time.monotonic() < end:
        time.sleep(_PAUSE)


def _send(group: int, number: signal.Signals) -> None:
    for send in (os.killpg, os.kill):  # the group is not there yet, or there is nobody left in it
        try:
            return send(group, number)
        except (ProcessLookupError, PermissionError):
            continue
    return None


def _sweep() -> None:
    """End what became a child of this process because its own parent ended."""
    me = os.getpid()
    while True:
        try:
            with open(f"/proc/{me}/task/{me}/children", encoding="ascii") as file:
                children = [int(number) for number in file.read().split()]
        except OSError:
            return
        if not children:
            return
        for each in children:
            _send(each, signal.SIGKILL)
            try:
                os.waitpid(each, 0)
            except ChildProcessError:
                continue


if __name__ == "__main__":
    outcome = main(float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    import shutil  # not before the start

    shutil.rmtree(sys.argv[1], ignore_errors=True)
    os._exit(outcome)
