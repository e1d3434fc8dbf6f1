"""unused-model: providers, overlays, and what its fix takes away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.finding import Finding

RULE = "unused-model"
APP = "services:\n  app:\n    image: app\n    models: [llm]\n"
PROVIDER = "  model:\n    provider:\n      type: model\n      options:\n        model: {}\n"


@pytest.mark.parametrize(
    ("models", "after"),
    [
        ("  llm: {model: ai/x}\n  old: {model: ai/y}\n", "  llm: {model: ai/x}\n"),
        ("  old:\n    model: ai/y # big\n\n  # good\n  llm: {model: ai/x}\n", "\n  # good\n  llm: {model: ai/x}\n"),
        ("  llm: {model: ai/x}\n  old:\n    model: ai/y\n    runtime_flags:\n      - -fa\n", "  llm: {model: ai/x}\n"),
    ],
)
def test_fix(models: str, after: str, repair: Callable[[str, str], str], find: Callable[..., list[Finding]]) -> None:
    fixed = repair(RULE, APP + "models:\n" + models)
    assert fixed == APP + "models:\n" + after
    assert not find(RULE, fixed)


@pytest.mark.parametrize(
    "models",
    [
        "models: {llm: {model: ai/x}, old: {model: ai/y}}\n",
        "models:\n  old: &shared\n    model: ai/y\n  llm: *shared\n",
        "models:\n  llm: &shared\n    model: ai/y\n  old: *shared\n",
        "models:\n  old: {model: ai/y}\n",
    ],
)
def test_no_fix(models: str, find: Callable[..., list[Finding]]) -> None:
    """On shared lines, with anchors, or where `models:` would be left empty, a person decides."""
    found = find(RULE, APP + models)
    assert [(finding.span.text, finding.fix) for finding in found] == [("old", None)]


@pytest.mark.parametrize("reference", ["ai/x", "[ai/x, ai/y]"])
def test_provider(reference: str, find: Callable[..., list[Finding]]) -> None:
    text = "services:\n  app:\n    image: app\n{}" + PROVIDER.format(reference)
    assert len(find(RULE, text.format(""))) == 1
    assert not find(RULE, text.format("    depends_on: [model]\n"))


def test_only_providers(find: Callable[..., list[Finding]]) -> None:
    """An overlay that swaps the model looks like a file that pulls a model for nobody; the name tells them apart."""
    text = "services:\n" + PROVIDER.format("ai/x")
    assert find(RULE, text, name="compose.yaml")
    assert not find(RULE, text, name="compose.gpu.yaml")


def test_overlay(find: Callable[..., list[Finding]]) -> None:
    assert not find(RULE, "models:\n  llm: {model: ai/x}\n")
    assert not find(RULE, "services:\n  app:\n    environment: {A: b}\nmodels:\n  llm: {model: ai/x}\n")


def test_unknown_grant_may_be_any(find: Callable[..., list[Finding]]) -> None:
    text = APP.replace("llm", "'${NAME}'") + "models:\n  a: {model: ai/x}\n  b: {model: ai/y}\n"
    assert not find(RULE, text)
    assert [finding.span.text for finding in find(RULE, text, {"NAME": "a"})] == ["b"]
