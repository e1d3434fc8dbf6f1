"""Converters of single values, each from what YAML gives to what `docker compose config` prints.

A converter returns None for what is left out. Those named `optional_…` print a zero that is written; the others leave
every zero out, as Go's `omitempty` does. All raise `ValueError` with a reason for what Compose cannot read.
"""

from __future__ import annotations

import struct

from modellint.compose.canonical.order import in_order
from modellint.compose.values.units import bytes_of, duration, duration_text, to_bool, to_float, to_int
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias, TypeGuard

    Convert: TypeAlias = Callable[[Any], Any]
    Fields: TypeAlias = dict[str, Convert]

_EXTENSIONS = "#extensions"
_PAST_INTEGERS = 1 << 63
_FLOAT32_DIGITS = 9  # always enough to tell two of them apart


def is_map(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a value is a map; YAML's maps have texts as keys."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is a list."""
    return isinstance(value, list)


def as_is(value: Any) -> Any:
    """The value itself, maps inside it sorted by key."""
    if is_map(value):
        return in_order({key: as_is(item) for key, item in value.items()})
    if is_list(value):
        return [as_is(item) for item in value]
    return value


def text(value: Any) -> str | None:
    """A text, or a number as text."""
    return compose_text(value) or None


def optional_boolean(value: Any) -> bool:
    """A boolean, or its word."""
    return to_bool(value) if isinstance(value, str) else bool(value)


def boolean(value: Any) -> bool | None:
    """A boolean, left out where it is false."""
    return optional_boolean(value) or None


def optional_integer(value: Any) -> int:
    """A whole number; a fraction is cut off. One that is too large becomes what Go makes of it."""
    number = to_int(value) if isinstance(value, str) else int(value)
    if not -_PAST_INTEGERS <= number < 2 * _PAST_INTEGERS:
        return -_PAST_INTEGERS
    return number - 2 * _PAST_INTEGERS if number >= _PAST_INTEGERS else number


def optional_unsigned(bits: int) -> Convert:
    """The same for a number without a sign, of 16, 32 or 64 bits."""

    def convert(value: Any) -> int:
        number = to_int(value) if isinstance(value, str) else int(value)
        return (number if number < 2 * _PAST_INTEGERS else _PAST_INTEGERS) % (1 << bits)

    return convert


def unsigned(bits: int) -> Convert:
    """The same, left out where it is zero."""
    convert = optional_unsigned(bits)
    return lambda value: convert(value) or None


def integer(value: Any) -> int | None:
    """A whole number, left out where it is zero."""
    return optional_integer(value) or None


def decimal(value: Any) -> float | None:
    """A number of 32 bits, in the fewest digits that tell it apart."""
    number = to_float(value) if isinstance(value, str) else float(value)
    single = _single(number)
    for digits in range(1, _FLOAT32_DIGITS + 1):
        short = float(f"{single:.{digits}g}")
        if _single(short) == single:
            return short or None
    return single


def size(value: Any) -> str | None:
    """Bytes, as text."""
    number = bytes_of(value)
    return str(number) if number else None


def optional_time(value: Any) -> str:
    """A duration in Go's form."""
    return duration_text(duration(value))


def time(value: Any) -> str | None:
    """A duration, left out where it is zero."""
    nanoseconds = duration(value)
    return duration_text(nanoseconds) if nanoseconds else None


def mode(value: Any) -> str:
    """The permissions of a file, in octal digits."""
    return f"0{int(value, 8) if isinstance(value, str) else int(value):o}"


def texts(value: Any) -> list[str] | None:
    """A list of texts; one text stands for a list of one."""
    items: list[Any] = value if is_list(value) else [value]
    return [compose_text(item) for item in items] or None


def each(convert: Convert) -> Convert:
    """A list, its items converted."""
    return lambda value: [convert(item) for item in value] or None


def entries(convert: Convert) -> Convert:
    """A map by name, its values converted."""
    return lambda value: in_order({name: convert(item) for name, item in value.items()}) or None


def pairs(value: Any) -> dict[str, str] | None:
    """A map of texts, or a list of `name=value`. What has no value is empty."""
    found = equations(value)
    return {name: found[name] or "" for name in found} or None


def equations(value: Any) -> dict[str, str | None]:
    """A map of texts, or a list of `name=value`, sorted by name. What has no value is None."""
    found: dict[str, str | None] = {}
    if is_map(value):
        free = without_extensions(value, go_text)
        found = {name: None if item is None else compose_text(item) for name, item in free.items()}
    else:
        for item in value:
            name, equals, rest = compose_text(item).partition("=")
            found[name] = rest if equals else None
    return in_order(found)


def without_extensions(value: dict[str, Any], convert: Convert) -> dict[str, Any]:
    """A map with free names as Compose has it: what begins with `x-` is gathered under one key."""
    gathered = {name: item for name, item in value.items() if name.startswith("x-")}
    if not gathered:
        return value
    return {**{name: item for name, item in value.items() if name not in gathered}, _EXTENSIONS: convert(gathered)}


def go_text(value: Any) -> str:
    """A value as Go prints it in a text: `map[a:1 b:[2 3]]`."""
    if is_map(value):
        return f"map[{' '.join(f'{name}:{go_text(value[name])}' for name in sorted(value))}]"
    if is_list(value):
        return f"[{' '.join(map(go_text, value))}]"
    return "<nil>" if value is None else compose_text(value)


def structure(fields: Fields, default: Convert | None = None) -> Convert:
    """A map with known names, printed in the order of the table, and behind them what begins with `x-`.

    `default` turns what is no map (a short form) into one.
    """

    def convert(value: Any) -> dict[str, Any] | None:
        data: dict[str, Any] = value if default is None or is_map(value) else default(value)
        found: dict[str, Any] = {}
        for name, field in fields.items():
            if data.get(name) is not None and (converted := field(data[name])) is not None:
                found[name] = converted
        return {**found, **extensions(data)}

    return convert


def filled(convert: Convert) -> Convert:
    """A structure, left out where nothing is in it."""
    return lambda value: convert(value) or None


def extensions(data: dict[str, Any]) -> dict[str, Any]:
    """The entries whose names begin with `x-`, sorted."""
    return in_order({name: as_is(value) for name, value in data.items() if name.startswith("x-")})


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The same data with every text changed, those of keys too."""
    if isinstance(value, str):
        return change(value)
    if is_list(value):
        return [with_texts(item, change) for item in value]
    if is_map(value):
        return {change(name): with_texts(item, change) for name, item in value.items()}
    return value


def _single(number: float) -> float:
    single: float = struct.unpack("f", struct.pack("f", number))[0]
    return single
