"""The value that Compose reads from a plain scalar: resolved as go-yaml does, not as any Python library does.

Checked against Docker Compose 5.6.1: `0440` is octal 288, `08` is the float 8, `1_000` is 1000, `0b11` is 3, `yes`,
`on` and `22:22` stay text, `2024-01-01` is a time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.yaml.node import Value

_WORDS: dict[str, Value] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    ".inf": float("inf"), ".Inf": float("inf"), ".INF": float("inf"),
    "+.inf": float("inf"), "+.Inf": float("inf"), "+.INF": float("inf"),
    "-.inf": float("-inf"), "-.Inf": float("-inf"), "-.INF": float("-inf"),
    ".nan": float("nan"), ".NaN": float("nan"), ".NAN": float("nan"),
}  # fmt: skip
_CORE = {
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, float),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
    "tag:yaml.org,2002:timestamp": (str,),
}
_DIGITS = frozenset("0123456789")
_BASES = {"0x": 16, "0X": 16, "0b": 2, "0B": 2, "0o": 8, "0O": 8}
_BASE_DIGITS = {
    16: frozenset("0123456789abcdefABCDEF"),
    10: _DIGITS,
    8: frozenset("01234567"),
    2: frozenset("01"),
}
_NOT_BETWEEN_DIGITS = ("._", "__", "_e", "_E", "e_", "E_")
_UINT64 = 2**64
_INT64 = 2**63
_LONGEST_NUMBER = 400
_GO_EXPONENT = 6


class Time(str):
    """A YAML timestamp, as the text that Compose prints for it. Compose does not take it where it wants text."""

    __slots__ = ()


def resolve(text: str) -> Value:
    """The value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first not in "0123456789+-.":
        return text
    if len(text) > _LONGEST_NUMBER:
        return text
    if text[4:5] == "-" and (time := _time(text)):
        return Time(time)
    if text == "-0":
        return -0.0  # Compose prints the sign, but not that of -00
    if first == "." and (text.endswith("_") or any(pair in text for pair in _NOT_BETWEEN_DIGITS)):
        return text  # only a number that begins with its point is this strict
    digits = text.replace("_", "")
    number = _integer(digits)
    return number if number is not None else _decimal(digits, text)


def tagged(text: str, tag: str) -> Value:
    """The value of a scalar with a tag. A tag that is not of the core schema, as `!override`, leaves the text."""
    return resolve(text) if tag in _CORE else text


def fits(value: Value, tag: str) -> bool:
    """Whether a value is what its tag says."""
    return tag not in _CORE or type(value) in _CORE[tag]


def compose_text(value: Value) -> str:
    """How Compose prints a value in an environment: Go's `%v`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _go_float(value)
    return str(value)


def _integer(digits: str) -> int | None:
    body = digits.lstrip("+-") if digits[:1] in ("+", "-") else digits
    if not body or len(digits) - len(body) > 1:
        return None
    base = _BASES.get(body[:2], 10)
    if base != 10:
        body = body[2:]
    elif len(body) > 1 and body[0] == "0":
        base = 8
    if not body or not _BASE_DIGITS[base].issuperset(body):
        return None
    number = int(body, base)
    if digits[0] == "-":
        return -number if number <= _INT64 else None
    # With a sign, Go reads no number that takes all 64 bits.
    return number if number < (_INT64 if digits[0] == "+" else _UINT64) else None


def _decimal(digits: str, text: str) -> Value:
    body = digits[1:] if digits[:1] in ("+", "-") else digits
    mantissa, mark, exponent = body.replace("E", "e").partition("e")
    whole, point, fraction = mantissa.partition(".")
    if not _DIGITS.issuperset(whole + fraction) or not (whole or (point and fraction)):
        return text
    if mark:
        power = exponent[1:] if exponent[:1] in ("+", "-") else exponent
        if not power or not _DIGITS.issuperset(power):
            return text
    number = float(digits)
    return text if number in (float("inf"), float("-inf")) else number


def _time(text: str) -> str | None:
    """Compose's print of a YAML timestamp, or None.

    go-yaml takes a date; a date, a blank and a time; or a date, `T` or `t`, a time and a zone.
    """
    at = next((at for at, character in enumerate(text) if character in "Tt "), len(text))
    date = text[:at].split("-")
    clock, zone = text[at + 1 :], ""
    if at < len(text) and text[at] != " ":
        clock, zone = _zone(clock)
        if not zone:
            return None
    if at == len(text):
        clock = "0:0:0"
    whole, point, fraction = clock.lstrip(" ").replace(",", ".").partition(".")
    numbers = [*date, *whole.split(":")]
    if len(date) != 3 or len(numbers) != 6 or len(date[0]) != 4 or (point and not fraction):
        return None
    if not all(number and _DIGITS.issuperset(number) for number in (*numbers, fraction or "0")):
        return None
    if any(len(number) > 2 for number in numbers[1:]):
        return None
    year, month, day, hour, minute, second = (int(number) for number in numbers)
    if not (1 <= month <= 12 and 1 <= day <= _days(year, month) and hour < 24 and minute < 60 and second < 60):
        return None
    part = fraction[:9].rstrip("0")
    shown = f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{'.' + part if part else ''}"
    return f"{shown} {zone or '+0000 UTC'}"


def _zone(clock: str) -> tuple[str, str]:
    """The clock without its zone, and the zone as Go prints it; empty where there is none."""
    if clock.endswith("Z"):
        return clock[:-1], "+0000 UTC"
    clock, offset = clock[:-6], clock[-6:]
    hours, minutes = offset[1:3], offset[4:6]
    if offset[:1] not in ("+", "-") or offset[3:4] != ":" or not _DIGITS.issuperset(hours + minutes):
        return clock, ""
    if int(hours) > 24 or int(minutes) > 60:
        return clock, ""
    shown = f"{offset[0]}{hours}{minutes}"
    return clock, "+0000 UTC" if int(hours + minutes) == 0 else f"{shown} {shown}"


def _days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _go_float(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    mantissa, _, exponent = f"{value!r}".partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    power = len(whole) + int(exponent or 0) - leading - 1
    digits = digits.rstrip("0") or "0"
    if digits == "0":
        return f"{sign}0"
    if power < -4 or power >= _GO_EXPONENT:
        return _scientific(sign, digits, power)
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    if len(digits) <= power + 1:
        return sign + digits + "0" * (power + 1 - len(digits))
    return f"{sign}{digits[: power + 1]}.{digits[power + 1 :]}"


def _scientific(sign: str, digits: str, power: int) -> str:
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'-' if power < 0 else '+'}{abs(power):02d}"
