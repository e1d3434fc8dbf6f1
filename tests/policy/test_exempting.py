"""Exceptions are found by an index, and are those that a look at each of them would find."""

from __future__ import annotations

import random

import pytest

from modellint.policy.exempting import Exempting
from modellint.policy_terms import MOST_ALIKE, Exemption, Patterns, matches, part_matches
from modellint.text.source import Source, Span

NOWHERE = Span(Source(".modellint.yaml", ""), 0, 0)
PIECES = ("a", "b", "ab", "*", "/", "**", ".", "models", "x")


@pytest.mark.parametrize("fits", [matches, part_matches])
def test_the_patterns_that_match(fits: object) -> None:
    test = matches if fits is matches else part_matches
    choose = random.Random(3)
    patterns = ["".join(choose.choices(PIECES, k=choose.randrange(1, 5))) for _ in range(400)]
    index = Patterns(patterns, test)
    for _ in range(400):
        text = "".join(choose.choices(("a", "b", "ab", "/", ".", "models", "x"), k=choose.randrange(5)))
        assert index.matching(text) == [at for at, pattern in enumerate(patterns) if test(pattern, text)]


def test_patterns_that_are_alike_are_not_all_tried() -> None:
    """Only those of which the text has the longest piece between two `*`."""
    tried: list[str] = []

    def count(pattern: str, text: str) -> bool:
        tried.append(pattern)
        return part_matches(pattern, text)

    index = Patterns([f"m*n{at}x*" for at in range(MOST_ALIKE)], count)
    assert index.crowded is None
    assert index.matching("models.n7x") == [7]
    assert tried == ["m*n7x*"]
    assert Patterns([f"*{at}x*" for at in range(MOST_ALIKE + 2)], part_matches).crowded == MOST_ALIKE
    assert Patterns([f"a{at}*" for at in range(2 * MOST_ALIKE)], part_matches).crowded is None
    assert Patterns(["*a*"] * 2 * MOST_ALIKE, part_matches).crowded is None


def exemption(rule: str, where: str, days: int | None = None) -> Exemption:
    return Exemption(rule, where, NOWHERE, days, None)


def test_what_covers_a_finding() -> None:
    exempting = Exempting(
        [
            (exemption("one", ""), "/p"),
            (exemption("one", "compose.yaml"), "/p"),
            (exemption("one", "compose.yaml#models.llm"), "/p"),
            (exemption("one", "*/compose.yaml#models.*"), "/"),
            (exemption("one", "#services.app"), "/p"),
            (exemption("two", ""), "/p"),
            (exemption("one", "", -1), "/p"),
            (exemption("one", "other.yaml"), "/p"),
            (exemption("one", "#models"), "/p"),
        ]
    )
    assert sorted(exempting.covering("one", "/p/compose.yaml", ["models", "llm", "model"])) == [0, 1, 2, 3, 8]
    assert sorted(exempting.covering("one", "/p/compose.yaml", ["services", "app"])) == [0, 1, 4]
    assert sorted(exempting.covering("one", "/p/compose.yaml", [])) == [0, 1]
    assert sorted(exempting.covering("two", "/p/compose.yaml", ["services"])) == [5]
    assert sorted(exempting.about("/p/compose.yaml")) == [0, 1, 2, 3, 4, 5, 6, 8]


def test_an_exception_may_name_what_the_finding_is_about() -> None:
    named = [
        Exemption("one", "#models.*", NOWHERE, None, None, about) for about in ("", "--temp", "a message", "--top")
    ]
    exempting = Exempting([(each, "/p") for each in named])
    keys = ["models", "llm", "runtime_flags"]
    assert exempting.covering("one", "/p/c.yaml", keys, ("--temp", "other")) == [0, 1]
    assert exempting.covering("one", "/p/c.yaml", keys, ("***", "a message")) == [0, 2]
    assert exempting.covering("one", "/p/c.yaml", keys, ("--te", "")) == [0]
    assert exempting.covering("one", "/p/c.yaml", ["services"], ("--temp", "other")) == []
