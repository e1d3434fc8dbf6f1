"""What `docker compose` needs of Docker Model Runner: an endpoint that containers reach, and a plugin to ask."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from modellint.smoke.docker.docker_config import make_config
from modellint.smoke.docker.engine import NoEngine, find_engine
from modellint.smoke.docker.plugin_protocol import PluginResponder
from modellint.smoke.docker.plugin_server import listening
from modellint.smoke.isolation.gateway import SERVING, Gateway
from modellint.system.signals import defer_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from modellint.smoke.docker.engine import Engine
    from modellint.smoke.docker.plugin_protocol import ModelSettings
    from modellint.smoke.isolation.gateway import GatewayLimits, Route

PORT = 12434  # Docker Model Runner's
_LONGEST_FOLDER = 60
_LEAST_ROOM = 8 << 20  # bytes; a run writes a few hundred KiB


class DockerWorkspace(NamedTuple):
    """A folder of the run with a `DOCKER_CONFIG`, the socket that its plugin calls at, and the engine."""

    folder: str
    config: str
    socket: str
    engine: Engine


class ServedProject(NamedTuple):
    """What is up for `docker compose up`."""

    config: str  # the folder that `DOCKER_CONFIG` has to name
    url: str  # what services get as their endpoint


@contextlib.contextmanager
def open_place(environ: Mapping[str, str], left: Callable[[float], float] = float) -> Generator[DockerWorkspace]:
    """A place for a run, which is gone with the block; `left` is as for `find_engine`. Raises `NoEngine`."""
    with contextlib.ExitStack() as stack:
        with defer_interrupt():
            parent = _short_folder()
            _expect_room(parent)
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="modellint-docker-", dir=parent))
        config = os.path.join(folder, "config")
        os.mkdir(config, 0o700)
        path = make_config(config, environ)
        yield DockerWorkspace(folder, config, path, find_engine(config, environ, left))


@contextlib.contextmanager
def endpoint(
    engine: Engine, routes: Mapping[str, Route], prefix: str, limits: GatewayLimits, port: int = 0
) -> Generator[str]:
    """The one endpoint of all services, as Compose has it; its address without the `v1/` at the end.

    Compose hands out no credential, so the path has a part that nobody guesses who was not told.
    """
    with contextlib.closing(_listener(engine.address, port)) as listener:
        gateway = Gateway(listener, routes, prefix=prefix, limits=limits)
        number = listener.getsockname()[1]
        gateway.start()
        try:
            yield f"http://{engine.address}:{number}{prefix}/"
        finally:
            gateway.close()


@contextlib.contextmanager
def serving(
    routes: Mapping[str, Route],
    ready: Mapping[str, ModelSettings],
    environ: Mapping[str, str],
    tell: Callable[[str], object] | None = None,
) -> Generator[ServedProject]:
    """Have `docker compose up` find the models until the block ends; `tell` hears why something is refused.

    Raises `NoEngine`.
    """
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(open_place(environ))
        prefix = f"/mlk_{secrets.token_hex(16)}"
        base = stack.enter_context(endpoint(place.engine, routes, prefix, SERVING, PORT))
        stack.enter_context(listening(place.socket, PluginResponder(base, ready, tell=tell).answer))
        yield ServedProject(place.config, f"{base}v1/")


def _expect_room(folder: str) -> None:
    """Raise `NoEngine` where a run would fill a disk: what a program then says is lost, also about what is left."""
    if shutil.disk_usage(folder).free < _LEAST_ROOM:
        raise NoEngine(f"the directory for temporary files, {folder}, has less than {_LEAST_ROOM >> 20} MiB free")


def _short_folder() -> str:
    """Where a socket may lie: the kernel takes no path of more than 107 bytes for one."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= _LONGEST_FOLDER else "/tmp"


def _listener(address: str, port: int) -> socket.socket:
    """A socket that listens, at the port if that is free."""
    listener = socket.socket()
    try:
        try:
            listener.bind((address, port))
        except OSError:
            listener.bind((address, 0))
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise NoEngine(f"cannot listen on the bridge of the Docker engine: {error.strerror}") from None
    return listener
