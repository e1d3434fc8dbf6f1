"""The order in which go-yaml prints the keys of a map: letters after everything else, and numbers by their value."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")


def in_order(data: dict[str, T]) -> dict[str, T]:
    """The same map with its keys in go-yaml's order."""
    from functools import cmp_to_key

    return {name: data[name] for name in sorted(data, key=cmp_to_key(compare))}


def compare(one: str, other: str) -> int:
    """Below zero where `one` comes first."""
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), -1)
    if at < 0:
        return len(one) - len(other)
    a, b = one[at], other[at]
    if a.isalpha() and b.isalpha():
        return ord(a) - ord(b)
    if a.isalpha() or b.isalpha():
        # `a1` before `a1b` before `a10`, but `a_b` before `ab`.
        letter_first = at > 0 and one[at - 1].isdigit()
        return -1 if a.isalpha() == letter_first else 1
    return _by_number(one, other, at)


def _by_number(one: str, other: str, at: int) -> int:
    in_number = "0" in (one[at], other[at]) and one[:at][len(one[:at].rstrip("0123456789")) :].strip("0") != ""
    first, second = _digits(one, at), _digits(other, at)
    prefix = "1" if in_number else "0"
    difference = _int64(prefix + first) - _int64(prefix + second)
    return difference or len(first) - len(second) or ord(one[at]) - ord(other[at])


def _int64(digits: str) -> int:
    """The number that 64 bits hold, as Go counts on past their end; more than the last 64 digits play no part."""
    number = int(digits[-64:]) % 2**64
    return number - 2**64 if number >= 2**63 else number


def _digits(text: str, at: int) -> str:
    end = at
    while end < len(text) and text[end] in "0123456789":
        end += 1
    return text[at:end]
