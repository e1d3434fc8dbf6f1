"""Checks in CEL: compile the condition of a check, test its examples, evaluate it for a project.

The engine, `cel-expr-python` (the extra `modellint[cel]`), runs in a process of its own (`cel_process`), which starts
at the first check. The engine bounds an evaluation to 10,000 steps of loops and an expression to 32 levels; what it
does not bound is bounded here: the size of what is looked at, and values that grow with every `map`. What slips
through takes no more than the process may.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, cast

from modellint.policy.cel_process import Ended, RefusedCondition, engine
from modellint.policy.loaded import Mistakes, PolicyError
from modellint.policy.subjects import SHAPES, example, knows, no_key, subjects
from modellint.text.finding import ERROR, Finding
from modellint.text.source import Span
from modellint.text.suggest import did_you_mean
from modellint.yaml.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Project
    from modellint.policy.schema import Check
    from modellint.policy.subjects import Subject, Value
    from modellint.yaml.node import Node

NO_CEL = 'checks require CEL: `pip install "modellint[cel]"`'
MAX_PARTS = 20_000  # of what is looked at: maps, lists, keys and values
MAX_LETTERS = 1_000_000
MAX_DEPTH = 32
MAX_GROWTH = 1_000  # how often the loops of an expression may repeat a part of a value
MAX_LOOKED = 2_000_000  # of what all checks together look at in a project: parts, and what is the same work
_OF_A_LOOK = 100  # parts that can be looked at in the time of one question
_OF_A_PART = 64  # letters that can be

_TOKEN = re.compile(
    r"""//[^\n]*
      | (?:[bB]?[rR]|[rR][bB])(?:'{3}.*?'{3}|"{3}.*?"{3}|'[^'\n]*'|"[^"\n]*")
      | [bB]?(?:'{3}(?:\\.|.)*?'{3}|"{3}(?:\\.|.)*?"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
      | `[^`\n]*` | [A-Za-z_][A-Za-z0-9_]* | [0-9][A-Za-z0-9_.]* | &&|\|\||[=!<>]=|=< | \S""",
    re.X | re.S,
)
_MISTAKE = re.compile(r"^(?:INVALID_ARGUMENT: )?ERROR: <input>:(-?\d+):(-?\d+): (.*)", re.M)
_LOOPS = frozenset(("all", "exists", "exists_one", "filter", "map"))
_FUNCTIONS = (
    *sorted(_LOOPS), "bool", "bytes", "contains", "double", "duration", "dyn", "endsWith", "getDayOfMonth",
    "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMinutes", "getMonth", "getSeconds", "has", "int",
    "matches", "size", "startsWith", "string", "timestamp", "type", "uint",
)  # fmt: skip
_OPERATORS = {"and": "&&", "or": "||", "not": "!", "=": "==", "&": "&&", "|": "||", "=<": "<=", "=>": ">=", "#": "//"}
_OPENING = {"(": ")", "[": "]", "{": "}"}
_FAILURES = {
    "Index error": "the list is too short for this index",
    "Applying SELECT": "this reads a key of something that is not a map",
    "divide by zero": "divide by zero",
    "modulus by zero": "divide by zero",
    "overflow": "a number is out of range",
    "out of": "a number is out of range",
    "cannot convert": "the text cannot be converted to this type",
    "conversion failed": "the text cannot be converted to this type",
    "invalid regular expression": "the pattern of `matches` is not a valid regular expression",
    "Iteration budget": "it takes more than 10,000 steps",
}  # by a part of what the engine says; the rest of it may quote a value
_TOO_LARGE = "it is too large to evaluate"
_BAD_ESCAPE = "this text contains an escape that CEL does not support"
_INT64 = 2**63


class Undecided(Exception):
    """A condition is neither true nor false of an object. `reason` quotes nothing of the object."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Token(NamedTuple):
    """A word, a text or a sign of an expression, and where it stands in it."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Just past it."""
        return self.start + len(self.text)


class Expression:
    """The text of a check's `must`, and where each letter of it stands in the policy file."""

    __slots__ = ("_places", "node", "text", "tokens")

    def __init__(self, node: Scalar) -> None:
        text = node.text.rstrip("\n")  # of a block scalar: an error at the end would lie behind the text
        self.node = node
        self.text = text
        tokens = (Token(found.group(), found.start()) for found in _TOKEN.finditer(text))
        self.tokens = [token for token in tokens if not token.text.startswith("//")]
        self._places: list[int] | None = None

    def place(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`; of the first of its lines, where there are several."""
        if self._places is None:
            self._places = _places(self.node, self.text)
        source = self.node.source
        first = self._places[min(start, len(self.text))]
        last = self._places[min(end, len(self.text)) - 1] + 1 if end > start else first
        line_end = source.text.find("\n", first)
        return Span(source, first, max(first, min(last, line_end if line_end >= 0 else last)))

    @property
    def fit(self) -> str:
        """The text, fit for the engine, which knows no lone surrogates."""
        return self.text.encode("utf-8", "replace").decode()

    @property
    def span(self) -> Span:
        """The whole text, on its first line."""
        return self.place(0, len(self.text))

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and a column, both from 1."""
        lines = self.text.split("\n")
        return min(sum(len(text) + 1 for text in lines[: line - 1]) + column - 1, len(self.text))


class Condition:
    """A `must` that compiles."""

    __slots__ = ("_each", "_text", "_written", "span")

    def __init__(self, each: str, expression: Expression) -> None:
        self.span = expression.span
        self._each = each
        self._text = expression.fit
        self._written = {token.text.strip("`'\"") for token in expression.tokens}

    def holds(self, value: dict[str, Value]) -> bool:
        """Whether it is true of an object; raises `Undecided`."""
        return self.holds_of(_Fitted(value))

    def holds_of(self, fitted: _Fitted) -> bool:
        """Whether it is true of an object that has been made fit for the engine; raises `Undecided`."""
        if fitted.problem:
            raise Undecided(fitted.problem)
        try:
            answer = engine().evaluate(self._each, self._text, fitted.value)
        except RefusedCondition as refusal:
            raise Undecided(self._reason(str(refusal))) from None
        except Ended as end:
            raise Undecided(str(end)) from None
        except ImportError:  # it was there before, and had to be started again
            raise Undecided(NO_CEL) from None
        if answer.value is None:
            raise Undecided(f"it returns {_type(answer.kind)}, not true or false")
        return answer.value

    def _reason(self, said: str) -> str:
        if found := re.search(r'Key not found in map : "(.*)"$', said, re.S):
            return f"key not found: {found[1]}" if found[1] in self._written else "key not found"
        if found := re.search(r"No matching overloads found : (\S+?)(?:\((.*)\))?$", said):
            return _mismatch(found[1], found[2])
        return next((words for part, words in _FAILURES.items() if part in said), "the engine stopped the evaluation")


class _Fitted:
    """An object as the engine is given it, or the `problem` with that; `cost` is that of a look at it, in parts."""

    __slots__ = ("cost", "problem", "value")

    def __init__(self, value: dict[str, Value]) -> None:
        fitting = _Fitting()
        self.problem = ""
        try:
            self.value = cast("dict[str, Value]", fitting.fit(value, 0))
        except Undecided as undecided:
            self.value, self.problem = {}, undecided.reason
        self.cost = _OF_A_LOOK + MAX_PARTS - fitting.parts + (MAX_LETTERS - fitting.letters) // _OF_A_PART


class _Looked:
    """The objects of a project, made fit once for all checks, and how much more of them may be looked at."""

    __slots__ = ("_known", "_project", "_sees", "left")

    def __init__(self, project: Project, sees: bool) -> None:
        self.left = MAX_LOOKED
        self._project = project
        self._sees = sees
        self._known: dict[str, list[tuple[Subject, _Fitted]]] = {}

    def objects(self, each: str) -> list[tuple[Subject, _Fitted]]:
        if each not in self._known:
            found = subjects(self._project, each, self._sees)
            self._known[each] = [(subject, _Fitted(subject.value)) for subject in found]
        return self._known[each]


def _filled(project: Project) -> _Looked:
    """The objects with the values of all variables."""
    return _Looked(project, sees=True)


def _written(project: Project) -> _Looked:
    """The objects as a policy of the repository sees them."""
    return _Looked(project, sees=False)


class _Fitting:
    """Make a value fit for the engine, which knows no whole numbers beyond 64 bits and no lone surrogates."""

    __slots__ = ("letters", "parts")

    def __init__(self) -> None:
        self.letters = MAX_LETTERS
        self.parts = MAX_PARTS

    def fit(self, value: Value, depth: int) -> Value:
        self.parts -= 1
        if self.parts < 0 or depth > MAX_DEPTH:
            raise Undecided(_TOO_LARGE)
        if isinstance(value, dict):
            return {self._text(key): self.fit(part, depth + 1) for key, part in value.items()}
        if isinstance(value, list):
            return [self.fit(part, depth + 1) for part in value]
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int) and not -_INT64 <= value < _INT64:
            return _as_float(value)
        return value

    def _text(self, text: str) -> str:
        self.letters -= len(text)
        if self.letters < 0:
            raise Undecided(_TOO_LARGE)
        return text.encode("utf-8", "replace").decode()  # of a subclass too, a plain one


def _as_float(number: int) -> float:
    """The nearest there is; a number of hundreds of digits is infinite."""
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def compile(check: Check, body: Mapping) -> Condition:
    """The condition of a check that is written as a map; raises `PolicyError`."""
    expression = Expression(_must(body))
    if (growing := _growing(expression.tokens)) is not None:
        message = f"values grow with every `map` here, more than {MAX_GROWTH:,} times; use fewer variables in them"
        raise PolicyError(expression.place(growing.start, growing.end), message)
    try:
        kind = engine().compile(check.each, expression.fit)
    except ImportError:
        raise PolicyError(expression.span, NO_CEL) from None
    except RefusedCondition as refusal:
        mistakes = Mistakes()
        mistakes.found = _mistakes(str(refusal), expression, check.each)
        mistakes.end()
        raise
    except Ended as end:
        raise PolicyError(expression.span, f"it cannot be compiled: {end}") from None
    if kind not in ("BOOL", "DYN"):
        raise PolicyError(expression.span, f"`must` returns {_type(kind)}; it must return true or false")
    mistakes = Mistakes()
    mistakes.found += _unknown_keys(expression, check.each)
    if check.at is not None and not knows(SHAPES[check.each], check.at):
        at = body.get("at")
        span = at.content if isinstance(at, Scalar) else expression.span
        mistakes.found.append(PolicyError(span, no_key(check.each, check.at, SHAPES[check.each])))
    mistakes.end()
    return Condition(check.each, expression)


def examples(check: Check, body: Mapping) -> list[PolicyError]:
    """What is wrong with the examples of a check: a good one of which it does not hold, a bad one of which it does."""
    condition = compile(check, body)
    return [
        error
        for key, good in (("good", True), ("bad", False))
        for node in _items(body.get(key))
        if (error := _tried(condition, check, node, good)) is not None
    ]


def judge(condition: Condition, check: Check, project: Project, sees: bool = False) -> list[Finding]:
    """What a check finds in a project. What it cannot decide is an error, where the check is written.

    `sees`: whether the policy may see what variables of the machine bring in.
    """
    found: list[Finding] = []
    looked = project.once(_filled if sees else _written)
    for subject, fitted in looked.objects(check.each):
        looked.left -= fitted.cost
        if looked.left < 0:
            message = (
                f"was not evaluated for `{subject.name}` and later ones: the checks and the project are too "
                "large together"
            )
            found.append(Finding(condition.span, message, severity=ERROR))
            break
        try:
            if not condition.holds_of(fitted):
                found.append(Finding(subject.at(check.at), check.message, severity=check.severity))
        except Undecided as undecided:
            message = f"could not be evaluated for `{subject.name}`: {undecided.reason}"
            found.append(Finding(condition.span, message, severity=ERROR))
    return [finding.of(check.name) for finding in found]


def _tried(condition: Condition, check: Check, node: Node, good: bool) -> PolicyError | None:
    span = Span(node.source, node.start, min(node.end, _line_end(node)))
    try:
        if condition.holds(example(check.each, node)) == good:
            return None
    except PolicyError as error:
        return error
    except Undecided as undecided:
        return PolicyError(span, f"could not be evaluated for this example: {undecided.reason}")
    if good:
        return PolicyError(span, "this example is in `good`, but `must` is false for it")
    return PolicyError(span, "this example is in `bad`, but `must` is true for it")


def _line_end(node: Node) -> int:
    end = node.source.text.find("\n", node.start)
    return end if end >= 0 else node.end


def _must(body: Mapping) -> Scalar:
    node = body.get("must")
    assert isinstance(node, Scalar)  # the schema said so
    return node


def _items(node: Node | None) -> list[Node]:
    return node.items if isinstance(node, Sequence) else []


def _growing(tokens: list[Token]) -> Token | None:
    """The `map` with which the loops repeat a part of a value too often. Each repeats it as often as it names it."""
    growth = 1
    for at, token in enumerate(tokens):
        if token.text == "map" and [one.text for one in tokens[at + 1 : at + 2]] == ["("]:
            variable = next((one.text for one in tokens[at + 2 : at + 3]), "")
            named = sum(one.text == variable for one in tokens[at + 3 : _closing(tokens, at + 1)])
            growth *= max(1, named)
            if growth > MAX_GROWTH:
                return token
    return None


def _closing(tokens: list[Token], opening: int) -> int:
    """The index of the bracket that closes another; the end where none does."""
    depth = 0
    for at in range(opening, len(tokens)):
        depth += (tokens[at].text in _OPENING) - (tokens[at].text in _OPENING.values())
        if depth == 0:
            return at
    return len(tokens)


def _unknown_keys(expression: Expression, each: str) -> Iterator[PolicyError]:
    """The keys that no object has: `has` would say no to them for ever, and nobody would know."""
    texts = [token.text for token in expression.tokens]
    if any(texts[at : at + 3] == [loop, "(", each] for loop in _LOOPS for at in range(len(texts))):
        return  # the name is that of a loop's variable
    for at, text in enumerate(texts):
        if text == each and texts[at - 1 : at] != ["."]:
            unknown = _unknown_key(expression, at + 1, each)
            if unknown is not None:
                yield unknown


def _unknown_key(expression: Expression, at: int, each: str) -> PolicyError | None:
    """Follow the dots and brackets behind a variable, as far as it is known what there is."""
    shape, owner, tokens = SHAPES[each], each, expression.tokens
    texts = [token.text for token in tokens]
    while shape and at + 1 < len(tokens):
        if texts[at] == ".":
            key, after = texts[at + 1].strip("`"), at + 2
            if texts[after : after + 1] == ["("]:
                return None  # a function
        elif texts[at] == "[":
            after = _closing(tokens, at) + 1
            is_text = after == at + 3 and texts[at + 1][0] in "'\""
            key = texts[at + 1].strip("'\"") if is_text else "*"
        else:
            return None
        if key != "*" and not knows(shape, key):
            token = tokens[at + 1]
            return PolicyError(expression.place(token.start, token.end), no_key(owner, key, shape))
        owner = key.removesuffix("s") if key in ("model", "models", "service", "services") else owner
        shape, at = shape.get(key, shape.get("*", {})), after
    return None


def _mistakes(said: str, expression: Expression, each: str) -> list[PolicyError]:
    """The mistakes that the engine names, in plain words; of an expression that it cannot read the first one."""
    found = [(int(line), int(column), text.strip()) for line, column, text in _MISTAKE.findall(said)]
    if "recursion" in said:
        return [PolicyError(expression.span, "it is nested too deeply; the limit is 32 levels")]
    placed = sorted(one for one in found if one[0] > 0)
    if not placed:
        return [PolicyError(expression.span, "it is not a valid expression")]
    own = [one for one in placed if "*error*" not in one[2]] or placed[:1]  # the others follow from these
    if not all(text.startswith(("undeclared reference", "found no matching overload")) for _, _, text in own):
        own = own[:1]
    return [_mistake(line, column, text, expression, each) for line, column, text in own]


def _mistake(line: int, column: int, text: str, expression: Expression, each: str) -> PolicyError:
    offset = expression.offset(line, column)
    at = next((at for at, token in enumerate(expression.tokens) if token.start <= offset < token.end), None)
    tokens = expression.tokens
    if at is None:
        unread = Token(expression.text[offset : offset + 1], offset)  # a blank of another kind, or the end
        return PolicyError(expression.place(offset, unread.end), _words(text, unread, each))
    before = tokens[at - 1] if at else None
    if text.startswith("undeclared reference"):
        token = _undeclared(tokens, at)
        return PolicyError(expression.place(token.start, token.end), _unknown(token.text, tokens[at].text == "(", each))
    if text.startswith("found no matching overload") and tokens[at].text in ("(", ".") and before is not None:
        return PolicyError(expression.place(before.start, before.end), _words(text, before, each))
    wrong = tokens[at]
    if before is not None and before.text in _OPERATORS and text.startswith("Syntax error"):
        wrong = before  # `not true` is only noticed at `true`
    return PolicyError(expression.place(wrong.start, wrong.end), _words(text, wrong, each))


def _undeclared(tokens: list[Token], at: int) -> Token:
    """What the engine does not know: a function's name before its bracket, or the first of names joined by dots."""
    if tokens[at].text == "(":
        return tokens[at - 1]
    at -= tokens[at].text == "."
    while at >= 2 and tokens[at - 1].text == "." and tokens[at - 2].text.isidentifier():
        at -= 2
    return tokens[at]


def _unknown(name: str, called: bool, each: str) -> str:
    if not called:
        hint = did_you_mean(name, [each]) or f"; the variable of this check is `{each}`"
        return f"unknown name `{name}`{hint}"
    if name in _FUNCTIONS:
        return f"`{name}` does not accept these arguments, or cannot be called on this value"
    return f"unknown function `{name}`{did_you_mean(name, _FUNCTIONS)}"


def _words(said: str, token: Token, each: str) -> str:
    if found := re.match(r"found no matching overload for '(.*)' applied to '\((.*)\)'", said):
        return _mismatch(found[1], found[2])
    if found := re.match(r"reserved identifier: (\w+)", said):
        return f"`{found[1]}` is a reserved word"
    if said.startswith("has() argument"):
        return f"`has` requires a key of something, such as `has({each}.name)`"
    if "variable name must be" in said:
        return "a loop must start with the name of its variable, such as `all(one, one != '')`"
    if "Invalid string literal" in said or "nvalid bytes literal" in said:
        return _BAD_ESCAPE
    if said.startswith("Syntax error") and token.text in _OPERATORS:
        return f"`{token.text}` is not a CEL operator; did you mean `{_OPERATORS[token.text]}`?"
    if "<EOF>'" in said:
        return "the expression is incomplete"
    if "token recognition" in said:
        if token.text[:1] in ("'", '"'):
            return _BAD_ESCAPE if len(token.text) > 1 else "this string is not closed"
        shown = f"`{token.text}`" if token.text.isprintable() else f"the character U+{ord(token.text[0]):04X}"
        return f"{shown} is not valid in CEL"
    return f"`{token.text}` is not expected here" if said.startswith("Syntax error") else "CEL does not allow this"


def _mismatch(name: str, types: str | None) -> str:
    """What was applied to what it does not take."""
    if name in ("<jump_condition>", "_?_:_"):
        return "`? :` requires a boolean before `?` and two values of the same type"
    method = re.fullmatch(r"\((\w+)\)\.(\w+)", name)
    shown = method[2] if method else {"_[_]": "[ ]", "@in": "in"}.get(name, name.strip("_"))
    given = [*([method[1]] if method else []), *re.split(r", (?![^(]*\))", types or "")]
    listed = " and ".join(_type(one) for one in given if one)
    return f"`{shown}` does not accept {listed}" if listed else f"`{shown}` does not accept this"


def _type(name: str) -> str:
    """A type in plain words."""
    plain = re.split(r"[(<]", name.lower())[0]
    return {
        "int": "a number", "int64": "a number", "uint": "a number", "uint64": "a number", "double": "a number",
        "string": "a string", "bool": "true or false", "null": "null", "null_type": "null", "list": "a list",
        "map": "a map", "dyn": "any value",
    }.get(plain, f"a {plain}")  # fmt: skip


def _places(node: Scalar, text: str) -> list[int]:
    """Where each letter of a scalar's text stands in the file, and the end of the last."""
    content, source = node.content, node.source.text
    if content.text == text:
        return [content.start + at for at in range(len(text) + 1)]
    at = content.start
    if node.style in ("|", ">"):
        at = source.index("\n", at) + 1
    places: list[int] = []
    for letter in text:
        if not letter.isspace():
            at = _skip(source, at, node)
        places.append(min(at, max(content.start, node.end - 1)))
        width = _width(source, at, node.style)
        at += width if not letter.isspace() or width > 1 or source[at : at + 1] == letter else 0
    last = places[-1] + _width(source, places[-1], node.style) if places else content.start
    return [*places, min(last, content.end)]


def _skip(source: str, at: int, node: Scalar) -> int:
    """Past the blanks, the indentation and the folded line breaks before a letter."""
    while at < node.end and (source[at].isspace() or (node.style == '"' and source[at : at + 2] in ("\\\n", "\\\r"))):
        at += 1
    return at


def _width(source: str, at: int, style: str) -> int:
    """How many letters of the file make one of the text."""
    if style == "'" and source[at : at + 2] == "''":
        return 2
    if style == '"' and source[at : at + 1] == "\\":
        return {"x": 4, "u": 6, "U": 10}.get(source[at + 1 : at + 2], 2)
    return 1
