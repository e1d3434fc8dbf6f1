"""A file that grows until it is what its digest says."""

from __future__ import annotations

import errno
import hashlib
import os
from typing import TYPE_CHECKING

from modellint.registry.failure import Failure
from modellint.smoke.store.folder import identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.smoke.store.folder import Folder

_PIECE = 1 << 20  # bytes hashed at a time
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_USELESS = ("digest-mismatch", "too-big", "disk-full")  # codes after which a part is nothing to go on from


class PartialBlob:
    """What has come of a blob. What an earlier run left is taken over, and hashed first."""

    def __init__(self, folder: Folder, name: str, size: int, check: Callable[[], object] | None = None) -> None:
        self.size = size
        self.came = 0  # bytes written by this run
        self._folder = folder
        self._name = name
        self._handle = folder.open(name, os.O_RDWR | os.O_CREAT)
        try:
            self._hash = hashlib.sha256()
            self.position = 0
            if os.fstat(self._handle).st_size > size:
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
                raise Failure("internal", "a partial download cannot be resumed")
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

    def publish(self, folder: Folder, name: str) -> int:
        """Give it its final name in another folder, once all of it is on the disk; the file, opened for the caller.

        Raises `Failure` where what has got that name is not the file that was written and hashed here.
        """
        try:
            os.fsync(self._handle)
            own = identity(os.fstat(self._handle))
            os.replace(self._name, name, src_dir_fd=self._folder.handle, dst_dir_fd=folder.handle)
            there = folder.look(name)
            if there is None or identity(there) != own:
                folder.remove(name)
                raise Failure("store", "another process replaced a file in the store while it was being written")
            folder.flush()
        except IsADirectoryError:
            raise folder.refusal(name, "is a directory") from None
        except OSError as error:
            raise unwritable(error) from None
        return os.dup(self._handle)

    def close(self, problem: BaseException | None) -> None:
        """Leave it for the next run, unless that cannot go on from it."""
        os.close(self._handle)
        if isinstance(problem, Failure) and problem.code in _USELESS:
            self._folder.remove(self._name)

    def _take_over(self, check: Callable[[], object] | None) -> None:
        while data := os.read(self._handle, _PIECE):
            self._hash.update(data)
            self.position += len(data)
            if check:
                check()


def digits_of(handle: int, check: Callable[[], object] | None = None) -> str:
    """The hexadecimal digits of the hash of an open file. Raises `OSError`."""
    found = hashlib.sha256()
    while data := os.read(handle, _PIECE):
        found.update(data)
        if check:
            check()
    return found.hexdigest()


def unwritable(error: OSError) -> Failure:
    """What is said of a store that cannot be written."""
    if error.errno in _FULL:
        return Failure("disk-full", "the disk of the store is full; free up space and run the command again")
    if error.errno == errno.EFBIG:
        return Failure("store", "the file system of the store does not support files of this size")
    return Failure("store", f"cannot write to the store: {(error.strerror or 'no reason given').lower()}")
