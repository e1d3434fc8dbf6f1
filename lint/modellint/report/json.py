"""JSON, for programs. `report.schema.json` describes it; `contract.py` reads it."""

from __future__ import annotations

from modellint import __version__
from modellint.report.encode import encode, well_formed
from modellint.report.paths import relative
from modellint.text.finding import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from modellint.check import Needs, Report
    from modellint.files.disk import Unreadable
    from modellint.linter.record import FindingRecord, Location, Suppressed
    from modellint.policy.base_suppressions import Unheeded
    from modellint.policy.discovery import InForce
    from modellint.rule import Rule

VERSION = 1  # of the format: changes when something is taken away or changes its meaning, not when something is added


def render(report: Report, rules: Mapping[str, Rule]) -> str:
    """The report as one JSON object."""
    summary = {severity: report.count(severity) for severity in SEVERITIES}
    return encode(
        {
            "version": VERSION,
            "tool": {"name": "modellint", "version": __version__},
            "findings": [_finding(result) for result in report.results],
            "unreadable": [_unreadable(error) for error in report.unreadable],
            "summary": {
                **summary,
                "files": report.files,
                "projects": report.projects,
                "suppressed": len(report.suppressed),
                "lowered": report.lowered,
            },
            "policies": [_policy(each) for each in report.in_force],
            "suppressed": [_suppressed(each) for each in report.suppressed],
            "left_out": [{"path": _path(each.path), "reason": well_formed(each.reason)} for each in report.left_out],
            "unheeded": [_unheeded(each) for each in report.unheeded],
            "needs": [_needs(each) for each in report.needs],
        },
        len(report.results) + len(report.suppressed),
    )


def _unreadable(error: Unreadable) -> dict[str, Any]:
    lost: dict[str, Any] = {"path": _path(error.path), "reason": well_formed(error.reason)}
    return lost | ({"start": {"line": error.row, "column": error.column}} if error.row else {})


def _finding(result: FindingRecord) -> dict[str, Any]:
    finding = {
        "rule": result.rule,
        "severity": result.severity,
        "message": well_formed(result.message),
        **_place(result.place),
        "fix": _fix(result),
        "related": [{**_place(place), "message": well_formed(message)} for place, message in result.related],
    }
    if result.hint:
        finding["hint"] = well_formed(result.hint)
    return finding


def _policy(policy: InForce) -> dict[str, Any]:
    return {
        "name": policy.name if policy.built_in else _path(policy.name),
        "built_in": policy.built_in,
        "outside": policy.outside or None,
        "off": list(policy.off),
        "lowered": list(policy.lowered),
    }


def _needs(each: Needs) -> dict[str, Any]:
    return {
        "path": _path(each.path),
        "env_files": [well_formed(name) for name in each.files],
        "variables": list(each.variables),
    }


def _suppressed(each: Suppressed) -> dict[str, Any]:
    result = each.result
    return {
        "rule": result.rule,
        "severity": result.severity,
        "message": well_formed(result.message),
        **_place(result.place),
        "kind": each.kind,
        "reason": well_formed(each.reason),
    }


def _unheeded(each: Unheeded) -> dict[str, Any]:
    return {"path": _path(each.path), "line": each.line or None, "reason": each.what}


def _fix(result: FindingRecord) -> dict[str, Any] | None:
    if not result.changes:
        return None
    edits = [{**_place(change.place), "text": well_formed(change.text)} for change in result.changes]
    return {"title": well_formed(result.title), "safety": result.safety, "edits": edits}


def _place(place: Location) -> dict[str, Any]:
    return {
        "path": _path(place.path),
        "start": {"line": place.row, "column": place.column},
        "end": {"line": place.end_line, "column": place.end_column},
    }


def _path(path: str) -> str:
    return well_formed(relative(path))
