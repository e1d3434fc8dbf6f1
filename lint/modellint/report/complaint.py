"""Error messages on standard error."""

from __future__ import annotations

import sys


def complain(text: str) -> None:
    """Say on standard error what went wrong, made safe to print."""
    from modellint.report.printable import printable

    lines = "\n".join(printable(line) for line in text.split("\n"))
    sys.stderr.write(f"modellint: {lines}\n")
