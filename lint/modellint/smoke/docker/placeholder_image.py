"""An image with nothing in it, in which this machine's own Python runs: nothing has to be downloaded for it."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from typing import TYPE_CHECKING

from modellint.smoke.docker.private_project import StandIn
from modellint.smoke.docker.subprocesses import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.smoke.docker.engine import Engine

_SECONDS = 60.0
_PATIENCE = 10.0
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store")  # where libraries of an interpreter lie
_WAIT = "import signal; signal.pause()"


def make_image(engine: Engine, name: str, left: Callable[[float], float]) -> str:
    """Make the image; empty, or why there is none."""
    content = io.BytesIO()
    tarfile.open(fileobj=content, mode="w").close()
    # If it is broken off the engine goes on with it, and may come to its end when it has been looked for.
    words = (engine.docker, "import", "-", name)
    done = run(words, engine.environ, left(_SECONDS), content.getvalue(), patience=_PATIENCE)
    return "" if done.status == 0 else done.words


def stand_in(image: str) -> StandIn:
    """What runs in the place of a service, and does nothing."""
    return StandIn(image, (*interpreter(), "-c", _WAIT), mounts(), variables(), f"{os.getuid()}:{os.getgid()}")


def interpreter() -> tuple[str, ...]:
    """The interpreter that runs this, without the environment that modellint is installed in."""
    return os.path.realpath(sys.executable), "-I", "-S", "-X", "utf8"


def mounts() -> tuple[str, ...]:
    """The folders that the interpreter needs, none inside another."""
    folders = [*_SYSTEM, sys.base_prefix, sys.base_exec_prefix, os.path.dirname(os.path.realpath(sys.executable))]
    found: list[str] = []
    for each in sorted(set(folders)):  # a folder before what lies in it
        if os.path.isdir(each) and not any(each == other or each.startswith(other + os.sep) for other in found):
            found.append(each)
    return tuple(found)


def variables() -> dict[str, str]:
    """What the interpreter needs of the environment: where its library lies, if somebody had to say so."""
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if os.environ.get(name)}
