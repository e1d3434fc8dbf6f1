"""Verify that edits change nothing in a YAML text outside the edited places."""

from __future__ import annotations

from bisect import bisect_right
from itertools import zip_longest

from modellint.compose.variables.dotenv import DotenvError, read_dotenv
from modellint.text.source import Source
from modellint.yaml.node import Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Sequence as Several
    from typing import TypeAlias

    from modellint.compose.variables.dotenv import Entry
    from modellint.text.edit import Edit
    from modellint.yaml.builder import YamlFile
    from modellint.yaml.node import Node

    # Start and end, what is read there, how it is written, and the keys above it.
    Leaf: TypeAlias = tuple[int, int, str, str, tuple[str, ...]]
    Touch: TypeAlias = tuple[int, int]

_ELSE = "something else in the file would have changed too"
_TOUCHED = "…"  # stands for a key that an edit has written


def damage(old: YamlFile, new: YamlFile, edits: Several[Edit]) -> str:
    """Why a file is not what edits, in the order of the text, should have made of it; empty where it is.

    Every scalar that no edit touches must be there, at its place, under the keys it was under, and no other may be.
    """
    if old.problems:
        return "the file has syntax errors; fix them first"
    if new.problems:
        return f"the file could not be read after the fix ({new.problems[0].message})"
    cut = [(edit.span.start, edit.span.end) for edit in edits]
    put = written(edits)
    # From an offset on, how far the text has moved.
    shifts = [(cut_end, put_end - cut_end) for (_, cut_end), (_, put_end) in zip(cut, put, strict=True)]
    kept = (_moved(leaf, shifts) for leaf in _leaves(old.documents, cut))
    same = all(one == other for one, other in zip_longest(kept, _leaves(new.documents, put)))
    return "" if same else _ELSE


def written(edits: Several[Edit]) -> list[Touch]:
    """Where the texts of edits stand that were made together, in the order of the text."""
    put: list[Touch] = []
    moved = 0
    for edit in edits:
        put.append((edit.span.start + moved, edit.span.start + moved + len(edit.text)))
        moved += len(edit.text) - (edit.span.end - edit.span.start)
    return put


def env_file_damage(source: Source, after: str, edits: Iterable[Edit]) -> str:
    """The same for an env file: nothing but the values that edits write may change."""
    edits = list(edits)
    try:
        old, new = read_dotenv(source, {}), read_dotenv(Source(source.path, after), {})
    except DotenvError:
        return "the env file could not be read after the fix"
    touched = {entry.name for entry in old for edit in edits if _within(edit, entry)}
    kept = [(entry.name, entry.name in touched or entry.value) for entry in old]
    same = kept == [(each.name, each.name in touched or each.value) for each in new]
    return "" if same else _ELSE


def _within(edit: Edit, entry: Entry) -> bool:
    written = entry.written
    return written is not None and written.start <= edit.span.start and edit.span.end <= written.end


def _moved(leaf: Leaf, shifts: list[tuple[int, int]]) -> Leaf:
    at = bisect_right(shifts, (leaf[0], 1 << 62)) - 1
    by = shifts[at][1] if at >= 0 else 0
    return leaf[0] + by, leaf[1] + by, *leaf[2:]


def _leaves(documents: Iterable[Node], touched: list[Touch]) -> Iterator[Leaf]:
    """The scalars that nothing touches, each once, where it is written and not where aliases repeat it."""
    seen: set[int] = set()
    waiting: list[tuple[Node, tuple[str, ...]]] = [(root, (str(at),)) for at, root in enumerate(documents)]
    waiting.reverse()  # from the top of the file down
    starts = [start for start, _ in touched]
    longest = max((end - start for start, end in touched), default=0)

    def hit(node: Scalar) -> bool:
        at = bisect_right(starts, node.end) - 1
        while at >= 0 and starts[at] + longest >= node.start:
            if touched[at][1] >= node.start:
                return True
            at -= 1
        return False

    while waiting:
        node, path = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Scalar):
            if not hit(node):
                yield node.start, node.end, node.text, f"{node.style}{node.tag}{node.anchor}", path
        elif isinstance(node, Sequence):
            waiting += [(item, (*path, "-")) for item in reversed(node.items)]
        else:
            for key, value in reversed(node.pairs):
                name = key.text if isinstance(key, Scalar) and not hit(key) else _TOUCHED
                waiting += [(value, (*path, name)), (key, path)]
