"""Where things are, and what the tests of the action take from elsewhere."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
Tool = Callable[[str], str]


def _module(folder: str, name: str) -> Any:
    sys.path.insert(0, str(ROOT / folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(ROOT / folder))


entry = _module("lint/action", "entry")  # the action's script
sarif_tests = _module("tests/report", "test_sarif")  # the validator of SARIF
