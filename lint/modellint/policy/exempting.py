"""Which exceptions of a policy cover a finding, however many there are of both."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from modellint.policy_terms import Patterns, part_matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.policy_terms import Exemption


class Exempting:
    """The exceptions of one policy, each with the folder that its `where` is relative to."""

    def __init__(self, exemptions: Sequence[tuple[Exemption, str]]) -> None:
        self._exemptions = exemptions
        self._folders = [
            (folder, _Where([(at, each.file) for at, (each, of) in enumerate(exemptions) if of == folder]))
            for folder in dict.fromkeys(folder for _, folder in exemptions)
        ]
        self._about: dict[str, list[int]] = {}  # by path
        self._keys: dict[tuple[str, str], dict[str, _Where]] = {}  # by rule and path, and by what they are about

    def about(self, path: str) -> list[int]:
        """The numbers of the exceptions that are about a file."""
        if path not in self._about:
            below = ((where, os.path.relpath(path, folder).replace(os.sep, "/")) for folder, where in self._folders)
            self._about[path] = sorted(at for where, name in below for at in where.matching([name]))
        return self._about[path]

    def covering(self, rule: str, path: str, keys: Sequence[str], abouts: Sequence[str] = ()) -> list[int]:
        """The numbers of the exceptions that cover a finding of a rule at a path of keys of a file, or below it.

        `abouts`: what the finding is about, in any of the ways in which an exception may say so.
        """
        if (rule, path) not in self._keys:
            self._keys[rule, path] = self._by_about(rule, path)
        known = self._keys[rule, path]
        places = [".".join(keys[: end + 1]) for end in range(len(keys))]
        return sorted({at for about in ("", *abouts) if about in known for at in known[about].matching(places)})

    def _by_about(self, rule: str, path: str) -> dict[str, _Where]:
        numbered: dict[str, list[tuple[int, str]]] = {}
        for at in self.about(path):
            each = self._exemptions[at][0]
            if each.is_for(rule):
                numbered.setdefault(each.about, []).append((at, each.keys))
        return {about: _Where(found) for about, found in numbered.items()}


class _Where:
    """Numbers, each with a pattern; an empty one matches everything."""

    def __init__(self, numbered: Sequence[tuple[int, str]]) -> None:
        self._everywhere = [at for at, pattern in numbered if not pattern]
        self._numbers = [at for at, pattern in numbered if pattern]
        self._patterns = Patterns([pattern for _, pattern in numbered if pattern], part_matches)

    def matching(self, texts: Sequence[str]) -> list[int]:
        found = {self._numbers[at] for text in texts for at in self._patterns.matching(text)}
        return [*self._everywhere, *found]
