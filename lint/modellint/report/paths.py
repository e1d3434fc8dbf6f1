"""Paths as reports show them."""

from __future__ import annotations

import os


def relative(path: str) -> str:
    """The path with `/` between its parts, from the working folder if it lies below it; otherwise as it is."""
    here = os.getcwd()
    full = os.path.normpath(os.path.join(here, path))
    inside = here.rstrip(os.sep) + os.sep
    shown = full[len(inside) :] if full.startswith(inside) else path
    return shown.replace("\\", "/") if os.sep == "\\" else shown
