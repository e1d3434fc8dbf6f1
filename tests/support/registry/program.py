"""The whole program, as a user runs it against a registry."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-m", "modellint"]


def run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The program in a folder, with nothing of this machine's settings: no credentials, a cache of its own."""
    cache = f"{folder}-cache"  # not in what is checked
    settings = {"HOME": str(folder), "XDG_CACHE_HOME": cache, "PATH": os.environ["PATH"], **variables}
    return subprocess.run(
        [*PROGRAM, *words], cwd=folder, env=settings, capture_output=True, text=True, timeout=60, check=False
    )
