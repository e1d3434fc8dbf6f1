"""The reports for services, to the letter: a change of them shows in a review."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import Report
from modellint.report import renderer
from modellint.rule import Rule

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {"gitlab": "json", "junit": "xml", "rdjson": "json", "markdown": "md"}


@pytest.mark.parametrize("name", ["clean", "plain", "hostile", "unreadable", "on_terms"])
@pytest.mark.parametrize("form", ENDINGS)
def test_golden(
    form: str, name: str, samples: dict[str, Report], known: dict[str, Rule], pytestconfig: pytest.Config
) -> None:
    """What is in the file."""
    golden = GOLDEN / f"{name}.{form}.{ENDINGS[form]}"
    made = renderer(form)(samples[name], known)
    if pytestconfig.getoption("--redraw"):
        golden.write_text(made, encoding="utf-8", newline="\n")
    assert made == golden.read_text(encoding="utf-8")
