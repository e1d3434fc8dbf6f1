"""Every example project's report is the one that lies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.linter.discovery import rules
from modellint.report import text

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.mark.parametrize("report", sorted(FIXTURES.glob("*/report.txt")), ids=lambda path: path.parent.name)
def test_report(report: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES.parent)
    known = rules()
    project = report.parent.relative_to(FIXTURES.parent)
    found = check([str(project)], Settings([rule for rule in known.values() if rule.on], {}))
    assert not found.unreadable
    shown = text.render(found, known)
    if pytestconfig.getoption("--redraw"):
        report.write_text(shown, encoding="utf-8")
    assert shown == report.read_text(encoding="utf-8")


def test_every_fixture_has_a_report() -> None:
    projects = {path.parent for path in FIXTURES.glob("*/compose.yaml")}
    assert projects
    assert projects == {path.parent for path in FIXTURES.glob("*/report.txt")}
