"""The engine, the registry and the runs of the tests of the Docker engine."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


def _of_docker() -> Any:
    path = Path(__file__).parents[2] / "docker" / "conftest.py"
    spec = spec_from_file_location("docker_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_theirs = _of_docker()
registry, make, namespaces = _theirs.registry, _theirs.make, _theirs.namespaces
any_engine, engine, any_runs, runs = _theirs.any_engine, _theirs.engine, _theirs.any_runs, _theirs.runs
