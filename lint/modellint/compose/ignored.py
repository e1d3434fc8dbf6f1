"""What `.gitignore` files leave out of a search. Only imported where there is one: the matcher is slow to load."""

from __future__ import annotations

import os

from pathspec import GitIgnoreSpec

from modellint.compose import files


class Ignored:
    """The `.gitignore` files from the root of the repository down to a folder."""

    __slots__ = ("_rules",)

    def __init__(self, rules: tuple[tuple[str, GitIgnoreSpec], ...] = ()) -> None:
        self._rules = rules  # the folder of each file, and its patterns; the deepest last

    def __call__(self, path: str, is_folder: bool) -> bool:
        """Whether a path is left out; the deepest file that speaks of it decides."""
        for folder, spec in reversed(self._rules):
            name = os.path.relpath(path, folder).replace(os.sep, "/")
            included = spec.check_file(f"{name}/" if is_folder else name).include
            if included is not None:
                return included
        return False

    def below(self, folder: str) -> Ignored:
        """The same with the `.gitignore` of a folder, where that can be read. Git reads none that is a link."""
        path = os.path.join(folder, ".gitignore")
        try:
            text = files.read(path).text if not os.path.islink(path) else ""
        except files.Unreadable:
            return self
        return Ignored((*self._rules, (folder, GitIgnoreSpec.from_lines(text.splitlines()))))
