"""The commands that a service runs, told apart as a shell does: by words, quotes, and what stands between commands.

It is no shell: what stands in an expansion, and what a condition decides, is not known. What is found may run.
"""

from __future__ import annotations

from modellint.yaml.node import Mapping, Scalar, Sequence, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.project import Service
    from modellint.text.source import Span
    from modellint.yaml.node import Node

_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh"))
_BETWEEN = frozenset(";&|\n()`")  # ends a command
_BLANKS = frozenset(" \t\r<>")
_NO_PLAIN = frozenset((*_BETWEEN, *_BLANKS, '"', "'", "\\"))  # letters that may end a word, or mean another one
_BEFORE = frozenset(
    ("if", "then", "else", "elif", "do", "while", "until", "!", "{", "exec", "time", "sudo", "command", "nohup")
)
_HOOKS = ("post_start", "pre_stop", "pre_start")


class Word:
    """A word of a command. `start` is where it stands in the value of `node`."""

    __slots__ = ("node", "start", "text")

    def __init__(self, text: str, node: Scalar, start: int) -> None:
        self.text = text
        self.node = node
        self.start = start

    @property
    def span(self) -> Span:
        """Where it stands: all of the value, where escapes or variables set the text apart from it."""
        value, end = self.node.value, self.start + len(self.text)
        is_there = isinstance(value, str) and value[self.start : end] == self.text
        return self.node.locate(self.start, end) if is_there else self.node.content

    @property
    def shown(self) -> str:
        """The word for a message; empty where a variable may be in it, whose value is not for printing."""
        return "" if self.node.interpolated else self.text


def commands(service: Service) -> list[list[Word]]:
    """The commands of a service: its own and those of its hooks, scripts taken apart."""
    body = service.body
    found = _of_argv([*_argv(body.get("entrypoint")), *_argv(body.get("command"))])
    for key in _HOOKS:
        steps = body.get(key)
        for step in steps if isinstance(steps, Sequence) else ():
            if isinstance(step, Mapping):
                found += _of_argv(_argv(step.get("command")))
    return found


def _argv(node: Node | None) -> list[Word]:
    if isinstance(node, Sequence):
        return [Word(text_of(item) or "", item, 0) for item in node if isinstance(item, Scalar)]
    text = text_of(node)
    if not isinstance(node, Scalar) or text is None:
        return []
    return [word for command in _split(text, node, 0, False) for word in command]


def _of_argv(argv: list[Word]) -> list[list[Word]]:
    """A command, or those of the script that it gives to a shell."""
    for at, word in enumerate(argv[:-2]):
        option = argv[at + 1].text
        if word.text.rpartition("/")[2] in _SHELLS and option[:1] == "-" and option[-1:] == "c":
            script = argv[at + 2]
            return [_bare(command) for command in _split(script.text, script.node, script.start, True)]
    return [_bare(argv)] if argv else []


def _bare(command: list[Word]) -> list[Word]:
    """A command without what may stand before it: a keyword, and variables that are set for it."""
    at = 0
    while at < len(command) - 1 and (command[at].text in _BEFORE or _is_assignment(command[at].text)):
        at += 1
    return command[at:]


def _is_assignment(text: str) -> bool:
    name, equals, _ = text.partition("=")
    return bool(equals) and name.replace("_", "a").isalnum()


def _split(text: str, node: Scalar, offset: int, script: bool) -> list[list[Word]]:
    """The words of a text, in one command where it is no script."""
    found: list[list[Word]] = [[]]
    at = 0
    while at < len(text):
        letter = text[at]
        if script and letter in _BETWEEN:
            found.append([])
            at += 1
        elif letter in _BLANKS or letter == "\n":
            at += 1
        elif script and letter == "#":
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        else:
            start, (word, at) = at, _word(text, at, script)
            quoted = letter in "\"'" and text[start + 1 : start + 1 + len(word)] == word
            found[-1].append(Word(word, node, offset + start + quoted))
    return [command for command in found if command]


def _word(text: str, at: int, script: bool) -> tuple[str, int]:
    """The word that begins at an offset, without its quotes, and where it ends."""
    end = at
    while end < len(text) and text[end] not in _NO_PLAIN:
        end += 1
    if end == len(text) or text[end] in _BLANKS or text[end] == "\n" or (script and text[end] in _BETWEEN):
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
        elif not quote and (letter in _BLANKS or letter == "\n" or (script and letter in _BETWEEN)):
            break
        else:
            letters.append(letter)
        at += 1
    return "".join(letters), at
