"""Locks between processes: of the kernel, which frees them however a process ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from typing import TYPE_CHECKING

from modellint.registry.failure import Failure

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE = 0.05  # seconds between two looks
_TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


def take(path: str, *, shared: bool, seconds: float, check: Callable[[], object] | None = None) -> int | None:
    """Take the lock of a file, which is made; None where others hold it for longer than that. `release` frees it.

    `check` is called between looks, and may raise. A lock's file can be removed by the one who holds it alone: who has
    got the lock of a file that is gone by then has nothing, and looks again.
    """
    end = time.monotonic() + seconds
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            if _flock(handle, shared):
                if _is_at(handle, path):
                    found, handle = handle, -1
                    return found
                continue
        finally:
            if handle >= 0:
                os.close(handle)
        if time.monotonic() >= end:
            return None
        if check:
            check()
        time.sleep(_PAUSE)


def release(handle: int) -> None:
    """Free a lock."""
    os.close(handle)


def _flock(handle: int, shared: bool) -> bool:
    if sys.platform == "win32":
        raise Failure("store", "models can be kept on Linux and macOS only")
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise Failure("store", "the file system of the store has no locks; choose a folder on another one") from None
    return True


def _is_at(handle: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False
