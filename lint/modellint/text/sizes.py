"""Sizes of memory and of downloads, as people write and read them."""

from __future__ import annotations

_UNITS = {"": 1, "B": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_NAMES = ("KiB", "MiB", "GiB", "TiB")
_LONGEST = 12  # digits of a number


def binary(size: int) -> str:
    """A number of bytes in binary units: `5.2 GiB`."""
    if size < 2**10:
        return f"{size} bytes"
    value = float(size)
    for name in _NAMES:
        value /= 2**10
        if value < 1023.95 or name == _NAMES[-1]:
            return f"{value:.1f} {name}"
    return ""


def read_size(text: str) -> int:
    """The bytes of `16GiB`, `16GB`, `16g` or `17179869184`: units are binary, as in Compose. Raises `ValueError`."""
    number = text.strip()
    unit = ""
    while number and number[-1] not in "0123456789":
        unit = number[-1] + unit
        number = number[:-1]
    short = unit.strip().upper().removesuffix("IB").removesuffix("B")
    whole, _, fraction = number.partition(".")
    if (
        short not in _UNITS
        or not number.isascii()
        or not whole.isdecimal()
        or len(number) > _LONGEST
        or not (fraction or "0").isdecimal()
    ):
        raise ValueError(text)
    return int(float(number) * _UNITS[short])
