"""`modellint fix`: select the fixes to apply, and report them."""

from __future__ import annotations

import os
import sys

from modellint.commands.arguments import UsageError, project_options
from modellint.commands.findings import finder
from modellint.commands.table import FAILED
from modellint.fix import fix, write
from modellint.linter.run_rules import unignored
from modellint.report import changes
from modellint.report.complaint import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.commands.arguments import Arguments
    from modellint.compose.loading.selection import Options
    from modellint.compose.model.project import Project
    from modellint.fix import FixOutcome
    from modellint.text.finding import Finding

_STDIN = "-"


def run(arguments: Arguments) -> int:
    """Fix what the arguments name; returns the exit code."""
    if _STDIN in (*arguments.rest, *arguments.each("--file")):
        raise UsageError("`fix` cannot rewrite standard input")
    pinning = "--pin" in arguments.values
    if "--update" in arguments.values and not pinning:
        raise UsageError("`--update` requires `--pin`")
    if pinning and "--unsafe" in arguments.values:
        raise UsageError("`--pin` applies no other fixes; run `modellint fix --unsafe` for those")
    options = project_options(arguments)
    pins = _Pins(arguments, options) if pinning else None
    find = pins.find if pins else finder(arguments, fixing=True)
    outcome = fix(arguments.rest, find, os.environ, options, unsafe=pinning or "--unsafe" in arguments.values)
    return _finish(arguments, outcome, pins)


class _Pins:
    """What is to be pinned, found with the answers of registries; `failed` and `stale` are what stays as it is."""

    def __init__(self, arguments: Arguments, options: Options) -> None:
        from modellint.commands.network import access, ask_all, named
        from modellint.commands.trust import refuse_untrusted
        from modellint.fixing.pinning import MOVED_BY, PINNED_BY
        from modellint.oci.answers import Facts

        refuse_untrusted(arguments, "--pin", os.environ)
        self.update = "--update" in arguments.values
        self.rules = {each for each in (*PINNED_BY, MOVED_BY) if _wanted(arguments, each)}
        self.failed: dict[tuple[str, int, int], Finding] = {}
        self.stale: dict[tuple[str, int, int], Finding] = {}
        places = named(arguments.rest, options, os.environ, all_images="unpinned-image" in self.rules)
        self.facts = Facts(ask_all(places, access(arguments, os.environ), details=False))

    def find(self, project: Project) -> Sequence[Finding]:
        """The references to pin, and with `--update` the pins to move."""
        from modellint.fixing.pinning import pins

        found = pins(project, self.facts)
        for finding in unignored([each for each in found.failed if self._is_asked(each.rule)], project):
            self.failed.setdefault((finding.span.source.path, *finding.span.first), finding)
        stale = unignored([each for each in found.stale if each.rule in self.rules], project)
        if not self.update:
            for finding in stale:
                self.stale.setdefault((finding.span.source.path, *finding.span.first), finding)
            stale = []
        return [*unignored([each for each in found.found if each.rule in self.rules], project), *stale]

    def _is_asked(self, rule: str) -> bool:
        return rule in self.rules or (rule == "unpinnable-model" and "unpinned-model" in self.rules)


def _wanted(arguments: Arguments, rule: str) -> bool:
    select = arguments.names("--select")
    return (not select or rule in select or "all" in select) and rule not in arguments.names("--ignore")


def _finish(arguments: Arguments, outcome: FixOutcome, pins: _Pins | None) -> int:
    only_said = "--diff" in arguments.values or "--check" in arguments.values
    unwritten = [] if only_said else write(outcome.changes)
    lost = {trouble.path for trouble in unwritten}
    if "--diff" in arguments.values:
        for path in changes.show_diff(outcome.changes):
            complain(f"{path}: lines that contain a secret are masked, so this diff cannot be applied")
    else:
        changes.show_applied([each for each in outcome.applied if each.path not in lost], only_said)
    stale = list(pins.stale.values()) if pins else []
    for finding in stale:
        row, column = finding.span.first
        sys.stderr.write(
            changes.line(finding.span.source.path, row, column, "stale", finding.rule, finding.message) + "\n"
        )
    failed = list(pins.failed.values()) if pins else []
    for finding in failed:
        row, column = finding.span.first
        complain(f"{finding.span.source.path}:{row}:{column}: {finding.message}")
    for left in outcome.left:
        complain(f"{left.path}:{left.row}:{left.column}: {left.rule}: {left.reason}")
    for trouble in (*outcome.unreadable, *unwritten):
        complain(str(trouble))
    sys.stderr.write(changes.summary(outcome, lost, only_said, len(stale)) + "\n")
    if failed or outcome.left or outcome.unreadable or unwritten:
        return FAILED
    return 1 if "--check" in arguments.values and (outcome.changes or stale) else 0
