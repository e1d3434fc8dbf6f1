"""Messages for YAML syntax errors."""

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
                "a merge conflict was committed; keep one side and remove the markers"
            )
    return None


def _template(fault: _Fault) -> Diagnosis | None:
    """A line of Helm, Jinja or their like."""
    for at in (fault.line, _line_start(fault.text, fault.begin)):
        line = _line(fault.text, at)
        body = line.lstrip(" -")
        column = len(line) - len(body) if body.startswith(_TEMPLATE) else line.find(": {{") + 2
        if line.startswith(_TEMPLATE, column) and column != 1:
            return at + column, "this is a template; render it before Compose reads the file, or quote the value"
    return None


def _no_blank_or_colon(fault: _Fault) -> Diagnosis:
    """A line that is one word to YAML, where a key belongs."""
    return fault.begin, _not_a_pair(_line(fault.text, fault.begin).strip())


def _not_a_pair(line: str) -> str:
    if ":" in line:
        return "there is no space after the `:`, so YAML reads this as one word; write `key: value`"
    return "this line is neither `key: value` nor a list item"


def _colon(fault: _Fault) -> Diagnosis:
    """A `: ` where no key can end."""
    opened = _runaway(fault)
    if opened:
        return opened
    key = fault.before.lstrip(" -")
    if ": " in key or '"' in key or "'" in key:
        return fault.at, "this value contains a second `: `; quote the value"
    at = fault.line
    while at > 0:
        at = _line_start(fault.text, at - 1)
        line = _line(fault.text, at)
        if indentation(line) >= 0:
            start = fault.line + len(fault.before) - len(fault.before.lstrip(" "))
            if indentation(fault.before) > indentation(line):
                return (
                    start,
                    "this line is indented deeper than the previous one, which already has a value; align them",
                )
            return at + indentation(line), _not_a_pair(line.strip())
    return fault.at, "this value contains a second `: `; quote the value"


def _key(fault: _Fault) -> Diagnosis:
    """Text where a map or a list should go on."""
    opened = _runaway(fault)
    if opened:
        return opened
    character, behind = fault.character, fault.before.strip()[-1:]
    if character and character in "]}":
        return fault.at, f"this `{character}` has no opening bracket; remove it, or quote the value"
    if behind == "'":
        return (
            fault.at,
            "there is text after the closing quote; quote the whole value, and write `''` for a quote inside it",
        )
    if behind == '"':
        return (
            fault.at,
            'there is text after the closing quote; quote the whole value, and write `\\"` for a quote inside it',
        )
    if behind and behind in "]}":
        return fault.at, f"there is text after the closing `{behind}`; quote the whole value"
    if behind:
        return fault.at, "this is not allowed after what comes before it; quote the whole value"
    if character == ":":
        return fault.at, "there is no key before this `:`"
    if character == "-":
        return fault.at, "this list item is among keys; indent it like the other items of its list"
    return fault.at, "the indentation does not match the previous lines; align them"


def _bracket(fault: _Fault) -> Diagnosis:
    """Something wrong between a bracket and the one that closes it."""
    opened = _runaway(fault)
    if opened:
        return opened
    character, bracket = fault.character, fault.text[fault.begin]
    closing = "]" if bracket == "[" else "}"
    if character and character in "]}":
        return fault.at, f"`{character}` cannot close the `{bracket}` on line {fault.number(fault.begin)}"
    if "\n" in fault.text[fault.begin : fault.at]:
        return fault.begin, f"this `{bracket}` has no closing `{closing}`, or a `,` is missing inside it"
    if character == ":":
        return fault.at, "this value contains a second `: `; quote the value"
    if character == "{":
        return fault.at, "`{` starts a map here; quote the value"
    return fault.at, "there is no `,` before this"


def _content(fault: _Fault) -> Diagnosis:
    """Something else where a value should begin."""
    character = fault.character
    if not character:
        opened = max(fault.text.rfind("["), fault.text.rfind("{"))
        return opened, f"this `{fault.text[opened]}` is never closed"
    if character == ",":
        return fault.at, "there is no value before this `,`"
    if character in "]}":
        return fault.at, f"this `{character}` has no opening bracket; remove it, or quote the value"
    return fault.at, f"a value cannot start with `{character}` here; quote it"


def _tab(fault: _Fault) -> Diagnosis:
    return fault.at, "YAML does not allow tabs for indentation; use spaces"


def _start(fault: _Fault) -> Diagnosis:
    if fault.character == "\t":
        return _tab(fault)
    return fault.at, f"a value cannot start with `{fault.character}`; quote it".replace("```", "a backtick")


def _document(fault: _Fault) -> Diagnosis:
    first = next((line for line in fault.text.splitlines() if indentation(line) >= 0), "")
    if indentation(first) > 0:
        return fault.at, "this line is indented less than the first key of the file; align them"
    return fault.at, "the previous document ends here; only `---` can follow"


def _mark(fault: _Fault) -> Diagnosis:
    character = fault.text[fault.begin]
    kind = "an alias" if character == "*" else "an anchor"
    return fault.begin, f"`{character}` starts {kind} and needs a name after it; quote the value"


def _block_text(fault: _Fault) -> Diagnosis:
    character = fault.text[fault.begin]
    return fault.begin, f"`{character}` starts a block of text on the next line; quote the value, or move it there"


def _fixed(message: str, at_begin: bool = False) -> Callable[[_Fault], Diagnosis]:
    return lambda fault: (fault.begin if at_begin else fault.at, message)


# What the parser says -> what a person can do. The first row whose words occur in it is taken.
_DIAGNOSES: tuple[tuple[str, Callable[[_Fault], Diagnosis]], ...] = (
    ("tab character", _tab),
    ("unknown escape", _fixed("this backslash escape is not valid; write two backslashes, or use single quotes")),
    ("hexdecimal", _fixed("this backslash escape lacks its digits; write two backslashes, or use single quotes")),
    ("quoted scalar", _fixed("this quote is never closed; close it where the text ends", at_begin=True)),
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
    ("block sequence entries are not allowed", _fixed("a list cannot start on the line of its key; start a new line")),
    ("mapping keys are not allowed", _fixed("a value cannot start with `? `; quote it")),
    ("control characters", _fixed("YAML does not allow this control character; remove it")),
    ("expected <document start>", _document),
    ("undefined tag handle", _fixed("`!` starts a tag, but its handle is not declared; quote the value")),
    ("scanning a tag", _fixed("`!` starts a tag, but the tag name is not valid; quote the value", at_begin=True)),
    ("parsing a tag", _fixed("`!` starts a tag, but the tag name is not valid; quote the value", at_begin=True)),
    ("incompatible YAML", _fixed("Compose reads YAML 1.1 and rejects this version; remove this line")),
    ("directive", _fixed("a line that starts with `%` is a YAML directive; Compose supports only `%YAML 1.1`", True)),
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
    return opened, f"this quote is not closed until line {fault.number(closed)}; close it where the text ends"


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
