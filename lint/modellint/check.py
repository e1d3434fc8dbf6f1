"""Check Compose projects: the library's front door, called by the command line, and by whoever embeds modellint."""

from __future__ import annotations

import os

from modellint.compose import files
from modellint.compose.load import complete, load_project
from modellint.compose.selection import Options, select_path, with_override
from modellint.engine import run
from modellint.parallel import spread
from modellint.result import Result, pack, result, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, TypeAlias

    from modellint.compose.project import Project
    from modellint.compose.selection import Selection
    from modellint.facts import Facts
    from modellint.policies import Policies
    from modellint.rule import Rule

    # A target, the files that were read for it, those of them that others named, packed results, what went wrong,
    # what came of the exceptions of its policies, these policies, and what was left out.
    Outcome: TypeAlias = tuple[
        str, list[str], list[str], list[Any], list[tuple[str, str]], list[tuple[str, int, bool]], list[str],
        list[tuple[str, str]],
    ]  # fmt: skip


class Report:
    """What a check found, and what it could not read."""

    __slots__ = ("files", "known", "left_out", "policies", "projects", "results", "unreadable")

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.unreadable: list[files.Unreadable] = []
        self.left_out: list[files.LeftOut] = []  # Compose files that were met and not checked
        self.files = 0  # Compose files that were checked
        self.projects = 0
        self.policies: list[str] = []  # that were in force
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

    left_out: list[files.LeftOut] = []
    parts: list[list[Outcome]] = spread(targets(paths, report.unreadable, left_out), work)
    outcomes = _roots([outcome for part in parts for outcome in part])
    found: dict[tuple[Any, ...], Result] = {}
    read: set[str] = set()
    tried: list[tuple[str, int, bool]] = []
    in_force: dict[str, None] = {}
    lost: dict[tuple[str, str], None] = {}  # a policy with a mistake is said once
    passed = {(each.path, each.reason) for each in left_out}
    for _, names, _, results, unreadable, used, policy_names, passed_over in outcomes:
        passed.update(passed_over)
        tried.extend(used)
        in_force.update(dict.fromkeys(policy_names))
        read.update(names)
        report.projects += bool(names)
        lost.update(dict.fromkeys(unreadable))
        for one in map(unpack, results):
            found.setdefault((*one.order(), one.place.end_line, one.place.end_column), one)
    if in_force and policies is not None:
        from modellint.policy.apply import about_exceptions

        for finding in about_exceptions(tried, in_force, policies):
            one = result(finding)
            found.setdefault((*one.order(), one.place.end_line, one.place.end_column), one)
    report.unreadable.extend(files.Unreadable(path, reason) for path, reason in lost)
    report.policies = list(in_force)
    report.files = len(read)
    report.left_out = [files.LeftOut(*each) for each in sorted(passed) if each[0] not in read]
    report.results = sorted(found.values(), key=Result.order)
    report.unreadable.sort(key=lambda trouble: trouble.path)
    return report


def targets(
    paths: Sequence[str], unreadable: list[files.Unreadable], left_out: list[files.LeftOut] | None = None
) -> list[str]:
    """A file or a folder for each project that the paths stand for, or nothing for the project of this folder.

    Paths that cannot be read are added to `unreadable`, and what a search passes over to `left_out`.
    """
    passed = left_out if left_out is not None else []
    found: dict[str, None] = {}
    for path in paths or [""]:
        try:
            names = [path]
            if files.is_folder(path):
                from modellint.compose.search import project_files

                names = [os.path.dirname(name) for name in project_files(path, unreadable, passed)]
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


def unread_parts(project: Project) -> list[files.Unreadable]:
    """The parts of a project that lie outside its repository: a check or a fix of the others is not one of it all."""
    return [files.Unreadable(node.source.path, message) for node, message in project.foreign]


def open_whole(target: str, options: Options, shell: Mapping[str, str]) -> tuple[Project, Selection, str]:
    """The same, for a command that shows or runs a project; raises `files.Unreadable` also where a part is not read."""
    opened = open_project(target, options, shell)
    for trouble in unread_parts(opened[0]):
        raise trouble
    return opened


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
        if names and policies is not None:
            from modellint.policy.apply import apply

            findings, used = apply(names, policies, project, sources, facts)
        else:
            findings = run(rules, project, idle, sources, facts)
    except files.Unreadable as trouble:
        return target, [], [], [], [(trouble.path, trouble.reason)], [], [], []
    except Exception as error:  # a defect of modellint or of a rule must not lose the other projects
        from modellint.defect import defect

        return target, [], [], [], [(target or ".", f"modellint failed on it: {defect(error)}")], [], [], []
    paths = [overlay] if overlay else [os.path.normpath(file.source.path) for file in project.files]
    own = {os.path.normpath(path) for path in selection.files}
    results = [pack(result(each)) for each in findings if not overlay or each.span.source.path == overlay]
    unread = [(trouble.path, trouble.reason) for trouble in unread_parts(project)]
    passed = [(each.path, each.reason) for each in selection.left_out]
    return target, paths, [name for name in paths if name not in own], results, unread, used, names, passed


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
