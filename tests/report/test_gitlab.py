"""GitLab Code Quality: what the documentation asks for, and fingerprints by which a finding is known again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from modellint.check import Report
from modellint.files.disk import Unreadable
from modellint.linter.record import FindingRecord, Location, result
from modellint.report import gitlab
from modellint.rule import Rule
from modellint.text.finding import Finding
from modellint.text.source import Source, Span

# Written from the table of https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format: these five
# properties, the lines with a begin, the path relative to the repository and without `./`.
TEXT = {"type": "string", "minLength": 1}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": TEXT,
            "check_name": TEXT,
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "additionalProperties": False,
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
VALIDATOR: Any = jsonschema.Draft202012Validator(SCHEMA)


def entries(report: Report, known: dict[str, Rule]) -> list[dict[str, Any]]:
    """The list."""
    made: list[dict[str, Any]] = json.loads(gitlab.render(report, known))
    return made


def test_follows_the_documented_format(sample: Report, known: dict[str, Rule]) -> None:
    """Valid, in ASCII without a byte order mark, one entry for each finding and each unreadable path."""
    text = gitlab.render(sample, known)
    made = json.loads(text)
    VALIDATOR.validate(made)
    assert text.isascii()
    assert text.startswith("[")
    assert text.endswith("]\n")
    assert len(made) == len(sample.results) + len(sample.unreadable)
    assert len({entry["fingerprint"] for entry in made}) == len(made)


@pytest.mark.parametrize(
    "broken", [{"severity": "error"}, {"fingerprint": ""}, {"location": {"path": "./a", "lines": {"begin": 1}}}]
)
def test_the_schema_sees_defects(broken: dict[str, Any], samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """It would complain."""
    made = entries(samples["plain"], known)
    assert VALIDATOR.is_valid(made)
    assert not VALIDATOR.is_valid([{**made[0], **broken}])


def test_shape(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """Every property of one entry."""
    first, second, third = entries(samples["plain"], known)
    assert len(first.pop("fingerprint")) == 32
    assert first == {
        "description": "`ai/smollm2` has no digest: the weights may change without a change of this file; help: pin "
        "it to a digest",
        "check_name": "unpinned-model",
        "severity": "minor",
        "location": {"path": "compose.yaml", "lines": {"begin": 6}},
    }
    assert [second["severity"], third["severity"]] == ["major", "info"]


def test_clean_and_unreadable(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """An empty list when there is nothing; what was not read blocks."""
    assert gitlab.render(samples["clean"], known) == "[]\n"
    first, second = entries(samples["unreadable"], known)
    assert (first["severity"], first["check_name"], first["location"]["path"]) == ("blocker", "unreadable", "b.yaml")
    assert second["description"] == "c.yaml: is a folder"


def test_paths_are_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: dict[str, Rule]) -> None:
    """However the user named the file."""
    monkeypatch.chdir(tmp_path)
    report = Report()
    for path in ("./compose.yaml", "compose.yaml", str(tmp_path / "compose.yaml"), "x/../compose.yaml"):
        place = Location(path, 1, 1, 1, 2, "a", "a")
        report.results.append(FindingRecord("bad-name", "error", "m", "", place, [], "", "", []))
        report.unreadable.append(Unreadable(path, "does not exist"))
    made = entries(report, known)
    assert {entry["location"]["path"] for entry in made} == {"compose.yaml"}
    assert len({entry["fingerprint"] for entry in made}) == 8


def test_fingerprints_survive_other_lines(known: dict[str, Rule]) -> None:
    """Lines put in above and between change none; a further equal finding has one of its own."""

    def prints(text: str, path: str = "compose.yaml") -> list[str]:
        source = Source(path, text)
        report = Report()
        for match in re.finditer("ai/[a-z]+", text):
            finding = Finding(Span(source, match.start(), match.end()), "m", severity="error")
            report.results.append(result(finding.of("bad-name")))
        return [entry["fingerprint"] for entry in entries(report, known)]

    before = prints("a: ai/x\nb: ai/y\nc: ai/x\n")
    assert len(set(before)) == 3
    assert prints("# new\n\na: ai/x\n  # new\nb:    ai/y\nc: ai/x\n") == before
    assert prints("a: ai/x\nb: ai/y\nc: ai/x\nd: ai/x\n")[:3] == before
    assert set(prints("a: ai/z\n")).isdisjoint(before)
    assert set(prints("a: ai/x\n", path="other.yaml")).isdisjoint(before)


def test_the_message_may_change(known: dict[str, Rule]) -> None:
    """A message that counts lines is no part of the name."""
    place = Location("compose.yaml", 1, 1, 1, 2, "a", "a")
    names = set[str]()
    for message in ("the first is on line 3", "the first is on line 4"):
        report = Report()
        report.results = [FindingRecord("bad-name", "error", message, "", place, [], "", "", [])]
        names.add(entries(report, known)[0]["fingerprint"])
    assert len(names) == 1
