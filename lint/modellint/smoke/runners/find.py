"""Which program runs a model: a given llama-server, one on PATH, or the wheel that `modellint[runner]` installs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec

from modellint.smoke.runners.native import PACKAGE
from modellint.system.programs import find_program

NAME = "llama-server"
VERSION = "2026.10.11549"  # the only one whose layout is known to be what `native` expects
_INSTALL = "pip install 'modellint[runner]'"


class NoRunner(Exception):
    """There is no program to run a model with. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """How to run a model: the first words of the command, and what to call it in a report."""

    words: tuple[str, ...]
    name: str
    own: bool = False  # the wheel's, which uses no GPU


def find(given: str = "", path: str | None = None) -> Program:
    """The program to use: the given one, else a llama-server on PATH, else our own. Raises `NoRunner`."""
    if given:
        return _given(given, path)
    found = find_program(NAME, path)
    return Program((found,), found) if found else _own()


def _given(given: str, path: str | None) -> Program:
    found = find_program(given, path)
    if found:
        return Program((found,), given)
    if os.path.isdir(given):
        raise NoRunner(f"{given} is a directory, not a program")
    raise NoRunner(f"{given} {'is not executable' if os.path.exists(given) else 'does not exist'}")


def _own() -> Program:
    if find_spec(PACKAGE) is None:
        raise NoRunner(f"no {NAME} on PATH: specify one with --runner, or run {_INSTALL}")
    installed = metadata.version(PACKAGE)
    if installed != VERSION:
        raise NoRunner(f"{PACKAGE} {installed} is installed, but only {VERSION} is known to work: run {_INSTALL}")
    # -P: a folder that modellint is run in may hold a file of the same name as a module.
    return Program((sys.executable, "-P", "-m", "modellint.smoke.runners.shim"), f"{PACKAGE} {installed}", own=True)
