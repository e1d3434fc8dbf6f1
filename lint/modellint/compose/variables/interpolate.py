"""`${VARIABLE}` as Docker Compose substitutes it (compose-go, `template`); checked against Compose 5.6.1.

Only values are interpolated, never keys. A `$` that begins no variable stays as it is; a `${` that is not well formed
makes Compose refuse the file.
"""

from __future__ import annotations

from modellint.yaml.node import Scalar, located

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from modellint.text.source import Span

_FIRST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME = _FIRST | frozenset("0123456789")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_LONGEST = 1 << 20  # characters of a value
_DEEPEST = 16  # variables in the default of a variable
_MOST_WORK = 2_000_000  # characters of defaults, each as often as it lies in another


class Variable:
    """One `$NAME` or `${NAME…}` in a text. `start` and `end` are offsets in that text."""

    __slots__ = ("end", "is_set", "name", "operand", "operator", "scalar", "start")

    def __init__(self, name: str, operator: str, operand: str, start: int, end: int) -> None:
        self.name = name
        self.operator = operator  # one of `:- - :? ? :+ +`, or empty
        self.operand = operand
        self.start = start
        self.end = end
        self.scalar: Scalar | None = None  # the value that it stands in
        self.is_set = False  # whether the variables that it is read with know the name

    @property
    def span(self) -> Span:
        """Where it stands in the file; the whole value where that is written so that it cannot be told."""
        assert self.scalar is not None
        return located(self.scalar.content, self.scalar.text, self.start, self.end)


class InvalidTemplate(ValueError):
    """A `${` that is not well formed, or more than a reader can hold. `start` is its offset in the text."""

    def __init__(self, text: str, start: int) -> None:
        super().__init__(text)
        self.start = start


class MissingVariable(ValueError):
    """A required variable (`:?` or `?`) has no value."""

    def __init__(self, variable: Variable, message: str) -> None:
        super().__init__(message)
        self.variable = variable


def substitute(text: str, environment: Mapping[str, str]) -> str:
    """The text with its variables replaced; raises `InvalidTemplate` or `MissingVariable`."""
    return _substitute(text, environment, 0, 0)


def variables(text: str) -> list[Variable]:
    """The variables of a text, those inside defaults included. Raises `InvalidTemplate`.

    A default that is not well formed has none: whether it is refused depends on whether it is needed.
    """
    found: list[Variable] = []
    _collect(text, 0, found, 0)
    return found


def interpolate(templates: Iterable[Scalar], environment: Mapping[str, str]) -> tuple[list[Variable], list[ValueError]]:
    """Give every scalar with a `$` the value that Compose gives it.

    Returns the variables met and what Compose would refuse; a scalar that is refused keeps its text as its value.
    """
    met: list[Variable] = []
    refused: list[ValueError] = []
    for scalar in templates:
        try:
            found = variables(scalar.text)
            for variable in found:
                variable.scalar = scalar
                variable.is_set = variable.name in environment
            met.extend(found)
            scalar.value = substitute(scalar.text, environment)
        except InvalidTemplate as error:
            error.args = (error.args[0], scalar)
            refused.append(error)
        except MissingVariable as error:
            error.variable.scalar = scalar
            refused.append(error)
        scalar.interpolated = True
    return met, refused


def _substitute(text: str, environment: Mapping[str, str], base: int, depth: int) -> str:
    out: list[str] = []
    last = size = 0
    at = text.find("$")
    while at >= 0:
        out.append(text[last:at])
        if text[at + 1 : at + 2] == "$":
            out.append("$")
            last = at + 2
        else:
            variable = _variable_at(text, at, base)
            if variable is None:
                out.append("$")
                last = at + 1
            else:
                value = _value(variable, environment, base, depth)
                size += len(value)
                if size > _LONGEST:
                    raise InvalidTemplate("too long", variable.start)
                out.append(value)
                last = variable.end - base
        at = text.find("$", last)
    out.append(text[last:])
    return "".join(out)


def _value(variable: Variable, environment: Mapping[str, str], base: int, depth: int) -> str:
    if depth > _DEEPEST or depth * len(variable.operand) > _MOST_WORK:
        raise InvalidTemplate("nested too deeply", variable.start)
    value = environment.get(variable.name)
    operator = variable.operator
    has = value if operator.startswith(":") else value is not None
    if not operator or (has and operator[-1] in "-?"):
        return value or ""
    if operator[-1] == "+" and not has:
        return ""
    inner = variable.end - 1 - len(variable.operand)
    operand = _substitute(variable.operand, environment, inner, depth + 1)
    if operator[-1] == "?":
        raise MissingVariable(variable, operand)
    return operand


def _collect(text: str, base: int, found: list[Variable], depth: int) -> None:
    at = text.find("$")
    while at >= 0:
        variable = None if text[at + 1 : at + 2] == "$" else _variable_at(text, at, base)
        if variable is None:
            at = text.find("$", at + (2 if text[at + 1 : at + 2] == "$" else 1))
            continue
        found.append(variable)
        if variable.operand and depth < _DEEPEST and depth * len(variable.operand) <= _MOST_WORK:
            inner: list[Variable] = []
            try:
                _collect(variable.operand, variable.end - 1 - len(variable.operand), inner, depth + 1)
            except InvalidTemplate:
                inner.clear()
            found.extend(inner)
        at = text.find("$", variable.end - base)


def _variable_at(text: str, at: int, base: int) -> Variable | None:
    """The variable that begins at the `$` at an offset, or None where the `$` is only a `$`."""
    braced = text[at + 1 : at + 2] == "{"
    start = at + 2 if braced else at + 1
    end = start
    if text[start : start + 1] in _FIRST:
        while end < len(text) and text[end] in _NAME:
            end += 1
    name = text[start:end]
    if not braced:
        return Variable(name, "", "", base + at, base + end) if name else None
    if name and text[end : end + 1] == "}":
        return Variable(name, "", "", base + at, base + end + 1)
    operator = next((sign for sign in _OPERATORS if text.startswith(sign, end)), "")
    close = _closing_brace(text, at) if name and operator else -1
    if close < 0:
        raise InvalidTemplate(text, base + at)
    return Variable(name, operator, text[end + len(operator) : close], base + at, base + close + 1)


def _closing_brace(text: str, at: int) -> int:
    """Offset of the `}` that Compose takes for the end of the `${` at an offset, or -1.

    Compose counts every `{`, not only that of `${`, and passes over the character behind it. Where the braces do not
    match that way, the last `}` of the line it is.
    """
    depth = 0
    last = -1
    end = _found(text, "\n", at)
    opened, closed = _found(text, "{", at), _found(text, "}", at)
    while (at := min(opened, closed)) < end:
        if at == closed:
            last = at
            depth -= 1
            if depth == 0:
                break
        else:
            depth += 1
            if text[at + 1 : at + 2] == "}":
                last = at + 1
            at += 1  # the character behind it; a line break ends the search all the same
        if opened <= at:
            opened = _found(text, "{", at + 1)
        if closed <= at:
            closed = _found(text, "}", at + 1)
    return last


def _found(text: str, letter: str, at: int) -> int:
    """Where a letter stands next; where the text ends, if it does not."""
    found = text.find(letter, at)
    return found if found >= 0 else len(text)
