"""What modellint starts, and how it is started itself: nothing of the folder that is checked runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import modellint
from modellint.system.programs import bare_environment, find_program, isolated

LINT = Path(modellint.__path__[0]).parent
MODULES = (
    "pathspec", "ruamel", "_ruamel_yaml", "re", "json", "typing", "dataclasses", "tree_sitter", "tree_sitter_bash",
    "jsonschema", "rich", "pydantic", "modellint_rules", "modellint_policies", "cel_expr_python", "stat", "gc",
)  # fmt: skip
COMPOSE = """\
services:
  app:
    image: app:1.0
    command: ["sh", "-c", "echo $LLM_URL $LLM_MODEL"]
    models: [llm]
models:
  llm:
    model: ai/smollm2:v1
"""
POLICY = "version: 1\nchecks: [{name: named, each: model, must: 'model.name != \"\"', message: no name}]\n"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A repository with a module in the place of each that a check imports; any of them says that it ran."""
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text("import os; os.write(1, b'HIJACKED ' + __name__.encode())", "utf-8")
    (tmp_path / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    (tmp_path / ".gitignore").write_text("*.log\n", encoding="utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".modellint.yaml").write_text(POLICY, encoding="utf-8")
    return tmp_path


def check(words: list[str], folder: Path) -> str:
    done = subprocess.run([*words, "check", "."], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert "unpinned-model" in done.stdout
    return done.stdout


def batch_words() -> list[str]:
    """What `modellint.bat` starts, without its program and its arguments."""
    lines = (LINT / "bin/modellint.bat").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith("@if exist")]
    calls = [part.partition(")")[0].partition(" %*")[0].partition('" ')[2] for part in line.split("(")[1:]]
    assert len(set(calls)) == 1, calls
    return calls[0].split()


def test_what_the_batch_file_starts_takes_no_module_of_the_repository(hostile: Path) -> None:
    folder = hostile / "modellint"
    folder.mkdir()
    for name in ("__init__", "__main__"):
        (folder / f"{name}.py").write_text("print('HIJACKED')", encoding="utf-8")
    words = batch_words()
    assert words == ["-P", "-m", "modellint"]
    assert "HIJACKED" not in check([sys.executable, *words], hostile)


def test_once_modellint_runs_it_takes_no_module_of_the_current_folder(hostile: Path) -> None:
    """`python -m modellint` cannot be kept from a `modellint/` of the folder, but from all that comes later."""
    for name in ("re", "typing", "gc", "stat"):  # which the interpreter itself imports before
        (hostile / f"{name}.py").unlink()
    assert "HIJACKED" not in check([sys.executable, "-m", "modellint"], hostile)


def test_an_interpreter_of_ours_takes_nothing_of_its_folder_or_environment(hostile: Path) -> None:
    program = "import os, json, re, sys, typing; print(sorted(os.environ), sys.path)"
    given = {**bare_environment(), "PYTHONPATH": str(hostile), "PYTHONSTARTUP": str(hostile / "re.py")}
    done = subprocess.run(
        [*isolated(), "-c", program], cwd=hostile, env=given, capture_output=True, text=True, check=True
    )
    assert "HIJACKED" not in done.stdout
    assert str(hostile) not in done.stdout.partition("]")[2]


def test_the_environment_of_an_interpreter_has_what_it_needs_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LD_PRELOAD", "PYTHONPATH", "SECRET"):
        monkeypatch.setenv(name, "/x")
    monkeypatch.setenv("LD_LIBRARY_PATH", os.pathsep.join(["", "/opt/lib", "here"]))
    found = bare_environment()
    assert found["LD_LIBRARY_PATH"] == "/opt/lib"
    assert found.keys() <= {"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP"}


@pytest.mark.skipif(sys.platform == "win32", reason="files are made executable as on Unix")
def test_a_program_is_not_looked_for_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "bin"
    elsewhere.mkdir()
    for folder in (tmp_path, elsewhere):
        (folder / "helper").write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / "helper").chmod(0o755)
    assert find_program("helper", os.pathsep.join(["", ".", "bin"])) is None
    assert find_program("helper", os.pathsep.join(["", str(elsewhere)])) == str(elsewhere / "helper")
    assert find_program("./helper") == str(tmp_path / "helper")  # which somebody has written so
    monkeypatch.setenv("PATH", os.pathsep.join([".", str(elsewhere)]))
    assert find_program("helper") == str(elsewhere / "helper")
