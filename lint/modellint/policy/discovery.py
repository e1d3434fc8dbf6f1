"""Find the policies in force. If there is none, no policy code is imported."""

from __future__ import annotations

import os

from modellint.files.repositories import lies_in, repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from typing import Any

    from modellint.files.base_version import BaseVersion

FILE_NAME = ".modellint.yaml"
BUILT_IN = ("recommended", "strict", "airgapped")


class Policies:
    """The policies that were named, which all must pass, or else the file in or above a project's folder.

    `today` is the day with which the last days of exceptions are compared, as `YYYY-MM-DD`; empty for today. Where
    `before` is given, a policy of the repository is the one that was there before a change.
    """

    __slots__ = ("before", "ignore", "named", "online", "rulings", "select", "today")

    def __init__(
        self,
        named: Sequence[str] = (),
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        *,
        online: bool = False,
        today: str = "",
        before: BaseVersion | None = None,
    ) -> None:
        self.named = named
        self.select = select
        self.ignore = ignore
        self.online = online
        self.today = today
        self.before = before
        self.rulings: dict[str, Any] = {}  # by real path: each policy, once it is read

    def day(self) -> date:
        """The day with which the last days of exceptions are compared."""
        from datetime import date

        return date.fromisoformat(self.today) if self.today else date.today()

    def of(self, folder: str) -> list[str]:
        """The policies of a project in a folder."""
        if self.named:
            return [name for name in self.named if name in BUILT_IN or self.before is None or self._was(name)]
        path = nearest(folder, os.path.exists if self.before is None else self._was)
        return [path] if path else []

    def not_in_force(self, folder: str) -> list[str]:
        """The policy files that would be in force, had there been no change to heed."""
        asked = self.named or [nearest(folder)]
        in_force = self.of(folder)
        return [name for name in asked if name and name not in in_force and os.path.exists(name)]

    def outside(self, name: str, folder: str) -> str:
        """What a policy that nobody named lies outside of: the `repository` of a project's folder, or the `project`."""
        root = repository(os.path.realpath(folder))
        if name in self.named or lies_in(os.path.realpath(name), root or os.path.realpath(folder)):
            return ""
        return "repository" if root else "project"

    def sees_values(self, name: str, folder: str) -> bool:
        """Whether a policy may see values of variables: a user named it, and no repository that is checked wrote it."""
        root = repository(os.path.realpath(folder)) or os.path.realpath(folder)
        return name in self.named and (name in BUILT_IN or not lies_in(os.path.realpath(name), root))

    def _was(self, path: str) -> bool:
        """Whether there was such a file before the change."""
        return self.before is not None and os.path.exists(self.before.path(path))


class InForce:
    """A policy that was in force, and which rules it makes weaker than they are by themselves.

    `outside`: what a file that nobody named lies outside of, `repository` or `project`; empty for any other policy.
    `off` names rules that it switches off, `lowered` those that it makes less severe.
    """

    __slots__ = ("built_in", "lowered", "name", "off", "outside")

    def __init__(self, name: str, built_in: bool, outside: str, off: Sequence[str], lowered: Sequence[str]) -> None:
        self.name = name
        self.built_in = built_in
        self.outside = outside
        self.off = off
        self.lowered = lowered


def nearest(folder: str, exists: Callable[[str], bool] = os.path.exists) -> str:
    """The policy file of a folder, or of the nearest one above it; empty where there is none."""
    here = os.path.abspath(folder)
    while True:
        path = os.path.join(here, FILE_NAME)
        if exists(path):
            return os.path.relpath(path)
        above = os.path.dirname(here)
        if above == here:
            return ""
        here = above
