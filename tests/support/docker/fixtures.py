"""A Docker engine, tiny models in a real registry, and an image with nothing in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modellint.smoke.isolation.capability import find_capability
from support.docker.engine import Engine, NoEngine, locked, shared_engine
from support.docker.runs import Runs

_LOCK = Path(__file__)  # a file that all workers know, and other sessions with this engine


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
