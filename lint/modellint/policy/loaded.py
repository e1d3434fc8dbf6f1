"""A policy with everything that it extends, and where each part of it is written."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from modellint.text.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from modellint.policy.schema import Check, Exception_, RuleSetting
    from modellint.text.source import Source, Span
    from modellint.yaml.node import Mapping


MOST_MISTAKES = 100  # of one policy that are said at once


class PolicyError(Exception):
    """A mistake in a policy file. `span` is its place; `others` are further mistakes.

    `mistyped` is a word that may stand for one of `known`. Which one is looked for when the message is asked for: of
    many mistakes only the first are said.
    """

    def __init__(self, span: Span, said: str, mistyped: str = "", known: Sequence[str] = ()) -> None:
        super().__init__(f"{span!r}: {said}")
        self.span = span
        self.said = said
        self.others: list[PolicyError] = []
        self._mistyped = mistyped
        self._known = known

    @property
    def message(self) -> str:
        """What is said of it, with the word that may have been meant."""
        return self.said + did_you_mean(self._mistyped, self._known) if self._mistyped else self.said

    def each(self) -> list[PolicyError]:
        """All of them, itself the first."""
        return [self, *self.others]


class Mistakes:
    """The mistakes of a policy, gathered so that all of them can be said at once."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[PolicyError] = []

    @contextmanager
    def gathered(self) -> Generator[None]:
        """Keep the mistakes that are raised within."""
        try:
            yield
        except PolicyError as error:
            self.found += error.each()

    def end(self) -> None:
        """Raise the first mistake together with the others, if there is one."""
        by_place = {(*_order(error), error.said): error for error in self.found}
        if by_place:
            first, *others = [by_place[key] for key in sorted(by_place)[:MOST_MISTAKES]]
            first.others = others
            raise first from None


def _order(error: PolicyError) -> tuple[str, int, int]:
    return (error.span.source.path, *error.span.first)


class Written:
    """An exception as it is written, and the folder that its path is relative to."""

    __slots__ = ("body", "folder", "given")

    def __init__(self, given: Exception_, body: Mapping, folder: str) -> None:
        self.given = given
        self.body = body
        self.folder = folder


class LoadedPolicy:
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
        self.mistakes = Mistakes()
        self.partial = False  # whether checks are missing because of a mistake

    @property
    def folder(self) -> str:
        """The folder that paths in the policy are relative to."""
        return os.path.dirname(self.source.path) or "."

    def lay(self, other: LoadedPolicy) -> None:
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
        self.partial = self.partial or other.partial
        self.mistakes.found += other.mistakes.found
