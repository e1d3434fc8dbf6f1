"""Results: findings without their sources. Reports print them, and they cross process boundaries as plain tuples."""

from __future__ import annotations

import os

from modellint.linter.identity import key_path, shortened
from modellint.secrets.lines import secrets_of, without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from modellint.compose.model.project import Project
    from modellint.secrets.texts import Texts
    from modellint.text.edit import Edit
    from modellint.text.finding import Finding
    from modellint.text.source import Span

_LONGEST_LINE = 400
_LONGEST_REPLACED = 4_000


class Location:
    """A stretch of a file: lines and columns from 1, in code points, the end exclusive; `path` as the user named it.

    `line` is the text of the first line, for a reader to recognise; both texts are empty for a private file and where
    a secret stands on the lines.
    """

    __slots__ = ("column", "end_column", "end_line", "line", "path", "row", "text")

    def __init__(self, path: str, row: int, column: int, end_line: int, end_column: int, line: str, text: str) -> None:
        self.path = path
        self.row = row
        self.column = column
        self.end_line = end_line
        self.end_column = end_column
        self.line = line
        self.text = text  # what the span covers


class TextChange:
    """One edit of a fix."""

    __slots__ = ("place", "text")

    def __init__(self, place: Location, text: str) -> None:
        self.place = place
        self.text = text


class FindingRecord:
    """One finding, ready to be printed.

    `keys` lead to its place in a Compose file, and `about` is what it is about: the text there, else the message.
    """

    __slots__ = (
        "about", "changes", "hint", "keys", "message", "place", "related", "rule", "safety", "severity", "title",
    )  # fmt: skip

    def __init__(
        self,
        rule: str,
        severity: str,
        message: str,
        hint: str,
        place: Location,
        related: list[tuple[Location, str]],
        title: str,
        safety: str,
        changes: list[TextChange],
        keys: Sequence[str] = (),
    ) -> None:
        self.rule = rule
        self.severity = severity
        self.message = message
        self.hint = hint
        self.place = place
        self.related = related
        self.title = title  # of the fix; empty where there is none
        self.safety = safety
        self.changes = changes
        self.keys = keys
        self.about = shortened(place.text) or shortened(message)

    def order(self) -> tuple[str, int, int, str, str]:
        """The order of a report."""
        return (self.place.path, self.place.row, self.place.column, self.rule, self.message)


class Suppressed:
    """A finding that is left out; `kind` is `ignore`, `exception` or `baseline`, and `reason` is what that says."""

    __slots__ = ("kind", "reason", "result")

    def __init__(self, result: FindingRecord, kind: str, reason: str) -> None:
        self.result = result
        self.kind = kind
        self.reason = reason


def results(findings: Sequence[Finding], project: Project) -> list[FindingRecord]:
    """The results of the findings of a project. What one of them takes for a secret is shown by none of them."""
    for finding in findings:
        if finding.secret:
            secrets_of(finding.span.source).hide(finding.span)
    return [result(finding, key_path(finding.span, project)) for finding in findings]


def result(finding: Finding, keys: Sequence[str] = ()) -> FindingRecord:
    """The result of a finding. A fix that would repeat a secret keeps its title and loses its edits."""
    fix = finding.fix
    edits = fix.edits if fix else ()
    near = [finding.span, *(edit.span for edit in edits)]
    secrets = {id(texts): texts for span in near for texts in secrets_of(span.source).of(span)}.values()
    repeats = bool(secrets) and _repeat(edits, secrets)
    return FindingRecord(
        finding.rule,
        finding.severity or "",
        without(finding.message, secrets),
        without(finding.hint, secrets),
        _place(finding.span, finding.secret),
        [(_place(each.span), without(each.message, secrets)) for each in finding.related],
        without(fix.title, secrets) if fix else "",
        fix.safety if fix else "",
        [] if repeats else [_change(edit) for edit in edits],
        keys,
    )


def _repeat(edits: Sequence[Edit], secrets: Iterable[Texts]) -> bool:
    """Whether an edit repeats a secret. An edit of many lines is looked at once, and not once for each of them."""
    written = "\0".join(dict.fromkeys(edit.text for edit in edits))
    return any(texts.stand_in(written) for texts in secrets)


def _change(edit: Edit) -> TextChange:
    """A change of a file. Of a very long text that it replaces only the place is kept: many may replace the same."""
    return TextChange(_place(edit.span, edit.span.end - edit.span.start > _LONGEST_REPLACED), edit.text)


def pack(result: FindingRecord) -> tuple[Any, ...]:
    """The result as tuples that `marshal` writes."""
    return (
        result.rule, result.severity, result.message, result.hint, _fields(result.place),
        [(_fields(place), message) for place, message in result.related], result.title, result.safety,
        [(_fields(change.place), change.text) for change in result.changes], [*result.keys],
    )  # fmt: skip


def unpack(packed: tuple[Any, ...]) -> FindingRecord:
    """The result that was packed."""
    rule, severity, message, hint, place, related, title, safety, changes, keys = packed
    return FindingRecord(
        rule, severity, message, hint, Location(*place), [(Location(*where), said) for where, said in related], title,
        safety, [TextChange(Location(*where), text) for where, text in changes], keys,
    )  # fmt: skip


def _fields(place: Location) -> tuple[Any, ...]:
    return (place.path, place.row, place.column, place.end_line, place.end_column, place.line, place.text)


def _place(span: Span, secret: bool = False) -> Location:
    source = span.source
    row, column = span.first
    end_line, end_column = span.last
    line = source.line(row)
    text = span.text
    hidden = secrets_of(source).lines(span)
    if source.private or secret or row in hidden:
        line = text = ""
    elif hidden:
        text = ""
    if len(line) > _LONGEST_LINE:
        line = line[:_LONGEST_LINE]
    path = source.path.replace("\\", "/") if os.sep == "\\" else source.path
    return Location(path, row, column, end_line, end_column, line, text)
