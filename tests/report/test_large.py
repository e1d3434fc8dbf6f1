"""Reports of very many findings: bounded in time and size, and secrets in none of them."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from time import process_time

import pytest

from modellint.check import Report
from modellint.linter.discovery import rules
from modellint.linter.record import FindingRecord, Location, TextChange, result
from modellint.report import FORMATS, renderer, sarif
from modellint.text.edit import SAFE, Edit, Fix
from modellint.text.finding import SEVERITIES, Finding, Related
from modellint.text.source import Source, Span

MANY = 25_000  # results of a run that GitHub takes, of which it keeps 5,000
GITHUB_TAKES = 10_000_000  # bytes of a compressed log
RULES = rules()


def large(count: int) -> Report:
    """Findings with all that a finding may have, in a hundred files."""
    report = Report()
    report.files = report.projects = 100
    names = list(RULES)
    for number in range(count):
        path, row = f"services/team{number // 250}/compose.yaml", number % 250 + 1
        line = f"    model: ai/model-{number}:latest"
        place = Location(path, row, 12, row, len(line) + 1, line, line[11:])
        message = f"`ai/model-{number % 7}:latest` has no digest: the weights may change without a change of this file"
        report.results.append(
            FindingRecord(
                names[number % len(names)], SEVERITIES[number % 3], message, "", place, [(place, "`app` uses it")],
                "pin it to a digest", SAFE, [TextChange(place, f"ai/model-{number}@sha256:{'ab' * 32}")],
            )
        )  # fmt: skip
    return report


def seconds(work: Callable[[], object]) -> float:
    """How long the processor works."""
    start = process_time()
    work()
    return process_time() - start


@pytest.mark.parametrize("form", FORMATS)
def test_time_grows_with_the_findings(form: str) -> None:
    """Five times as many take about five times as long, and never long."""
    render = renderer(form)
    count = MANY if "MODELLINT_SOAK" in os.environ else MANY // 5
    small, many = large(count // 5), large(count)
    render(large(1), RULES)  # imports
    few = seconds(lambda: render(small, RULES))
    all_of_them = seconds(lambda: render(many, RULES))
    assert all_of_them < 12 * few + 0.2
    assert all_of_them < 30


def test_sarif_is_cut_to_what_github_keeps() -> None:
    """The worst findings, compact, and how many are left out."""
    report = large(MANY)
    text = sarif.render(report, RULES)
    assert text.count("\n") == 1
    assert len(gzip.compress(text.encode())) < GITHUB_TAKES / 10
    [run] = json.loads(text)["runs"]
    assert [found["level"] for found in run["results"]] == ["error"] * sarif.MOST_RESULTS
    assert report.count("error") > sarif.MOST_RESULTS
    [notification] = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["level"] == "warning"
    assert notification["message"]["text"].startswith(f"{MANY - sarif.MOST_RESULTS} results with the lowest severities")
    assert {found["ruleId"] for found in run["results"]} == {rule["id"] for rule in run["tool"]["driver"]["rules"]}


@pytest.mark.parametrize("form", FORMATS)
def test_no_secret(form: str) -> None:
    """Of a secret, and of a private file, no text is in a report, not even where a fix has edits around it."""
    source = Source("compose.yaml", "environment:\n  API_KEY: 'canary-1'  # canary-2\n")
    env = Source("app.env", "API_KEY=canary-3\n", private=True)

    def span(text: str, where: Source = source) -> Span:
        start = where.text.index(text)
        return Span(where, start, start + len(text))

    around = Fix("use a secret", [Edit(span("API_KEY"), "API_KEY_FILE"), Edit(span("  # canary-2"), "")], SAFE)
    other = Fix("drop it", [Edit(span("API_KEY=canary-3\n", env), "")], SAFE)
    findings = [
        Finding(
            span("canary-1"),
            "the key is written out",
            around,
            [Related(span("canary-3", env), "here, too")],
            secret=True,
        ),
        Finding(span("canary-3", env), "the key is written out", other, secret=True),
        Finding(span("API_KEY", env), "sets `API_KEY`", hint="drop it"),
    ]
    report = Report()
    report.files = 2
    for finding in findings:
        report.results.append(result(finding.of(next(iter(RULES)), "error")))
    assert "canary" not in renderer(form)(report, RULES)
