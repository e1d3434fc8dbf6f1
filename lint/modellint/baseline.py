"""A baseline: the findings of one day, so that a check fails only for what is new.

A finding is known by its rule, its file and the text of its line, and by how many of these there are: it stays the same
when lines move.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from modellint.atomic_write import write
from modellint.base_suppressions import Unheeded
from modellint.compose import files
from modellint.options import UsageError
from modellint.result import Suppressed

if TYPE_CHECKING:
    from modellint.base_version import BaseVersion
    from modellint.check import Report
    from modellint.result import Result

_LARGEST = 1 << 25  # bytes


def apply_baseline(report: Report, path: str, written: str, before: BaseVersion | None = None) -> None:
    """Leave out of a report what a baseline has, and write the findings into one; either name may be empty.

    Where `before` is given, the baseline is the one that was there before a change.
    """
    known = _counted(report)
    if written:
        write(written, json.dumps({"version": 1, "findings": dict(sorted(known.items()))}, indent=1) + "\n")
    if path:
        known = _read(path) if before is None or path == written else _earlier(path, before, report)
    new: list[Result] = []
    for result in report.results:
        mark = fingerprint(result)
        if known.get(mark, 0) > 0:
            known[mark] -= 1
            report.known += 1
            report.suppressed.append(Suppressed(result, "baseline", ""))
        else:
            new.append(result)
    report.results = new
    report.suppressed.sort(key=lambda each: each.result.order())


def _earlier(path: str, before: BaseVersion, report: Report) -> dict[str, int]:
    """A baseline as it was before a change; says in the report where it is another one now."""
    real = before.path(path)
    if real == path:
        return _read(path)
    known = _read(real) if os.path.exists(real) else {}
    if not os.path.exists(path) or _read(path) != known:
        report.unheeded.append(Unheeded(path, 0, "this baseline is not the one before the change, which counts"))
    return known


def fingerprint(result: Result) -> str:
    """What a finding is known by."""
    place = result.place
    path = os.path.relpath(place.path).replace(os.sep, "/")
    text = "\0".join((result.rule, path, place.line.strip() or result.message))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _counted(report: Report) -> dict[str, int]:
    counts: dict[str, int] = {}
    for result in report.results:
        mark = fingerprint(result)
        counts[mark] = counts.get(mark, 0) + 1
    return counts


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
