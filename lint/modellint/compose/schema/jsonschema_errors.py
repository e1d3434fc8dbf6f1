"""The errors of `jsonschema` for a file, each cause once and at its node.

Loaded only for files that the table refuses.
"""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, ValidationError, validators

from modellint.compose.schema.messages import explain, is_time, not_finite
from modellint.compose.schema.spec import read_schema, resolve
from modellint.compose.schema.table import REFUSED, ROOT, accepts, is_finite
from modellint.compose.schema.violation import Violation
from modellint.yaml.node import Mapping, Sequence, plain
from modellint.yaml.scalars import Time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.schema.place import Path
    from modellint.compose.schema.spec import Schema
    from modellint.compose.schema.table import Accepted, Table
    from modellint.yaml.node import Node

    Errors = Iterator[ValidationError]

_original_one_of: Any = cast(Any, Draft202012Validator).VALIDATORS["oneOf"]
# Where Compose makes text of a date: the maps with free names, and what it reads from any value.
_TIMES_IN = frozenset(("annotations", "args", "driver_opts", "environment", "labels", "options", "ssh", "sysctls"))
_TIMES_AS = frozenset(("command", "entrypoint", "provenance", "sbom", "version"))
_TIMES_LISTED = frozenset(("extra_hosts", "options"))
MAX_VIOLATIONS = 200  # explained in one project; more tell a reader nothing new


def judge(root: Mapping, rows: Table, accepted: Accepted) -> list[Violation]:
    """The violations of a project, in the order of its text; none where `jsonschema` accepts it."""
    found = list(islice(_no_json(root, ()), MAX_VIOLATIONS))
    errors: Errors = _validator().iter_errors(plain(_suspect(root, rows, accepted)))
    found += islice((violation for error in errors for violation in explain(root, error)), MAX_VIOLATIONS)
    unique: dict[tuple[object, ...], Violation] = {}  # an alias brings one place in more than once
    for violation in found:
        span = violation.span
        unique.setdefault((span.source.path, span.start, span.end, violation.message), violation)
    return [unique[key] for key in sorted(unique, key=lambda key: key[:3])][:MAX_VIOLATIONS]


@cache
def _validator() -> Any:
    """The validator of the installed schema. The errors of a `oneOf` are those of the branch that is meant.

    Made once in a process, because that takes longer than most files do.
    """
    schema = read_schema()

    def one_of(validator: Any, branches: list[Schema], instance: object, below: Schema) -> Errors:
        types = [_types(resolve(branch, schema)) for branch in branches]
        meant = [
            branch
            for branch, names in zip(branches, types, strict=True)
            if not names or any(validator.is_type(instance, name) for name in names)
        ]
        if len(meant) == 1:
            yield from validator.descend(instance, meant[0])
        elif meant:
            yield from _original_one_of(validator, branches, instance, below)
        else:
            wanted = [name for names in types for name in names]
            yield ValidationError("of no type that is wanted", validator="type", validator_value=wanted)

    extended = {"oneOf": one_of, "uniqueItems": _unique_items}
    return cast(Any, validators).extend(Draft202012Validator, extended)(schema)


def _types(schema: Schema) -> list[str]:
    types: str | list[str] = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def _unique_items(_validator: object, wanted: bool, items: object, _schema: Schema) -> Errors:
    """An error for each repeated item, in linear time: the validator's own check is quadratic."""
    if not wanted or not isinstance(items, list):
        return
    seen: set[str] = set()
    for number, item in enumerate(cast("list[object]", items)):
        text = repr(float(item)) if isinstance(item, int) and not isinstance(item, bool) else repr(item)
        if text in seen:
            yield ValidationError("repeated", path=(number,))
        seen.add(text)


def _suspect(root: Mapping, rows: Table, accepted: Accepted) -> Mapping:
    """The tree without the services, models and so on that the table accepts: what is left is judged faster."""
    if not rows:
        return root
    fields = rows[ROOT][4]
    entries = dict(root.entries)
    for name, (key, section) in root.entries.items():
        row = fields.get(name, REFUSED)
        if row == REFUSED or rows[row][6] == REFUSED or not isinstance(section, Mapping):
            continue
        kept = {
            entry: (entry_key, node)
            for entry, (entry_key, node) in section.entries.items()
            if not accepts(Mapping(section.source, 0, 0, {entry: (entry_key, node)}), row, rows, accepted)
        }
        entries[name] = (key, Mapping(section.source, section.start, section.end, kept))
    return Mapping(root.source, root.start, root.end, entries)


def _no_json(node: Node, path: Path) -> Iterator[Violation]:
    """What JSON has no word for: infinity and NaN, refused wherever they stand, and times, where Compose wants text."""
    if isinstance(node, Mapping):
        for name, (_, below) in node.entries.items():
            yield from _no_json(below, (*path, name))
    elif isinstance(node, Sequence):
        for number, below in enumerate(node.items):
            yield from _no_json(below, (*path, number))
    elif isinstance(node.value, float) and not is_finite(node.value):
        yield not_finite(node, path)
    elif isinstance(node.value, Time) and not _takes_time(path):
        yield is_time(node, path)


def _takes_time(path: Path) -> bool:
    names = [step for step in path if isinstance(step, str)]
    if any(name.startswith("x-") for name in names):
        return True
    if isinstance(path[-1], int):
        return not _TIMES_LISTED.isdisjoint(names[-2:])
    return path[-1] in _TIMES_AS or any(name in _TIMES_IN for name in names[-2:-1])
