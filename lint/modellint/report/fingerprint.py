"""Fingerprints by which a service that stores reports recognizes a finding."""

from __future__ import annotations

import hashlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def fingerprints(keys: Iterable[tuple[str, str, str]]) -> list[str]:
    """A name for each finding, of which rule, path and text are given; no other finding has it.

    Of equal ones the first, the second and so on are counted, and no line number goes in: a name stays the same when
    other lines change.
    """
    names: list[str] = []
    seen: dict[tuple[str, str, str], int] = {}
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        text = "\0".join((*key, str(seen[key])))
        names.append(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return names
