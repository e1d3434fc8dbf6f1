"""A baseline: the findings of one day, so that a check fails only for what is new.

A finding is known by its rule, its file and the text of its line, and by how many of these there are: it stays the same
when lines move.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from modellint.compose import files
from modellint.options import UsageError

if TYPE_CHECKING:
    from modellint.check import Report
    from modellint.result import Result

_LARGEST = 1 << 25  # bytes


def apply_baseline(report: Report, path: str, written: str) -> None:
    """Leave out of a report what a baseline has, and write the findings into one; either name may be empty."""
    if written:
        _write(written, report)
        path = path or written
    known = _read(path)
    new: list[Result] = []
    for result in report.results:
        mark = fingerprint(result)
        if known.get(mark, 0) > 0:
            known[mark] -= 1
            report.known += 1
        else:
            new.append(result)
    report.results = new


def fingerprint(result: Result) -> str:
    """What a finding is known by."""
    place = result.place
    path = os.path.relpath(place.path).replace(os.sep, "/")
    text = "\0".join((result.rule, path, place.line.strip() or result.message))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _write(path: str, report: Report) -> None:
    counts: dict[str, int] = {}
    for result in report.results:
        mark = fingerprint(result)
        counts[mark] = counts.get(mark, 0) + 1
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        json.dump({"version": 1, "findings": dict(sorted(counts.items()))}, file, indent=1)
        file.write("\n")


def _read(path: str) -> dict[str, int]:
    try:
        if files.strays(path):
            raise files.Unreadable(path, files.LEADS_OUT)
        table: Any = json.loads(files.read_bytes(path, _LARGEST, "a baseline").decode())
        found = table["findings"]
        if table["version"] != 1 or not all(type(count) is int for count in found.values()):
            raise ValueError
        return dict(found)
    except files.Unreadable as trouble:
        raise UsageError(f"the baseline `{path}` {trouble.reason}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"`{path}` is no baseline; write one with `--write-baseline`") from None
