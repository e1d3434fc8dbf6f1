"""The paths that `.gitignore` files exclude from a search. Imported only if there is one."""

from __future__ import annotations

import os

from modellint.files import disk
from modellint.files.gitignore_patterns import GitIgnore, Work

_MOST_KEPT = 1 << 20  # characters of the files whose patterns are kept: projects share those in the folders above them
_kept: dict[tuple[str, str], GitIgnore] = {}  # by path and text, so that none is ever stale


class Ignored:
    """The `.gitignore` files from the root of the repository down to a folder."""

    __slots__ = ("_folders", "_rules", "_work")

    def __init__(self) -> None:
        self._rules: tuple[tuple[str, GitIgnore], ...] = ()  # the folder of each, with a slash; the deepest last
        self._folders: dict[str, bool] = {}  # whether those are left out that were asked about
        self._work = Work()

    def __call__(self, path: str, is_folder: bool) -> bool:
        """Whether a path is left out, by itself or with a folder above it.

        Raises `disk.Unreadable` for a `.gitignore` that takes too long to match.
        """
        path = os.path.abspath(path)
        at = path.find(os.sep, len(self._rules[0][0])) if self._rules else -1
        while at >= 0:
            above = path[:at]
            if above not in self._folders:
                self._folders[above] = self._leaves_out(above, True)
            if self._folders[above]:
                return True
            at = path.find(os.sep, at + 1)
        return self._leaves_out(path, is_folder)

    def below(self, folder: str) -> Ignored:
        """The same with the `.gitignore` of a folder, where that can be read. Git reads none that is a link."""
        path = os.path.join(folder, ".gitignore")
        try:
            text = disk.read(path).text if not os.path.islink(path) else ""
        except disk.Unreadable:
            return self
        deeper = Ignored()
        deeper._work = self._work
        deeper._rules = (*self._rules, (os.path.join(os.path.abspath(folder), ""), _patterns(path, text)))
        deeper._folders = self._folders
        return deeper

    def _leaves_out(self, path: str, is_folder: bool) -> bool:
        """Whether the deepest file that speaks of a path leaves it out."""
        for folder, patterns in reversed(self._rules):
            if path.startswith(folder):
                said = patterns.leaves_out(path[len(folder) :].replace(os.sep, "/"), is_folder, self._work)
                if said is not None:
                    return said
        return False


def _patterns(path: str, text: str) -> GitIgnore:
    found = _kept.get((path, text))
    if found is None:
        if sum(len(known) for _, known in _kept) + len(text) > _MOST_KEPT:
            _kept.clear()
        found = _kept[path, text] = GitIgnore(path, text)
    return found
