"""An exception of a policy: findings that are accepted for a time, with a reason."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.source import Span

SOON = 14  # days before its end from which on an exception is named


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
