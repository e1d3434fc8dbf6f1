"""What becomes of a run whose time is over, and whose runners are watched."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modellint.smoke.check import MODEL, Smoke, SmokeCheck
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, PASS
from modellint.smoke.runners.find import Program
from modellint.smoke.runners.plan import COMPLETION, Files, RunnerConfig
from modellint.smoke.runners.process import RunnerFailed, Running, start
from modellint.text.source import Source, Span
from support.smoke.door import Door
from support.smoke.remains import own_folder, smoke
from support.store.canned import Stored

if TYPE_CHECKING:
    from modellint.smoke.isolation.outcome import Status

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="runners and namespaces are for Linux only")
SPAN = Span(Source("compose.yaml", ""), 0, 0)
PROJECT = """\
services:
  chat:
    image: registry.example.com/chat:1
    models: [llm]
models:
  llm:
    model: ${REGISTRY}/ai/canary-llm:v1
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([(PASS, "late")], [PASS]),
        ([(PASS, "late"), (NOT_PROVEN, "late"), (NOT_PROVEN, "late")], [PASS, FAIL, NOT_PROVEN]),
        ([(NOT_PROVEN, "other"), (NOT_PROVEN, "so late")], [NOT_PROVEN, FAIL]),
        ([(NOT_PROVEN, "late"), (FAIL, "late")], [NOT_PROVEN, FAIL]),
        ([(NOT_PROVEN, "late"), (FAIL, "other")], [NOT_PROVEN, FAIL]),
        ([(NOT_PROVEN, "other")], [NOT_PROVEN]),
    ],
)
def test_what_was_late_has_failed_once(before: list[tuple[Status, str]], after: list[Status]) -> None:
    seen = Smoke("none")
    seen.checks = [SmokeCheck(MODEL, "llm", "booted", "booted", status, reason, SPAN) for status, reason in before]
    seen.fail_first("late")
    assert [each.status for each in seen.checks] == after


@pytest.mark.usefixtures("namespaces")
def test_a_registry_that_says_nothing_has_no_more_time_than_all(registry: Stored) -> None:
    with Door(registry.host, most=0, end="hang") as door, own_folder(PROJECT) as folder:
        ended = smoke(folder, "--timeout", "0.5", variables={"REGISTRY": door.host})
    assert (ended.status, ended.left) == (1, [])
    assert "model llm, pulled: the `--timeout` of 0.5 s expired" in ended.out
    assert ended.seconds < 4.5  # a registry has 5 s by itself


HEALTHY = f"""#!{sys.executable} -S
import socket, sys, time
at = sys.argv.index("--port") + 1
with socket.create_server(("127.0.0.1", int(sys.argv[at]))) as server:
    while True:
        peer = server.accept()[0]
        peer.recv(65536)
        peer.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n")
        peer.close()
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A runner that is healthy, and says nothing more."""
    script = tmp_path / "runner"
    script.write_text(HEALTHY)
    script.chmod(0o755)
    setup = RunnerConfig("d", COMPLETION, 0, (), ("llm",))
    with start(Program((str(script),), ""), setup, Files(str(tmp_path)), tcp=True) as running:
        running.wait(30)
        yield running


def runner_of(running: Running) -> int:
    """The process whose parent the supervisor is."""
    return int(Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()[0])


def test_a_runner_is_asked_at_least_once(running: Running) -> None:
    """Others may have been waited for, for as long as it has itself."""
    running.wait(0)
    os.kill(runner_of(running), signal.SIGSTOP)
    with pytest.raises(RunnerFailed, match=r"^the runner was not healthy after 0 s: no response within 0\.05 s$"):
        running.wait(0)


def test_a_runner_that_is_well_is_left_alone(running: Running) -> None:
    assert running.ended() is None
    assert running.age > 0


def test_a_runner_that_hangs_is_noticed(running: Running) -> None:
    os.kill(runner_of(running), signal.SIGSTOP)
    assert str(running.ended()) == "the runner is no longer healthy: no response within 2 s"


def test_a_runner_that_has_just_died_is_noticed(running: Running) -> None:
    """Its supervisor may still be there, which is known to have happened."""
    os.kill(running.pid, signal.SIGSTOP)
    os.kill(runner_of(running), signal.SIGKILL)
    while Path(f"/proc/{runner_of(running)}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert "no longer healthy: nothing is listening there" in str(running.ended())
    os.kill(running.pid, signal.SIGCONT)
    why = "the kernel does this when the machine runs out of memory"
    assert str(running.ended()) == f"the runner exited by signal 9 after it was healthy; {why}"
