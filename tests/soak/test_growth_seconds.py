"""What the counts of `tests/test_growth.py` do not see: CPU seconds and memory of whole commands, up to 1 MiB of input.

Of three sizes the largest may not take much more than twice the time of the middle one, once that can be measured; and
whatever there is of something in 1 MiB, the answer comes within 2 CPU seconds and 200 MB.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from support.shapes import SHAPES, write

MIB = 1 << 20
SECONDS = 2.0
MEGABYTES = 200
SLOW_MACHINE = 3.0 if os.environ.get("CI") else 1.5  # caches and the clock are shared with what else runs
LIMIT = 60  # CPU seconds after which a run is ended
RATIO = 2.9  # between 2n and 4n: 2 is in proportion, 4 is the square
MEASURABLE = 1.0  # seconds
SIZES = (1_000, 2_000, 4_000)
REFUSED = ("the file contains more than", "expand to too much", "add too many values", "is too large for")
CUT = "the rest are not reported"
COMMANDS = {
    "check": ["check"],
    "check all": ["check", "--select", "all"],
    "sarif": ["check", "--format", "sarif"],
    "fix": ["fix", "--unsafe", "--diff"],
    "graph": ["graph", "--format", "html"],
    "config": ["config"],
}
_PROGRAM = """\
import os, resource, sys
end = os._exit
def leave(status):
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = used.ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)
    if os.path.exists("/proc/self/status"):  # which leaves out what the parent had
        peak = int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) // 1024
    os.write(int(sys.argv.pop()), f"{used.ru_utime + used.ru_stime} {peak}".encode())
    end(status)
os._exit = leave
resource.setrlimit(resource.RLIMIT_CPU, (int(os.environ["LIMIT"]),) * 2)
from modellint.cli import main
sys.stdout.flush()
leave(main(sys.argv[1:-1]))
"""


class Run(NamedTuple):
    seconds: float
    megabytes: int
    status: int
    out: str
    err: str


def run(words: list[str], folder: Path) -> Run:
    """Run the program in a project's folder; 60 seconds and no memory where it was ended."""
    read, write_end = os.pipe()
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words, "compose.yaml", str(write_end)],
        cwd=folder, env={**os.environ, "LIMIT": str(LIMIT)}, capture_output=True, pass_fds=(write_end,), check=False,
    )  # fmt: skip
    os.close(write_end)
    with os.fdopen(read) as pipe:
        used = pipe.read().split()
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    seconds, megabytes = (float(used[0]), int(used[1])) if used else (float(LIMIT), 0)
    return Run(seconds, megabytes, done.returncode, out, err)


def size(name: str, n: int) -> int:
    return sum(len(text.encode()) for text in SHAPES[name](n).values())


def largest(name: str, folder: Path) -> int:
    """The largest n that is within 1 MiB and is not refused for what it holds."""
    low, high = 1, 400_000
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if size(name, middle) <= MIB else (low, middle)
    while low > 100:
        write(SHAPES[name](low), folder)
        if not any(word in run(["check", "--select", "invalid-yaml"], folder).out for word in REFUSED):
            break
        low = low * 4 // 5
    return low


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    return project


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("command", COMMANDS)
def test_the_time_is_in_proportion(command: str, name: str, folder: Path) -> None:
    seconds: list[float] = []
    for n in SIZES:
        if size(name, n) > MIB:
            break
        write(SHAPES[name](n), folder)
        done = run(COMMANDS[command], folder)
        assert "internal error" not in done.err
        seconds.append(done.seconds)
        if done.seconds >= LIMIT:
            break
    start = 0.1  # of the interpreter
    if len(seconds) > 1 and seconds[-1] > MEASURABLE:
        assert (seconds[-1] - start) / max(seconds[-2] - start, 0.02) <= RATIO, seconds


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("command", ["check", "sarif"])
def test_a_mebibyte_is_answered_in_time(command: str, name: str, folder: Path) -> None:
    n = largest(name, folder)
    write(SHAPES[name](n), folder)
    done = run(COMMANDS[command], folder)
    assert done.status in (0, 1) or CUT in done.err, done.err
    used = (n, done.seconds, done.megabytes)
    assert used <= (n, SECONDS * SLOW_MACHINE, used[2])
    assert used[2] <= MEGABYTES
