"""A replacement for a standard stream that was closed before the program started, as `>&-` does.

Left alone, its number would go to the next file that is opened, and what is meant for people would be written there.
"""

from __future__ import annotations

import os
import sys


def stand_in() -> None:
    """Give the closed streams something to be: reading or writing them fails, except that complaints are lost."""
    for number, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest free number, and all below are taken
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
