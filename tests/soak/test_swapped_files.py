"""All swaps of `tests/test_swapped_files.py`, and a race against a program that swaps without a pause."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from modellint.cli import main
from support.swaps import GOOD, PATH, SWAPS, Ground, run_with

pytestmark = pytest.mark.skipif(os.name != "posix", reason="another system swaps otherwise")
RUNS = int(os.environ.get("MODELLINT_RACES", "3000"))
SWAPPER = """
import os, sys
path, target, good, kind = sys.argv[1:]
while True:
    try:
        if kind == "file":
            os.symlink(target, "link"); os.replace("link", path)
            with open("good", "w") as file: file.write(good)
            os.replace("good", path)
        else:
            folder = os.path.dirname(path)
            os.rename(folder, "moved"); os.symlink(os.path.dirname(target), folder)
            os.unlink(folder); os.rename("moved", folder)
    except OSError: pass
"""


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    monkeypatch.chdir(tmp_path)
    made = Ground(tmp_path)
    run_with(made, "link", 0, back=False)
    return made


@contextlib.contextmanager
def swapping(ground: Ground, kind: str) -> Generator[None]:
    program = [sys.executable, "-c", SWAPPER, str(PATH), str(ground.victim), GOOD, kind]
    with subprocess.Popen(program, cwd=ground.repository) as process:
        try:
            yield
        finally:
            process.kill()


def sound(ground: Ground, status: int, said: str) -> None:
    assert status in (0, 1, 2), said
    assert "internal error" not in said
    assert "failed on it" not in said
    assert ground.harm() == "", said


def again(ground: Ground) -> None:
    """Have something to fix again, in whichever of its two places the folder is at this moment."""
    for folder in (PATH.parent, Path("moved")):
        if not folder.is_symlink():
            with contextlib.suppress(OSError):
                handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
                with open(os.open("new", os.O_WRONLY | os.O_CREAT, dir_fd=handle), "w") as file:  # noqa: PTH123
                    file.write(GOOD)
                os.replace("new", PATH.name, src_dir_fd=handle, dst_dir_fd=handle)
                os.close(handle)


@pytest.mark.parametrize("back", [False, True], ids=["stays", "comes back"])
@pytest.mark.parametrize("swap", SWAPS)
def test_a_swap_before_each_call(ground: Ground, swap: str, back: bool, capsys: pytest.CaptureFixture[str]) -> None:
    _, calls = run_with(ground, swap, 0, back=False)
    capsys.readouterr()
    signal.alarm(600)
    for number in range(1 + back, calls):
        status, _ = run_with(ground, swap, number, back=back)
        sound(ground, status, f"{number}: {capsys.readouterr().err}")
        assert ground.copied() == "", number
    signal.alarm(0)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_race(ground: Ground, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    ground.lay()
    ended = [0, 0, 0]
    with swapping(ground, kind):
        for _ in range(RUNS):
            status = main(["fix", str(PATH)])
            sound(ground, status, capsys.readouterr().err)
            ended[status] += 1
            if kind == "folder" and status == 0:  # which is fixed now
                again(ground)
    print(f"{kind}: {ended} runs ended with status 0, 1, 2")
    assert ended[2] > RUNS / 100
