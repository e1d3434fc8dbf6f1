"""The layout of a store, and safe names for files whose names come from elsewhere.

FOLDER/blobs/sha256/HEX   complete and verified, nothing else ever has such a name
FOLDER/partial/HEX.part   what has come of a blob so far
FOLDER/locks/HEX.use      shared by the runs that use a blob; who removes it has it alone
FOLDER/locks/HEX.pull     held by the run that downloads a blob
FOLDER/runs/NAME/         the files of a run under the names that it wants, with `NAME.lock` while it lasts
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from modellint.registry import cache
from modellint.registry.names import is_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PART, USE, PULL, LOCK = ".part", ".use", ".pull", ".lock"  # what the names of files end with
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_HEX = "0123456789abcdef"
RUN_BYTES = 8  # of the name of a run, each written as two digits
_LONGEST_NAME = 100
_LONGEST_ENDING = 10
# Windows takes these for devices, whatever their ending.
_DEVICES = frozenset(("con", "prn", "aux", "nul", *(f"{each}{n}" for each in ("com", "lpt") for n in range(10))))


def default_folder(environ: Mapping[str, str], system: str = sys.platform) -> str:
    """Where models are kept if nobody says where: beside the cache of registries; empty where there is no place."""
    registry = cache.default_folder(environ, system)
    return os.path.join(os.path.dirname(registry), "models") if registry else ""


def hex_of(digest: str) -> str:
    """The hexadecimal digits of a digest; raises `ValueError` for anything that could be a path."""
    if not is_digest(digest):
        raise ValueError("not a SHA-256 digest")
    return digest.removeprefix("sha256:")


class Layout:
    """The paths of a store. What is done in it is done through open folders, and not by these."""

    __slots__ = ("blobs", "folder", "locks", "partial", "runs")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.blobs = os.path.join(folder, "blobs", "sha256")
        self.partial = os.path.join(folder, "partial")
        self.locks = os.path.join(folder, "locks")
        self.runs = os.path.join(folder, "runs")

    def blob(self, name: str) -> str:
        """The file of a blob by its hexadecimal digits."""
        return os.path.join(self.blobs, name)

    def part(self, name: str) -> str:
        """The file of what has come of a blob."""
        return os.path.join(self.partial, name + PART)


def blob_of(name: str, ending: str) -> str:
    """The hexadecimal digits of the blob that a file of the store is about; empty for what is no such file."""
    digits = name.removesuffix(ending)
    return digits if digits + ending == name and is_digest(f"sha256:{digits}") else ""


def run_of(name: str) -> str:
    """The name of the run that a folder or a lock in `runs` belongs to; empty for what is no such thing."""
    run = name.removesuffix(LOCK)
    return run if len(run) == 2 * RUN_BYTES and not run.strip(_HEX) else ""


def safe_name(path: str, otherwise: str) -> str:
    """A name for a file whose author wants it at some path: its last part, made of letters, digits, `.`, `_` and `-`.

    It begins with a letter, a digit or `_`, so that it is neither hidden nor an option to a program.
    """
    last = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    plain = "".join(each if each in _ALLOWED else "_" for each in last[-4 * _LONGEST_NAME :]).lstrip(".-")
    if not plain.strip("._-"):
        return otherwise
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > _LONGEST_ENDING:
        stem, ending = plain, ""
    if stem.partition(".")[0].lower() in _DEVICES:
        stem = f"_{stem}"
    short = stem[: _LONGEST_NAME - len(dot + ending)]
    return f"{short}.{ending}" if ending else short.rstrip(".")


def unlike(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where it is taken; case does not count, as on many file systems."""
    lower = {each.lower() for each in taken}
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    number, free = 1, name
    while free.lower() in lower:
        number += 1
        free = f"{stem}-{number}{dot}{ending}"
    return free
