"""Which files of a build context Docker leaves out.

As BuildKit does it (`moby/patternmatcher`, and `tonistiigi/fsutil` that walks with it): patterns begin at the root of
the context, the last one that matches decides, and what matches a folder matches all that lies below it. A pattern is
matched without `re`: a wildcard keeps the set of all places where the rest may go on, so that no pattern is slow.
Patterns without wildcards are looked up, so that many of them are not slow either.
"""

from __future__ import annotations

import os

from modellint.files import disk
from modellint.files.gitignore_patterns import LetterClass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.files.reader import Reader

    Match = Callable[[str], bool]

NAME = ".dockerignore"
MAX_PATTERNS = 2_000
_MAX_WORK = 10_000_000  # places that wildcards try, for a whole context: about a second
_TRY = 4  # places that it takes as long as to try a pattern
_ANY_FOLDERS = "**/"
_ANYTHING = "**"
_IN_NAME = "*"
_ONE = "?"
_SPECIAL = frozenset("*?[]\\")


class DockerIgnore:
    """The patterns of one file. Paths are relative to the context, with `/`.

    A line that Docker refuses leaves nothing out here.
    """

    __slots__ = ("_below", "_exact", "_exceptions", "_kept_below", "_patterns", "_tried", "_work")

    def __init__(self, text: str) -> None:
        self._work = _Work()
        self._patterns: list[_Pattern] = []
        self._exact: dict[str, list[int]] = {}  # which patterns are a path, letter by letter
        self._tried = 0  # which patterns have to be tried, as bits
        self._exceptions: list[list[str]] = []  # with wildcards
        self._kept_below: set[str] = set()  # folders in which an exception without wildcards lies
        for line in text.removeprefix("\ufeff").split("\n"):
            pattern = _pattern(line, self._work)
            if pattern is not None and len(self._patterns) >= MAX_PATTERNS:
                self._work.left = -1
                break
            if pattern is not None:
                self._add(pattern)
        self._below: dict[str, int] = {"": 0}  # of every folder asked about: which patterns match it, as bits

    @property
    def spent(self) -> bool:
        """Whether the patterns are too many or took too long: what they leave out is not known."""
        return self._work.left < 0

    def ignores(self, path: str) -> bool:
        """Whether a file or folder is left out."""
        return self._matched(path, self._folder(path.rpartition("/")[0]))[0]

    def skips(self, folder: str) -> bool:
        """Whether a folder is left out with all that lies below it: no `!` can bring any of that back."""
        if not self.ignores(folder):
            return False
        if folder in self._kept_below:
            return False
        words = folder.split("/")
        self._work.left -= _TRY * len(self._exceptions)
        return self.spent or not any(_may_reach_below(exception, words) for exception in self._exceptions)

    def _add(self, pattern: _Pattern) -> None:
        number = len(self._patterns)
        self._patterns.append(pattern)
        if pattern.match is None:
            self._exact.setdefault(pattern.text, []).append(number)
        else:
            self._tried |= 1 << number
        if pattern.exception and pattern.match is not None:
            self._exceptions.append(pattern.text.split("/"))
        elif pattern.exception:
            at = pattern.text.rfind("/")
            while at > 0 and pattern.text[:at] not in self._kept_below:
                self._kept_below.add(pattern.text[:at])
                at = pattern.text.rfind("/", 0, at)

    def _folder(self, path: str) -> int:
        if not self._patterns:
            return 0
        known = self._below.get(path)
        if known is None:
            above = 0
            at = path.find("/")
            while at >= 0:  # from the top: a deep path must not nest as many calls
                name = path[:at]
                above = self._below[name] if name in self._below else self._remember(name, above)
                at = path.find("/", at + 1)
            known = self._remember(path, above)
        return known

    def _remember(self, path: str, above: int) -> int:
        self._below[path] = self._matched(path, above)[1]
        return self._below[path]

    def _matched(self, path: str, above: int) -> tuple[bool, int]:
        """Whether a path is left out, and which patterns match it or a folder above it.

        Like BuildKit, a pattern that could change nothing is not tried, and does not count as matched below.
        """
        ignored = False
        bits = 0
        exact = sum(1 << number for number in self._exact.get(path, ()))
        left = above | exact | self._tried
        while left and not self.spent:
            bit = left & -left
            left ^= bit
            self._work.left -= _TRY
            pattern = self._patterns[bit.bit_length() - 1]
            if above & bit or (pattern.exception == ignored and (pattern.match is None or pattern.match(path))):
                ignored = not pattern.exception
                bits |= bit
        return ignored, bits


def load(folder: str, dockerfile: str, reader: Reader) -> tuple[DockerIgnore, bool]:
    """What a build leaves out of its context, and whether that could be read.

    A file that is named after the Dockerfile and lies beside it stands in for the context's own.
    """
    names = (f"{dockerfile}{NAME}", os.path.join(folder, NAME))
    path = next((name for name in names if os.path.lexists(name)), None)
    if path is None:
        return DockerIgnore(""), True
    if disk.foreign(path, folder):
        return DockerIgnore(""), False
    try:
        return DockerIgnore(reader.read(path, private=True).text), True
    except disk.Unreadable:
        return DockerIgnore(""), False


class _Work:
    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _MAX_WORK


class _Pattern:
    """`match` is None for one that is a path, letter by letter."""

    __slots__ = ("exception", "match", "text")

    def __init__(self, exception: bool, text: str, match: Match | None) -> None:
        self.exception = exception
        self.text = text
        self.match = match


def _pattern(line: str, work: _Work) -> _Pattern | None:
    if line.startswith("#"):
        return None
    text = line.strip()
    exception = text.startswith("!")
    if exception:
        text = text[1:].strip()
    if not text:
        return None
    text = _clean(text)
    if _SPECIAL.isdisjoint(text):
        return _Pattern(exception, text, None)
    match = _matcher(text, work)
    return None if match is None else _Pattern(exception, text, match)


def _clean(text: str) -> str:
    """Go's `filepath.Clean`, and without the slash at the start."""
    words: list[str] = []
    for word in text.split("/"):
        if word == ".." and words and words[-1] != "..":
            words.pop()
        elif word == ".." and text.startswith("/"):
            pass
        elif word not in ("", "."):
            words.append(word)
    return "/".join(words) or "."


def _matcher(text: str, work: _Work) -> Match | None:
    """How a pattern is matched, None for one that Docker refuses.

    The two short ways are Docker's own: a leading `**` stands for a mere ending, so that `**b` matches `ab`.
    """
    if text.startswith(_ANYTHING) and _SPECIAL.isdisjoint(text[2:]):
        ending = text[2:]
        if not ending.startswith("/"):
            return lambda path: path.endswith(ending)
        return lambda path: path.endswith(ending) or path == ending[1:]
    if text.endswith(_ANYTHING) and _SPECIAL.isdisjoint(text[:-2]):
        beginning = text[:-2]
        return lambda path: path.startswith(beginning)
    parts = _parts(text)
    if parts is None:
        return None
    first, last = parts[0], parts[-1]
    start = first[1:] if isinstance(first, str) and first.startswith("=") else ""
    end = last[1:] if isinstance(last, str) and last.startswith("=") else ""
    return lambda path: path.startswith(start) and path.endswith(end) and _runs(parts, path, work)


def _parts(text: str) -> list[str | LetterClass] | None:
    """A pattern in parts: wildcards, classes, and text after a `=`; None where Go's `filepath.Match` refuses it."""
    parts: list[str | LetterClass] = []
    letters: list[str] = []  # of a text that goes on
    at = 0
    while at < len(text):
        letter = text[at]
        if letters and letter in "*?[":
            parts.append("=" + "".join(letters))
            letters = []
        if text.startswith(_ANYTHING, at):
            at += 3 if text.startswith("/", at + 2) else 2
            part = _ANYTHING if at >= len(text) else _ANY_FOLDERS
            if part not in parts[-1:]:
                parts.append(part)
            continue
        if letter in (_IN_NAME, _ONE):
            parts.append(letter)
        elif letter == "[":
            found = _class(text, at + 1)
            if found is None:
                return None
            parts.append(found)
            at = found.end
            continue
        else:
            if letter == "\\":
                at += 1
                # Before a letter or a digit it means something else to Docker than to Go, in some versions of either.
                if at >= len(text) or text[at].isalnum():
                    return None
                letter = text[at]
            letters.append(letter)
        at += 1
    return [*parts, "=" + "".join(letters)] if letters else parts


def _class(text: str, at: int) -> LetterClass | None:
    """A class. Unlike a `?`, one that begins with `^` may match a slash: Docker hands it to a regular expression."""
    inverted = text.startswith("^", at)
    at += inverted
    ranges: list[tuple[str, str]] = []
    while at < len(text) and (text[at] != "]" or not ranges):
        low, at = _class_letter(text, at)
        high = low
        if low and text.startswith("-", at):
            high, at = _class_letter(text, at + 1)
        if not low or not high or low > high:
            return None
        ranges.append((low, high))
    return LetterClass(ranges, inverted, at + 1) if at < len(text) else None


def _class_letter(text: str, at: int) -> tuple[str, int]:
    """A letter of a class and where the next one is; an empty one where no letter may stand."""
    if text.startswith("\\", at):
        at += 1
        if text[at : at + 1].isalnum():
            return "", at
    elif text[at : at + 1] in ("-", "]", "[", "*", "?"):
        return "", at
    return text[at : at + 1], at + 1


def _runs(parts: list[str | LetterClass], path: str, work: _Work) -> bool:
    places = {0}
    size = len(path)
    for part in parts:
        if work.left < 0:
            return False
        work.left -= size if part in (_ANYTHING, _ANY_FOLDERS, _IN_NAME) else len(places) * len(part)
        if isinstance(part, LetterClass):
            places = {at + 1 for at in places if at < size and part.holds(path[at])}
        elif part[0] == "=":
            word = part[1:]
            places = {at + len(word) for at in places if path.startswith(word, at)}
        elif part == _ONE:
            places = {at + 1 for at in places if at < size and path[at] != "/"}
        elif part == _IN_NAME:
            places = _to_ends_of_names(path, places)
        elif part == _ANYTHING:
            return bool(places)
        else:
            first = min(places)
            places.update(at + 1 for at in range(first, size) if path[at] == "/")
        if not places:
            return False
    return size in places


def _to_ends_of_names(path: str, places: set[int]) -> set[int]:
    """Every place that can be reached without a slash."""
    reached: set[int] = set()
    last = -1
    for start in sorted(places):
        if start > last:
            end = path.find("/", start)
            last = len(path) if end < 0 else end
            reached.update(range(start, last + 1))
    return reached


def _may_reach_below(exception: list[str], folder: list[str]) -> bool:
    """Whether a pattern could match something below a folder; rather yes where it has wildcards."""
    for word, name in zip(exception, folder, strict=False):
        if _ANYTHING in word or ("[" in word and "^" in word):
            return True
        if _SPECIAL.isdisjoint(word) and word != name:
            return False
    return len(exception) > len(folder)
