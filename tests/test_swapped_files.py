"""While `fix` runs, somebody swaps files for links: nothing outside is written, and nothing but a sentence is said.

`tests/soak/test_swapped_files.py` does all of it, and a random race.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from support.swaps import FIXED, PATH, SWAPS, Ground, run_with

pytestmark = pytest.mark.skipif(os.name != "posix", reason="another system swaps otherwise")
STEP = 9  # of the calls before which is swapped; the soak run takes each


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    monkeypatch.chdir(tmp_path)
    return Ground(tmp_path)


def test_without_a_swap(ground: Ground) -> None:
    run_with(ground, "link", 0, back=False)  # which imports
    status, calls = run_with(ground, "link", 0, back=False)
    assert (status, PATH.read_text()) == (0, FIXED)
    assert 50 < calls < 500
    assert ground.harm() == ""


@pytest.mark.parametrize("back", [False, True], ids=["stays", "comes back"])
@pytest.mark.parametrize("swap", SWAPS)
def test_a_swap_before_a_call(ground: Ground, swap: str, back: bool, capsys: pytest.CaptureFixture[str]) -> None:
    run_with(ground, swap, 0, back=False)
    _, calls = run_with(ground, swap, 0, back=False)
    capsys.readouterr()
    signal.alarm(120)  # a pipe that blocks would do so for ever
    for number in range(1 + back, calls, STEP):
        status, _ = run_with(ground, swap, number, back=back)
        said = capsys.readouterr().err
        assert status in (0, 1, 2), (number, said)
        assert "internal error" not in said, (number, said)
        assert "failed on it" not in said, (number, said)
        assert ground.harm() + ground.copied() == "", (number, said)
        if status:
            assert said.startswith("modellint: "), (number, said)
    signal.alarm(0)
