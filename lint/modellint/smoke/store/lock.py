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

    from modellint.smoke.store.folder import Folder

_PAUSE = 0.05  # seconds between two looks
_TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


def take(
    folder: Folder, name: str, *, shared: bool, seconds: float, check: Callable[[], object] | None = None
) -> int | None:
    """Take the lock of a file, which is made; None where others hold it for longer than that. `release` frees it.

    `check` is called between looks, and may raise. A lock's file can be removed by the one who holds it alone: who has
    got the lock of a file that is gone by then has nothing, and looks again.
    """
    end = time.monotonic() + seconds
    while True:
        handle = folder.open(name, os.O_RDWR | os.O_CREAT)
        try:
            if _flock(handle, shared):
                found = folder.look(name)
                if found and os.path.samestat(os.fstat(handle), found):
                    taken, handle = handle, -1
                    return taken
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
        raise Failure("store", "modellint can store models only on Linux and macOS")
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise Failure(
            "store", "the file system of the store does not support locks; choose a directory on another one"
        ) from None
    return True
