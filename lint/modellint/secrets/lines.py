"""The lines of a file that contain a secret: no report, diff or suggestion prints them, whichever rules run.

What counts is what stands there, not what a rule says of it: a value under the name of a secret, a token in the shape
that a provider hands out, the value of a flag such as `--api-key`, a password in an address, and a private key. It is
looked for in the text, line by line, so that comments and damaged files count too, and in the nodes, which know where
a value goes on over several lines, comes from an anchor or is written with escapes. Too much is hidden rather than too
little: where nothing but a hint is lost, a guess is good enough.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from modellint.secrets import programs
from modellint.secrets.names import LIKELY, MARKS, NONE, SURE, hook, is_issued, is_secret, secrecy
from modellint.secrets.texts import MASK, Texts
from modellint.yaml.node import Mapping, Scalar, Sequence
from modellint.yaml.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from modellint.text.source import Source, Span
    from modellint.yaml.node import Node

    Word: TypeAlias = tuple[int, str]  # where it begins, and the word

_SPACE = {ord(char): " " for char in "\"'`,;(){}[]<>|&\t\r\n\\"}
_JOINED = {ord(char): " " for char in "=:/@"}
_SCHEMES = ("bearer", "basic")  # of an `Authorization` header
_PEM = "-----BEGIN "
_PEM_KIND = "PRIVATE KEY"
_PEM_END = "-----END "
_ALL_MARKS = (*MARKS, *programs.MARKS)
_SHORTEST = 8  # characters of a text that is looked for in messages: a shorter one is a word
_FEWEST = 4  # characters of a line of a secret that is
_LONGEST_USER = 1_000  # characters of the user and the password in an address


class Secrets:
    """What must not be shown of one file.

    `columns`: of each line (from 1) that holds a secret, the column (from 0) from which on nothing of it is shown.
    `texts`: the secrets of a line, as far as they are known.
    """

    __slots__ = ("columns", "texts")

    def __init__(self) -> None:
        self.columns: dict[int, int] = {}
        self.texts: dict[int, Texts] = {}

    def hide(self, span: Span, texts: Iterable[str] = ()) -> None:
        """Hide each line of a span from where it begins; `texts` are the secrets that it holds."""
        first, column = span.first
        last = span.last[0]
        self.add(first, column - 1, *texts)
        for line in range(first + 1, last + 1):
            text = span.source.line(line)
            self.add(line, len(text) - len(text.lstrip()))

    def add(self, line: int, column: int, *texts: str) -> None:
        """Hide a line from a column on, because of texts there."""
        self.columns[line] = min(column, self.columns.get(line, column))
        if texts:
            self.texts.setdefault(line, Texts()).add(texts)

    def lines(self, span: Span) -> list[int]:
        """The lines of a span that hold a secret."""
        if not self.columns:
            return []
        first, last = span.first[0], span.last[0]
        if last - first > len(self.columns):
            return [line for line in self.columns if first <= line <= last]
        return [line for line in range(first, last + 1) if line in self.columns]

    def masked(self, line: int, text: str) -> str:
        """The text of a line with the secret, and what follows it, masked."""
        return text[: self.columns[line]] + MASK if line in self.columns else text

    def of(self, span: Span) -> list[Texts]:
        """The secrets that stand on the lines of a span."""
        return [self.texts[line] for line in self.lines(span) if line in self.texts]


def without(text: str, secrets: Iterable[Texts]) -> str:
    """A message without secrets."""
    for each in secrets:
        text = each.masked(text)
    return text


def masked_text(text: str) -> str:
    """A text that is shown by itself, such as a label of a picture, with what follows its first secret masked."""
    start = min((at for at, _ in _in_text(text)), default=-1) if _is_marked(text.lower()) else -1
    return text if start < 0 else text[:start] + MASK


def masked_scalar(node: Scalar) -> str:
    """A scalar as it is written, without what is hidden of the lines that it stands on."""
    return without(masked_text(node.shown), secrets_of(node.source).of(node.span))


def secrets_of(source: Source) -> Secrets:
    """The secrets of a file; they are looked for once."""
    known = source.secrets
    if isinstance(known, Secrets):
        return known
    found = Secrets()
    source.secrets = found
    if source.private:
        _hide_settings(source, found)
    elif _is_marked(source.text.lower()):
        _search_lines(source, found)
        if source.documents is None:
            parse(source)
        _search_nodes(source, found)
    return found


def _is_marked(lower: str) -> bool:
    for mark in _ALL_MARKS:  # noqa: SIM110 - every file comes by here, and this takes half the time of `any`
        if mark in lower:
            return True
    return False


def _hide_settings(source: Source, found: Secrets) -> None:
    """Hide every value of an env file, and what else is no name and no comment: a value that goes on."""
    for number in range(1, len(source.line_starts()) + 1):
        name, sign, value = source.line(number).partition("=")
        value = value.strip()
        if value:
            found.add(number, len(name) + 1, *([value.strip("\"'")] if len(value) >= _SHORTEST else []))
        elif not sign and name.strip() and not name.strip().isidentifier() and not name.lstrip().startswith("#"):
            found.add(number, 0)


def _search_lines(source: Source, found: Secrets) -> None:
    """Look at each line as text."""
    private = False  # in a private key
    waiting = NONE  # what the flag at the end of the line before says of the value that has yet to come
    for number in range(1, len(source.line_starts()) + 1):
        line = source.line(number)
        if _PEM in line and _PEM_KIND in line:
            private = True
        if private:
            found.add(number, len(line) - len(line.lstrip()), line.strip())
            private = _PEM_END not in line
            continue
        if waiting and line.strip():
            value = line.strip(" \t\r-\"',[]")
            if waiting == SURE or is_secret(value, waiting):
                found.add(number, len(line) - len(line.lstrip(" \t-")))
            waiting = NONE
        if _is_marked(line.lower()):
            for start, text in _in_text(line):
                found.add(number, start, text)
            waiting = _waits(line)


def _waits(line: str) -> int:
    words = line.split("#")[0].translate(_SPACE).split()
    return _of_flag(words[-1]) if words else NONE


def _of_flag(word: str) -> int:
    """What a flag whose value is the next word says of it."""
    return secrecy(word) if word.startswith("--") and "=" not in word else NONE


def _in_text(text: str) -> Iterator[Word]:
    """The secrets of a text, and where they begin."""
    yield from _in_addresses(text)
    words = list(_words(text))
    yield from programs.given(words, text)
    for at, (start, word) in enumerate(words):
        yield from _issued(start, word)
        following = words[at + 1 : at + 5]
        name, value = _value(text, start, word, following)
        query = word.find("?") + 1
        if not value and 1 < query < word.rfind("="):  # of an address; what follows an `&` is a word of its own
            name, value = _value(text, start + query, word[query:], following)
        if value:
            yield from _literal(text, value, name)
        elif at and words[at - 1][1].lower().strip("=:") in _SCHEMES and is_secret(word, SURE) and word[0] != "$":
            yield start, word
        elif at and words[at - 1][1] in ("-u", "--user") and ":" in word:
            yield from _behind_colon(start, word)
        elif word.startswith("-u") and ":" in word:
            yield from _behind_colon(start + 2, word[2:])


def _behind_colon(start: int, word: str) -> Iterator[Word]:
    """The password of `user:password`, where it is none of the numbers of a group."""
    password = word.partition(":")[2]
    if is_secret(password, SURE) and not password.isdigit() and password[0] != "$":
        yield start + len(word) - len(password), password


def _words(text: str) -> Iterator[Word]:
    at = 0
    for word in text.translate(_SPACE).split():
        at = text.index(word, at)
        yield at, word
        at += len(word)


def _issued(start: int, word: str) -> Iterator[Word]:
    if (at := hook(word)) >= 0 and len(word) > at:
        yield start + at, word[at:]
    at = 0
    for part in word.translate(_JOINED).split():
        at = word.index(part, at)
        if is_issued(part):
            yield start + at, part
        at += len(part)


def _in_addresses(text: str) -> Iterator[Word]:
    """Passwords in addresses such as `postgres://user:password@host`, and tokens that stand for the user.

    An address without a scheme counts where its password looks random: `user:password@tcp(host)`.
    """
    at = text.find("://")
    while at >= 0:
        rest = text[at + 3 : at + 3 + _LONGEST_USER]
        end = next((where for where, char in enumerate(rest) if char in " \t\"'/?#"), len(rest))
        user, colon, password = rest[: rest.rfind("@", 0, end)].partition(":") if "@" in rest[:end] else ("", "", "")
        if _is_written(password):
            yield at + 3 + len(user) + 1, password
        elif not colon and len(user) >= 2 * _SHORTEST and is_secret(user, LIKELY):
            yield at + 3, user
        at = text.find("://", at + 3)
    for start, word in _words(text) if "@" in text else ():
        where = word.rfind("@")
        user, _, password = word[:where].partition(":")
        is_user = where > 0 and "/" not in user and not word.startswith("sha", where + 1)
        if is_user and "//" not in password and is_secret(password, LIKELY):
            yield start + len(user) + 1, password


def _is_written(password: str) -> bool:
    return password[:1] not in ("", "$", "*", "#") and not password.endswith(":") and is_secret(password, SURE)


def _value(text: str, start: int, word: str, following: list[Word]) -> tuple[int, list[Word]]:
    """What a name says of its value, and the words from the value on; none where the word is no name of a secret."""
    if (name := _of_flag(word)) != NONE:
        return name, following
    if text[start - 1 : start] == "{" and "-" in word and word.partition("-")[0].rstrip(":").isidentifier():
        variable, _, default = word.partition("-")  # `${NAME-default}`, `${NAME:-default}`
        name = secrecy(variable.rstrip(":"))
        return name, [(start + len(variable) + 1, default)] if default and name else []
    at = min((where for sign in "=:" if (where := word.find(sign, 1)) > 0), default=-1)
    if at < 0:
        if following and following[0][1][0] in "=:" and (name := secrecy(word)):  # `"name": "value"`
            first, sign = following[0]
            return name, [(first + 1, sign[1:]), *following[1:]] if len(sign) > 1 else following[1:]
        return NONE, []
    name = secrecy(word[:at])
    rest = word[at + 1 :]
    if name == NONE or rest[:1] in ("?", "+"):  # `${NAME:?message}`
        return NONE, []
    if rest:
        return name, [(start + at + 1, rest), *following]
    end = start + len(word)
    between = " \t[(\"'\\" if word[at] == ":" else "(\"'\\"
    return name, following if following and not text[end : following[0][0]].strip(between) else []


def _literal(text: str, value: list[Word], name: int) -> Iterator[Word]:
    """The value, or the default of the variable that it is; nothing where neither stands in the file."""
    while value and value[0][1][0] in "&!" and len(value) > 1:  # an anchor, a tag
        value = value[1:]
    start, word = value[0]
    if word[0] == "$":
        yield from _around_variable(text, start, name)
    elif word.lower() in _SCHEMES and len(value) > 1:
        yield from _literal(text, value[1:], name)
    elif word[0] in "*#" and text[start - 1 : start] not in ('"', "'"):  # an alias, a comment
        return
    elif not word.endswith(":") and is_secret(word, name):
        yield start, word


def _around_variable(text: str, start: int, name: int) -> Iterator[Word]:
    """What a value that begins with a variable holds besides: a default, what is set in its place, what follows."""
    written = text[start:].split()[0].rstrip("\"',]")
    if written.startswith("$$"):
        of_shell = written[2:3] in ("", "(", "{") or written[2:].replace("_", "").isupper()
        if not of_shell and is_secret(written[2:], name):
            yield start, written
        return
    braces = written.split("${") if written.startswith("${") else []
    for part in braces[1:]:
        inner, _, behind = part.partition("}")
        operator = next((at for at, char in enumerate(inner) if char in ":-+?"), -1)
        operand = inner[operator + 1 :].lstrip("-+") if operator >= 0 else ""
        for each in (operand if inner[operator:].lstrip(":")[:1] in ("-", "+") else "", behind.strip("}")):
            if each and each[0] not in "$?" and is_secret(each, name):
                yield start, written


def _search_nodes(source: Source, found: Secrets) -> None:
    """Look at the values as YAML reads them, each once."""
    seen: set[int] = set()
    waiting: list[object] = list(source.documents or ())
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            for key, value in node.pairs:
                waiting += (key, value)
                if isinstance(key, Scalar) and (name := secrecy(key.text)):
                    _hide_values(key.text, name, value, found)
        elif isinstance(node, Sequence):
            waiting += node.items
            _hide_flags(node, found)
        elif isinstance(node, Scalar):
            _hide_wrapped(node, found)


def _hide_values(key: str, name: int, node: Node, found: Secrets) -> None:
    """Hide what stands under the name of a secret."""
    for scalar in [node] if isinstance(node, Scalar) else node.items if isinstance(node, Sequence) else []:
        if isinstance(scalar, Scalar) and _holds(key, name, scalar.text):
            found.hide(scalar.span, _lines_of(scalar.text))


def _holds(key: str, name: int, text: str) -> bool:
    if "$" not in text:
        return is_secret(text.strip(), name)
    return next(iter(_in_text(f"{key}={text}")), None) is not None


def _hide_flags(node: Sequence, found: Secrets) -> None:
    """Hide the item after `--api-key`, and what the program that a list calls is given."""
    for flag, value in zip(node.items, node.items[1:], strict=False):
        name = _of_flag(flag.text) if isinstance(flag, Scalar) else NONE
        if isinstance(value, Scalar) and value.text[:1] != "$" and is_secret(value.text.strip(), name):
            found.hide(value.span, _lines_of(value.text))
    items = [item for item in node.items if isinstance(item, Scalar) and item.text]
    starts = [*accumulate((len(item.text) for item in items), initial=0)]
    for start, text in programs.given([*zip(starts, (item.text for item in items), strict=False)]):
        found.hide(items[bisect_right(starts, start) - 1].span, _lines_of(text))


def _hide_wrapped(scalar: Scalar, found: Secrets) -> None:
    """Hide a value in which line breaks or escapes part a secret, or what it is known by."""
    written = scalar.span.text
    if "\n" in written or "\r" in written or "\\" in written:
        inside = [text for _, text in _in_text(scalar.text)]
        if inside or (_PEM in scalar.text and _PEM_KIND in scalar.text):
            found.hide(scalar.span, inside)


def _lines_of(text: str) -> Iterable[str]:
    return [line.strip() for line in text.splitlines() if len(line.strip()) >= _FEWEST]
