"""rdjson, for reviewdog, which comments on pull requests of GitHub, GitLab, Gitea and Bitbucket.

The format is the message `DiagnosticResult` of https://github.com/reviewdog/reviewdog/tree/master/proto/rdf. Its reader
refuses properties that it does not know. Columns count the bytes of UTF-8 from 1, and the end is exclusive.
"""

from __future__ import annotations

from itertools import pairwise

from modellint.report.encode import encode, well_formed
from modellint.report.home import HOME, page_url
from modellint.report.paths import relative
from modellint.report.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from modellint.check import Report
    from modellint.files.disk import Unreadable
    from modellint.linter.record import FindingRecord, Location, TextChange
    from modellint.rule import Rule

SEVERITIES = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}
_GAP = "\u200b"  # a space of no width, which keeps the signs below from being more than text in a comment
_SIGNS = ("@", "#", "&", "<", "://", "www.", "mailto:", "xmpp:", "](", "]:", "~~~")


def render(report: Report, rules: Mapping[str, Rule]) -> str:
    """The report as one JSON object."""
    pages = {name: url for name, rule in rules.items() if (url := page_url(rule))}
    found = [_unreadable(error) for error in report.unreadable] + [_finding(each, pages) for each in report.results]
    return encode({"source": {"name": "modellint", "url": HOME}, "diagnostics": found}, len(found))


def comment(text: str) -> str:
    """The text for a comment, which is Markdown: with no mention, link, picture or HTML of its own.

    What stands in backticks stays as it is, and everything stays legible where Markdown is not read.
    """
    parts = printable(text).split("`")
    # Else what is code to us would be none to Markdown, which knows runs of backticks and escaped ones.
    paired = len(parts) % 2 == 1 and all(parts[1:-1]) and not any(part.endswith("\\") for part in parts[:-1:2])
    if not paired:
        return _harmless("'".join(parts))
    return "`".join([part if at % 2 else _harmless(part) for at, part in enumerate(parts)])


def _harmless(text: str) -> str:
    for sign in _SIGNS:
        text = text.replace(sign, f"{sign[0]}{_GAP}{sign[1:]}")
    return text


def _finding(result: FindingRecord, pages: Mapping[str, str]) -> dict[str, Any]:
    advice = result.title or result.hint
    lines = [result.message, f"help: {advice}"] if advice else [result.message]
    code = {"value": printable(result.rule)}
    if result.rule in pages:
        code["url"] = pages[result.rule]
    found: dict[str, Any] = {
        "message": "\n".join([comment(line) for line in lines]),
        "location": {"path": printable(relative(result.place.path)), "range": _range(result.place)},
        "severity": SEVERITIES[result.severity],
        "code": code,
    }
    if suggestion := _suggestion(result):
        found["suggestions"] = [suggestion]
    return found


def _unreadable(error: Unreadable) -> dict[str, Any]:
    location: dict[str, Any] = {"path": printable(relative(error.path))}
    if error.row:
        location["range"] = {"start": {"line": error.row}}
    return {
        "message": comment(error.reason),
        "location": location,
        "severity": "ERROR",
        "code": {"value": "unreadable"},
    }


def _range(place: Location) -> dict[str, Any]:
    """The stretch in bytes; its lines alone where the report does not hold the text that its columns count."""
    columns = byte_columns(place)
    if columns is None:
        last = place.end_line - 1 if place.end_line > place.row and place.end_column == 1 else place.end_line
        return {"start": {"line": place.row}, "end": {"line": last}}
    start, end = columns
    return {"start": {"line": place.row, "column": start}, "end": {"line": place.end_line, "column": end}}


def byte_columns(place: Location) -> tuple[int, int] | None:
    """First column and the one past the last, or None: of a secret and of a very long line there is no text."""
    before = place.line[: place.column - 1]
    if len(before) < place.column - 1:
        return None
    start = _bytes(before) + 1
    if (place.row, place.column) == (place.end_line, place.end_column):
        return start, start
    if not place.text:
        return None
    if place.row == place.end_line:
        return start, start + _bytes(place.text)
    return start, _bytes(place.text.replace("\r", "\n").rpartition("\n")[2]) + 1


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _suggestion(result: FindingRecord) -> dict[str, Any] | None:
    """The fix as the one replacement that a comment can offer.

    reviewdog offers each suggestion by itself, and takes those alone that stand on the lines of the first: a fix that
    is more than one replacement would be applied in part.
    """
    changes = sorted(result.changes, key=lambda change: (change.place.row, change.place.column))
    if not changes or any(change.place.path != result.place.path for change in changes):
        return None
    text = changes[0].text
    for one, other in pairwise(changes):
        gap = _between(one, other)
        if gap is None:
            return None
        text += gap + other.text
    first, last = byte_columns(changes[0].place), byte_columns(changes[-1].place)
    if first is None or last is None:
        return None
    start = {"line": changes[0].place.row, "column": first[0]}
    end = {"line": changes[-1].place.end_line, "column": last[1]}
    return {"range": {"start": start, "end": end}, "text": well_formed(text)}


def _between(one: TextChange, other: TextChange) -> str | None:
    """What stands between two edits: nothing, or signs on their line. Of more text a report should not quote any."""
    if (one.place.end_line, one.place.end_column) == (other.place.row, other.place.column):
        return ""
    if one.place.end_line != other.place.row:
        return None
    gap = other.place.line[one.place.end_column - 1 : other.place.column - 1]
    whole = len(gap) == other.place.column - one.place.end_column
    return gap if whole and not any(char.isalnum() for char in gap) else None
