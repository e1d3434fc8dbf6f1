"""Swap a file or its folder for something else while `modellint fix` runs, before a given call of the system."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from modellint.cli import main

FLAGS = '["--temp=0.1", "--top-k=3"]'
GOOD = f'services:\n  web: {{image: a, models: [llm]}}\nmodels:\n  llm: {{model: "ai/x:1", runtime_flags: {FLAGS}}}\n'
FIXED = GOOD.replace('"--temp=0.1"', '"--temp", "0.1"').replace('"--top-k=3"', '"--top-k", "3"')
VICTIM = GOOD + "# victim\n"
CALLS = frozenset(
    ("open", "stat", "lstat", "fstat", "readlink", "read", "scandir", "link", "replace", "fsync", "write")
)
PATH = Path("above/project/compose.yaml")  # from the repository, in which the working folder is


class Ground:
    """A repository with a project in a folder of a folder, and the same folders outside of it."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder / "repository"
        self.outside = folder / "outside"
        self.victim = self.outside / PATH

    def lay(self) -> None:
        """Have everything be as at the start."""
        for root, text in ((self.repository, GOOD), (self.outside, VICTIM)):
            shutil.rmtree(root, ignore_errors=True)
            (root / PATH).parent.mkdir(parents=True)
            (root / PATH).write_text(text)
        (self.repository / ".git").mkdir()
        os.chdir(self.repository)

    def harm(self) -> str:
        """What of the outside is not as it was; empty where all is."""
        if self.victim.read_text() != VICTIM:
            return "the victim was written"
        if {path.name for path in self.outside.rglob("*")} != {"above", "project", "compose.yaml"}:
            return "a file was left outside"
        return ""

    def copied(self) -> str:
        """What of the outside has got into the repository; empty where nothing."""
        for path in self.repository.rglob("*.yaml"):
            if path.is_file() and not path.samefile(self.victim) and "victim" in path.read_text():
                return "the victim's text was copied"
        return ""


def _exchange(path: Path, put: Callable[[], object]) -> None:
    path.rename("moved")
    put()


def _back(path: Path) -> None:
    if os.path.lexists("moved"):
        path.unlink()
        Path("moved").rename(path)


# What a path is exchanged for, and which of the paths.
SWAPS: dict[str, tuple[Path, Callable[[Ground], object]]] = {
    "link": (PATH, lambda ground: PATH.symlink_to(ground.victim)),
    "folder": (PATH.parent, lambda ground: PATH.parent.symlink_to(ground.victim.parent)),
    "folder above": (PATH.parent.parent, lambda ground: PATH.parent.parent.symlink_to(ground.outside / "above")),
    "pipe": (PATH, lambda ground: os.mkfifo(PATH)),
    "hard link": (PATH, lambda ground: os.link(ground.victim, PATH)),
    "other text": (PATH, lambda ground: PATH.write_text("services: {}\n")),
}


def run_with(ground: Ground, swap: str, number: int, *, back: bool) -> tuple[int, int]:
    """Fix, and swap before the call of this number; with `back`, swap back before the next. Exit code, calls made."""
    ground.lay()
    path, put = SWAPS[swap]
    calls = 0

    def count(_: object, event: str, function: object) -> None:
        nonlocal calls
        if event == "c_call" and getattr(function, "__name__", "") in CALLS and function.__module__ == os.name:
            calls += 1
            if calls in (number, number + 1):
                sys.setprofile(None)
                if calls == number:
                    _exchange(path, lambda: put(ground))
                elif back:
                    _back(path)
                sys.setprofile(count)

    sys.setprofile(count)
    try:
        status = main(["fix", str(PATH)])
    finally:
        sys.setprofile(None)
    return status, calls
