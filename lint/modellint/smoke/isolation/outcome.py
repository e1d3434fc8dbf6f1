"""The outcome of a check: passed, failed or not proven. There is no fourth, and nothing passes silently."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Final, Literal, TypeAlias

    Status: TypeAlias = Literal["pass", "fail", "not proven"]

PASS: Final = "pass"
FAIL: Final = "fail"
NOT_PROVEN: Final = "not proven"


class Outcome(NamedTuple):
    """What came of one check of one service. `reason` says what was seen, also of what passed."""

    service: str
    check: str  # `environment`, `namespace`, `chat`, `runner port`, …
    subject: str  # what was checked: a variable, a model, an address
    status: Status
    reason: str
