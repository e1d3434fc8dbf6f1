"""Durations, byte sizes and casts as Docker Compose reads them (go-str2duration, docker/go-units, Go's `strconv`).

Checked against Docker Compose 5.6.1. Every reader raises `ValueError` with a reason in plain words that does not
repeat the text, which may hold a secret.
"""

from __future__ import annotations

_LARGEST = 2**63 - 1  # of Go's int64
_INFINITY = float("inf")
_DIGITS = frozenset("0123456789")
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_NUMBER = frozenset("0123456789.")

_SECOND = 10**9
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,  # micro sign
    "\u03bcs": 10**3,  # Greek letter mu
    "ms": 10**6,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
    "d": 86400 * _SECOND,
    "w": 604800 * _SECOND,
}
_BYTES = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}
_TRUE = frozenset(("true", "y", "yes", "on"))
_FALSE = frozenset(("false", "n", "no", "off"))


def duration(text: str) -> int:
    """Nanoseconds of a duration like `1m30s`. A number without a unit is refused, but for `0`."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest:
        raise ValueError("it is empty")
    total = 0
    while rest:
        whole, rest = _digits(rest)
        fraction = ""
        if rest[:1] == ".":
            fraction, rest = _digits(rest[1:])
        if not whole and not fraction:
            raise ValueError("it does not start with a number")
        unit, rest = _unit(rest)
        total += (int(whole or "0") if len(whole) <= 400 else 2**64) * unit + _part(fraction, unit)
        if total > _LARGEST:
            raise ValueError("it is longer than 292 years")
    return -total if text[0] == "-" else total


def duration_text(nanoseconds: int) -> str:
    """How Go prints a duration: `1h0m0.5s`, `300ms`, `0s`."""
    sign, left = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if left == 0:
        return "0s"
    if left < _SECOND:
        unit = next(unit for unit in ("ms", "\u00b5s", "ns") if left >= _NANOSECONDS[unit])
        return f"{sign}{_decimal(left, _NANOSECONDS[unit])}{unit}"
    minutes, left = divmod(left, 60 * _SECOND)
    hours, minutes = divmod(minutes, 60)
    shown = f"{_decimal(left, _SECOND)}s"
    if hours or minutes:
        shown = f"{minutes}m{shown}"
    return f"{sign}{hours}h{shown}" if hours else sign + shown


def bytes_of(value: str | int | float) -> int:
    """Bytes of a size like `1.5g`. A plain number counts as bytes; Compose ignores a fraction and what is too large."""
    if not isinstance(value, str):
        return value if isinstance(value, int) and -_LARGEST - 1 <= value <= _LARGEST else 0
    try:
        return to_int(value)  # only so may a size be negative
    except ValueError:
        end = len(value) - 1
    while end >= 0 and value[end] not in "0123456789. ":
        end -= 1
    if end < 0:
        raise ValueError("it contains no number")
    size = to_float(value[:end] if value[end] == " " else value[: end + 1])
    suffix = value[end + 1 :].lower()
    if size < 0:
        raise ValueError("it is negative")
    if suffix not in ("", "b"):
        if suffix[0] not in _BYTES or suffix[1:] not in ("", "b", "ib"):
            raise ValueError("its unit is not b, k, m, g, t or p")
        size *= _BYTES[suffix[0]]
    return int(size) if size < 2**63 else -(2**63)


def to_bool(text: str) -> bool:
    """A boolean: `true`, `yes`, `on`, `y` and their opposites, in any case."""
    lower = text.lower()
    if lower in _TRUE:
        return True
    if lower in _FALSE:
        return False
    raise ValueError("it is neither `true` nor `false`")


def to_int(text: str) -> int:
    """A whole number of 64 bits, in decimal digits."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits or not _DIGITS.issuperset(digits):
        raise ValueError("it is not a whole number")
    number = int(text) if len(digits) <= 400 else 2**64
    if not -_LARGEST - 1 <= number <= _LARGEST:
        raise ValueError("it is too large")
    return number


def to_float(text: str) -> float:
    """A number as Go's `ParseFloat` reads it: `1e3`, `0x1p-2`, `1_000`, `inf`."""
    word = text[1:] if text[:1] in ("+", "-") else text
    lower = word.lower()
    if lower in ("inf", "infinity") or text.lower() == "nan":
        return float(text)
    if not word or word[0] not in _NUMBER or not text.isascii() or text != text.strip():
        raise ValueError("it is not a number")
    try:
        number = _hexadecimal(lower) if lower.startswith("0x") else float(word)
    except (ValueError, OverflowError):
        raise ValueError("it is not a number") from None
    if number == _INFINITY:
        raise ValueError("it is too large")
    return -number if text[0] == "-" else number


def _digits(text: str) -> tuple[str, str]:
    """The digits that a text begins with, and the rest."""
    rest = text.lstrip("0123456789")
    return text[: len(text) - len(rest)], rest


def _unit(text: str) -> tuple[int, str]:
    """Nanoseconds of the unit that a text begins with, and the rest."""
    end = next((at for at, character in enumerate(text) if character in _NUMBER), len(text))
    if end == 0:
        raise ValueError("a number in it has no unit")
    if text[:end] not in _NANOSECONDS:
        raise ValueError("its unit is not w, d, h, m, s, ms, us or ns")
    return _NANOSECONDS[text[:end]], text[end:]


def _part(fraction: str, unit: int) -> int:
    """Nanoseconds of the digits behind a point, with Go's rounding."""
    value, scale = 0, 1.0
    for digit in fraction:
        if value * 10 + int(digit) > _LARGEST:
            break
        value = value * 10 + int(digit)
        scale *= 10
    return int(value * (unit / scale))


def _decimal(nanoseconds: int, unit: int) -> str:
    whole, part = divmod(nanoseconds, unit)
    fraction = f"{part:0{len(str(unit)) - 1}}".rstrip("0") if part else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


def _hexadecimal(text: str) -> float:
    mantissa, power, exponent = text[2:].partition("p")
    joined = mantissa.replace("_", "").replace(".", "", 1)
    doubled = "__" in mantissa or mantissa.endswith("_") or "_." in mantissa or "._" in mantissa
    if not power or not exponent or doubled or not _HEX_DIGITS.issuperset(joined):
        raise ValueError("it is not a number")
    return float.fromhex(f"0x{mantissa.replace('_', '')}p{exponent}")
