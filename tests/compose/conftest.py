"""Projects of several files, as modellint loads them and as Docker Compose does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pytest

from modellint.compose.loading.load import load_project
from modellint.compose.loading.selection import Options, select
from modellint.compose.model.project import Project, settings
from modellint.text.source import Source
from modellint.yaml.node import Mapping as Map
from modellint.yaml.node import Scalar, plain
from modellint.yaml.node import Sequence as List
from modellint.yaml.parse import parse
from modellint.yaml.scalars import compose_text

if TYPE_CHECKING:
    from modellint.yaml.node import Node

Files: TypeAlias = "Mapping[str, str]"
Agree: TypeAlias = "Callable[..., Project]"

KEYED = ("environment", "labels", "annotations", "sysctls")
LISTED = ("cap_add", "cap_drop", "dns", "links", "profiles", "expose", "security_opt", "tmpfs")
NAMED = ("depends_on", "models")
# What no file shows until rules look at the whole project.
LEFT_TO_RULES = ("not allowed", "undefined model", "undefined service")
PLAIN = ("image", "restart", "ulimits", "user", "working_dir")


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agree:
    """Load the project of some files: those that are named, or what Compose finds."""
    monkeypatch.chdir(tmp_path)

    def loaded(
        files: Files, *names: str, shell: Mapping[str, str] | None = None, profiles: Sequence[str] = ()
    ) -> Project:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return load_project(select(Options(names, profiles=profiles), shell or {}))

    return loaded


@pytest.fixture
def agree(loaded: Agree, tmp_path: Path) -> Agree:
    """The same, where the real Docker Compose loads the same, or refuses what modellint says it refuses."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which("docker-compose", path=places)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("docker-compose is not installed")
        pytest.skip("docker-compose is not installed")

    def agree(
        files: Files, *names: str, shell: Mapping[str, str] | None = None, profiles: Sequence[str] = ()
    ) -> Project:
        project = loaded(files, *names, shell=shell, profiles=profiles)
        words = [*(word for name in names for word in ("-f", name)), *(f"--profile={name}" for name in profiles)]
        done = subprocess.run(
            [program, *words, "config"], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={"HOME": str(tmp_path), "PATH": os.environ.get("PATH", ""), **(shell or {})},
        )  # fmt: skip
        if done.returncode:
            assert project.violations or any(words in done.stderr for words in LEFT_TO_RULES), done.stderr
            return project
        assert [violation.message for violation in project.violations] == []
        config = cast("dict[str, Any]", plain(parse(Source("config.yaml", done.stdout)).documents[0]))
        assert _services(project) == _printed(config.get("services") or {})
        assert _models(project) == {name: _filled(model) for name, model in config.get("models", {}).items()}
        assert project.name == config["name"]
        return project

    return agree


def _services(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, service in project.services.items():
        if service.active:
            body = service.body
            kept: dict[str, Any] = {key: {one.name: one.value for one in settings(body.get(key))} for key in KEYED}
            kept["labels"] = {name: value or "" for name, value in kept["labels"].items()}
            kept["environment"] |= {one.name: one.value for one in service.environment.values()}
            kept.update((key, _texts(body.get(key))) for key in LISTED)
            kept.update((key, _names(body.get(key))) for key in NAMED)
            kept.update((key, plain(node)) for key in PLAIN if (node := body.get(key)) is not None)
            found[name] = _filled(kept)
    return found


def _printed(services: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, body in services.items():
        kept: dict[str, Any] = {key: body.get(key) for key in (*KEYED, *PLAIN)}
        printed = cast("dict[str, str | None]", body.get("environment") or {})
        kept["environment"] = {key: value and value.replace("$$", "$") for key, value in printed.items()}
        kept.update((key, [str(item) for item in body.get(key, [])]) for key in LISTED)
        kept.update((key, sorted(body.get(key, {}))) for key in NAMED)
        found[name] = _filled(kept)
    return found


def _models(project: Project) -> dict[str, Any]:
    """Those that an active service is granted; Compose prints no other."""
    section = project.root.get("models") if project.root else None
    used = {grant.model_name for grant in project.grants() if grant.service.active}
    entries = section.entries.items() if isinstance(section, Map) else ()
    return {name: _filled(_wrapped(plain(body))) for name, (_, body) in entries if name in used}


def _wrapped(model: Any) -> dict[str, Any]:
    """Go's conversion to a 64-bit integer."""
    size = model.get("context_size") or 0
    return {**model, "context_size": (int(size) + 2**63) % 2**64 - 2**63}


def _texts(node: Node | None) -> list[str]:
    items = node.items if isinstance(node, List) else [] if node is None else [node]
    return [compose_text(item.value) for item in items if isinstance(item, Scalar) and item.value is not None]


def _names(node: Node | None) -> list[str]:
    return sorted(node.entries) if isinstance(node, Map) else sorted(_texts(node))


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in ({}, [], None, "", 0)}
