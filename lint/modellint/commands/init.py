"""`modellint init`: a first policy for a project that has findings already.

It accepts none of those because of which the project cannot start: they are listed, and the exit code is 1.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from modellint.check import open_project, targets, unread_parts
from modellint.commands.arguments import UsageError, policies, project_options
from modellint.commands.table import FAILED
from modellint.files.atomic_write import write
from modellint.files.disk import Unreadable
from modellint.linter.discovery import online_names, policy_names, rules
from modellint.linter.record import results
from modellint.linter.run_rules import run as run_rules
from modellint.policy.discovery import FILE_NAME
from modellint.report.complaint import complain
from modellint.report.output import put
from modellint.report.paths import relative
from modellint.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from modellint.commands.arguments import Arguments
    from modellint.linter.record import FindingRecord

_THERE = "`{}` already exists; run `modellint policy show` to print it"
_DAYS = 90  # for which today's findings are accepted
_LONGEST = 300  # characters of a `where`
_HEAD = """\
# The modellint policy for the Compose files below this directory. Run `modellint policy show` to print all of it.
version: 1
extends: [recommended] # or strict, or airgapped
"""
_EXCEPTIONS = """
# The findings on the day this file was created. Fix each one, or give the reason to keep it.
exceptions:
"""


class _Accepted(NamedTuple):
    """What an exception is for."""

    where: str
    rule: str
    about: str


def run(arguments: Arguments) -> int:
    """Write the policy file of the one folder that is named, else of this one; returns the exit code."""
    folder = arguments.rest[0] if len(arguments.rest) == 1 and os.path.isdir(arguments.rest[0]) else ""
    path = os.path.join(folder, FILE_NAME)
    if os.path.lexists(path):
        raise UsageError(_THERE.format(path))
    unreadable: list[Unreadable] = []
    found, stopping = _found(arguments, unreadable)
    for trouble in unreadable:
        complain(str(trouble))
    accepted = sorted({_accepted(each, folder or os.curdir) for each in found})
    today = policies(arguments).day()
    try:
        write(path, _policy(accepted, today + timedelta(_DAYS)), new=True)
    except FileExistsError:
        raise UsageError(_THERE.format(path)) from None
    put(f"wrote {printable(path)} with {_counted(len(accepted), 'exception')}\n")
    put("".join(f"{line}\n" for line in _left(stopping)))
    if unreadable:
        return FAILED
    return 1 if stopping else 0


def _found(arguments: Arguments, unreadable: list[Unreadable]) -> tuple[list[FindingRecord], list[FindingRecord]]:
    """What is found today: what an exception may cover, and what keeps a project from starting."""
    known = rules(online=False, policy=False)
    running = [rule for rule in known.values() if rule.on]
    idle = {*known, *online_names(), *policy_names()} - {rule.name for rule in running}
    found: list[FindingRecord] = []
    stopping: dict[tuple[str, int, int, str, str], FindingRecord] = {}
    for target in targets(arguments.rest, unreadable):
        try:
            project, _, overlay = open_project(target, project_options(arguments), os.environ)
        except Unreadable as trouble:
            unreadable.append(trouble)
            continue
        unreadable.extend(unread_parts(project))
        findings = run_rules(running, project, idle)
        for finding, result in zip(findings, results(findings, project), strict=True):
            if overlay and result.place.path != overlay:
                continue
            if known[finding.rule].stops(finding):
                stopping[result.order()] = result
            else:
                found.append(result)
    return found, [stopping[order] for order in sorted(stopping)]


def _accepted(result: FindingRecord, folder: str) -> _Accepted:
    """The exception for a finding, in the policy of a folder."""
    path = os.path.relpath(result.place.path, folder).replace(os.sep, "/")
    path = path.replace("#", "*")  # what is behind a `#` is keys
    keys = [*result.keys]
    while keys and len(path) + len(".".join(keys)) >= _LONGEST:
        keys.pop()
    return _Accepted(path + ("#" + ".".join(keys) if keys else ""), result.rule, result.about)


def _left(stopping: list[FindingRecord]) -> Iterable[str]:
    """What is said of the findings that no exception covers."""
    if stopping:
        verb, what = ("is", "it") if len(stopping) == 1 else ("are", "them")
        yield (
            f"{_counted(len(stopping), 'error')} {verb} not accepted, because Compose or the runner "
            f"rejects {what}; fix {what}:"
        )
    for each in stopping:
        place = f"{relative(each.place.path)}:{each.place.row}:{each.place.column}"
        yield printable(f"  {place} {each.rule}: {each.message}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _policy(accepted: Iterable[_Accepted], last: date) -> str:
    written = [
        f"  - rule: {each.rule}\n    where: {_quoted(each.where)}\n    about: {_quoted(each.about)}\n"
        f"    reason: TODO\n    expires: {last.isoformat()}\n"
        for each in accepted
    ]
    return _HEAD + (_EXCEPTIONS + "".join(written) if written else "")


def _quoted(text: str) -> str:
    import json

    shown = json.dumps(text, ensure_ascii=False)
    return "".join([char if char.isprintable() else f"\\U{ord(char):08x}" for char in shown])
