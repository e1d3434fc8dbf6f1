"""Blobs by digest, in a directory that several runs share.

A blob has its name only once all of it is on the disk and has been hashed. Before that it is a part, which one run at a
time adds to. A blob that a run uses is removed by nobody, itself included.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, NamedTuple

from modellint.files.ownership import checked_roots, is_movable
from modellint.registry.failure import Failure
from modellint.smoke.store import lock
from modellint.smoke.store.folder import identity, open_store
from modellint.smoke.store.layout import LOCK, PART, PULL, RUN_BYTES, USE, Layout, blob_of, hex_of, run_of
from modellint.smoke.store.part import PartialBlob, digits_of, unwritable
from modellint.system.signals import defer_interrupt
from modellint.text.sizes import binary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from modellint.smoke.store.folder import Folder

WAIT = 3600.0  # seconds to wait for another run that downloads the same blob
_BRIEFLY = 10.0  # seconds to wait for a run that is just removing something
_MARGIN = 1 << 24  # bytes of the disk that stay free
_OLD = 7 * 86_400.0  # seconds after which nobody goes on with a part


class Store:
    """A folder of blobs. What is used counts as used until `close`, and lies still until then.

    `limit` is the most bytes that it may hold; 0 is as many as there is room for. With `verify` the hash of what is
    there is looked at again before it is used, and not only its size. In the repositories in which `checked` lie no
    symbolic link leads to it: they are their authors', and not the user's.
    """

    def __init__(
        self,
        folder: str,
        *,
        limit: int = 0,
        verify: bool = False,
        wait: float = WAIT,
        checked: Iterable[str] = (os.curdir,),
    ) -> None:
        self.layout = Layout(folder)
        self.limit = limit
        self.verify = verify
        self._wait = wait
        self._mutex = threading.Lock()
        self._used: dict[str, int] = {}  # the locks of the blobs in use
        self._right: dict[str, int] = {}  # the blobs that were found right, open
        self._runs: dict[str, tuple[int, Folder]] = {}  # by path: the lock, and the folder
        with ExitStack() as stack:
            try:
                self._folder = _closed_by(stack, open_store(folder, checked_roots(checked)))
                self._is_movable = is_movable(folder)
                self._blobs = _closed_by(stack, _closed_by(stack, self._folder.inside("blobs")).inside("sha256"))
                self._partial = _closed_by(stack, self._folder.inside("partial"))
                self._locks = _closed_by(stack, self._folder.inside("locks"))
                self._all_runs = _closed_by(stack, self._folder.inside("runs"))
                self._sweep()
            except OSError as error:
                raise unwritable(error) from None
            self._folders = stack.pop_all()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let others remove what was used. Folders of runs are removed."""
        for folder in list(self._runs):
            self.end_run(folder)
        with self._mutex:
            while self._used:
                lock.release(self._used.popitem()[1])
            while self._right:
                os.close(self._right.popitem()[1])
        self._folders.close()

    def has(self, digest: str, size: int) -> bool:
        """Whether a blob is there, with the right size; from then on it is in use."""
        name = hex_of(digest)
        self._use(name)
        return self._is_there(name, size)

    def read(self, digest: str, most: int) -> bytes | None:
        """The bytes of a small blob, hashed again; nothing where there is none that is right."""
        name = hex_of(digest)
        self._use(name)
        try:
            handle = self._open_blob(name)
            if handle is None:
                return None
            try:
                if os.fstat(handle).st_size > most:
                    return None
                with open(handle, "rb", closefd=False) as file:
                    data = file.read(most)
                if hashlib.sha256(data).hexdigest() != name:
                    self._blobs.remove(name)  # or it would be taken for right by its size
                    return None
                os.utime(handle)
            finally:
                os.close(handle)
        except OSError:
            return None
        return data

    def keep(self, digest: str, data: bytes) -> None:
        """Put a small blob into the store."""

        def fill(part: PartialBlob) -> None:
            part.begin(0)
            part.write(data)

        self.hold(digest, len(data), fill)

    def hold(
        self, digest: str, size: int, fill: Callable[[PartialBlob], None], check: Callable[[], object] | None = None
    ) -> None:
        """Have a blob complete and right; `fill` is called where it is not there. Raises `Failure`.

        `fill` adds to a part what is missing of it. `check` is called now and then, and may raise to end it all.
        """
        name = hex_of(digest)
        try:
            self._use(name, check)
            if not self._is_right(name, size, check):
                self._pull(name, size, fill, check)
            os.utime(name, dir_fd=self._blobs.handle, follow_symlinks=False)  # by which the oldest is found
        except OSError as error:
            raise unwritable(error) from None

    def give(self, digest: str, run: str, name: str) -> str:
        """A path for the very file that `hold` has found right: under a name in the folder of a run. Raises `Failure`.

        It is a hard link, which also somebody can follow who sees no other folder; a symbolic one where that is
        impossible. Where others may move the store, the path begins at the folder that this process holds open.
        """
        folder = self._runs[run][1]
        blob = hex_of(digest)
        try:
            try:
                os.link(blob, name, src_dir_fd=self._blobs.handle, dst_dir_fd=folder.handle, follow_symlinks=False)
            except OSError:
                if self._is_movable:
                    raise
                os.symlink(os.path.abspath(self.layout.blob(blob)), name, dir_fd=folder.handle)
            if identity(os.stat(name, dir_fd=folder.handle)) != identity(os.fstat(self._right[blob])):
                folder.remove(name)
                raise Failure("store", "another process replaced a file in the store after it was verified")
        except OSError as error:
            raise unwritable(error) from None
        return os.path.join(folder.held if self._is_movable else run, name)

    def come(self, digest: str) -> int:
        """How many bytes of a blob have come, whoever downloads it."""
        name = hex_of(digest)
        found = self._partial.find(name + PART) or self._blobs.find(name)
        return found.st_size if found else 0

    def make_room(self, needed: int) -> None:
        """See that so many bytes more fit, of the limit and of the disk; raises `Failure`. The oldest goes first."""
        try:
            disk = os.fstatvfs(self._folder.handle)
            found = self._oldest_first()
        except OSError as error:
            raise unwritable(error) from None
        free = disk.f_bavail * disk.f_frsize - _MARGIN
        excess = sum(each.size for each in found) + needed - self.limit if self.limit else 0
        others = [each for each in found if each.blob not in self._used]
        if excess > sum(each.size for each in others):  # before anything is removed in vain
            raise self._too_small(needed)
        for each in others:
            if excess > 0 and self._remove_unused(each):
                excess -= each.size
                free += each.size
        if excess > 0:
            raise self._too_small(needed)
        if needed > free:
            raise Failure(
                "disk-full",
                f"the disk of the store has no room for another {binary(needed)}; free up space and run the "
                "command again",
            )

    def _too_small(self, needed: int) -> Failure:
        holds = f"which is limited to {binary(self.limit)} and contains only models in use"
        return Failure("too-big", f"the store has no room for another {binary(needed)}, {holds}")

    def start_run(self) -> str:
        """A new folder, for this user only, until `end_run` or the end of this process."""
        name = secrets.token_hex(RUN_BYTES)
        path = os.path.join(self.layout.runs, name)
        try:
            with defer_interrupt():
                handle = lock.take(self._all_runs, name + LOCK, shared=False, seconds=_BRIEFLY)
                if handle is None:
                    raise Failure("internal", "cannot lock a directory for this run")
                try:
                    self._runs[path] = handle, self._all_runs.inside(name)
                except BaseException:
                    self._all_runs.remove(name + LOCK)
                    lock.release(handle)
                    raise
        except OSError as error:
            raise unwritable(error) from None
        return path

    def end_run(self, path: str) -> None:
        """Remove the folder of a run; what it links to stays in the store."""
        with defer_interrupt():
            handle, folder = self._runs.pop(path, (None, None))
            if handle is not None and folder is not None:
                folder.close()
                with suppress(Failure):  # what is there now is not ours
                    self._remove_run(os.path.basename(path))
                lock.release(handle)

    def _use(self, name: str, check: Callable[[], object] | None = None) -> None:
        """Mark a blob as in use, there or not."""
        with self._mutex:
            if name in self._used:
                return
            try:
                handle = lock.take(self._locks, name + USE, shared=True, seconds=_BRIEFLY, check=check)
            except OSError as error:
                raise unwritable(error) from None
            if handle is None:
                raise Failure("busy", "another run is removing a file of this model; run the command again")
            self._used[name] = handle

    def _is_there(self, name: str, size: int) -> bool:
        found = self._blobs.find(name)
        return found is not None and found.st_size == size

    def _is_right(self, name: str, size: int, check: Callable[[], object] | None) -> bool:
        handle = self._open_blob(name)
        if handle is None:
            return False
        try:
            status = os.fstat(handle)
            if status.st_size != size:
                return False
            right = self._right.get(name)
            if right is not None and identity(os.fstat(right)) == identity(status):
                return True
            if self.verify and digits_of(handle, check) != name:
                return False
            self._keep_open(name, handle)
            handle = -1
        finally:
            if handle >= 0:
                os.close(handle)
        return True

    def _keep_open(self, name: str, handle: int) -> None:
        """Remember which file is right. While it is open no other one gets its number."""
        with self._mutex:
            before, self._right[name] = self._right.get(name), handle
            if before is not None:
                os.close(before)

    def _open_blob(self, name: str) -> int | None:
        """A blob for reading; None where nothing is, or something that modellint has not made. Raises `OSError`."""
        return self._blobs.open(name, os.O_RDONLY) if self._blobs.find(name) else None

    def _pull(
        self, name: str, size: int, fill: Callable[[PartialBlob], None], check: Callable[[], object] | None
    ) -> None:
        handle = lock.take(self._locks, name + PULL, shared=False, seconds=self._wait, check=check)
        if handle is None:
            raise Failure(
                "busy", f"another run is downloading the same file and did not finish within {self._wait:g} seconds"
            )
        try:
            if self._is_right(name, size, check):
                return  # the one that was waited for has brought it
            if not self._fill(name, size, fill, check) and not self._fill(name, size, fill, check):
                raise Failure("digest-mismatch", "the file from the registry does not match the manifest")
        finally:
            lock.release(handle)

    def _fill(
        self, name: str, size: int, fill: Callable[[PartialBlob], None], check: Callable[[], object] | None
    ) -> bool:
        """Complete a blob. False where what an earlier run left was wrong: then it is gone, and a new try may help."""
        part = PartialBlob(self._partial, name + PART, size, check)
        problem: BaseException | None = None
        try:
            if part.position < size:
                fill(part)
            if part.position == size and part.digits() == name:
                self._keep_open(name, part.publish(self._blobs, name))
                return True
            problem = Failure("digest-mismatch", "the file from the registry does not match the manifest")
            if not part.inherited:
                raise problem
            return False
        except BaseException as error:
            problem = error
            raise
        finally:
            part.close(problem)

    def _oldest_first(self) -> list[_Entry]:
        """All that the store holds, by its last use. What has no name of ours is not looked at."""
        found: list[_Entry] = []
        for folder, ending in ((self._blobs, ""), (self._partial, PART)):
            for name in list(folder.names()):
                blob = blob_of(name, ending)
                status = folder.find(name) if blob else None
                if status:  # else another run was faster
                    found.append(_Entry(status.st_mtime, status.st_size, blob, folder, name))
        return sorted(found, key=lambda each: (each.used, each.name))

    def _remove_unused(self, entry: _Entry) -> bool:
        """Remove a blob or a part, unless a run uses it, be it this one."""
        if entry.blob in self._used:
            return False
        handle = lock.take(self._locks, entry.blob + USE, shared=False, seconds=0)
        if handle is None:
            return False
        try:
            # Who downloads holds the other lock too: nobody has either of them now.
            self._locks.remove(entry.blob + PULL)
            return entry.folder.remove(entry.name)
        finally:
            self._locks.remove(entry.blob + USE)
            lock.release(handle)

    def _sweep(self) -> None:
        """Remove what runs have left that were killed: their folders, and parts with which nobody has gone on."""
        for name in {run_of(each) for each in self._all_runs.names()} - {""}:
            handle = lock.take(self._all_runs, name + LOCK, shared=False, seconds=0)
            if handle is not None:
                try:
                    self._remove_run(name)
                finally:
                    lock.release(handle)
        for entry in self._oldest_first():
            if entry.folder is self._partial and time.time() - entry.used > _OLD:
                self._remove_unused(entry)

    def _remove_run(self, name: str) -> None:
        """Remove the folder of a run and the file of its lock, which the caller holds."""
        try:
            self._all_runs.remove_folder(name)
        finally:
            self._all_runs.remove(name + LOCK)


class _Entry(NamedTuple):
    """A blob or a part in the store: its last use, its size in bytes, the digits of the blob, and where it is."""

    used: float
    size: int
    blob: str
    folder: Folder
    name: str


def _closed_by(stack: ExitStack, folder: Folder) -> Folder:
    stack.callback(folder.close)
    return folder
