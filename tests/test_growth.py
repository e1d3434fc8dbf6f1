"""No rule, reader, fix or picture takes more than n log n steps, whatever there is many of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from counting import growing, steps


def pairs(n: int) -> list[tuple[int, int]]:
    return [(one, other) for one in range(n) for other in range(n)]


def in_order(n: int) -> list[int]:
    found: list[int] = []
    for number in range(n):
        found.append(number)  # noqa: PERF402
    return found


def called(n: int) -> None:
    for number in range(n):
        in_order(number)


def grows(work: Callable[[int], object]) -> list[str]:
    """The names of the functions that grow too fast while some work is done at three sizes."""
    few, more, most = (steps(partial(work, size)) for size in (16, 32, 64))
    return [line.partition(": ")[0] for line in growing(few, more, most, least=100)]


def test_what_grows_faster_is_named() -> None:
    assert not grows(in_order)
    assert grows(pairs)
    assert grows(called) == ["tests/test_growth.py:in_order"]
