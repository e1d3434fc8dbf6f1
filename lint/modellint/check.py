"""Check Compose projects: the library's front door, called by the command line, and by whoever embeds modellint."""

from __future__ import annotations

import os

from modellint.compose import files
from modellint.compose.load import complete, load_project
from modellint.compose.selection import Options, select_path, with_override
from modellint.engine import MOST, TooMany, run
from modellint.finding import SEVERITIES
from modellint.parallel import spread
from modellint.result import Result, Suppressed, pack, result, results, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, TypeAlias

    from modellint.compose.project import Project
    from modellint.compose.selection import Selection
    from modellint.earlier import Unheeded
    from modellint.engine import Covered
    from modellint.facts import Facts
    from modellint.policies import InForce, Policies
    from modellint.rule import Rule

    # A target, the files that were read for it, those of them that others named, packed results, what went wrong,
    # what came of the exceptions of its policies, these policies with what each lies outside of, packed results that
    # are covered, each with kind and reason, how many results a policy made less severe, and what is not heeded.
    Outcome: TypeAlias = tuple[
        str,
        list[str],
        list[str],
        list[Any],
        list[tuple[str, str, int, int]],
        list[tuple[str, int, bool]],
        list[tuple[str, str]],
        list[tuple[Any, str, str]],
        int,
        list[tuple[str, int, str]],
    ]


class Report:
    """What a check found, on which terms, and what it could not read."""

    __slots__ = (
        "files", "in_force", "known", "left_out", "lowered", "policies", "projects", "results", "suppressed",
        "unheeded", "unreadable",
    )  # fmt: skip

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.unreadable: list[files.Unreadable] = []
        self.left_out: list[files.LeftOut] = []
        self.files = 0  # Compose files that were checked
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


def check(
    paths: Sequence[str],
    rules: Sequence[Rule],
    shell: Mapping[str, str],
    idle: Iterable[str] = (),
    options: Options | None = None,
    sources: bool = True,
    facts: Facts | None = None,
    policies: Policies | None = None,
) -> Report:
    """Check files and folders; without a path, the project that `docker compose` finds here with the same options.

    A path that cannot be read is reported, and the others are still checked. `shell` are the variables that Compose
    would see; `idle` names the rules that exist and are not among `rules`; `sources` says whether the Dockerfiles and
    the source code that services are built from are read; `facts` are what registries answered, if they were asked.
    Where one of `policies` is in force, it decides which rules run and how severe they are.
    """
    report = Report()
    asked = options or Options()

    def work(part: Sequence[str]) -> list[Outcome]:
        return [_check_one(target, asked, rules, shell, tuple(idle), sources, facts, policies) for target in part]

    parts: list[list[Outcome]] = spread(targets(paths, report.unreadable), work)
    outcomes = _roots([outcome for part in parts for outcome in part])
    found: dict[tuple[Any, ...], Result] = {}
    read: set[str] = set()
    tried: list[tuple[str, int, bool]] = []
    in_force: dict[str, str] = {}
    covered: dict[tuple[Any, ...], Suppressed] = {}
    unheeded: dict[tuple[str, int, str], None] = {}
    lost: dict[tuple[str, str, int, int], None] = {}  # a policy with a mistake is said once
    for _, names, _, packed, unreadable, used, policy_names, aside, lowered, ignored in outcomes:
        tried.extend(used)
        in_force.update(policy_names)
        report.lowered += lowered
        unheeded.update(dict.fromkeys(ignored))
        read.update(names)
        report.projects += bool(names)
        lost.update(dict.fromkeys(unreadable))
        for one in map(unpack, packed):
            found.setdefault(_key(one), one)
        for each, kind, reason in aside:
            one = unpack(each)
            covered.setdefault(_key(one), Suppressed(one, kind, reason))
    if in_force and policies is not None:
        from modellint.policy import apply

        for finding in apply.about_exceptions(tried, in_force, policies):
            one = result(finding)
            found.setdefault(_key(one), one)
        report.in_force = apply.in_force(in_force.items(), policies)
    if policies is not None and policies.before is not None:
        from modellint.earlier import Unheeded, differences
        from modellint.policy.apply import paths_of

        report.unheeded = differences(paths_of(in_force, policies), policies.before)
        report.unheeded += [Unheeded(*each) for each in sorted(unheeded)]
    report.unreadable.extend(files.Unreadable(*each) for each in lost)
    report.policies = list(in_force)
    report.files = len(read)
    report.results = sorted(found.values(), key=Result.order)
    aside_only = [each for key, each in covered.items() if key not in found]
    report.suppressed = sorted(aside_only, key=lambda each: each.result.order())
    report.unreadable.sort(key=lambda trouble: (trouble.path, trouble.row, trouble.column))
    return report


def targets(paths: Sequence[str], unreadable: list[files.Unreadable]) -> list[str]:
    """A file or a folder for each project that the paths stand for, or nothing for the project of this folder.

    Paths that cannot be read are added to `unreadable`.
    """
    found: dict[str, None] = {}
    for path in paths or [""]:
        try:
            names = [path]
            if files.is_folder(path):
                names = [os.path.dirname(name) for name in files.project_files(path, unreadable)]
        except files.Unreadable as trouble:
            unreadable.append(trouble)
            continue
        found.update((name if name in ("", files.STDIN) else os.path.normpath(name), None) for name in names)
    overrides = {name for target in found if not files.is_folder(target) for name in with_override(target)[1:]}
    return [target for target in found if target not in overrides]


def open_project(target: str, options: Options, shell: Mapping[str, str]) -> tuple[Project, Selection, str]:
    """The project of a target, and what was selected; raises `files.Unreadable`.

    A file that is laid over another one is opened together with it, and is then of interest alone: the third value is
    its path, empty otherwise.
    """
    selection = select_path(target, options, shell)
    project = load_project(selection)
    if project.whole:
        return project, selection, ""
    if not _is_fragment(target):
        complete(project)
        return project, selection, ""
    from modellint.compose.overlay import over_base

    merged = over_base(project, selection)
    return (merged, selection, selection.files[0]) if merged is not None else (project, selection, "")


def _check_one(
    target: str,
    options: Options,
    rules: Sequence[Rule],
    shell: Mapping[str, str],
    idle: tuple[str, ...],
    sources: bool,
    facts: Facts | None,
    policies: Policies | None,
) -> Outcome:
    """What was found in one project, or why it could not be checked."""
    try:
        project, selection, overlay = open_project(target, options, shell)
        names = policies.of(project.folder) if policies is not None else []
        used: list[tuple[str, int, bool]] = []
        covered: list[Covered] = []
        ignored: list[Unheeded] = []
        if policies is not None and policies.before is not None:
            from modellint.earlier import heed

            ignored = heed(project, policies)
        failed: dict[str, Exception] = {}
        if names and policies is not None:
            from modellint.policy.apply import apply

            findings, used = apply(names, policies, project, sources, facts, covered, failed)
        else:
            findings = run(rules, project, idle, sources, facts, covered=covered, defects=failed)
    except files.Unreadable as trouble:
        return target, [], [], [], [(trouble.path, trouble.reason, trouble.row, trouble.column)], [], [], [], 0, []
    except Exception as error:  # a defect of modellint or of a rule must not lose the other projects
        from modellint.defect import defect

        lost = (target or ".", f"modellint failed on it: {defect(error)}", 0, 0)
        return target, [], [], [], [lost], [], [], [], 0, []
    paths = [overlay] if overlay else [os.path.normpath(file.source.path) for file in project.files]
    shown = [each for each in findings if not overlay or each.span.source.path == overlay]
    hidden = [each for each in covered if not overlay or each[0].span.source.path == overlay]
    packed = [pack(each) for each in results([*shown, *(finding for finding, _, _ in hidden)])]
    aside = [(one, kind, reason) for one, (_, kind, reason) in zip(packed[len(shown) :], hidden, strict=True)]
    lowered = sum(each.own is not None and _rank(each.own) < _rank(each.severity) for each in shown)
    in_force = [(name, policies.outside(name, project.folder) if policies is not None else "") for name in names]
    own = {os.path.normpath(path) for path in selection.files}
    others = [name for name in paths if name not in own]
    return (
        target,
        paths,
        others,
        packed[: len(shown)],
        _lost(target, failed),
        used,
        in_force,
        aside,
        lowered,
        [(each.path, each.line, each.what) for each in ignored],
    )


def _rank(severity: str | None) -> int:
    return SEVERITIES.index(severity) if severity else 0


def _key(one: Result) -> tuple[Any, ...]:
    """What a result is known by among those of several projects."""
    return (*one.order(), one.place.end_line, one.place.end_column)


def _lost(target: str, failed: Mapping[str, Exception]) -> list[tuple[str, str, int, int]]:
    """What is said of a project of which a rule could not judge something."""
    return [(target or ".", _why(name, error), 0, 0) for name, error in failed.items()]


def _why(rule: str, error: Exception) -> str:
    if isinstance(error, TooMany):
        return f"the rule `{rule}` finds more than {MOST:,} places in it: only so many are reported"
    from modellint.defect import defect

    return f"the rule `{rule}` failed on it, and what this rule may have found here is missing: {defect(error)}"


def _is_fragment(target: str) -> bool:
    """Whether a target may be a part of something: a file that Docker Compose would not take by itself."""
    return not files.is_folder(target or ".") and os.path.basename(target) not in files.DEFAULT_NAMES


def _roots(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes without the projects, found in a folder, whose file another project includes."""
    included = {os.path.abspath(name) for outcome in outcomes for name in outcome[2]}
    if not included:
        return outcomes
    return [
        outcome
        for outcome in outcomes
        if not files.is_folder(outcome[0]) or not outcome[1] or os.path.abspath(outcome[1][0]) not in included
    ]
