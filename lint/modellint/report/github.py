"""Annotations on GitHub: the workflow commands `::error`, `::warning` and `::notice`.

A runner keeps ten commands of each kind for a step, so that the worst nine are given, and one that says how many are
missing; the terms of the check are one annotation more. What escapes what: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
"""

from __future__ import annotations

from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.report.terms import about_change, shortened, terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from modellint.check import Report
    from modellint.files.disk import Unreadable
    from modellint.linter.record import FindingRecord
    from modellint.rule import Rule

    Properties: TypeAlias = dict[str, str | int]

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}  # of each severity, from the worst
MOST = 9  # annotations of one kind


def render(report: Report, rules: Mapping[str, Rule]) -> str:
    """The report as workflow commands, the worst first; nothing for a report without findings and terms."""
    lines: list[str] = []
    said = {"warning": shortened(about_change(report), MOST), "note": terms(report)[len(report.unheeded) :]}
    for severity, command in COMMANDS.items():
        found = [_annotation(command, result) for result in report.results if result.severity == severity]
        if severity == "error":
            found = [_unreadable(command, error) for error in report.unreadable] + found
        about = said.get(severity)
        if about:  # before what a runner may drop
            lines.append(_command(command, {"title": "modellint"}, about))
        most = MOST - bool(about)
        lines += found[:most]
        if len(found) > most:
            lines.append(_command(command, {"title": "modellint"}, [_more(len(found) - most, severity)]))
    return "".join([line + "\n" for line in lines])


def _unreadable(command: str, error: Unreadable) -> str:
    where: Properties = {"file": relative(error.path)}
    if error.row:
        where |= {"line": error.row, "col": error.column}
    return _command(command, {**where, "title": "unreadable"}, [error.reason])


def _annotation(command: str, result: FindingRecord) -> str:
    place = result.place
    where: Properties = {"file": relative(place.path), "line": place.row, "endLine": place.end_line}
    if place.row == place.end_line:  # the runner drops columns from an annotation of several lines
        where |= {"col": place.column, "endColumn": place.end_column}
    advice = result.title or result.hint
    text = [result.message, f"help: {advice}"] if advice else [result.message]
    return _command(command, {**where, "title": result.rule}, text)


def _command(command: str, properties: Properties, lines: list[str]) -> str:
    """A workflow command; the lines of its message are all the line breaks that it has."""
    said = ",".join([f"{name}={_property(str(value))}" for name, value in properties.items()])
    return f"::{command} {said}::" + "%0A".join([_escaped(line) for line in lines])


def _escaped(text: str) -> str:
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _more(count: int, severity: str) -> str:
    noun = severity if count == 1 else f"{severity}s"
    return f"{count} more {noun}: run `modellint check` to see all of them"
