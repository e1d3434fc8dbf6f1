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

# From the bottom up. A module imports from the rows above its own, and from its own row where the row says so with a
# name for a whole package.
LAYERS = [
    {
        "source",
        "closed_streams",
        "defect",
        "file_attributes",
        "near",
        "number",
        "repositories",
        "undisturbed",
        "programs",
    },
    {"base_version", "ownership"},
    {"node", "edit", "image", "demands", "policies"},
    {"scalar", "finding", "removal", "items", "exemption"},
    {"yaml_events", "damage", "standin", "reference", "artifact", "sizes"},
    {"request", "atomic_write"},
    {"facts"},
    {"syntax", "tree"},
    {"parse"},
    {"comment"},
    {"compose"},
    {"evidence"},
    {"grant_edits", "pins", "secret_names", "made_names"},
    {"secret_lines"},
    {"disclosure", "identity"},
    {"pin", "sound", "replace", "registry"},
    {"rule"},
    {"pack", "example", "engine", "base_suppressions"},
    {"policy"},
    {"result", "parallel"},
    {"check", "config"},
    {"fix", "graph", "runner", "store", "isolation"},
    {"docker"},
    {"smoke"},
    {"report"},
    {"options"},
    {"stub", "baseline"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
PACKAGES = {
    "compose", "evidence", "registry", "report", "commands", "policy", "graph", "runner", "store", "isolation",
    "docker", "smoke",
}  # fmt: skip
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
# What a rule may use besides `modellint.rule`: pure modules without a view of files, reports or the network.
FOR_RULES = {
    "rule", "finding", "reference", "image", "items", "removal", "scalar", "evidence", "compose", "grant_edits",
    "request", "facts", "artifact", "sizes", "pins", "demands", "exemption", "number",
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
    """The parts of modellint that a file imports, by their first name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "modellint":
            names.update(alias.name for alias in node.names if alias.name != "__version__")
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("modellint."):
            names.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names.update(alias.name.split(".")[1] for alias in node.names if alias.name.startswith("modellint."))
    return names


@pytest.mark.parametrize("path", modules(ENGINE), ids=lambda path: path.relative_to(ENGINE).as_posix())
def test_a_module_looks_down(path: Path) -> None:
    own = path.relative_to(ENGINE).parts[0].removesuffix(".py")
    assert own in RANK, "give the module a layer"
    above = {name for name in imported(path) if RANK[name] >= RANK[own]}
    assert above <= ({own} if own in PACKAGES else set())


@pytest.mark.parametrize("path", modules(RULES), ids=lambda path: path.stem)
def test_a_rule_sees_little(path: Path) -> None:
    assert imported(path) <= FOR_RULES


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
    assert "modellint.engine" in used
    assert not {name for name in used if name in HEAVY or name.split(".")[0] in HEAVY}


def test_a_check_opens_no_socket(tmp_path: Path) -> None:
    """Not even an import of the network: there is nothing that could open one."""
    used = check_and_list_modules(tmp_path, CLEAN.replace("[llm]", "[lmm]"), "--format", "json")
    assert not {name for name in used if name in ("socket", "_socket", "ssl", "http.client", "urllib.request")}
