"""The order of two columns in which few of the lines between them cross, and the heights at which they stand."""

from __future__ import annotations

from bisect import bisect_right, insort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    Pair: TypeAlias = tuple[int, int]  # a line, by the numbers of its ends in the left and in the right column

_SWEEPS = 12
_WALKS = 8
_MANY = 600  # lines beyond which no walk is tried: it would take seconds, and nobody sees the difference


def order(left: int, right: int, pairs: Sequence[Pair]) -> tuple[list[int], list[int]]:
    """The numbers of the left and of the right column, from the top. What is tied to nothing comes last."""
    lefts: list[int] = []
    rights: list[int] = []
    for island in _islands(left, right, pairs):
        own = [pair for pair in pairs if pair[0] in island[0]]
        better = _untangled(sorted(island[0]), sorted(island[1]), own)
        lefts += better[0]
        rights += better[1]
    return (
        lefts + sorted(set(range(left)).difference(lefts)),
        rights + sorted(set(range(right)).difference(rights)),
    )


def crossings(lefts: Sequence[int], rights: Sequence[int], pairs: Sequence[Pair]) -> int:
    """How many pairs of lines cross."""
    on_left, on_right = _places(lefts), _places(rights)
    passed: list[int] = []
    count = 0
    for _, end in sorted((on_left[one], on_right[other]) for one, other in pairs):
        count += len(passed) - bisect_right(passed, end)
        insort(passed, end)
    return count


def settle(wanted: Sequence[float], heights: Sequence[float], gap: float, top: float) -> list[float]:
    """The upper edges of boxes in a column: as near as can be to where their middles want to be, in this order."""
    # Boxes that would overlap are joined into one that stands at the mean of what its members want.
    groups: list[tuple[float, int, float]] = []  # where it wants to begin, summed over its members; how many; height
    for middle, height in zip(wanted, heights, strict=True):
        total, count, tall = middle - height / 2, 1, height + gap
        while groups and groups[-1][0] / groups[-1][1] + groups[-1][2] > total / count:
            before = groups.pop()
            total = before[0] + total - count * before[2]
            count += before[1]
            tall += before[2]
        groups.append((total, count, tall))
    found: list[float] = []
    at = top
    following = iter(heights)
    for total, count, _ in groups:
        at = max(at, total / count)
        for _ in range(count):
            found.append(at)
            at += next(following) + gap
    return found


def _untangled(lefts: list[int], rights: list[int], pairs: Sequence[Pair]) -> tuple[list[int], list[int]]:
    """The best that several beginnings lead to: the order of the file, and walks from those with the fewest lines."""
    degree = {own: sum(one == own for one, _ in pairs) for own in lefts}
    best = lefts, rights
    fewest = crossings(lefts, rights, pairs)
    walks = _WALKS if len(pairs) <= _MANY else 0
    for start in [None, *sorted(lefts, key=lambda own: (degree[own], own))[:walks]]:
        if not fewest:
            break
        walked = (lefts, rights) if start is None else _walk(start, pairs)
        better = _swept(*walked, pairs)
        count = crossings(*better, pairs)
        if count < fewest:
            best, fewest = better, count
    return best


def _walk(start: int, pairs: Sequence[Pair]) -> tuple[list[int], list[int]]:
    """Both columns in the order in which a walk along the lines meets them, the nearest first."""
    by_left: dict[int, list[int]] = {}
    by_right: dict[int, list[int]] = {}
    for one, other in pairs:
        by_left.setdefault(one, []).append(other)
        by_right.setdefault(other, []).append(one)
    lefts, rights = {start: None}, dict[int, None]()
    waiting = [start]
    for own in waiting:
        for other in sorted(by_left[own], key=lambda other: len(by_right[other])):
            if other not in rights:
                rights[other] = None
                found = [each for each in by_right[other] if each not in lefts]
                found.sort(key=lambda each: len(by_left[each]))
                lefts.update(dict.fromkeys(found))
                waiting += found
    return list(lefts), list(rights)


def _swept(lefts: list[int], rights: list[int], pairs: Sequence[Pair]) -> tuple[list[int], list[int]]:
    """The best of some rounds in which each column is sorted by the mean place of what it is tied to."""
    best = lefts, rights
    fewest = crossings(lefts, rights, pairs)
    back = [(other, one) for one, other in pairs]
    for _ in range(_SWEEPS):
        if not fewest:
            break
        rights = _switched(_by_mean(rights, back, _places(lefts)), back, _places(lefts))
        lefts = _switched(_by_mean(lefts, pairs, _places(rights)), pairs, _places(rights))
        count = crossings(lefts, rights, pairs)
        if count < fewest:
            best, fewest = (lefts, rights), count
    return best


def _switched(column: list[int], pairs: Sequence[Pair], places: dict[int, int]) -> list[int]:
    """The column after neighbours have changed places wherever that leaves fewer crossings."""
    ends: dict[int, list[int]] = {own: [] for own in column}
    for own, other in pairs:
        ends[own].append(places[other])
    for own in column:
        ends[own].sort()
    column = list(column)
    for _ in range(_SWEEPS):
        changed = False
        for at in range(len(column) - 1):
            above, below = ends[column[at]], ends[column[at + 1]]
            if _crossed(above, below) > _crossed(below, above):
                column[at], column[at + 1] = column[at + 1], column[at]
                changed = True
        if not changed:
            break
    return column


def _crossed(above: Sequence[int], below: Sequence[int]) -> int:
    """How many lines of two neighbours cross, by the sorted ends of each."""
    return sum([len(above) - bisect_right(above, end) for end in below])


def _by_mean(column: list[int], pairs: Sequence[Pair], places: dict[int, int]) -> list[int]:
    tied: dict[int, list[int]] = {}
    for own, other in pairs:
        tied.setdefault(own, []).append(places[other])
    now = _places(column)
    return sorted(column, key=lambda own: (sum(tied[own]) / len(tied[own]) if own in tied else now[own], now[own]))


def _islands(left: int, right: int, pairs: Sequence[Pair]) -> list[tuple[set[int], set[int]]]:
    """The parts that no line connects, in the order of the left column. Without what is tied to nothing."""
    parent = list(range(left + right))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for one, other in pairs:
        parent[root(left + other)] = root(one)
    found: dict[int, tuple[set[int], set[int]]] = {}
    for one, other in sorted(pairs):
        lefts, rights = found.setdefault(root(one), (set(), set()))
        lefts.add(one)
        rights.add(other)
    return list(found.values())


def _places(column: Sequence[int]) -> dict[int, int]:
    return {own: at for at, own in enumerate(column)}
