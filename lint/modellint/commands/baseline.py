"""A baseline: the findings of one day, so that a check fails only for what is new.

A finding is known by its rule, its file, the keys that lead to its place and what it is about, and by how many of these
there are: it stays the same when lines move, and when other things on its line change. A baseline of version 1 has
hashes of rule, file and line in their place, and is still read.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, TypeAlias

from modellint.commands.arguments import UsageError
from modellint.files import disk
from modellint.files.atomic_write import write
from modellint.linter.record import Suppressed
from modellint.policy.base_suppressions import Unheeded
from modellint.text.finding import ERROR

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from modellint.check import Report
    from modellint.files.base_version import BaseVersion
    from modellint.linter.record import FindingRecord

_LARGEST = 1 << 25  # bytes
_PARTS = ("rule", "path", "at", "about")  # of an identity, as they are called in the file

Identity: TypeAlias = tuple[str, ...]  # one text for each of the parts; of version 1 a hash alone


class Baseline:
    """How many findings of each identity there were."""

    __slots__ = ("counts", "identify")

    def __init__(self, counts: dict[Identity, int], identify: Callable[[FindingRecord], Identity]) -> None:
        self.counts = counts
        self.identify = identify

    def has(self, result: FindingRecord) -> bool:
        """Whether a finding is one of them; each is so only once."""
        known = self.identify(result)
        left = self.counts.get(known, 0)
        if left > 0:
            self.counts[known] = left - 1
        return left > 0


def apply_baseline(
    report: Report, path: str, written: str, refused: Container[str], before: BaseVersion | None = None
) -> None:
    """Leave out of a report what a baseline has, and write the findings into one; either name may be empty.

    The errors of the rules `refused` keep a project from starting: no baseline holds one, or covers one. Where `before`
    is given, the baseline is the one that was there before a change.
    """
    kept = [result for result in report.results if result.severity == ERROR and result.rule in refused]
    never = {id(result) for result in kept}
    known = Baseline(_counted([result for result in report.results if id(result) not in never]), identity)
    if written:
        write(written, _as_text(known.counts))
    if path:
        known = _read(path) if before is None or path == written else _earlier(path, before, report)
    new: list[FindingRecord] = []
    for result in report.results:
        if id(result) not in never and known.has(result):
            report.known += 1
            report.suppressed.append(Suppressed(result, "baseline", ""))
        else:
            new.append(result)
    report.results = new
    report.suppressed.sort(key=lambda each: each.result.order())


def _earlier(path: str, before: BaseVersion, report: Report) -> Baseline:
    """A baseline as it was before a change; says in the report where it is another one now."""
    real = before.path(path)
    if real == path:
        return _read(path)
    known = _read(real) if os.path.exists(real) else Baseline({}, identity)
    if not os.path.exists(path) or _read(path).counts != known.counts:
        report.unheeded.append(Unheeded(path, 0, "this baseline has changed; the one before the change is used"))
    return known


def identity(result: FindingRecord) -> Identity:
    """What a finding is known by."""
    return result.rule, _path(result), ".".join(result.keys), result.about


def _hashed(result: FindingRecord) -> Identity:
    """What a finding is known by in a baseline of version 1."""
    text = "\0".join((result.rule, _path(result), result.place.line.strip() or result.message))
    return (hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32],)


def _path(result: FindingRecord) -> str:
    return os.path.relpath(result.place.path).replace(os.sep, "/")


def _counted(results: Iterable[FindingRecord]) -> dict[Identity, int]:
    counts: dict[Identity, int] = {}
    for result in results:
        known = identity(result)
        counts[known] = counts.get(known, 0) + 1
    return counts


def _as_text(counts: dict[Identity, int]) -> str:
    findings = [
        {**{part: text for part, text in zip(_PARTS, known, strict=True) if text}, "count": count}
        for known, count in sorted(counts.items())
    ]
    return json.dumps({"version": 2, "findings": findings}, indent=1) + "\n"


def _read(path: str) -> Baseline:
    try:
        if disk.strays(path):
            raise disk.Unreadable(path, disk.LEADS_OUT)
        return _baseline(json.loads(disk.read_bytes(path, _LARGEST, "a baseline").decode()))
    except disk.Unreadable as trouble:
        raise UsageError(f"the baseline `{path}` {trouble.reason}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"`{path}` is not a baseline; create one with `--write-baseline`") from None


def _baseline(table: Any) -> Baseline:
    """What a file holds; raises whatever comes of one that is no baseline."""
    found = table["findings"]
    if table["version"] == 1:
        counts: dict[Identity, int] = {(mark,): count for mark, count in found.items()}
        identify = _hashed
    elif table["version"] == 2 and isinstance(table["findings"], list):
        counts = {tuple([each.get(part, "") for part in _PARTS]): each["count"] for each in found}
        identify = identity
    else:
        raise ValueError
    if not all(type(count) is int for count in counts.values()):
        raise ValueError
    if not all(type(part) is str for known in counts for part in known):
        raise ValueError
    return Baseline(counts, identify)
