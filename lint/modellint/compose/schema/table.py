"""The Compose schema as a table, compiled from the JSON Schema when modellint is built, and the walk along it."""

from __future__ import annotations

from modellint.yaml.node import Mapping, Scalar
from modellint.yaml.scalars import Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from modellint.yaml.node import Node

    Limits: TypeAlias = "tuple[tuple[str, ...], str, float | None, float | None]"
    # types, limits, items, unique, fields, pattern of other names, their row, row of the rest, required, one of
    Row: TypeAlias = (
        "tuple[int, Limits | None, int, bool, dict[str, int], str, int, int, tuple[str, ...], tuple[str, ...]]"
    )
    Table: TypeAlias = "tuple[Row, ...]"
    Accepted: TypeAlias = "dict[tuple[int, int], Node]"  # by identity and row; it keeps the nodes alive

NULL, BOOLEAN, INTEGER, FLOAT, TEXT, LIST, MAP = 1, 2, 4, 8, 16, 32, 64
ANYTHING = 127
ROOT = 0  # the row of a whole file
REFUSED = -1  # stands for a row where nothing is accepted

_BITS = {None.__class__: NULL, bool: BOOLEAN, int: INTEGER, float: FLOAT, str: TEXT, Time: 0}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ALPHANUMERIC = frozenset(_LETTERS + _LETTERS.upper() + "0123456789")
_NAME = _ALPHANUMERIC | frozenset("._-")
_PULL_POLICIES = frozenset(("always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"))
_INFINITY = float("inf")


def accepts(node: Node, at: int, rows: Table, accepted: Accepted) -> bool:
    """Whether a node and all below it hold what the row at an index allows, with nothing that JSON cannot express."""
    types, limits, items, unique, fields, pattern, named, rest, required, either = rows[at]
    if isinstance(node, Scalar):
        return _accepts_scalar(node, types, limits)
    if (id(node), at) in accepted:
        return True
    if isinstance(node, Mapping):
        if not types & MAP:
            return False
        entries = node.entries
        for name in required:
            if name not in entries:
                return False
        if either and not any(name in entries for name in either):
            return False
        for name, (_, value) in entries.items():
            number = fields.get(name)
            if number is None:
                number = named if pattern and PATTERNS[pattern](name) else rest
                if number < 0:
                    return False
            child = rows[number]
            if isinstance(value, Scalar) and child[1] is None and _BITS[value.value.__class__] & child[0] & ~FLOAT:
                continue
            if not accepts(value, number, rows, accepted):
                return False
        accepted[id(node), at] = node
        return True
    if not types & LIST:
        return False
    child = rows[items]
    for item in node.items:
        if isinstance(item, Scalar) and child[1] is None and _BITS[item.value.__class__] & child[0] & ~FLOAT:
            continue
        if not accepts(item, items, rows, accepted):
            return False
    if unique and not _distinct(node.items):
        return False
    accepted[id(node), at] = node
    return True


def _accepts_scalar(scalar: Scalar, types: int, limits: Limits | None) -> bool:
    value = scalar.value
    if isinstance(value, float):
        # JSON Schema and Compose take `4096.0` for a whole number; JSON knows neither infinity nor NaN.
        if not is_finite(value) or not (types & FLOAT or (types & INTEGER and value.is_integer())):
            return False
    elif not _BITS[value.__class__] & types:
        return types == ANYTHING  # a time, which is taken where anything is
    if limits is None:
        return True
    choices, pattern, low, high = limits
    if isinstance(value, str):
        return not (choices and value not in choices) and not (pattern and not PATTERNS[pattern](value))
    if value is None or isinstance(value, bool):
        return True
    return (low is None or value >= low) and (high is None or value <= high)


def is_finite(value: float) -> bool:
    """Whether a number is neither infinite nor NaN."""
    return -_INFINITY < value < _INFINITY


def _distinct(items: list[Node]) -> bool:
    values = {item.value for item in items if isinstance(item, Scalar)}
    return len(values) == len(items)


def _is_name(text: str) -> bool:
    return bool(text) and _NAME.issuperset(text)


def _is_extension(text: str) -> bool:
    return text.startswith("x-")


def _has_line(text: str) -> bool:
    return text.strip("\n") != ""


def _is_line(text: str) -> bool:
    return bool(text) and "\n" not in text


def _is_lower(text: str) -> bool:
    return bool(text) and not text.strip(_LETTERS)


def _is_container_name(text: str) -> bool:
    """Whether two letters, digits or such stand together anywhere; the pattern has no anchors."""
    return any(text[at] in _ALPHANUMERIC and text[at + 1] in _NAME for at in range(len(text) - 1))


def _is_pull_policy(text: str) -> bool:
    if text in _PULL_POLICIES:
        return True
    head, every, periods = text.partition("every_")
    if head or not every or not periods:
        return False
    digits = 0
    for character in periods:
        if character in "0123456789":
            digits += 1
        elif digits and character in "wdhms":
            digits = 0
        else:
            return False
    return digits == 0


# The regular expressions of the schema, without the import of `re`.
PATTERNS: dict[str, Callable[[str], bool]] = {
    "^x-": _is_extension,
    ".+": _has_line,
    "^.+$": _is_line,
    "^[a-z]+$": _is_lower,
    "^[a-zA-Z0-9._-]+$": _is_name,
    "[a-zA-Z0-9][a-zA-Z0-9_.-]+": _is_container_name,
    "^(always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+)$": _is_pull_policy,
}
