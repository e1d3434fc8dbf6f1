"""The result of `modellint smoke`, for people: models, services, and what failed or is not proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modellint.report import terminal
from modellint.report.printable import printable
from modellint.report.text import NARROWEST, draw, hanging, plain, whole
from modellint.report.width import width as width_of
from modellint.smoke.check import COLUMNS, MODEL, SERVICE
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, PASS
from modellint.text.sizes import binary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from modellint.check import Report
    from modellint.report.text import Line
    from modellint.smoke.check import Smoke, SmokeRow
    from modellint.smoke.isolation.outcome import Status

    Cell: TypeAlias = tuple[str, str]  # a text, and the name of its style

_STATUS: dict[Status | None, Cell] = {
    PASS: ("pass", "good"), FAIL: ("FAIL", "error"), NOT_PROVEN: ("not proven", "warning"), None: ("-", ""),
}  # fmt: skip
_GAP = "  "
_INDENT = "    "
_ROOM = 24  # columns that a reason needs to stand beside its check
_LONGEST_NAME = 24  # columns of a name, where room is short; a longer one has a line of its own


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table, numbers to the `right`."""

    title: str
    cells: list[Cell]
    right: bool = False

    @property
    def width(self) -> int:
        return max(width_of(text) for text, _ in [(self.title, ""), *self.cells])


def render(seen: Smoke, report: Report, *, width: int | None = None, details: bool = False) -> str:
    """All of it as plain text; nothing is wrapped unless a width in columns is given.

    `report` holds the findings of `seen`. `details`: every check, also those that passed.
    """
    return plain(_lines(seen, report, width, details))


def show(seen: Smoke, report: Report, *, details: bool = False) -> None:
    """Print it on a terminal, with styles and in the width of the window."""
    console = terminal.console()
    draw(_lines(seen, report, console.width, details), console)


def _lines(seen: Smoke, report: Report, width: int | None, details: bool) -> Iterator[Line]:
    if width is not None:
        width = max(width, NARROWEST)
    yield [(_headline(seen), "place")]
    for note in seen.notes:
        yield from hanging([("note:", "note")], printable(note), width, _INDENT)
    yield []
    for kind, groups in ((MODEL, _models), (SERVICE, _services)):
        rows = [row for (each, _), row in seen.rows.items() if each == kind]
        if rows and any(each.kind == kind for each in seen.checks):
            names = _Column(kind.upper(), [(printable(row.name), "") for row in rows])
            yield from _table(names, groups(seen, rows), width)
    if details and seen.checks:
        yield from _checks(seen, width)
        yield []
    for result in report.results:
        yield from whole(result, width)
        yield []
    if not seen.checks:
        why = "the project declares and grants no models, and runs no services"
        yield from hanging([("nothing to check:", "error")], why, width, _INDENT)
    yield _summary(seen)


def _headline(seen: Smoke) -> str:
    runner = f", models run by {printable(seen.runner)}" if seen.runner else ""
    return f"engine {seen.engine}{runner}"


def _models(seen: Smoke, rows: Sequence[SmokeRow]) -> list[list[_Column]]:
    """What was checked, and what was measured."""
    checks = _checked(seen, rows, MODEL)
    context = checks[-1].cells
    context[:] = [
        (f"{text} {row.context:,}", style) if row.context and text != "-" else (text, style)
        for (text, style), row in zip(context, rows, strict=True)
    ]
    measures = [
        _Column("SIZE", [_size(row.size) for row in rows], right=True),
        _Column("FETCHED", [_size(row.downloaded) for row in rows], right=True),
        _Column("PULL", [_seconds(row.pull_seconds) for row in rows], right=True),
        _Column("BOOT", [_seconds(row.boot_seconds) for row in rows], right=True),
    ]
    return [checks, measures]


def _services(seen: Smoke, rows: Sequence[SmokeRow]) -> list[list[_Column]]:
    time = _Column("TIME", [_seconds(row.seconds) for row in rows], right=True)
    return [[*_checked(seen, rows, SERVICE), time]]


def _checked(seen: Smoke, rows: Sequence[SmokeRow], kind: str) -> list[_Column]:
    return [_Column(name.upper(), [_STATUS[seen.cell(row, name)] for row in rows]) for name in COLUMNS[kind]]


def _size(size: int) -> Cell:
    return (binary(size), "") if size >= 0 else _STATUS[None]


def _seconds(seconds: float) -> Cell:
    return (f"{seconds:.1f} s", "") if seconds else _STATUS[None]


def _table(names: _Column, groups: list[list[_Column]], width: int | None) -> Iterator[Line]:
    """One table; where it is too wide, long names stand apart, and then there is one for each group of columns."""
    together = [column for group in groups for column in group]
    columns = sum(column.width + len(_GAP) for column in together)
    room = names.width
    if width is not None and room + columns > width:
        sizes = [width_of(name) for name, _ in names.cells]
        room = max([len(names.title), *(size for size in sizes if size <= _LONGEST_NAME)])
    if width is None or room + columns <= width:
        groups = [together]
    for group in groups:
        if all(cell == _STATUS[None] for column in group for cell in column.cells):
            continue
        yield from _block(names, group, room)
        yield []


def _block(names: _Column, columns: list[_Column], room: int) -> Iterator[Line]:
    """The rows under their titles. A name that has no room stands above its row."""
    yield _row((names.title, "place"), [(column.title, "place") for column in columns], columns, room)
    for name, *cells in zip(names.cells, *(column.cells for column in columns), strict=True):
        above = width_of(name[0]) > room
        if above:
            yield [name]
        yield _row(("", "") if above else name, cells, columns, room)


def _row(name: Cell, cells: Sequence[Cell], columns: Sequence[_Column], room: int) -> Line:
    line: Line = [name, (" " * (room - width_of(name[0])), "")]
    for column, (text, style) in zip(columns, cells, strict=True):
        space = " " * (column.width - width_of(text))
        line += [(_GAP + space, ""), (text, style)] if column.right else [(_GAP, ""), (text, style), (space, "")]
    if not columns[-1].right:
        line.pop()  # nothing follows that it would line up
    return line


def _checks(seen: Smoke, width: int | None) -> Iterator[Line]:
    """One line for each check; two where there is no room for the reason in one."""
    checks = [
        (printable(each.subject), printable(each.what), _STATUS[each.status], printable(each.reason))
        for each in seen.checks
    ]
    subjects = max(width_of(subject) for subject, _, _, _ in checks)
    whats = max(width_of(what) for _, what, _, _ in checks)
    statuses = max(width_of(status) for _, _, (status, _), _ in checks)
    before = subjects + whats + statuses + 3 * len(_GAP)
    for subject, what, (status, style), reason in checks:
        gap = " " * (statuses - width_of(status) + len(_GAP) - 1)  # what hangs brings a space
        if width is None or width - before >= _ROOM:
            first = f"{_padded(subject, subjects)}{_GAP}{_padded(what, whats)}{_GAP}"
            yield from hanging([(first, ""), (status, style), (gap, "")], reason, width, " " * before)
        else:
            indent = " " * (statuses + len(_GAP))
            yield from hanging([(status, style), (gap, "")], f"{subject}, {what}", width, indent)
            yield from hanging([(indent[1:], "")], reason, width, indent)


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width_of(text))


def _summary(seen: Smoke) -> Line:
    counts = [
        (seen.count(PASS), "passed", "good"),
        (seen.count(FAIL), "failed", "error"),
        (seen.count(NOT_PROVEN), "not proven", "warning"),
    ]
    line: Line = []
    for count, words, style in counts:
        line += [(", ", ""), (f"{count} {words}", style if count else "")]
    return [*line[1:], (f" in {seen.seconds:.1f} s" if seen.seconds else "", "")]
