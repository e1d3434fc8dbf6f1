"""Values of JSON documents that others wrote: what has the expected type, and something empty for all else."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def as_object(value: object) -> dict[str, Any]:
    """The value as an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def as_array(value: object) -> list[Any]:
    """The value as an array; an empty one for anything else."""
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]


def as_text(value: object) -> str:
    """The value as text; empty for anything else."""
    return value if isinstance(value, str) else ""


def as_count(value: object) -> int:
    """The value as a whole number from 1 up; 0 for anything else, `true` too."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
