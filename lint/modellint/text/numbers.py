"""Whole numbers in texts from outside, read as the programs do that take them. None of these raises.

Python's own `int` takes more (`1_000`, `٣`, blanks around it) and less: it refuses more than 4,300 digits, and a
superscript, of which `isdigit` says that it is one.
"""

from __future__ import annotations

_LARGEST = 2**63 - 1
_DIGITS = "0123456789"
_BLANKS = " \t\n\v\f\r"


def whole(text: str, largest: int = _LARGEST) -> int | None:
    """A number of decimal digits and nothing else (Go's `ParseUint`); None for all else, and above `largest`."""
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    number = int(digits) if len(digits) <= len(str(largest)) else largest + 1
    return number if number <= largest else None


def signed(text: str) -> int | None:
    """A number of 64 bits with a sign or without one (Go's `ParseInt`); None for all else."""
    if text[:1] == "-":
        number = whole(text[1:], _LARGEST + 1)
        return -number if number is not None else None
    return whole(text.removeprefix("+"))


def stoi(text: str) -> int | None:
    """The number of 32 bits that a text begins with, as llama.cpp reads it (`std::stoi`); None where it stops.

    Blanks and a sign may stand before the digits, and anything behind them: `8k` is 8.
    """
    text = text.lstrip(_BLANKS)
    sign = text[:1] if text[:1] in ("+", "-") else ""
    end = start = len(sign)
    while end < len(text) and text[end] in _DIGITS:
        end += 1
    number = signed(sign + text[start:end])
    return number if number is not None and -(2**31) <= number < 2**31 else None
