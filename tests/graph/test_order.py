"""Columns are ordered so that few lines cross, and boxes stand where they want to without overlapping."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from modellint.graph.order import crossings, order, settle

PAIRS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5)), max_size=24, unique=True)


def counted(lefts: list[int], rights: list[int], pairs: list[tuple[int, int]]) -> int:
    """The number of crossings, by looking at every two lines."""
    ends = [(lefts.index(one), rights.index(other)) for one, other in pairs]
    return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(ends, 2))


@given(PAIRS)
def test_nothing_is_lost(pairs: list[tuple[int, int]]) -> None:
    lefts, rights = order(8, 6, pairs)
    assert sorted(lefts) == list(range(8))
    assert sorted(rights) == list(range(6))


@given(PAIRS)
def test_crossings_are_counted(pairs: list[tuple[int, int]]) -> None:
    lefts, rights = order(8, 6, pairs)
    assert crossings(lefts, rights, pairs) == counted(lefts, rights, pairs)


@given(PAIRS)
def test_is_never_worse_than_the_order_of_the_file(pairs: list[tuple[int, int]]) -> None:
    lefts, rights = order(8, 6, pairs)
    assert counted(lefts, rights, pairs) <= counted(list(range(8)), list(range(6)), pairs)


def test_untangles_what_can_be_untangled() -> None:
    tangled = [(0, 3), (1, 2), (2, 1), (3, 0), (0, 2), (1, 1)]
    assert counted(*order(4, 4, tangled), tangled) == 0


def test_is_near_the_best() -> None:
    pairs = [(0, 2), (0, 4), (1, 0), (2, 3), (2, 1), (3, 4), (4, 0), (1, 3), (4, 2)]
    best = min(
        counted(list(lefts), list(rights), pairs)
        for lefts in permutations(range(5))
        for rights in permutations(range(5))
    )
    assert counted(*order(5, 5, pairs), pairs) <= best + 1


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(10, 80)), max_size=20))
def test_boxes_do_not_overlap(boxes: list[tuple[float, float]]) -> None:
    heights = [height for _, height in boxes]
    tops = settle([middle for middle, _ in boxes], heights, 10, 50)
    assert all(top >= 50 for top in tops)
    assert all(below - above >= 0 for above, below in pairwise(tops))
    for (above, below), height in zip(pairwise(tops), heights, strict=False):
        assert below >= above + height + 10 - 0.001


def test_boxes_stand_where_they_want_to() -> None:
    assert settle([100, 300], [40, 40], 10, 50) == [80, 280]
    assert settle([100, 100], [40, 40], 10, 0) == [55, 105]
