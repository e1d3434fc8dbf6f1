"""Findings, which rules report."""

from __future__ import annotations

from modellint.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, TypeAlias

    from modellint.text.edit import Fix

    Severity: TypeAlias = Literal["error", "warning", "note"]

ERROR: Severity = "error"
WARNING: Severity = "warning"
NOTE: Severity = "note"
SEVERITIES: tuple[Severity, ...] = (ERROR, WARNING, NOTE)  # from the worst


class Finding:
    """One problem in one place.

    The message says what is wrong and why it hurts, without a final period; `hint` says what to do, where no fix does.
    Of the line of a `secret` no text is printed: a report goes where the file may not.
    """

    __slots__ = ("fix", "hint", "message", "own", "related", "rule", "secret", "severity", "span")

    def __init__(
        self,
        span: Span,
        message: str,
        fix: Fix | None = None,
        related: Sequence[tuple[Span, str]] = (),
        *,
        hint: str = "",
        severity: Severity | None = None,
        secret: bool = False,
    ) -> None:
        self.span = span
        self.message = message
        self.fix = fix
        self.related = related
        self.hint = hint
        self.severity = severity  # None: the severity of the rule
        self.secret = secret
        self.rule = ""
        self.own: str | None = None  # the severity that it had before a policy gave it another

    def order(self) -> tuple[str, int, int, str, str]:
        """The order in which a reader meets findings."""
        return (self.span.source.path, self.span.start, self.span.end, self.rule, self.message)
