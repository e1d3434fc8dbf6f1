"""conflicting-models: what counts as one artifact, and as another setting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

RULE = "conflicting-models"
PROJECT = "services:\n  app:\n    image: app\n    models: [one, two]\nmodels:\n  one: {{{}}}\n  two: {{{}}}\n"


@pytest.mark.parametrize(
    ("one", "two", "what"),
    [
        ("model: ai/x, context_size: 1024", "model: ai/x", "`context_size`"),
        ("model: x", "model: 'docker.io/ai/X:latest', runtime_flags: [--jinja]", "`runtime_flags`"),
        ("model: x, runtime_flags: [-fa]", "model: x, context_size: 2", "`context_size` and `runtime_flags`"),
        ("model: '${A:-x}', context_size: 1", "model: x", "`context_size`"),
        ("model: 'hf.co/o/m:Q4_0', context_size: 1", "model: 'huggingface.co/O/M:Q4_0'", "`context_size`"),
    ],
)
def test_conflict(one: str, two: str, what: str, find: Callable[..., list[Finding]]) -> None:
    found = find(RULE, PROJECT.format(one, two))
    assert [finding.span.text for finding in found] == ["two"]
    assert f"different {what}:" in found[0].message


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("model: ai/x, context_size: 1024", "model: ai/x, context_size: 1024"),
        ("model: ai/x, context_size: -1", "model: ai/x"),
        ("model: ai/x, runtime_flags: [--jinja, -fa]", "model: ai/x, runtime_flags: [-fa, --jinja]"),
        ("model: 'ai/x:1', context_size: 1024", "model: 'ai/x:2'"),
        ("model: ai/x, context_size: 1024", "model: ai/x, runtime_flags: [--embeddings]"),
        ("model: '${A}', context_size: 1024", "model: '${A}'"),
    ],
)
def test_no_conflict(one: str, two: str, find: Callable[..., list[Finding]]) -> None:
    assert not find(RULE, PROJECT.format(one, two))


@pytest.mark.parametrize(("granted", "count"), [("[one]", 0), ("[two]", 0), ("[]", 0), ("[one, two]", 1)])
def test_only_what_is_granted_is_configured(granted: str, count: int, find: Callable[..., list[Finding]]) -> None:
    text = "models: {one: {model: 'ai/x:1', context_size: 4096}, two: {model: 'ai/x:1', context_size: 8192}}\n"
    services = (
        f"services: {{a: {{image: i, models: {granted}}}, b: {{image: i, profiles: [off], models: {granted}}}}}\n"
    )
    assert len(find("conflicting-models", services + text)) == count
