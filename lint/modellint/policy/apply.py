"""Apply policies to a project, and say what came of their exceptions."""

from __future__ import annotations

import os
from bisect import bisect_right
from copy import copy
from typing import TYPE_CHECKING

from modellint.compose.files import Unreadable
from modellint.engine import AFTER_ALL, run
from modellint.facts import Facts
from modellint.finding import SEVERITIES
from modellint.node import Mapping, Scalar, Sequence
from modellint.policies import BUILT_IN, InForce
from modellint.policy.loaded import PolicyError
from modellint.policy.ruling import Ruling, ruling
from modellint.rule import Context, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Sequence as Sequence_

    from modellint.compose.project import Project
    from modellint.engine import Covered
    from modellint.finding import Finding
    from modellint.node import Node
    from modellint.policies import Policies
    from modellint.source import Span

_BELOW = {severity: SEVERITIES[at + 1 :] for at, severity in enumerate(SEVERITIES)}
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
    """What a mistake in a policy is to whoever runs a check."""
    row, column = error.span.first
    return Unreadable(error.span.source.path, str(error.args[0]).partition(": ")[2], row, column)


def apply(
    names: Sequence_[str],
    asked: Policies,
    project: Project,
    sources: bool,
    facts: Facts | None,
    covered: list[Covered] | None = None,
    defects: dict[str, Exception] | None = None,
) -> tuple[list[Finding], list[tuple[str, int, bool]]]:
    """What several policies find together, each finding as severe as the strictest of them takes it.

    The second value says of the exceptions that were tried: the policy, its number, and whether it was used. What
    comments and exceptions cover, in the eyes of every policy that found it, is added to `covered`. `defects` takes up
    the rules that fail.
    """
    together: dict[tuple[str, int, int, str, str], Finding] = {}
    tried: list[tuple[str, int, bool]] = []
    aside: list[Covered] = []
    for name in names:
        one = ruling_of(name, asked)
        seen = _found(one, project, sources, facts, aside, defects)
        for finding in _exempt(seen, one, name, project, tried, aside):
            known = together.setdefault(finding.order(), finding)
            known.severity = min(known, finding, key=_rank).severity
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


def _found(
    one: Ruling,
    project: Project,
    sources: bool,
    facts: Facts | None,
    covered: list[Covered],
    defects: dict[str, Exception] | None,
) -> list[Finding]:
    given = facts
    if facts is not None and one.policy.memory:
        given = Facts(facts.answers, min(facts.memory or one.policy.memory, one.policy.memory))
    findings = run(one.running, project, one.idle, sources, given, one.demands, one.options, covered, defects)
    for finding in findings:
        finding.own = finding.severity
        finding.severity = one.severities.get(finding.rule, finding.severity)
    # Of a fragment nothing is said that another file may change; what takes a project in must not switch them off.
    if one.conditions and (project.whole or project.taken_in):
        from modellint.policy.cel import judge

        for check, condition in one.conditions:
            findings += judge(condition, check, project)
    return findings


def _exempt(
    findings: Iterable[Finding],
    one: Ruling,
    name: str,
    project: Project,
    tried: list[tuple[str, int, bool]],
    covered: list[Covered],
) -> list[Finding]:
    """The findings that no exception covers; the others are added to `covered`."""
    running = {rule.name for rule in one.running} | set(one.policy.checks)
    used: set[int] = set()
    kept: list[Finding] = []
    for finding in findings:
        path = finding.span.source.path
        covering = one.exempting.about(path) and one.exempting.covering(
            finding.rule, path, key_path(finding.span, project)
        )
        used.update(covering)
        if covering:
            covered.append((finding, EXCEPTED, one.policy.exceptions[covering[0]].given.reason))
        else:
            kept.append(finding)
    looked = {at for file in project.files for at in one.exempting.about(file.source.path)}
    for at, (exemption, _) in enumerate(one.exemptions):
        if at in used or (at in looked and exemption.rule in running):
            tried.append((name, at, at in used))
    return kept


def key_path(span: Span, project: Project) -> list[str]:
    """The keys that lead to a place in a Compose file; without the numbers of list items."""
    places = project.once(_Places)
    for root in places.roots.get(span.source.path, ()):
        if root.start <= span.start <= root.end:
            return places.keys(root, span.start)
    return []


class _Places:
    """What stands where in the files of a project."""

    def __init__(self, project: Project) -> None:
        self.roots: dict[str, list[Node]] = {}
        for file in reversed(project.files):
            self.roots[file.source.path] = file.documents
        self._inner: dict[int, list[tuple[int, Scalar | None, Node]]] = {}  # by the id of a map or list, in order

    def keys(self, root: Node, at: int) -> list[str]:
        """The keys that lead to an offset of the text."""
        path: list[str] = []
        node: Node | None = root
        while isinstance(node, Mapping | Sequence):
            if id(node) not in self._inner:
                self._inner[id(node)] = sorted(_inner(node), key=_start)
            inner = self._inner[id(node)]
            found = bisect_right(inner, at, key=_start) - 1
            if found < 0:
                break
            _, key, value = inner[found]
            if key is not None and at <= max(key.end, value.end):
                path.append(key.text)
            node = value if value.start <= at <= value.end else None
        return path


def _inner(node: Mapping | Sequence) -> Iterator[tuple[int, Scalar | None, Node]]:
    """Where what a map or list holds begins, the key if it has one, and the value."""
    if isinstance(node, Sequence):
        yield from ((item.start, None, item) for item in node.items)
        return
    for key, value in node.pairs:
        if isinstance(key, Scalar) and value.source is key.source:
            yield key.start, key, value


def _start(inner: tuple[int, Scalar | None, Node]) -> int:
    return inner[0]


def _rank(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity) if finding.severity else len(SEVERITIES)


class _Nothing(Context):
    """What rules about exceptions are given in place of a project."""

    __slots__ = ()

    def __init__(self) -> None:
        pass


_NO_CONTEXT = _Nothing()
