"""Programs that are called `docker` and do what a test wants."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from modellint.smoke.docker.engine import Engine

OURS = '[{"IPAM": {"Config": [{"Subnet": "127.0.0.0/8", "Gateway": "127.0.0.1"}]}}]'  # an address of this machine


def double(folder: Path, answers: Mapping[str, str], name: str = "docker") -> dict[str, str]:
    """An environment whose `PATH` has a program that runs, for words that match a pattern of `sh`, some lines of `sh`.

    It writes its words into the file `calls`. What matches no pattern fails.
    """
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    cases = "\n".join(f"{pattern})\n{lines}\n;;" for pattern, lines in answers.items())
    program.write_text(
        f'#!/bin/sh\necho "$*" >> {shlex.quote(str(folder / "calls"))}\ncase "$*" in\n{cases}\n'
        '*) echo "nobody expects $*" >&2; exit 125 ;;\nesac\n'
    )
    program.chmod(0o755)
    return {"PATH": os.pathsep.join([str(program.parent), "/usr/bin", "/bin"]), "HOME": str(folder)}


def saying(text: str) -> str:
    """Lines of `sh` that print a text."""
    return f"printf '%s\\n' {shlex.quote(text)}"


def calls(folder: Path) -> list[str]:
    """What the program was asked, in its order."""
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


def engine_of(environ: Mapping[str, str]) -> Engine:
    """What `find_engine` would have found."""
    return Engine(environ["PATH"].partition(os.pathsep)[0] + "/docker", dict(environ), "127.0.0.1", "5.6.1")


def unbounded(seconds: float) -> float:
    """The time of a step in a run that has no limit."""
    return seconds
