"""Options and fixtures for every test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

Compose: TypeAlias = "Callable[[Path, Mapping[str, str]], subprocess.CompletedProcess[str]]"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a rule's author have the drawings made."""
    parser.addoption("--redraw", action="store_true", help="write what the examples and fixtures do into their files")


def pytest_configure() -> None:
    """The programs that are run are those of this environment: docker-compose, modellint, npm."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@pytest.fixture(scope="session")
def compose_config() -> Compose:
    """Run the real `docker-compose config` on a folder's `compose.yaml` with nothing but some variables set."""
    program = shutil.which("docker-compose")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("docker-compose is not installed")
        pytest.skip("docker-compose is not installed")

    def run(folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, "-f", "compose.yaml", "config", "--format", "json"],
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.environ.get("PATH", ""), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
