"""Apply policies to a project, and report on their exceptions."""

from __future__ import annotations

import os
from copy import copy
from typing import TYPE_CHECKING, TypeAlias

from modellint.files.disk import Unreadable
from modellint.linter.identity import abouts, key_path
from modellint.linter.run_rules import AFTER_ALL, run
from modellint.oci.answers import Facts
from modellint.policy.astray import Checked, astray
from modellint.policy.discovery import BUILT_IN, InForce
from modellint.policy.loaded import PolicyError
from modellint.policy.ruling import Ruling, ruling
from modellint.rule import Context, Rule
from modellint.text.finding import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Sequence as Sequence_

    from modellint.compose.model.project import Project
    from modellint.linter.run_rules import Covered
    from modellint.policy.discovery import Policies
    from modellint.text.finding import Finding

_BELOW = {severity: SEVERITIES[at + 1 :] for at, severity in enumerate(SEVERITIES)}
# A policy, the number of one of its exceptions, whether that covered a finding, and whether it was about one that none
# covers.
Tried: TypeAlias = tuple[str, int, bool, bool]
EXCEPTED = "exception"  # the kind of what an exception covers


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
    """What the mistakes in a policy are to whoever runs a check."""
    first, *others = [Unreadable(each.span.source.path, each.message, *each.span.first) for each in error.each()]
    first.others = others
    return first


def apply(
    names: Sequence_[str],
    asked: Policies,
    project: Project,
    sources: bool,
    facts: Facts | None,
    covered: list[Covered] | None = None,
    defects: dict[str, Exception] | None = None,
    fixing: bool = False,
) -> tuple[list[Finding], list[Tried]]:
    """What several policies find together, each finding as severe as the strictest of them takes it.

    The second value says what came of the exceptions that were tried. What
    comments and exceptions cover, in the eyes of every policy that found it, is added to `covered`. `defects` takes up
    the rules that fail.
    """
    together: dict[tuple[str, int, int, str, str], Finding] = {}
    tried: list[Tried] = []
    aside: list[Covered] = []
    for name in names:
        one = ruling_of(name, asked)
        sees = asked.sees_values(name, project.folder)
        seen = _found(one, project, sources, facts, aside, defects, fixing, sees)
        for finding in _exempt(seen, one, name, project, tried, aside):
            order = finding.order()
            together[order] = min(together.get(order, finding), finding, key=_rank)
    if covered is not None:
        once = {each[0].order(): each for each in reversed(aside)}
        covered += [each for order, each in sorted(once.items()) if order not in together]
    return sorted(together.values(), key=lambda finding: finding.order()), tried


def in_force(names: Iterable[tuple[str, str]], asked: Policies) -> list[InForce]:
    """What the policies of some projects make of the rules; of each also what it lies outside of."""
    said: list[InForce] = []
    for name, outside in names:
        one = ruling_of(name, asked)
        settings = [(one.known[rule], setting.severity) for rule, (setting, _) in sorted(one.policy.rules.items())]
        off = [rule.name for rule, severity in settings if severity == "off" and rule.on and rule.name in one.idle]
        lowered = [rule.name for rule, severity in settings if severity in _BELOW[rule.severity]]
        said.append(InForce(name, name in BUILT_IN, outside, off, lowered))
    return said


def paths_of(names: Iterable[str], asked: Policies) -> list[str]:
    """The files of policies, and those that they extend, as far as they were read as they were before a change."""
    return [path for name in names for path in ruling_of(name, asked).policy.paths]


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


def about_exceptions(
    tried: Iterable[Tried], names: Iterable[str], asked: Policies, read: Iterable[str] = ()
) -> list[Finding]:
    """What the rules about exceptions find, after all projects have been checked with some policies.

    `read`: the files that were.
    """
    outcome: dict[tuple[str, int], tuple[bool, bool]] = {}
    for name, at, *now in tried:
        before = outcome.get((name, at), (False, False))
        outcome[name, at] = (now[0] or before[0], now[1] or before[1])
    findings: list[Finding] = []
    checked = Checked(read)
    for name in dict.fromkeys(names):
        one = ruling_of(name, asked)
        for at, (written, folder) in enumerate(one.exemptions):
            exemption = copy(written)  # the ruling itself may serve another check at the same time
            exemption.tried = (name, at) in outcome
            exemption.used, exemption.void = outcome.get((name, at), (False, False))
            if not exemption.tried:
                exemption.astray, exemption.meant = astray(exemption, folder, checked)
            for rule in one.running:
                if rule.subject == AFTER_ALL:
                    severity = one.severities.get(rule.name, rule.severity)
                    found = rule.check(exemption, _NO_CONTEXT)
                    findings += [each.of(rule.name, each.severity or severity) for each in found]
    return findings


def _found(
    one: Ruling,
    project: Project,
    sources: bool,
    facts: Facts | None,
    covered: list[Covered],
    defects: dict[str, Exception] | None,
    fixing: bool,
    sees: bool,
) -> list[Finding]:
    demands = copy(one.demands)  # the ruling itself may serve another project at the same time
    demands.sees_values = sees
    given = facts
    if facts is not None and one.policy.memory:
        given = Facts(facts.answers, min(facts.memory or one.policy.memory, one.policy.memory))
    findings = run(one.running, project, one.idle, sources, given, demands, one.options, covered, defects, fixing)
    findings = [each.of(each.rule, one.severities.get(each.rule), each.severity) for each in findings]
    # Of a fragment nothing is said that another file may change; what takes a project in must not switch them off.
    if one.conditions and (project.whole or project.taken_in):
        from modellint.policy.cel import judge

        for check, condition in one.conditions:
            findings += judge(condition, check, project, sees)
    return findings


def _exempt(
    findings: Iterable[Finding],
    one: Ruling,
    name: str,
    project: Project,
    tried: list[Tried],
    covered: list[Covered],
) -> list[Finding]:
    """The findings that no exception covers; the others are added to `covered`."""
    running = {rule.name for rule in one.running} | set(one.policy.checks)
    used: set[int] = set()
    void: set[int] = set()
    kept: list[Finding] = []
    for finding in findings:
        path = finding.span.source.path
        covering = one.exempting.about(path) and one.exempting.covering(
            finding.rule, path, key_path(finding.span, project), abouts(finding)
        )
        rule = one.known.get(finding.rule)
        if covering and rule is not None and rule.stops(finding):
            void.update(covering)
            covering = []
        used.update(covering)
        if covering:
            covered.append((finding, EXCEPTED, one.policy.exceptions[covering[0]].given.reason))
        else:
            kept.append(finding)
    looked = {at for file in project.files for at in one.exempting.about(file.source.path)}
    for at, (exemption, _) in enumerate(one.exemptions):
        if at in used or at in void or (at in looked and exemption.rule in running):
            tried.append((name, at, at in used, at in void))
    return kept


def _rank(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity) if finding.severity else len(SEVERITIES)


class _Nothing(Context):
    """What rules about exceptions are given in place of a project."""

    __slots__ = ()

    def __init__(self) -> None:
        pass


_NO_CONTEXT = _Nothing()
