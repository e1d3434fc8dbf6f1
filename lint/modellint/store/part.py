"""A file that grows until it is what its digest says."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import TYPE_CHECKING

from modellint.registry.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 1 << 20  # bytes hashed at a time
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_USELESS = ("digest-mismatch", "too-big", "disk-full")  # codes after which a part is nothing to go on from


class Part:
    """What has come of a blob. What an earlier run left is taken over, and hashed first."""

    def __init__(self, path: str, size: int, check: Callable[[], object] | None = None) -> None:
        self.size = size
        self.came = 0  # bytes written by this run
        self._path = path
        flags = os.O_RDWR | os.O_CREAT
        for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
            flags |= getattr(os, name, 0)
        self._handle = os.open(path, flags, 0o600)
        try:
            status = os.fstat(self._handle)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
                raise Failure("store", "what lies where a part of a download should lie is no file of ours")
            self._hash = hashlib.sha256()
            self.position = 0
            if status.st_size > size:
                os.ftruncate(self._handle, 0)
            else:
                self._take_over(check)
        except BaseException:
            os.close(self._handle)
            raise
        self.inherited = self.position  # bytes of an earlier run that are still part of it

    def begin(self, offset: int) -> None:
        """Go on at an offset: where the part ends, else at 0, and what was there is gone."""
        if offset != self.position:
            if offset:
                raise Failure("internal", "a part of a download cannot go on there")
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
            self._hash = hashlib.sha256()
            self.position = self.inherited = 0

    def write(self, data: bytes) -> None:
        """Add what came; raises `Failure` where there is no more room."""
        self._hash.update(data)
        rest = memoryview(data)
        try:
            while rest:
                count = os.write(self._handle, rest)
                rest = rest[count:]
                self.position += count
                self.came += count
        except OSError as error:
            raise unwritable(error) from None

    def digits(self) -> str:
        """The hexadecimal digits of the hash of all of it."""
        return self._hash.hexdigest()

    def publish(self, path: str) -> None:
        """Give it its final name, once all of it is on the disk."""
        try:
            os.fsync(self._handle)
            os.fchmod(self._handle, 0o600)  # whatever an earlier run's umask made of it
            os.replace(self._path, path)
            _flush(os.path.dirname(path))
        except OSError as error:
            raise unwritable(error) from None

    def close(self, problem: BaseException | None) -> None:
        """Leave it for the next run, unless that cannot go on from it."""
        os.close(self._handle)
        if isinstance(problem, Failure) and problem.code in _USELESS:
            remove(self._path)

    def _take_over(self, check: Callable[[], object] | None) -> None:
        while data := os.read(self._handle, _PIECE):
            self._hash.update(data)
            self.position += len(data)
            if check:
                check()


def digits_of(path: str, check: Callable[[], object] | None = None) -> str:
    """The hexadecimal digits of a file's hash. Raises `OSError`."""
    found = hashlib.sha256()
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    try:
        while data := os.read(handle, _PIECE):
            found.update(data)
            if check:
                check()
    finally:
        os.close(handle)
    return found.hexdigest()


def remove(path: str) -> bool:
    """Remove a file, if it is there and that is allowed."""
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def unwritable(error: OSError) -> Failure:
    """What is said of a store that cannot be written."""
    if error.errno in _FULL:
        return Failure("disk-full", "the disk of the store is full; make room and run it again")
    if error.errno == errno.EFBIG:
        return Failure("store", "the file system of the store takes no file of that size")
    return Failure("store", f"the store cannot be written: {(error.strerror or 'no reason given').lower()}")


def _flush(folder: str) -> None:
    """Have a renaming last; not every file system can."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
