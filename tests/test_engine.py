"""A rule that fails loses what it may have found, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.cli import main
from modellint.compose.loading.load import load
from modellint.linter.discovery import rules
from modellint.linter.run_rules import MOST, run
from modellint.rule import Context, Finding, Findings, Model
from modellint.text.source import Source

TEXT = """\
services:
  app: {image: app, models: [llm]}
models:
  llm: {model: ai/smollm2}
  judge: {model: "ai/qwen3:0.6B@sha256:DIGEST"} # modellint: ignore[ignored-digest] for now
""".replace("DIGEST", "0123456789abcdef" * 4)


def fails(model: Model, context: Context) -> Findings:
    """Find something in one model, and fail in the other."""
    if model.name.text == "llm":
        raise ZeroDivisionError
    yield from WORKING(model, context)


BROKEN = rules()["ignored-digest"]
WORKING = BROKEN.check
fails.__module__ = WORKING.__module__


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text(TEXT)
    monkeypatch.setattr(BROKEN, "check", fails)


def test_the_other_rules_and_subjects_are_not_lost() -> None:
    report = check(["compose.yaml"], Settings([BROKEN, rules()["unpinned-model"], rules()["unused-model"]], {}))
    assert [(each.rule, each.place.row) for each in report.results] == [
        ("unpinned-model", 4), ("unused-model", 5),
    ]  # fmt: skip
    (lost,) = report.unreadable
    assert lost.reason.startswith("the rule `ignored-digest` failed, so its findings here are missing")
    assert "ZeroDivisionError at test_engine.py" in lost.reason


@pytest.mark.parametrize("policy", ["", "version: 1\n"])
def test_it_is_said_and_the_exit_code_is_2(policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    if policy:
        Path(".modellint.yaml").write_text(policy)
    assert main(["check", "--format", "json"]) == 2
    said = capsys.readouterr()
    assert "the rule `ignored-digest` failed, so its findings here are missing" in said.err
    assert "unpinned-model" in {finding["rule"] for finding in json.loads(said.out)["findings"]}


def test_an_ignore_comment_for_it_may_be_needed() -> None:
    Path("compose.yaml").write_text(
        TEXT.replace("judge:", "other:").replace("[ignored-digest]", "[ignored-digest, nothing]")
    )
    report = check(["compose.yaml"], Settings([BROKEN, rules()["unused-ignore"]], {}))
    assert [each.message for each in report.results] == [
        "no rule is named `nothing`, so this comment suppresses nothing"
    ]


def test_without_a_place_for_it_the_error_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run([BROKEN], load(Source("compose.yaml", TEXT), {}))


def many(model: Model, context: Context) -> Findings:
    """Find very much in one model."""
    for at in range(5_000):
        yield Finding(model.name.content, f"{at}")


def test_a_rule_that_finds_too_much_is_ended_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    many.__module__ = WORKING.__module__
    monkeypatch.setattr(BROKEN, "check", many)
    report = check(["compose.yaml"], Settings([BROKEN, rules()["unused-model"]], {}))
    assert [sum(each.rule == rule for each in report.results) for rule in ("ignored-digest", "unused-model")] == [
        MOST, 1,
    ]  # fmt: skip
    (lost,) = report.unreadable
    assert lost.reason == "the rule `ignored-digest` has more than 2,000 findings here; the rest are not reported"
    assert len(run([BROKEN], load(Source("compose.yaml", TEXT), {}))) == MOST
