"""The private `DOCKER_CONFIG`: the user's settings, another `docker-model`, and not a byte written to theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from modellint.smoke.docker.docker_config import add_compose, make_config
from modellint.smoke.docker.plugin_protocol import PluginReply
from modellint.smoke.docker.plugin_server import listening


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    folder = tmp_path / "theirs"
    for name in ("contexts/meta", "cli-plugins"):
        (folder / name).mkdir(parents=True)
    (folder / "config.json").write_text('{"auths": {"registry.example.com": {"auth": "c2VjcmV0"}}}')
    for name in ("docker-model", "docker-buildx", "docker-compose"):
        (folder / "cli-plugins" / name).write_text(f"#!/bin/sh\necho the user's {name}\n")
        (folder / "cli-plugins" / name).chmod(0o755)
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


def state(folder: Path) -> dict[str, tuple[int, float, bytes]]:
    return {
        str(path): (path.lstat().st_mode, path.lstat().st_mtime, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


def test_the_users_settings_are_there(theirs: Path, config: Path) -> None:
    before = state(theirs)
    socket = make_config(str(config), {"DOCKER_CONFIG": str(theirs)})
    add_compose(str(config), sys.executable)  # the user has one, and that counts
    assert Path(socket).parent == config
    names = sorted(path.relative_to(config).as_posix() for path in config.rglob("*"))
    assert names == [
        "cli-plugins", "cli-plugins/docker-buildx", "cli-plugins/docker-compose", "cli-plugins/docker-model",
        "config.json", "contexts",
    ]  # fmt: skip
    for name in ("config.json", "contexts", "cli-plugins/docker-buildx", "cli-plugins/docker-compose"):
        assert (config / name).is_symlink()  # a credential is not copied
        assert (config / name).samefile(theirs / name)
    model = config / "cli-plugins" / "docker-model"
    assert not model.is_symlink()
    assert model.stat().st_mode & 0o777 == 0o700
    assert (config / "cli-plugins").stat().st_mode & 0o777 == 0o700
    assert state(theirs) == before


def test_a_user_without_settings(tmp_path: Path, config: Path) -> None:
    make_config(str(config), {"DOCKER_CONFIG": str(tmp_path / "missing")})
    add_compose(str(config), sys.executable)
    assert sorted(path.name for path in (config / "cli-plugins").iterdir()) == ["docker-compose", "docker-model"]
    assert not (tmp_path / "missing").exists()


def test_the_usual_folder(theirs: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs.rename(theirs.parent / ".docker")
    monkeypatch.setenv("HOME", str(theirs.parent))
    make_config(str(config), {})
    assert (config / "config.json").samefile(theirs.parent / ".docker" / "config.json")


def test_a_relative_folder(theirs: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(theirs.parent)
    make_config(str(config), {"DOCKER_CONFIG": "theirs"})
    monkeypatch.chdir("/")
    assert "auths" in (config / "config.json").read_text()


def test_a_folder_of_ours(theirs: Path, config: Path) -> None:
    """Who has set `DOCKER_CONFIG` as `--serve` says, and tries something else in that terminal."""
    first = config / "first"
    first.mkdir()
    second = config / "second"
    second.mkdir()
    path = make_config(str(first), {"DOCKER_CONFIG": str(theirs)})
    with listening(path, lambda _: PluginReply("first")):
        other = make_config(str(second), {"DOCKER_CONFIG": str(first)})
        with listening(other, lambda _: PluginReply("second")):
            assert called(second, "x").stdout == "second"
            assert called(first, "x").stdout == "first"


@pytest.mark.parametrize(
    "name", ["plain", "with space", "it's", 'a "quote"', "$HOME `id` \\", "ünï", "-n", os.fsdecode(b"\xff")]
)
def test_odd_paths(tmp_path: Path, theirs: Path, name: str) -> None:
    odd = tmp_path / name
    theirs.rename(odd)
    folder = odd / "config"
    folder.mkdir()
    path = make_config(str(folder), {"DOCKER_CONFIG": str(odd)})
    assert (folder / "config.json").samefile(odd / "config.json")
    seen: list[list[str]] = []

    def answer(words: Sequence[str]) -> PluginReply:
        seen.append(list(words))
        return PluginReply("out ü\n", "err ü\n", 7)

    with listening(path, answer):
        words = ["pull", "a b", "", "'\"$(id)\\n", "ü", "--"]
        done = called(folder, *words)
    assert (done.returncode, done.stdout, done.stderr) == (7, "out ü\n", "err ü\n")
    assert seen == [words]


def called(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The plugin, as Compose calls it."""
    return subprocess.run(
        [str(config / "cli-plugins" / "docker-model"), *words], capture_output=True, encoding="utf-8", timeout=30,
        env={"PATH": "/usr/bin:/bin"}, check=False,
    )  # fmt: skip
