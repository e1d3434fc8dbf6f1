"""Programs that are run: bounded, several at once, and gone when nobody waits any more."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from modellint.smoke.docker.subprocesses import Done, ProgramCall, run, run_all
from support.smoke.remains import processes

ENVIRON = {"PATH": "/usr/bin:/bin"}
DEAF = 'trap "" TERM; echo deaf; sleep 60 & wait; sleep 60'


def shell(text: str) -> tuple[str, ...]:
    return "sh", "-c", text


def lives(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def ends(pid: int) -> bool:
    """Whether it ends within a moment."""
    end = time.monotonic() + 5
    while lives(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not lives(pid)


def number_in(path: Path) -> int:
    """The process that a program has written the number of."""
    end = time.monotonic() + 10
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < end
        time.sleep(0.01)
    return int(path.read_text())


def test_what_it_prints() -> None:
    assert run(shell("echo out; echo err >&2; exit 3"), ENVIRON, 10) == Done(3, "out\n", "err\n")


def test_what_it_reads() -> None:
    data = bytes(range(256)) * 1000
    done = run(("sha256sum",), ENVIRON, 10, data)
    assert done.out == subprocess.run(["sha256sum"], input=data, stdout=subprocess.PIPE, check=True).stdout.decode()


def test_its_environment_is_what_is_given() -> None:
    assert run(("/usr/bin/env",), {"A": "b"}, 10).out == "A=b\n"


def test_bytes_that_are_no_text() -> None:
    done = run(shell(r"printf 'a\377\000b\nlast \376\033[31m\n'"), ENVIRON, 10)
    assert done.out == "a�\0b\nlast �\x1b[31m\n"
    assert done.words == "last �\x1b[31m"


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (Done(1, "out\n", "first\nError response from daemon: no such thing \n\n"), "no such thing"),
        (Done(1, "only out\n", ""), "only out"),
        (Done(4, "", " \n"), "it exited with status 4"),
        (Done(0, "", "x" * 5000), "x" * 400),
        (Done(1, "", "what it said", late=True), "it timed out"),
    ],
)
def test_its_complaint(done: Done, words: str) -> None:
    assert done.words == words


@pytest.mark.parametrize("name", ["/nonexistent", "no-such-program", "/etc/passwd", "nul\0"])
def test_what_cannot_be_run(name: str) -> None:
    done = run((name,), ENVIRON, 10)
    assert done.status == 127
    assert done.words.startswith("cannot run ")


def test_several_at_once() -> None:
    """In the order in which they are named, whoever is done first."""
    calls = [ProgramCall(shell(f"sleep {0.4 - number * 0.05}; echo {number}")) for number in range(8)]
    began = time.monotonic()
    assert [done.out for done in run_all(calls, ENVIRON, 10)] == [f"{number}\n" for number in range(8)]
    assert time.monotonic() - began < 1.5  # one after the other it would be 1.8 s


def test_more_than_are_run_at_once() -> None:
    calls = [ProgramCall(("cat",), str(number).encode()) for number in range(50)]
    assert [int(done.out) for done in run_all(calls, ENVIRON, 60)] == list(range(50))


def test_one_that_takes_too_long() -> None:
    """It is asked to end, and what it said is kept."""
    began = time.monotonic()
    slow, quick = run_all(
        [ProgramCall(shell("echo begun; exec sleep 60")), ProgramCall(shell("echo done"))], ENVIRON, 0.5
    )
    assert time.monotonic() - began < 3
    assert slow == Done(-signal.SIGTERM, "begun\n", "", late=True)
    assert quick == Done(0, "done\n", "")


def test_one_that_must_not_be_broken_off() -> None:
    """An engine goes on with an import whose client is ended, and nobody would find the image."""
    assert run(shell("sleep 0.5; echo done"), ENVIRON, 0.0, patience=10) == Done(0, "done\n", "")
    assert run(shell("sleep 60"), ENVIRON, 0.0, patience=0.2).late


def test_many_that_do_not_listen() -> None:
    """All are asked to end at the same time, and then killed at the same time."""
    began = time.monotonic()
    done = run_all([ProgramCall(shell(DEAF))] * 8, ENVIRON, 0.5, grace=0.5)
    assert time.monotonic() - began < 4
    assert done == [Done(-signal.SIGKILL, "deaf\n", "", late=True)] * 8


def test_a_grace(tmp_path: Path) -> None:
    """SIGTERM first: Compose lets go of what it is doing."""
    done = run(
        shell(f"trap 'sleep 0.2; echo let go > {tmp_path}/it; exit 5' TERM; echo; sleep 60 & wait"), ENVIRON, 0.3
    )
    assert (done.status, done.late) == (5, True)
    assert (tmp_path / "it").read_text() == "let go\n"


def test_what_it_has_started_is_gone(tmp_path: Path) -> None:
    run(shell(f"sleep 60 & echo $! > {tmp_path}/child; wait"), ENVIRON, 0.3)
    assert ends(number_in(tmp_path / "child"))


def test_a_plugin_is_gone_when_somebody_kills_docker(tmp_path: Path) -> None:
    """`docker` is killed, and does not take the plugin with it."""
    done = run(shell(f'(trap "" TERM; exec sleep 60) & echo $! > {tmp_path}/child; kill -KILL $$'), ENVIRON, 10)
    assert (done.status, done.late) == (-signal.SIGKILL, False)
    assert ends(number_in(tmp_path / "child"))


def test_no_signal_of_the_terminal() -> None:
    """Ctrl-C reaches all in the foreground group."""
    done = run((sys.executable, "-c", "import os; print(os.getpgrp() == os.getpid() == os.getsid(0))"), ENVIRON, 10)
    assert done.out == "True\n"


# A signal, in a process of its own.

INTERRUPTED = """
import signal, sys
from modellint.smoke.docker.subprocesses import ProgramCall, run, run_all
from modellint.system.signals import interrupt
def come(number, frame):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupt()
signal.signal(signal.SIGINT, come)
folder, patience = sys.argv[1], float(sys.argv[2])
words = [("sh", "-c", f"echo $$ > {folder}/{number}; sleep 0.7; echo done > {folder}/done{number}; sleep 60")
         for number in range(3)]
try:
    run_all([ProgramCall(each) for each in words], {"PATH": "/usr/bin:/bin"}, 60, patience)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def interrupted(folder: Path, patience: float, after: float = 0.0) -> str:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(folder), str(patience)], stdout=subprocess.PIPE, text=True
    )
    number_in(folder / "0")
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=30)[0]


def test_an_interruption(tmp_path: Path) -> None:
    began = time.monotonic()
    assert interrupted(tmp_path, 0.0, 0.2) == "interrupted\n"
    assert time.monotonic() - began < 5
    assert all(ends(number_in(tmp_path / str(each))) for each in range(3))
    assert not list(tmp_path.glob("done*"))


def test_a_patient_interruption(tmp_path: Path) -> None:
    """What the engine would go on with anyway comes to its end first."""
    assert interrupted(tmp_path, 1.5, 0.2) == "interrupted\n"
    assert len(list(tmp_path.glob("done*"))) == 3
    assert all(ends(number_in(tmp_path / str(each))) for each in range(3))


IN_A_START = """
import os, signal, subprocess, sys, time
class Popen(subprocess.Popen):
    def __init__(self, *words, **more):
        super().__init__(*words, **more)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)  # here it comes up, if it may
subprocess.Popen = Popen
"""


def test_an_interruption_in_the_middle_of_a_start(tmp_path: Path) -> None:
    """A process that has begun is ended, though nobody knew of it yet."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_START + INTERRUPTED, str(tmp_path), "0"], stdout=subprocess.PIPE, text=True,
        timeout=30, check=True,
    )  # fmt: skip
    assert done.stdout == "interrupted\n"
    assert not processes(str(tmp_path))


def test_in_another_thread() -> None:
    """Where no signal raises anything."""
    found: list[Done] = []
    thread = threading.Thread(target=lambda: found.append(run(("echo", "x"), ENVIRON, 10)))
    thread.start()
    thread.join(20)
    assert found == [Done(0, "x\n", "")]
