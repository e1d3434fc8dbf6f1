"""The word that somebody may have meant."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`; did you mean …?` for the nearest known word, or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1, 0.6)
    return f"; did you mean `{near[0]}`?" if near else ""
