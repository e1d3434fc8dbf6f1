"""A place for the action to run: its dependencies are installed once for all tests."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from support.action.harness import Scene
from support.action.place import ROOT, Tool, sarif_tests

multitool = sarif_tests.multitool  # a fixture


@pytest.fixture(scope="session")
def tool() -> Tool:
    """The path of a development tool; without it a test is skipped, and fails in CI."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            if os.environ.get("CI") == "true":
                pytest.fail(f"{name} is not installed")
            pytest.skip(f"{name} is not installed")
        return found

    return find


@pytest.fixture(scope="session")
def interpreter() -> str:
    """The Python that this environment was made from: it sees none of the packages here."""
    folder = Path(sys.base_prefix)
    names = [folder / "bin" / f"python3.{sys.version_info.minor}", folder / "python.exe"]
    return str(next(path for path in names if path.exists()))


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A search path with uv on it, where there is one, and nothing else."""
    folder = tmp_path_factory.mktemp("programs")
    uv = shutil.which("uv")
    if uv:
        (folder / "uv").symlink_to(uv)
    return str(folder)


@pytest.fixture(scope="session")
def dependencies(tmp_path_factory: pytest.TempPathFactory, interpreter: str, programs: str) -> Path:
    """A temporary folder of a runner in which the action was installed."""
    temp = tmp_path_factory.mktemp("runner")
    scene = Scene(ROOT, tmp_path_factory.mktemp("nothing"), temp, interpreter, programs)
    outcome = scene.run(allow_no_files="true")
    assert outcome.passed, outcome.steps
    return temp


@pytest.fixture
def scene(tmp_path: Path, dependencies: Path, interpreter: str, programs: str) -> Scene:
    """An empty repository, and the action with its dependencies installed."""
    workspace, temp = tmp_path / "workspace", tmp_path / "temp"
    workspace.mkdir()
    temp.mkdir()
    for folder in dependencies.glob("modellint-*"):
        if not folder.name.startswith(("modellint-run-", "modellint-part-")):
            (temp / folder.name).symlink_to(folder)
    return Scene(ROOT, workspace, temp, interpreter, programs)
