"""A Docker engine, tiny models in a real registry, and an image with nothing in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "store"))
sys.path.insert(0, str(Path(__file__).parent.parent / "registry"))
sys.path.insert(0, str(Path(__file__).parent.parent / "smoke"))
sys.path.insert(0, str(Path(__file__).parent))

from engine import Engine, NoEngine, locked, shared_engine
from runs import Runs

from modellint.smoke.isolation.capability import find_capability


def _of_smoke() -> Any:
    """The fixtures of the tests of `smoke` without containers."""
    spec = spec_from_file_location("smoke_conftest", Path(__file__).parent.parent / "smoke" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_theirs = _of_smoke()
_LOCK = Path(__file__)  # a file that all workers know, and other sessions with this engine
registry, make, namespaces = _theirs.registry, _theirs.make, _theirs.namespaces


@pytest.fixture(scope="session")
def any_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that works, for `docker` in the environment that it gives."""
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent  # which all workers have
    try:
        with shared_engine(folder) as found:
            yield found
    except NoEngine as problem:
        if os.environ.get("CI") == "true":
            pytest.fail(str(problem))
        pytest.skip(str(problem))


@pytest.fixture
def engine(any_engine: Engine) -> Iterator[Engine]:
    """That engine, and nobody else uses it: tests compare all that it has before and after."""
    with locked(_LOCK):
        yield any_engine


@pytest.fixture(scope="session")
def any_runs(any_engine: Engine, registry: Any) -> Iterator[Runs]:
    """Runs of the whole command with that engine."""
    capability = find_capability()
    if not capability.ok:
        pytest.skip(f"no network namespaces here: {capability.reason}")
    runs = Runs(any_engine, registry.host)
    with locked(_LOCK):
        runs.make_image()
    yield runs
    with locked(_LOCK):
        runs.remove_image()


@pytest.fixture
def runs(any_runs: Runs, engine: Engine) -> Runs:
    """They, with the engine for themselves."""
    return any_runs
