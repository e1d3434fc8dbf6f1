"""Run rules over a project."""

from __future__ import annotations

from modellint.finding import Finding
from modellint.rule import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from modellint.compose.project import Project
    from modellint.rule import Rule

LAST = "Ignore"  # rules about ignore comments run when it is known which of them were needed


def run(rules: Sequence[Rule], project: Project, idle: Iterable[str] = ()) -> list[Finding]:
    """Every finding that no comment ignores, in the order in which a reader meets them.

    `idle` names the rules that exist and were not asked for: an ignore comment for one of them may still be needed.
    """
    silent = {rule.name for rule in rules if rule.whole and not project.whole}
    context = Context(project, frozenset(silent.union(idle)))
    running = [rule for rule in rules if rule.name not in silent]
    findings = _findings([rule for rule in running if rule.subject != LAST], context)
    if project.ignores:
        findings = [finding for finding in findings if not _ignored(finding, project)]
        last = _findings([rule for rule in running if rule.subject == LAST], context)
        findings += [finding for finding in last if not _ignored(finding, project)]
    findings.sort(key=Finding.order)
    return findings


def _findings(rules: Iterable[Rule], context: Context) -> list[Finding]:
    """What the rules find. What several services share through an anchor is one piece of text and is reported once."""
    found: dict[tuple[str, int, int, str, str], Finding] = {}
    subjects: dict[str, list[object]] = {}
    for rule in rules:
        if rule.subject not in subjects:
            subjects[rule.subject] = _subjects(rule.subject, context.project)
        for subject in subjects[rule.subject]:
            for finding in rule.check(subject, context):
                finding.rule = rule.name
                finding.severity = finding.severity or rule.severity
                found.setdefault(finding.order(), finding)
    return list(found.values())


def _subjects(kind: str, project: Project) -> list[object]:
    match kind:
        case "Model":
            return list(project.all_models())
        case "Service":
            return list(project.services.values())
        case "Grant":
            return list(project.grants())
        case "YamlFile":
            return list(project.files)
        case "Ignore":
            return list(project.ignores)
        case _:
            return [project]


def _ignored(finding: Finding, project: Project) -> bool:
    line = finding.span.first[0]
    hit = False
    for ignore in project.ignores:
        if ignore.rule == finding.rule and ignore.line == line and ignore.span.source is finding.span.source:
            ignore.used = hit = True
    return hit
