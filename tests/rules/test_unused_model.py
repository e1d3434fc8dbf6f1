"""unused-model: providers, overlays, and what its fix takes away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

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
    ],
)
def test_no_fix(models: str, find: Callable[..., list[Finding]]) -> None:
    """On shared lines, or with anchors, a person decides."""
    found = find(RULE, APP + models)
    assert [(finding.span.text, finding.fix) for finding in found] == [("old", None)]


def test_no_section_is_left_empty(find: Callable[..., list[Finding]]) -> None:
    (found,) = find(RULE, "services:\n  app:\n    image: app\nmodels:\n  old: {model: ai/y}\n")
    assert found.fix is None


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


@pytest.mark.parametrize(
    "grant",
    [
        "models: [LLM]",
        "models: {LLM: {endpoint_var: URL}}",
        "models: [llm: {endpoint_var: URL}]",
        "models: [[llm]]",
        "models: llm",
        "models: {llm: URL}",
        "model: llm",
        "modles: [llm]",
        "build: {models: [llm]}",
    ],
)
def test_a_grant_that_cannot_be_told(grant: str, find: Callable[..., list[Finding]]) -> None:
    """What a misspelt or malformed grant means is not known: no model is said to be left over, and none is dropped."""
    text = "services:\n  app:\n    image: app\n    {}\nmodels:\n  llm: {{model: ai/x}}\n  judge: {{model: ai/y}}\n"
    assert not find(RULE, text.format(grant))
    assert len(find(RULE, text.format("models: [judge]"))) == 1


def test_a_model_that_is_waited_for_is_wanted(find: Callable[..., list[Finding]]) -> None:
    """`dependency-on-model` says what is wrong with it."""
    text = APP.replace("models:", "depends_on:") + "models:\n  llm: {model: ai/x}\n  judge: {model: ai/y}\n"
    assert [each.span.text for each in find(RULE, text)] == ["judge"]


@pytest.mark.parametrize("services", ["services: [app]\n", "services: {app: app}\n", "servces: {app: {image: app}}\n"])
def test_services_that_cannot_be_read(services: str, find: Callable[..., list[Finding]]) -> None:
    assert not find(RULE, services + "models:\n  llm: {model: ai/x}\n  judge: {model: ai/y}\n")
