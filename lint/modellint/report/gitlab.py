"""GitLab Code Quality, for the widget of a merge request.

The format is a list of https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format. GitLab compares the
fingerprints of two branches, and of findings with the same one it shows the first.
"""

from __future__ import annotations

from modellint.report.encode import encode
from modellint.report.fingerprint import fingerprints
from modellint.report.paths import relative
from modellint.report.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from modellint.check import Report
    from modellint.files.disk import Unreadable
    from modellint.linter.record import FindingRecord
    from modellint.rule import Rule

SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}
UNREADABLE = "blocker"  # what was not read may hide anything


def render(report: Report, rules: Mapping[str, Rule]) -> str:
    """The report as a list, empty when there is nothing to say."""
    keys = [("unreadable", relative(error.path), error.reason) for error in report.unreadable]
    keys += [(result.rule, relative(result.place.path), result.place.text) for result in report.results]
    entries = [_unreadable(error) for error in report.unreadable] + [_finding(result) for result in report.results]
    texts = [
        encode({**entry, "fingerprint": name}, len(entries)).rstrip("\n")
        for entry, name in zip(entries, fingerprints(keys), strict=True)
    ]
    return f"[{','.join(texts)}]\n"


def _finding(result: FindingRecord) -> dict[str, Any]:
    advice = result.title or result.hint
    text = f"{result.message}; help: {advice}" if advice else result.message
    return _entry(result.rule, text, SEVERITIES[result.severity], result.place.path, result.place.row)


def _unreadable(error: Unreadable) -> dict[str, Any]:
    return _entry("unreadable", str(error), UNREADABLE, error.path, error.row or 1)


def _entry(rule: str, text: str, severity: str, path: str, line: int) -> dict[str, Any]:
    return {
        "description": printable(text),
        "check_name": printable(rule),
        "severity": severity,
        "location": {"path": printable(relative(path)), "lines": {"begin": line}},
    }
