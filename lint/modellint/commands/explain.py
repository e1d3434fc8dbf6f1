"""`modellint explain`: the page of a rule."""

from __future__ import annotations

from modellint.commands.arguments import UsageError
from modellint.linter.discovery import rules
from modellint.report import page
from modellint.smoke.page import SMOKE_FAILED
from modellint.text.suggest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.commands.arguments import Arguments


def run(arguments: Arguments) -> int:
    """Print the page of the rule that was named; raises `UsageError` where there is none."""
    known = {**rules(), SMOKE_FAILED.name: SMOKE_FAILED}
    name = arguments.rest[0]
    if name not in known:
        raise UsageError(f"unknown rule `{name}`{did_you_mean(name, list(known))}")
    page.explain(known[name])
    return 0
