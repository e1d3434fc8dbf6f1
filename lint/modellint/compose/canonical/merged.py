"""Lay canonical data over canonical data, as Compose merges a `pre_start` step with its service."""

from __future__ import annotations

from modellint.compose.canonical.order import in_order
from modellint.compose.canonical.values import is_list, is_map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAPS = frozenset((
    "annotations", "driver_opts", "environment", "labels", "models", "networks", "options", "storage_opt", "sysctls",
    "ulimits",
))  # fmt: skip


def laid(base: Any, over: Any, name: str) -> Any:
    """What stands under a name, over what stood there: maps and lists are joined, all else is replaced."""
    if is_list(base) and is_list(over):
        return [*base, *(item for item in over if item not in base)]
    if over is None and is_map(base):
        return base
    if not (is_map(base) and is_map(over)) or (name == "logging" and _is_other_driver(base, over)):
        return over
    joined = {**base, **{key: laid(base.get(key), value, key) for key, value in over.items()}}
    return in_order(joined) if name in _MAPS else joined


def _is_other_driver(base: dict[str, Any], over: dict[str, Any]) -> bool:
    return "driver" in base and "driver" in over and base["driver"] != over["driver"]
