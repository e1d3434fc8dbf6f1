"""Rename an unknown key to the key that was meant, with the value unchanged or as the only item of a list."""

from __future__ import annotations

from modellint.compose.schema.rows import table
from modellint.compose.schema.table import PATTERNS, REFUSED, ROOT, accepts
from modellint.text.edit import Edit, Fix
from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.schema.place import Path
    from modellint.compose.schema.table import Table
    from modellint.yaml.node import Node

_IN_BRACKETS = frozenset(",[]{}")  # what ends a plain text in a list in brackets


def rename(path: Path, body: Node, key: Scalar, value: Node, name: str) -> Fix | None:
    """Write another key in the map on a path; None where Compose would refuse the value under it."""
    if not isinstance(body, Mapping) or name in body:
        return None
    rows = table()
    row = _row((*path, name), rows) if rows else ROOT
    if not rows or (row != REFUSED and accepts(value, row, rows, {})):
        return Fix(f"use `{name}` instead", [Edit(key.content, name)])
    if row == REFUSED or not isinstance(value, Scalar) or not _is_item(key, value):
        return None
    if not accepts(Sequence(value.source, value.start, value.end, [value]), row, rows, {}):
        return None
    start, end = Span(value.source, value.start, value.start), Span(value.source, value.end, value.end)
    return Fix(f"use `{name}` instead, with a list", [Edit(key.content, name), Edit(start, "["), Edit(end, "]")])


def _is_item(key: Scalar, value: Scalar) -> bool:
    """Whether a text can stand between brackets as it is."""
    written = value.span.text
    if value.source is not key.source or value.start < key.end or value.anchor or value.tag or "\n" in written:
        return False
    return (
        bool(written)
        and value.style not in ("|", ">")
        and (bool(value.style) or not _IN_BRACKETS.intersection(written))
    )


def _row(path: Path, rows: Table) -> int:
    """The row of the schema for what stands on a path."""
    at = ROOT
    for step in path:
        _, _, items, _, fields, pattern, named, rest, _, _ = rows[at]
        if isinstance(step, int):
            at = items
        elif step in fields:
            at = fields[step]
        else:
            at = named if pattern and PATTERNS[pattern](step) else rest
        if at < 0:
            return REFUSED
    return at
