"""The lines of a file that hold a secret: no report, diff or suggestion prints them, whichever rules run.

What counts is what stands there, not what a rule says of it: a value under the name of a secret, a token in the shape
that a provider hands out, the value of a flag such as `--api-key`, a password in an address, and a private key. It is
looked for in the text, line by line, so that comments and damaged files count too, and in the nodes, which know where
a value goes on over several lines, comes from an anchor or is written with escapes. Too much is hidden rather than too
little: where nothing but a hint is lost, a guess is good enough.
"""

from __future__ import annotations

from modellint.evidence import credentials
from modellint.node import Mapping, Scalar, Sequence
from modellint.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from modellint.node import Node
    from modellint.source import Source, Span

    Word: TypeAlias = tuple[int, str]  # where it begins, and the word

MASK = "***"
# A line without any of these holds no secret that could be recognised.
_MARKS = (
    "key", "token", "secret", "pass", "pwd", "_pw", "auth", "credential", "bearer", "basic", "-u", "@", "sk-", "sk_",
    "hf_", "xai-", "nvapi-", "aiza", "r8_", "pplx-", "tvly-", "ghp_", "lsv2_",
)  # fmt: skip
_ENDS = (
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "ACCESSKEY",
    "SECRETKEY",
    "MASTERKEY",
    "SALTKEY",
    "ENCRYPTIONKEY",
    "PRIVATEKEY",
    "SIGNINGKEY",
    "AUTHKEY",
    "LICENSEKEY",
    "CREDENTIALS",
    "AUTHORIZATION",
)  # fmt: skip  of a name, without the signs between its words
_SHORT_ENDS = ("_PASS", "_PWD", "_PW")
_LONGEST_NAME = 200
_FEWEST_DIGITS = 4  # of a number that is a password
_SPACE = {ord(char): " " for char in "\"'`,;(){}[]<>|&\t\r\n\\"}
_JOINED = {ord(char): " " for char in "=:/@"}
_SCHEMES = ("bearer", "basic")  # of an `Authorization` header
_PEM = "-----BEGIN "
_PEM_KIND = "PRIVATE KEY"
_PEM_END = "-----END "
_SHORTEST = 8  # characters of a text that is looked for in messages: a shorter one is a word


class Secrets:
    """What must not be shown of one file.

    `columns`: of each line (from 1) that holds a secret, the column (from 0) from which on nothing of it is shown.
    `texts`: the secrets of a line, as far as they are known.
    """

    __slots__ = ("columns", "texts")

    def __init__(self) -> None:
        self.columns: dict[int, int] = {}
        self.texts: dict[int, set[str]] = {}

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
            self.texts.setdefault(line, set()).update(texts)

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

    def of(self, span: Span) -> set[str]:
        """The secrets that stand on the lines of a span."""
        return {text for line in self.lines(span) for text in self.texts.get(line, ())}


def without(text: str, secrets: Iterable[str]) -> str:
    """A message without secrets. One that is a word, such as `postgres`, may well mean something else and stays."""
    for each in sorted(secrets, key=len, reverse=True):
        if each in text and _is_random(each):
            text = text.replace(each, MASK)
    return text


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


def is_secret_name(name: str) -> bool:
    """Whether what has this name (a variable, a key, a flag) is a secret."""
    name = name.strip("-#$@?.!+")
    if not name or len(name) > _LONGEST_NAME:
        return False
    upper = name.upper()
    if "PUBLIC" in upper or upper.startswith("MAX"):
        return False
    flat = upper.replace("_", "").replace("-", "").replace(".", "")
    known = flat.endswith(_ENDS) or upper.endswith(_SHORT_ENDS) or upper in ("PASS", "PWD")
    return known or credentials.is_model_credential(name) or credentials.is_secret(name)


def _is_marked(lower: str) -> bool:
    return any(mark in lower for mark in _MARKS)


def _is_literal(value: str) -> bool:
    """Whether a value could be a secret: not a variable, not an alias, and nothing that stands for none."""
    value = value.strip()
    if value.isdigit():
        return len(value) >= _FEWEST_DIGITS
    return value[:1] not in ("", "$", "*", "#") and not value.endswith(":") and not credentials.is_none(value)


def _is_random(text: str) -> bool:
    digits = any(char.isdigit() for char in text)
    return len(text) >= _SHORTEST and (digits or not (text.islower() or text.isupper() or text.istitle()))


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
    private = waiting = False  # in a private key; the line before ends with a flag whose value has yet to come
    for number in range(1, len(source.line_starts()) + 1):
        line = source.line(number)
        if _PEM in line and _PEM_KIND in line:
            private = True
        if private:
            found.add(number, len(line) - len(line.lstrip()), line.strip())
            private = _PEM_END not in line
            continue
        if waiting and line.strip():
            found.add(number, len(line) - len(line.lstrip(" \t-")))
            waiting = False
        if _is_marked(line.lower()):
            for start, text in _in_text(line):
                found.add(number, start, text)
            waiting = _waits(line)


def _waits(line: str) -> bool:
    words = line.split("#")[0].translate(_SPACE).split()
    return bool(words) and _is_flag(words[-1])


def _is_flag(word: str) -> bool:
    return word.startswith("--") and "=" not in word and is_secret_name(word)


def _in_text(text: str) -> Iterator[Word]:
    """The secrets of a text, and where they begin."""
    yield from _in_addresses(text)
    words = list(_words(text))
    for at, (start, word) in enumerate(words):
        yield from _issued(start, word)
        following = words[at + 1 : at + 5]
        if value := _value(text, start, word, following):
            yield from _literal(text, value)
        elif at and words[at - 1][1].lower().strip("=:") in _SCHEMES and _is_literal(word):
            yield start, word
        elif at and words[at - 1][1] in ("-u", "--user") and ":" in word:
            password = word.partition(":")[2]
            if _is_literal(password) and not password.isdigit():
                yield start + len(word) - len(password), password


def _words(text: str) -> Iterator[Word]:
    at = 0
    for word in text.translate(_SPACE).split():
        at = text.index(word, at)
        yield at, word
        at += len(word)


def _issued(start: int, word: str) -> Iterator[Word]:
    at = 0
    for part in word.translate(_JOINED).split():
        at = word.index(part, at)
        if credentials.is_issued(part):
            yield start + at, part
        at += len(part)


def _in_addresses(text: str) -> Iterator[Word]:
    """Passwords in addresses such as `postgres://user:password@host`."""
    at = text.find("://")
    while at >= 0:
        rest = text[at + 3 : at + 3 + _LONGEST_NAME * 5]
        end = next((where for where, char in enumerate(rest) if char in " \t\"'/?#"), len(rest))
        user, _, password = rest[: rest.rfind("@", 0, end)].partition(":") if "@" in rest[:end] else ("", "", "")
        if _is_literal(password):
            yield at + 3 + len(user) + 1, password
        at = text.find("://", at + 3)


def _value(text: str, start: int, word: str, following: list[Word]) -> list[Word]:
    """The words from the one that a secret's name is given as value; empty where the word is no such name."""
    if _is_flag(word):
        return following
    if text[start - 1 : start] == "{" and "-" in word and word.partition("-")[0].rstrip(":").isidentifier():
        name, _, default = word.partition("-")  # `${NAME-default}`, `${NAME:-default}`
        return [(start + len(name) + 1, default)] if default and is_secret_name(name.rstrip(":")) else []
    at = min((where for sign in "=:" if (where := word.find(sign, 1)) > 0), default=-1)
    if at < 0:
        if following and following[0][1][0] in "=:" and is_secret_name(word):  # `"name": "value"`
            first, sign = following[0]
            return [(first + 1, sign[1:]), *following[1:]] if len(sign) > 1 else following[1:]
        return []
    if not is_secret_name(word[:at]):
        return []
    rest = word[at + 1 :]
    if rest[:1] in ("?", "+"):  # `${NAME:?message}`
        return []
    if rest:
        return [(start + at + 1, rest), *following]
    end = start + len(word)
    between = " \t[(\"'\\" if word[at] == ":" else "(\"'\\"
    return following if following and not text[end : following[0][0]].strip(between) else []


def _literal(text: str, value: list[Word]) -> Iterator[Word]:
    """The value, or the default of the variable that it is; nothing where neither stands in the file."""
    while value and value[0][1][0] in "&!" and len(value) > 1:  # an anchor, a tag
        value = value[1:]
    start, word = value[0]
    if word == "$" and text[start + 1 : start + 2] == "{":
        name, sign, default = value[1][1].partition("-") if len(value) > 1 else ("", "", "")
        if sign and name.rstrip(":").isidentifier() and _is_literal(default):
            yield value[1][0] + len(name) + 1, default
    elif word.lower() in _SCHEMES and len(value) > 1:
        yield from _literal(text, value[1:])
    elif _is_literal(word):
        yield start, word


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
                if isinstance(key, Scalar) and is_secret_name(key.text):
                    _hide_values(key.text, value, found)
        elif isinstance(node, Sequence):
            waiting += node.items
            _hide_flags(node, found)
        elif isinstance(node, Scalar):
            _hide_wrapped(node, found)


def _hide_values(name: str, node: Node, found: Secrets) -> None:
    """Hide what stands under the name of a secret."""
    for scalar in [node] if isinstance(node, Scalar) else node.items if isinstance(node, Sequence) else []:
        if isinstance(scalar, Scalar) and _holds(name, scalar.text):
            found.hide(scalar.span, _lines_of(scalar.text))


def _holds(name: str, text: str) -> bool:
    if "$" not in text:
        return _is_literal(text)
    return next(iter(_in_text(f"{name}={text}")), None) is not None


def _hide_flags(node: Sequence, found: Secrets) -> None:
    """Hide the item after `--api-key`."""
    for flag, value in zip(node.items, node.items[1:], strict=False):
        if isinstance(flag, Scalar) and isinstance(value, Scalar) and _is_flag(flag.text) and _is_literal(value.text):
            found.hide(value.span, _lines_of(value.text))


def _hide_wrapped(scalar: Scalar, found: Secrets) -> None:
    """Hide a value in which line breaks or escapes part a secret, or what it is known by."""
    written = scalar.span.text
    if "\n" in written or "\r" in written or "\\" in written:
        inside = [text for _, text in _in_text(scalar.text)]
        if inside or (_PEM in scalar.text and _PEM_KIND in scalar.text):
            found.hide(scalar.span, inside)


def _lines_of(text: str) -> Iterable[str]:
    return [line.strip() for line in text.splitlines() if len(line.strip()) >= _FEWEST_DIGITS]
