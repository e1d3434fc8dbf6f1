"""Text, for people: each finding with its source line, related places, and what to do."""

from __future__ import annotations

from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.report.snippet import snippet
from modellint.report.terms import terms
from modellint.report.width import width as width_of
from modellint.report.width import wrap
from modellint.text.finding import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeAlias

    from rich.console import Console

    from modellint.check import Report
    from modellint.linter.record import FindingRecord, Location
    from modellint.rule import Rule

    Line: TypeAlias = list[tuple[str, str]]  # stretches of text, each with the name of its style

STYLES = {
    "": "none",
    "place": "bold",
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
    "rule": "bold",
    "gutter": "blue",
    "help": "bold",
    "good": "bold green",
}
_INDENT = "    "
NARROWEST = 40  # columns; on less than that, text is broken as if there were so many


def render(
    report: Report,
    rules: Mapping[str, Rule],
    *,
    width: int | None = None,
    quiet: bool = False,
    statistics: bool = False,
) -> str:
    """The report as plain text; nothing is wrapped or cut unless a width in columns is given.

    `quiet`: one line for each finding, and nothing else. `statistics`: counts by rule at the end.
    """
    return plain(_lines(report, width, quiet, statistics))


def show(report: Report, rules: Mapping[str, Rule], *, quiet: bool = False, statistics: bool = False) -> None:
    """Print the report on standard output; with styles and the width of the window if that is a terminal."""
    from modellint.report import terminal

    if not terminal.is_terminal():
        terminal.write(render(report, rules, quiet=quiet, statistics=statistics))
        return
    console = terminal.console()
    draw(_lines(report, console.width, quiet, statistics), console)


def plain(lines: Iterable[Line]) -> str:
    """The lines without their styles."""
    return "".join(["".join([text for text, _ in line]) + "\n" for line in lines])


def draw(lines: Iterable[Line], console: Console) -> None:
    """Print the lines with their styles."""
    from rich.text import Text

    for line in lines:
        console.print(Text.assemble(*[(text, STYLES[style]) for text, style in line]), soft_wrap=True)


def whole(result: FindingRecord, width: int | None) -> Iterator[Line]:
    """A finding with all that belongs to it."""
    yield from _headline(result, width)
    yield from _details(result, width)


def hanging(head: Line, text: str, width: int | None, indent: str) -> Iterator[Line]:
    """The text behind its head, further lines indented."""
    if width is None:
        yield [*head, (f" {text}", "")]
        return
    room = width - sum(width_of(part) for part, _ in head) - 1
    first, *others = wrap(text, room, width - len(indent))
    yield [*head, (f" {first}", "")] if first else head
    for other in others:
        yield [(indent + printable(other), "")]  # a word that was harmless inside a line now begins one


def _lines(report: Report, width: int | None, quiet: bool, statistics: bool) -> Iterator[Line]:
    if width is not None:
        width = max(width, NARROWEST)
    for result in report.results:
        if quiet:
            yield from _headline(result, width)
        else:
            yield from whole(result, width)
            yield []
    if statistics and report.results:
        yield from _statistics(report)
        if not quiet:
            yield []
    if not quiet:
        yield _summary(report)
        for term in terms(report, baseline=False):
            yield from hanging([("=", "gutter")], printable(term), width, "  ")


def _headline(result: FindingRecord, width: int | None) -> Iterator[Line]:
    head: Line = [
        (_where(result.place), "place"),
        (" ", ""),
        (result.severity, result.severity),
        (f"[{printable(result.rule)}]", "rule"),
    ]
    yield from hanging(head, printable(result.message), width, _INDENT)


def _details(result: FindingRecord, width: int | None) -> Iterator[Line]:
    number = str(result.place.row)
    margin = " " * len(number)
    line, underline = snippet(result.place, width - len(number) - 3 if width else None)
    if line:
        yield [(f"{number} | ", "gutter"), (line, "")]
        yield [(f"{margin} | ", "gutter"), (underline, result.severity)]
    notes = [("note", f"{_where(place)} {printable(message)}") for place, message in result.related]
    if result.title:
        notes.append(("fix", printable(result.title)))
    if result.hint:
        notes.append(("help", printable(result.hint)))
    for label, text in notes:
        head: Line = [(f"{margin} = ", "gutter"), (f"{label}:", "help")]
        yield from hanging(head, text, width, margin + "   " + " " * len(f"{label}: "))


def _summary(report: Report) -> Line:
    unreadable = len({error.path for error in report.unreadable})
    counts = [(severity, report.count(severity)) for severity in SEVERITIES]
    line: Line = []
    for severity, count in counts:
        if count:
            line += [(", ", ""), (_counted(count, severity), severity)]
    if line:
        line = [*line[1:], (f" in {_counted(report.files, 'file')}", "")]
    elif report.files:
        line = [("no problems", "good"), (f" in {_counted(report.files, 'file')}", "")]
    else:
        line = [("nothing was checked", "error")]
    if report.known:
        line += [(f", {report.known} more in the baseline", "")]
    if unreadable:
        line += [(", ", ""), (f"{_counted(unreadable, 'path')} could not be read", "error")]
    return line


def _statistics(report: Report) -> Iterator[Line]:
    counts: dict[tuple[str, str], int] = {}
    for result in report.results:
        key = (result.rule, result.severity)
        counts[key] = counts.get(key, 0) + 1
    digits = len(str(max(counts.values())))
    for (rule, severity), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield [(f"{count:>{digits}} ", ""), (f"{severity:<7}", severity), (f" {printable(rule)}", "")]


def _where(place: Location) -> str:
    return f"{printable(relative(place.path))}:{place.row}:{place.column}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
