"""Compile the Compose schema into the table that `modellint.compose.schema.table` walks.

Understands the part of JSON Schema that the Compose schema uses, and refuses every keyword it does not know: a table
that silently left something out would accept what Compose refuses.
"""

from __future__ import annotations

from modellint.compose.schema.spec import resolve
from modellint.compose.schema.table import ANYTHING, BOOLEAN, FLOAT, INTEGER, LIST, MAP, NULL, PATTERNS, REFUSED, TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.compose.schema.spec import Schema
    from modellint.compose.schema.table import Limits, Row, Table

_TYPES = {
    "null": NULL, "boolean": BOOLEAN, "integer": INTEGER, "number": INTEGER | FLOAT, "string": TEXT, "array": LIST,
    "object": MAP,
}  # fmt: skip
_SILENT = frozenset(("$comment", "$defs", "$id", "$schema", "default", "deprecated", "description", "examples",
                     "format", "title"))  # fmt: skip
_KNOWN = frozenset((
    "additionalProperties", "anyOf", "enum", "items", "maximum", "minimum", "oneOf", "pattern", "patternProperties",
    "properties", "required", "type", "uniqueItems",
))  # fmt: skip
_OF_TYPE = {
    TEXT: ("enum", "pattern"),
    INTEGER: ("minimum", "maximum"),
    LIST: ("items", "uniqueItems"),
    MAP: ("properties", "patternProperties", "additionalProperties", "required", "anyOf"),
}


_MODULE = '''"""The Compose schema as a table; written by the build, see `schema_table.py`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.schema.table import Table

ROWS: Table = (
{rows})
'''


class UnknownKeyword(ValueError):
    """The schema says something that the table cannot express."""


def compile_schema(root: Schema) -> Table:
    """The rows of a flat schema, the root's first; raises `UnknownKeyword`."""
    return _Compiler(root).compile()


def source_of(rows: Table) -> str:
    """The table as a Python module."""
    return _MODULE.format(rows="".join(f"    {row!r},\n" for row in rows))


class _Compiler:
    def __init__(self, root: Schema) -> None:
        self.root = root
        self.rows: list[Row | None] = []
        self.numbers: dict[str, int] = {}  # of the row of a schema, by its text

    def compile(self) -> Table:
        self.number(self.root)
        return tuple(row for row in self.rows if row is not None)

    def number(self, schema: Schema | bool) -> int:
        """The number of the row of a schema; equal schemas share one."""
        if schema is False:
            return REFUSED
        spoken = self.reduced({} if schema is True else schema)
        text = repr(spoken)
        if text not in self.numbers:
            number = self.numbers[text] = len(self.rows)
            self.rows.append(None)
            self.rows[number] = self.row(spoken)
        return self.numbers[text]

    def reduced(self, schema: Schema) -> Schema:
        """A schema without reference, annotations and `oneOf`."""
        if "$ref" in schema and schema.keys() - _SILENT != {"$ref"}:
            raise UnknownKeyword(f"$ref beside {sorted(schema.keys() - _SILENT)}")
        schema = resolve(schema, self.root)
        spoken = {key: schema[key] for key in sorted(schema.keys() - _SILENT)}
        if unknown := spoken.keys() - _KNOWN:
            raise UnknownKeyword(", ".join(sorted(unknown)))
        if "enum" in spoken and spoken.get("type") != "string":
            raise UnknownKeyword("enum of something else than text")
        return self.united(spoken) if "oneOf" in spoken else spoken

    def united(self, schema: Schema) -> Schema:
        """A `oneOf` as one schema: its branches differ in type, and a keyword speaks of one type only."""
        if schema.keys() != {"oneOf"}:
            raise UnknownKeyword(f"oneOf beside {sorted(schema)}")
        united: Schema = {"type": []}
        for branch in map(self.reduced, schema["oneOf"]):
            types = _names(branch)
            if _bits(types) & _bits(united["type"]) or not types:
                raise UnknownKeyword("oneOf whose branches share a type")
            relevant = {key for bit, keys in _OF_TYPE.items() if bit & _bits(types) for key in keys}
            united["type"] += types
            united |= {key: value for key, value in branch.items() if key in relevant}
        return united

    def row(self, schema: Schema) -> Row:
        types = _bits(_names(schema)) or ANYTHING
        patterns = list(schema.get("patternProperties", {}).items())
        fields = schema.get("properties", {})
        matching = [_known(pattern) for pattern, _ in patterns]
        if len(matching) > 1 or any(matches(name) for matches in matching for name in fields):
            raise UnknownKeyword("patternProperties that overlap")
        pattern, named = patterns[0] if patterns else ("", True)
        return (
            types,
            _limits(schema),
            self.number(schema.get("items", True)),
            bool(schema.get("uniqueItems")),
            {name: self.number(below) for name, below in fields.items()},
            pattern,
            self.number(named),
            self.number(schema.get("additionalProperties", True)),
            tuple(schema.get("required", ())),
            _one_of(schema.get("anyOf", ())),
        )


def _names(schema: Schema) -> list[str]:
    types: str | list[str] = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _bits(types: list[str]) -> int:
    bits = 0
    for name in types:
        bits |= _TYPES[name]
    return bits


def _limits(schema: Schema) -> Limits | None:
    choices = tuple(schema.get("enum", ()))
    pattern = schema.get("pattern", "")
    if pattern:
        _known(pattern)
    low, high = schema.get("minimum"), schema.get("maximum")
    return (choices, pattern, low, high) if choices or pattern or low is not None or high is not None else None


def _known(pattern: str) -> Callable[[str], bool]:
    if pattern not in PATTERNS:
        raise UnknownKeyword(f"the pattern {pattern}")
    return PATTERNS[pattern]


def _one_of(branches: list[Schema]) -> tuple[str, ...]:
    """The keys of which an `anyOf` wants at least one."""
    for branch in branches:
        if branch.keys() != {"required"} or len(branch["required"]) != 1:
            raise UnknownKeyword("anyOf of something else than a required key")
    return tuple(branch["required"][0] for branch in branches)
