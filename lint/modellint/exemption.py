"""An exception of a policy: findings that are accepted for a time, with a reason."""

from __future__ import annotations

from modellint.demands import part_matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.source import Span

SOON = 14  # days before its end from which on an exception is named


class Exemption:
    """One exception.

    `file` and `keys` are the patterns of its `where`, empty where it has none. `days` are left until its last day,
    None where it has none. `used` says whether it matched a finding, `tried` whether its rule looked at a file of it.
    """

    __slots__ = ("days", "expires_at", "file", "keys", "place", "rule", "tried", "used")

    def __init__(self, rule: str, where: str, place: Span, days: int | None, expires_at: Span | None) -> None:
        self.rule = rule
        self.file, _, self.keys = where.partition("#")
        self.place = place
        self.days = days
        self.expires_at = expires_at
        self.used = False
        self.tried = False

    @property
    def expired(self) -> bool:
        """Whether its last day is over."""
        return self.days is not None and self.days < 0

    def is_about(self, path: str) -> bool:
        """Whether it is about a file; the path is relative to the policy's folder, with `/`."""
        return not self.file or part_matches(self.file, path)

    def covers(self, rule: str, path: str, keys: Sequence[str]) -> bool:
        """Whether it covers a finding of a rule at a path of keys, or below it."""
        if rule != self.rule or self.expired or not self.is_about(path):
            return False
        return not self.keys or any(part_matches(self.keys, ".".join(keys[: end + 1])) for end in range(len(keys)))
