"""A mistyped key is written as the one that was meant, and its value so that Compose takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.fix import fix
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run

RULE = rules()["invalid-compose"]
TEXT = "services:\n  app:\n    image: app\n    {} # as it is\nnetworks: {{back: }}\nmodels:\n  llm: {{model: ai/x}}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("model: llm", "models: [llm]"),
        ("modles: [llm]", "models: [llm]"),
        ("modles: {llm: }", "models: {llm: }"),
        ("port: 80:80", "ports: [80:80]"),
        ("prots: 8080", "ports: [8080]"),
        ('network: "back"', 'networks: ["back"]'),
        ("profile: 'a,b'", "profiles: ['a,b']"),
        ("comand: run", "command: run"),
    ],
)
def test_fix(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(TEXT.format(before))
    outcome = fix([str(path)], lambda project: run([RULE], project), {}, unsafe=True)
    assert [left.reason for left in outcome.left] == []
    assert [change.after for change in outcome.changes] == [TEXT.format(after)]


@pytest.mark.parametrize(
    "written", ["profile: a,b", "envirnment: 5", "profile: |\n      a", "image_: &a app", "model: &a llm"]
)
def test_what_compose_would_refuse_is_not_proposed(written: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(TEXT.format(written))
    outcome = fix([str(path)], lambda project: run([RULE], project), {}, unsafe=True)
    assert [left.reason for left in outcome.left] == []
    assert not outcome.changes
