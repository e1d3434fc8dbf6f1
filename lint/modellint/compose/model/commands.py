"""What a service runs: its command, its health check and its hooks, each as Compose and Docker read it.

- A list is the words themselves. A text is split into words by Compose, which stops at the first operator of a shell.
- The words of `command` follow those of `entrypoint`. A step of `pre_start` takes what it lacks from its service.
- The `test` of a health check is given to a shell as a text, or behind `CMD-SHELL`; behind `CMD` there are words.

Checked against Compose 5.6.1. A shell's script is told apart by words, quotes, and what stands between commands: what
stands in an expansion, and what a condition decides, is not known. What is found may run.
"""

from __future__ import annotations

from modellint.compose.model.wrappers import DEEPEST, SHELLS, assigned_name, base_name, invocation
from modellint.yaml.node import Mapping, Scalar, Sequence, scalars
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Sequence as Sequence_
    from typing import Literal, TypeAlias

    from modellint.compose.values.words import SplitText
    from modellint.text.source import Span
    from modellint.yaml.node import Node

    Role: TypeAlias = Literal["command", "healthcheck", "post_start", "pre_stop", "pre_start"]
    Entry: TypeAlias = tuple[Scalar, Node]
    Reading: TypeAlias = Callable[[Scalar], str]

_HOOKS: tuple[Role, ...] = ("post_start", "pre_stop")
_STEPS: Role = "pre_start"

_SPLIT_AT = frozenset("\"'\\`()$;&|<>")  # where Compose splits otherwise than at blanks
_BETWEEN = frozenset(";&|\n()`")  # ends a command
_BLANKS = frozenset(" \t\r<>")
_NO_PLAIN = frozenset((*_BETWEEN, *_BLANKS, '"', "'", "\\"))  # letters that may end a word, or mean another one
_BEFORE = frozenset(("if", "then", "else", "elif", "do", "while", "until", "!", "{"))
_OPERATORS = frozenset("0123456789;&|<>")
_ARGUMENTS = frozenset("@*#0123456789")  # behind a `$`
_TAKING = ("shift", "getopts")  # commands that take the arguments of a script
_NAMES = SHELLS | {"-", "--", "_"}  # what a script is given as its `$0`


class Word:
    """A word of a command. `start` is where it stands in the text of `node`, -1 where it is not there to the letter."""

    __slots__ = ("node", "start", "text")

    def __init__(self, text: str, node: Scalar, start: int) -> None:
        self.text = text
        self.node = node
        self.start = start

    @property
    def span(self) -> Span:
        """Where it stands: all of the value, where escapes or variables set the text apart from it."""
        value, end = self.node.value, self.start + len(self.text)
        is_there = self.start >= 0 and isinstance(value, str) and value[self.start : end] == self.text
        return self.node.locate(self.start, end) if is_there else self.node.content

    @property
    def shown(self) -> str:
        """The word for a message; empty where a variable may be in it, whose value is not for printing."""
        return "" if self.node.interpolated else self.text


class CommandLine:
    """The words with which Docker starts a program, or the script that it gives to a shell.

    `script` is the word that a shell takes apart, None where there is none, and `behind` are those behind it, which
    the shell calls `$0`, `$1`, … `assigned` are the names of variables that are set for it (`env A=b`). `cuts` are the
    operators at which Compose stops reading a text. `sections` are the keys that the words stand under.
    """

    __slots__ = ("_simple", "assigned", "behind", "cuts", "role", "script", "sections", "words")

    def __init__(
        self, role: Role, words: list[Word], sections: list[Entry], cuts: list[Word], is_script: bool = False
    ) -> None:
        self.role: Role = role
        self.words = words
        self.sections = sections
        self.cuts = cuts
        self.script: Word | None = None
        self.behind: list[Word] = []
        self.assigned: list[str] = []
        self._simple: list[list[Word]] | None = None
        at = 0 if is_script and words else -1
        if not is_script:
            found = invocation([word.text for word in words])
            at, self.assigned = found.script, found.assigned
        if at >= 0:
            self.script, self.behind = words[at], words[at + 1 :]

    @property
    def scalars(self) -> Iterator[Scalar]:
        """The values that the words stand in, and what else the sections hold."""
        for _, section in self.sections:
            yield from scalars(section)

    @property
    def lost(self) -> list[Word]:
        """The words behind a script that does not read its arguments. A word alone may be the name that it goes by."""
        script = self.script
        if script is None or not self.behind or not script.text.strip() or _reads_arguments(script.text):
            return []
        is_named = len(self.behind) == 1 and base_name(self.behind[0].text) in _NAMES
        return [] if is_named and _between_blanks(script.text)[1:] else self.behind

    @property
    def simple(self) -> list[list[Word]]:
        """The words of each program that runs: a script taken apart, without what only runs another program."""
        if self._simple is None:
            script = self.script
            self._simple = _bare(self.words, False, 0) if script is None else _of_script(script, 1)
        return self._simple


class Commands:
    """What a service runs. `check` is None where nothing is checked."""

    __slots__ = ("check", "hooks", "main")

    def __init__(self, main: CommandLine, check: CommandLine | None, hooks: list[CommandLine]) -> None:
        self.main = main
        self.check = check
        self.hooks = hooks

    def __iter__(self) -> Iterator[CommandLine]:
        yield self.main
        if self.check is not None:
            yield self.check
        yield from self.hooks

    @property
    def scalars(self) -> Iterator[Scalar]:
        """The values of all commands."""
        for line in self:
            yield from line.scalars


def read_commands(body: Mapping) -> Commands:
    """The commands of a service, a job or the like."""
    return _read(body, _Reader(_value))


def as_written(body: Mapping) -> Commands:
    """The commands as the file writes them, with their variables in them. What `$$` begins is no variable."""
    return _read(body, _Reader(_written))


def _read(body: Mapping, read: _Reader) -> Commands:
    entrypoint, command = body.entries.get("entrypoint"), body.entries.get("command")
    hooks: list[CommandLine] = []
    for role in _HOOKS:
        hooks += [read.line(role, [step.entries.get("command")]) for step in _maps(body.get(role))]
    for step in _maps(body.get(_STEPS)):
        given = [step.entries.get("entrypoint"), step.entries.get("command")]
        inherited = [None if own else other for own, other in zip(given, (entrypoint, command), strict=True)]
        hooks.append(read.line(_STEPS, given, inherited if any(given) else []))
    return Commands(read.line("command", [entrypoint, command]), read.check(body.get("healthcheck")), hooks)


class _Reader:
    """Reads the forms of a command, for one way to read a value."""

    __slots__ = ("_text",)

    def __init__(self, text: Reading) -> None:
        self._text = text

    def line(self, role: Role, given: list[Entry | None], inherited: Sequence_[Entry | None] = ()) -> CommandLine:
        """The words of some sections as one command; in the place of one that is not there, what is inherited."""
        cuts: list[Word] = []
        words: list[Word] = []
        for at, section in enumerate(given):
            if section is not None:
                words += self._words(section[1], cuts)
            elif at < len(inherited) and (other := inherited[at]) is not None:
                words += self._words(other[1], [])
        return CommandLine(role, words, [section for section in given if section is not None], cuts)

    def check(self, body: Node | None) -> CommandLine | None:
        """The test of a health check, unless it is switched off."""
        section = body.entries.get("test") if isinstance(body, Mapping) else None
        if section is None or not isinstance(body, Mapping) or _is_true(body.get("disable")):
            return None
        test = section[1]
        if isinstance(test, Scalar) and isinstance(test.value, str):
            return CommandLine("healthcheck", [Word(self._text(test), test, 0)], [section], [], is_script=True)
        items = self._words(test, []) if isinstance(test, Sequence) else []
        kind = items[0].text if items else ""
        words = items[1:] if kind in ("CMD", "CMD-SHELL") else []
        return CommandLine("healthcheck", words, [section], [], is_script=kind == "CMD-SHELL")

    def _words(self, node: Node | None, cuts: list[Word]) -> list[Word]:
        if isinstance(node, Sequence):
            return [Word(self._text(item), item, 0) for item in node.items if isinstance(item, Scalar)]
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return []
        text = self._text(node)
        if _SPLIT_AT.isdisjoint(text):
            return [Word(text[start:end], node, start) for start, end in _between_blanks(text)]
        found = _split(text)
        if found is None:  # Compose refuses it, and a rule says so; or what it refuses so is in a variable's default
            return [] if self._text is _value else [Word(text[at:end], node, at) for at, end in _between_blanks(text)]
        if found.cut >= 0 and text[found.cut :].strip(" \t\r\n;&"):
            cuts.append(Word(_operator(text, found.cut), node, found.cut))
        return [_placed(word, text, node, at) for word, at in zip(found.words, found.starts, strict=True)]


def _split(text: str) -> SplitText | None:
    from modellint.compose.values.words import split_text

    try:
        return split_text(text)
    except ValueError:
        return None


def _between_blanks(text: str) -> list[tuple[int, int]]:
    """Where the words of a text without quotes begin and end."""
    found: list[tuple[int, int]] = []
    at = 0
    for piece in text.replace("\t", " ").replace("\r", " ").replace("\n", " ").split(" "):
        if piece:
            found.append((at, at + len(piece)))
        at += len(piece) + 1
    return found


def _reads_arguments(script: str) -> bool:
    """Whether a script may read the words behind it: `$1`, `$@`, `${2:-x}`, or by `shift` and the like."""
    behind = [piece.removeprefix("{")[:1] for piece in script.split("$")[1:]]
    return any(sign in _ARGUMENTS for sign in behind) or any(name in script for name in _TAKING)


def _placed(word: str, text: str, node: Scalar, start: int) -> Word:
    """A word that begins at an offset, or behind the quote there; -1 where its text is not to be found as it is."""
    start += text[start : start + 1] in ("'", '"')
    return Word(word, node, start if text.startswith(word, start) else -1)


def _operator(text: str, start: int) -> str:
    """What stands where Compose stops: `&&`, `;`, `2>&1`."""
    end = start
    while end < len(text) and text[end] in _OPERATORS:
        end += 1
    return text[start:end]


def _of_script(script: Word, depth: int) -> list[list[Word]]:
    """The commands of a script, and of those in it."""
    return [command for each in _commands(script) for command in _bare(each, True, depth)]


def _bare(command: list[Word], in_script: bool, depth: int) -> list[list[Word]]:
    """A command without what stands before it and what runs it; those of a script, where it gives one to a shell."""
    at = 0
    while in_script and at < len(command) - 1 and (command[at].text in _BEFORE or assigned_name(command[at].text)):
        at += 1
    words = command[at:]
    found = invocation([word.text for word in words], in_script)
    if found.script >= 0 and depth <= DEEPEST:
        return _of_script(words[found.script], depth + 1)
    return [words[found.program :]] if words else []


def _commands(script: Word) -> list[list[Word]]:
    """The words of each command of a script."""
    text, found = script.text, list[list[Word]]([[]])
    at = 0
    while at < len(text):
        letter = text[at]
        if letter in _BETWEEN:
            found.append([])
            at += 1
        elif letter in _BLANKS:
            at += 1
        elif letter == "#":
            end = text.find("\n", at)
            at = end if end >= 0 else len(text)
        else:
            start, (word, at) = at, _word(text, at)
            placed = _placed(word, text, script.node, start)
            if placed.start >= 0:
                placed.start = placed.start + script.start if script.start >= 0 else -1
            found[-1].append(placed)
    return [command for command in found if command]


def _word(text: str, at: int) -> tuple[str, int]:
    """The word that begins at an offset, without its quotes, and where it ends."""
    end = at
    while end < len(text) and text[end] not in _NO_PLAIN:
        end += 1
    if end == len(text) or text[end] in _BLANKS or text[end] in _BETWEEN:
        return text[at:end], end  # as most words are
    letters = [text[at:end]]
    at = end
    quote = ""
    while at < len(text):
        letter = text[at]
        if letter == quote:
            quote = ""
        elif not quote and letter in "\"'":
            quote = letter
        elif letter == "\\" and quote != "'" and at + 1 < len(text):
            at += 1
            letters.append(text[at] if text[at] != "\n" else "")
        elif not quote and (letter in _BLANKS or letter in _BETWEEN):
            break
        else:
            letters.append(letter)
        at += 1
    return "".join(letters), at


def _maps(section: Node | None) -> Iterator[Mapping]:
    for item in section.items if isinstance(section, Sequence) else ():
        if isinstance(item, Mapping):
            yield item


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and compose_text(node.value) == "true"


def _value(scalar: Scalar) -> str:
    return compose_text(scalar.value)


def _written(scalar: Scalar) -> str:
    return scalar.text.replace("$$", "__")
