"""What Docker stores: every form of it, and every way in which it can be broken. No secret is ever shown."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from modellint.registry import credentials
from modellint.registry.credentials import Credentials, DockerConfig, ask_helper, load

HUB = "https://index.docker.io/v1/"
Found = tuple[str, str, str] | None


def pair(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def found(config: DockerConfig, registry: str) -> Found:
    credentials, _ = config.look_up(registry)
    return (credentials.user, credentials.password, credentials.identity_token) if credentials else None


@pytest.mark.parametrize(
    ("auths", "registry", "expected"),
    [
        ({"ghcr.io": {"auth": pair("me:secret")}}, "ghcr.io", ("me", "secret", "")),
        ({"ghcr.io": {"auth": pair("me:se:cr:et")}}, "ghcr.io", ("me", "se:cr:et", "")),
        ({"ghcr.io": {"username": "me", "password": "secret"}}, "ghcr.io", ("me", "secret", "")),
        ({"ghcr.io": {"auth": pair("me:new"), "username": "me", "password": "old"}}, "ghcr.io", ("me", "new", "")),
        ({"a.azurecr.io": {"auth": pair("0-0:"), "identitytoken": "token"}}, "a.azurecr.io", ("", "", "token")),
        ({"https://ghcr.io": {"auth": pair("me:secret")}}, "ghcr.io", ("me", "secret", "")),
        ({"https://ghcr.io/v1/": {"auth": pair("me:secret")}}, "ghcr.io", ("me", "secret", "")),
        ({"localhost:5000": {"auth": pair("me:secret")}}, "localhost:5000", ("me", "secret", "")),
        ({HUB: {"auth": pair("me:secret")}}, "docker.io", ("me", "secret", "")),
        ({"docker.io": {"auth": pair("me:secret")}}, "docker.io", ("me", "secret", "")),
        ({"index.docker.io": {"auth": pair("me:secret")}}, "docker.io", ("me", "secret", "")),
        # Another host, another port, a host above or below: none of these is the one that was logged in to.
        ({"ghcr.io": {"auth": pair("me:secret")}}, "evil.ghcr.io", None),
        ({"ghcr.io": {"auth": pair("me:secret")}}, "ghcr.io:444", None),
        ({"a.ghcr.io": {"auth": pair("me:secret")}}, "ghcr.io", None),
        ({"https://ghcr.io@evil.test": {"auth": pair("me:secret")}}, "ghcr.io", None),
        ({HUB: {"auth": pair("me:secret")}}, "registry.docker.io", None),
        # Entries that say nothing.
        ({"ghcr.io": {}}, "ghcr.io", None),
        ({"ghcr.io": {"auth": ""}}, "ghcr.io", None),
        ({"ghcr.io": {"auth": "%%%"}}, "ghcr.io", None),
        ({"ghcr.io": {"auth": pair("no colon")}}, "ghcr.io", None),
        ({"ghcr.io": {"auth": base64.b64encode(b"\xff\xfe:\xff").decode()}}, "ghcr.io", None),
        ({"ghcr.io": {"auth": 7}}, "ghcr.io", None),
        ({"ghcr.io": "me:secret"}, "ghcr.io", None),
        ({"ghcr.io": None}, "ghcr.io", None),
        (None, "ghcr.io", None),
        ([1], "ghcr.io", None),
    ],
)
def test_written_credentials(auths: Any, registry: str, expected: Found) -> None:
    assert found(DockerConfig({"auths": auths}), registry) == expected


def write(folder: Path, text: str | bytes) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return {"DOCKER_CONFIG": str(folder)}


def test_docker_config_is_where_docker_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(tmp_path / ".docker", json.dumps({"auths": {"ghcr.io": {"auth": pair("home:secret")}}}))
    other = write(tmp_path / "other", json.dumps({"auths": {"ghcr.io": {"auth": pair("other:secret")}}}))
    assert found(load({}), "ghcr.io") == ("home", "secret", "")
    assert found(load(other), "ghcr.io") == ("other", "secret", "")


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    assert load({"DOCKER_CONFIG": str(tmp_path)}).look_up("ghcr.io") == (None, "")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '"text"', "null", b"\xff\xfe{}", b"\x00", "[" * 200_000, "{}" + " " * (1 << 20), "1" * 5000],
    ids=lambda text: repr(text[:8]),
)
def test_a_broken_file_is_a_problem_in_words(tmp_path: Path, text: str | bytes) -> None:
    found, problem = load(write(tmp_path, text)).look_up("ghcr.io")
    assert found is None
    assert problem.startswith("Docker's configuration file ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_what_is_no_file_is_a_problem_in_words(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "config.json"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert load({"DOCKER_CONFIG": str(tmp_path)}).look_up("a.test")[1] == "Docker's configuration file cannot be read"


@pytest.mark.parametrize(
    "config",
    [
        {"credHelpers": {"ghcr.io": 7}},
        {"credHelpers": [1]},
        {"credsStore": {}},
        {"auths": {"ghcr.io": {}}, "credsStore": 7},
    ],
)
def test_wrong_types_are_nothing(config: Any) -> None:
    assert DockerConfig(config).look_up("ghcr.io") == (None, "")


posix = pytest.mark.skipif(sys.platform == "win32", reason="the helper is a shell script")


def helper(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, name: str = "test") -> Path:
    """Install a credential helper; returns the file that it writes what it is asked for into."""
    path = folder / f"docker-credential-{name}"
    path.write_text(f'#!/bin/sh\nread -r asked\necho "$1 $asked" >> {folder}/asked\n{script}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "asked"


def says(user: str, secret: str) -> str:
    answer = json.dumps({"ServerURL": "x", "Username": user, "Secret": secret})
    return f"echo '{answer}'"


@posix
@pytest.mark.parametrize(
    ("config", "registry", "key"),
    [
        ({"credHelpers": {"ghcr.io": "test"}}, "ghcr.io", "ghcr.io"),
        ({"credHelpers": {"https://ghcr.io": "test"}}, "ghcr.io", "https://ghcr.io"),
        ({"credsStore": "test", "auths": {"ghcr.io": {}}}, "ghcr.io", "ghcr.io"),
        ({"credsStore": "test", "auths": {HUB: {}}}, "docker.io", HUB),
        ({"credsStore": "none", "auths": {"ghcr.io": {}}, "credHelpers": {"ghcr.io": "test"}}, "ghcr.io", "ghcr.io"),
    ],
)
def test_a_helper_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any, registry: str, key: str
) -> None:
    asked = helper(tmp_path, monkeypatch, says("me", "secret"))
    assert found(DockerConfig(config), registry) == ("me", "secret", "")
    assert asked.read_text() == f"get {key}\n"


@posix
@pytest.mark.parametrize(
    "config",
    [
        {"credsStore": "test"},
        {"credsStore": "test", "auths": {"ghcr.io": {}, HUB: {}}},
        {"credsStore": "test", "credHelpers": {"ghcr.io": "test", "test:80": "test"}},
    ],
)
@pytest.mark.parametrize("registry", ["evil.test", "docker.io.evil.test", "ghcr.io:80", "test"])
def test_a_helper_is_not_asked_about_a_host_that_nobody_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any, registry: str
) -> None:
    asked = helper(tmp_path, monkeypatch, says("me", "secret"))
    assert DockerConfig(config).look_up(registry) == (None, "")
    assert not asked.exists()


@posix
def test_a_helper_gives_an_identity_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, says("<token>", "identity"))
    assert found(DockerConfig({"credHelpers": {"a.azurecr.io": "test"}}), "a.azurecr.io") == ("", "", "identity")


@posix
def test_what_a_helper_does_not_know_may_stand_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, "echo credentials not found in native keychain; exit 1")
    config = DockerConfig({"credsStore": "test", "auths": {"ghcr.io": {"auth": pair("me:secret")}}})
    assert found(config, "ghcr.io") == ("me", "secret", "")


@posix
@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exit 1", ""),
        ("echo", "Docker's credential helper returned invalid JSON"),
        ("echo zqsecret", "Docker's credential helper returned invalid JSON"),
        ("echo '[1]'", ""),
        ("echo '{}'", ""),
        ('echo \'{"Username": 1, "Secret": 2}\'', ""),
        ("printf '\\377\\376'", "Docker's credential helper returned invalid JSON"),
        ("head -c 200000 /dev/zero | tr '\\0' '['", ""),  # ended in the middle of it
        ("exec cat /dev/zero", ""),
        ("echo zqsecret >&2; exit 3", ""),
    ],
)
def test_a_helper_that_gives_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], script: str, problem: str
) -> None:
    helper(tmp_path, monkeypatch, script)
    assert ask_helper("test", "ghcr.io") == (None, problem)
    assert capfd.readouterr() == ("", "")


@posix
@pytest.mark.parametrize("script", ["sleep 60", "sleep 60 & sleep 60", "while :; do printf ' '; sleep 0.1; done"])
def test_a_helper_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(credentials, "_PATIENCE", 0.3)
    helper(tmp_path, monkeypatch, script)
    start = time.monotonic()
    assert ask_helper("test", "ghcr.io") == (None, "Docker's credential helper did not respond within 0.3 seconds")
    assert time.monotonic() - start < 2


@posix
@pytest.mark.parametrize("name", ["none-such", "", "../test", "test/../test", "a b", "test;id", "\0", "x" * 5000])
def test_a_helper_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked = helper(tmp_path, monkeypatch, says("me", "secret"))
    assert ask_helper(name, "ghcr.io") == (
        None,
        "the credential helper from Docker's configuration is not installed",
    )
    assert not asked.exists()


@posix
def test_a_helper_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, "")
    (tmp_path / "docker-credential-test").write_bytes(b"\x7fELF")
    assert ask_helper("test", "ghcr.io")[1] == "the credential helper from Docker's configuration cannot be started"


def test_nothing_shows_a_secret() -> None:
    config = DockerConfig({"auths": {"ghcr.io": {"auth": pair("zquser:zqsecret")}}})
    shown = (
        repr(config) + str(config) + repr(Credentials("zquser", "zqsecret", "zqtoken")) + str(config.look_up("ghcr.io"))
    )
    assert "zq" not in shown and pair("zquser:zqsecret") not in shown
