"""The diff of large texts is a diff of them, and that of small ones is the one of `difflib`."""

from __future__ import annotations

import random
from difflib import unified_diff

import pytest

from modellint.report import unified as module
from modellint.report.unified import unified

LINES = [f"line {number}\n" for number in range(400)]


def changed(choose: random.Random, lines: list[str]) -> list[str]:
    """Some lines taken out, put in and written anew."""
    found = list(lines)
    for _ in range(choose.randrange(1, 12)):
        at = choose.randrange(len(found))
        found[at : at + choose.randrange(3)] = choose.choices(
            ["new\n", "also new\n", *LINES[:5]], k=choose.randrange(3)
        )
    return found


def patched(before: list[str], diff: list[str]) -> list[str]:
    """What the diff makes of a text, as `patch` does."""
    found: list[str] = []
    at = 0
    for line in diff[2:]:
        if line.startswith("@@"):
            first, _, count = line.split()[1][1:].partition(",")
            start = int(first) - (count != "0")
            found += before[at:start]
            at = start
        elif line[0] == "+":
            found.append(line[1:])
        else:
            assert before[at] == line[1:]
            found += [line[1:]] if line[0] == " " else []
            at += 1
    return found + before[at:]


@pytest.mark.parametrize("kinds", [400, 5])
def test_a_large_diff_is_one(kinds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PLAIN", 0)
    monkeypatch.setattr(module, "_SMALL", 20)
    choose = random.Random(7)
    for _ in range(60):
        before = [LINES[number % kinds] for number in range(400)]
        after = changed(choose, before)
        diff = list(unified(before, after, "a.yaml", 3))
        assert patched(before, diff) == after if diff else before == after
    assert list(unified(LINES, LINES, "a.yaml", 3)) == []


def test_a_small_diff_is_that_of_difflib() -> None:
    choose = random.Random(7)
    for _ in range(60):
        before = LINES[:40]
        after = changed(choose, before)
        for context in (0, 3):
            expected = unified_diff(before, after, "a/x", "b/x", n=context)
            assert list(unified(before, after, "x", context)) == list(expected)
