"""The reasons why Docker Compose rejects a project: findings of the rules about that, and missing inputs."""

from __future__ import annotations

from modellint.compose.loading.load import complete
from modellint.compose.model.missing import missing
from modellint.linter.run_rules import run
from modellint.text.finding import ERROR, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from modellint.compose.model.project import Project
    from modellint.compose.schema.violation import Violation
    from modellint.rule import Rule
    from modellint.text.source import Span

_REFUSALS = ("invalid-yaml", "invalid-compose", "unchecked-name", "undefined-model", "dependency-on-model")


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
    return Finding(violation.span, violation.message, hint=violation.hint, severity=ERROR, rule="missing-value")
