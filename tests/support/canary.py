"""Projects that name a secret of the machine in every attribute of a Compose file and in every other place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from modellint.compose.schema.spec import read_schema

CANARY = "CANARYVALUE77"
WRITTEN = "${CANARY}"
HOLDERS: dict[str, tuple[str, dict[str, Any]]] = {  # of what has a name: the name, and what else it needs
    "services": ("app", {"image": "app", "models": ["llm"]}),
    "models": ("llm", {"model": "ai/x"}),
    "volumes": ("entry", {}),
    "networks": ("entry", {}),
    "configs": ("entry", {"content": "x"}),
    "secrets": ("entry", {"file": "x"}),
}


def attributes() -> list[tuple[str, ...]]:
    """Every key of the schema, down to what a section's entry is made of, by the sections that hold it."""
    schema = read_schema()
    found: list[tuple[str, ...]] = []

    def add(path: tuple[str, ...], node: dict[str, Any], depth: int) -> None:
        while "$ref" in node:
            node = schema["definitions" if "definitions" in schema else "$defs"][node["$ref"].rpartition("/")[2]]
        for branch in (*node.get("oneOf", ()), *node.get("anyOf", ()), *node.get("allOf", ())):
            add(path, branch, depth)
        for name, inner in node.get("properties", {}).items():
            found.append((*path, name))
            if depth:
                add((*path, name), inner, depth - 1)
        for inner in (node.get("items", {}), *node.get("patternProperties", {}).values()):
            if depth:
                add((*path, "*"), inner, depth - 1)

    add((), schema, 5)
    return list(dict.fromkeys(found))


def document(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A project in which one attribute has a value; lists and maps on the way have one item."""
    found: dict[str, Any] = {
        "services": {"app": {"image": "app", "models": ["llm"]}},
        "models": {"llm": {"model": "ai/smollm2"}},
    }
    section, *rest = path
    if section in HOLDERS and len(rest) > 1:
        name, body = HOLDERS[section]
        found[section] = {name: {**body, rest[1]: _nested(rest[2:], value)}}
    else:
        found[section] = _nested(rest, value)
    return found


def _nested(names: list[str], value: Any) -> Any:
    for name in reversed(names):
        value = [value] if name == "*" else {name: value}
    return value


SHAPES = 6  # of values


def value_of(shape: int) -> Any:
    """A value of each shape that names the secret."""
    shapes: list[Any] = [
        WRITTEN, f"./{WRITTEN}/x.yaml", [WRITTEN], {"a": WRITTEN}, {WRITTEN: WRITTEN}, f"{WRITTEN}:{WRITTEN}",
    ]  # fmt: skip
    return shapes[shape % SHAPES]


def write_projects(folder: Path, shape: int, step: int = 1) -> int:
    """Write a project for each attribute, or for some of them; returns how many."""
    (folder / ".git").mkdir()
    paths = list(enumerate(attributes()))[::step]
    for at, path in paths:
        project = folder / f"p{at}"
        project.mkdir()
        text = json.dumps(document(path, value_of(shape + at if step > 1 else shape)), indent=1)
        (project / "compose.yaml").write_text(text)
    return len(paths)


def write_place(folder: Path, place: str) -> None:
    """Write the project of one of `PLACES`."""
    (folder / ".git").mkdir()
    (folder / "sub").mkdir()
    files = {
        "compose.yaml": "services: {app: {image: app}}\n", "a.yaml": "services: {x: {image: x}}\n",
        "broken.yaml": "services: [\n", "bad.env": "A B=1\n", **PLACES[place],
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text)


def hide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every variable of the machine hold the secret."""
    kept = {"PATH", "HOME", "TMPDIR", "VIRTUAL_ENV", "PWD"}
    for name in set(os.environ) - kept:
        if not name.startswith(("COV", "PYTEST", "LC_", "LANG", "PYTHON")):
            monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("CANARY", CANARY)
    for name in ("CI", "COMPOSE_FILE", "COMPOSE_ENV_FILES", "COMPOSE_DISABLE_ENV_FILE", "GITHUB_EVENT_NAME"):
        monkeypatch.delenv(name, raising=False)


PLACES = {
    "COMPOSE_FILE": {".env": "COMPOSE_FILE=${CANARY}\n"},
    "COMPOSE_FILE in quotes": {".env": 'COMPOSE_FILE="a.yaml:x/${CANARY}/y.yaml"\n'},
    "COMPOSE_FILE, cleaned": {".env": "COMPOSE_FILE=${CANARY}/../compose.yaml\n"},
    "separator": {".env": "COMPOSE_FILE=a${CANARY}b\nCOMPOSE_PATH_SEPARATOR=${CANARY}\n"},
    "name": {".env": "COMPOSE_PROJECT_NAME=${CANARY}\n"},
    "profiles": {".env": "COMPOSE_PROFILES=${CANARY}\n"},
    "disabled": {".env": "COMPOSE_DISABLE_ENV_FILE=${CANARY}\n"},
    "a required variable": {".env": "A=${NOT_SET:?${CANARY}}\n"},
    "an env file that is refused": {".env": "A=1\n${CANARY} B=1\n"},
    "include": {"compose.yaml": "include: ['${CANARY}', './${CANARY}.yaml', '/${CANARY}/x.yaml']\n"},
    "include, its env file": {"compose.yaml": "include: [{path: a.yaml, env_file: '${CANARY}'}]\n"},
    "include, one of its env files": {"compose.yaml": "include: [{path: a.yaml, env_file: ['./x/${CANARY}']}]\n"},
    "include, its folder": {"compose.yaml": "include: [{path: a.yaml, project_directory: '/${CANARY}'}]\n"},
    "include of a folder": {"compose.yaml": "include: [{path: '${CANARY}/../sub'}]\n"},
    "include, cleaned": {"compose.yaml": "include: ['${CANARY}/../broken.yaml']\n"},
    "extends": {"compose.yaml": "services: {a: {extends: {file: '${CANARY}', service: x}}}\n"},
    "extends, its service": {"compose.yaml": "services: {a: {extends: {file: a.yaml, service: '${CANARY}'}}}\n"},
    "extends, here": {"compose.yaml": "services: {a: {extends: '${CANARY}'}}\n"},
    "extends, cleaned": {"compose.yaml": "services: {a: {extends: {file: '${CANARY}/../a.yaml', service: no}}}\n"},
    "env file": {"compose.yaml": "services: {a: {image: a, env_file: '${CANARY}'}}\n"},
    "env file, cleaned": {"compose.yaml": "services: {a: {image: a, env_file: '${CANARY}/../bad.env'}}\n"},
    "env file outside": {"compose.yaml": "services: {a: {image: a, env_file: '${CANARY}/../../../etc/passwd'}}\n"},
    "label file": {"compose.yaml": "services: {a: {image: a, label_file: ['${CANARY}']}}\n"},
    "context": {"compose.yaml": "services: {a: {build: {context: '${CANARY}', dockerfile: '${CANARY}'}}}\n"},
    "volume": {"compose.yaml": "services: {a: {image: a, volumes: ['./${CANARY}:/x', '${CANARY}:/y']}}\n"},
    "merged": {
        "compose.yaml": "services: {a: {image: a, command: '${CANARY}', volumes: ['${CANARY}:/x']}}\n",
        "compose.override.yaml": "services: {a: {command: ['${CANARY}'], volumes: {a: '${CANARY}'}}}\n",
    },
    "a variable of an env file": {
        "compose.yaml": "services: {a: {image: a, env_file: c.env, environment: {B: '${CANARY}'}}}\n",
        "c.env": "A=${CANARY}\nOPENAI_API_KEY=${CANARY}\nOPENAI_BASE_URL=http://${CANARY}:12434/v1\n",
    },
}
