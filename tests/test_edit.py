"""Edits change the characters they name and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modellint.text.edit import Edit, Fix, remark, rewrite, whole_lines
from modellint.text.source import Source, Span


def fix(source: Source, *edits: tuple[int, int, str]) -> Fix:
    return Fix("title", [Edit(Span(source, start, end), text) for start, end, text in edits])


# name -> the edits of each fix on `0123456789`, the text after them
REWRITTEN: dict[str, tuple[list[list[tuple[int, int, str]]], str]] = {
    "nothing": ([], "0123456789"),
    "no edits": ([[]], "0123456789"),
    "replace": ([[(2, 4, "xyz")]], "01xyz456789"),
    "delete": ([[(0, 3, "")]], "3456789"),
    "insert": ([[(3, 3, "x")]], "012x3456789"),
    "append": ([[(10, 10, "x")]], "0123456789x"),
    "in any order": ([[(8, 9, "c"), (0, 1, "a")], [(4, 5, "b")]], "a123b567c9"),
    "touching": ([[(0, 2, "a")], [(2, 4, "b")]], "ab456789"),
    "overlapping: the first wins": ([[(0, 3, "a")], [(2, 4, "b")]], "a3456789"),
    "inside: the first wins": ([[(0, 9, "a")], [(2, 4, "b")]], "a9"),
    "all of a fix or none": ([[(4, 5, "a")], [(0, 1, "b"), (4, 6, "c")]], "0123a56789"),
    "same place inserted twice": ([[(3, 3, "x")], [(3, 3, "y")]], "012x3456789"),
    "insert at the edge of a replacement": ([[(2, 4, "a")], [(4, 4, "b")], [(2, 2, "c")]], "01cab456789"),
    "insert inside a replacement": ([[(2, 6, "a")], [(4, 4, "b")]], "01a6789"),
    "replace around an insertion": ([[(4, 4, "b")], [(2, 6, "a")]], "0123b456789"),
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_rewrite(name: str) -> None:
    fixes, after = REWRITTEN[name]
    source = Source("compose.yaml", "0123456789")
    assert rewrite(source, [fix(source, *edits) for edits in fixes]) == after


def test_edits_of_other_files_are_left_alone() -> None:
    here, there = Source("a", "0123"), Source("b", "0123")
    both = Fix("title", [Edit(Span(here, 0, 1), "x"), Edit(Span(there, 1, 2), "y")])
    assert (rewrite(here, [both]), rewrite(there, [both])) == ("x123", "0y23")


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.text("ab\r\n\U0001f600", max_size=20), st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=5)
)
def test_what_no_edit_names_stays(text: str, places: list[tuple[int, int]]) -> None:
    """One fix per span, first come first served: what the taken spans leave is what remains."""
    source = Source("compose.yaml", text)
    spans = [(min(start, end, len(text)), min(max(start, end), len(text))) for start, end in places]
    taken: list[tuple[int, int]] = []
    for start, end in spans:
        if start < end and all(end <= first or last <= start for first, last in taken):
            taken.append((start, end))
    gone = {at for start, end in taken for at in range(start, end)}
    after = rewrite(source, [fix(source, (start, end, "#")) for start, end in spans if start < end])
    assert after.replace("#", "") == "".join(character for at, character in enumerate(text) if at not in gone)
    assert after.count("#") == len(taken)
    assert rewrite(source, []) == text


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("a: 1", "a: 1 # why"),
        ("a: 1\n", "a: 1 # why\n"),
        ("a: 1  \r\nb: 2\r\n", "a: 1 # why\r\nb: 2\r\n"),
        ("a: 1 # taken\n", "a: 1 # taken\n"),
        ("a: 1, b: 2\n", "a: 1, b: 2\n"),
    ],
)
def test_remark(line: str, after: str) -> None:
    """A comment goes behind a span, unless something else stands there."""
    source = Source("compose.yaml", line)
    assert rewrite(source, [Fix("title", remark(Span(source, 3, 4), "why"))]) == after


def test_remark_together_with_the_edit_before_it() -> None:
    source = Source("compose.yaml", "a: 1\n")
    span = Span(source, 3, 4)
    assert rewrite(source, [Fix("title", [Edit(span, "22"), *remark(span, "was 1")])]) == "a: 22 # was 1\n"


@pytest.mark.parametrize(
    ("text", "part", "lines"),
    [
        ("a\nbcd\ne\n", "c", "bcd\n"),
        ("a\r\nbcd\r\ne", "c", "bcd\r\n"),
        ("a\nbc", "c", "bc"),
        ("a\nb\nc\nd\n", "b\nc", "b\nc\n"),
        ("a\nb\nc\n", "b\n", "b\n"),
        ("abc", "abc", "abc"),
    ],
)
def test_whole_lines(text: str, part: str, lines: str) -> None:
    source = Source("compose.yaml", text)
    start = text.index(part)
    assert whole_lines(Span(source, start, start + len(part))).text == lines


def test_whole_line_of_an_empty_span() -> None:
    source = Source("compose.yaml", "a\nb\n")
    assert whole_lines(Span(source, 2, 2)).text == "b\n"
    assert whole_lines(Span(source, 4, 4)).text == ""
