"""missing-reference, invalid-reference and unpinned-model share the references between them: one place, one story."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

MODEL = "services:\n  app:\n    image: app\n    models: [llm]\nmodels:\n  llm:\n    model: {}\n"
PROVIDER = """services:
  app:
    image: app
    depends_on: [llm]
  llm:
    provider:
      type: model
      options: {}
"""
RULES = ("missing-reference", "invalid-reference", "unpinned-model", "unpinnable-model", "ignored-digest")
H = "9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ("''", "missing-reference"),
        ("'  '", "missing-reference"),
        ("${MODEL}", "missing-reference"),
        ("${MODEL:-}", "missing-reference"),
        ("${MODEL:?set it}", None),
        ("ai/${MODEL}", "missing-reference"),
        ("ai/smollm2:${TAG}", "missing-reference"),
        ("ai/smollm2@${DIGEST}", "missing-reference"),
        ("${HOST}/ai/smollm2:v1", "missing-reference"),
        ("ai/${MODEL:-}", "invalid-reference"),
        ("ai/smollm2${SUFFIX}", None),
        ("ai/${MODEL}:${TAG:?set it}", None),
        ("${MODEL:?set it}:v1", None),
        ("ai/smollm2", "unpinned-model"),
        ("${MODEL:-ai/smollm2:v1}", "unpinned-model"),
        ("ai/smollm2:${TAG:-v1}", "unpinned-model"),
        (f"ai/smollm2@sha256:{H}", None),
        (f"ai/smollm2:v1@sha256:{H}", "ignored-digest"),
        ("hf.co/org/Model:Q4_K_M", "unpinnable-model"),
        ("${MODEL:-hf.co/org/Model}", "unpinnable-model"),
        ("ai/smollm2@sha256:deadcafe", "invalid-reference"),
        ("${MODEL:-ai/smollm2@sha256:deadcafe}", "invalid-reference"),
        (f"sha256:{H}", "invalid-reference"),
        (H, "invalid-reference"),
        ("ai/smol lm2", "invalid-reference"),
    ],
)
def test_one_story(reference: str, rule: str | None, find: Callable[..., list[Finding]]) -> None:
    models = find_all(find, MODEL.format(reference))
    providers = find_all(find, PROVIDER.format(f"\n        model: {reference}"))
    assert models == providers == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("reference", "variable", "left"),
    [
        ("ai/${MODEL}", "${MODEL}", "is not a valid model reference: the pull fails"),
        ("ai/$MODEL", "$MODEL", "is not a valid model reference: the pull fails"),
        ("ai/${MODEL}:${TAG}", "${TAG}", "is not a valid model reference: the pull fails"),
        ("ai/smollm2:${TAG}", "${TAG}", "has no tag: Docker Model Runner pulls `latest`"),
    ],
)
def test_a_variable_that_leaves_a_part_empty(
    reference: str, variable: str, left: str, find: Callable[..., list[Finding]]
) -> None:
    [finding] = find("missing-reference", MODEL.format(reference))
    assert (finding.span.text, finding.severity) == (variable, "warning")
    assert finding.message.startswith(f"`{variable}` is empty here, so `{reference}` {left}")


def find_all(find: Callable[..., list[Finding]], text: str) -> list[str]:
    return [finding.rule for rule in RULES for finding in find(rule, text)]


@pytest.mark.parametrize("name", ["gpt-4o", "GPT-4o-mini", "claude-sonnet-4", "gemini-2.5-pro", "gpt-4o:latest"])
def test_hosted(name: str, find: Callable[..., list[Finding]]) -> None:
    assert len(find("invalid-reference", MODEL.format(name))) == 1


@pytest.mark.parametrize("name", ["gpt-oss", "gpt-oss:20B-F16", "gemma3", "ai/gpt-4o", "ghcr.io/team/claude-distilled"])
def test_not_hosted(name: str, find: Callable[..., list[Finding]]) -> None:
    assert not find("invalid-reference", MODEL.format(name))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "value", ["", "private.example.com/m:v1", "hf.co/private/m", f"private/m:private@sha256:{H}", "private m", H[:12]]
)
def test_prints_no_variable(rule: str, value: str, find: Callable[..., list[Finding]]) -> None:
    for finding in find(rule, MODEL.format("${MODEL}"), {"MODEL": value}):
        assert "private" not in finding.message + finding.hint
        assert H[:12] not in finding.message + finding.hint
        assert finding.span.text in ("${MODEL}", "model", "llm")


def test_provider_without_model(find: Callable[..., list[Finding]]) -> None:
    assert [finding.span.text for finding in find("missing-reference", PROVIDER.format("{}"))] == ["llm"]


def test_overlay_may_rely_on_its_base(find: Callable[..., list[Finding]]) -> None:
    assert not find("missing-reference", "models:\n  llm:\n    context_size: 4096\n")


def test_missing_key_is_told_once(find: Callable[..., list[Finding]]) -> None:
    text = MODEL.format("").replace("    model: \n", "    context_size: 4096\n")
    assert len(find("missing-reference", text)) + len(find("invalid-compose", text)) == 1
