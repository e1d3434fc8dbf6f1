"""In a project of three files each finding lands in the file of its text, names the others, and mends that file."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.compose.loading.load import load_project
from modellint.compose.loading.selection import Options, select
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run
from modellint.text.edit import rewrite

ROOT = Path(__file__).parent.parent.parent
BASE, OVERRIDE, INCLUDED = "compose.yaml", "compose.override.yaml", "models/compose.yaml"


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "fixtures" / "layers")


def test_findings_name_every_file_that_has_a_say() -> None:
    found = {result.rule: result for result in check([], Settings(list(rules().values()), {})).results}
    places = {
        name: [
            (place.path, place.row, place.column) for place in (result.place, *(other for other, _ in result.related))
        ]
        for name, result in found.items()
    }
    assert places["colliding-variables"] == [(OVERRIDE, 5, 20), (BASE, 13, 20)]
    assert places["ignored-digest"] == [(OVERRIDE, 8, 21), (INCLUDED, 3, 12)]
    assert places["dropped-flag"] == [(OVERRIDE, 9, 22), (INCLUDED, 5, 22)]
    assert places["overwritten-variable"] == [(BASE, 10, 7), (BASE, 12, 7)]
    assert places["overridden-context"][0] == (INCLUDED, 8, 19)


def test_a_fix_edits_the_file_that_its_text_is_in() -> None:
    project = load_project(select(Options(), {}))
    fixes = {finding.rule: finding.fix for finding in run(list(rules().values()), project) if finding.fix}
    texts = {Path(file.source.path).as_posix(): file.source for file in project.files}
    fix = fixes["ignored-digest"]
    changed = {name for name, source in texts.items() if rewrite(source, [fix]) != source.text}
    assert changed == {OVERRIDE}
    assert "model: ai/qwen3@sha256:5f1d" in rewrite(texts[OVERRIDE], [fix])
    assert "# 8B-Q4_K_M" in rewrite(texts[OVERRIDE], [fix])
    fix = fixes["overwritten-variable"]
    assert {name for name, source in texts.items() if rewrite(source, [fix]) != source.text} == {BASE}
    assert "CHAT_URL" not in rewrite(texts[BASE], [fix])
