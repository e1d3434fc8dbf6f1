"""`fix --diff` is a patch that `patch` and `git apply` take, whatever the path and the line ends are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = """services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
    runtime_flags: ["--temp=0.1"]
"""
FIXED = TEXT.replace('"--temp=0.1"', '"--temp", "0.1"')
FOLDERS = [
    "plain",
    "a b",
    "a\tb",
    'a"b',
    "a'b",
    "a\\b",
    "é ü",
    "日本",
    "##[group]x",
    "a #b",
    " a ",
    "a\nb",
    "a\u202eb",
    "::x",
]
TOOLS = {"patch": ["patch", "-p1", "-s"], "git": ["git", "apply"]}


def patched(folder: Path, tool: str, diff: bytes) -> None:
    if not shutil.which(TOOLS[tool][0]):
        pytest.skip(f"`{tool}` is not installed")
    done = subprocess.run(TOOLS[tool], cwd=folder, input=diff, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr, diff)


def diff(folder: Path, *words: str) -> bytes:
    command = [sys.executable, "-m", "modellint", "fix", "--diff", *words]
    settings = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONIOENCODING": "utf-8:surrogateescape"}
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, check=False).stdout


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", FOLDERS, ids=ascii)
def test_every_path(name: str, tool: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    path = tmp_path / name / "my compose.yaml"
    path.write_text(TEXT, encoding="utf-8")
    patched(tmp_path, tool, diff(tmp_path, f"{name}/my compose.yaml"))
    assert path.read_text(encoding="utf-8") == FIXED


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "open"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_every_line_end(ending: str, ended: bool, tool: str, tmp_path: Path) -> None:
    before, after = (text if ended else text.rstrip("\n") for text in (TEXT, FIXED))
    path = tmp_path / "compose.yaml"
    path.write_text(before, encoding="utf-8", newline=ending)
    patched(tmp_path, tool, diff(tmp_path, "compose.yaml"))
    assert path.read_bytes().decode() == after.replace("\n", ending)
