"""`modellint init`: a first policy for a project that has findings already."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from modellint.atomic_write import write
from modellint.check import open_project, targets, unread_parts
from modellint.compose.files import Unreadable
from modellint.engine import run as run_rules
from modellint.options import FAILED, UsageError, policies, project_options
from modellint.pack import online_names, policy_names, rules
from modellint.policies import FILE_NAME
from modellint.policy.apply import key_path
from modellint.report.complaint import complain
from modellint.report.output import put
from modellint.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from modellint.options import Arguments

_THERE = "`{}` is there already; `modellint policy show` prints what it says"
_DAYS = 90  # for which today's findings are accepted
_DEPTH = 2  # keys of a place that an exception names: a service, or a model
_HEAD = """\
# What modellint demands of the Compose files below this folder: `modellint policy show` prints all of it.
version: 1
extends: [recommended] # or strict, or airgapped
"""
_EXCEPTIONS = """
# What was found on the day this file was written. Mend it, or say why it stays as it is.
exceptions:
"""


def run(said: Arguments) -> int:
    """Write the policy file of the one folder that is named, else of this one; returns the exit code."""
    folder = said.rest[0] if len(said.rest) == 1 and os.path.isdir(said.rest[0]) else ""
    path = os.path.join(folder, FILE_NAME)
    if os.path.lexists(path):
        raise UsageError(_THERE.format(path))
    unreadable: list[Unreadable] = []
    places = _places(said, folder or os.curdir, unreadable)
    for trouble in unreadable:
        complain(str(trouble))
    today = policies(said).day()
    try:
        write(path, _policy(places, today + timedelta(_DAYS)), new=True)
    except FileExistsError:
        raise UsageError(_THERE.format(path)) from None
    noun = "exception" if len(places) == 1 else "exceptions"
    put(f"{printable(path)} is written, with {len(places)} {noun}\n")
    return FAILED if unreadable else 0


def _places(said: Arguments, folder: str, unreadable: list[Unreadable]) -> list[tuple[str, str]]:
    """Rule and place, from a folder, of what is found today, each once, in their order."""
    known = rules(online=False, policy=False)
    running = [rule for rule in known.values() if rule.on]
    idle = {*known, *online_names(), *policy_names()} - {rule.name for rule in running}
    found: set[tuple[str, str]] = set()
    for target in targets(said.rest, unreadable):
        try:
            project, _, overlay = open_project(target, project_options(said), os.environ)
        except Unreadable as trouble:
            unreadable.append(trouble)
            continue
        unreadable.extend(unread_parts(project))
        for finding in run_rules(running, project, idle):
            path = finding.span.source.path
            if not overlay or path == overlay:
                keys = key_path(finding.span, project)[:_DEPTH]
                where = os.path.relpath(path, folder).replace(os.sep, "/") + ("#" + ".".join(keys) if keys else "")
                found.add((finding.rule, where))
    return sorted(found, key=lambda each: (each[1], each[0]))


def _policy(places: Iterable[tuple[str, str]], last: date) -> str:
    written = [
        f"  - rule: {rule}\n    where: {_quoted(where)}\n    reason: TODO\n    expires: {last.isoformat()}\n"
        for rule, where in places
    ]
    return _HEAD + (_EXCEPTIONS + "".join(written) if written else "")


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
