"""Start programs such that no code from the checked directory runs in them.

What a repository says reaches a program as data: as its input, or as words behind its name. It is never its environment
or its folder, since loaders and interpreters take code from there (`LD_PRELOAD`, `PYTHONPATH`, a module beside it).
"""

from __future__ import annotations

import os
import sys

# What an interpreter may need to start: where its libraries lie; on Windows, the system and a place for files.
_NEEDED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP")
_LIBRARIES = frozenset(_NEEDED[:2])


def isolated() -> list[str]:
    """The interpreter that runs this, with no module but the standard library's; UTF-8 whatever the locale."""
    return [sys.executable, "-I", "-S", "-X", "utf8"]


def bare_environment() -> dict[str, str]:
    """The environment of such an interpreter: what it needs to start, and nothing else that this process has."""
    found = {name: os.environ[name] for name in _NEEDED if os.environ.get(name)}
    for name in _LIBRARIES.intersection(found):
        found[name] = os.pathsep.join(_absolute(found[name]))
    return {name: value for name, value in found.items() if value}


def find_program(name: str, path: str | None = None) -> str | None:
    """The absolute path of a program; None where there is none.

    A bare name is looked for in the absolute folders of `path`, by default PATH. Windows would look in the current
    folder first, and so does an empty entry of PATH: that may be the folder that is checked.
    """
    import shutil

    if os.path.dirname(name):
        found = shutil.which(name)
        return os.path.abspath(found) if found else None
    endings = os.environ.get("PATHEXT", "").split(os.pathsep) if os.name == "nt" else [""]
    for folder in _absolute(os.environ.get("PATH", os.defpath) if path is None else path):
        for ending in endings:
            if found := shutil.which(os.path.join(folder, name + ending)):
                return found
    return None


def _absolute(path: str) -> list[str]:
    return [folder for folder in path.split(os.pathsep) if os.path.isabs(folder)]
