"""Markdown, for the summary of a job: counts, and a table of what was found, the worst first.

GitHub takes 1 MiB for a step, of which some is left to others. Text of files is code in backticks or written in
entities, so that none of it is a link, a picture, a mention, HTML or the end of a cell.
"""

from __future__ import annotations

from modellint.report.home import page_url
from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.report.terms import shortened, terms
from modellint.text.finding import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from modellint.check import Report
    from modellint.linter.record import FindingRecord
    from modellint.rule import Rule

MOST_ROWS = 1000
MOST_BYTES = 900 * 1024
_MOST_TERMS = 100
_LONGEST = 1000  # characters of a cell
_HEAD = "| severity | rule | location | message | help |\n| --- | --- | --- | --- | --- |\n"
_SIGNS = "&<>|`[]()*_~#!@\\{}$"
_ENTITIES = {ord(char): f"&#{ord(char)};" for char in _SIGNS}
# GitHub and GitLab look for these in what the entities stand for, too; a space of no width keeps them apart.
_JOINED = ("@", "#", ":")
_GAP = "&#8203;"
_NO_CODE = ("|", "`")  # the one ends a cell even in code, the other ends code


def render(report: Report, rules: Mapping[str, Rule]) -> str:
    """The report as Markdown; one line where nothing was found and nothing is to be said about the check itself."""
    said = "".join([f"- {prose(term)}\n" for term in shortened(terms(report), _MOST_TERMS)])
    counts = f"{_counts(report)}\n\n{said}" if said else f"{_counts(report)}\n"
    if not report.results and not report.unreadable:
        return counts
    parts = [f"### modellint\n\n{counts}\n{_HEAD}"]
    total = len(report.results) + len(report.unreadable)
    size = len(parts[0]) + len(_more(total))
    for shown, row in enumerate(_rows(report, rules)):
        size += len(row.encode("utf-8", "backslashreplace"))
        if shown == MOST_ROWS or size > MOST_BYTES:
            parts.append(_more(total - shown))
            break
        parts.append(row)
    return "".join(parts)


def prose(text: str) -> str:
    """The text as nothing but text, except that what stands in backticks is code."""
    text = _cut(printable(text))
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick is left over: none of them can be trusted
        return _plain(text)
    return "".join([_code(part) if at % 2 else _plain(part) for at, part in enumerate(parts)])


def code(text: str) -> str:
    """The text as code; as nothing but text where code cannot hold it."""
    return _code(_cut(printable(text)))


def _counts(report: Report) -> str:
    files = _counted(report.files, "file")
    said = [_counted(count, severity) for severity in SEVERITIES if (count := report.count(severity))]
    if said:
        line = f"**{', '.join(said)}** in {files}"
    elif report.files:
        line = f"modellint found no problems in {files}"
    else:
        line = "modellint checked nothing"
    if report.unreadable:
        line += f"; {_counted(len({error.path for error in report.unreadable}), 'path')} could not be read"
    return f"{line}."


def _rows(report: Report, rules: Mapping[str, Rule]) -> Iterator[str]:
    for error in report.unreadable:
        yield _row("error", "unreadable", code(relative(error.path) + error.place), prose(error.reason), "")
    names: dict[str, str] = {}
    for severity in SEVERITIES:
        for result in report.results:
            if result.severity == severity:
                name = names.setdefault(result.rule, _linked(result.rule, rules))
                yield _row(severity, name, _where(result), prose(result.message), prose(result.title or result.hint))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _linked(name: str, rules: Mapping[str, Rule]) -> str:
    url = page_url(rules[name]) if name in rules else ""
    return f"[{code(name)}]({url})" if url else code(name)


def _where(result: FindingRecord) -> str:
    place = result.place
    return code(f"{relative(place.path)}:{place.row}:{place.column}")


def _more(count: int) -> str:
    return f"\n{_counted(count, 'row')} more: run `modellint check` to see all of them.\n"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _code(text: str) -> str:
    if not text.strip() or any(sign in text for sign in _NO_CODE):
        return _plain(f"`{text}`")
    return f"`{text}`"


def _plain(text: str) -> str:
    text = text.translate(_ENTITIES).replace("www.", f"www.{_GAP}")
    for sign in _JOINED:
        shown = _ENTITIES.get(ord(sign), sign)
        text = text.replace(shown, f"{shown}{_GAP}")
    return text.replace(f"{_GAP} ", " ")
