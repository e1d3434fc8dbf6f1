"""legacy-provider: where it moves a model to `models:`, and where it leaves that to a person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

RULE = "legacy-provider"
Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
LLM = "  llm:\n    provider:\n      type: model\n      options:\n        model: ai/x\n"
APP = "services:\n  app:\n    image: app\n"
MOVED = "\nmodels:\n  llm:\n    model: ai/x\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    depends_on: [llm]\n" + LLM, "    models: [llm]\n" + MOVED),
        ("    depends_on: [llm, db]\n" + LLM, "    depends_on: [db]\n    models:\n      - llm\n" + MOVED),
        ("    depends_on:\n    - llm\n" + LLM.rstrip("\n"), "    models:\n    - llm\n" + MOVED),
        (
            "    models:\n      - old\n    depends_on:\n      - llm\n" + LLM + "models:\n  old:\n    model: ai/o\n",
            "    models:\n      - old\n      - llm\nmodels:\n  old:\n    model: ai/o\n  llm:\n    model: ai/x\n",
        ),
        (
            "    depends_on: [llm]\n"
            + LLM
            + "        context-size: 8192\n        runtime-flags: --temp 0.1\n        # why\n",
            "    models: [llm]\n" + MOVED + '    context_size: 8192\n    runtime_flags: ["--temp", "0.1"]\n',
        ),
    ],
)
def test_moved(before: str, after: str, repair: Repair, find: Find) -> None:
    fixed = repair(RULE, APP + before)
    assert fixed == APP + after
    assert not find(RULE, fixed)


@pytest.mark.parametrize(
    "text",
    [
        LLM,  # nobody uses it
        "    depends_on: {llm: {condition: service_started}}\n" + LLM,
        "    depends_on: &d [llm]\n" + LLM,
        "    depends_on: [llm]\n    models: {old: {}}\n" + LLM + "models: {old: {model: ai/o}}\n",
        "    depends_on: [llm]\n  llm: {provider: {type: model, options: {model: ai/x}}}\n",
        "    depends_on: [llm]\n" + LLM + "    profiles: [p]\n",
        "    depends_on: [llm]\n" + LLM + "        backend: vllm\n",
        "    depends_on: [llm]\n" + LLM + "        context-size: ${SIZE:-1}\n",
        "    depends_on: [llm]\n" + LLM + "        runtime-flags: \"--grammar 'a b'\"\n",
        "    depends_on: [llm]\n" + LLM.replace("ai/x", "[ai/x, ai/y]"),
        "    depends_on: [llm]\n" + LLM + "---\nservices: {}\n",
    ],
)
def test_left_to_a_person(text: str, find: Find) -> None:
    (finding,) = find(RULE, APP + text)
    assert finding.fix is None
    assert finding.hint
