"""An exception of a policy: findings that are accepted for a time, with a reason."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
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

    def is_for(self, rule: str) -> bool:
        """Whether it covers findings of a rule."""
        return rule == self.rule and not self.expired
