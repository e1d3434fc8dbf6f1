"""Run one rule over a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from modellint.compose.loading.load import load
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run
from modellint.text.edit import rewrite
from modellint.text.finding import Finding
from modellint.text.source import Source

Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
ALL = rules()


@pytest.fixture
def find(tmp_path: object) -> Find:
    """Findings of a rule in a Compose file; its folder is empty, its name and variables are the caller's."""

    def find(
        rule: str, text: str, variables: Mapping[str, str] | None = None, name: str = "compose.yaml"
    ) -> list[Finding]:
        running = list(ALL.values()) if ALL[rule].subject == "Ignore" else [ALL[rule]]
        project = load(Source(f"{tmp_path}/{name}", text), variables or {})
        return [finding for finding in run(running, project) if finding.rule == rule]

    return find


@pytest.fixture
def repair(find: Find) -> Repair:
    """The text after all fixes of a rule."""

    def repair(rule: str, text: str) -> str:
        findings = find(rule, text)
        fixes = [finding.fix for finding in findings if finding.fix]
        return rewrite(findings[0].span.source, fixes) if fixes else text

    return repair
