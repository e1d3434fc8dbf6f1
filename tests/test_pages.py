"""Every example on every rule's page does what the page says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modellint.check import open_project
from modellint.compose.loading.load import load
from modellint.compose.loading.selection import Options
from modellint.linter.discovery import rules
from modellint.linter.page_examples import Example, beside, draw, examples, policy, registry
from modellint.linter.run_rules import AFTER_ALL, run
from modellint.oci.answers import NOT_FOUND, Facts, RegistryAnswer
from modellint.oci.artifact import Artifact
from modellint.oci.query import Query
from modellint.policy.apply import about_exceptions as after_all
from modellint.policy.apply import apply
from modellint.policy.discovery import Policies
from modellint.policy.ruling import ruling
from modellint.policy_terms import Demands
from modellint.rule import Rule
from modellint.text.edit import rewrite
from modellint.text.source import Source

RULES = rules()
EXAMPLES = [
    pytest.param(rule, example, id=f"{name}:{example.line}")
    for name, rule in RULES.items()
    for example in examples(rule.doc)
]


def facts(page: str) -> Facts | None:
    """What registries answer on a page."""
    tables = registry(page)
    if tables is None:
        return None
    memory = tables.pop("memory", 0)
    assert isinstance(memory, int)
    return Facts({_request(name): _answer(table) for name, table in tables.items()}, memory)


def _request(name: str) -> Query:
    host, _, rest = name.partition("/")
    repository, at, digest = rest.partition("@")
    if at:
        return Query(host, repository, digest=digest)
    repository, _, tag = rest.rpartition(":")
    return Query(host, repository, tag)


def _answer(table: dict[str, object]) -> RegistryAnswer:
    if not table:
        return RegistryAnswer(None, 0, code=NOT_FOUND, reason="the registry does not have it")
    artifact = Artifact(f"sha256:{'0' * 64}", "model")
    for name, value in table.items():
        setattr(artifact, name, value)
    return RegistryAnswer(artifact, 0)


def demanded(text: str) -> Demands:
    """What the policy on a page demands."""
    Path("policy.yaml").write_text(text, encoding="utf-8")
    return ruling("policy.yaml", Policies()).demands


def about_exceptions(rule: Rule, text: str) -> str:
    """A policy with what is found about its exceptions drawn; the Compose file lies beside it."""
    Path(".modellint.yaml").write_text(text, encoding="utf-8")
    asked = Policies([".modellint.yaml"])
    project, _, _ = open_project("compose.yaml", Options(), {})
    _, tried = apply(asked.named, asked, project, True, None)
    found = [each for each in after_all(tried, asked.named, asked) if each.rule == rule.name]
    return draw(found[0].span.source if found else Source("", text), found)


def outcome(rule: Rule, text: str) -> tuple[str, str | None]:
    """The text with the findings drawn, and the text with their fixes applied."""
    if rule.subject == AFTER_ALL:
        return about_exceptions(rule, text), None
    source = Source("compose.yaml", text)
    # `unused-ignore` speaks about comments that other rules did not need, so those rules have to run.
    running = list(RULES.values()) if rule.subject == "Ignore" else [rule]
    demands = demanded(policy(rule.doc)) if policy(rule.doc) else None
    found = run(running, load(source, {}), facts=facts(rule.doc), demands=demands)
    findings = [finding for finding in found if finding.rule == rule.name]
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
