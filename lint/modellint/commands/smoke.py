"""`modellint smoke`: what is declared is pulled and booted, and each service's grants are proven."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from modellint.check import Report, open_project
from modellint.commands.network import access, refuse_untrusted
from modellint.compose.files import Unreadable
from modellint.isolation.outcome import FAIL, NOT_PROVEN, PASS
from modellint.options import FAILED, UsageError, project_options
from modellint.registry.failure import Failure
from modellint.report.complaint import complain
from modellint.report.printable import printable
from modellint.result import result
from modellint.rule import Rule
from modellint.smoke import RULE, Check, findings, smoke
from modellint.store.layout import default_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.finding import Finding
    from modellint.options import Arguments

_SECONDS = 60.0
_LONGEST = 86_400.0
_DOC = """A model or a grant does not do what the file declares.

`modellint smoke` pulls the models, boots their runners and probes what each service can reach. This is what it saw.
"""


def run(said: Arguments) -> int:
    """Smoke one project; returns the exit code: 0 nothing failed, 1 something did, 2 it could not be tried."""
    refuse_untrusted(said, "smoke", os.environ)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        project, _, _ = open_project(said.rest[0] if said.rest else "", project_options(said), os.environ)
        folder = said.last("--store") or default_folder(os.environ)
        checks = smoke(
            project,
            access(said, os.environ),
            folder,
            runner=said.last("--runner"),
            seconds=_time(said.last("--timeout")),
        )
    except (Unreadable, Failure) as trouble:
        complain(str(trouble) if isinstance(trouble, Unreadable) else trouble.reason)
        return FAILED
    _show(said, checks)
    failed = any(check.status == FAIL for check in checks)
    unproven = any(check.status == NOT_PROVEN for check in checks)
    return 1 if failed or (unproven and "--require" in said.values) else 0


def _show(said: Arguments, checks: Sequence[Check]) -> None:
    form, output = said.last("--format", "text"), said.last("--output")
    if form == "text":
        shown = table(checks)
    else:
        from modellint.report import renderer

        report = Report()
        report.results = [result(each) for each in findings(checks)]
        report.files = len({each.place.path for each in report.results}) or 1
        report.projects = 1
        shown = renderer(form)(report, {RULE: _rule()})
    if output:
        with open(output, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(shown)
    else:
        sys.stdout.buffer.write(shown.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()


def table(checks: Sequence[Check]) -> str:
    """One line a check, and how many passed, failed, and were not proven."""
    rows = [(printable(each.subject), printable(each.check), each.status, printable(each.reason)) for each in checks]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
    lines = [f"{one:{widths[0]}}  {two:{widths[1]}}  {three:{widths[2]}}  {four}\n" for one, two, three, four in rows]
    counts = {status: sum(each.status == status for each in checks) for status in (PASS, FAIL, NOT_PROVEN)}
    return "".join(lines) + f"{counts[PASS]} passed, {counts[FAIL]} failed, {counts[NOT_PROVEN]} not proven\n"


def _rule() -> Rule:
    return Rule(_nothing, _DOC, "Project", "error", on=True, online=True, policy=False, whole=False, tags=(), name=RULE)


def _nothing() -> list[Finding]:
    return []


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _time(text: str) -> float:
    if not text:
        return _SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"`--timeout` is a number of seconds, not `{text}`")
    return seconds
