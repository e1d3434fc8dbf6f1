"""The known word that is meant: the one that `difflib` finds, while there are few. The work has a bound."""

from __future__ import annotations

from difflib import get_close_matches

import pytest

from modellint.text import suggest
from modellint.text.suggest import Guesses, did_you_mean

KNOWN = ["smollm", "qwen", "gemma", "embedder", "judge", "judge-2", "llm", "llms"]


@pytest.mark.parametrize("word", ["smolm", "qwn", "gema", "jugde", "judge-3", "llmm", "nothing like it", "", "l"])
@pytest.mark.parametrize("likeness", [0.6, 0.7, 0.85])
def test_it_is_the_word_that_difflib_finds(word: str, likeness: float) -> None:
    expected = get_close_matches(word, KNOWN, 1, likeness)
    assert Guesses().nearest(word, KNOWN, likeness) == (expected[0] if expected else "")


def test_the_work_of_all_guesses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggest, "_MOST", 100)
    guesses = Guesses()
    assert guesses.nearest("smolm", ["smollm"], 0.7) == "smollm"
    assert guesses.nearest("smolm", ["smollm", "smollm2"] * 10, 0.7) == ""
    assert guesses.nearest("smolm", ["smollm"], 0.7) == ""


def test_long_words_are_not_compared() -> None:
    assert did_you_mean("a" * 1_000_000, ["a" * 1_000_000]) == ""
    assert did_you_mean("smolm", ["smollm" * 1_000_000, "smollm"]) == "; did you mean `smollm`?"
