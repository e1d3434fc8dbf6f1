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

from engine import Engine, NoEngine, any_engine
from runs import Runs

from modellint.isolation.support import find_capability


def _of_smoke() -> Any:
    """The fixtures of the tests of `smoke` without containers."""
    spec = spec_from_file_location("smoke_conftest", Path(__file__).parent.parent / "smoke" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_theirs = _of_smoke()
registry, make, namespaces = _theirs.registry, _theirs.make, _theirs.namespaces


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine that works, for `docker` in the environment that it gives."""
    try:
        with any_engine() as found:
            yield found
    except NoEngine as problem:
        if os.environ.get("CI") == "true":
            pytest.fail(str(problem))
        pytest.skip(str(problem))


@pytest.fixture(scope="session")
def runs(engine: Engine, registry: Any) -> Iterator[Runs]:
    """Runs of the whole command with that engine."""
    capability = find_capability()
    if not capability.ok:
        pytest.skip(f"no network namespaces here: {capability.reason}")
    with Runs(engine, registry.host) as made:
        yield made
