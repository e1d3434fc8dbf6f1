"""The hooks for pre-commit: which files they take, and what they do in a repository that uses them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HOOKS: dict[str, dict[str, Any]] = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))}
BASE = """\
services:
  app:
    image: app:1.0
    models: [llm]
models:
  llm:
    model: ai/smollm2:v1
    runtime_flags: ["--temp 0.2"]
"""
OVERRIDE = """\
services:
  app:
    models: [lmm]
"""


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("compose.yaml", True),
        ("compose.yml", True),
        ("docker-compose.yml", True),
        ("deploy/docker-compose.prod.yaml", True),
        ("compose.override.yml", True),
        ("compose-dev.yaml", True),
        ("compose_2.yaml", True),
        ("a b/compose.yaml", True),
        ("other.yaml", False),
        ("composer.yaml", False),
        ("my-compose.yaml", False),
        ("compose/other.yaml", False),
        ("compose.json", False),
        ("compose.yaml.bak", False),
    ],
)
def test_files(hook: str, path: str, taken: bool) -> None:
    """The names that Compose files go by."""
    assert bool(re.search(HOOKS[hook]["files"], path)) == taken


def test_manifest() -> None:
    """Two hooks, of which neither says anything of the network or of fixes that a person should look at."""
    assert {name: hook["entry"] for name, hook in HOOKS.items()} == {
        "modellint": "modellint check",
        "modellint-fix": "modellint fix",
    }
    for hook in HOOKS.values():
        assert (hook["language"], hook["types"], hook["require_serial"]) == ("python", ["yaml"], True)
        assert hook.get("pass_filenames", True)


def git(folder: Path, *words: str) -> str:
    """Run git, as somebody, with nobody's settings."""
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True, env=environment(folder)
    ).stdout


def environment(home: Path) -> dict[str, str]:
    """The variables of this process without git's, which a hook that runs the tests would hand on."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(home / ".cache"),
    }


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A repository with what would be committed here."""
    missing = [name for name in ("git",) if shutil.which(name) is None]
    missing += [name for name in ("pre_commit",) if importlib.util.find_spec(name) is None]
    if missing:
        reason = f"{', '.join(missing)} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path / "modellint"
    for name in ("lint", "rules", "policies"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "_schema_table.py"))
    for name in ("pyproject.toml", "README.md", "LICENSE", MANIFEST.name):
        shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "all")
    return folder


def test_in_a_repository(published: Path, tmp_path: Path) -> None:
    """The hooks are installed as users install them; they refuse a commit, fix what is safe to fix, and then pass."""
    user = tmp_path / "user"
    (user / "deploy").mkdir(parents=True)
    (user / "compose.yaml").write_text(BASE, encoding="utf-8")
    (user / "compose.override.yaml").write_text(OVERRIDE, encoding="utf-8")
    (user / "deploy" / "docker-compose.prod.yml").write_text(BASE, encoding="utf-8")
    (user / "other.yaml").write_text(BASE, encoding="utf-8")
    git(user, "init", "-q")
    git(user, "add", "--all")
    revision = git(published, "rev-parse", "HEAD").strip()
    hooks = [{"id": name} for name in HOOKS]
    config = {"repos": [{"repo": str(published), "rev": revision, "hooks": hooks}]}
    (user / ".pre-commit-config.yaml").write_text(json.dumps(config), encoding="utf-8")

    def run(*words: str) -> tuple[int, str]:
        """Run the hooks; without words on every file."""
        asked = words or ("--all-files",)
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--color=never", "--verbose", *asked],
            cwd=user, env=environment(tmp_path), capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    git(user, "add", ".pre-commit-config.yaml")
    status, said = run()
    assert status == 1, said
    assert re.search(r"^modellint\.+Failed$", said, re.M), said
    assert re.search(r"^modellint fix\.+Failed$", said, re.M), said
    assert "- files were modified by this hook" in said
    found = set(re.findall(r"^(\S+?):\d+:\d+ (?:error|warning|note)\[([a-z-]+)\]", said, re.M))
    assert ("compose.yaml", "rejected-flag") in found
    assert ("compose.override.yaml", "undefined-model") in found
    assert ("deploy/docker-compose.prod.yml", "rejected-flag") in found
    assert "other.yaml" not in said
    for name in ("compose.yaml", "deploy/docker-compose.prod.yml"):
        assert '["--temp", "0.2"]' in (user / name).read_text(encoding="utf-8")
    assert (user / "other.yaml").read_text(encoding="utf-8") == BASE

    # An override file alone is checked together with its base: `llm` is known, although this file does not declare it.
    (user / "compose.override.yaml").write_text(OVERRIDE.replace("lmm", "llm"), encoding="utf-8")
    status, said = run("--files", "compose.override.yaml")
    assert status == 0, said
    status, said = run()
    assert status == 0, said
