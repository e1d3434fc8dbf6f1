"""JUnit XML, for the test results of GitLab, Jenkins, Azure Pipelines and CircleCI.

A file is a test suite and a finding a test of it: errors and warnings fail, notes pass and say something. No line
number is part of a test's name, because services compare the tests of two runs by name.
"""

from __future__ import annotations

from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.report.terms import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from modellint.check import Report
    from modellint.linter.record import FindingRecord
    from modellint.rule import Rule

    Attributes: TypeAlias = dict[str, str | int]

_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}


class _Suite:
    """The tests of one file: the text of each, and how many failed or could not run."""

    __slots__ = ("cases", "errors", "failures", "path", "seen")

    def __init__(self, path: str) -> None:
        self.path = path
        self.cases: list[str] = []
        self.failures = 0
        self.errors = 0
        self.seen: dict[str, int] = {}

    def add(self, name: str, line: int, content: str) -> None:
        """Add a test. Of tests with the same name a service shows one, so that further ones get a number.

        A test with a line is about a file: that of the suite.
        """
        where: Attributes = {"name": self._unique(name), "classname": self.path}
        if line:
            where |= {"file": self.path, "line": line}
        self.cases.append(f"    <testcase{_attributes(where)}>\n{content}    </testcase>\n")

    def text(self) -> str:
        """The suite as XML."""
        counts: Attributes = {"tests": len(self.cases), "failures": self.failures, "errors": self.errors}
        head = _attributes({"name": self.path, **counts})
        return f"  <testsuite{head}>\n{''.join(self.cases)}  </testsuite>\n"

    def _unique(self, name: str) -> str:
        wanted = name
        while (count := self.seen.get(wanted, 0) + 1) > 1:
            self.seen[wanted] = count
            wanted = f"{wanted} ({count})"
        self.seen[wanted] = 1
        return wanted


def render(report: Report, rules: Mapping[str, Rule]) -> str:
    """The report as XML. Where nothing was found, one test says so and passes."""
    suites = _suites(report)
    counts: Attributes = {
        "tests": sum(len(suite.cases) for suite in suites),
        "failures": sum(suite.failures for suite in suites),
        "errors": sum(suite.errors for suite in suites),
    }
    body = "".join([suite.text() for suite in suites])
    head = _attributes({"name": "modellint", **counts})
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites{head}>\n{body}</testsuites>\n'


def _suites(report: Report) -> Sequence[_Suite]:
    suites: dict[str, _Suite] = {}

    def suite(path: str) -> _Suite:
        name = relative(path)
        return suites.setdefault(name, _Suite(name))

    for error in report.unreadable:
        own = suite(error.path)
        own.errors += 1
        text = f"{own.path}{error.place}: {error.reason}"
        own.add("unreadable", 1, _element("error", "unreadable", error.reason, [text]))
    for result in report.results:
        _add(suite(result.place.path), result)
    if said := terms(report):
        suite("modellint").add("on these terms", 0, f"      <system-out>{_text(said)}</system-out>\n")
    if not report.results and not report.unreadable:
        own = suite("modellint")
        if report.files:
            files = "1 file" if report.files == 1 else f"{report.files} files"
            own.add(f"no problems in {files}", 0, "")
        else:  # a run that looked at nothing must not look like one that found nothing
            own.errors += 1
            own.add("nothing was checked", 0, _element("error", "unreadable", "nothing was checked", []))
    return list(suites.values())


def _add(suite: _Suite, result: FindingRecord) -> None:
    lines = [f"{_where(suite.path, result.place.row, result.place.column)}: {result.message}"]
    lines += [
        f"{_where(relative(place.path), place.row, place.column)}: {message}" for place, message in result.related
    ]
    if advice := result.title or result.hint:
        lines.append(f"help: {advice}")
    if result.severity == "note":
        content = f"      <system-out>{_text(lines)}</system-out>\n"
    else:
        suite.failures += 1
        content = _element("failure", result.severity, result.message, lines)
    suite.add(f"{result.rule}: {result.message}", result.place.row, content)


def _where(path: str, row: int, column: int) -> str:
    return f"{path}:{row}:{column}"


def _element(name: str, kind: str, message: str, lines: Sequence[str]) -> str:
    return f"      <{name}{_attributes({'type': kind, 'message': message})}>{_text(lines)}</{name}>\n"


def _attributes(values: Attributes) -> str:
    return "".join([f' {name}="{_escaped(str(value))}"' for name, value in values.items()])


def _text(lines: Sequence[str]) -> str:
    return "\n".join([_escaped(line) for line in lines])


def _escaped(text: str) -> str:
    """The text without the characters that XML cannot hold, which are all among those that cannot be seen."""
    return printable(text).translate(_ENTITIES)
