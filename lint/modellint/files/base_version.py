"""The repository before a change, so that a change cannot switch off what checks it."""

from __future__ import annotations

import os

from modellint.files.repositories import lies_in, repository


class BaseVersion:
    """An earlier version of the files below the working folder, or of a part of them, in a folder of its own."""

    __slots__ = ("folder", "here", "root")

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self.here = os.getcwd()
        self.root = repository(os.path.realpath(self.here)) or self.here

    def path(self, path: str) -> str:
        """Where the earlier version of a file would lie; the path itself if no change of the repository reaches it.

        What the path names and what its folder really is both count: a link that leads out is part of the change.
        """
        full = os.path.abspath(path)
        real = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
        for each in (full, real):
            if lies_in(each, self.root):
                return os.path.normpath(os.path.join(self.folder, os.path.relpath(each, self.here)))
        return path
