"""Run rules over a project."""

from __future__ import annotations

from modellint.files.disk import Unreadable
from modellint.rule import Context
from modellint.text.finding import Finding, Related

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeAlias

    from modellint.compose.model.project import Project
    from modellint.oci.answers import Facts
    from modellint.policy_terms import Demands
    from modellint.rule import Rule
    from modellint.text.source import Span
    from modellint.yaml.ignore_comments import Ignore

    Place: TypeAlias = tuple[str, int, str]  # path, line, rule
    Covered: TypeAlias = tuple[Finding, str, str]  # a finding that is left out, what covers it (a kind), and the reason

AFTER_ALL = "Exemption"  # what a rule looks at that is about no project
IGNORED = "ignore"  # the kind of what a comment covers
MOST = 2_000  # findings of one rule in one project: who has more of them looks at no more, and waits for each
MOST_HELD = 64 << 20  # bytes, about, of the findings beyond those of which fixes are made
LAST = "Ignore"  # rules about ignore comments run when it is known which of them were needed


class TooManyFindings(Exception):
    """A rule has found more than there is room for, and was ended."""


class _Room:
    """How much is kept of what rules find: of each of them `MOST`, and for fixes whatever fits into `MOST_HELD`.

    What is not fixed at once takes another pass, which costs far more than to hold a finding. But what one holds may be
    as long as a list of the file, and there may be one for every item of it.
    """

    __slots__ = ("ended", "held", "left")

    def __init__(self, fixing: bool) -> None:
        self.ended: set[str] = set()  # the names of the rules that found more
        self.held = MOST_HELD if fixing else 0  # bytes that are left for all rules together
        self.left = MOST

    def begin(self) -> None:
        """Begin with another rule."""
        self.left = MOST

    def take(self, finding: Finding) -> None:
        """Take a finding up; raises `TooManyFindings` where there is no room for it."""
        if self.held > 0:
            self.held -= _held(finding)
        elif self.left <= 0:
            raise TooManyFindings
        self.left -= 1


def run(
    rules: Sequence[Rule],
    project: Project,
    idle: Iterable[str] = (),
    sources: bool = True,
    facts: Facts | None = None,
    demands: Demands | None = None,
    options: Mapping[str, Mapping[str, object]] | None = None,
    covered: list[Covered] | None = None,
    defects: dict[str, Exception] | None = None,
    fixing: bool = False,
) -> list[Finding]:
    """Every finding that no comment ignores, in the order in which a reader meets them; the others go to `covered`.

    `idle` names the rules that exist and were not asked for: an ignore comment for one of them may still be needed.
    `sources`: whether the Dockerfiles and the source code that services are built from are read.
    `facts` are what registries answered and `demands` those of a policy; rules that need what is not there do not run.
    `options` are those of rules, by the rule's name.

    A rule that fails is put into `defects`, with the first of its errors; it goes on with its other subjects, and so do
    the other rules. Without `defects` the error is raised. A rule that finds more than `MOST` is ended, and put there
    with `TooManyFindings`; `fixing`: fixes are made of the findings, and more are kept.
    """
    silent = {
        rule.name
        for rule in rules
        if (rule.whole and not project.whole)
        or (rule.online and facts is None)
        or (rule.policy and demands is None)
        or rule.subject == AFTER_ALL
    }
    skipped = frozenset(silent.union(idle))
    context = Context(project, skipped, sources, facts, demands, skipped.union(rule.name for rule in rules))
    given = options or {}
    room = _Room(fixing)
    running = [rule for rule in rules if rule.name not in silent]
    findings = _findings([rule for rule in running if rule.subject != LAST], context, given, defects, room)
    if project.ignores:
        ignores = _by_place(project)
        aside = covered if covered is not None else []
        findings = _unignored(findings, ignores, aside)
        # An ignore comment that a rule which failed or was ended would have needed is not unused.
        context.skipped = context.skipped.union(defects or (), room.ended)
        last = _findings([rule for rule in running if rule.subject == LAST], context, given, defects, room)
        findings += _unignored(last, ignores, aside)
    if project.variables:
        from modellint.linter.made_names import hide, made_names

        made = made_names(project)
        findings = hide(findings, made)
        if covered:
            hidden = hide([each for each, _, _ in covered], made)
            covered[:] = [(one, kind, why) for one, (_, kind, why) in zip(hidden, covered, strict=True)]
    if project.origins:
        findings = _with_origins(findings, project)
    findings.sort(key=Finding.order)
    return findings


def unignored(findings: Iterable[Finding], project: Project) -> list[Finding]:
    """The findings that no comment ignores."""
    return _unignored(findings, _by_place(project), [])


def _with_origins(findings: Iterable[Finding], project: Project) -> list[Finding]:
    """The findings, which show what the values that they are about replaced when the files were merged."""
    lines: dict[tuple[str, int], list[tuple[Span, list[Span]]]] = {}
    for winner, replaced in project.origins.items():
        lines.setdefault((winner.source.path, winner.first[0]), []).append((winner, replaced))

    def with_origins(finding: Finding) -> Finding:
        span = finding.span
        origins = [
            Related(origin, "overrides this")
            for winner, replaced in lines.get((span.source.path, span.first[0]), ())
            if winner.start <= span.start and span.end <= winner.end
            for origin in replaced
        ]
        if not origins:
            return finding
        return finding.saying(finding.message, finding.hint, [*finding.related, *origins], finding.fix)

    return [with_origins(each) for each in findings]


def _findings(
    rules: Iterable[Rule],
    context: Context,
    options: Mapping[str, Mapping[str, object]],
    defects: dict[str, Exception] | None,
    room: _Room,
) -> list[Finding]:
    """What the rules find. What several services share through an anchor is one piece of text and is reported once."""
    found: dict[tuple[str, int, int, str, str], Finding] = {}
    subjects: dict[str, list[object]] = {}
    for rule in rules:
        if rule.subject not in subjects:
            subjects[rule.subject] = _subjects(rule.subject, context.project)
        room.begin()
        for subject in subjects[rule.subject]:
            try:
                for each in rule.check(subject, context, **options.get(rule.name, {})):
                    finding = each.of(rule.name, each.severity or rule.severity)
                    order = finding.order()
                    if order not in found:
                        room.take(finding)
                        found[order] = finding
            except Unreadable:
                raise
            except TooManyFindings as error:
                room.ended.add(rule.name)
                if defects is not None:
                    defects[rule.name] = error
                break
            except Exception as error:
                if defects is None:
                    raise
                defects.setdefault(rule.name, error)
    return list(found.values())


def _held(finding: Finding) -> int:
    """About how many bytes a finding holds: those of its objects, and of what is written in it and in its fix."""
    edits = finding.fix.edits if finding.fix else ()
    return 1_000 + len(finding.message) + len(finding.hint) + sum(300 + len(edit.text) for edit in edits)


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


def _by_place(project: Project) -> dict[Place, list[Ignore]]:
    places: dict[Place, list[Ignore]] = {}
    for ignore in project.ignores:
        places.setdefault((ignore.span.source.path, ignore.line, ignore.rule), []).append(ignore)
    return places


def _unignored(
    findings: Iterable[Finding], ignores: dict[Place, list[Ignore]], covered: list[Covered]
) -> list[Finding]:
    """The findings that no comment ignores; the others are added to `covered`."""
    kept: list[Finding] = []
    for finding in findings:
        here = ignores.get((finding.span.source.path, finding.span.first[0], finding.rule), [])
        for ignore in here:
            ignore.used = True
        heeded = next((ignore for ignore in here if ignore.heeded), None)
        if heeded is None:
            kept.append(finding)
        else:
            covered.append((finding, IGNORED, heeded.reason))
    return kept
