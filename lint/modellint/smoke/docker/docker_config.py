"""A `DOCKER_CONFIG` of our own: the user's, with modellint as the `docker-model` plugin. Theirs is not written to."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from typing import TYPE_CHECKING

from modellint.files.atomic_write import naming

if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET = "desk.sock"
_PLUGINS = "cli-plugins"
MODEL = "docker-model"
_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plugin.py")


def make_config(folder: str, environ: Mapping[str, str]) -> str:
    """Fill an empty folder; the path that the plugin calls at. Credentials stay where they are: all is links."""
    home = environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")
    plugins = os.path.join(folder, _PLUGINS)
    os.mkdir(plugins, 0o700)
    for name in _names(home):
        if name not in (_PLUGINS, SOCKET):  # which a folder of ours has, that `--serve` told a person to use
            os.symlink(os.path.join(os.path.abspath(home), name), os.path.join(folder, name))
    for name in _names(os.path.join(home, _PLUGINS)):
        if name != MODEL:
            os.symlink(os.path.join(os.path.abspath(home), _PLUGINS, name), os.path.join(plugins, name))
    path = os.path.join(folder, SOCKET)
    words = shlex.join([sys.executable, "-I", "-S", "-X", "utf8", _SCRIPT, path])
    _write_program(os.path.join(plugins, MODEL), f'#!/bin/sh\nexec {words} "$@"\n')
    return path


def add_compose(folder: str, program: str) -> None:
    """Have `docker compose` be this program, where the user's Docker has none."""
    with contextlib.suppress(FileExistsError):
        os.symlink(os.path.abspath(program), os.path.join(folder, _PLUGINS, "docker-compose"))


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _write_program(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
    with naming(path), open(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
