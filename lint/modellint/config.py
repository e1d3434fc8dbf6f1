"""The project that `docker compose config` would print, or why Docker Compose refuses it."""

from __future__ import annotations

from modellint.compose.canonical import canonical, dump
from modellint.compose.load import complete, load_project
from modellint.compose.missing import missing
from modellint.compose.selection import select_path
from modellint.engine import run
from modellint.finding import ERROR, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from modellint.compose.project import Project
    from modellint.compose.schema import Violation
    from modellint.compose.selection import Options
    from modellint.rule import Rule
    from modellint.source import Span

_REFUSALS = ("invalid-yaml", "invalid-compose", "unchecked-name", "undefined-model", "dependency-on-model")


class Refused(Exception):
    """Docker Compose would refuse the project. `reasons` say why, each with its place."""

    def __init__(self, reasons: list[tuple[Span, str]]) -> None:
        super().__init__("Docker Compose refuses the project")
        self.reasons = reasons


def config(path: str, options: Options, shell: Mapping[str, str], rules: Mapping[str, Rule]) -> str:
    """The YAML of a path's project, or of the one found here without a path; raises `Unreadable` or `Refused`."""
    project = load_project(select_path(path, options, dict(shell)))
    reasons = [*refusals(project, rules), *_unread(project)]
    if reasons or not project.name:
        raise Refused(reasons)
    return dump(canonical(project))


def _unread(project: Project) -> list[tuple[Span, str]]:
    """The env files of services that are not printed, because they are none of the repository's."""
    return [(node.content, f"`{node.shown}` lies outside the repository and is not read") for node in project.unread]


def refusals(project: Project, rules: Mapping[str, Rule]) -> list[tuple[Span, str]]:
    """Why Docker Compose refuses a project, in the order of its files. Nothing is laid over it any more."""
    return [(found.span, found.message) for found in refusing(project, rules)]


def refusing(project: Project, rules: Mapping[str, Rule]) -> list[Finding]:
    """The same, as the findings of a check: all of them errors."""
    complete(project)
    project.whole = all(file.whole for file in project.files)
    names = [name for name in _REFUSALS if name != "undefined-model" or project.features.checks_grants]
    project.ignores = []
    found = [finding for finding in run([rules[name] for name in names], project) if finding.severity == ERROR]
    found += [_lacking(violation) for violation in project.once(missing).refusals]
    return sorted(found, key=Finding.order)


def _lacking(violation: Violation) -> Finding:
    """What a check only notes, because it may be there elsewhere; here it is missing."""
    finding = Finding(violation.span, violation.message, hint=violation.hint, severity=ERROR)
    finding.rule = "missing-value"
    return finding
