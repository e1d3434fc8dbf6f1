"""YAML as `docker compose config` writes it (go-yaml): its quotes, its line breaks, its indentation.

What a YAML library of Python writes means the same, and differs in a quote or a line break on nearly every page.
"""

from __future__ import annotations

from modellint.compose.canonical.scalars import written
from modellint.compose.canonical.values import is_list, is_map, with_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def document(data: dict[str, Any]) -> str:
    """The YAML text of what `canonical` returns, in its order of keys."""
    # Compose doubles each `$` in the finished text: a line breaks where it would break with one.
    single: dict[str, Any] = with_texts(data, lambda text: text.replace("$$", "$"))
    return "".join(f"{line}\n" for line in _mapping(single, 0)).replace("$", "$$")


def _mapping(data: dict[str, Any], indent: int) -> Iterator[str]:
    for name, value in data.items():
        key = " " * indent + written(name, indent, indent, is_key=True) + ":"
        if is_map(value) and value:
            yield key
            yield from _mapping(value, indent + 2)
        elif is_list(value) and value:
            yield key
            yield from _sequence(value, indent + 2)
        else:
            yield f"{key} {_leaf(value, len(key) + 1, indent + 2)}"


def _sequence(items: list[Any], indent: int) -> Iterator[str]:
    dash = " " * indent + "- "
    for item in items:
        if is_map(item) and item:
            yield from _behind(dash, _mapping(item, indent + 2))
        elif is_list(item) and item:
            yield from _behind(dash, _sequence(item, indent + 2))
        else:
            yield dash + _leaf(item, indent + 2, indent + 2)


def _behind(dash: str, lines: Iterator[str]) -> Iterator[str]:
    """The lines below a dash, the first of them behind it."""
    yield dash + next(lines)[len(dash) :]
    yield from lines


def _leaf(value: Any, column: int, indent: int) -> str:
    if is_map(value) or is_list(value):
        return "{}" if is_map(value) else "[]"
    return written(value, column, indent)
