"""The word that somebody may have meant."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# To compare two words takes as long as the product of their lengths. This much is compared for one project, in which
# each of many mistyped names could be compared with each of many known ones: some 0.2 s.
_MOST = 2_000_000
_LONGEST = 100  # letters of a word that somebody mistyped and of what is compared with it


class Guesses:
    """Finds the known word that is meant by a mistyped one, as long as not too much has been compared."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _MOST

    def nearest(self, word: str, known: Iterable[str], likeness: float) -> str:
        """The known word that is most like a word, by at least `likeness` (0 to 1); empty where there is none."""
        if self._left <= 0 or not 0 < len(word) <= _LONGEST:
            return ""
        from difflib import SequenceMatcher

        matcher = SequenceMatcher(b=word)
        best = (0.0, "")
        for other in known:
            self._left -= 1
            shorter, both = min(len(word), len(other)), len(word) + len(other)
            if len(other) > _LONGEST or 2 * shorter < likeness * both:
                continue
            self._left -= len(word) * len(other)
            if self._left <= 0:
                return ""
            matcher.set_seq1(other)
            if matcher.quick_ratio() >= likeness and (ratio := matcher.ratio()) >= likeness:
                best = max(best, (ratio, other))
        return best[1]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for the nearest known word, or nothing."""
    near = Guesses().nearest(word, known, 0.6)
    return f"; did you mean `{near}`?" if near else ""
