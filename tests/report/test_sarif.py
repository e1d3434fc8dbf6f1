"""SARIF logs are valid, complete where GitHub looks, and keep GitHub's limits."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import jsonschema
import pytest

from modellint.check import Report
from modellint.linter.discovery import rules
from modellint.linter.record import FindingRecord, Location, result
from modellint.report import sarif
from modellint.report.home import HOME
from modellint.report.sarif_json import as_json
from modellint.rule import Rule
from modellint.text.finding import Finding
from modellint.text.source import Source, Span

om: Any = importlib.import_module("sarif_om")

PACKAGE = "@microsoft/sarif-multitool-linux"
VERSION = "5.7.0"
MOST_RUNS = 20  # of one log, that GitHub takes


def rendered(report: Report, known: dict[str, Rule]) -> dict[str, Any]:
    """The log."""
    log: dict[str, Any] = json.loads(sarif.render(report, known))
    return log


def run_of(report: Report, known: dict[str, Rule]) -> dict[str, Any]:
    """The only run of the log."""
    [run] = rendered(report, known)["runs"]
    return dict(run)


@pytest.fixture(scope="session")
def multitool(pytestconfig: pytest.Config) -> Path:
    """The folder of Microsoft's validator, installed on demand."""
    root = pytestconfig.rootpath / ".tools"
    folder = root / "node_modules" / PACKAGE
    npm = shutil.which("npm")
    if not (folder / "Sarif.Multitool").exists():
        missing = "no npm" if npm is None else "the validator is for Linux on x86-64"
        if npm is None or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            if os.environ.get("CI") == "true":
                pytest.fail(missing)
            pytest.skip(missing)
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(root)]
        subprocess.run([npm, "install", *options, f"{PACKAGE}@{VERSION}"], check=True, capture_output=True)
    (folder / "Sarif.Multitool").chmod(0o755)
    return folder


def complaints(multitool: Path, log: dict[str, Any], folder: Path) -> list[tuple[str, str, str]]:
    """Level, rule and message of all that the validator finds wrong; its exit code says nothing."""
    file, said = folder / "log.sarif", folder / "said.sarif"
    file.write_text(json.dumps(log), encoding="utf-8")
    options = ["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--log", "ForceOverwrite"]
    ran = subprocess.run(
        [multitool / "Sarif.Multitool", "validate", file, *options, "-o", said],
        capture_output=True,
        text=True,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )
    assert said.exists(), ran.stdout + ran.stderr
    [run] = json.loads(said.read_text(encoding="utf-8-sig"))["runs"]
    found = [(each.get("level", "warning"), each["ruleId"], json.dumps(each["message"])) for each in run["results"]]
    for invocation in run["invocations"]:
        notifications = invocation.get("toolExecutionNotifications", [])
        found += [(each["level"], "notification", json.dumps(each["message"])) for each in notifications]
    return [each for each in found if each[0] in ("error", "warning")]


def every_rule() -> tuple[Report, dict[str, Rule]]:
    """A report with a finding of each built-in rule."""
    known = rules()
    report = Report()
    report.files = 1
    source = Source("compose.yaml", "models: {}\n")
    for name, rule in known.items():
        finding = Finding(Span(source, 0, 6), "`models` is wrong", hint="change it", severity=rule.severity)
        report.results.append(result(finding.of(name)))
    return report, known


def test_validator_has_nothing_to_say(
    multitool: Path, samples: dict[str, Report], known: dict[str, Rule], tmp_path: Path
) -> None:
    """No error and no warning under the rules of the standard and of GitHub, none of them turned off."""
    logs = [rendered(report, known) for report in samples.values()] + [rendered(*every_rule())]
    for start in range(0, len(logs), MOST_RUNS):
        together = {**logs[0], "runs": [run for log in logs[start : start + MOST_RUNS] for run in log["runs"]]}
        assert complaints(multitool, together, tmp_path) == []


def test_validator_sees_defects(
    multitool: Path, samples: dict[str, Report], known: dict[str, Rule], tmp_path: Path
) -> None:
    """It would complain."""
    log = rendered(samples["plain"], known)
    run = log["runs"][0]
    run["results"][0]["locations"][0]["physicalLocation"]["region"]["endLine"] = 1
    del run["results"][1]["locations"]
    del run["tool"]["driver"]["rules"][0]["help"]
    broken = {rule for _, rule, _ in complaints(multitool, log, tmp_path)}
    assert broken == {"GH1015", "GH1017", "GH2012", "SARIF1007"}


def test_follows_the_standard_schema(sample: Report, known: dict[str, Rule], multitool: Path) -> None:
    """It refuses levels that the validator lets pass."""
    schema = json.loads((multitool / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    validator: Any = jsonschema.Draft202012Validator(schema)
    log = rendered(sample, known)
    validator.validate(log)
    for found in log["runs"][0]["results"]:
        found["level"] = "info"
        assert not validator.is_valid(log)


def test_invariants(sample: Report, known: dict[str, Rule]) -> None:
    """What neither schema nor validator looks at."""
    run = run_of(sample, known)
    described = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(sample.results)
    for found, made in zip(run["results"], sample.results, strict=True):
        assert found["ruleId"] == described[found["ruleIndex"]]["id"] == made.rule
        assert found["level"] == made.severity
        assert "kind" not in found
        assert found["message"]["text"].endswith((".", "!", "?"))
        ids = {place["id"] for place in found.get("relatedLocations", [])}
        assert set(map(int, re.findall(r"\]\((\d+)\)", found["message"]["text"]))) == ids
        assert len(re.findall(r"\]\(", found["message"]["text"])) == len(ids)
    for rule in described:
        assert rule["name"] == "".join(word.capitalize() for word in rule["id"].split("-"))
        assert len(rule["properties"]["tags"]) <= 10
        assert max(len(rule[key]["text"]) for key in ("shortDescription", "fullDescription")) <= 1024
        assert rule["fullDescription"]["text"].startswith(rule["shortDescription"]["text"])
    prints = [found["partialFingerprints"]["modellint/v1"] for found in run["results"]]
    assert len(set(prints)) == len(prints)
    for region in regions(run):
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
        assert "snippet" not in region
    for location in locations(run):
        assert location["uriBaseId"] == "%SRCROOT%"
        assert not location["uri"].startswith("/")
        assert ".." not in location["uri"].split("/")
        assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", location["uri"])
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["automationDetails"]["id"] == "modellint/"
    assert run["invocations"][0]["executionSuccessful"] is not bool(sample.unreadable)


def regions(value: Any) -> list[dict[str, Any]]:
    """Every region below a value."""
    return _below(value, "region") + _below(value, "deletedRegion")


def locations(value: Any) -> list[dict[str, Any]]:
    """Every artifact location below a value."""
    return _below(value, "artifactLocation")


def _below(value: Any, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    children: list[Any] = []
    if isinstance(value, list):
        children = list(cast("Iterable[Any]", value))
    elif isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        children = list(named.values())
        found += [named[key]] if key in named else []
    for child in children:
        found += _below(child, key)
    return found


def test_rule(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """What GitHub shows of a rule."""
    described = {rule["id"]: rule for rule in run_of(samples["plain"], known)["tool"]["driver"]["rules"]}
    assert list(described) == ["bad-name", "hidden-text", "unpinned-model"]
    rule = described["unpinned-model"]
    assert rule["name"] == "UnpinnedModel"
    assert rule["shortDescription"]["text"] == "A thing is wrong."
    assert rule["fullDescription"]["text"] == (
        "A thing is wrong. Why it hurts is said here, with a `quoted` value and ${VARIABLE}."
    )
    assert rule["help"]["text"] == known["unpinned-model"].doc.strip()
    assert "\n\nbad:\n\n```yaml\nmodels:" in rule["help"]["markdown"]
    assert rule["defaultConfiguration"]["level"] == "warning"
    assert rule["properties"] == {
        "precision": "high",
        "problem.severity": "warning",
        "security-severity": "5.5",
        "tags": ["supply-chain", "security"],
    }
    assert "security-severity" not in described["bad-name"]["properties"]
    assert rule["helpUri"] == HOME  # a rule from elsewhere has no page there


def test_result(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """Message with links, places, and fix."""
    first, second, _ = run_of(samples["plain"], known)["results"]
    assert first["message"]["text"] == (
        "'ai/smollm2' has no digest: the weights may change without a change of this file. See [the "
        "service 'app' uses it](1), [so does (another) (9) file](2). Help: pin it to a digest."
    )
    assert first["relatedLocations"][1]["physicalLocation"] == {
        "artifactLocation": {"uri": "deploy/compose.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 12, "endLine": 3, "endColumn": 27},
    }
    [fix] = first["fixes"]
    [change] = fix["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 6, "startColumn": 12, "endLine": 6, "endColumn": 22},
            "insertedContent": {"text": "ai/smollm2@sha256:00"},
        },
        {"deletedRegion": {"startLine": 6, "startColumn": 22, "endLine": 6, "endColumn": 31}},
    ]
    assert second["message"]["text"] == "'big model' holds a space. Help: write 'big-model'."


def test_fix_in_two_files(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """One change for each file."""
    [found] = run_of(samples["edits_in_two_files"], known)["results"]
    [fix] = found["fixes"]
    assert [change["artifactLocation"]["uri"] for change in fix["artifactChanges"]] == ["compose.yaml", "app.env"]


def test_unreadable(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """The run was not successful, and says why."""
    [invocation] = run_of(samples["unreadable"], known)["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [each["message"]["text"] for each in invocation["toolExecutionNotifications"]] == [
        "b.yaml: does not exist.",
        "c.yaml: is a folder.",
    ]


def test_worst_are_kept(known: dict[str, Rule]) -> None:
    """Of too many results the notes are left out first, and the log says how many."""
    report = Report()
    for number in range(sarif.MOST_RESULTS + 10):
        severity = ("note", "warning", "error")[number % 3]
        rule = {"note": "hidden-text", "warning": "unpinned-model", "error": "bad-name"}[severity]
        place = Location("compose.yaml", number + 1, 1, number + 1, 2, "x", "x")
        report.results.append(FindingRecord(rule, severity, "m", "", place, [], "", "", []))
    run = run_of(report, known)
    levels = [found["level"] for found in run["results"]]
    assert len(levels) == sarif.MOST_RESULTS
    assert levels.count("error") == report.count("error")
    assert levels.count("warning") == report.count("warning")
    rows = [found["locations"][0]["physicalLocation"]["region"]["startLine"] for found in run["results"]]
    assert rows == sorted(rows)
    [notification] = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("10 results with the lowest severities are omitted")


def test_fingerprints_survive_other_lines(known: dict[str, Rule]) -> None:
    """Lines put in above and between change no fingerprint; another text, file or rule does."""

    def prints(text: str, path: str = "compose.yaml", rule: str = "bad-name") -> list[str]:
        source = Source(path, text)
        report = Report()
        for match in re.finditer("ai/[a-z]+", text):
            finding = Finding(Span(source, match.start(), match.end()), "m", severity="error")
            report.results.append(result(finding.of(rule)))
        return [found["partialFingerprints"]["modellint/v1"] for found in run_of(report, known)["results"]]

    before = prints("a: ai/x\nb: ai/y\nc: ai/x\n")
    assert len(set(before)) == 3
    assert prints("# new\n\na: ai/x\n  # new\nb:    ai/y\nc: ai/x\n") == before
    assert set(prints("a: ai/z\n")).isdisjoint(before)
    assert set(prints("a: ai/x\n", path="other.yaml")).isdisjoint(before)
    assert set(prints("a: ai/x\n", rule="hidden-text")).isdisjoint(before)
    assert before[0] == hashlib.sha256(b"bad-name\0compose.yaml\0ai/x\0" + b"1").hexdigest()[:32]


def test_uris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative below the working folder, encoded, and through symbolic links."""
    folder = tmp_path / "project"
    (folder / "real").mkdir(parents=True)
    (folder / "link").symlink_to("real")
    (tmp_path / "alias").symlink_to("project")
    monkeypatch.chdir(tmp_path / "alias")
    assert sarif.uri("compose.yaml") == "compose.yaml"
    assert sarif.uri("./real/../compose.yaml") == "compose.yaml"
    assert sarif.uri(str(tmp_path / "alias" / "compose.yaml")) == "compose.yaml"
    assert sarif.uri("link/compose.yaml") == "real/compose.yaml"
    assert sarif.uri("a b/c:d#e?%.yaml") == "a%20b/c%3Ad%23e%3F%25.yaml"
    assert unquote(sarif.uri("漢/é.yaml")) == "漢/é.yaml"
    assert sarif.uri("bad\udcff.yaml") == "bad%FF.yaml"
    assert sarif.uri("../other.yaml") == f"file://{tmp_path}/other.yaml"


def test_level_is_kept_and_typos_are_refused() -> None:
    """What the serializer of the object model gets wrong."""
    assert as_json(om.Result(message=om.Message(text="m"), level="warning")) == {
        "message": {"text": "m"},
        "level": "warning",
    }
    assert as_json(om.Location(id=0)) == {"id": 0}
    misspelt = om.Message(text="m")
    misspelt.markdwon = "m"
    with pytest.raises(AttributeError, match="Message has no attribute markdwon"):
        as_json(misspelt)


def test_suppressed_findings_are_in_sarif_only_where_they_are_asked_for(
    samples: dict[str, Report], known: dict[str, Rule], multitool: Path, tmp_path: Path
) -> None:
    """GitHub shows them as open alerts."""
    report = samples["on_terms"]
    assert "suppressions" not in sarif.render(report, known)
    log: dict[str, Any] = json.loads(sarif.render(report, known, suppressed=True))
    schema = json.loads((multitool / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    jsonschema.Draft202012Validator(schema).validate(log)  # pyright: ignore[reportUnknownMemberType]
    [made] = log["runs"]
    found = [each["suppressions"][0] for each in made["results"] if "suppressions" in each]
    assert [(each["kind"], each["status"]) for each in found] == [
        ("inSource", "accepted"), ("inSource", "accepted"), ("external", "accepted"), ("external", "accepted"),
    ]  # fmt: skip
    assert found[2]["justification"] == "soon"
    assert made["properties"]["suppressed"] == {"ignore": 2, "exception": 1, "baseline": 1}
    assert complaints(multitool, log, tmp_path) == []
