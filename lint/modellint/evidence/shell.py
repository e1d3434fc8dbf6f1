"""What a shell script runs and reads, by the grammar of Bash (tree-sitter). Imported only where there is a script."""

from __future__ import annotations

import tree_sitter_bash
from tree_sitter import Language, Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

_PARSER = Parser(Language(tree_sitter_bash.language()))
_LONGEST = 1 << 16  # characters of a script
_DEEPEST = 8  # scripts inside scripts
_MOST_NODES = 200_000
_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh"))
_WRAPPERS = frozenset(
    (
        "exec", "env", "time", "timeout", "nohup", "sudo", "xargs", "tini", "dumb-init", "gosu", "su-exec", "nice",
        "stdbuf", "command", "builtin", "catatonit",
    )
)  # fmt: skip
_TAKES_WORD = frozenset(("timeout", "gosu", "su-exec"))  # the first word behind it is not the command
_SETS = frozenset(("read", "getopts", "mapfile", "readarray", "export", "declare", "local", "readonly", "typeset"))
_ASSIGNMENTS = ("variable_assignment", "for_statement", "c_style_for_statement", "select_statement")
_EXPANSIONS = ("simple_expansion", "expansion")
_DEFAULTS = frozenset(("-", ":-", "=", ":=", "+", ":+"))
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class Word:
    """A word of a command: its text without quotes, expansions as they are written. Offsets count code points."""

    __slots__ = ("end", "literal", "start", "text")

    def __init__(self, text: str, start: int, end: int, literal: bool) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.literal = literal  # nothing in it is expanded or substituted


class Command:
    """A simple command, its name first; assignments before it and redirections are no words."""

    __slots__ = ("words",)

    def __init__(self, words: list[Word]) -> None:
        self.words = words

    @property
    def name(self) -> str:
        """The last part of the path of its program."""
        return self.words[0].text.rpartition("/")[2] if self.words else ""


class Expansion:
    """A variable that is read. `start` and `end` are those of its name."""

    __slots__ = ("defaulted", "end", "name", "start")

    def __init__(self, name: str, start: int, end: int, defaulted: bool) -> None:
        self.name = name
        self.start = start
        self.end = end
        self.defaulted = defaulted  # it has a meaning when it is unset: `${NAME:-value}`


class Script:
    """What a script runs, reads and sets. `sourced`: variables may come from a file or a text that is not known."""

    __slots__ = ("assigned", "commands", "damaged", "expansions", "sourced", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.commands: list[Command] = []
        self.expansions: list[Expansion] = []
        self.assigned: set[str] = set()
        self.sourced = False
        self.damaged = False  # the grammar found a mistake; what was understood is here all the same


def read_script(text: str) -> Script:
    """Read a script. One that is too long to be one is damaged and empty."""
    script = Script(text)
    _read(script, text, 0, 0)
    script.expansions.sort(key=lambda found: found.start)
    return script


def of_words(words: Sequence[str]) -> list[tuple[int, Script]]:
    """The script that a list of words gives to a shell, with its place in the list: `["sh", "-c", SCRIPT]`."""
    at = 0
    while at < len(words) and words[at].rpartition("/")[2] in _WRAPPERS:
        wrapper = words[at].rpartition("/")[2]
        at += 1
        while at < len(words) and (words[at].startswith("-") or "=" in words[at]):
            at += 1
        at += wrapper in _TAKES_WORD
    if at < len(words) and words[at].rpartition("/")[2] in _SHELLS:
        for flag in range(at + 1, len(words) - 1):
            if not words[flag].startswith("-"):
                break
            if words[flag].endswith("c") and not words[flag].startswith("--"):
                return [(flag + 1, read_script(words[flag + 1]))]
    return []


def _read(script: Script, text: str, offset: int, depth: int) -> None:
    """Add what a text says, which begins at an offset of the script."""
    if len(text) > _LONGEST or depth > _DEEPEST:
        script.damaged = True
        return
    data = text.encode("utf-8", "replace")
    places = _places(text, data, offset)
    root = _PARSER.parse(data).root_node
    script.damaged = script.damaged or root.has_error
    waiting: list[Node] = [root]
    left = _MOST_NODES
    while waiting and left > 0:
        node = waiting.pop()
        left -= 1
        waiting.extend(reversed(node.children))
        kind = node.type
        if kind in ("command", "array"):
            _command(script, node, data, places, depth)
        elif kind in _EXPANSIONS:
            _expansion(script, node, data, places)
        elif kind in _ASSIGNMENTS:
            script.assigned.update(_text(child, data) for child in node.children if child.type == "variable_name")
        elif kind == "declaration_command":
            names = (child for child in node.children if child.type in ("variable_name", "word"))
            script.assigned.update(_text(child, data) for child in names)
        elif kind == "variable_name" and node.parent is not None and node.parent.type.endswith("_expression"):
            script.expansions.append(
                Expansion(_text(node, data), places[node.start_byte], places[node.end_byte], False)
            )


def _places(text: str, data: bytes, offset: int) -> Sequence[int]:
    """The offset in the script of every byte of a text."""
    if len(text) == len(data):
        return range(offset, offset + len(text) + 1)
    places: list[int] = []
    for at, character in enumerate(text):
        places.extend([offset + at] * len(character.encode("utf-8", "replace")))
    return [*places, offset + len(text)]


def _command(script: Script, node: Node, data: bytes, places: Sequence[int], depth: int) -> None:
    """A command, or the words of an array, which `"${command[@]}"` runs."""
    skipped = ("variable_assignment", "file_redirect", "heredoc_redirect", "herestring_redirect", "(", ")")
    nodes = [child for child in node.children if child.type not in skipped]
    if not nodes:
        return
    words = [_word(child, data, places) for child in nodes]
    _take(script, words, nodes, data, places, depth)


def _take(script: Script, words: list[Word], nodes: list[Node], data: bytes, places: Sequence[int], depth: int) -> None:
    command = Command(words)
    script.commands.append(command)
    name = command.name
    if name in _SETS or (name == "printf" and len(words) > 2 and words[1].text == "-v"):
        script.assigned.update(word.text for word in words[1:] if _NAME.issuperset(word.text))
    if name in (".", "source") or (name == "set" and any("a" in word.text for word in words[1:2])):
        script.sourced = True
    inner = _inner(words)
    if inner is not None:
        word, node = words[inner], nodes[inner]
        if node.type == "raw_string":  # in double quotes, what the inner script reads is already expanded here
            _read(script, word.text, word.start + 1, depth + 1)
        elif word.literal:
            _read(script, word.text, word.start + (node.type == "string"), depth + 1)
        script.sourced = script.sourced or (name == "eval" and not word.literal)
    elif name in _WRAPPERS:
        at = 1
        while at < len(words) and (words[at].text.startswith("-") or "=" in words[at].text):
            at += 1
        at += name in _TAKES_WORD
        if at < len(words):
            _take(script, words[at:], nodes[at:], data, places, depth)


def _inner(words: list[Word]) -> int | None:
    """The word that is a script: of `sh -c` and `eval`."""
    name = words[0].text.rpartition("/")[2]
    if name == "eval":
        return 1 if len(words) > 1 else None
    if name in _SHELLS:
        for at in range(1, len(words) - 1):
            if not words[at].text.startswith("-"):
                return None
            if words[at].text.endswith("c") and not words[at].text.startswith("--"):
                return at + 1
    return None


def _word(node: Node, data: bytes, places: Sequence[int]) -> Word:
    text, literal = _plain(node, data)
    return Word(text, places[node.start_byte], places[node.end_byte], literal)


def _plain(node: Node, data: bytes) -> tuple[str, bool]:
    """The text of a word without its quotes, and whether nothing in it is expanded."""
    kind = node.type
    if kind == "raw_string":
        return _text(node, data)[1:-1], True
    if kind == "string":
        inside = data[node.start_byte + 1 : node.end_byte - 1].decode("utf-8", "replace")
        literal = all(child.type in ('"', "string_content") for child in node.children)
        return (_unescaped(inside) if literal and "\\" in inside else inside), literal
    if kind in ("command_name", "concatenation"):
        parts = [_plain(child, data) for child in node.children]
        return "".join(part for part, _ in parts), all(literal for _, literal in parts)
    text = _text(node, data)
    if kind in ("word", "number"):
        return (text.replace("\\", "") if "\\" in text else text), True
    return text, False


def _unescaped(text: str) -> str:
    for escaped in ('\\"', "\\$", "\\`", "\\\\"):
        text = text.replace(escaped, escaped[1])
    return text


def _expansion(script: Script, node: Node, data: bytes, places: Sequence[int]) -> None:
    names = [child for child in node.children if child.type == "variable_name"]
    signs = {_text(child, data) for child in node.children if not child.is_named}
    for name in names[:1]:
        found = Expansion(
            _text(name, data), places[name.start_byte], places[name.end_byte], not _DEFAULTS.isdisjoint(signs)
        )
        script.expansions.append(found)


def _text(node: Node, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def invoked_script(command: Command) -> str:
    """The path of the script file that a command runs or sources; empty where it runs none that is written out."""
    words = command.words
    name = command.name
    if name in _SHELLS or name in (".", "source"):
        words = [word for word in words[1:] if not word.text.startswith("-")]
    for word in words[:1]:
        if word.literal and (word.text.endswith((".sh", ".bash")) or word.text.startswith("./")):
            return word.text
    return ""
