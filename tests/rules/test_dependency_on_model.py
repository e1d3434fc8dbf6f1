"""dependency-on-model: what its fix takes away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

RULE = "dependency-on-model"
PROJECT = """services:
  app:
    image: app
{}    models: [llm]
  db:
    image: postgres:17
models:
  llm:
    model: ai/smollm2
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    depends_on:\n      - llm\n      - db\n", "    depends_on:\n      - db\n"),
        ("    depends_on:\n    - db\n    - llm # loaded first\n", "    depends_on:\n    - db\n"),
        ("    depends_on:\r\n      - db\r\n      - 'llm'\r\n", "    depends_on:\r\n      - db\r\n"),
        ("    depends_on:\n      - llm\n", ""),
        ("    depends_on:\n      - llm\n      - models\n", ""),
        ("    depends_on: [llm]\n", ""),
        (
            "    depends_on:\n      llm:\n        condition: service_started\n      db: {condition: service_healthy}\n",
            "    depends_on:\n      db: {condition: service_healthy}\n",
        ),
    ],
)
def test_fix(before: str, after: str, repair: Callable[[str, str], str], find: Callable[..., list[Finding]]) -> None:
    fixed = repair(RULE, PROJECT.format(before))
    assert fixed == PROJECT.format(after)
    assert not find(RULE, fixed)


@pytest.mark.parametrize(
    "section",
    [
        "    depends_on: [db, llm]\n",
        "    depends_on: {db: {condition: service_started}, llm: {condition: service_started}}\n",
        "    depends_on:\n      - db\n      - &name llm\n",
    ],
)
def test_no_fix(section: str, find: Callable[..., list[Finding]]) -> None:
    """Where something else stands on the line, or may refer to it, a person decides."""
    found = find(RULE, PROJECT.format(section))
    assert [finding.fix for finding in found] == [None]
    assert found[0].hint


def test_shared_section_is_fixed_once(repair: Callable[[str, str], str]) -> None:
    shared = "x-common: &common\n  depends_on:\n    - llm\n    - db\n"
    text = PROJECT.format("    <<: *common\n") + shared
    assert repair(RULE, text) == text  # a merge key's target must come first
    text = shared + PROJECT.format("    <<: *common\n")
    assert repair(RULE, text) == text.replace("    - llm\n", "")


def test_service_of_that_name(find: Callable[..., list[Finding]]) -> None:
    text = PROJECT.format("    depends_on: [llm, models]\n")
    assert not find(RULE, text.replace("services:\n", "services:\n  llm: {image: llm}\n  models: {image: models}\n"))


def test_overlay_may_rely_on_its_base(find: Callable[..., list[Finding]]) -> None:
    assert not find(RULE, "services:\n  app:\n    depends_on: [llm]\nmodels:\n  llm: {model: ai/x}\n")


@pytest.mark.parametrize(
    "section",
    [
        "    depends_on:\n      - llm\n      - db\n",
        "    depends_on:\n      llm:\n        condition: service_started\n",
        "    depends_on: &shared [llm]\n",
        "    depends_on:\n      - llm\n    models: [other]\n",
    ],
)
def test_what_is_granted_nowhere_else_is_not_dropped(section: str, find: Callable[..., list[Finding]]) -> None:
    text = PROJECT.replace("    models: [llm]\n", "") + "  other:\n    model: ai/x\n"
    assert [finding.fix for finding in find(RULE, text.format(section))] == [None]
