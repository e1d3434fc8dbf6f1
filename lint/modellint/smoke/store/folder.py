"""A directory of the store that is kept open, and files in it that only modellint created.

Whatever is renamed or linked meanwhile, what is done in it is done in this folder. In a store there are no symbolic
links: neither the folder nor a file in it is ever reached through one. Who may write into a folder may swap what has
just been hashed, so nobody but this user may.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from modellint.files.ownership import Doubt, refuse_foreign_links, writer
from modellint.registry.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    Identity: TypeAlias = tuple[int, int, int, int]  # device, inode, owner, size in bytes

_FOLDER, _FILE = 0o700, 0o600  # permissions of what is made here


def identity(status: os.stat_result) -> Identity:
    """What tells a file from another one that has got its name."""
    return status.st_dev, status.st_ino, status.st_uid, status.st_size


class Folder:
    """A folder that is held open until `close`. `path` is for messages, and for programs that want one."""

    __slots__ = ("handle", "path")

    def __init__(self, path: str, handle: int) -> None:
        self.path = path
        self.handle = handle

    @property
    def held(self) -> str:
        """A path that leads to it wherever it is moved, as long as this process holds it. Raises `Failure`."""
        path = f"/proc/{os.getpid()}/fd/{self.handle}"
        if not os.path.isdir(path):
            why = f"`{self.path}` is in a directory that other users can write to, so they could replace it"
            raise Failure("store", f"{why}; choose another directory")
        return path

    def inside(self, name: str) -> Folder:
        """A folder in it, made for this user only where it is missing. Raises `Failure` or `OSError`."""
        _make(name, self.handle)
        return self.existing(name)

    def existing(self, name: str) -> Folder:
        """A folder in it that is there. Raises `Failure` or `OSError`."""
        try:
            return _opened(os.path.join(self.path, name), name, self.handle)
        except Doubt as doubt:
            raise self.refusal(name, str(doubt)) from None

    def open(self, name: str, flags: int) -> int:
        """A file of this user, made where it is missing and `flags` say so. Raises `Failure` or `OSError`."""
        try:
            handle = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, _FILE, dir_fd=self.handle)
        except OSError:
            if (status := self.look(name)) and (why := _foreign_file(status)):
                raise self.refusal(name, why) from None
            raise
        try:
            status = os.fstat(handle)
            why = _foreign_file(status)
            if flags & os.O_RDWR and not why:
                why = "has another name (a hard link)" if status.st_nlink > 1 else ""
                if not why and stat.S_IMODE(status.st_mode) != _FILE:
                    os.fchmod(handle, _FILE)  # whatever a run's umask made of it
            if why:
                raise self.refusal(name, why)
        except BaseException:
            os.close(handle)
            raise
        return handle

    def look(self, name: str) -> os.stat_result | None:
        """What is there of a name, be it a link; None where nothing is."""
        try:
            return os.stat(name, dir_fd=self.handle, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def find(self, name: str) -> os.stat_result | None:
        """What is there of a file of this user; None where nothing is, or something else."""
        found = self.look(name)
        return found if found and not _foreign_file(found) else None

    def names(self) -> Iterator[str]:
        """The names of all that lies in it."""
        with os.scandir(self.handle) as listing:
            for entry in listing:
                yield entry.name

    def remove(self, name: str) -> bool:
        """Remove a file or a link, if it is there and that is allowed; never a folder."""
        try:
            os.unlink(name, dir_fd=self.handle)
        except OSError:
            return False
        return True

    def remove_folder(self, name: str) -> bool:
        """Remove a folder of files, if it is there and holds no folder; what links lead to stays. Raises `Failure`.

        What is mounted there is not ours.
        """
        try:
            folder = self.existing(name)
        except FileNotFoundError:
            return False
        try:
            if os.fstat(folder.handle).st_dev != os.fstat(self.handle).st_dev:
                raise self.refusal(name, "is on another disk")
            for each in list(folder.names()):
                folder.remove(each)
            os.rmdir(name, dir_fd=self.handle)
        except OSError:
            return False
        finally:
            folder.close()
        return True

    def flush(self) -> bool:
        """Have a renaming last; not every file system can."""
        try:
            os.fsync(self.handle)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let go of it. A thread that still does something in it does it nowhere then."""
        handle, self.handle = self.handle, -1
        os.close(handle)

    def refusal(self, name: str, why: str) -> Failure:
        """What is said of something in it that is not modellint's."""
        place = os.path.join(self.path, name)
        return Failure("store", f"`{place}` {why}, which does not belong in a model store; remove it")


def open_store(path: str, roots: Iterable[str]) -> Folder:
    """The folder of a store, made where it is missing. Raises `Failure` or `OSError`.

    A symbolic link on the way to it is followed where the user has made it: not in one of the repositories `roots`,
    which ship links too.
    """
    if sys.platform == "win32":
        raise Failure("store", "modellint can store models only on Linux and macOS")
    if not path:
        raise Failure("store", "this system has no default directory for models; choose one with `--store`")
    try:
        refuse_foreign_links(path, roots)
        _make_all(path)
        return _opened(path, os.path.realpath(path), None)
    except Doubt as doubt:
        raise Failure(
            "store", f"modellint does not store models in `{path}`, because it {doubt}; choose another directory"
        ) from None


def _make_all(path: str) -> None:
    if path and not os.path.isdir(path):
        _make_all(os.path.dirname(path))  # `os.makedirs` would let others read these
        _make(path, None)


def _make(name: str, above: int | None) -> None:
    try:
        os.mkdir(name, _FOLDER, dir_fd=above)
    except FileExistsError:
        return
    if os.stat(name, dir_fd=above, follow_symlinks=False).st_mode & _FOLDER != _FOLDER:
        os.rmdir(name, dir_fd=above)
        raise Failure(
            "store", "the umask removes this user's own permissions on a new directory; set another one, such as 077"
        )


def _opened(path: str, name: str, above: int | None) -> Folder:
    """A folder, which is no symbolic link; raises `Doubt` where it is none that only this user may write into."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    except OSError:
        kind = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
        if stat.S_ISDIR(kind):
            raise
        raise Doubt("is a symbolic link" if stat.S_ISLNK(kind) else "is not a directory") from None
    if why := writer(os.fstat(handle)):
        os.close(handle)
        raise Doubt(why)
    return Folder(path, handle)


def _foreign_file(status: os.stat_result) -> str:
    """Why a file is none that modellint has made; empty where it can be one."""
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link"
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    return writer(status)
