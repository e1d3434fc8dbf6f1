"""The Compose schema that comes with check-jsonschema, as Docker Compose applies it.

Compose is more lenient than the schema in places: it merges repeated list items, casts some texts, and takes `extends`
and `include` out, before it validates. `LENIENCIES` lists these places, each seen in Docker Compose 5.6.1.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Schema: TypeAlias = "dict[str, Any]"

_FILE = ("builtin_schemas", "vendor", "compose-spec.json")


def read_schema() -> Schema:
    """The schema, flattened and lenient. Raises `ModuleNotFoundError` without check-jsonschema, and `OSError`."""
    return lenient(flat(read_original()))


def read_original() -> Schema:
    """The schema as check-jsonschema ships it."""
    import json
    import os
    from importlib.util import find_spec

    spec = find_spec("check_jsonschema")  # finds the package without running it
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("check-jsonschema, which ships the Compose schema, is not installed")
    with open(os.path.join(spec.submodule_search_locations[0], *_FILE), encoding="utf-8") as file:
        schema: Schema = json.load(file)
    return schema


def resolve(schema: Schema, root: Schema) -> Schema:
    """A schema, or the definition that it refers to."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def flat(root: Schema) -> Schema:
    """The same schema with each definition's `allOf` merged into it, so that all its keys stand together."""
    return {**root, "$defs": {name: _merged(schema, root) for name, schema in root["$defs"].items()}}


def _merged(schema: Schema, root: Schema) -> Schema:
    if "allOf" not in schema:
        return schema
    parts = [resolve(part, root) for part in schema["allOf"]]
    own = {key: value for key, value in schema.items() if key not in ("allOf", "unevaluatedProperties")}
    merged: Schema = {"type": "object"}
    for part in (*parts, own):
        for key, value in part.items():
            if key in ("properties", "patternProperties"):
                merged[key] = _joined(merged.get(key, {}), value)
            elif key == "required":
                merged[key] = [*merged.get(key, ()), *value]
            else:
                merged[key] = value
    if "unevaluatedProperties" in schema:
        merged["additionalProperties"] = schema["unevaluatedProperties"]
    return merged


def _joined(one: Schema, other: Schema) -> Schema:
    clash = sorted(name for name in one.keys() & other.keys() if one[name] != other[name])
    if clash:
        raise ValueError(f"two parts of one definition describe {', '.join(clash)}")
    return {**one, **other}


def lenient(root: Schema) -> Schema:
    """The flat schema with the leniencies applied; those for parts that it lacks are left out."""
    root = {**root, "$defs": dict(root["$defs"])}
    for pointer, loosen in LENIENCIES:
        _replace(root, pointer.split("/"), loosen, root)
    return root


def _replace(schema: Schema, path: list[str], loosen: Callable[[Schema], Schema], root: Schema) -> None:
    """Put a looser copy in place of what lies under a path; definitions that others share are copied on the way."""
    name, *rest = path
    if name not in schema:
        return
    if name == "oneOf":
        branches: list[Schema] = schema[name]
        numbered: Schema = {str(number): branch for number, branch in enumerate(branches)}
        _replace(numbered, rest, loosen, root)
        schema[name] = list(numbered.values())
    elif rest:
        below: Schema = dict(_inlined(schema[name], root))
        _replace(below, rest, loosen, root)
        schema[name] = below
    else:
        schema[name] = loosen(_inlined(schema[name], root))


def _inlined(schema: Schema, root: Schema) -> Schema:
    """A schema with its own reference, and those of its `oneOf`, replaced by what they refer to."""
    schema = resolve(schema, root)
    if "oneOf" in schema:
        return {**schema, "oneOf": [resolve(branch, root) for branch in schema["oneOf"]]}
    return schema


def _repeatable(schema: Schema) -> Schema:
    schema = {key: value for key, value in schema.items() if key != "uniqueItems"}
    if "oneOf" in schema:
        schema["oneOf"] = [_repeatable(branch) for branch in schema["oneOf"]]
    return schema


def _or_text(schema: Schema) -> Schema:
    return {**schema, "type": ["boolean", "string"]}


def _fractional(schema: Schema) -> Schema:
    return {**schema, "type": ["number", "string"]}


def _extensible(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "additionalProperties"}


def _or_empty(schema: Schema) -> Schema:
    return {**schema, "type": ["array", "null"]}


_SERVICE = "$defs/service/properties/"
_CONTAINERS = (_SERVICE, "$defs/job/properties/", "$defs/pre_start_hook/properties/")
_NETWORK = _SERVICE + "networks/oneOf/1/patternProperties/^[a-zA-Z0-9._-]+$/oneOf/0/properties/"
_BUILD = _SERVICE + "build/oneOf/1/properties/"
_UNIQUE_ONCE_MERGED = (
    *(_SERVICE + name for name in ("annotations", "cap_add", "cap_drop", "dns", "dns_opt", "dns_search")),
    *(_SERVICE + name for name in ("environment", "expose", "labels", "links", "ports", "profiles", "sysctls")),
    *(_SERVICE + name for name in ("tmpfs", "volumes")),
    *(_BUILD + name for name in ("additional_contexts", "args", "labels")),
    *(_NETWORK + name for name in ("aliases", "link_local_ips")),
    "$defs/deployment/properties/labels",
    "$defs/network/properties/labels",
    "$defs/include/oneOf/1/properties/env_file",
    "$defs/include/oneOf/1/properties/path",
)

# Where Docker Compose 5.6.1 accepts more than the schema, and how.
LENIENCIES: tuple[tuple[str, Callable[[Schema], Schema]], ...] = (
    *((pointer, _repeatable) for pointer in _UNIQUE_ONCE_MERGED),
    *((each + name, _fractional) for each in _CONTAINERS for name in ("mem_limit", "memswap_limit", "shm_size")),
    (_SERVICE + "depends_on/oneOf/1/patternProperties/^[a-zA-Z0-9._-]+$/properties/required", _or_text),
    (_SERVICE + "extends/oneOf/1", _extensible),
    ("$defs/include/oneOf/1", _extensible),
    ("properties/include", _or_empty),
    # Before 5.6.1 Compose accepts any name here and checks nothing below it: that is a rule's to say.
    ("properties/models", _extensible),
)
