"""What runs, and what still runs when it should not."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Maker: TypeAlias = Callable[..., Path]


def processes(mark: str) -> list[str]:
    """The command lines of all processes that have a text in theirs, but for this one and the dead."""
    found: list[str] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                words = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if mark in words:
                found.append(words.replace("\0", " "))
    return found


def gone(mark: str, seconds: float = 10) -> list[str]:
    """The processes with a mark that are still there in the end."""
    end = time.monotonic() + seconds
    while (left := processes(mark)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def folders() -> set[str]:
    """The folders of runners."""
    return {path.name for path in Path(tempfile.gettempdir()).glob("modellint-runner-*")}


def descriptors() -> int:
    """How many files are open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
