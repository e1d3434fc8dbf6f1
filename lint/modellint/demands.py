"""What a policy demands of the models of a project, as data that rules can look at."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modellint.source import Span


class Allowed:
    """The patterns of which one must match, and where the policy says so."""

    __slots__ = ("patterns", "span")

    def __init__(self, patterns: Sequence[str], span: Span) -> None:
        self.patterns = patterns
        self.span = span

    def allows(self, *names: str) -> bool:
        """Whether one of the patterns matches one of the names of a thing."""
        return any(matches(pattern, name) for pattern in self.patterns for name in names)


class Demands:
    """What is allowed. None where the policy says nothing."""

    __slots__ = ("flags", "grants", "licenses", "models", "registries")

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
        self.grants = grants  # by a pattern of service names: the models that they may use


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
