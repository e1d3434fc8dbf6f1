"""Standard output: plain into a pipe or a file, in colour on a terminal. Only there `rich` is imported."""

from __future__ import annotations

import sys

from modellint.report.output import STDOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout.isatty()


def console() -> Console:
    """The terminal. It heeds NO_COLOR and TERM=dumb."""
    from rich.console import Console

    _take_any_character()
    return Console(file=sys.stdout, highlight=False, emoji=False, markup=False)


def write(text: str) -> None:
    """Write plain text to standard output."""
    _take_any_character()
    try:
        sys.stdout.write(text)
    except OSError as error:
        error.filename = STDOUT
        raise


def _take_any_character() -> None:
    """Let standard output escape what its encoding lacks, where it would fail."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)  # a program that embeds this one may have put a plain stream
    if reconfigure:
        reconfigure(errors="backslashreplace")
