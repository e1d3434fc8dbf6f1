"""A unified diff of two texts, in time that stays in proportion to them.

`difflib` alone finds the best diff, and takes the square of the number of lines for it where many of them are alike.
"""

from __future__ import annotations

from bisect import bisect_left
from difflib import Match, SequenceMatcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    Lines: TypeAlias = Sequence[str]
    Area: TypeAlias = tuple[int, int, int, int]  # lines of the first text from and to, and of the second

_PLAIN = 1_000  # lines of the two texts that are left to `difflib`
_SMALL = 2_500  # pairs of lines of an area that are left to `difflib`
_DEEPEST = 20  # areas within one another


def unified(before: Lines, after: Lines, name: str, context: int) -> Iterator[str]:
    """The lines of the diff, with the line ends of the texts. Nothing where the texts are equal."""
    large = len(before) + len(after) > _PLAIN
    matcher = _Large(before, after) if large else SequenceMatcher(None, before, after)
    head = [f"--- a/{name}\n", f"+++ b/{name}\n"]
    for group in matcher.get_grouped_opcodes(context):
        yield from head
        head = []
        (_, first, _, other, _), (_, _, end, _, other_end) = group[0], group[-1]
        yield f"@@ -{_range(first, end)} +{_range(other, other_end)} @@\n"
        for tag, start, stop, new_start, new_stop in group:
            if tag == "equal":
                yield from (f" {line}" for line in before[start:stop])
            else:
                yield from (f"-{line}" for line in before[start:stop])
                yield from (f"+{line}" for line in after[new_start:new_stop])


class _Large(SequenceMatcher[str]):
    def __init__(self, before: Lines, after: Lines) -> None:
        super().__init__(None, (), ())
        self.a, self.b = before, after
        self._blocks = [*_matches(before, after), Match(len(before), len(after), 0)]

    def get_matching_blocks(self) -> list[Match]:
        return self._blocks


def _range(start: int, stop: int) -> str:
    """The number of the first line and how many there are, as `diff -u` writes them."""
    if stop - start == 1:
        return f"{start + 1}"
    return f"{start + 1 if stop > start else start},{stop - start}"


def _matches(before: Lines, after: Lines) -> list[Match]:
    """What both texts have, in order: first what they begin and end with, then lines that are alone of their kind."""
    found: list[tuple[int, int, int]] = []
    areas: list[tuple[Area, int]] = [((0, len(before), 0, len(after)), 0)]
    while areas:
        (low, high, new_low, new_high), depth = areas.pop()
        start = low
        while low < high and new_low < new_high and before[low] == after[new_low]:
            low, new_low = low + 1, new_low + 1
        found.append((start, new_low - (low - start), low - start))
        end = high
        while low < high and new_low < new_high and before[high - 1] == after[new_high - 1]:
            high, new_high = high - 1, new_high - 1
        found.append((high, new_high, end - high))
        if (high - low) * (new_high - new_low) <= _SMALL:
            inner = SequenceMatcher(None, before[low:high], after[new_low:new_high], autojunk=False)
            found += [(low + each.a, new_low + each.b, each.size) for each in inner.get_matching_blocks()]
        elif depth < _DEEPEST:
            for at, new in [*_alone(before, after, (low, high, new_low, new_high)), (high, new_high)]:
                areas.append(((low, at, new_low, new), depth + 1))
                low, new_low = at, new
    return _joined(sorted(each for each in found if each[2]))


def _alone(before: Lines, after: Lines, area: Area) -> list[tuple[int, int]]:
    """The longest row of lines that stand once in each text, and in the same order (the "patience" of Bram Cohen)."""
    old, new = _once(before, area[0], area[1]), _once(after, area[2], area[3])
    pairs = [(at, new[line]) for line, at in old.items() if line in new]
    ends: list[int] = []  # of the rows of each length: the smallest line of the second text that one ends with
    last: list[int] = []  # the number of that pair
    before_it: list[int] = []
    for number, (_, at) in enumerate(pairs):
        length = bisect_left(ends, at)
        before_it.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [at]
        last[length : length + 1] = [number]
    row: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        row.append(pairs[number])
        number = before_it[number]
    return row[::-1]


def _once(lines: Lines, start: int, end: int) -> dict[str, int]:
    """Where the lines stand that occur once."""
    found: dict[str, int] = {}
    for at in range(start, end):
        found[lines[at]] = -1 if lines[at] in found else at
    return {line: at for line, at in found.items() if at >= 0}


def _joined(blocks: list[tuple[int, int, int]]) -> list[Match]:
    """The blocks, those that follow one another made one."""
    found: list[Match] = []
    for at, new, size in blocks:
        if found and (found[-1].a + found[-1].size, found[-1].b + found[-1].size) == (at, new):
            found[-1] = Match(found[-1].a, found[-1].b, found[-1].size + size)
        else:
            found.append(Match(at, new, size))
    return found
