"""Check Compose files: the library's front door, called by the command line, and by whoever embeds modellint."""

from __future__ import annotations

import os

from modellint.compose import files
from modellint.compose.load import load
from modellint.engine import run
from modellint.parallel import spread
from modellint.result import Result, pack, result, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from modellint.rule import Rule


class Report:
    """What a check found, and what it could not read."""

    __slots__ = ("files", "results", "unreadable")

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.unreadable: list[files.Unreadable] = []
        self.files = 0  # that were checked

    def count(self, severity: str) -> int:
        """How many results have a severity."""
        return sum(result.severity == severity for result in self.results)


def check(paths: Sequence[str], rules: Sequence[Rule], shell: Mapping[str, str], idle: Iterable[str] = ()) -> Report:
    """Check files and folders; without a path, the project of the current folder.

    A path that cannot be read is reported, and the others are still checked. `shell` are the variables that Compose
    would see; `idle` names the rules that exist and are not among `rules`.
    """
    report = Report()
    found = _found(paths, report)
    report.files = len(found)

    def work(part: Sequence[str]) -> tuple[list[Any], list[tuple[str, str]]]:
        return _check_each(part, rules, shell, tuple(idle))

    for results, unreadable in spread(found, work):
        report.results.extend(unpack(packed) for packed in results)
        report.unreadable.extend(files.Unreadable(path, reason) for path, reason in unreadable)
        report.files -= len(unreadable)
    report.results.sort(key=Result.order)
    report.unreadable.sort(key=lambda trouble: trouble.path)
    return report


def _found(paths: Sequence[str], report: Report) -> list[str]:
    """The files that the paths stand for, each once."""
    found: dict[str, None] = {}
    for path in paths or [""]:
        try:
            for file in files.project_files(path) if path else [files.default_file(".")]:
                found[file if file == files.STDIN else os.path.normpath(file)] = None
        except files.Unreadable as trouble:
            report.unreadable.append(trouble)
    return list(found)


def _check_each(
    paths: Sequence[str], rules: Sequence[Rule], shell: Mapping[str, str], idle: tuple[str, ...]
) -> tuple[list[Any], list[tuple[str, str]]]:
    """The packed results of some files, and what could not be checked."""
    results: list[Any] = []
    unreadable: list[tuple[str, str]] = []
    for path in paths:
        try:
            source = files.read_stdin() if path == files.STDIN else files.read(path)
            findings = run(rules, load(source, shell), idle)
        except files.Unreadable as trouble:
            unreadable.append((trouble.path, trouble.reason))
        except Exception as error:  # a defect of modellint or of a rule must not lose the other files
            from modellint.defect import defect

            unreadable.append((path, f"modellint failed on it: {defect(error)}"))
        else:
            results.extend(pack(result(finding)) for finding in findings)
    return results, unreadable
