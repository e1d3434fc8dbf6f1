"""Every example on every rule's page does what the page says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modellint.compose.load import load
from modellint.edit import rewrite
from modellint.engine import run
from modellint.example import Example, beside, draw, examples
from modellint.pack import rules
from modellint.rule import Rule
from modellint.source import Source

RULES = rules()
EXAMPLES = [
    pytest.param(rule, example, id=f"{name}:{example.line}")
    for name, rule in RULES.items()
    for example in examples(rule.doc)
]


def outcome(rule: Rule, text: str) -> tuple[str, str | None]:
    """The text with the findings drawn, and the text with their fixes applied."""
    source = Source("compose.yaml", text)
    # `unused-ignore` speaks about comments that other rules did not need, so those rules have to run.
    running = list(RULES.values()) if rule.subject == "Ignore" else [rule]
    findings = [finding for finding in run(running, load(source, {})) if finding.rule == rule.name]
    fixes = [finding.fix for finding in findings if finding.fix]
    return draw(source, findings), rewrite(source, fixes) if fixes else None


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example(
    rule: Rule, example: Example, pytestconfig: pytest.Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The findings are as drawn, the fixes give what is shown, and then there is nothing left to fix."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, body in beside(rule.doc).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(body, encoding="utf-8")
    drawn, fixed = outcome(rule, example.text)
    if pytestconfig.getoption("--redraw"):
        page = Path(sys.modules[rule.check.__module__].__file__ or "")
        text = page.read_text(encoding="utf-8").replace(example.body, drawn, 1)
        if example.fixed and fixed:
            text = text.replace(example.fixed, fixed, 1)
        page.write_text(text, encoding="utf-8")
        return
    assert drawn == example.body
    assert fixed == example.fixed
    if fixed is not None:
        assert outcome(rule, fixed)[1] is None


@pytest.mark.parametrize("name", RULES)
def test_page_shows_both_sides(name: str, pytestconfig: pytest.Config) -> None:
    """A page has a good example and a bad one, each is what it is called, and its first line is a sentence."""
    if pytestconfig.getoption("--redraw"):
        pytest.skip("the pages are being redrawn")
    shown = examples(RULES[name].doc)
    assert {example.bad for example in shown} == {True, False}
    assert all(example.bad == (example.body != example.text) for example in shown)
    assert RULES[name].summary.endswith(".")
    assert Path(sys.modules[RULES[name].check.__module__].__file__ or "").stem == name.replace("-", "_")
