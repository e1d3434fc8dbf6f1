"""JUnit XML: well formed, counted right, and with the failures that there are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from modellint.check import Report
from modellint.linter.record import FindingRecord, Location
from modellint.report import junit
from modellint.report.printable import printable
from modellint.report.terms import terms
from modellint.rule import Rule

# What the schemas that circulate have in common; no service reads more.
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "system-out"},
    "failure": set[str](),
    "error": set[str](),
    "system-out": set[str](),
}
REQUIRED = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name", "classname"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "system-out": set[str](),
}
OPTIONAL = {"testcase": {"file", "line"}}
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # section 2.2 of XML 1.0


def parsed(report: Report, known: dict[str, Rule]) -> ET.Element:
    """The root, after every element has been looked at."""
    text = junit.render(report, known)
    assert not ILLEGAL.search(text)
    root = ET.fromstring(text.encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        given = set(element.attrib)
        assert REQUIRED[element.tag] <= given <= REQUIRED[element.tag] | OPTIONAL.get(element.tag, set())
        assert {child.tag for child in element} <= CHILDREN[element.tag]
    for element in (root, *root):
        assert int(element.attrib["tests"]) == len(element.findall(".//testcase"))
        assert int(element.attrib["failures"]) == len(element.findall(".//failure"))
        assert int(element.attrib["errors"]) == len(element.findall(".//error"))
    for suite in root:
        names = [case.attrib["name"] for case in suite]
        assert names
        assert len(set(names)) == len(names)
    return root


def test_structure(sample: Report, known: dict[str, Rule]) -> None:
    """One test for each finding and each unreadable path, in the suite of its file."""
    root = parsed(sample, known)
    cases = root.findall(".//testcase")
    said = bool(terms(sample))  # one more says on which terms the check was made, and passes
    assert len(cases) == max(1, len(sample.results) + len(sample.unreadable)) + said
    bad = sum(result.severity != "note" for result in sample.results)
    assert int(root.attrib["failures"]) == bad
    assert int(root.attrib["errors"]) == len(sample.unreadable)


def test_shape(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """A warning and an error fail, a note says something, and each names its place."""
    one, two = parsed(samples["plain"], known)
    assert [suite.attrib["name"] for suite in (one, two)] == ["compose.yaml", "deploy/compose.yaml"]
    [warning] = one
    message = "`ai/smollm2` has no digest: the weights may change without a change of this file"
    assert warning.attrib == {
        "name": f"unpinned-model: {message}",
        "classname": "compose.yaml",
        "file": "compose.yaml",
        "line": "6",
    }
    assert warning[0].tag == "failure"
    assert warning[0].attrib == {"type": "warning", "message": message}
    assert (warning[0].text or "").split("\n") == [
        f"compose.yaml:6:12: {message}",
        "compose.yaml:3:14: the service `app` uses it",
        "deploy/compose.yaml:3:12: so does [another](9) file",
        "help: pin it to a digest",
    ]
    error, note = two
    assert error[0].attrib["type"] == "error"
    assert [child.tag for child in note] == ["system-out"]


def test_clean(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """One test that passes, because some services take a run without tests for a broken one."""
    [[case]] = parsed(samples["clean"], known)
    assert case.attrib == {"name": "no problems in 3 files", "classname": "modellint"}
    assert len(case) == 0


def test_not_everything_was_read(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """What was not read is an error, and a run that looked at nothing does not pass."""
    first, _ = parsed(samples["unreadable"], known)
    assert first[0][0].attrib == {"type": "unreadable", "message": "does not exist"}
    assert first[0].attrib["file"] == "b.yaml"
    [[case]] = parsed(Report(), known)
    assert case[0].tag == "error"


def test_names(known: dict[str, Rule]) -> None:
    """Equal findings get numbers, even where a message looks like one that has one; lines are no part of a name."""
    report = Report()
    for row, message in enumerate(("m", "m", "m (2)", "m", "m (2)"), 1):
        place = Location("compose.yaml", row, 1, row, 2, "a", "a")
        report.results.append(FindingRecord("r", "error", message, "", place, [], "", "", []))
    [suite] = parsed(report, known)
    assert [case.attrib["name"] for case in suite] == ["r: m", "r: m (2)", "r: m (2) (2)", "r: m (3)", "r: m (2) (3)"]


def test_illegal_characters(known: dict[str, Rule]) -> None:
    """Whatever XML cannot hold is written out."""
    text = "".join(map(chr, (*range(0x20), 0x7F, 0x85, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF, 0x1FFFF))) + "]]>&<>\"'"
    report = Report()
    place = Location(text, 1, 1, 1, 2, text, text)
    report.results = [FindingRecord(text, "error", text, text, place, [(place, text)], "", "", [])]
    [suite] = parsed(report, known)
    assert suite[0][0].attrib["message"] == printable(text)
    assert (suite[0][0].text or "").endswith(printable(f"help: {text}"))
