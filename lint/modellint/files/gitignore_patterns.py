"""The patterns of one `.gitignore` file, matched as git matches them (git, `dir.c` and `wildmatch.c`).

The last pattern that matches a path decides. No pattern is slow, and neither are many: most are found by a look-up of
the letters that they begin or end with, and the others are matched without `re`, by going on from the last `*` only.
"""

from __future__ import annotations

from modellint.files import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Token: TypeAlias = "str | LetterClass"  # of a part between slashes: a letter, `?`, `*`, or a class
    Part: TypeAlias = "list[Token] | None"  # None for `**`

_MAX_WORK = 2_000_000  # letters compared and patterns tried, for one walk: about a second
_SPECIAL = "*?[\\"
_ONE = ""  # any letter but a slash; a letter that is written is never empty
_MANY = "**"  # any number of letters but a slash
_CLASSES = {
    "alnum": ("09", "AZ", "az"), "alpha": ("AZ", "az"), "blank": ("  ", "\t\t"), "cntrl": ("\0\x1f", "\x7f\x7f"),
    "digit": ("09",), "graph": ("!~",), "lower": ("az",), "print": (" ~",), "punct": ("!/", ":@", "[`", "{~"),
    "space": ("\t\r", "  "), "upper": ("AZ",), "xdigit": ("09", "AF", "af"),
}  # fmt: skip


class Work:
    """What matching may still cost, for a whole walk."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _MAX_WORK


class GitIgnore:
    """The patterns of one file. Paths are relative to its folder, with `/`."""

    __slots__ = ("_names", "_path", "_paths")

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._names = _Index(stars_pass_slashes=False)  # of patterns without a slash: they match the end of a path
        self._paths = _Index(stars_pass_slashes=True)
        lines = {line: number for number, line in enumerate(text.split("\n"))}  # of equal ones the last decides
        for line, number in sorted(lines.items(), key=lambda item: item[1]):
            self._add(line, number)

    def leaves_out(self, path: str, is_folder: bool, work: Work) -> bool | None:
        """Whether the last pattern that matches leaves a path out; None where none does.

        Raises `disk.Unreadable` for the file where that takes more work than is left.
        """
        path = _bytes(path)
        number = self._names.last(path.rpartition("/")[2], is_folder, -1, work)
        number = self._paths.last(path, is_folder, number, work)
        if work.left < 0:
            reason = "contains too many patterns for this many directories; specify the files to check"
            raise disk.Unreadable(self._path, reason)
        return None if number < 0 else not number & 1

    def _add(self, line: str, number: int) -> None:
        line = line.removesuffix("\r")
        if line.startswith("#"):
            return
        text = _bytes(_trimmed(line))
        negative = text.startswith("!")
        text = text[negative:]
        only_folders = text.endswith("/")
        text = text[: len(text) - only_folders]
        if text:
            index = self._paths if "/" in text else self._names
            index.add(text.removeprefix("/"), number * 2 + negative, only_folders)


class _Index:
    """Patterns by the letters that they begin or end with; each with its number, which is odd where it has a `!`."""

    __slots__ = ("_exact", "_heads", "_rest", "_stars_pass_slashes", "_tails")

    def __init__(self, stars_pass_slashes: bool) -> None:
        self._stars_pass_slashes = stars_pass_slashes
        self._exact: dict[
            str, tuple[int, int]
        ] = {}  # the numbers of the last for anything, and of the last for folders
        self._heads: dict[int, dict[str, list[_Pattern]]] = {}  # by length
        self._tails: dict[int, dict[str, list[_Pattern]]] = {}
        self._rest: list[_Pattern] = []

    def add(self, text: str, number: int, only_folders: bool) -> None:
        """Add a pattern; its number is above those before."""
        first = next((at for at, letter in enumerate(text) if letter in _SPECIAL), -1)
        if first < 0:
            known = self._exact.get(text, (-1, -1))
            self._exact[text] = (known[0] if only_folders else number, number)
            return
        last = max(text.rfind(letter) for letter in "*?]\\")
        tail = "" if text[last] == "\\" else text[last + 1 :].removeprefix("/")  # a `**/` may stand for nothing
        pattern = _Pattern(text[:first], text[first:], tail, number, only_folders, self._stars_pass_slashes)
        if first:
            self._heads.setdefault(first, {}).setdefault(pattern.head, []).append(pattern)
        elif pattern.tail:
            self._tails.setdefault(len(pattern.tail), {}).setdefault(pattern.tail, []).append(pattern)
        else:
            self._rest.append(pattern)

    def last(self, name: str, is_folder: bool, best: int, work: Work) -> int:
        """The number of the last pattern that matches, where it is above another."""
        best = max(best, self._exact.get(name, (-1, -1))[is_folder])
        best = _last(self._rest, name, is_folder, best, work)
        for size, patterns in self._heads.items():
            work.left -= 1
            best = _last(patterns.get(name[:size], ()), name, is_folder, best, work)
        for size, patterns in self._tails.items():
            work.left -= 1
            best = _last(patterns.get(name[-size:], ()), name, is_folder, best, work)
        return best


def _last(patterns: list[_Pattern] | tuple[()], name: str, is_folder: bool, best: int, work: Work) -> int:
    for pattern in reversed(patterns):
        work.left -= 1
        if pattern.number <= best or work.left < 0:
            break
        if (is_folder or not pattern.only_folders) and pattern.matches(name, work):
            return pattern.number
    return best


class _Pattern:
    """A pattern with wildcards, behind the letters of its `head`. `tail` are the letters behind the last of them."""

    __slots__ = ("_parts", "_stars_pass_slashes", "_text", "head", "number", "only_folders", "tail")

    def __init__(
        self, head: str, text: str, tail: str, number: int, only_folders: bool, stars_pass_slashes: bool
    ) -> None:
        self._text = text
        self._stars_pass_slashes = stars_pass_slashes
        self._parts: list[Part] | None = None
        self.head = head
        self.tail = tail
        self.number = number
        self.only_folders = only_folders

    def matches(self, name: str, work: Work) -> bool:
        """Whether a name that begins with the head matches. As in git, `a**/b` is `a`, and then `**/b`."""
        if not name.endswith(self.tail):
            return False
        if self._parts is None:
            work.left -= len(self._text)
            self._parts = _parts(self._text, self._stars_pass_slashes)
        return bool(self._parts) and _fits(self._parts, name[len(self.head) :].split("/"), work)


def _bytes(text: str) -> str:
    """A text with a letter for each byte: git compares bytes, and a `?` is one."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _trimmed(line: str) -> str:
    """A line without the blanks at its end, of which a backslash keeps one."""
    kept = line.rstrip(" ")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return line[: len(kept) + 1] if backslashes % 2 else kept


def _parts(text: str, stars_pass_slashes: bool) -> list[Part]:
    """A pattern in parts, at its slashes; none where git takes it for one that matches nothing."""
    parts: list[Part] = []
    here: list[Token] = []
    at = 0
    while at < len(text):
        letter = text[at]
        begin = at
        at += 1
        if letter == "*":
            while text.startswith("*", at):
                at += 1
            alone = not here and (begin == 0 or text[begin - 1] == "/")
            if stars_pass_slashes and at - begin > 1 and alone and text.startswith(("/", "\\/"), at):
                at += 2 if text[at] == "\\" else 1
                if parts[-1:] != [None]:
                    parts.append(None)
            elif stars_pass_slashes and at - begin > 1 and alone and at == len(text):
                return [*parts, None]
            else:
                here.append(_MANY)
        elif letter == "?":
            here.append(_ONE)
        elif letter == "[":
            found = _class(text, at)
            if found is None:
                return []
            here.append(found)
            at = found.end
        else:
            if letter == "\\":
                if at == len(text):
                    return []
                letter = text[at]
                at += 1
            if letter == "/":
                parts.append(here)
                here = []
            else:
                here.append(letter)
    return [*parts, here]


class LetterClass:
    """A `[a-z]`, and where it ends."""

    __slots__ = ("_inverted", "_ranges", "end")

    def __init__(self, ranges: list[tuple[str, str]], inverted: bool, end: int) -> None:
        self._ranges = ranges
        self._inverted = inverted
        self.end = end

    def __len__(self) -> int:
        """How many comparisons it takes."""
        return len(self._ranges)

    def holds(self, letter: str) -> bool:
        """Whether a letter is one of the class."""
        return any(low <= letter <= high for low, high in self._ranges) != self._inverted


def _class(text: str, at: int) -> LetterClass | None:
    """The class that begins behind the `[` before an offset; None where git finds no end to it."""
    inverted = text.startswith(("!", "^"), at)
    at += inverted
    ranges: list[tuple[str, str]] = []
    before = ""  # the letter that a `-` may begin a range with
    first = True
    while at < len(text) and (first or text[at] != "]"):
        first = False
        letter = text[at]
        if letter == "-" and before and text[at + 1 : at + 2] not in ("", "]"):
            at += 1 + (text[at + 1] == "\\")
            ranges.append((before, text[at : at + 1]))
            before = ""
        elif text.startswith("[:", at) and (close := text.find("]", at + 2)) > at + 2 and text[close - 1] == ":":
            named = _CLASSES.get(text[at + 2 : close - 1])
            if named is None:
                return None
            ranges.extend((pair[0], pair[1]) for pair in named)
            before, at = "", close
        elif text.startswith("[:", at) and "]" not in text[at + 2 :]:
            return None
        else:
            at += letter == "\\"
            before = text[at : at + 1]
            ranges.append((before, before))
        at += 1
    return LetterClass(ranges, inverted, at + 1) if at < len(text) else None


def _fits(parts: list[Part], names: list[str], work: Work) -> bool:
    """Whether the parts of a pattern match the parts of a path. Only the last `**` is ever tried again."""
    part = name = 0
    star = begun = -1
    while name < len(names):
        here = parts[part] if part < len(parts) else []
        if here is None:
            star, begun = part, name
            part += 1
            if part == len(parts):
                return True
        elif part < len(parts) and _fits_name(here, names[name], work):
            part += 1
            name += 1
        elif star >= 0:
            begun += 1
            part, name = star + 1, begun
        else:
            return False
    return part == len(parts)


def _fits_name(tokens: list[Token], name: str, work: Work) -> bool:
    """Whether a part of a pattern matches a name. Only the last `*` is ever tried again."""
    token = at = 0
    star = begun = -1
    size = len(tokens)
    while at < len(name):
        work.left -= 1
        here = tokens[token] if token < size else None
        if here == _MANY:
            star, begun = token, at
            token += 1
        elif here is not None and _holds(here, name[at], work):
            token += 1
            at += 1
        elif star >= 0:
            begun += 1
            token, at = star + 1, begun
        else:
            return False
        if work.left < 0:
            return False
    while token < size and tokens[token] == _MANY:
        token += 1
    return token == size


def _holds(token: Token, letter: str, work: Work) -> bool:
    if isinstance(token, str):
        return token in (_ONE, letter)
    work.left -= len(token)
    return token.holds(letter)
