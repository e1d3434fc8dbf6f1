"""`modellint rules`: all rules, a line each."""

from __future__ import annotations

from modellint.linter.discovery import rules
from modellint.report import page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.commands.arguments import Arguments


def run(_arguments: Arguments) -> int:
    """Print the list."""
    page.listing(rules())
    return 0
