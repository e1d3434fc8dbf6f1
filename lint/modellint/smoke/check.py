"""The result of one check, its place in the report, and its finding."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, PASS
from modellint.text.finding import ERROR, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Final

    from modellint.smoke.docker.endpoint import ServedProject
    from modellint.smoke.isolation.outcome import Outcome, Status
    from modellint.text.source import Span

RULE = "smoke-failed"
MODEL: Final = "model"
SERVICE: Final = "service"
ISOLATION: Final = "isolation"
# The columns of the table by what a row is about. A column is as good as the worst of its checks.
COLUMNS = {
    MODEL: ("pulled", "verified", "booted", "context"),
    SERVICE: ("variables", "reachable", ISOLATION),
}
# The column of each check of a service, by the name that its outcome has.
_COLUMN_OF = {
    "environment": "variables",
    "variable": "variables",
    "grant": "reachable",
    "models": "reachable",
    "model": "reachable",
    "chat": "reachable",
    "embeddings": "reachable",
    "container": "reachable",
    "image": "variables",
}
_WORST_FIRST: tuple[Status, ...] = (FAIL, NOT_PROVEN, PASS)


@dataclass(frozen=True, slots=True)
class SmokeCheck:
    """What came of one check of a model or a service, and the place in the Compose file that it is about.

    `what` is the check in words, with what it is about: `chat (llm at LLM_URL)`.
    """

    kind: str  # `MODEL` or `SERVICE`
    name: str
    column: str  # one of `COLUMNS`
    what: str
    status: Status
    reason: str
    span: Span

    @property
    def subject(self) -> str:
        """Who it is about: `model llm`."""
        return f"{self.kind} {self.name}"


@dataclass(slots=True)
class SmokeRow:
    """A model or a service in the table. Seconds are 0 and sizes -1 where nothing was measured."""

    kind: str
    name: str
    digest: str = ""
    size: int = -1  # bytes of all files
    downloaded: int = -1  # bytes that came over the network
    pull_seconds: float = 0.0
    boot_seconds: float = 0.0
    seconds: float = 0.0  # of a service's probes
    context: int = 0  # tokens that a request has


@dataclass(slots=True)
class Smoke:
    """All that a run saw. `notes` are what a reader has to know of it as a whole, `up` is what runs until it ends."""

    engine: str
    runner: str = ""
    rows: dict[tuple[str, str], SmokeRow] = field(default_factory=dict[tuple[str, str], SmokeRow])
    checks: list[SmokeCheck] = field(default_factory=list[SmokeCheck])
    notes: list[str] = field(default_factory=list[str])
    up: list[str] = field(default_factory=list[str])
    served: ServedProject | None = None
    seconds: float = 0.0

    def row(self, kind: str, name: str) -> SmokeRow:
        """The row of a model or a service, made where there is none."""
        return self.rows.setdefault((kind, name), SmokeRow(kind, name))

    def cell(self, row: SmokeRow, column: str) -> Status | None:
        """What a column says of a row; None where nothing was checked."""
        found: set[Status] = {
            each.status for each in self.checks if (each.kind, each.name, each.column) == (*_key(row), column)
        }
        return worst(found)

    def fail_first(self, reason: str) -> None:
        """Where nothing has failed, let the first that is not proven for a reason have failed."""
        about = next((each for each in self.checks if reason in each.reason and each.status != PASS), None)
        if about is not None and not self.count(FAIL):
            self.checks[self.checks.index(about)] = replace(about, status=FAIL)

    def count(self, status: Status) -> int:
        """How many checks came out so."""
        return sum(each.status == status for each in self.checks)


def worst(statuses: Iterable[Status]) -> Status | None:
    """The status of several checks together."""
    found = set(statuses)
    return next((each for each in _WORST_FIRST if each in found), None)


def of_outcome(outcome: Outcome, span: Span) -> SmokeCheck:
    """The check of a service that an outcome is."""
    what = f"{outcome.check} ({outcome.subject})" if outcome.subject else outcome.check
    column = _COLUMN_OF.get(outcome.check, ISOLATION)
    return SmokeCheck(SERVICE, outcome.service, column, what, outcome.status, outcome.reason, span)


def findings(checks: Sequence[SmokeCheck]) -> list[Finding]:
    """What failed, and what could not be proven, as findings for a report.

    What could not be proven is one finding for each column of a row: mostly it has one cause.
    """
    failed = [_finding(check, f"{check.subject}, {check.what}: {check.reason}") for check in checks if _failed(check)]
    open_: dict[tuple[str, str], list[SmokeCheck]] = {}
    for check in checks:
        if check.status == NOT_PROVEN:
            open_.setdefault((check.subject, check.column), []).append(check)
    return failed + [_finding(group[0], _unproven(group)) for group in open_.values()]


def _failed(check: SmokeCheck) -> bool:
    return check.status == FAIL


def _unproven(group: Sequence[SmokeCheck]) -> str:
    first, *others = group
    more = f"; also not proven: {', '.join(dict.fromkeys(each.what for each in others))}" if others else ""
    return f"{first.subject}, {first.what}: not proven: {first.reason}{more}"


def _finding(check: SmokeCheck, message: str) -> Finding:
    return Finding(check.span, message, severity=ERROR if _failed(check) else WARNING, rule=RULE)


def _key(row: SmokeRow) -> tuple[str, str]:
    return row.kind, row.name
