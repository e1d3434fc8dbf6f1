"""Which exceptions of a policy cover a finding, however many there are of both."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from modellint.demands import Patterns, part_matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.exemption import Exemption


class Exempting:
    """The exceptions of one policy, each with the folder that its `where` is relative to."""

    def __init__(self, exemptions: Sequence[tuple[Exemption, str]]) -> None:
        self._exemptions = exemptions
        self._folders = [
            (folder, _Where([(at, each.file) for at, (each, of) in enumerate(exemptions) if of == folder]))
            for folder in dict.fromkeys(folder for _, folder in exemptions)
        ]
        self._about: dict[str, list[int]] = {}  # by path
        self._keys: dict[tuple[str, str], _Where] = {}  # by rule and path

    def about(self, path: str) -> list[int]:
        """The numbers of the exceptions that are about a file."""
        if path not in self._about:
            below = ((where, os.path.relpath(path, folder).replace(os.sep, "/")) for folder, where in self._folders)
            self._about[path] = sorted(at for where, name in below for at in where.matching([name]))
        return self._about[path]

    def covering(self, rule: str, path: str, keys: Sequence[str]) -> list[int]:
        """The numbers of the exceptions that cover a finding of a rule at a path of keys of a file, or below it."""
        if (rule, path) not in self._keys:
            known = ((at, self._exemptions[at][0]) for at in self.about(path))
            self._keys[rule, path] = _Where([(at, each.keys) for at, each in known if each.is_for(rule)])
        return self._keys[rule, path].matching([".".join(keys[: end + 1]) for end in range(len(keys))])


class _Where:
    """Numbers, each with a pattern; an empty one matches everything."""

    def __init__(self, numbered: Sequence[tuple[int, str]]) -> None:
        self._everywhere = [at for at, pattern in numbered if not pattern]
        self._numbers = [at for at, pattern in numbered if pattern]
        self._patterns = Patterns([pattern for _, pattern in numbered if pattern], part_matches)

    def matching(self, texts: Sequence[str]) -> list[int]:
        found = {self._numbers[at] for text in texts for at in self._patterns.matching(text)}
        return [*self._everywhere, *found]
