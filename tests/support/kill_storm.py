"""Kill processes while they replace a file, and count what they leave: a program of its own.

The process that runs the tests has threads, and must not fork.

Usage: kill_storm.py FOLDER random|steps unnamed|named
  random: at random moments; prints the processes killed, the files they replaced and those they tore, the temporary
          files left behind, and those still there after a later run
  steps:  before and after each call of a built-in function, one after the other; prints the processes killed, the
          files torn, the temporary files still there after a later run, and the steps at which one was left behind
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from modellint.files.replace import read_original, replace

OLD = "# old\n" + "a: 1\n" * 40_000
NEW = "# new\r\n" + "b: 2\r\n" * 50_000
RUNS = 300 if "MODELLINT_SOAK" in os.environ else 60
LONGEST = 0.02  # seconds that a process lives


def turn(path: Path) -> None:
    """Give a file its other text."""
    original = read_original(str(path))
    replace(original, NEW if original.text == OLD else OLD)


def forked(work: Callable[[], None]) -> int:
    """A new process that does some work and ends."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def killed(child: int) -> bool:
    """Wait for a process: whether it was killed. An error of its own ends everything."""
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        sys.exit("a process failed")
    return os.WIFSIGNALED(status)


def is_torn(path: Path) -> bool:
    """Whether a file is neither old nor new."""
    return path.read_bytes() not in (OLD.encode(), NEW.encode())


def leftovers(path: Path) -> list[Path]:
    """What else lies in the folder of a file."""
    return [entry for entry in path.parent.iterdir() if entry != path]


def after_a_later_run(path: Path) -> int:
    """How many files are left two hours later, when the file has been replaced once more."""
    for entry in leftovers(path):
        before = entry.stat().st_mtime - 7200
        os.utime(entry, (before, before))
    turn(path)
    return len(leftovers(path))


def at_random(path: Path) -> None:
    """A storm."""
    counter = mmap.mmap(-1, 8)
    torn = 0

    def work() -> None:
        os.write(writer, b"!")
        while True:
            turn(path)
            counter[:8] = (int.from_bytes(counter[:8], "little") + 1).to_bytes(8, "little")

    for _ in range(RUNS):
        path.write_bytes(OLD.encode())
        reader, writer = os.pipe()
        child = forked(work)
        os.read(reader, 1)
        time.sleep(random.random() * LONGEST)
        os.kill(child, signal.SIGKILL)
        killed(child)
        os.close(reader)
        os.close(writer)
        torn += is_torn(path)
    path.write_bytes(OLD.encode())
    left = len(leftovers(path))
    print(RUNS, int.from_bytes(counter[:8], "little"), torn, left, after_a_later_run(path))


def at_each_step(path: Path) -> None:
    """Die at the first step, at the second, and so on, until the work is done before the step comes."""
    original = read_original(str(path))
    steps: list[str] = []

    def record(_: object, event: str, function: Callable[..., object]) -> None:
        if event in ("c_call", "c_return"):
            steps.append(f"{'before' if event == 'c_call' else 'after'}-{function.__name__}")

    def work() -> None:
        count = 0

        def die(_: object, event: str, __: object) -> None:
            nonlocal count
            if event in ("c_call", "c_return"):
                count += 1
                if count > number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(die)
        replace(original, NEW)
        sys.setprofile(None)

    number = torn = later = 0
    left: list[int] = []
    while killed(forked(work)):
        torn += is_torn(path)
        if leftovers(path):
            left.append(number)
            later += after_a_later_run(path)
        if path.read_bytes() != OLD.encode():
            path.write_bytes(OLD.encode())
            original = read_original(str(path))
        number += 1
    path.write_bytes(OLD.encode())
    original = read_original(str(path))
    sys.setprofile(record)
    replace(original, NEW)
    sys.setprofile(None)
    print(number, torn, later, *(steps[index] for index in left))


def main(folder: Path, moments: str, kind: str) -> None:
    """Do what the command line says."""
    if kind == "named":
        del os.O_TMPFILE
    path = folder / "compose.yaml"
    path.write_bytes(OLD.encode())
    (at_random if moments == "random" else at_each_step)(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
