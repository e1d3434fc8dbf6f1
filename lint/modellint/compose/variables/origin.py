"""Which variables have a value that comes, wholly or in part, from outside some env files: from the shell."""

from __future__ import annotations

from modellint.compose.variables.dotenv import DotenvError, read_dotenv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from modellint.text.source import Source

_MARK = "\0from outside\0"  # in place of every value of the shell; no file that is read can write it in one line
_MOST_ROUNDS = 8  # env files that take up what others took up


def marked(sources: Iterable[Source], shell: Iterable[str]) -> frozenset[str] | None:
    """The names of the shell and those that env files make of its values, however these are written into theirs.

    The files are read as they are otherwise, with a mark as each value of the shell: what has the mark then, has a
    value of the shell in earnest. None where it cannot be told.
    """
    texts = {source.text: source for source in sources if "$" in source.text or "\\" in source.text}
    names = set(shell)
    for _ in range(_MOST_ROUNDS):
        outer = dict.fromkeys(names, _MARK)
        found: dict[str, str] = {}
        for source in texts.values():
            try:
                entries = read_dotenv(source, outer, earlier=found)
            except DotenvError:
                return None
            for entry in entries:
                if entry.value is not None:
                    found[entry.name] = entry.value
                    if _MARK in entry.value:
                        names.add(entry.name)
        if len(names) == len(outer):
            return frozenset(names)
    return None
