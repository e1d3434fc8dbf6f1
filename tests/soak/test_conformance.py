"""Projects that nobody has compared yet: other seeds each day, and every key of the schema."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "conformance" / "conformance.py"
PROJECTS = int(os.environ.get("MODELLINT_PROJECTS", "2000"))
TODAY = int(time.time() // 86_400)


def test_new_projects_are_read_as_compose_reads_them() -> None:
    first = str(TODAY * PROJECTS)
    command = [sys.executable, str(SCRIPT), "--odd", str(PROJECTS), "--generated", "200", "--first", first, "--verbose"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 2 and "not installed" in done.stdout:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, f"seeds from {first} on\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
