"""Of what cannot be read, every format says the file, the line and the column, each where it belongs."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from modellint.cli import main

POLICY = "version: 1\nrules:\n  unpinned-model: {severity: loud}\n"


@pytest.fixture
def reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The report of a check whose policy has a mistake, in each format."""
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text("services: {}\n")
    Path("p.yaml").write_text(POLICY)
    forms = ("github", "sarif", "gitlab", "rdjson", "json", "junit", "markdown")
    words = [f"--report={form}={form}.out" for form in forms]
    assert main(["check", "--policy", "p.yaml", *words, "compose.yaml"]) == 2
    return {form: Path(f"{form}.out").read_text("utf-8") for form in forms}


def test_github(reported: dict[str, str]) -> None:
    [line] = reported["github"].splitlines()
    assert line.startswith("::error file=p.yaml,line=3,col=30,title=unreadable::")


def test_sarif(reported: dict[str, str]) -> None:
    [run] = json.loads(reported["sarif"])["runs"]
    [notification] = run["invocations"][0]["toolExecutionNotifications"]
    place = notification["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "p.yaml"
    assert place["region"] == {"startLine": 3, "startColumn": 30}
    assert notification["message"]["text"].startswith("p.yaml:3:30: ")


def test_gitlab(reported: dict[str, str]) -> None:
    [entry] = json.loads(reported["gitlab"])
    assert entry["location"] == {"path": "p.yaml", "lines": {"begin": 3}}


def test_rdjson(reported: dict[str, str]) -> None:
    [entry] = json.loads(reported["rdjson"])["diagnostics"]
    assert entry["location"] == {"path": "p.yaml", "range": {"start": {"line": 3}}}


def test_json(reported: dict[str, str]) -> None:
    [entry] = json.loads(reported["json"])["unreadable"]
    assert (entry["path"], entry["start"]) == ("p.yaml", {"line": 3, "column": 30})


def test_junit(reported: dict[str, str]) -> None:
    [suite] = ElementTree.fromstring(reported["junit"])
    assert suite.attrib["name"] == "p.yaml"
    assert "p.yaml:3:30: " in (suite[0][0].text or "")


def test_markdown(reported: dict[str, str]) -> None:
    assert "p.yaml:3:30" in reported["markdown"]
