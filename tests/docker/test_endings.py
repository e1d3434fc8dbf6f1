"""Whatever ends a run with containers, nothing of it is left in the engine or on this machine, and it says why.

These are runs of the whole command, several at once. Each ending is tried a few times, and twenty times with
`MODELLINT_ENDINGS=20`. The moments of signals are spread over what a run does, not over its seconds.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from support.docker.moments import Moment, Sender
from support.docker.runs import Runs, errors
from support.smoke.remains import Ended, own_folder, smoke

TIMES = int(os.environ.get("MODELLINT_ENDINGS", "4"))
AT_ONCE = 4
LATE = 2.0  # seconds in which an engine may still finish what it was asked
GONE = "modellint: interrupted"
# What a run does, and seconds after that has begun: twenty moments.
MOMENTS = [
    Moment("network inspect bridge"),
    Moment("compose version"),
    Moment(" config", 0.0),
    Moment(" config", 0.1),
    Moment(" import - ", 0.0),
    Moment(" import - ", 0.05),
    *(Moment(" up --detach", after) for after in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9)),
    *(Moment(" run --rm ", after) for after in (0.0, 0.1, 0.2, 0.4)),
    Moment(" down --volumes"),
]
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="runners and namespaces are for Linux only"),
]
T = TypeVar("T")


def some(items: Sequence[T]) -> list[T]:
    """As many as there are runs, from all over them."""
    return [items[number * len(items) // TIMES] for number in range(TIMES)]


def several(runs: Runs, run: Callable[[int], Ended]) -> list[Ended]:
    """Do it several times; none leaves anything or shows a traceback."""
    before = runs.engine.all()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        all_ended = list(pool.map(run, range(TIMES)))
    assert not runs.left(before)
    time.sleep(LATE)
    assert not runs.left(before), "it came late"
    for each in all_ended:
        assert not each.left, str(each)
        assert "Traceback" not in each.err, str(each)
        assert "internal error" not in each.err, str(each)
    seconds = sorted(each.seconds for each in all_ended)
    print(f"\n{TIMES} runs: {seconds[0]:.2f} to {seconds[-1]:.2f} s, median {seconds[TIMES // 2]:.2f} s")
    return all_ended


def once(
    runs: Runs,
    *words: str,
    at: Moment | None = None,
    signals: Sequence[tuple[int, float]] = (),
    target: str = "",
    network: str = "default",
) -> Ended:
    """A run of the smallest project in a folder of its own."""
    body = {"networks": [network]} if network != "none" else {"network_mode": "none"}
    text = runs.project({"chat": {"image": "registry.example.com/chat:1", "models": ["llm"], **body}})
    words = ("--engine", "docker", "--probe-only", "--format", "json", *words)
    with own_folder(text) as folder:
        if at is None:
            return smoke(folder, *words, variables=runs.engine.environment)
        with Sender(folder, at, signals, target) as sender:
            ended = smoke(folder, *words, variables=runs.engine.environment)
        return Ended(ended.status, ended.out, ended.err, ended.seconds, sender.sent, ended.left)


def test_success(runs: Runs) -> None:
    for run in several(runs, lambda _: once(runs, "--require", "all")):
        assert run.status == 0, str(run)
        assert run.err == ""


def test_failure(runs: Runs) -> None:
    for run in several(runs, lambda _: once(runs, network="none")):
        assert run.status == 1, str(run)
        assert len(errors(run)) == 2, str(run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_signal(runs: Runs, number: signal.Signals) -> None:
    interrupted(runs, [(number, 0.0)])


@pytest.mark.parametrize("pause", [0.05, 0.5])
def test_an_impatient_signal(runs: Runs, pause: float) -> None:
    """What takes a run down is not to be interrupted."""
    interrupted(runs, [(signal.SIGINT, pause), (signal.SIGINT, pause), (signal.SIGTERM, 0.0)])


def interrupted(runs: Runs, signals: Sequence[tuple[int, float]]) -> None:
    moments = some(MOMENTS)
    for at, run in zip(moments, several(runs, lambda n: once(runs, at=moments[n], signals=signals)), strict=True):
        assert run.sent, f"{at}: {run}"
        if at.words == " down --volumes":  # all was done, and it was too late to stop it
            assert run.status == 0, f"{at}: {run}"
        else:
            assert (run.status, run.out) == (2, ""), f"{at}: {run}"
            assert run.err.startswith(GONE), f"{at}: {run}"
            assert len(run.err.splitlines()) == 1, f"{at}: {run}"


def test_a_time_out(runs: Runs) -> None:
    """`--timeout` is over anywhere in a run."""
    for run in several(runs, lambda n: once(runs, "--timeout", f"{0.5 + n * 4 / TIMES:.2f}")):
        assert run.status in (0, 1), str(run)
        found = errors(run)
        assert bool(found) == run.status, str(run)
        assert all("`--timeout` of" in each for each in found), str(run)


@pytest.mark.parametrize("target", ["docker compose", "docker-compose compose"])
def test_compose_is_killed(runs: Runs, target: str) -> None:
    """By somebody else, while it makes things: what the engine still finishes is found too."""
    after = [0.05 + 0.85 * number / TIMES for number in range(TIMES)]
    kill = [(signal.SIGKILL, 0.0)]
    for run in several(runs, lambda n: once(runs, at=Moment(" up --detach", after[n]), signals=kill, target=target)):
        assert run.status in (0, 1), str(run)
        if not run.sent:
            assert run.status == 0, str(run)  # it had ended by itself


def test_a_runner_that_dies(runs: Runs) -> None:
    at, kill = Moment(" up --detach", 0.1), [(signal.SIGKILL, 0.0)]
    for run in several(runs, lambda _: once(runs, at=at, signals=kill, target="modellint.smoke.runners.shim")):
        assert run.sent, str(run)
        assert run.status == 1, str(run)
        died = "model llm, kept running: the runner exited by signal 9"
        assert any(each.startswith(died) for each in errors(run)), str(run)
