"""Findings, which rules report."""

from __future__ import annotations

from modellint.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final, Literal, TypeAlias

    from modellint.text.edit import Fix

    Severity: TypeAlias = Literal["error", "warning", "note"]

ERROR: Severity = "error"
WARNING: Severity = "warning"
NOTE: Severity = "note"
SEVERITIES: tuple[Severity, ...] = (ERROR, WARNING, NOTE)  # from the worst


class Related:
    """Another place that a finding speaks of, and what there is about it, in at most four words."""

    __slots__ = ("message", "span")

    def __init__(self, span: Span, message: str) -> None:
        self.span: Final = span
        self.message: Final = message


class Finding:
    """One problem in one place; it never changes.

    The message says what is wrong and why it hurts, without a final period; `hint` says what to do, where no fix does.
    Of the line of a `secret` no text is printed: a report goes where the file may not. Without a `severity` it has that
    of its rule, whose name `rule` is; `own` is the severity that it had before a policy gave it another.
    """

    __slots__ = ("fix", "hint", "message", "own", "related", "rule", "secret", "severity", "span")

    def __init__(
        self,
        span: Span,
        message: str,
        fix: Fix | None = None,
        related: Sequence[Related] = (),
        *,
        hint: str = "",
        severity: Severity | None = None,
        secret: bool = False,
        rule: str = "",
        own: Severity | None = None,
    ) -> None:
        self.span: Final = span
        self.message: Final = message
        self.fix: Final = fix
        self.related: Final = related
        self.hint: Final = hint
        self.severity: Final = severity
        self.secret: Final = secret
        self.rule: Final = rule
        self.own: Final = own

    def of(self, rule: str, severity: Severity | None = None, own: Severity | None = None) -> Finding:
        """The finding as that of a rule, with another severity where one is given."""
        return Finding(
            self.span, self.message, self.fix, self.related, hint=self.hint, severity=severity or self.severity,
            secret=self.secret, rule=rule, own=own,
        )  # fmt: skip

    def saying(self, message: str, hint: str, related: Sequence[Related], fix: Fix | None) -> Finding:
        """The finding in other words."""
        return Finding(
            self.span, message, fix, related, hint=hint, severity=self.severity, secret=self.secret, rule=self.rule,
            own=self.own,
        )  # fmt: skip

    def order(self) -> tuple[str, int, int, str, str]:
        """The order in which a reader meets findings."""
        return (self.span.source.path, self.span.start, self.span.end, self.rule, self.message)
