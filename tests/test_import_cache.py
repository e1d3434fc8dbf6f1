"""Modules that are imported from one file: never others than those that are there, and never an older version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import modellint
import modellint_rules

PROGRAM = "import sys; sys.path.insert(0, sys.argv.pop(1)); from modellint.cli import run; run()"
LATE = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); import os; end = os._exit\n"
    "def leave(status):\n"
    "    loaders = [getattr(getattr(each, '__spec__', None), 'loader', None) for each in sys.modules.values()]\n"
    "    kept = [each for each in loaders if type(each).__name__ == 'ImportCache']\n"
    "    print(len(kept), file=sys.stderr, flush=True); end(status)\n"
    "os._exit = leave\n"
    "from modellint.cli import run; run()"
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the program, which tests may change, and a project to check."""
    unseen = shutil.ignore_patterns("__pycache__")
    for package in (modellint, modellint_rules):
        shutil.copytree(package.__path__[0], tmp_path / "lib" / package.__name__, ignore=unseen)
    (tmp_path / "compose.yaml").write_text("services: {a: {image: a, models: [m]}}\nmodels: {m: {model: ai/x}}\n")
    return tmp_path / "lib"


def kept(library: Path) -> Path:
    return library / "modellint" / "__pycache__" / f"check.{sys.implementation.cache_tag}"


def run(library: Path, *words: str, program: str = PROGRAM, **more: str) -> subprocess.CompletedProcess[str]:
    """The copy's program, with the libraries of this environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, "-c", program, str(library), *(words or ("check", "compose.yaml"))], cwd=library.parent,
        env={**environment, **more}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_second_check_imports_from_it(library: Path) -> None:
    first, second = run(library), run(library, program=LATE)
    assert kept(library).is_file()
    assert (second.returncode, second.stdout) == (first.returncode, first.stdout)
    assert int(second.stderr) > 80


def test_a_module_that_has_changed_is_read_anew(library: Path) -> None:
    run(library)
    rule = library / "modellint_rules" / "unpinned_model.py"
    text = rule.read_text(encoding="utf-8")
    assert "unpinned-model" in run(library).stdout
    rule.write_text(text.replace("yield Finding(", "yield from ()\n        continue\n        Finding("), "utf-8")
    changed = rule.read_text(encoding="utf-8")
    assert changed != text
    before = kept(library).stat().st_mtime_ns
    assert "unpinned-model" not in run(library).stdout
    assert kept(library).stat().st_mtime_ns > before  # and kept
    rule.unlink()
    assert "unpinned-model" not in run(library).stdout


@pytest.mark.parametrize("data", [b"", b"no header", None, b"\0"], ids=["empty", "other", "cut", "more"])
def test_what_cannot_be_read_is_written_anew(library: Path, data: bytes | None) -> None:
    expected = run(library)
    whole = kept(library).read_bytes()
    kept(library).write_bytes(whole[: len(whole) // 2] if data is None else data + whole if data == b"\0" else data)
    done = run(library)
    assert (done.returncode, done.stdout, done.stderr) == (expected.returncode, expected.stdout, expected.stderr)
    assert kept(library).read_bytes()[:40] == whole[:40]


def test_nothing_is_written_where_no_bytecode_is_wanted(library: Path) -> None:
    assert run(library, PYTHONDONTWRITEBYTECODE="1").returncode == run(library, "version", program=PROGRAM).returncode
    assert not kept(library).exists()


def test_other_commands_write_none(library: Path) -> None:
    assert run(library, "rules").returncode == 0
    assert not kept(library).exists()


def test_a_folder_that_may_not_be_written(library: Path) -> None:
    (library / "modellint" / "__pycache__").write_text("no folder")
    done = run(library)
    assert "unpinned-model" in done.stdout
    assert done.stderr == ""
