"""The part of a policy that rules see: its requirements for the models of a project, and its exceptions."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeVar

    from modellint.text.source import Span

    Made = TypeVar("Made")


MOST_ALIKE = 1_000  # patterns that begin and end alike: each text would be held against all of them
SOON = 14  # days before its end from which on an exception is named


class Patterns:
    """Many patterns, of which those that match a text are found without a look at each of the others.

    A text that a pattern with `*` matches begins with what stands before the first `*`, and ends with what stands
    behind the last one: the longer of the two is what a pattern is found by. Of those that are alike in that, the
    longest piece between two `*` has to be in the text. `crowded` is the number of a pattern that is one too many.
    """

    __slots__ = ("_by_end", "_by_start", "_ends", "_matches", "_numbers", "_starts", "crowded")

    def __init__(self, patterns: Sequence[str], matches: Callable[[str, str], bool]) -> None:
        self._matches = matches
        self._numbers: dict[str, list[int]] = {}
        for at, pattern in enumerate(patterns):
            self._numbers.setdefault(pattern, []).append(at)
        self._by_start: dict[str, list[tuple[str, str]]] = {}  # a piece of each pattern, and the pattern
        self._by_end: dict[str, list[tuple[str, str]]] = {}
        self.crowded: int | None = None
        for pattern in self._numbers:
            if "*" in pattern:  # `a/**` matches `a`, too
                start, end = pattern.partition("*")[0].rstrip("/"), pattern.rpartition("*")[2].lstrip("/")
                by, key = (self._by_start, start) if len(start) >= len(end) else (self._by_end, end)
                alike = by.setdefault(key, [])
                alike.append((max(pattern.replace("/", "*").split("*"), key=len), pattern))
                if len(alike) > MOST_ALIKE and self.crowded is None:
                    self.crowded = self._numbers[pattern][0]
        self._starts = sorted({len(key) for key in self._by_start})
        self._ends = sorted({len(key) for key in self._by_end})

    def matching(self, text: str) -> list[int]:
        """The numbers of the patterns that match a text, from the first."""
        likely = [text] if text in self._numbers else []
        for size in self._starts:
            if size <= len(text):
                likely += [each for piece, each in self._by_start.get(text[:size], ()) if piece in text]
        for size in self._ends:
            if size <= len(text):
                likely += [each for piece, each in self._by_end.get(text[len(text) - size :], ()) if piece in text]
        fitting = [pattern for pattern in dict.fromkeys(likely) if self._matches(pattern, text)]
        return sorted(at for pattern in fitting for at in self._numbers[pattern])


class Allowed:
    """The patterns of which one must match, and where the policy says so."""

    __slots__ = ("_index", "_known", "patterns", "span")

    def __init__(self, patterns: Sequence[str], span: Span) -> None:
        self.patterns = patterns
        self.span = span
        self._index = Patterns(patterns, matches)
        self._known: dict[Callable[[Sequence[str]], Any], Any] = {}

    @property
    def is_crowded(self) -> bool:
        """Whether too many of them begin and end alike to be held against each name."""
        return self._index.crowded is not None

    def allows(self, *names: str) -> bool:
        """Whether one of the patterns matches one of the names of a thing."""
        return any(self._index.matching(name) for name in names)

    def once(self, work_out: Callable[[Sequence[str]], Made]) -> Made:
        """What a function works out of the patterns; it is called once."""
        if work_out not in self._known:
            self._known[work_out] = work_out(self.patterns)
        found: Made = self._known[work_out]
        return found


class Demands:
    """What is allowed. None where the policy says nothing.

    `sees_values`: whether it may be held against what variables of the machine bring in. A policy of the repository
    may not: it is held against what is written.
    """

    __slots__ = ("_index", "_rows", "flags", "grants", "licenses", "models", "registries", "sees_values")

    def __init__(
        self,
        registries: Allowed | None = None,
        models: Allowed | None = None,
        flags: Allowed | None = None,
        licenses: Allowed | None = None,
        grants: Mapping[str, Allowed] | None = None,
    ) -> None:
        self.registries = registries
        self.models = models
        self.flags = flags
        self.licenses = licenses
        self.sees_values = True
        self.grants = grants  # by a pattern of service names: the models that they may use
        self._rows = list(grants.values()) if grants is not None else []
        self._index = Patterns(list(grants or ()), matches)

    @property
    def crowded_row(self) -> Allowed | None:
        """A row of `grants` that is one too many of those whose names begin and end alike."""
        return self._rows[self._index.crowded] if self._index.crowded is not None else None

    def rows(self, service: str) -> list[Allowed]:
        """The rows of `grants` that are about a service."""
        return [self._rows[at] for at in self._index.matching(service)]


def matches(pattern: str, name: str) -> bool:
    """Whether a name matches a pattern: `*` stands for any text within a part (between `/`), `**` for any parts."""
    return _parts_match(pattern.split("/"), name.split("/"))


def _parts_match(patterns: list[str], parts: list[str]) -> bool:
    """Dynamic programming over the parts, so that no pattern takes more than their product in time."""
    reached = [True] + [False] * len(parts)  # how many parts the patterns so far can cover
    for pattern in patterns:
        if pattern == "**":
            for at in range(1, len(reached)):
                reached[at] = reached[at] or reached[at - 1]
        else:
            reached = [False] + [reached[at] and part_matches(pattern, parts[at]) for at in range(len(parts))]
    return reached[-1]


def part_matches(pattern: str, part: str) -> bool:
    """Whether a text matches a pattern in which `*` stands for any text."""
    first, *others = pattern.split("*")
    if not others:
        return part == pattern
    if not part.startswith(first):
        return False
    at = len(first)
    *middle, last = others
    for piece in middle:
        found = part.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(part) - at >= len(last) and part.endswith(last)


class Exemption:
    """One exception.

    `file` and `keys` are the patterns of its `where`, and `about` is what its findings are about; empty where it does
    not say so. `days` are left until its last day, None where it has none.

    What came of it: `used` says whether it matched a finding, `tried` whether its rule looked at a file of it, and
    `void` whether it matched what no exception covers. `astray` says what is wrong with the file of its `where`, and
    `meant` which `where` may be meant.
    """

    __slots__ = (
        "about", "astray", "days", "expires_at", "file", "keys", "meant", "place", "rule", "tried", "used", "void",
        "where_at",
    )  # fmt: skip

    def __init__(
        self,
        rule: str,
        where: str,
        place: Span,
        days: int | None,
        expires_at: Span | None,
        about: str = "",
        where_at: Span | None = None,
    ) -> None:
        self.rule = rule
        self.file, _, self.keys = where.partition("#")
        self.about = about
        self.place = place
        self.where_at = where_at
        self.days = days
        self.expires_at = expires_at
        self.used = False
        self.tried = False
        self.void = False
        self.astray = ""
        self.meant = ""

    @property
    def expired(self) -> bool:
        """Whether its last day is over."""
        return self.days is not None and self.days < 0

    def is_for(self, rule: str) -> bool:
        """Whether it covers findings of a rule."""
        return rule == self.rule and not self.expired
