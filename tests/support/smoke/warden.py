"""Run a command, end it at a chosen moment, and see what of it still runs afterwards.

    python -I -S warden.py < ORDER > REPORT

Whatever the command leaves running becomes a child of this process (PR_SET_CHILD_SUBREAPER), whatever it has made of
its session, environment and command line. So nothing has to be searched for, and nothing of other runs is mistaken for
it. A network namespace lasts as long as a process in it (or a file of one, or a mount, which modellint never makes):
no process left is no namespace left.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_SUBREAPER = 36
_PAUSE = 0.003
# What has to be seen of a command, one after the other, to be in a phase.
_PHASES = {
    "command": ["command"], "pull": ["command", "pull"], "boot": ["command", "boot"],
    "probe": ["command", "boot", "probe"], "end": ["command", "boot", "probe", "end"],
}  # fmt: skip
_OUTPUT = 1 << 20


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Do what the order says.

    `words`, `folder`, `environment`: the command. `phase`, `after`, `signals`: the moment, by what the command does and
    the seconds since then, and what is sent then: process (0: the command), signal, seconds until the next. `store` is
    where the command keeps its models. After `seconds` it is killed. `patience`: seconds in which what it has started
    may end after it.
    """
    ctypes.CDLL(None).prctl(_SUBREAPER, 1)
    output = [os.memfd_create(name) for name in ("out", "err")]
    started = time.monotonic()
    process = subprocess.Popen(
        order["words"], stdin=subprocess.DEVNULL, stdout=output[0], stderr=output[1], cwd=order["folder"],
        env=order["environment"],
    )  # fmt: skip
    sent = _send(process, order) if order["phase"] else 0
    hung = False
    try:
        process.wait(max(0.0, order["seconds"] - (time.monotonic() - started)))
    except subprocess.TimeoutExpired:
        hung = True
        process.kill()
        process.wait()
    ended = time.monotonic()
    while (left := _running()) and time.monotonic() < ended + order["patience"]:
        time.sleep(_PAUSE)
    found = [_words(each) + _network(each) for each in left]
    _end_all()
    out, err = (os.pread(file, _OUTPUT, 0).decode("utf-8", "replace") for file in output)
    return {
        "status": process.returncode, "out": out, "err": err, "seconds": ended - started, "hung": hung, "sent": sent,
        "left": found,
    }  # fmt: skip


def _send(process: subprocess.Popen[bytes], order: dict[str, Any]) -> int:
    """Send the signals when the moment is there; returns how many were sent to who still ran."""
    begun = time.monotonic()
    phases = iter(_PHASES[order["phase"]])
    awaited = next(phases)
    while True:
        if process.poll() is not None or time.monotonic() > begun + order["seconds"]:
            return 0
        if _is_in(awaited, process.pid, order["store"]):
            awaited = next(phases, "")
            if not awaited:
                break
        time.sleep(_PAUSE)
    time.sleep(order["after"])
    sent = 0
    for target, number, pause in order["signals"]:
        if process.poll() is None:
            os.kill(target or process.pid, number)
            sent += 1
            time.sleep(pause)
    return sent


def _is_in(phase: str, pid: int, store: str) -> bool:
    """Whether the command is doing that. A phase looks at as little as it can: twenty runs share two processors."""
    if phase == "command":
        return _catches(pid, signal.SIGHUP)  # SIGTERM is caught by every command, from its first step on
    if phase == "pull":
        return any(_size(path) for path in Path(store).glob("partial/*"))
    words = " ".join(_words(each) for each in _descendants(pid))
    if phase == "boot":
        return "supervisor.py" in words
    return ("isolation/probe.py" in words) == (phase == "probe")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it has just become a blob
        return 0


def _catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)


def _running() -> list[int]:
    """What runs below this process. The dead among its own children are buried."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return []
    return [each for each in _descendants(os.getpid()) if not _is_dead(each)]


def _end_all() -> None:
    while left := _running():
        for each in left:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(_PAUSE)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *_descendants(child)]
    except OSError:  # it has just ended
        pass
    return found


def _is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] in b"ZX"
    except OSError:
        return True


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ").strip()
    except OSError:
        return ""


def _network(pid: int) -> str:
    own, other = Path("/proc/self/ns/net"), Path(f"/proc/{pid}/ns/net")
    try:
        return "" if own.samefile(other) else ", in a network namespace of its own"
    except OSError:
        return ""


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
