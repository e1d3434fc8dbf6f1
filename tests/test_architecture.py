"""Imports go one way, and a plain check imports nothing heavy."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import modellint
import modellint_rules

ENGINE = Path(modellint.__path__[0])
RULES = Path(modellint_rules.__path__[0])

# The rooms from the ground up: a file imports from its own room, and from those in rows above its own.
ROWS = [
    ["text", "system"],
    ["yaml", "files", "oci"],
    ["secrets", "policy_terms"],
    ["compose/values", "compose/variables"],
    ["compose/schema"],
    ["compose/model"],
    ["compose/validation"],
    ["compose/loading"],
    ["compose/canonical"],
    ["registry"],
    ["evidence"],
    ["rule", "fixing", "graph"],
    ["linter"],
    ["policy"],
    ["smoke/store", "smoke/runners", "smoke/isolation"],
    ["smoke/docker"],
    ["smoke"],
    ["check"],
    ["fix"],
    ["report"],
    ["commands"],
    ["cli"],
    ["__main__"],
]
ROW = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
CONTRACT = ENGINE / "report" / "contract.py"  # the names of its classes stand in the published JSON Schema
MOST_AT_THE_ROOT = 8  # modules: what does not fit belongs in a room
# What a rule may use: rooms, or single modules, that are pure, without a view of files, reports or the network.
OPEN_TO_RULES = {
    "rule", "policy_terms", "text.finding", "text.sizes", "text.numbers", "yaml.scalars", "evidence", "compose",
    "fixing", "oci", "secrets.credentials",
}  # fmt: skip
# The parts of a service that are read once, as `Service.commands`, `.ports` and `.mounts`.
READ_ONCE = {
    "command", "configs", "entrypoint", "expose", "healthcheck", "ports", "post_start", "pre_start", "pre_stop",
    "secrets", "tmpfs", "volumes",
}  # fmt: skip
# Rooms that look at documents before there is a service, or whatever a service may make of them.
BEFORE_SERVICES = {
    "compose/canonical", "compose/loading", "compose/model", "compose/schema", "compose/validation", "compose/values",
    "smoke", "smoke/docker", "smoke/isolation",
}  # fmt: skip
# These read the project's own section of that name.
TOP_LEVEL = {
    ("leaked_variable", "configs"), ("evidence/mounted", "configs"), ("evidence/texts", "configs"),
}  # fmt: skip
HEAVY = {
    "re", "typing", "dataclasses", "enum", "json", "argparse", "pathlib", "logging", "inspect", "functools",
    "contextlib", "collections", "string", "textwrap", "socket", "ssl", "urllib", "http", "asyncio", "concurrent",
    "multiprocessing",
    "jsonschema", "check_jsonschema", "rich", "pydantic", "oras", "sarif_om", "attr", "requests", "importlib.metadata",
    "ruamel.yaml",
}  # fmt: skip


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.stem != "__init__")


def imported(path: Path) -> set[str]:
    """The modules of modellint that a file imports, as paths below the package: `text/source`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "modellint":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.startswith("modellint."))
    return {name.removeprefix("modellint.").replace(".", "/") for name in found - {"modellint"}}


def name_of(path: Path) -> str:
    """The dotted name of a file of the package."""
    return ".".join(("modellint", *path.relative_to(ENGINE).with_suffix("").parts))


def room_of(module: str) -> str:
    """The room that a module lies in: the folder, one of `compose` or `smoke`, or the module itself at the root."""
    while module not in ROW:
        module, _, below = module.rpartition("/")
        assert below, "give the room a row"
    return module


MODULES = {name_of(path) for path in modules(ENGINE)}


@pytest.mark.parametrize("path", modules(ENGINE), ids=lambda path: path.relative_to(ENGINE).as_posix())
def test_a_module_looks_down(path: Path) -> None:
    own = room_of(path.relative_to(ENGINE).with_suffix("").as_posix())
    rooms = {room_of(each) for each in imported(path)} - {own}
    assert {room for room in rooms if ROW[room] >= ROW[own]} == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    below = {path.relative_to(ENGINE).with_suffix("").as_posix(): imported(path) for path in modules(ENGINE)}

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            new = below.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    assert [module for module in below if module in reached(module)] == []


def test_the_map_names_every_room_and_every_exception() -> None:
    text = (ENGINE / "README.md").read_text(encoding="utf-8")
    rooms = {part for room in ROW for part in room.split("/")}
    assert sorted(room for room in rooms if room not in text) == []
    exceptions = {
        node.name
        for path in modules(ENGINE)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        for base in node.bases
        if isinstance(base, ast.Name) and base.id.endswith(("Exception", "Error", "Failure"))
    }
    assert len(exceptions) > 30
    assert sorted(name for name in exceptions if f"`{name}`" not in text) == []


def test_the_root_is_small() -> None:
    assert len([path for path in modules(ENGINE) if path.parent == ENGINE]) < MOST_AT_THE_ROOT


def test_no_public_class_name_stands_twice() -> None:
    homes: dict[str, list[str]] = {}
    for path in modules(ENGINE):
        if path == CONTRACT:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(name_of(path))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_no_module_has_the_name_of_what_its_package_defines() -> None:
    """Its import would put the module in the place of the function."""
    for path in ENGINE.rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        defined = {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        assert defined.isdisjoint({each.stem for each in path.parent.iterdir()}), path


@pytest.mark.parametrize("path", modules(RULES), ids=lambda path: path.stem)
def test_a_rule_sees_little(path: Path) -> None:
    used = {each.replace("/", ".") for each in imported(path)}
    assert {each for each in used if not {each, each.split(".")[0]} & OPEN_TO_RULES} == set()


def reads(path: Path) -> set[str]:
    """The parts of a service that a file reads by their key. What asks only where the key stands is no reader."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return {
        argument.value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "get"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value in READ_ONCE
    }


def test_a_service_is_read_once() -> None:
    found: set[tuple[str, str]] = set()
    for path in modules(ENGINE):
        module = path.relative_to(ENGINE).with_suffix("").as_posix()
        if room_of(module) not in BEFORE_SERVICES:
            found |= {(module, part) for part in reads(path)}
    for path in modules(RULES):
        found |= {(path.stem, part) for part in reads(path)}
    assert found == TOP_LEVEL
    assert {"command", "ports", "volumes"} <= set().union(
        *[reads(path) for path in modules(ENGINE / "compose" / "model")]
    )


@pytest.mark.parametrize(
    "path", [*modules(ENGINE), *modules(RULES)], ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_only_the_front_prints(path: Path) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    allowed = {"report/terminal", "report/page", "report/text", "report/contract"}
    assert "print" not in calls or f"{path.parent.name}/{path.stem}" in allowed


def check_and_list_modules(tmp_path: Path, text: str, *words: str) -> set[str]:
    """Run a check as the installed program does, and name the modules that it imported on top of the interpreter's."""
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    program = (
        "import os, sys; before = set(sys.modules); end = os._exit\n"
        "def leave(status):\n"
        "    sys.stderr.write(' '.join(sorted(set(sys.modules) - before))); sys.stderr.flush(); end(status)\n"
        "os._exit = leave\n"
        "from modellint.cli import run; run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program, "check", *words, str(tmp_path / "compose.yaml")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return set(done.stderr.split())


CLEAN = """\
services:
  app:
    image: app:1.0
    ports: ["8080:80"]
    environment: ["LOG=${LOG:-info}"]
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
    runtime_flags: [--temp, "0.2"]
"""


@pytest.mark.parametrize("text", [CLEAN, CLEAN.replace("@sha256", ":v1 # @sha256")], ids=["clean", "a warning"])
def test_a_plain_check_imports_nothing_heavy(tmp_path: Path, text: str) -> None:
    used = check_and_list_modules(tmp_path, text)
    assert "modellint.linter.run_rules" in used
    assert not {name for name in used if name in HEAVY or name.split(".")[0] in HEAVY}


def test_a_check_opens_no_socket(tmp_path: Path) -> None:
    """Not even an import of the network: there is nothing that could open one."""
    used = check_and_list_modules(tmp_path, CLEAN.replace("[llm]", "[lmm]"), "--format", "json")
    assert not {name for name in used if name in ("socket", "_socket", "ssl", "http.client", "urllib.request")}
