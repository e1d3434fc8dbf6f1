"""Which repository a path belongs to: what it is made of is the word of whoever wrote it, and not of the user."""

from __future__ import annotations

import os


def repository(folder: str) -> str:
    """The nearest folder, from an absolute one up, that holds `.git`; empty where there is none."""
    here = folder
    while not os.path.lexists(os.path.join(here, ".git")):
        above = os.path.dirname(here)
        if above == here:
            return ""
        here = above
    return here


def lies_in(path: str, folder: str) -> bool:
    """Whether an absolute path is that of a folder or lies in it; links are not followed."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
