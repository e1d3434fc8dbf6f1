"""A policy with everything that it extends, and where each part of it is written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modellint.node import Mapping
    from modellint.policy.schema import Check, Exception_, RuleSetting
    from modellint.source import Source, Span


class PolicyError(Exception):
    """A mistake in a policy file. `span` is its place."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(f"{span!r}: {message}")
        self.span = span


class Written:
    """An exception as it is written, and the folder that its path is relative to."""

    __slots__ = ("body", "folder", "given")

    def __init__(self, given: Exception_, body: Mapping, folder: str) -> None:
        self.given = given
        self.body = body
        self.folder = folder


class Loaded:
    """What holds. Of the parts of several policies that extend one another, the last one counts."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.paths: list[str] = []  # of the files that were read as they were before a change
        self.rules: dict[str, tuple[RuleSetting, Span]] = {}
        self.allow: dict[str, tuple[list[str], Span]] = {}
        self.grants: dict[str, tuple[list[str], Span]] | None = None
        self.memory = 0  # bytes; 0: no limit
        self.memory_at: Span | None = None
        self.exceptions: list[Written] = []
        self.needs: dict[str, Span] = {}  # what every exception must say
        self.checks: dict[str, tuple[Check, Mapping]] = {}

    @property
    def folder(self) -> str:
        """The folder that paths in the policy are relative to."""
        return os.path.dirname(self.source.path) or "."

    def lay(self, other: Loaded) -> None:
        """Lay another policy over this one."""
        self.paths += other.paths
        self.rules.update(other.rules)
        self.allow.update(other.allow)
        self.grants = other.grants if other.grants is not None else self.grants
        if other.memory_at is not None:
            self.memory, self.memory_at = other.memory, other.memory_at
        self.exceptions += other.exceptions
        self.needs.update(other.needs)
        self.checks.update(other.checks)
