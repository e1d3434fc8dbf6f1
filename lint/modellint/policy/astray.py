"""The file of a `where` that does not exist, seen from the folder of its policy, and the one that may be meant."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from modellint.files import disk
from modellint.files.repositories import repository
from modellint.text.suggest import Guesses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modellint.policy_terms import Exemption

_SECTIONS = ("services", "models", "networks", "volumes", "configs", "secrets", "include", "name")
_LIKENESS = 0.75


def canonical(pattern: str, folder: str) -> str:
    """The pattern of a file as findings are compared with it: `./compose.yaml` is `compose.yaml`."""
    fixed, rest = _split(pattern)
    if not fixed:
        return pattern
    path = _from(folder, os.path.join(folder, fixed))
    return rest if path == "." and rest else "/".join(filter(None, (path, rest)))


class Checked:
    """The files that were checked, as they are called from the folders of policies."""

    __slots__ = ("_guesses", "_known", "_paths")

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = list(paths)
        self._known: dict[str, tuple[list[str], dict[str, list[str]]]] = {}  # by folder: the files, and by their ends
        self._guesses = Guesses()

    def like(self, name: str, folder: str) -> str:
        """The only one whose path ends so, or else the one with the nearest name."""
        if folder not in self._known:
            below = [_from(folder, path) for path in self._paths]
            ends: dict[str, list[str]] = {}
            for path in below:
                parts = path.split("/")
                for first in range(1, len(parts)):
                    ends.setdefault("/".join(parts[first:]), []).append(path)
            self._known[folder] = (below, ends)
        below, ends = self._known[folder]
        inside = ends.get(name, [])
        return inside[0] if len(inside) == 1 else self._guesses.nearest(name, below, _LIKENESS)


def astray(exemption: Exemption, folder: str, checked: Checked) -> tuple[str, str]:
    """What is wrong with the file of a `where`, and the `where` that may be meant; both empty where nothing is.

    Of a pattern only what stands before its first `*` is looked at.
    """
    fixed, rest = _split(exemption.file)
    if not fixed or fixed == disk.STDIN:
        return "", ""
    path = os.path.join(folder, fixed)
    behind = f"#{exemption.keys}" if exemption.keys else ""
    if os.path.isdir(path) and not rest:
        return f"`{fixed}` is a directory", f"{fixed}/*{behind}"
    if os.path.lexists(path):
        return "", ""
    wrong = f"there is no `{fixed}` in `{_shown(folder)}`, the directory of this policy, to which `where` is relative"
    if not exemption.keys and fixed.partition(".")[0] in _SECTIONS:
        return wrong, f"#{exemption.file}"
    meant = _meant(fixed, folder) or ("" if rest else checked.like(fixed, folder))
    return wrong, "/".join(filter(None, (meant, rest))) + behind if meant else ""


def _meant(fixed: str, folder: str) -> str:
    """A path that exists, seen from another folder."""
    root = repository(os.path.realpath(folder))
    for other in (os.getcwd(), *([root] if root else [])):
        if os.path.lexists(path := os.path.join(other, fixed)):
            return _from(folder, path)
    parts = fixed.split("/")
    for first in range(1, len(parts)):
        if os.path.lexists(os.path.join(folder, *parts[first:])):
            return "/".join(parts[first:])
    return ""


def _split(pattern: str) -> tuple[str, str]:
    """The folders and the file before the first part that has a `*`, and what is left."""
    parts = pattern.split("/")
    at = next((at for at, part in enumerate(parts) if "*" in part), len(parts))
    return "/".join(parts[:at]) or "/" * (pattern.startswith("/") and at > 0), "/".join(parts[at:])


def _from(folder: str, path: str) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _shown(folder: str) -> str:
    """The folder as it is called from here; this one by its own name."""
    here = os.getcwd()
    name = os.path.basename(here) or here if os.path.abspath(folder) == here else os.path.normpath(folder)
    return name.replace(os.sep, "/")
