"""Apply fixes: the library's main entry point for programs that rewrite files.

Fixes are tried on drafts, in memory, pass by pass until nothing changes. A pass counts only if the files can still be
read, hold what they held wherever no fix has written, and give Docker Compose no new reason to refuse the project.
What was tried in vain is left out and said; the files are written when all is done, each at once or not at all.
"""

from __future__ import annotations

import gc
import os
from bisect import bisect_right

from modellint.check import open_project, targets, unread_parts
from modellint.compose.loading.selection import Options
from modellint.files import disk
from modellint.files.atomic_write import Unwritable, resolved_folder
from modellint.files.reader import Reader
from modellint.files.replace import CHANGED, Original, read_original, replace
from modellint.files.repositories import lies_in, repository
from modellint.fixing.verify import damage, env_file_damage, written
from modellint.text.edit import SAFE, fitting, in_order, rewrite, rewritten
from modellint.text.source import Source
from modellint.yaml.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from modellint.compose.model.project import Project
    from modellint.text.edit import Edit
    from modellint.text.finding import Finding
    from modellint.yaml.builder import YamlFile

    Find: TypeAlias = Callable[[Project], Sequence[Finding]]
    EditsKey: TypeAlias = tuple[tuple[str, int, int, str], ...]
    Trouble: TypeAlias = tuple[str, int, int, str]  # path, from and to where in the new text, and what is wrong

MAX_PASSES = 50  # over one project; every pass but the last changes something
MAX_TRIES = 200  # of a pass that fails as a whole, to find the fixes that work
MAX_WORK = 1 << 19  # letters of a project that its tries together may read, if there are more than a few
FEWEST_TRIES = 6
FEW_TRIES = 30
NEAR = 200  # letters on either side of where a fix begins
MAX_HELD = 1 << 21  # letters of projects that may lie in memory while nobody needs them


class Applied:
    """One fix that was applied: the rule, what it did, and where, in the text as it was then."""

    __slots__ = ("column", "path", "row", "rule", "title")

    def __init__(self, finding: Finding, title: str) -> None:
        self.rule = finding.rule
        self.title = title
        self.path = finding.span.source.path
        self.row, self.column = finding.span.first


class Left:
    """What was not fixed, and why, in words for a person."""

    __slots__ = ("column", "path", "reason", "row", "rule")

    def __init__(self, finding: Finding, reason: str) -> None:
        self.rule = finding.rule
        self.reason = reason
        self.path = finding.span.source.path
        self.row, self.column = finding.span.first


class RewrittenFile:
    """A file's text before and after. `target` is what its path led to, all symbolic links followed."""

    __slots__ = ("after", "before", "path", "private", "target", "together")

    def __init__(self, source: Source, after: str, target: str = "") -> None:
        self.path = source.path
        self.target = target
        self.private = source.private
        self.before = source.text
        self.after = after
        self.together = self.path  # changes with the same word here belong together


class FixOutcome:
    """What fixes did to the files of some projects, in memory. `unsafe` counts those that were not allowed."""

    __slots__ = ("applied", "changes", "left", "unreadable", "unsafe")

    def __init__(self) -> None:
        self.changes: list[RewrittenFile] = []
        self.applied: list[Applied] = []
        self.left: list[Left] = []
        self.unsafe = 0
        self.unreadable: list[disk.Unreadable] = []


def fix(
    paths: Sequence[str],
    find: Find,
    shell: Mapping[str, str],
    options: Options | None = None,
    *,
    unsafe: bool = False,
) -> FixOutcome:
    """Fix what `find` reports in the projects of some paths. Nothing is written: see `write`.

    Only safe fixes are applied, unless `unsafe`. A path that cannot be read is reported, the others are still fixed.
    What lies outside of the folders and repositories that were named is left alone, whatever their files say.
    """
    outcome = FixOutcome()
    run = _Run(outcome, find, shell, options or Options(), unsafe)
    run.grounds = _grounds(paths, run.options, shell)
    for target in targets(paths, outcome.unreadable):
        try:
            run.project(target)
        except disk.Unreadable as trouble:
            said = {str(each) for each in outcome.unreadable}  # a policy with mistakes is that of many projects
            outcome.unreadable += [each for each in trouble.each() if str(each) not in said]
    outcome.unreadable.extend(run.unread.values())
    outcome.unsafe = len(run.forbidden)
    for path, source in run.originals.items():
        if run.drafts[path] != source.text:
            change = RewrittenFile(source, run.drafts[path], path)
            change.together = run.together[path]
            outcome.changes.append(change)
    return outcome


def write(changes: Sequence[RewrittenFile]) -> list[Unwritable]:
    """Write what was changed, each file at once; returns what could not be written and is as it was.

    Files that one fix has changed are all written or none. A file that has changed since it was read is not written.
    """
    groups: dict[str, list[RewrittenFile]] = {}
    for change in changes:
        groups.setdefault(change.together, []).append(change)
    return [trouble for group in groups.values() for trouble in _write(group)]


def _write(changes: Sequence[RewrittenFile]) -> list[Unwritable]:
    """Write files together; why each of them could not be written, where one could not."""
    written: list[RewrittenFile] = []
    try:
        read = [(_read(change), change) for change in changes]
        for original, change in read:
            replace(original, change.after)
            written.append(change)
    except Unwritable as trouble:
        return [trouble, *(_undone(each, each in written, trouble) for each in changes if each.path != trouble.path)]
    return []


def _read(change: RewrittenFile) -> Original:
    original = read_original(change.path, change.target)
    if original.text != change.before:
        raise Unwritable(change.path, CHANGED)
    return original


def _undone(change: RewrittenFile, is_written: bool, cause: Unwritable) -> Unwritable:
    """Have a file be as it was, because another one could not be written."""
    if is_written:
        try:
            replace(read_original(change.path, change.target), change.before)
        except Unwritable as trouble:
            reason = f"was fixed, but {cause.path} was not, and they belong together; it {trouble.reason}"
            return Unwritable(change.path, reason)
    return Unwritable(change.path, f"is unchanged, because {cause.path} cannot be fixed with it")


def _grounds(paths: Sequence[str], options: Options, shell: Mapping[str, str]) -> list[str]:
    """The folders in which files may be written: of what was named, or is found here as Compose does, the repositories.

    What an env file of a project names (`COMPOSE_FILE`) is named by nobody.
    """
    named = [*paths, *options.files, *([options.directory] if options.directory else [])]
    if not paths and not options.files:
        named += [os.curdir, *_files_of_the_shell(shell), *_default_file(options)]
    grounds: dict[str, None] = {}
    for path in named:
        try:
            folder = resolved_folder(path if disk.is_folder(path) else os.path.dirname(path))
        except Unwritable:
            continue  # a link of the repository leads out of it: nobody has named what is there
        grounds[repository(os.path.realpath(folder)) or folder] = None
    return list(grounds)


def _default_file(options: Options) -> list[str]:
    try:
        return [disk.default_file(options.directory or os.curdir)]
    except disk.Unreadable:
        return []  # said where the project is opened


def _files_of_the_shell(shell: Mapping[str, str]) -> list[str]:
    separator = shell.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
    return [name for name in shell.get("COMPOSE_FILE", "").split(separator) if name]


class _Run:
    """The state of one run. `drafts` and `originals` go by real path, which `real` has for each path.

    It is asked for once: what a link leads to later is no matter, and a file whose text is no longer what was read
    before is left alone.
    """

    def __init__(
        self, outcome: FixOutcome, find: Find, shell: Mapping[str, str], options: Options, unsafe: bool
    ) -> None:
        self.outcome = outcome
        self.find = find
        self.shell = shell
        self.options = options
        self.unsafe = unsafe
        self.drafts: dict[str, str] = {}
        self.originals: dict[str, Source] = {}
        self.together: dict[str, str] = {}  # of a path: the word that it shares with those that one fix has changed
        self.grounds: list[str] = []  # the folders in which files may be written, without symbolic links
        self.real: dict[str, str] = {}
        self.held = 0  # letters of the projects that were opened and may still be in memory
        self.size = 0  # letters of the project that was opened last
        self.twins: dict[EditsKey, list[Finding]] = {}  # that one and the same change mends
        self.forbidden: set[tuple[str, int, str, str]] = set()  # findings whose fixes are unsafe, once for all projects
        self.ahead: tuple[Project, str] | None = None  # the project as it is drafted, where a try has opened it
        self.files: dict[str, YamlFile] = {}  # of the project as it is drafted, by path
        self.in_haste = False  # whether a fix is left out where trouble shows, and not tried once more by itself
        self.tries = 0  # that are left for all passes over a project
        self.violations: list[str] = []  # of the project as it is drafted
        self.refused: set[tuple[str, ...]] = set()  # fixes that were tried in vain
        self.said: set[tuple[str, int, str]] = set()
        self.unread: dict[tuple[str, str], disk.Unreadable] = {}  # parts of the project

    def project(self, target: str) -> None:
        """Fix one project."""
        self.ahead = None
        forbidden: set[tuple[str, int, str, str]] = set()
        for number in range(MAX_PASSES):
            forbidden, is_last = self._pass(target, number == 0)
            if is_last:
                break
        self.forbidden.update(forbidden)

    def _pass(self, target: str, is_first: bool) -> tuple[set[tuple[str, int, str, str]], bool]:
        """Fix what can be fixed at once; the findings whose fixes are unsafe, and whether nothing is left to be done.

        What it found is forgotten before the next pass finds anything.
        """
        findings = self._findings(target, self.drafts)
        proposed = [each for each in findings if each.fix]
        allowed = [each for each in proposed if self._is_allowed(each)]
        forbidden = {
            (each.span.source.path, each.span.start, each.rule, each.message)
            for each in proposed
            if not self._is_allowed(each)
        }
        possible = [each for each in allowed if _key(each) not in self.refused and self._may_write(each)]
        self.twins = _twins(possible)
        fitting_now = _fitting([several[0] for several in self.twins.values()])
        if is_first:
            self.tries = max(FEWEST_TRIES, MAX_WORK // max(1, self.size))
            self.in_haste = self.tries <= FEW_TRIES
        tries = [min(MAX_TRIES, self.tries)]
        before = tries[0]
        is_last = not fitting_now or not self._apply(target, fitting_now, tries)
        self.tries -= before - tries[0]
        self.twins = {}
        return forbidden, is_last

    def _is_allowed(self, finding: Finding) -> bool:
        return self.unsafe or (finding.fix is not None and finding.fix.safety == SAFE)

    def _findings(self, target: str, drafts: Mapping[str, str]) -> list[Finding]:
        project, overlay = self.ahead or self._open(target, drafts)
        self.ahead = None
        self.unread.update({(trouble.path, trouble.reason): trouble for trouble in unread_parts(project)})
        self.violations = [violation.message for violation in project.violations]
        self.files = {file.source.path: file for file in project.files}
        found = self.find(project)
        return [each for each in found if not overlay or each.span.source.path == overlay]

    def _open(self, target: str, drafts: Mapping[str, str]) -> tuple[Project, str]:
        self.held += self.size
        if self.held > MAX_HELD:  # nodes and their sources hold each other, and the collector looks rarely
            gc.collect()
            self.held = 0
        project, _, overlay = open_project(target, self.options, self.shell, Reader(dict(drafts)))
        self.size = sum(len(file.source.text) for file in project.files)
        return project, overlay

    def _may_write(self, finding: Finding) -> bool:
        """Whether the files of a fix may be changed; says so once where not."""
        assert finding.fix is not None
        for source in {edit.span.source.path: edit.span.source for edit in finding.fix.edits}.values():
            path = self.real.setdefault(source.path, os.path.realpath(source.path))
            if not any(lies_in(path, ground) for ground in self.grounds):
                self._leave(finding, f"`{source.path}` is outside the repository, so it is not changed")
                return False
            self.originals.setdefault(path, source)
            if self.drafts.setdefault(path, source.text) != source.text:
                self._leave(finding, f"`{source.path}` {CHANGED}")
                return False
        return True

    def _apply(self, target: str, findings: list[Finding], tries: list[int]) -> bool:
        """Apply fixes together if that is sound, else without those to blame, or in halves; whether any was."""
        tries[0] -= 1
        if tries[0] < 0:
            self._leave(findings[0], "there are too many fixes for one run; run the command again")
            return False
        texts = self._texts(findings)
        unsound = self._unsound(target, findings, texts)
        if not unsound:
            self.drafts.update(texts)
            self._join(findings)
            done = [twin for each in findings for twin in self.twins[_edits_key(each)]]
            self.outcome.applied += [Applied(each, each.fix.title) for each in done if each.fix]
            return True
        blamed = _blamed(findings, unsound) if self.in_haste or len(findings) == 1 else {}
        if blamed:
            for finding, reason in blamed.items():
                for twin in self.twins[_edits_key(finding)]:
                    self.refused.add(_key(twin))
                    self._leave(twin, f"the fix was not applied: {reason}")
            others = [each for each in findings if each not in blamed]
            return bool(others) and self._apply(target, others, tries)
        half = len(findings) // 2
        first = self._apply(target, findings[:half], tries)
        if first:  # the places of the others have moved: they have their turn in the next pass
            return True
        return self._apply(target, findings[half:], tries)

    def _join(self, findings: Sequence[Finding]) -> None:
        """Note which files are written together."""
        for finding in findings:
            assert finding.fix is not None
            paths = {self.real[edit.span.source.path] for edit in finding.fix.edits}
            words = {self.together.setdefault(path, path) for path in paths}
            for path, word in self.together.items():
                if word in words:
                    self.together[path] = min(words)

    def _texts(self, findings: Sequence[Finding]) -> dict[str, str]:
        """The texts of the files that fixes change, by real path."""
        fixes = [each.fix for each in findings if each.fix]
        sources = {edit.span.source.path: edit.span.source for each in fixes for edit in each.edits}
        texts: dict[str, str] = {}
        for source in sources.values():
            texts[self.real[source.path]] = rewrite(source, fixes)
        return texts

    def _unsound(self, target: str, findings: Sequence[Finding], texts: Mapping[str, str]) -> list[Trouble]:
        """Why fixes must not be applied together, and where that shows; nothing where they may."""
        edits = _edits(findings)
        self.ahead = None
        after: Project | None = None
        overlay = ""
        lost: disk.Unreadable | None = None
        try:
            after, overlay = self._open(target, {**self.drafts, **texts})
        except disk.Unreadable as trouble:
            lost = trouble
        new = {file.source.path: file for file in after.files} if after is not None else {}
        for path, several in edits.items():
            if reason := self._damage(several, texts[self.real[path]], new.get(path)):
                return [("", 0, 0, reason)]  # where it shows may be far behind the fix that has done it
        if after is None:
            assert lost is not None
            raise lost
        known = list(self.violations)
        troubles: list[Trouble] = []
        for violation in after.violations:
            if violation.message in known:
                known.remove(violation.message)
            else:
                reason = f"Docker Compose would reject the project after this fix ({violation.message})"
                span = violation.span
                troubles.append((span.source.path, span.start, span.end, reason))
        if not troubles:
            self.ahead = after, overlay
        return troubles

    def _damage(self, edits: Sequence[Edit], text: str, new: YamlFile | None) -> str:
        """What edits of one file do to the rest of it; `new` is the file as the project has read it, if it has."""
        source = edits[0].span.source
        if source.private:  # an env file: no Compose file is written of which nothing may be printed
            return env_file_damage(source, text, edits)
        old = self.files.get(source.path)
        if old is None or old.source.text != source.text:
            old = parse(source)
        if new is None or new.source.text != text:
            new = parse(Source(source.path, text))
        return damage(old, new, edits)

    def _leave(self, finding: Finding, reason: str) -> None:
        key = (finding.span.source.path, finding.span.start, finding.rule)
        if key not in self.said:
            self.said.add(key)
            self.outcome.left.append(Left(finding, reason))


def _edits_key(finding: Finding) -> EditsKey:
    assert finding.fix is not None
    return tuple((each.span.source.path, each.span.start, each.span.end, each.text) for each in finding.fix.edits)


def _twins(findings: Sequence[Finding]) -> dict[EditsKey, list[Finding]]:
    """The findings by what their fixes do: what two findings propose alike is done once, and mends both."""
    found: dict[EditsKey, list[Finding]] = {}
    for each in findings:
        found.setdefault(_edits_key(each), []).append(each)
    return found


def _edits(findings: Sequence[Finding]) -> dict[str, list[Edit]]:
    """The edits of fixes by the path of the file, in the order of the text."""
    found: dict[str, list[Edit]] = {}
    for edit in in_order(edit for each in findings if each.fix for edit in each.fix.edits):
        found.setdefault(edit.span.source.path, []).append(edit)
    return found


def _blamed(findings: Sequence[Finding], troubles: Sequence[Trouble]) -> dict[Finding, str]:
    """The findings on whose lines trouble shows that comes with their fixes, each with what is wrong.

    Where it shows on no line that a fix has written, nobody can say whose it is. Of a single fix it is in any case.
    """
    if len(findings) == 1:
        return {findings[0]: troubles[0][3]}
    owners = {id(edit): each for each in findings if each.fix for edit in each.fix.edits}
    blamed: dict[Finding, str] = {}
    for path, edits in _edits(findings).items():
        text = rewritten(edits)
        put = written(edits)
        lines = [*Source(path, text).line_starts(), len(text) + 1]
        starts = [lines[bisect_right(lines, start) - 1] for start, _ in put]
        for where, start, end, reason in troubles:
            at = bisect_right(starts, end) - 1 if where == path else -1
            if at >= 0 and start < lines[bisect_right(lines, put[at][1])]:
                blamed.setdefault(owners[id(edits[at])], reason)
    return blamed


def _fitting(findings: Sequence[Finding]) -> list[Finding]:
    """The findings whose fixes fit beside one another."""
    chosen = {id(each) for each in fitting(each.fix for each in findings if each.fix)}
    return [each for each in findings if each.fix and id(each.fix) in chosen]


def _key(finding: Finding) -> tuple[str, ...]:
    """What a fix is known by while its place moves: of a line that may be the whole file, what stands near it."""
    span = finding.span
    row, column = span.first
    near = span.source.line(row)[max(0, column - NEAR) : column + NEAR]
    return span.source.path, finding.rule, finding.message, near.strip()
