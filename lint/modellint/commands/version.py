"""`modellint version`."""

from __future__ import annotations

from modellint import __version__
from modellint.report.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.commands.arguments import Arguments


def run(_arguments: Arguments) -> int:
    """Print the version."""
    put(f"modellint {__version__}\n")
    return 0
