"""JSON documents of registries, read within bounds.

A short text can be a large object: `[{},{},…]` takes twenty times its size. So the values of a document are counted
before it is read, and only one is read at a time.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, TypeVar

from modellint.registry.failure import Failure
from modellint.registry.large_bodies import LARGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.registry.deadline import Deadline
    from modellint.registry.large_bodies import SerialWorker

_MOST_VALUES = 1 << 17
_LONG = 1 << 20  # bytes; beyond that a document is plain ASCII, because one wide character makes all of a text wide
_T = TypeVar("_T")
_one_at_a_time = threading.Lock()


def read(data: bytearray, use: Callable[[object], _T], room: SerialWorker, budget: Deadline) -> _T:
    """What becomes of a document. Its bytes are gone afterwards. Raises `Failure`."""
    if len(data) > LARGE:
        return room.run(lambda: _read(data, use), budget)
    return _read(data, use)


def _read(data: bytearray, use: Callable[[object], _T]) -> _T:
    if sum(map(data.count, b",{[")) > _MOST_VALUES or (len(data) > _LONG and (not data.isascii() or b"\\u" in data)):
        raise Failure("too-big", "the registry sent a document that is too complex")
    with _one_at_a_time:
        try:
            text = data.decode()
            data.clear()
            return use(json.loads(text))
        except (ValueError, RecursionError):  # also an `artifact.NotAManifest`
            raise Failure(
                "not-a-manifest", "the registry returned a document that does not describe an artifact"
            ) from None
