"""Apply policies to a project, and say what came of their exceptions."""

from __future__ import annotations

import os
from copy import copy
from typing import TYPE_CHECKING

from modellint.compose.files import Unreadable
from modellint.engine import AFTER_ALL, run
from modellint.facts import Facts
from modellint.finding import SEVERITIES
from modellint.node import Mapping, Scalar
from modellint.policy.loaded import PolicyError
from modellint.policy.ruling import Ruling, ruling
from modellint.rule import Context, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from modellint.compose.project import Project
    from modellint.finding import Finding
    from modellint.node import Node
    from modellint.policies import Policies
    from modellint.source import Span


def ruling_of(name: str, asked: Policies) -> Ruling:
    """The ruling of a policy; raises `Unreadable`, with line and column, where the policy has a mistake."""
    path = os.path.realpath(name)
    known: Ruling | None = asked.rulings.get(path)
    if known is None:
        try:
            known = asked.rulings[path] = ruling(name, asked)
        except PolicyError as error:
            raise unreadable(error) from None
    return known


def unreadable(error: PolicyError) -> Unreadable:
    """What a mistake in a policy is to whoever runs a check."""
    row, column = error.span.first
    return Unreadable(f"{error.span.source.path}:{row}:{column}", str(error.args[0]).partition(": ")[2])


def apply(
    names: Sequence[str], asked: Policies, project: Project, sources: bool, facts: Facts | None
) -> tuple[list[Finding], list[tuple[str, int, bool]]]:
    """What several policies find together, each finding as severe as the strictest of them takes it.

    The second value says of the exceptions that were tried: the policy, its number, and whether it was used.
    """
    together: dict[tuple[str, int, int, str, str], Finding] = {}
    tried: list[tuple[str, int, bool]] = []
    for name in names:
        one = ruling_of(name, asked)
        for finding in _exempt(_found(one, project, sources, facts), one, name, project, tried):
            known = together.setdefault(finding.order(), finding)
            known.severity = min(known, finding, key=_rank).severity
    return sorted(together.values(), key=lambda finding: finding.order()), tried


def rules_of(names: Iterable[str], asked: Policies) -> dict[str, Rule]:
    """Every rule that policies may report, their own checks included, for a report."""
    known: dict[str, Rule] = {}
    for name in names:
        one = ruling_of(name, asked)
        known.update(one.known)
        for check, _ in one.policy.checks.values():
            doc = f"{check.message}\n\nA check of the policy `{name}`: `{check.must.strip()}`."
            known[check.name] = Rule(
                _no_findings, doc, "Project", check.severity, on=True, online=False, policy=True, whole=False, tags=(),
                name=check.name,
            )  # fmt: skip
    return known


def _no_findings() -> list[Finding]:
    return []


def about_exceptions(tried: Iterable[tuple[str, int, bool]], names: Iterable[str], asked: Policies) -> list[Finding]:
    """What the rules about exceptions find, after all projects have been checked with some policies."""
    outcome: dict[tuple[str, int], bool] = {}
    for name, at, used in tried:
        outcome[name, at] = used or outcome.get((name, at), False)
    findings: list[Finding] = []
    for name in dict.fromkeys(names):
        one = ruling_of(name, asked)
        for at, (written, _) in enumerate(one.exemptions):
            exemption = copy(written)  # the ruling itself may serve another check at the same time
            exemption.tried, exemption.used = (name, at) in outcome, outcome.get((name, at), False)
            for rule in one.running:
                if rule.subject == AFTER_ALL:
                    for finding in rule.check(exemption, _NO_CONTEXT):
                        finding.rule = rule.name
                        finding.severity = finding.severity or one.severities.get(rule.name, rule.severity)
                        findings.append(finding)
    return findings


def _found(one: Ruling, project: Project, sources: bool, facts: Facts | None) -> list[Finding]:
    given = facts
    if facts is not None and one.policy.memory:
        given = Facts(facts.answers, min(facts.memory or one.policy.memory, one.policy.memory))
    findings = run(one.running, project, one.idle, sources, given, one.demands, one.options)
    for finding in findings:
        finding.severity = one.severities.get(finding.rule, finding.severity)
    if one.conditions and project.whole:  # of a fragment nothing is said that another file may change
        from modellint.policy.cel import judge

        for check, condition in one.conditions:
            findings += judge(condition, check, project)
    return findings


def _exempt(
    findings: Iterable[Finding], one: Ruling, name: str, project: Project, tried: list[tuple[str, int, bool]]
) -> list[Finding]:
    """The findings that no exception covers."""
    running = {rule.name for rule in one.running} | set(one.policy.checks)
    used: set[int] = set()
    kept: list[Finding] = []
    for finding in findings:
        keys = key_path(finding.span, project)
        covering = [
            at
            for at, (exemption, folder) in enumerate(one.exemptions)
            if exemption.covers(finding.rule, _below(finding.span.source.path, folder), keys)
        ]
        used.update(covering)
        if not covering:
            kept.append(finding)
    for at, (exemption, folder) in enumerate(one.exemptions):
        looked = any(exemption.is_about(_below(file.source.path, folder)) for file in project.files)
        if at in used or (looked and exemption.rule in running):
            tried.append((name, at, at in used))
    return kept


def key_path(span: Span, project: Project) -> list[str]:
    """The keys that lead to a place in a Compose file; without the numbers of list items."""
    for file in project.files:
        if file.source.path == span.source.path:
            for root in file.documents:
                if root.start <= span.start <= root.end:
                    return _keys(root, span.start)
    return []


def _keys(root: Node, at: int) -> list[str]:
    path: list[str] = []
    node: Node | None = root
    while node is not None and not isinstance(node, Scalar):
        inner: Node | None = None
        if isinstance(node, Mapping):
            for key, value in node.pairs:
                if (
                    isinstance(key, Scalar)
                    and key.start <= at <= max(key.end, value.end)
                    and value.source is key.source
                ):
                    path.append(key.text)
                    inner = value if value.start <= at <= value.end else None
                    break
        else:
            inner = next((item for item in node.items if item.start <= at <= item.end), None)
        node = inner
    return path


def _below(path: str, folder: str) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _rank(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity) if finding.severity else len(SEVERITIES)


class _Nothing(Context):
    """What rules about exceptions are given in place of a project."""

    __slots__ = ()

    def __init__(self) -> None:
        pass


_NO_CONTEXT = _Nothing()
