"""`modellint check`: what is wrong with the models of Compose projects."""

from __future__ import annotations

import os

from modellint.check import Settings, check
from modellint.commands.arguments import policies, project_options, selected
from modellint.commands.table import FAILED
from modellint.linter.discovery import online_names, policy_names, rules
from modellint.report import output
from modellint.report.complaint import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.check import Report
    from modellint.commands.arguments import Arguments
    from modellint.files.disk import Unreadable
    from modellint.oci.answers import Facts
    from modellint.rule import Rule

_SEVERITIES = ("error", "warning", "note")
_NO_ROOM = ("gitlab", "rdjson")  # formats that hold findings and nothing else


def run(arguments: Arguments) -> int:
    """Check what was named, print the report, and return the exit code."""
    online = "--online" in arguments.values
    known = rules(online=online, policy=False)
    running = selected(arguments, known)
    idle = {*known, *online_names(), *policy_names()} - {rule.name for rule in running}
    options, in_force = project_options(arguments), policies(arguments)
    facts: Facts | None = None
    unanswered: list[Unreadable] = []
    if online:
        from modellint.commands.network import ask_projects

        facts, unanswered = ask_projects(arguments, options, os.environ, "unpinned-image" not in idle)
    sources = "--no-source" not in arguments.values
    settings = Settings(running, os.environ, idle, options, sources, facts, in_force)
    report = check(arguments.rest, settings)
    report.unreadable.extend(unanswered)
    if report.policies:
        from modellint.policy.apply import rules_of

        known = {**known, **rules_of(report.policies, in_force)}
    if "--baseline" in arguments.values or "--write-baseline" in arguments.values:
        from modellint.commands.baseline import apply_baseline

        refused = {name for name, rule in known.items() if rule.refused}
        apply_baseline(
            report, arguments.last("--baseline"), arguments.last("--write-baseline"), refused, in_force.before
        )
    try:
        _show(arguments, report, known)
        if arguments.last("--format", "text") in _NO_ROOM or "--quiet" in arguments.values:
            _say_terms(report)
    finally:
        for trouble in report.unreadable:
            complain(str(trouble))
    if report.unreadable:
        return FAILED
    fail_on = arguments.last("--fail-on", "error")
    worst = _SEVERITIES[: _SEVERITIES.index(fail_on) + 1] if fail_on != "never" else ()
    return 1 if any(result.severity in worst for result in report.results) else 0


def _show(arguments: Arguments, report: Report, known: dict[str, Rule]) -> None:
    """Print the report, and write it into the files that are named."""

    def show() -> None:
        from modellint.report import text

        quiet, statistics = bool(arguments.last("--quiet")), bool(arguments.last("--statistics"))
        text.show(report, known, quiet=quiet, statistics=statistics)

    form, path = arguments.last("--format", "text"), arguments.last("--output")
    output.deliver(form, path, arguments.reports(), lambda form: _rendered(form, report, known, arguments), show)


def _say_terms(report: Report) -> None:
    """Say on standard error what the report has no room for, where the check is less than it could be."""
    from modellint.report.terms import terms, weakened

    if weakened(report):
        for term in terms(report):
            complain(term)


def _rendered(form: str, report: Report, known: dict[str, Rule], arguments: Arguments) -> str:
    if form == "text":
        from modellint.report import text

        quiet, statistics = bool(arguments.last("--quiet")), bool(arguments.last("--statistics"))
        return text.render(report, known, quiet=quiet, statistics=statistics)
    if form == "sarif":
        from modellint.report import sarif

        return sarif.render(report, known, suppressed="--include-suppressed" in arguments.values)
    from modellint.report import renderer

    return renderer(form)(report, known)
