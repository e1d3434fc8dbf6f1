"""Messages for schema errors: what to change, at the smallest place that shows the problem."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from modellint.compose.schema.hints import (
    CALLED_OTHERWISE,
    ENTRY_HINTS,
    NAME_PATTERN,
    PATTERN_HINTS,
    REQUIRED_HINTS,
    SECTIONS,
    TYPE_HINTS,
    TYPE_NAMES,
)
from modellint.compose.schema.place import SchemaPlace
from modellint.compose.schema.rename import rename
from modellint.compose.schema.violation import MADE_A_MAP, UNSET, Violation
from modellint.text.edit import Edit, Fix
from modellint.yaml.node import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError

    from modellint.compose.schema.place import Path
    from modellint.yaml.node import Node

_REFUSED = "Compose rejects the file"
_LONGEST_VALUE = 40  # characters of a value in a message
_NUMBERS = frozenset(("integer", "number"))
_SHORT_FORMS = ("volumes", "devices", "ports", "tmpfs")
_NAMED = ("configs", "secrets")  # whose short form is a name alone
_MOST_CLOSE = 1000  # mistyped keys whose nearest is kept
_MANY_KEYS = 10  # more than these are not listed in a hint


def explain(root: Mapping, error: ValidationError) -> Iterator[Violation]:
    """The violations that an error of `jsonschema` stands for; none where a template could not be read."""
    place = SchemaPlace(root, tuple(error.absolute_path))
    kind = str(error.validator)
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    wanted: Any = error.validator_value
    if kind == "additionalProperties":
        yield from _unknown_keys(place, schema)
    elif kind == "required":
        yield from _missing_keys(place, wanted)
    elif kind == "type":
        yield _wrong_type(place, [wanted] if isinstance(wanted, str) else wanted)
    elif kind == "anyOf":
        keys = _either([f"`{name}`" for branch in wanted for name in branch.get("required", ())])
        message = f"{place.subject} requires {keys}: {_REFUSED} without it"
        yield Violation(place.owner, place.node, "required", place.path, message, "add one of them")
    elif not _is_unset(place.node):
        yield _wrong_value(place, kind, wanted)
    elif isinstance(place.node, Scalar) and place.node.value == "":
        message = f"`{_cut(place.node.shown)}` has no value here, but `{place.name}` requires one: {_REFUSED}"
        hint = "give the variable a value, or a default such as `${NAME:-value}`"
        yield Violation(place.span, place.node, UNSET, place.path, message, hint)


def not_finite(scalar: Scalar, path: Path) -> Violation:
    """Infinity or NaN."""
    message = f"`{_cut(scalar.shown)}` is not a finite number: {_REFUSED}"
    return Violation(scalar.span, scalar, "type", path, message, "write a finite number, or quote the text")


def is_time(scalar: Scalar, path: Path) -> Violation:
    """A date or a time where Compose wants text."""
    message = f"YAML reads `{_cut(scalar.shown)}` as a date, but Compose requires text here: it rejects the file"
    return Violation(scalar.span, scalar, "type", path, message, "put it in quotes", _quote(scalar))


def _unknown_keys(place: SchemaPlace, schema: dict[str, Any]) -> Iterator[Violation]:
    known: list[str] = list(schema.get("properties", ()))
    patterns: list[str] = list(schema.get("patternProperties", ()))
    if isinstance(place.node, Mapping) and (pair := _made_a_map(place, known)):
        yield _made(place, *pair)
        return
    for name, (key, node) in place.node.entries.items() if isinstance(place.node, Mapping) else ():
        if name in known or not isinstance(key.value, str) or any(re.search(pattern, name) for pattern in patterns):
            continue
        path = (*place.path, name)
        if not known:
            yield _bad_name(place, key, node, path, patterns)
            continue
        message = f"`{_cut(name)}` is not a valid key of {place.noun}: {_REFUSED}"
        fix = None
        hint = CALLED_OTHERWISE.get((place.noun, name), "") or _misplaced(place, node)
        if not hint and (close := closest(name, tuple(known))):
            hint = f"did you mean `{close}`?"
            fix = rename(place.path, place.node, key, node, close)
        if not hint and len(known) <= _MANY_KEYS:
            hint = f"the valid keys are {_list([f'`{word}`' for word in known])}"
        yield Violation(key.span, node, "additionalProperties", path, message, hint or _no_such_key(patterns), fix)


def _made_a_map(place: SchemaPlace, known: list[str]) -> tuple[Scalar, Scalar] | None:
    """The key and value of an item of a list that was not meant to be a map; None where it may well be one."""
    if len(place.path) < 2 or place.path[-2] not in (*_SHORT_FORMS, *_NAMED) or not isinstance(place.path[-1], int):
        return None
    pairs = place.node.pairs if isinstance(place.node, Mapping) else []
    key, value = pairs[0] if len(pairs) == 1 else (None, None)
    if not isinstance(key, Scalar) or not isinstance(value, Scalar) or key.text in known or "\n" in value.text:
        return None
    is_short = "/" in key.text or "/" in value.text or (key.text.isdigit() and value.text.isdigit())
    return (key, value) if is_short else None


def _made(place: SchemaPlace, key: Scalar, value: Scalar) -> Violation:
    span = place.node.span
    if place.path[-2] in _NAMED:
        message = f"`{_cut(span.text)}` specifies neither `source` nor `target`: {_REFUSED}"
        hint = f"write `source: {_cut(key.shown)}` and `target: {_cut(value.shown)}`"
    else:
        message = f"`{_cut(span.text)}` is a map, because a space follows the colon: {_REFUSED}"
        hint = f"write `{_cut(f'{key.shown}:{value.shown}')}`"
    return Violation(span, place.node, MADE_A_MAP, place.path, message, hint)


@lru_cache(_MOST_CLOSE)
def closest(name: str, known: tuple[str, ...]) -> str:
    """The key that is meant; empty where none is like it. While fixes are tried, the same is asked again and again."""
    return next(iter(get_close_matches(name, known, 1)), "")


def _misplaced(place: SchemaPlace, node: Node) -> str:
    """A hint for what stands one level too high or too low."""
    if not place.path and isinstance(node, Mapping) and ("image" in node or "build" in node):
        return "move services under `services:`"
    if len(place.path) == 2 and place.path[0] == "services" and place.name in SECTIONS:
        return f"`{place.name}` is a top-level section: move it to the level of `services`"
    return ""


def _no_such_key(patterns: list[str]) -> str:
    return "remove it, or prefix its name with `x-`" if "^x-" in patterns else "remove it"


def _bad_name(place: SchemaPlace, key: Scalar, node: Node, path: Path, patterns: list[str]) -> Violation:
    section = place.name
    if not key.text.strip():
        message, hint = f"a name in `{section}` is empty: {_REFUSED}", "write a name"
    else:
        message = f"`{_cut(key.text)}` is not a valid name in `{section}`: {_REFUSED}"
        hint = "use only letters, digits, `.`, `_` and `-`" if NAME_PATTERN in patterns else "use another name"
    return Violation(key.span, node, "additionalProperties", path, message, hint)


def _missing_keys(place: SchemaPlace, wanted: list[str]) -> Iterator[Violation]:
    for name in wanted:
        if isinstance(place.node, Mapping) and name not in place.node:
            message = f"{place.subject} has no `{name}`: {_REFUSED} without it"
            hint = REQUIRED_HINTS.get((place.noun, name), f"add `{name}:`")
            yield Violation(place.owner, place.node, "required", place.path, message, hint)


def _wrong_type(place: SchemaPlace, types: list[str]) -> Violation:
    node, subject = place.node, place.subject
    wanted = _wanted(types)
    section = str(place.path[0]) if len(place.path) > 1 else ""
    specific = ENTRY_HINTS.get(place.noun) or TYPE_HINTS.get((section, place.name, _kind(node)))
    hint = specific or _type_hint(place, types)
    if isinstance(node, Scalar) and node.value is None:
        message = f"{subject} is empty but must be {wanted}: {_REFUSED}"
    elif isinstance(node, Scalar) and isinstance(node.value, str) and _is_context_size(place.path):
        message = f"{subject} must be {wanted}, and Compose does not convert {_described(node)}: it rejects the file"
        hint = "write a plain number, such as `4096`: quotes and `${…}` always produce text"
    else:
        message = f"{subject} must be {wanted}, not {_described(node)}: {_REFUSED}"
    fix = _retype(node, types) if isinstance(node, Scalar) and not specific else None
    return Violation(place.span, node, "type", place.path, message, hint, fix)


def _wanted(types: list[str]) -> str:
    return _either([word for name in types if name != "null" for word in TYPE_NAMES[name]])


def _type_hint(place: SchemaPlace, types: list[str]) -> str:
    """What to do about a value of the wrong type."""
    node = place.node
    if isinstance(node, Scalar):
        if node.value is None:
            return "give it a value, or remove it"
        if "string" in types and not set(types) & _NUMBERS:
            return "put it in quotes"
        if isinstance(node.value, str) and set(types) & {"integer", "number", "boolean"}:
            return (
                "write the value without a variable: `${…}` always produces text"
                if node.interpolated
                else "remove the quotes"
            )
        if "array" in types:
            return "write a list, with each item after `- `"
        return "write keys under it" if types == ["object"] else f"write {_wanted(types)}"
    is_map = isinstance(node, Mapping)
    if is_map and place.name in ("environment", "args", "labels", "annotations", "sysctls"):
        return "write `NAME=value`, or remove the `- `"
    if is_map and "array" in types:
        return "write a list, with each item after `- `"
    if not is_map and "object" in types:
        return "write `name: …` for each entry, without `- `"
    return f"write {_wanted(types)}; quote text that looks like a {_kind(node)}"


def _wrong_value(place: SchemaPlace, kind: str, wanted: Any) -> Violation:
    node = place.node
    shown = _cut(node.shown) if isinstance(node, Scalar) else ""
    name = place.name
    message, hint = f"`{name}` does not match the Compose schema (`{kind}`): {_REFUSED}", ""
    fix = None
    if kind == "enum":
        names = [str(choice) for choice in wanted]
        choices = [f"`{choice}`" for choice in names]
        message = f"`{name}` must be {_either(choices)}, not `{shown}`: {_REFUSED}"
        hint = f"write {_either(choices)}"
        if isinstance(node, Scalar) and (close := get_close_matches(str(node.value), names, 1, 0.5)):
            hint = f"did you mean `{close[0]}`?"
            if not node.interpolated:
                fix = Fix(f"use `{close[0]}` instead", [Edit(node.content, close[0])])
    elif kind == "pattern":
        message = f"`{name}` cannot be `{shown}`: {_REFUSED}"
        hint = PATTERN_HINTS.get(name, f"it must match `{wanted}`")
    elif kind in ("minimum", "maximum"):
        bound = "at least" if kind == "minimum" else "at most"
        message = f"`{name}` must be {bound} {wanted}, not {shown}: {_REFUSED}"
        hint = f"write a number that is {bound} {wanted}"
    elif kind == "uniqueItems":
        message = f"`{shown}` appears twice in `{name}`: {_REFUSED}"
        hint = "remove one of them"
    return Violation(place.span, node, kind, place.path, message, hint, fix)


def _is_unset(node: Node) -> bool:
    """Whether the value hangs on a variable that is not set here: it is empty, or kept its text."""
    return isinstance(node, Scalar) and node.interpolated and node.value in ("", node.text)


def _is_context_size(path: Path) -> bool:
    return len(path) == 3 and path[0] == "models" and path[2] == "context_size"


def _kind(node: Node) -> str:
    if isinstance(node, Scalar):
        return "empty" if node.value is None else "number" if isinstance(node.value, int | float) else "text"
    return "map" if isinstance(node, Mapping) else "list"


def _described(node: Node) -> str:
    if not isinstance(node, Scalar):
        return f"a {_kind(node)}"
    shown = f"`{_cut(node.shown)}`"
    if isinstance(node.value, bool):
        return shown
    if isinstance(node.value, str):
        return f"the text {shown}" if node.text else "empty text"
    return f"the number {shown}"


def _retype(scalar: Scalar, types: list[str]) -> Fix | None:
    """Quote a number where text is wanted; take the quotes off where it is not."""
    text = scalar.text
    if "string" in types:
        if set(types) & _NUMBERS:
            return None
        return _quote(scalar) if isinstance(scalar.value, int | float) else None
    quoted = isinstance(scalar.value, str) and scalar.style in ("'", '"') and not scalar.interpolated
    is_number = text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")
    if quoted and is_number and set(types) & _NUMBERS:
        return Fix("remove the quotes", [Edit(scalar.span, text)])
    if quoted and "boolean" in types and text in ("true", "false"):
        return Fix("remove the quotes", [Edit(scalar.span, text)])
    return None


def _quote(scalar: Scalar) -> Fix | None:
    if scalar.style or scalar.span.text != scalar.text or not scalar.text or scalar.tag:
        return None
    return Fix("put it in quotes", [Edit(scalar.span, f'"{scalar.text}"')])


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _list(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _cut(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= _LONGEST_VALUE else f"{line[: _LONGEST_VALUE - 1]}…"
