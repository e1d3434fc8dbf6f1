"""Which suppressions of a project were there before a change. The others do not count, and are named."""

from __future__ import annotations

from modellint.files import disk
from modellint.yaml.ignore_comments import ignores
from modellint.yaml.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.project import Project
    from modellint.files.base_version import BaseVersion
    from modellint.policy.discovery import Policies
    from modellint.yaml.ignore_comments import Ignore


class Unheeded:
    """Something that a change brings along and that does not count: where it is (line 0: the whole file), and what."""

    __slots__ = ("line", "path", "what")

    def __init__(self, path: str, line: int, what: str) -> None:
        self.path = path
        self.line = line
        self.what = what


def heed(project: Project, policies: Policies) -> list[Unheeded]:
    """Let only those ignore comments count that were there before a change; returns what does not count."""
    before = policies.before
    if before is None:
        return []
    found = [
        Unheeded(path, 0, "this policy is new and is not in force") for path in policies.not_in_force(project.folder)
    ]
    by_file: dict[str, list[Ignore]] = {}
    for ignore in project.ignores:
        if ignore.rule:
            by_file.setdefault(ignore.span.source.path, []).append(ignore)
    for path, written in by_file.items():
        known = _known(path, before)
        if known is None:
            continue
        for ignore in written:
            key = _key(ignore)
            known[key] = known.get(key, 0) - 1
            if known[key] < 0:
                ignore.heeded = False
                what = f"this ignore comment for `{ignore.rule}` is new in this change and does not count"
                found.append(Unheeded(path, ignore.span.first[0], what))
    return found


def differences(paths: list[str], before: BaseVersion) -> list[Unheeded]:
    """Of the files of policies in force, those that a change alters or takes away."""
    found: list[Unheeded] = []
    for path in dict.fromkeys(paths):
        earlier = before.path(path)
        if earlier != path and (text := _text(path)) != _text(earlier):
            what = "this policy was removed" if text is None else "this policy was changed"
            found.append(Unheeded(path, 0, f"{what}; the version before the change is in force"))
    return found


def _known(path: str, before: BaseVersion) -> dict[tuple[str, str], int] | None:
    """How many ignore comments an earlier version of a file has for each rule and text of a line.

    None for a file that no change reaches.
    """
    earlier = before.path(path)
    if earlier == path:
        return None
    counts: dict[tuple[str, str], int] = {}
    try:
        source = disk.read(earlier)
    except disk.Unreadable:
        return counts
    for ignore in ignores(source, parse(source).documents):
        key = _key(ignore)
        counts[key] = counts.get(key, 0) + 1
    return counts


def _key(ignore: Ignore) -> tuple[str, str]:
    """What an ignore comment is known by: its rule, and the text of the line that it is about, without the comment."""
    source = ignore.span.source
    if ignore.line > len(source.line_starts()):
        return ignore.rule, ""
    text = source.line(ignore.line)
    row, column = ignore.whole.first
    return ignore.rule, (text[: column - 1] if row == ignore.line else text).strip()


def _text(path: str) -> str | None:
    try:
        return disk.read(path).text
    except disk.Unreadable:
        return None
