"""Look for many secrets in a text at once: a line may hold thousands of them, and as many findings."""

from __future__ import annotations

from modellint.secrets.names import is_random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
_HEAD = 8  # characters of a secret by which it is looked for


class Texts:
    """Secrets, found in a text in time that does not depend on how many there are."""

    __slots__ = ("_heads", "_sizes", "_texts")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts: set[str] = set()
        self._sizes: dict[str, list[int]] = {}  # by their beginnings: how long they are, the longest first
        self._heads: list[int] = []  # how long those beginnings are
        self.add(texts)

    def __bool__(self) -> bool:
        return bool(self._texts)

    def add(self, texts: Iterable[str]) -> None:
        """Look for these, too."""
        new = {text for text in texts if text} - self._texts
        self._texts |= new
        for text in new:
            sizes = self._sizes.setdefault(text[:_HEAD], [])
            if len(text) not in sizes:
                sizes.append(len(text))
                sizes.sort(reverse=True)
        self._heads = sorted({*self._heads, *(min(len(text), _HEAD) for text in new)}, reverse=True)

    def stand_in(self, text: str) -> bool:
        """Whether a text holds one of them."""
        return any(self._at(text, at) for at in range(len(text)))

    def masked(self, text: str) -> str:
        """A text without them. One that is a word, such as `postgres`, may well mean something else and stays."""
        parts: list[str] = []
        at = kept = 0
        while at < len(text):
            size = self._at(text, at, only_random=True)
            if size:
                parts += (text[kept:at], MASK)
                kept = at + size
            at += size or 1
        return "".join([*parts, text[kept:]]) if parts else text

    def _at(self, text: str, at: int, *, only_random: bool = False) -> int:
        """How long the longest one is that begins there; 0 where none does."""
        for head in self._heads:
            for size in self._sizes.get(text[at : at + head], ()):
                each = text[at : at + size]
                if each in self._texts and (not only_random or is_random(each)):
                    return size
        return 0
