"""Import what a check needs from one file instead of a hundred, which saves a third of a small check.

The first check writes the bytecode of all modules that it has imported into one file beside Python's own `.pyc` files,
in the package's `__pycache__`, and later runs import from there. It is trusted as those are and for the same reason:
whoever may write there may change the program anyway. As with those, each module counts only while its source has the
size and the time that it had, and only for one version of Python; and nothing is written where Python is told to write
no bytecode (`PYTHONDONTWRITEBYTECODE`, `-B`), or where the folder is not ours to write.
"""

from __future__ import annotations

import os
import sys
from marshal import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType
    from typing import Any, TypeAlias

    # By name: the path, the time and the size of the source; whether it is a package; its code.
    Entries: TypeAlias = "dict[str, tuple[str, int, int, bool, CodeType]]"

_PACKAGES = ("modellint", "modellint_rules")
_SPEC: Any = type(sys.__spec__)  # pyright: ignore[reportUnknownVariableType] - importlib is slow to import
_PATH = os.path.join(os.path.dirname(os.path.dirname(__file__)), "__pycache__", f"check.{sys.implementation.cache_tag}")


class ImportCache:
    """Finds and loads modules that were kept. `stale`: whether a source has changed, or nothing was kept at all."""

    def __init__(self, path: str = _PATH) -> None:
        self._path = path
        self._entries = _read(path)
        self.stale = not self._entries

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None) -> Any:
        """The module's spec; None where it was not kept or has changed, and Python's own finders take over."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        path, time, size, is_package, _ = entry
        if _state(path) != (time, size):
            self.stale = True
            del self._entries[name]
            return None
        spec = _SPEC(name, self, origin=path, is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [os.path.dirname(path)]
        return spec

    def create_module(self, _spec: object) -> None:
        """Leave it to Python to make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        exec(self._entries[module.__name__][4], module.__dict__)

    def get_code(self, name: str) -> CodeType:
        """The module's code."""
        return self._entries[name][4]

    def write(self) -> None:
        """Keep all modules of the program that this run has imported, if that is worth it and allowed."""
        if not self.stale or sys.dont_write_bytecode:
            return
        entries: Entries = {}
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in _PACKAGES:
                spec: Any = module.__spec__
                state = _state(spec.origin)
                if state is not None:
                    is_package = spec.submodule_search_locations is not None
                    entries[name] = (spec.origin, *state, is_package, spec.loader.get_code(name))
        temporary = f"{self._path}.{os.getpid()}"
        try:
            with open(temporary, "xb") as file:
                file.write(_header() + dumps(entries))
            os.replace(temporary, self._path)
        except OSError:
            return  # the folder is somebody else's, or the disk is full: the next run is as slow as this one


def _read(path: str) -> Entries:
    try:
        with open(path, "rb") as file:
            header = _header()
            if file.read(len(header)) != header:
                return {}
            entries: Entries = loads(file.read())
            return entries
    except (OSError, EOFError, ValueError, TypeError):
        return {}


def _header() -> bytes:
    """What the version of Python is known by: bytecode is good for one alone."""
    return f"{sys.version}\0{sys.flags.optimize}\n".encode()


def _state(path: str) -> tuple[int, int] | None:
    """The time and the size of a file; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
