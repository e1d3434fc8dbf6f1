"""Check Compose projects: the library's main entry point, for the command line and for programs that embed it."""

from __future__ import annotations

import os

from modellint.compose.loading.load import complete, load_project
from modellint.compose.loading.selection import Options, select_path, with_override
from modellint.compose.model.missing import missing
from modellint.files import disk
from modellint.files.reader import Reader
from modellint.linter.record import FindingRecord, Suppressed, pack, result, results, unpack
from modellint.linter.run_rules import MOST, TooManyFindings, run
from modellint.system.workers import spread
from modellint.text.finding import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from modellint.compose.loading.selection import Selection
    from modellint.compose.model.project import Project
    from modellint.linter.run_rules import Covered
    from modellint.oci.answers import Facts
    from modellint.policy.base_suppressions import Unheeded
    from modellint.policy.discovery import InForce, Policies
    from modellint.rule import Rule


class TargetReport:
    """What came of one target, in plain values, as a worker hands it over."""

    __slots__ = (
        "covered", "exceptions", "files", "left_out", "lowered", "needs", "others", "policies", "read", "results",
        "target", "unheeded", "unreadable",
    )  # fmt: skip

    def __init__(self, target: str) -> None:
        self.target = target
        self.files: list[str] = []  # the Compose files that it is made of
        self.read: list[str] = []  # all files that were read for it, evidence too
        self.others: list[str] = []  # of these, the ones that others named
        self.results: list[Any] = []  # packed
        self.covered: list[tuple[Any, str, str]] = []  # packed results that are covered, each with kind and reason
        self.lowered = 0  # results that a policy made less severe
        self.needs: tuple[list[str], list[str]] = [], []  # the env files and the values that it lacks here
        self.unreadable: list[tuple[str, str, int, int]] = []
        self.policies: list[tuple[str, str]] = []  # that were in force, each with what it lies outside of
        self.exceptions: list[tuple[str, int, bool, bool]] = []  # of policies: which one, and what came of it
        self.unheeded: list[tuple[str, int, str]] = []
        self.left_out: list[tuple[str, str]] = []

    def packed(self) -> tuple[Any, ...]:
        """The values alone."""
        return tuple([getattr(self, name) for name in self.__slots__])

    @classmethod
    def unpacked(cls, values: tuple[Any, ...]) -> TargetReport:
        """The outcome again."""
        outcome = cls("")
        for name, value in zip(cls.__slots__, values, strict=True):
            setattr(outcome, name, value)
        return outcome


class Needs:
    """What Compose needs before it starts a project: env files, and values of variables, that are not here."""

    __slots__ = ("files", "path", "variables")

    def __init__(self, path: str, files: Sequence[str], variables: Sequence[str]) -> None:
        self.path = path  # of the project's first file
        self.files = files
        self.variables = variables


class Report:
    """What a check found, on which terms, and what it could not read."""

    __slots__ = (
        "files", "in_force", "known", "left_out", "lowered", "needs", "policies", "projects", "read", "results",
        "suppressed", "unheeded", "unreadable",
    )  # fmt: skip

    def __init__(self) -> None:
        self.results: list[FindingRecord] = []
        self.unreadable: list[disk.Unreadable] = []
        self.left_out: list[disk.LeftOut] = []  # Compose files that were met and not checked
        self.needs: list[Needs] = []  # of the projects that lack something here
        self.files = 0  # Compose files that were checked
        self.read: list[str] = []  # all files that the findings may depend on: Compose and env files, and evidence
        self.projects = 0
        self.policies: list[str] = []  # that were in force
        self.in_force: list[InForce] = []  # the same, and what they switch off
        self.suppressed: list[Suppressed] = []  # what ignore comments, exceptions and a baseline cover
        self.lowered = 0  # results that are less severe than they would be without a policy
        self.unheeded: list[Unheeded] = []  # suppressions that do not count, because the change brings them along
        self.known = 0  # findings that a baseline has, and that are left out

    def count(self, severity: str) -> int:
        """How many results have a severity."""
        return sum(result.severity == severity for result in self.results)


class Settings:
    """What a check goes by, the same for all its paths.

    `shell` are the variables that Compose would see; `idle` names the rules that exist and are not among `rules`;
    `sources` says whether the Dockerfiles and the source code that services are built from are read; `facts` are what
    registries answered, if they were asked. Where one of `policies` is in force, it decides which rules run and how
    severe they are. `workers` are the most processes that share the work, 0 as many as the machine bears. `drafts` are
    texts by real path, which stand for the files there, whether these exist or not.
    """

    __slots__ = ("drafts", "facts", "idle", "options", "policies", "rules", "shell", "sources", "workers")

    def __init__(
        self,
        rules: Sequence[Rule],
        shell: Mapping[str, str],
        idle: Iterable[str] = (),
        options: Options | None = None,
        sources: bool = True,
        facts: Facts | None = None,
        policies: Policies | None = None,
        workers: int = 0,
        drafts: Mapping[str, str] | None = None,
    ) -> None:
        self.rules = rules
        self.shell = shell
        self.idle = tuple(idle)
        self.options = options or Options()
        self.sources = sources
        self.facts = facts
        self.policies = policies
        self.workers = workers
        self.drafts = drafts or {}


def check(paths: Sequence[str], settings: Settings) -> Report:
    """Check files and folders; without a path, the project that `docker compose` finds here with the same options.

    A path that cannot be read is reported, and the others are still checked. Safe to call from several threads.
    """
    report = Report()

    def checked(several: Sequence[str], taken_in: bool) -> list[TargetReport]:
        def work(part: Sequence[str]) -> list[tuple[Any, ...]]:
            return [_check_one(target, settings, taken_in).packed() for target in part]

        packed: list[list[tuple[Any, ...]]] = spread(several, work, settings.workers)
        return [TargetReport.unpacked(values) for part in packed for values in part]

    outcomes = checked(targets(paths, report.unreadable, report.left_out), False)
    taken = _taken_in(outcomes)
    outcomes = [outcome for outcome in outcomes if outcome.target not in taken]
    report.projects = sum(bool(outcome.files) for outcome in outcomes)
    if taken:
        outcomes += checked(sorted(taken), True)
    _gather(report, outcomes, settings.policies)
    return report


def _gather(report: Report, outcomes: Sequence[TargetReport], policies: Policies | None) -> None:
    """Add what came of the targets to a report."""
    found: dict[tuple[Any, ...], FindingRecord] = {}
    covered: dict[tuple[Any, ...], Suppressed] = {}
    read: set[str] = set()
    in_force: dict[str, str] = {}
    left_out = {(each.path, each.reason) for each in report.left_out}
    lost: dict[tuple[str, str, int, int], None] = {}  # a policy with a mistake is said once
    for outcome in outcomes:
        in_force.update(outcome.policies)
        left_out.update(outcome.left_out)
        lost.update(dict.fromkeys(outcome.unreadable))
        read.update(outcome.files)
        report.lowered += outcome.lowered
        if any(outcome.needs):
            report.needs.append(Needs(outcome.files[0], *outcome.needs))
        for one in map(unpack, outcome.results):
            found.setdefault(_key(one), one)
        for each, kind, reason in outcome.covered:
            one = unpack(each)
            covered.setdefault(_key(one), Suppressed(one, kind, reason))
    if in_force and policies is not None:
        from modellint.policy import apply

        tried = [each for outcome in outcomes for each in outcome.exceptions]
        for finding in apply.about_exceptions(tried, in_force, policies, sorted(read)):
            one = result(finding)
            found.setdefault(_key(one), one)
        report.in_force = apply.in_force(in_force.items(), policies)
    if policies is not None and policies.before is not None:
        from modellint.policy.apply import paths_of
        from modellint.policy.base_suppressions import Unheeded, differences

        report.unheeded = differences(paths_of(in_force, policies), policies.before)
        report.unheeded += [Unheeded(*each) for each in sorted({each for one in outcomes for each in one.unheeded})]
    report.unreadable.extend(disk.Unreadable(*each) for each in lost)
    report.unreadable.sort(key=lambda trouble: (trouble.path, trouble.row, trouble.column))
    report.left_out = [disk.LeftOut(*each) for each in sorted(left_out) if each[0] not in read]
    report.policies = list(in_force)
    report.files = len(read)
    report.read = sorted({path for outcome in outcomes for path in outcome.read})
    report.results = sorted(found.values(), key=FindingRecord.order)
    aside_only = [each for key, each in covered.items() if key not in found]
    report.suppressed = sorted(aside_only, key=lambda each: each.result.order())


def targets(
    paths: Sequence[str], unreadable: list[disk.Unreadable], left_out: list[disk.LeftOut] | None = None
) -> list[str]:
    """A file or a folder for each project that the paths stand for, or nothing for the project of this folder.

    Paths that cannot be read are added to `unreadable`, and what a search passes over to `left_out`.
    """
    passed = left_out if left_out is not None else []
    found: dict[str, None] = {}
    for path in paths or [""]:
        try:
            names = [path]
            if disk.is_folder(path):
                from modellint.files.search import project_files

                names = [os.path.dirname(name) for name in project_files(path, unreadable, passed)]
        except disk.Unreadable as trouble:
            unreadable.append(trouble)
            continue
        found.update((name if name in ("", disk.STDIN) else os.path.normpath(name), None) for name in names)
    overrides = {name for target in found if not disk.is_folder(target) for name in with_override(target)[1:]}
    return [target for target in found if target not in overrides]


def open_project(
    target: str, options: Options, shell: Mapping[str, str], reader: Reader | None = None
) -> tuple[Project, Selection, str]:
    """The project of a target, and what was selected; raises `disk.Unreadable`.

    A file that is laid over another one is opened together with it, and is then of interest alone: the third value is
    its path, empty otherwise.
    """
    selection = select_path(target, options, shell, reader)
    project = load_project(selection)
    if project.whole:
        return project, selection, ""
    if not _is_fragment(target):
        complete(project)
        return project, selection, ""
    from modellint.compose.loading.overlay import over_base

    merged = over_base(project, selection)
    return (merged, selection, selection.files[0]) if merged is not None else (project, selection, "")


def open_part(
    target: str, options: Options, shell: Mapping[str, str], reader: Reader | None = None
) -> tuple[Project, Selection, str]:
    """The project of a target that other projects take in; raises `disk.Unreadable`.

    They may lay over it what they like, and so only what its own text says counts: what it lacks they may hold, and its
    variables and env files they may set. What is wrong in the text is wrong wherever it is taken in.
    """
    selection = select_path(target, options, shell, reader)
    project = load_project(selection, taken_in=True)
    for ignore in project.ignores:
        ignore.used = True  # it may be needed where the file is taken in
    return project, selection, ""


def unread_parts(project: Project) -> list[disk.Unreadable]:
    """The parts of a project that lie outside its repository: a check or a fix of the others is not one of it all."""
    return [disk.Unreadable(node.source.path, message) for node, message in project.foreign]


def open_whole(
    target: str, options: Options, shell: Mapping[str, str], reader: Reader | None = None
) -> tuple[Project, Selection, str]:
    """The same, for a command that shows or runs a project; raises `disk.Unreadable` also where a part is not read."""
    opened = open_project(target, options, shell, reader)
    for trouble in unread_parts(opened[0]):
        raise trouble
    return opened


def _check_one(target: str, settings: Settings, taken_in: bool) -> TargetReport:
    """What was found in one project, or why it could not be checked; `taken_in` where other projects take it in."""
    outcome = TargetReport(target)
    policies, reader = settings.policies, Reader(settings.drafts)
    covered: list[Covered] = []
    failed: dict[str, Exception] = {}
    try:
        opened = open_part if taken_in else open_project
        project, selection, overlay = opened(target, settings.options, settings.shell, reader)
        names = policies.of(project.folder) if policies is not None else []
        if policies is not None and policies.before is not None:
            from modellint.policy.base_suppressions import heed

            outcome.unheeded = [(each.path, each.line, each.what) for each in heed(project, policies)]
        if names and policies is not None:
            from modellint.policy.apply import apply

            findings, outcome.exceptions = apply(
                names, policies, project, settings.sources, settings.facts, covered, failed
            )
        else:
            findings = run(
                settings.rules,
                project,
                settings.idle,
                settings.sources,
                settings.facts,
                covered=covered,
                defects=failed,
            )
    except disk.Unreadable as trouble:
        return _unread(target, *((each.path, each.reason, each.row, each.column) for each in trouble.each()))
    except Exception as error:  # a defect of modellint or of a rule must not lose the other projects
        from modellint.system.internal_error import defect

        return _unread(target, (target or ".", f"internal error: {defect(error)}", 0, 0))
    shown = [each for each in findings if not overlay or each.span.source.path == overlay]
    hidden = [each for each in covered if not overlay or each[0].span.source.path == overlay]
    packed = [pack(each) for each in results([*shown, *(finding for finding, _, _ in hidden)], project)]
    outcome.results = packed[: len(shown)]
    outcome.covered = [(one, kind, why) for one, (_, kind, why) in zip(packed[len(shown) :], hidden, strict=True)]
    outcome.lowered = sum(each.own is not None and _rank(each.own) < _rank(each.severity) for each in shown)
    outcome.read = list(project.reader.paths)
    outcome.files = [overlay] if overlay else [os.path.normpath(file.source.path) for file in project.files]
    own = {os.path.normpath(path) for path in selection.files}
    outcome.others = [name for name in outcome.files if name not in own]
    if policies is not None:
        outcome.policies = [(name, policies.outside(name, project.folder)) for name in names]
    if project.violations:
        lacks = project.once(missing)
        outcome.needs = lacks.files, lacks.variables
    outcome.left_out = [(each.path, each.reason) for each in selection.left_out]
    outcome.unreadable = [(each.path, each.reason, 0, 0) for each in unread_parts(project)]
    outcome.unreadable += [(target or ".", _why(name, error), 0, 0) for name, error in failed.items()]
    return outcome


def _unread(target: str, *troubles: tuple[str, str, int, int]) -> TargetReport:
    outcome = TargetReport(target)
    outcome.unreadable += troubles
    return outcome


def _rank(severity: str | None) -> int:
    return SEVERITIES.index(severity) if severity else 0


def _key(one: FindingRecord) -> tuple[Any, ...]:
    """What a result is known by among those of several projects."""
    return (*one.order(), one.place.end_line, one.place.end_column)


def _why(rule: str, error: Exception) -> str:
    if isinstance(error, TooManyFindings):
        return f"the rule `{rule}` has more than {MOST:,} findings here; the rest are not reported"
    from modellint.system.internal_error import defect

    return f"the rule `{rule}` failed, so its findings here are missing: {defect(error)}"


def _is_fragment(target: str) -> bool:
    """Whether a target may be a part of something: a file that Docker Compose would not take by itself."""
    return not disk.is_folder(target or ".") and os.path.basename(target) not in disk.DEFAULT_NAMES


def _taken_in(outcomes: list[TargetReport]) -> set[str]:
    """The targets, found in a folder, whose file another project includes, or extends a service of.

    Of two that name each other neither is one: Compose refuses both, and that is to be said.
    """
    named = {outcome.target: {os.path.abspath(name) for name in outcome.others} for outcome in outcomes}
    by: dict[str, list[str]] = {}  # the targets that name a file
    for target, several in named.items():
        for path in several:
            by.setdefault(path, []).append(target)
    if not by:
        return set()
    own = {outcome.target: os.path.abspath(outcome.files[0]) for outcome in outcomes if outcome.files}
    return {
        target
        for target, path in own.items()
        if disk.is_folder(target)
        and any(other != target and own[other] not in named[target] for other in by.get(path, ()))
    }
