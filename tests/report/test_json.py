"""The JSON report keeps its contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modellint.check import Report
from modellint.linter.record import FindingRecord, Location, TextChange
from modellint.report import contract
from modellint.report import json as json_report
from modellint.report.paths import relative
from modellint.rule import Rule

SCHEMA = json.loads(contract.schema_text())
VALIDATOR: Any = jsonschema.Draft202012Validator(SCHEMA)
LARGE = 1001  # findings, from which on the text is compact


def test_shape(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """Every property of a small report."""
    made = json.loads(json_report.render(samples["edits_in_two_files"], known))
    version = made["tool"].pop("version")
    assert version.count(".") == 2
    here = {"path": "app.env", "start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 8}}
    there = {"path": "compose.yaml", "start": {"line": 3, "column": 1}, "end": {"line": 4, "column": 1}}
    assert made == {
        "version": 1,
        "tool": {"name": "modellint"},
        "findings": [
            {
                "rule": "bad-name",
                "severity": "error",
                "message": "Compose sets `LLM_URL`",
                **here,
                "fix": {
                    "title": "drop it",
                    "safety": "safe",
                    "edits": [{**there, "text": ""}, {**here, "text": "URL"}],
                },
                "related": [],
            }
        ],
        "unreadable": [],
        "summary": {
            "error": 1, "warning": 0, "note": 0, "files": 2, "projects": 2, "suppressed": 0, "lowered": 0,
        },
        "policies": [],
        "suppressed": [],
        "left_out": [],
        "unheeded": [],
        "needs": [],
    }  # fmt: skip


def test_hint_related_and_unreadable(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """Properties that not every report has."""
    plain = json.loads(json_report.render(samples["plain"], known))
    assert [finding.get("hint") for finding in plain["findings"]] == [None, "write `big-model`", None]
    assert [related["message"] for related in plain["findings"][0]["related"]] == [
        "the service `app` uses it",
        "so does [another](9) file",
    ]
    assert plain["findings"][1]["fix"] is None
    unreadable = json.loads(json_report.render(samples["unreadable"], known))["unreadable"]
    assert unreadable[0] == {"path": "b.yaml", "reason": "does not exist"}


def test_follows_the_published_schema(sample: Report, known: dict[str, Rule]) -> None:
    """Each report is valid, and the published types read it without loss."""
    text = json_report.render(sample, known)
    made = json.loads(text)
    VALIDATOR.validate(made)
    assert contract.Report.model_validate_json(text).model_dump(exclude_unset=True) == made


def test_published_schema_is_current(pytestconfig: pytest.Config) -> None:
    """The file is what the types generate."""
    published = Path(contract.__file__).with_name("report.schema.json")
    if pytestconfig.getoption("--redraw"):
        published.write_text(contract.schema_text(), encoding="utf-8")
    assert published.read_text(encoding="utf-8") == contract.schema_text()
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("within", "name", "value"),
    [
        ((), "version", 2),
        ((), "unreadable", None),
        (("summary",), "error", -1),
        (("findings", 0), "severity", "info"),
        (("findings", 0), "related", None),
        (("findings", 0, "start"), "line", 0),
        (("findings", 0, "fix"), "edits", []),
    ],
)
def test_schema_refuses(
    within: tuple[str | int, ...], name: str, value: object, samples: dict[str, Report], known: dict[str, Rule]
) -> None:
    """The schema is no rubber stamp."""
    made = json.loads(json_report.render(samples["plain"], known))
    assert VALIDATOR.is_valid(made)
    part = made
    for step in within:
        part = part[step]
    part[name] = value
    assert not VALIDATOR.is_valid(made)


def test_large_reports_are_compact(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """Few findings are for people to read, many are not."""
    small = samples["crlf"]
    large = Report()
    large.results = small.results[:1] * LARGE
    assert json_report.render(small, known).count("\n") > 10
    assert json_report.render(large, known).count("\n") == 1


def test_is_ascii_and_holds_no_command(sample: Report, known: dict[str, Rule]) -> None:
    """It passes through any log and any encoding."""
    text = json_report.render(sample, known)
    assert text.isascii()
    assert "##" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the working folder paths are relative; others are as the user wrote them."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert relative(str(folder / "deploy" / "compose.yaml")) == "deploy/compose.yaml"
    assert relative("./a/../compose.yaml") == "compose.yaml"
    assert relative("../project/compose.yaml") == "compose.yaml"
    assert relative("../other/compose.yaml") == "../other/compose.yaml"
    assert relative(str(tmp_path / "projects.yaml")) == str(tmp_path / "projects.yaml")
    assert relative("<stdin>") == "<stdin>"


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_comes_back(message: str, path: str) -> None:
    """Texts are not changed, but for lone surrogates, which become visible."""
    place = Location(path.replace("\0", ""), 1, 1, 1, 1, "", "")
    report = Report()
    report.results = [
        FindingRecord("r", "note", message, message, place, [], "t", "safe", [TextChange(place, message)])
    ]
    finding = json.loads(json_report.render(report, {}))["findings"][0]
    expected = message.encode("utf-8", "backslashreplace").decode()
    assert finding["message"] == finding["fix"]["edits"][0]["text"] == expected
