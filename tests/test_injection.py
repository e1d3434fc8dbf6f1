"""What a project is granted, against what compose-go loads and Docker Compose injects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modellint.compose.loading.load import load
from modellint.compose.model.project import Model, Project, Service
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run
from modellint.text.finding import ERROR
from modellint.text.source import Source
from modellint.yaml.node import Mapping, plain
from modellint.yaml.parse import parse

VECTORS = Path(__file__).parents[2] / "shared/vectors/compose_models.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8")) if VECTORS.exists() else []
ENDPOINT = "<endpoint>"
INT64 = 2**63
# The vectors come from before Compose 5.6.1, which drops an item that the list already holds.
REPEATED = ("      - --a\n      - --a\n", "      - --a\n")
KEYS = ("name", "model", "context_size", "runtime_flags")


def project(case: dict[str, Any]) -> Project:
    """The files as documents of one stream, which Compose merges as it merges files."""
    return load(Source("compose.yaml", "---\n".join(case["files"])), {"COMPOSE_PROFILES": ",".join(case["profiles"])})


def environment(service: Service) -> dict[str, str | None]:
    """What the container gets: its own variables, and over them those of each grant, the model's name first."""
    found = {setting.name: setting.value for setting in service.environment.values()}
    for grant in service.grants:
        model, endpoint = grant.variables
        assert grant.model is not None
        assert grant.model.ref is not None
        found[model.name] = grant.model.ref.text
        found[endpoint.name] = ENDPOINT
    return found


def models(loaded: Project) -> dict[str, dict[str, object]]:
    """The models that active services are granted, written as Compose prints them."""
    used = {grant.model_name for grant in loaded.grants() if grant.service.active}
    return {name: printed(model) for name, model in loaded.models.items() if name in used}


def printed(model: Model) -> dict[str, object]:
    """What Compose prints of a model: it knows four keys and `x-…`, and leaves out what is empty."""
    assert isinstance(model.body, Mapping)
    known = {name: plain(value) for name, (_, value) in model.body.entries.items() if name in KEYS or name[:2] == "x-"}
    if model.context_size is not None:
        known["context_size"] = wrapped(int(float(str(model.context_size.value))))
    return {name: value for name, value in known.items() if value}


def wrapped(number: int) -> int:
    """Go's conversion to a 64-bit integer."""
    return (number + INT64) % (2 * INT64) - INT64


@pytest.mark.skipif(not CASES, reason=f"{VECTORS} is not here")
def test_there_are_cases() -> None:
    assert len(CASES) == 50


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES if "error" not in case])
def test_accepted(case: dict[str, Any]) -> None:
    loaded = project(case)
    assert loaded.violations == []
    active = [service for service in loaded.services.values() if service.active]
    assert {service.name.text: environment(service) for service in active if service.grants} == case["env"]
    expected = plain(parse(Source("expected.yaml", case["models_yaml"].replace(*REPEATED))).documents[0])
    assert {"models": models(loaded)} == expected


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES if "error" in case])
def test_refused(case: dict[str, Any]) -> None:
    loaded = project(case)
    errors = [finding for finding in run(list(rules().values()), loaded) if finding.severity == ERROR]
    assert errors or loaded.violations, case["error"]
