"""A tiny model to run, and what to run it with. Both are real."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from modellint.smoke.runners import find
from modellint.smoke.runners.find import NoRunner, Program
from support.runner.leftovers import Maker

MAKER = Path(__file__).parents[2] / "fixtures/smoke/make_canary.py"


def missing(what: str) -> None:
    """Skip where something is not installed; in CI, where it has to be, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def xllamacpp() -> Program:
    """Our own llama-server, also where there is another on PATH."""
    try:
        return find.find(path="/nonexistent")
    except NoRunner as problem:
        missing(str(problem))
        raise


@pytest.fixture(scope="session")
def make_canary(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Make a model: `make_canary("--answer", "hello")`."""
    if find_spec("gguf") is None or find_spec("numpy") is None:
        missing("gguf and numpy, which make a model, are not installed")
    folder = tmp_path_factory.mktemp("canaries")

    def make(*words: str) -> Path:
        path = folder / f"{len(list(folder.iterdir()))}.gguf"
        subprocess.run([sys.executable, str(MAKER), str(path), *words], check=True, timeout=120)
        return path

    return make


@pytest.fixture
def own_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place for temporary files that no other test uses; a short one, for sockets."""
    with tempfile.TemporaryDirectory(prefix="m-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("TMPDIR", folder)
        yield


@pytest.fixture(scope="session")
def canary(make_canary: Maker) -> Path:
    """A model that answers `parrot` and was trained with 8192 tokens."""
    return make_canary("--answer", "parrot")
