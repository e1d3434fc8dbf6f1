"""Projects with one odd value at one place of the Compose schema: what is refused, cast, or taken as it is."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from generated import Generated

from modellint.compose.schema.spec import read_schema, resolve

DEEPEST = 7  # levels below a service or a resource
DECLARED = (
    "\nvolumes: {abc: , k: }\nnetworks: {abc: , k: }\nmodels: {abc: {model: m}, k: {model: m}}\n"
    "secrets: {abc: {file: f}, str: {file: f}}\nconfigs: {abc: {file: f}, str: {file: f}}\n"
)
# How a service uses a resource named k, and what the resource needs to be a valid one.
USES = {
    "networks": ("networks: [k]", ""),
    "volumes": ("volumes: ['k:/k']", ""),
    "secrets": ("secrets: [k]", "file: ./f"),
    "configs": ("configs: [k]", ""),
    "models": ("models: [k]", "model: m"),
    "jobs": ("", "image: j, triggers: {manual: true}"),
}
FILES = {"f": "x", "abc": "A=1\n", "str": "A=1\n"}
VALUES = [
    "null", '""', "[]", "{}", "true", "false", "0", "1", "-1", "1.0", "1.5", "1e3", "1e30", "3000000000.0", "0440",
    "4294967296", "99999999999999999999", "2024-01-01", "yes", "all", "abc", "'1'", "'1.0'", "'1.5'", "'-1'", "'0440'",
    "'1g'", "'10s'", "'a b'", "' a '", "'a=b'", "'a:b'", "'service:b'", "'$$x'", '"\\n"', "!!str 5", "'${U}'",
    "'${U:-5}'", "'${U:-1.5}'", "'${U:-true}'", "'${U:-abc}'", "[null]", "['']", "[1]", "[1.5]", "[true]", "[abc]",
    "[abc, abc]", "[1, '1']", "[a, null]", "['a=b']", "['a=b', 'a=c']", "[' a = b ']", "['a: b']", "['${U}']", "[[a]]",
    "[{}]", "[{k: v}]", "{k: null}", "{k: ''}", "{k: 1}", "{k: 1.5}", "{k: true}", "{k: abc}", "{k: '${U}'}",
    "{k: [a, b]}", "{k: []}", "{k: {}}", "{k: {j: 1}}", "{k: null, j: 2}", "{x-y: 1}", "{a b: c}", "{'${U:-k}': v}",
]  # fmt: skip
# What no key of the schema takes: it shows whether a program knows the key.
WRONG = "{no-such-key: [[{}]]}"


class Place:
    """A place of the schema: the YAML before and after its value."""

    def __init__(self, name: str, before: str, after: str) -> None:
        self.name = name
        self.before = before
        self.after = after

    @property
    def key(self) -> str:
        """The key that holds the value; empty for an item of a list and for a name that users choose."""
        key = self.name.rpartition(".")[2]
        return "" if key == "*" or key.endswith("[]") else key

    def holding(self, value: str) -> Generated:
        """The project with a value there."""
        return Generated({"compose.yaml": self.before + value + self.after, **FILES}, ["compose.yaml"], [])


def odd_value(seed: int) -> Generated:
    """A project with an odd value at one place."""
    chance = random.Random(f"odd value {seed}")
    return chance.choice(PLACES).holding(chance.choice(VALUES))


def places() -> list[Place]:
    """Every place of the schema, each once."""
    schema = read_schema()
    found: dict[str, Place] = {}
    for name, body in schema["properties"].items():
        if name == "services":
            service = _entry(body, schema)
            for key, value in service["properties"].items():
                image = "" if key == "image" else "image: i, "
                before = "services: {b: {image: b}, a: {" + image + key + ": "
                for place in _below(Place(f"services.*.{key}", before, "}}" + DECLARED), value, schema, DEEPEST):
                    found.setdefault(place.name, place)
        elif name in USES:
            for place in _of_section(name, _entry(body, schema), schema):
                found.setdefault(place.name, place)
        else:
            found[name] = Place(name, f"services: {{a: {{image: i}}}}\n{name}: ", "\n")
    return list(found.values())


def _entry(section: Any, schema: Any) -> Any:
    """What the schema says about an entry of a section."""
    return resolve(next(iter(resolve(section, schema)["patternProperties"].values())), schema)


def _of_section(section: str, entry: Any, schema: Any) -> Iterator[Place]:
    use, needs = USES[section]
    head = f"services: {{a: {{image: i{', ' + use if use else ''}}}}}\n{section}: "
    yield Place(section, head, "\n")
    yield Place(f"{section}.*", head + "{k: ", "}\n")
    for key, value in entry["properties"].items():
        others = "" if not needs or needs.startswith(f"{key}:") else needs + ", "
        yield from _below(Place(f"{section}.*.{key}", f"{head}{{k: {{{others}{key}: ", "}}\n"), value, schema, DEEPEST)


def _below(place: Place, schema: Any, root: Any, depth: int) -> Iterator[Place]:
    """A place and those inside it."""
    yield place
    schema = resolve(schema, root)
    if not depth:
        return
    branches = [*schema.get("oneOf", ()), *schema.get("anyOf", ())] or [schema]
    for branch in (resolve(each, root) for each in branches):
        properties = branch.get("properties", {})
        inside: list[tuple[str, str, str, Any]] = []
        for key, value in properties.items():
            needed = [name for name in branch.get("required", ()) if name != key and name in properties]
            others = "".join(f"{name}: {_plain(properties[name], root)}, " for name in needed)
            inside.append((f".{key}", f"{{{others}{key}: ", "}", value))
        named = [value for pattern, value in branch.get("patternProperties", {}).items() if pattern != "^x-"]
        inside.extend((".*", "{k: ", "}", value) for value in [*named, branch.get("additionalProperties")] if value)
        inside.append(("[]", "[", "]", branch.get("items")))
        for name, before, after, value in inside:
            if isinstance(value, dict):
                inner = Place(place.name + name, place.before + before, after + place.after)
                yield from _below(inner, value, root, depth - 1)


def _plain(schema: Any, root: Any) -> str:
    """A value that the schema takes."""
    schema = resolve(schema, root)
    if "oneOf" in schema:
        return _plain(schema["oneOf"][0], root)
    if "enum" in schema:
        return json.dumps(schema["enum"][0])
    types: str | list[str] = schema.get("type", "string")
    kind = types if isinstance(types, str) else types[0]
    if kind == "object":
        properties = schema.get("properties", {})
        needed = [f"{name}: {_plain(properties.get(name, {}), root)}" for name in schema.get("required", ())]
        return "{" + ", ".join(needed) + "}"
    return {"integer": "3", "number": "3", "boolean": "true", "array": "[]", "null": "null"}.get(kind, "str")


PLACES = places()
KEYS = [place for place in PLACES if place.key]
