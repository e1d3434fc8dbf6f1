"""The variables that a shell script reads and the commands that it runs, by the Bash grammar (tree-sitter).

Offsets count code points of the script's text. Nothing is run and nothing is looked up: what is said of a word is what
its letters say. Import this module only where a script is to be read: the grammar costs more than a check of models.
"""

from __future__ import annotations

from time import perf_counter

import tree_sitter_bash
from tree_sitter import Language, Parser

from modellint.compose.model.wrappers import (
    DEEPEST,
    SHELLS,
    base_name,
    invocation,
    script_operand,
    shell_operand,
    takes_next,
    target,
    wrapped,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tree_sitter import Node, Point, Tree

_LONGEST = 1 << 14  # characters of a script; one four times as long, made to hurt, takes the parser 800 MB
# The parser's error recovery grows with the square of what is open: 60 KB of `a|` take it a minute and 12 GB, and it
# cannot be stopped there.
_MOST_PIPES = 1500
_MOST_BACKTICKS = 256
# A script that is well formed is read in less than ten chunks and 20 ms; one that is not may take minutes.
_MOST_CHUNKS = 400
_MOST_SECONDS = 1.0

_LANGUAGE = Language(tree_sitter_bash.language())

_DEFAULTING = frozenset((":-", "-", ":=", "=", ":+", "+"))
_ASSIGNING = frozenset((":=", "="))
_REQUIRING = frozenset((":?", "?"))
_SPECIAL = frozenset("@*#?-$!0123456789")  # parameters that are not variables
_RAW = frozenset(("raw_string", "ansi_c_string", "comment", "heredoc_start", "heredoc_end"))
_REDIRECTS = frozenset(("file_redirect", "herestring_redirect", "heredoc_redirect"))
_NO_WORDS = frozenset(("ERROR", "comment", "\n"))
_COMMANDS = frozenset(("command", "declaration_command", "unset_command"))
_SUBSTITUTIONS = frozenset(("command_substitution", "process_substitution"))
_PATTERNS = frozenset(("regex", "extglob_pattern"))
_SPANS = _SUBSTITUTIONS | {"simple_expansion", "expansion", "arithmetic_expansion"}
_QUOTING = frozenset("'\"\\$`(")
_SIGNS = frozenset("'\"\\$`")
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_COMPARING = frozenset(("==", "!=", "<=", ">="))
_ESCAPES = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE_DIGITS = {"x": 2, "u": 4, "U": 8}

_SUFFIXES = (".sh", ".bash", ".ash", ".dash", ".ksh", ".zsh")
_DECLARING = frozenset(("export", "readonly", "declare", "typeset", "local"))
_OWNING = frozenset(("declare", "typeset", "local"))  # a name without a value is the script's own, too


# Options of the commands that set variables which take a word.
_READ_VALUED = frozenset(("-d", "-i", "-n", "-N", "-p", "-t", "-u"))
_MAPFILE_VALUED = frozenset(("-d", "-n", "-O", "-s", "-u", "-C", "-c"))


class ShellWord:
    """One word of a command.

    `text` is what the shell makes of it as far as that is known: without quotes and backslashes, its parts joined, what
    is expanded kept as it is written. `start` and `end` are its place in the script's text, quotes included. A word
    that is `literal` holds no expansion and no substitution; patterns, braces and `~` are letters like any other.
    """

    __slots__ = ("end", "literal", "start", "text")

    def __init__(self, text: str, start: int, end: int, literal: bool) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.literal = literal


class ShellCommand:
    """A simple command. Redirections and the assignments in front of it are not among its `words`.

    `assigned` are the names of those assignments, of those that a wrapper before it (`env A=b cmd`) makes, too.
    """

    __slots__ = ("assigned", "words")

    def __init__(self, words: list[ShellWord], assigned: list[str]) -> None:
        self.words = words
        self.assigned = assigned

    @property
    def name(self) -> str:
        """The last path component of the first word."""
        return base_name(self.words[0].text) if self.words else ""


class Expansion:
    """A variable that is read. `start` and `end` are the place of its name alone.

    One that is `defaulted` (`-`, `=`, `+`, with or without `:`) works when it is unset; a `required` one (`?`) says
    that it does not. With `indirect` (`${!NAME}`) the value names the variable that is read.
    """

    __slots__ = ("defaulted", "end", "indirect", "name", "required", "start")

    def __init__(
        self,
        name: str,
        start: int,
        end: int,
        defaulted: bool = False,
        required: bool = False,
        indirect: bool = False,
    ) -> None:
        self.name = name
        self.start = start
        self.end = end
        self.defaulted = defaulted
        self.required = required
        self.indirect = indirect


class Script:
    """What a script reads and runs, in the order of its text, the scripts in it (`sh -c '…'`) included.

    `assigned` holds every name that it sets anywhere, `${NAME:=default}` included. One that is `sourced` may get names
    from elsewhere: it runs `.`, `source` or an `eval` of something not literal, or sets `-a`. Of one that is `damaged`,
    the grammar understood only a part; where it is too long or nested too deeply, nothing.

    `[`, `[[` and `((` are tests, not commands. The elements of an array are a command, whatever it is for.
    """

    __slots__ = ("assigned", "commands", "damaged", "expansions", "sourced", "text")

    def __init__(
        self,
        text: str,
        commands: list[ShellCommand],
        expansions: list[Expansion],
        assigned: frozenset[str],
        sourced: bool,
        damaged: bool,
    ) -> None:
        self.text = text
        self.commands = commands
        self.expansions = expansions
        self.assigned = assigned
        self.sourced = sourced
        self.damaged = damaged


def read_script(text: str) -> Script:
    """What a script reads and runs. Never raises: of a text that is no script, little is understood."""
    found = _Found()
    try:
        if "\r\n" in text:
            places: Sequence[int] = [at for at in range(len(text)) if not text.startswith("\r\n", at)]
            _Reading(text.replace("\r\n", "\n"), places, b"", found, 0).read()
        else:
            _Reading(text, range(len(text)), b"", found, 0).read()
    except _TooMuch:
        return Script(text, [], [], frozenset(), False, True)
    found.commands.sort(key=_first)
    expansions = [found.expansions[start] for start in sorted(found.expansions)]
    return Script(text, found.commands, expansions, frozenset(found.assigned), found.sourced, found.damaged)


def of_words(words: Sequence[str]) -> list[tuple[int, Script]]:
    """The scripts in the words of a command that no shell has to take apart: `["sh", "-c", "echo $A"]`.

    Every script comes with the index of its word. Names that `env` sets for it count as its own.
    """
    found = invocation(words)
    if found.script < 0:
        return []
    script = read_script(words[found.script])
    script.assigned = script.assigned.union(found.assigned)
    return [(found.script, script)]


def invoked_scripts(command: ShellCommand) -> str | None:
    """Path of the script file that a command runs, as it is written there; None where it is not known or there is none.

    A shell's and `source`'s operand is one, whatever its name. A command is taken for one if it ends like one, or if it
    is a path without a suffix and no program of a `bin` folder; only the file itself can say. What is without a folder
    (`start.sh`) is looked up in the `PATH`, too.
    """
    words = command.words
    if not words or not words[0].literal:
        return None
    text = words[0].text
    if command.name in SHELLS:
        operand = shell_operand([word.text for word in words])
        if operand is None or operand[1]:
            return None
        return _literal(words[operand[0]])
    if text in (".", "source"):
        operands = [word for word in words[1:] if word.text != "--"]
        return _literal(operands[0]) if operands else None
    if text.endswith(_SUFFIXES):
        return text
    folder, slash, name = text.rpartition("/")
    if not slash or not name or "." in name or folder.endswith("bin"):
        return None
    return text


class _TooMuch(Exception):
    """The script is longer, deeper or harder to read than any that is meant to run."""


class _Found:
    """What has been found so far, in a script and those in it."""

    __slots__ = ("assigned", "commands", "damaged", "deadline", "expansions", "sourced")

    def __init__(self) -> None:
        self.commands: list[ShellCommand] = []
        self.expansions: dict[int, Expansion] = {}  # by start: what the grammar missed may be met twice
        self.assigned: set[str] = set()
        self.sourced = False
        self.damaged = False
        self.deadline = perf_counter() + _MOST_SECONDS


class _Budget:
    """Hands the text to the parser, and stops it when it reads too much of it again."""

    __slots__ = ("chunks", "data", "deadline")

    def __init__(self, data: bytes, deadline: float) -> None:
        self.data = data
        self.deadline = deadline
        self.chunks = 0

    def read(self, offset: int, _: Point) -> bytes:
        self.chunks += 1
        return self.data[offset:]

    def spent(self, _offset: int, _failed: bool) -> bool:
        return self.chunks > _MOST_CHUNKS or perf_counter() > self.deadline


class _Reading:
    """One script that is read: the whole text, or the one that stands in a word of another.

    `places` are the offsets of its characters in the text of the outermost. `filled` tells what the script around it
    fills in, and has read already: 1 for the first character of an expansion there, 2 for the others.
    """

    __slots__ = ("depth", "extra", "filled", "found", "places", "text")

    def __init__(self, text: str, places: Sequence[int], filled: bytes, found: _Found, depth: int) -> None:
        self.text = text
        self.places = places
        self.filled = filled
        self.found = found
        self.depth = depth
        self.extra: dict[int, list[Node]] = {}  # words of a command that stand behind a redirection

    def read(self) -> None:
        """Find all there is."""
        if self.depth > DEEPEST:
            raise _TooMuch
        root = _parse(self.text, self.found.deadline).root_node
        self.found.damaged |= root.has_error
        pending = [(root, self.depth, False)]
        while pending:
            node, depth, counts = pending.pop()
            kind = node.type
            if kind in _RAW:
                continue
            if kind in _SUBSTITUTIONS:
                depth += 1
                counts = False
                if depth > DEEPEST:
                    raise _TooMuch
                tick = self.text.find("`", node.start_byte, node.start_byte + 1)
                if tick >= 0 and self.text.find("\\", tick, node.end_byte) >= 0:
                    in_quotes = node.parent is not None and node.parent.type == "string"
                    self._backticks(tick + 1, node.end_byte - 1, depth, '\\$`"' if in_quotes else "\\$`")
                    continue
            elif kind in _COMMANDS:
                self._command(node.children + self.extra.pop(node.id, []), depth)
            elif kind == "array":
                # `"${cmd[@]}"` runs its elements; which arrays are run that way, only a run can tell.
                self._command(node.children[1:-1], depth, is_array=True)
            elif kind == "redirected_statement":
                self._behind_redirections(node)
            elif kind == "simple_expansion" or kind == "expansion":
                self._expansion(node)
                counts = False
            elif kind == "arithmetic_expansion" or kind == "c_style_for_statement":
                counts = True
            elif kind == "compound_statement":
                counts = node.children[0].type == "(("
            elif kind == "for_statement":
                self._assigned(node.child_by_field_name("variable"))
            elif kind == "do_group":
                counts = False
            children = node.children
            if kind == "heredoc_body":
                children = self._heredoc(node, depth)
            if not children:
                if counts and kind in ("variable_name", "word"):
                    self._read(node.start_byte, node.end_byte)
                elif kind not in ("variable_name", "heredoc_body"):
                    self._leftover(node.start_byte, node.end_byte, kind in _PATTERNS)
                continue
            if kind == "variable_assignment" or (counts and kind.endswith("_expression")):
                children = self._assigning(children)
            elif kind == "simple_expansion" or kind == "expansion":
                children = node.named_children
            elif kind == "heredoc_redirect" and self._is_raw(node):
                children = [child for child in children if child.type != "heredoc_body"]
            pending.extend((child, depth, counts) for child in reversed(children))

    def _read(
        self,
        start: int,
        end: int,
        defaulted: bool = False,
        required: bool = False,
        indirect: bool = False,
    ) -> None:
        name = self.text[start:end]
        if not _is_name(name) or name == "_" or (self.filled and self.filled[start]):
            return
        begin, stop = self._place(start, end)
        if begin not in self.found.expansions:
            self.found.expansions[begin] = Expansion(name, begin, stop, defaulted, required, indirect)

    def _expansion(self, node: Node) -> None:
        name: Node | None = None
        keys = indirect = False
        operators: list[str] = []
        for child in node.children:
            kind = child.type
            if name is None:
                indirect |= kind == "!"
                if kind == "variable_name":
                    name = child
                elif kind == "subscript":
                    name = child.children[0]
                    keys = self.text[child.start_byte : child.end_byte].endswith(("[@]", "[*]"))
            elif not child.is_named:
                operators.append(kind)
        if name is None or (indirect and operators[:2] in (["*", "}"], ["@", "}"])):
            return  # `${!PREFIX*}` are names, not a variable
        operator = operators[0] if operators else ""
        if operator in _ASSIGNING:
            self._assigned(name)
        self._read(
            name.start_byte,
            name.end_byte,
            operator in _DEFAULTING,
            operator in _REQUIRING,
            indirect and not keys,
        )

    def _assigning(self, children: list[Node]) -> list[Node]:
        """What an assignment or an arithmetic expression reads; what it assigns is remembered."""
        operators = [child.type for child in children if not child.is_named]
        for operator in operators:
            if operator in ("++", "--") or (operator[-1] == "=" and operator not in _COMPARING):
                target = next((child for child in children if child.is_named), None)
                self._assigned(target)
                if operator == "=" and target is not None and target.type in ("variable_name", "word"):
                    return [child for child in children if child is not target]
        return children

    def _assigned(self, node: Node | None) -> None:
        if node is not None:
            self.found.assigned.update(_target(self.text[node.start_byte : node.end_byte]))

    def _leftover(self, at: int, end: int, quotes: bool) -> None:
        """Variables that the grammar takes for letters: in patterns, and behind a `:` as in `$HOST:$PORT/v1`."""
        text = self.text
        if text.find("$", at, end) < 0:
            return
        while at < end:
            if text[at] == "\\":
                at += 2
            elif quotes and text[at] == "'":
                close = text.find("'", at + 1, end)
                at = close + 1 if close >= 0 else end
            elif text[at] == "$":
                start = at + 1
                braced = text.startswith("{", start)
                if braced:
                    start += 1
                    start += text.startswith(("#", "!"), start)
                elif text[start : start + 1] in _SPECIAL:
                    at += 2
                    continue
                at = _name_end(text, start)
                operator = text[at : at + 2] if braced else ""
                plain = operator[:1]
                if at > start:
                    self._read(
                        start,
                        at,
                        operator in _DEFAULTING or plain in _DEFAULTING,
                        operator in _REQUIRING or plain in _REQUIRING,
                        text[start - 1] == "!",
                    )
            else:
                at += 1

    def _is_raw(self, redirect: Node) -> bool:
        for child in redirect.children:
            if child.type == "heredoc_start":
                start = self.text[child.start_byte : child.end_byte]
                return "'" in start or '"' in start or "\\" in start
        return False

    def _command(self, nodes: list[Node], depth: int, is_array: bool = False) -> None:
        assigned, groups = self._groups(nodes)
        if not groups or (self.filled and self.filled[groups[0][0].start_byte] == 2):
            return
        words = [self._word(group) for group in groups]
        texts = [word.text for word in words]
        if texts == ["}"]:
            return  # of `time { cmd; }`, where the grammar takes the braces for words
        for _ in range(DEEPEST + 1):
            command = ShellCommand(words[-len(texts) :], assigned)
            self.found.commands.append(command)
            if not is_array:
                self.found.assigned.update(_sets(texts))
                self.found.sourced |= _sources(command)
            operand = script_operand(texts)
            if operand >= 0:
                self._inner(groups[operand - len(texts)], depth)
                return
            inner = wrapped(texts)
            if inner is None:
                return
            self.found.assigned.update(inner[1])
            assigned = assigned + inner[1]
            texts = texts[inner[0] :]
        raise _TooMuch

    def _inner(self, group: list[Node], depth: int) -> None:
        """Read the script in a word, each of its characters where it stands in the outermost."""
        parts = self._parts(group)
        places: list[int] = []
        filled = bytearray()
        for text, at, expanded in parts:
            places += self.places[at : at + len(text)]
            outer = self.filled[at : at + len(text)] or bytes(len(text))
            filled += b"\1".ljust(len(text), b"\2") if expanded else outer
        _Reading("".join(text for text, _, _ in parts), places, bytes(filled), self.found, depth + 1).read()

    def _backticks(self, start: int, end: int, depth: int, escaped: str = "\\$`") -> None:
        """Read what stands between backticks: a backslash before one of `escaped` is not the inner shell's."""
        kept: list[int] = []
        at = start
        while at < end:
            at += self.text[at] == "\\" and self.text[at + 1] in escaped
            kept.append(at)
            at += 1
        places = [self.places[at] for at in kept]
        filled = bytes([self.filled[at] for at in kept]) if self.filled else b""
        _Reading("".join([self.text[at] for at in kept]), places, filled, self.found, depth).read()

    def _heredoc(self, body: Node, depth: int) -> list[Node]:
        """Read what stands between backticks, which the grammar takes for letters in a heredoc. Returns the rest."""
        text = self.text
        left = body.children
        at = body.start_byte
        for node in left:
            self._leftover(at, node.start_byte, False)  # as in the first line of `<<-`
            at = node.end_byte
        self._leftover(at, body.end_byte, False)
        begin = -1
        at = body.start_byte
        while at < body.end_byte:
            if text[at] == "\\":
                at += 1
            elif text[at] == "`" and begin < 0:
                begin = at + 1
            elif text[at] == "`":
                self._backticks(begin, at, depth + 1)
                left = [node for node in left if not begin <= node.start_byte < at]
                begin = -1
            at += 1
        return left

    def _behind_redirections(self, statement: Node) -> None:
        """Remember the words in `cmd >file word`: the grammar has them with the redirection."""
        words: list[Node] = []
        for redirect in statement.children_by_field_name("redirect"):
            if redirect.type == "file_redirect":
                targets = redirect.children_by_field_name("destination")
                behind = 1
                while behind < len(targets) and self._adjoin(targets[behind - 1], targets[behind]):
                    behind += 1
                words += targets[behind:]
            elif redirect.type == "heredoc_redirect":
                words += redirect.children_by_field_name("argument")
        body = statement.child_by_field_name("body")
        while words and body is not None and body.type in ("pipeline", "list", "negated_command"):
            body = body.named_children[-1] if body.named_children else None
        if words and body is not None:
            self.extra[body.id] = words

    def _groups(self, nodes: Iterable[Node]) -> tuple[list[str], list[list[Node]]]:
        """Names that are assigned in front, and the nodes that make up each word."""
        groups: list[list[Node]] = []
        for node in nodes:
            if node.type in _NO_WORDS or node.start_byte == node.end_byte:
                continue
            if groups and node.type not in _REDIRECTS and self._adjoin(groups[-1][-1], node):
                groups[-1].append(node)
            else:
                groups.append([node])
        groups = [group for group in groups if group[0].type not in _REDIRECTS]
        assigned: list[str] = []
        first = 0
        while first < len(groups) and groups[first][0].type == "variable_assignment":
            name = groups[first][0].children[0]
            assigned += _target(self.text[name.start_byte : name.end_byte])
            first += 1
        return assigned, groups[first:]

    def _adjoin(self, left: Node, right: Node) -> bool:
        """Whether two nodes are one word: the grammar splits some, also at an escaped space behind `$A`."""
        gap = self.text[left.end_byte : right.start_byte]
        return not gap or (len(gap) % 2 == 0 and gap[::2].count("\\") == len(gap) // 2)

    def _word(self, nodes: list[Node]) -> ShellWord:
        start, end = nodes[0].start_byte, nodes[-1].end_byte
        raw = self.text[start:end]
        literal = not self.filled or not any(self.filled[start:end])
        if not _QUOTING.isdisjoint(raw):
            parts = self._parts(nodes)
            raw = "".join(text for text, _, _ in parts)
            literal = literal and not any(expanded for _, _, expanded in parts)
        return ShellWord(raw, *self._place(start, end), literal)

    def _place(self, start: int, end: int) -> tuple[int, int]:
        return self.places[start], self.places[end - 1] + 1

    def _parts(self, nodes: list[Node]) -> list[tuple[str, int, bool]]:
        """What a word is made of: text, where it begins (each part stands there letter by letter), is it expanded."""
        text = self.text
        at, end = nodes[0].start_byte, nodes[-1].end_byte
        spans = self._spans(nodes)
        parts: list[tuple[str, int, bool]] = []
        quoted = False
        while at < end:
            sign = text[at]
            stop = at + 1
            if at in spans or sign in "$`":
                stop = spans.get(at) or _dollar_end(text, at, end)
                if stop > at + 1 or sign == "`":
                    parts.append((text[at:stop], at, True))
                elif not quoted and text.startswith("'", stop):
                    stop = _ansi(text, at + 2, end, parts)
                elif quoted or not text.startswith('"', stop):  # else it is `$"…"`, a text to be translated
                    parts.append((sign, at, False))
            elif sign == "\\" and stop < end:
                if not quoted or text[stop] in '$`"\\\n':
                    if text[stop] != "\n":
                        parts.append((text[stop], stop, False))
                    stop += 1
                else:
                    parts.append((sign, at, False))
            elif sign == '"':
                quoted = not quoted
            elif sign == "'" and not quoted:
                close = text.find("'", stop, end)
                close = close if close >= 0 else end
                parts.append((text[stop:close], stop, False))
                stop = close + 1
            else:
                while stop < end and stop not in spans and text[stop] not in _SIGNS:
                    stop += 1
                parts.append((text[at:stop], at, False))
            at = stop
        return parts

    def _spans(self, nodes: list[Node]) -> dict[int, int]:
        """Where the outermost expansions and substitutions begin and end."""
        spans: dict[int, int] = {}
        pending = list(nodes)
        while pending:
            node = pending.pop()
            if node.type in _SPANS:
                start = node.start_byte
                while start < node.end_byte and self.text[start].isspace():
                    start += 1  # the grammar counts white space in a string to what follows
                if start < node.end_byte:
                    spans[start] = node.end_byte
            else:
                pending.extend(node.children)
        return spans


def _parse(text: str, deadline: float) -> Tree:
    if len(text) > _LONGEST or text.count("|") > _MOST_PIPES or text.count("`") > _MOST_BACKTICKS:
        raise _TooMuch
    if not text.isascii() or "\0" in text:
        # One byte for every character, that offsets are the same: a letter of a word that is part of no name.
        text = "".join([sign if "\0" < sign < "\x80" else "," for sign in text])
    budget = _Budget(text.encode(), deadline)
    try:
        # A parser of its own: other threads run while it works.
        return Parser(_LANGUAGE).parse(budget.read, progress_callback=budget.spent)
    except ValueError:  # it was stopped
        raise _TooMuch from None


def _dollar_end(text: str, at: int, end: int) -> int:
    """End of a `$NAME` that the grammar did not see; just past the `$` where it begins none."""
    start = at + 1
    if start >= end or text[at] != "$":
        return start
    if text[start] in _SPECIAL:
        return start + 1
    if text[start] == "{":
        close = text.find("}", start, end)
        return close + 1 if close >= 0 else end
    if text[start] == "(":
        return end
    return min(_name_end(text, start), end)


def _ansi(text: str, at: int, end: int, parts: list[tuple[str, int, bool]]) -> int:
    """Read a `$'…'` from its first character on, up to behind the closing quote."""
    while at < end and text[at] != "'":
        stop = at + 1
        sign = text[at]
        if sign == "\\" and stop < end:
            sign, stop = _escaped(text, stop, end)
        parts.append((sign, at, False))
        at = stop
    return at + 1


def _escaped(text: str, at: int, end: int) -> tuple[str, int]:
    """The character that an escape in `$'…'` stands for, and the escape's end."""
    sign = text[at]
    stop = at + 1
    if sign in _ESCAPE_DIGITS:
        base, most, digits = 16, stop + _ESCAPE_DIGITS[sign], "0123456789abcdefABCDEF"
    elif sign in "01234567":
        base, most, digits = 8, at + 3, "01234567"
        stop = at
    else:
        return _ESCAPES.get(sign, sign), stop
    first = stop
    while stop < min(most, end) and text[stop] in digits:
        stop += 1
    code = int(text[first:stop], base) if stop > first else -1
    return (chr(code), stop) if 0 <= code <= 0x10FFFF else (sign, at + 1)


def _sources(command: ShellCommand) -> bool:
    """Whether a command may set names that the script does not show."""
    words = command.words
    name = words[0].text
    if name in (".", "source"):
        return len(words) > 1
    if name == "eval":
        return not all(word.literal for word in words[1:])
    if name != "set":
        return False
    at = 1
    while at < len(words):
        option = words[at].text
        if option[:1] not in ("-", "+") or option in ("-", "--"):
            return False
        at += 1
        if option[0] == "-" and "a" in option:
            return True
        if option.endswith("o"):
            if option[0] == "-" and at < len(words) and words[at].text == "allexport":
                return True
            at += 1
    return False


def _sets(texts: Sequence[str]) -> list[str]:
    """Names that a command sets because that is what it is for."""
    name = texts[0]
    if name in _DECLARING:
        owns = name in _OWNING
        return _names(text.partition("=")[0] for text in texts[1:] if owns or "=" in text)
    if name == "read":
        return _names(_operands(texts, _READ_VALUED)) or ["REPLY"]
    if name == "mapfile" or name == "readarray":
        return _names(_operands(texts, _MAPFILE_VALUED)) or ["MAPFILE"]
    if name == "getopts":
        return [*_names(texts[2:3]), "OPTARG", "OPTIND"]
    if name == "printf" and len(texts) > 1 and texts[1].startswith("-v"):
        return _names([texts[1][2:] or texts[2]] if len(texts) > 2 else [])
    if name == "let":
        return _names(text.partition("=")[0].rstrip("+-*/%&|^<> ") for text in texts[1:])
    return []


def _operands(texts: Sequence[str], valued: frozenset[str]) -> list[str]:
    operands: list[str] = []
    at = 1
    while at < len(texts):
        if texts[at].startswith("-"):
            at += takes_next(texts[at], valued)
        else:
            operands.append(texts[at])
        at += 1
    return operands


def _names(targets: Iterable[str]) -> list[str]:
    return [name for target in targets for name in _target(target)]


def _target(text: str) -> list[str]:
    """The name in the left side of an assignment, if there is one."""
    name = target(text)
    return [name] if name else []


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier()


def _name_end(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end] in _NAME and (end > start or not text[end].isdigit()):
        end += 1
    return end


def _literal(word: ShellWord) -> str | None:
    return word.text if word.literal else None


def _first(command: ShellCommand) -> int:
    return command.words[0].start
