"""Read the files of a project: from disk, or from the drafts that stand for them, and know which were read."""

from __future__ import annotations

import os

from modellint.files import disk
from modellint.text.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Reader:
    """Reads the files of one project.

    `drafts` are texts by real path. Each stands for the file at its path, whether there is one or not: what an editor
    has not saved, and what a fix is about to write. `paths` are the files that were read, or could
    not be, in the order in which they were asked for: where one of them changes, the findings may.
    """

    __slots__ = ("_drafts", "paths")

    def __init__(self, drafts: Mapping[str, str] | None = None) -> None:
        self._drafts = drafts or {}
        self.paths: dict[str, None] = {}

    def note(self, path: str) -> None:
        """Count a file among those that were read."""
        self.paths[path] = None

    def read(self, path: str, private: bool = False) -> Source:
        """The text of a regular file of at most `disk.MAX_BYTES` bytes; raises `disk.Unreadable`."""
        text = self._draft(path)
        return Source(path, disk.decode(path, disk.read_bytes(path)) if text is None else text, private)

    def read_compose(self, path: str) -> Source:
        """The text of a Compose file, which may be UTF-16, as it may for Compose; raises `disk.Unreadable`."""
        text = self._draft(path)
        return Source(path, disk.decode_compose(path, disk.read_bytes(path)) if text is None else text)

    def read_settings(self, path: str) -> Source:
        """The text of an env or label file, which may hold a NUL for Compose; raises `disk.Unreadable`."""
        if path in disk.NO_FILE:
            return Source(path, "", private=True)
        text = self._draft(path)
        return Source(path, disk.decode_utf8(path, disk.read_bytes(path)) if text is None else text, private=True)

    def trouble(self, path: str) -> str:
        """Why a path is no file that can be read, as far as that shows without opening it; empty where nothing does."""
        return "" if self._is_draft(path) else disk.trouble(path)

    def exists(self, path: str) -> bool:
        """Whether there is anything at a path."""
        return os.path.exists(path) or self._is_draft(path)

    def is_file(self, path: str) -> bool:
        """Whether there is a file at a path."""
        return os.path.isfile(path) or self._is_draft(path)

    def _draft(self, path: str) -> str | None:
        self.paths[path] = None
        return self._drafts.get(os.path.realpath(path)) if self._drafts else None

    def _is_draft(self, path: str) -> bool:
        return bool(self._drafts) and os.path.realpath(path) in self._drafts
