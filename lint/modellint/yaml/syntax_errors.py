"""What a YAML syntax error means to a person."""

from __future__ import annotations

from modellint.text.source import Source, Span
from modellint.yaml.events import YamlError
from modellint.yaml.recovery import CONFLICT, indentation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Diagnosis: TypeAlias = tuple[int, str]  # where it is, what is wrong

_LONGEST_WORD = 200
_TEMPLATE = ("{{", "{%")


class _Fault:
    """Where the parser gave up, and where the construct began that it was in."""

    __slots__ = ("at", "begin", "line", "text")

    def __init__(self, text: str, error: YamlError) -> None:
        self.text = text
        self.at = _offset(text, error)  # the length of the text where it ends too early
        self.begin = error.context_mark.index if error.context_mark is not None else self.at
        self.line = _line_start(text, min(self.at, len(text.rstrip())))

    @property
    def character(self) -> str:
        """The character at which the parser gave up, or nothing at the end of the text."""
        return self.text[self.at : self.at + 1]

    @property
    def before(self) -> str:
        """The text before it on its line."""
        return self.text[self.line : self.at]

    def number(self, at: int) -> int:
        """The line that an offset is in, from 1."""
        return Source("", self.text).position(at)[0]


def explain(source: Source, text: str, error: YamlError) -> tuple[Span, str]:
    """Where a syntax error is, and what is wrong there. `text` is the source's, damaged parts blanked out."""
    fault = _Fault(text, error)
    at, message = _conflict(fault) or _template(fault) or _diagnosis(fault, error)
    while at > 0 and not text[at:].strip():  # behind the last text of the file: point at that text
        at = len(text[:at].rstrip()) - 1
    return _word(source, at), message


def _diagnosis(fault: _Fault, error: YamlError) -> Diagnosis:
    said = f"{error.problem} {error.context or ''}"
    for words, diagnose in _DIAGNOSES:
        if words in said:
            return diagnose(fault)
    return fault.at, error.problem


def _conflict(fault: _Fault) -> Diagnosis | None:
    """The first marker of a merge conflict that the error is in."""
    for at in (fault.line, _line_start(fault.text, fault.line - 1), _line_start(fault.text, fault.begin)):
        if fault.text.startswith(CONFLICT, at):
            first = fault.text.rfind("\n" + CONFLICT[0], 0, at + 1) + 1
            return first if fault.text.startswith(CONFLICT[0], first) else at, (
                "a merge conflict was committed; choose one side and delete the markers"
            )
    return None


def _template(fault: _Fault) -> Diagnosis | None:
    """A line of Helm, Jinja or their like."""
    for at in (fault.line, _line_start(fault.text, fault.begin)):
        line = _line(fault.text, at)
        body = line.lstrip(" -")
        column = len(line) - len(body) if body.startswith(_TEMPLATE) else line.find(": {{") + 2
        if line.startswith(_TEMPLATE, column) and column != 1:
            return at + column, "this is a template; render it before Compose reads the file, or quote the text"
    return None


def _no_blank_or_colon(fault: _Fault) -> Diagnosis:
    """A line that is one word to YAML, where a key belongs."""
    return fault.begin, _not_a_pair(_line(fault.text, fault.begin).strip())


def _not_a_pair(line: str) -> str:
    if ":" in line:
        return "no blank stands behind the `:`, so this is one word to YAML; write `key: value`"
    return "this line is neither `key: value` nor an item of a list"


def _colon(fault: _Fault) -> Diagnosis:
    """A `: ` where no key can end."""
    opened = _runaway(fault)
    if opened:
        return opened
    key = fault.before.lstrip(" -")
    if ": " in key or '"' in key or "'" in key:
        return fault.at, "a second `: ` in one value; quote the value"
    at = fault.line
    while at > 0:
        at = _line_start(fault.text, at - 1)
        line = _line(fault.text, at)
        if indentation(line) >= 0:
            start = fault.line + len(fault.before) - len(fault.before.lstrip(" "))
            if indentation(fault.before) > indentation(line):
                return start, "indented deeper than the line before it, which has its value already; line them up"
            return at + indentation(line), _not_a_pair(line.strip())
    return fault.at, "a second `: ` in one value; quote the value"


def _key(fault: _Fault) -> Diagnosis:
    """Text where a map or a list should go on."""
    opened = _runaway(fault)
    if opened:
        return opened
    character, behind = fault.character, fault.before.strip()[-1:]
    if character and character in "]}":
        return fault.at, f"this `{character}` closes nothing; delete it, or quote the value"
    if behind == "'":
        return fault.at, "text behind a closed quote; quote the whole value, and write `''` for a quote inside it"
    if behind == '"':
        return fault.at, 'text behind a closed quote; quote the whole value, and write `\\"` for a quote inside it'
    if behind and behind in "]}":
        return fault.at, f"text behind a closed `{behind}`; quote the whole value"
    if behind:
        return fault.at, "this cannot stand behind what is before it; quote the whole value"
    if character == ":":
        return fault.at, "no key stands before this `:`"
    if character == "-":
        return fault.at, "a list item among keys; indent it as the other items of its list"
    return fault.at, "indented unlike the lines before it; line it up with them"


def _bracket(fault: _Fault) -> Diagnosis:
    """Something wrong between a bracket and the one that closes it."""
    opened = _runaway(fault)
    if opened:
        return opened
    character, bracket = fault.character, fault.text[fault.begin]
    closing = "]" if bracket == "[" else "}"
    if character and character in "]}":
        return fault.at, f"`{character}` cannot close the `{bracket}` of line {fault.number(fault.begin)}"
    if "\n" in fault.text[fault.begin : fault.at]:
        return fault.begin, f"this `{bracket}` is never closed by a `{closing}`, or a `,` is missing in it"
    if character == ":":
        return fault.at, "a second `: ` in one value; quote the value"
    if character == "{":
        return fault.at, "a `{` begins a map here; quote the value"
    return fault.at, "no `,` stands before this"


def _content(fault: _Fault) -> Diagnosis:
    """Something else where a value should begin."""
    character = fault.character
    if not character:
        opened = max(fault.text.rfind("["), fault.text.rfind("{"))
        return opened, f"this `{fault.text[opened]}` is never closed"
    if character == ",":
        return fault.at, "no value stands before this `,`"
    if character in "]}":
        return fault.at, f"this `{character}` closes nothing; delete it, or quote the value"
    return fault.at, f"`{character}` cannot begin a value here; quote the text"


def _tab(fault: _Fault) -> Diagnosis:
    return fault.at, "a tab cannot indent YAML; use spaces"


def _start(fault: _Fault) -> Diagnosis:
    if fault.character == "\t":
        return _tab(fault)
    return fault.at, f"a value cannot begin with `{fault.character}`; quote it".replace("```", "a backtick")


def _document(fault: _Fault) -> Diagnosis:
    first = next((line for line in fault.text.splitlines() if indentation(line) >= 0), "")
    if indentation(first) > 0:
        return fault.at, "indented less than the first key of the file; line them up"
    return fault.at, "the document before this is complete, and nothing can follow it but `---`"


def _mark(fault: _Fault) -> Diagnosis:
    character = fault.text[fault.begin]
    kind = "an alias" if character == "*" else "an anchor"
    return fault.begin, f"`{character}` begins {kind}, and needs a name behind it; quote the text"


def _block_text(fault: _Fault) -> Diagnosis:
    character = fault.text[fault.begin]
    return fault.begin, f"`{character}` begins a block of text on the next line; quote the value, or move it there"


def _fixed(message: str, at_begin: bool = False) -> Callable[[_Fault], Diagnosis]:
    return lambda fault: (fault.begin if at_begin else fault.at, message)


# What the parser says -> what a person can do. The first row whose words occur in it is taken.
_DIAGNOSES: tuple[tuple[str, Callable[[_Fault], Diagnosis]], ...] = (
    ("tab character", _tab),
    ("unknown escape", _fixed("a backslash that escapes nothing; write two, or use single quotes")),
    ("hexdecimal", _fixed("a backslash escape without its digits; write two backslashes, or use single quotes")),
    ("quoted scalar", _fixed("this quote is never closed; close it where its text ends", at_begin=True)),
    ("block scalar", _block_text),
    ("mapping values are not allowed", _colon),
    ("could not find expected ':'", _no_blank_or_colon),
    ("flow sequence", _bracket),
    ("flow mapping", _bracket),
    ("expected node content", _content),
    ("expected key", _key),
    ("'-' indicator", _key),
    ("cannot start any token", _start),
    ("alphabetic or numeric character", _mark),
    ("block sequence entries are not allowed", _fixed("a list cannot begin on the line of its key; start a new line")),
    ("mapping keys are not allowed", _fixed("a value cannot begin with `? `; quote it")),
    ("control characters", _fixed("a control character, which YAML does not allow; delete it")),
    ("expected <document start>", _document),
    ("undefined tag handle", _fixed("`!` begins a tag, and this one's handle is declared nowhere; quote the text")),
    ("scanning a tag", _fixed("`!` begins a tag, and this is not the name of one; quote the text", at_begin=True)),
    ("parsing a tag", _fixed("`!` begins a tag, and this is not the name of one; quote the text", at_begin=True)),
    ("incompatible YAML", _fixed("Compose reads YAML 1.1 and refuses this version; delete this line")),
    ("directive", _fixed("a line with `%` at its start is a YAML directive, and Compose knows only `%YAML 1.1`", True)),
)  # fmt: skip


def _runaway(fault: _Fault) -> Diagnosis | None:
    """The quote that was opened on an earlier line and closed by the opening quote of another text."""
    quote = max("\"'", key=fault.before.rfind)
    if fault.before.count(quote) % 2 == 0:
        return None
    closed = fault.line + fault.before.index(quote)
    opened = fault.text.rfind(quote, 0, closed)
    if opened < 0 or "\n" not in fault.text[opened:closed] or fault.text[opened - 1] not in " [{,(\t":
        return None
    return opened, f"this quote runs on to line {fault.number(closed)}; close it where its text ends"


def _offset(text: str, error: YamlError) -> int:
    if error.problem_mark is not None:
        return min(error.problem_mark.index, len(text))
    return next((at for at, character in enumerate(text) if not _allowed(character)), 0)


def _allowed(character: str) -> bool:
    """Whether YAML allows a character: all but the control characters and two that are none."""
    return (
        character in "\t\n\r\x85"
        or " " <= character <= "\x7f"
        or (character >= "\xa0" and character not in "\ufffe\uffff")
    )


def _line_start(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, max(at, 0)), text.rfind("\r", 0, max(at, 0))) + 1


def _line(text: str, start: int) -> str:
    """The rest of a line."""
    return text[start : start + 10_000].partition("\n")[0].partition("\r")[0]


def _word(source: Source, at: int) -> Span:
    """The span of the word at an offset."""
    text = source.text
    end = at
    while end < min(len(text), at + _LONGEST_WORD) and text[end] not in " \t\r\n,":
        end += 1
    return Span(source, at, max(end, min(at + 1, len(text))))
