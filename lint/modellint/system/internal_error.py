"""The message for an internal error of modellint."""

from __future__ import annotations

import os


def defect(error: Exception) -> str:
    """Kind and place of an unexpected error, for a report of it. Its text may hold a value, and is left out."""
    return f"{type(error).__name__} at {place(error)}; please report this, with the file if you can"


def place(error: Exception) -> str:
    """The file and the line of the program that an error comes from."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "an unknown place"
