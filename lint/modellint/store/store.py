"""Blobs by their digest, in a folder that several runs share.

A blob has its name only once all of it is on the disk and has been hashed. Before that it is a part, which one run at a
time adds to. A blob that a run uses is removed by nobody, itself included.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import threading
import time
from typing import TYPE_CHECKING

from modellint.registry.failure import Failure
from modellint.sizes import binary
from modellint.store import lock
from modellint.store.layout import Layout, hex_of
from modellint.store.part import Part, digits_of, remove, unwritable
from modellint.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

WAIT = 3600.0  # seconds to wait for another run that downloads the same blob
_BRIEFLY = 10.0  # seconds to wait for a run that is just removing something
_MARGIN = 1 << 24  # bytes of the disk that stay free
_OLD = 7 * 86_400.0  # seconds after which nobody goes on with a part


class Store:
    """A folder of blobs. What is used counts as used until `close`, and lies still until then.

    `limit` is the most bytes that it may hold; 0 is as many as there is room for. With `verify` the hash of what is
    there is looked at again before it is used, and not only its size.
    """

    def __init__(self, folder: str, *, limit: int = 0, verify: bool = False, wait: float = WAIT) -> None:
        self.layout = Layout(folder)
        self.limit = limit
        self.verify = verify
        self._wait = wait
        self._mutex = threading.Lock()
        self._used: dict[str, int] = {}  # the locks of the blobs in use
        self._verified: set[str] = set()
        self._runs: dict[str, int] = {}
        if not folder:
            raise Failure("store", "there is no folder for models on this system; name one")
        try:
            if os.path.isdir(folder):
                _judge_folder(folder)  # before anything is put into somebody else's
            self.layout.make()
            _judge_folder(folder)
            self._sweep()
        except OSError as error:
            raise unwritable(error) from None

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
            path = self.layout.blob(name)
            status = os.stat(path, follow_symlinks=False)
            if not _is_ours(status) or status.st_size > most:
                return None
            if digits_of(path) != name:
                remove(path)  # or it would be taken for right by its size
                return None
            with open(path, "rb") as file:
                data = file.read(most)
            os.utime(path)
        except OSError:
            return None
        return data

    def keep(self, digest: str, data: bytes) -> None:
        """Put a small blob into the store."""

        def fill(part: Part) -> None:
            part.begin(0)
            part.write(data)

        self.hold(digest, len(data), fill)

    def hold(
        self, digest: str, size: int, fill: Callable[[Part], None], check: Callable[[], object] | None = None
    ) -> str:
        """The path of a blob, complete and right; `fill` is called where it is not there. Raises `Failure`.

        `fill` adds to a part what is missing of it. `check` is called now and then, and may raise to end it all.
        """
        name = hex_of(digest)
        try:
            self._use(name, check)
            if not self._is_right(name, size, check):
                self._pull(name, size, fill, check)
            os.utime(self.layout.blob(name))  # the last use, by which the oldest is found
        except OSError as error:
            raise unwritable(error) from None
        return self.layout.blob(name)

    def come(self, digest: str) -> int:
        """How many bytes of a blob have come, whoever downloads it."""
        name = hex_of(digest)
        for path in (self.layout.part(name), self.layout.blob(name)):
            try:
                return os.stat(path, follow_symlinks=False).st_size
            except OSError:
                continue
        return 0

    def make_room(self, needed: int) -> None:
        """See that so many bytes more fit, of the limit and of the disk; raises `Failure`. The oldest goes first."""
        try:
            free = shutil.disk_usage(self.layout.folder).free - _MARGIN
            found = self._oldest_first()
        except OSError as error:
            raise unwritable(error) from None
        excess = sum(size for _, size, _ in found) + needed - self.limit if self.limit else 0
        others = [(size, path) for _, size, path in found if _name(path) not in self._used]
        if excess > sum(size for size, _ in others):  # before anything is removed in vain
            raise self._too_small(needed)
        for size, path in others:
            if excess > 0 and self._remove_unused(path):
                excess -= size
                free += size
        if excess > 0:
            raise self._too_small(needed)
        if needed > free:
            raise Failure(
                "disk-full", f"the disk of the store has no room for {binary(needed)} more; make room and run it again"
            )

    def _too_small(self, needed: int) -> Failure:
        holds = f"which may hold {binary(self.limit)}, and has nothing left that is not in use"
        return Failure("too-big", f"{binary(needed)} more do not fit into the store, {holds}")

    def start_run(self) -> str:
        """A new folder, for this user only, until `end_run` or the end of this process."""
        path = os.path.join(self.layout.runs, secrets.token_hex(8))
        try:
            with undisturbed():
                handle = lock.take(f"{path}.lock", shared=False, seconds=_BRIEFLY)
                if handle is None:
                    raise Failure("internal", "a folder for this run cannot be locked")
                self._runs[path] = handle
                os.mkdir(path, 0o700)
        except OSError as error:
            raise unwritable(error) from None
        return path

    def end_run(self, folder: str) -> None:
        """Remove the folder of a run; what it links to stays in the store."""
        with undisturbed():
            handle = self._runs.pop(folder, None)
            if handle is not None:
                _remove_run(folder)
                lock.release(handle)

    def _use(self, name: str, check: Callable[[], object] | None = None) -> None:
        """Mark a blob as in use, there or not."""
        with self._mutex:
            if name in self._used:
                return
            try:
                handle = lock.take(self.layout.use_lock(name), shared=True, seconds=_BRIEFLY, check=check)
            except OSError as error:
                raise unwritable(error) from None
            if handle is None:
                raise Failure("busy", "another run is removing a file of this model; run it again")
            self._used[name] = handle

    def _is_there(self, name: str, size: int) -> bool:
        try:
            status = os.stat(self.layout.blob(name), follow_symlinks=False)
        except OSError:
            return False
        return _is_ours(status) and status.st_size == size

    def _is_right(self, name: str, size: int, check: Callable[[], object] | None) -> bool:
        if not self._is_there(name, size):
            return False
        if self.verify and name not in self._verified:
            if digits_of(self.layout.blob(name), check) != name:
                return False
            self._verified.add(name)
        return True

    def _pull(self, name: str, size: int, fill: Callable[[Part], None], check: Callable[[], object] | None) -> None:
        handle = lock.take(self.layout.pull_lock(name), shared=False, seconds=self._wait, check=check)
        if handle is None:
            raise Failure(
                "busy", f"another run downloads the same file, and has not ended within {self._wait:g} seconds"
            )
        try:
            if self._is_right(name, size, check):
                return  # the one that was waited for has brought it
            if not self._fill(name, size, fill, check) and not self._fill(name, size, fill, check):
                raise Failure("digest-mismatch", "the registry sent a file that is not the one of the manifest")
            self._verified.add(name)
        finally:
            lock.release(handle)

    def _fill(self, name: str, size: int, fill: Callable[[Part], None], check: Callable[[], object] | None) -> bool:
        """Complete a blob. False where what an earlier run left was wrong: then it is gone, and a new try may help."""
        part = Part(self.layout.part(name), size, check)
        problem: BaseException | None = None
        try:
            if part.position < size:
                fill(part)
            if part.position == size and part.digits() == name:
                part.publish(self.layout.blob(name))
                return True
            problem = Failure("digest-mismatch", "the registry sent a file that is not the one of the manifest")
            if not part.inherited:
                raise problem
            return False
        except BaseException as error:
            problem = error
            raise
        finally:
            part.close(problem)

    def _oldest_first(self) -> list[tuple[float, int, str]]:
        """Last use, size and path of all that the store holds."""
        found: list[tuple[float, int, str]] = []
        for folder in (self.layout.blobs, self.layout.partial):
            with os.scandir(folder) as listing:
                for entry in listing:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue  # another run was faster
                    found.append((status.st_mtime, status.st_size, entry.path))
        return sorted(found)

    def _remove_unused(self, path: str) -> bool:
        """Remove a blob or a part, unless a run uses it, be it this one."""
        name = _name(path)
        if name in self._used:
            return False
        try:
            hex_of(f"sha256:{name}")
        except ValueError:
            return False  # nothing of ours
        handle = lock.take(self.layout.use_lock(name), shared=False, seconds=0)
        if handle is None:
            return False
        try:
            # Who downloads holds the other lock too: nobody has either of them now.
            remove(self.layout.pull_lock(name))
            return remove(path)
        finally:
            remove(self.layout.use_lock(name))
            lock.release(handle)

    def _sweep(self) -> None:
        """Remove what runs have left that were killed: their folders, and parts with which nobody has gone on."""
        with os.scandir(self.layout.runs) as listing:
            names = {entry.name.removesuffix(".lock") for entry in listing}
        for name in names:
            folder = os.path.join(self.layout.runs, name)
            handle = lock.take(f"{folder}.lock", shared=False, seconds=0)
            if handle is not None:
                _remove_run(folder)
                lock.release(handle)
        for used, _, path in self._oldest_first():
            if path.endswith(".part") and time.time() - used > _OLD:
                self._remove_unused(path)


def _name(path: str) -> str:
    """The hexadecimal digits of what a blob or a part is, or will be."""
    return os.path.basename(path).removesuffix(".part")


def _remove_run(folder: str) -> None:
    """Remove the folder of a run and the file of its lock, which the caller holds."""
    shutil.rmtree(folder, ignore_errors=True)
    remove(f"{folder}.lock")


def _is_ours(status: os.stat_result) -> bool:
    own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return own and stat.S_ISREG(status.st_mode)


def _judge_folder(folder: str) -> None:
    """Refuse a folder into which somebody else may put files."""
    status = os.stat(folder)
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        raise Failure("store", "the folder for models belongs to, or can be written by, somebody else; name another")
