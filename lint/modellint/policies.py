"""Which policies are in force. Where none is, nothing of them is imported."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Any

FILE_NAME = ".modellint.yaml"


class Policies:
    """The policies that were named, which all must pass, or else the file in or above a project's folder.

    `today` is the day with which the last days of exceptions are compared, as `YYYY-MM-DD`; empty for today.
    """

    __slots__ = ("ignore", "named", "online", "rulings", "select", "today")

    def __init__(
        self,
        named: Sequence[str] = (),
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        *,
        online: bool = False,
        today: str = "",
    ) -> None:
        self.named = named
        self.select = select
        self.ignore = ignore
        self.online = online
        self.today = today
        self.rulings: dict[str, Any] = {}  # by real path: each policy, once it is read

    def day(self) -> date:
        """The day with which the last days of exceptions are compared."""
        from datetime import date

        return date.fromisoformat(self.today) if self.today else date.today()

    def of(self, folder: str) -> list[str]:
        """The policies of a project in a folder."""
        return list(self.named) or ([path] if (path := nearest(folder)) else [])


def nearest(folder: str) -> str:
    """The policy file of a folder, or of the nearest one above it; empty where there is none."""
    here = os.path.abspath(folder)
    while True:
        path = os.path.join(here, FILE_NAME)
        if os.path.exists(path):
            return os.path.relpath(path)
        above = os.path.dirname(here)
        if above == here:
            return ""
        here = above
