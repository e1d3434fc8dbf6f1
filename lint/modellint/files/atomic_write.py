"""Write a file completely or not at all, and only where the user intended.

The text is written beside the file, flushed to the disk and then renamed over it, so whoever reads the file, whatever
kills this process and however full the disk is, finds the old text or the new one. On Linux the file beside it has no
name until it is complete (`O_TMPFILE`), and a process that is killed leaves nothing behind, unless it dies between the
two system calls that give the file a name and rename it, some 50 microseconds. Elsewhere the file has a name from the
start. What was left behind, a later run removes.

A path on the command line is the user's word, a symbolic link in a repository is not: a link is followed only where it
leads to a place in the same repository, a link to a folder also where it lies in no repository and not in the working
folder (`/tmp` on macOS is one). The links are looked at once; what they lead to is then opened by a path in which no
link may be any more, and is written through that folder's descriptor, so a link that is swapped in later leads nowhere.
"""

from __future__ import annotations

import errno
import os
import stat

from modellint.files.repositories import lies_in, repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.files.attributes import FileAttributes

_PREFIX = ".modellint-"
_SUFFIX = ".tmp"
_RANDOM = 8  # bytes of a temporary name, written as hexadecimal digits
_STALE = 3600  # seconds after which nobody is still writing a temporary file
_PATIENCE = 5.0  # seconds in which somebody has to read a pipe
_PAUSE = 0.02
_OUTSIDE = "is a symbolic link to a file outside its directory and its repository; use the file itself"
_BEHIND = "is behind a symbolic link to a directory outside the repository; use the directory itself"
_CHANGED = "changed while it was being written; run the command again"
_FULL = "the disk is full; free up space and run the command again"
_QUOTA = "the disk quota is exceeded; free up space and run the command again"
_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_OWN = ("/dev/fd/", "/proc/self/fd/")
_DIGITS = 9  # of a descriptor's number
_WORDS = {errno.ENOSPC: _FULL, errno.EBADF: "is closed", getattr(errno, "EDQUOT", errno.ENOSPC): _QUOTA}
_REASONS = {
    errno.EROFS: "cannot be written: it is on a read-only file system",
    errno.EBUSY: "cannot be replaced: it is in use, or mounted as a single file (mount its directory instead)",
}
_LINKS = frozenset((errno.ELOOP, errno.ENOTDIR, getattr(errno, "EMLINK", errno.ELOOP)))  # some BSDs say EMLINK


class Unwritable(Exception):
    """A file that cannot be written, or not be read to be replaced, and why, in words for a person."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class naming:
    """A block that writes to a file, or into a folder: what the system refuses there is said of it.

    An error that comes while a file is written (a full disk) does not name the file.
    """

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = self._path


def write(path: str, text: str, *, new: bool = False) -> None:
    """Write a text into a file, in UTF-8; raises `Unwritable`, and then the file is as it was.

    Where it is `new`, no file may be there: `FileExistsError`. Devices, pipes and streams of this process are written
    to as they are.
    """
    data = text.encode("utf-8", "backslashreplace")
    handle = _stream(path)
    try:
        if handle is not None:
            write_all(handle, data)
        elif _is_of_the_system(path):
            waits = stat.S_ISFIFO(os.stat(path).st_mode)
            _write_device(lambda: os.open(path, nonblocking(os.O_WRONLY)), path, data, waits)
        else:
            _write(path, data, new)
    except (BrokenPipeError, FileExistsError):  # that the reader has gone is no fault of the file
        raise
    except FileNotFoundError:
        raise Unwritable(
            path, f"cannot be written: there is no directory {os.path.dirname(path) or os.curdir}"
        ) from None
    except ValueError:
        raise Unwritable(path, "is not a valid file name") from None
    except OSError as error:
        raise Unwritable(path, why_unwritten(error, os.path.dirname(path) or os.curdir)) from None


def refuse_links(path: str) -> None:
    """Raise `Unwritable` where a file could not be written because of the links in its path."""
    if _stream(path) is None and not _is_of_the_system(path):
        resolved(path)


def resolved(path: str) -> str:
    """The real path of a file to write; raises `Unwritable` where a link leads to somewhere that nobody has named."""
    drive, whole = os.path.splitdrive(os.path.join(os.getcwd(), path))
    here = drive + os.sep
    parts = [part for part in _parted(whole) if part != os.curdir]
    for at, part in enumerate(parts):
        if part == os.pardir:
            here = os.path.dirname(here)
            continue
        step = os.path.join(here, part)
        if not os.path.islink(step):
            here = os.path.realpath(step) if os.name == "nt" else step  # Windows has several names for one
            continue
        is_last = at == len(parts) - 1
        real = os.path.realpath(step)
        bounds = _bounds(here) or (here if is_last else "")
        if bounds and not lies_in(real, bounds):
            raise Unwritable(path, f"{_OUTSIDE if is_last else _BEHIND} ({real})")
        here = real
    return here


def resolved_folder(path: str) -> str:
    """The real path of a folder to write into; raises `Unwritable` as `resolved` does."""
    return os.path.dirname(resolved(os.path.join(path, "file")))


def _bounds(folder: str) -> str:
    """Where the links of a folder may lead to; empty where nobody else than the user can have made them."""
    here = os.path.realpath(os.curdir)
    return repository(os.path.realpath(folder)) or (here if lies_in(folder, here) else "")


class WritePath:
    """Where a file lies, and the name of the temporary file beside it. `target` is a path without symbolic links.

    The folder is held open, so that it stays the same one whatever is renamed; where that is impossible (Windows), it
    goes by its path.
    """

    def __init__(self, target: str) -> None:
        self._folder, self._name = os.path.split(target)
        self._temporary = f"{_PREFIX}{os.urandom(_RANDOM).hex()}{_SUFFIX}"
        self._handle = _open_folder(self._folder) if os.open in os.supports_dir_fd else None

    def close(self) -> None:
        """Let go of the folder."""
        if self._handle is not None:
            close(self._handle)

    def status(self) -> os.stat_result:
        """Of what lies there: of a link, not of what it leads to."""
        return os.stat(self._at(self._name), dir_fd=self._handle, follow_symlinks=False)

    def open(self, flags: int) -> int:
        """The file itself."""
        return os.open(self._at(self._name), nonblocking(flags) | getattr(os, "O_NOFOLLOW", 0), dir_fd=self._handle)

    def put(self, data: bytes, kept: FileAttributes | None, check: Callable[[], object], *, new: bool = False) -> None:
        """Put a file there, which takes over what is `kept`; `check` may raise, last before it gets its name.

        Where it is `new`, raises `FileExistsError` for one that is there.
        """
        try:
            if not self._through_unnamed(data, kept, check, new):
                self._through_named(data, kept, check, new)
        except BaseException:  # also Ctrl-C
            self._remove(self._temporary)
            raise
        self._flush()
        self._sweep()

    def _through_unnamed(
        self, data: bytes, kept: FileAttributes | None, check: Callable[[], object], new: bool
    ) -> bool:
        """False where the system or this file system has no files without a name."""
        flag: int = getattr(os, "O_TMPFILE", 0)
        if self._handle is None or not flag:
            return False
        try:
            handle = os.open(os.curdir, flag | os.O_RDWR, _mode(kept), dir_fd=self._handle)
        except OSError:
            return False  # what is really wrong (a full disk), a file with a name meets too
        try:
            _fill(handle, data, kept)
            check()
            name = self._name if new else self._temporary
            try:  # no step more between these two: a process killed there leaves a file behind
                os.link(f"/proc/self/fd/{handle}", name, dst_dir_fd=self._handle, follow_symlinks=True)
            except FileExistsError:
                raise
            except OSError:
                return False  # no `/proc`, or a file system without links
            if not new:
                os.replace(self._temporary, self._name, src_dir_fd=self._handle, dst_dir_fd=self._handle)
            return True
        finally:
            close(handle)

    def _through_named(self, data: bytes, kept: FileAttributes | None, check: Callable[[], object], new: bool) -> None:
        flags = nonblocking(os.O_RDWR | os.O_CREAT | os.O_EXCL)
        handle = os.open(self._at(self._temporary), flags, _mode(kept), dir_fd=self._handle)
        try:
            _fill(handle, data, kept)
        finally:
            close(handle)  # Windows renames no open file
        check()
        if new and self._has_name():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), self._name)
        source, target = self._at(self._temporary), self._at(self._name)
        os.replace(source, target, src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def _has_name(self) -> bool:
        try:
            self.status()
        except FileNotFoundError:
            return False
        return True

    def _flush(self) -> bool:
        """Have a renaming last; some file systems cannot, and by then the file is replaced anyway."""
        try:
            if self._handle is not None:
                os.fsync(self._handle)
        except OSError:
            return False
        return True

    def _sweep(self) -> bool:
        """Remove what killed runs left behind. How old it is tells the file just written, by the same clock."""
        try:
            now = self.status().st_mtime
            with os.scandir(self._folder if self._handle is None else self._handle) as listing:
                for entry in listing:
                    if (
                        _is_temporary(entry.name)
                        and entry.is_file(follow_symlinks=False)
                        and now - entry.stat(follow_symlinks=False).st_mtime > _STALE
                    ):
                        self._remove(entry.name)
        except OSError:
            return False
        return True

    def _remove(self, name: str) -> bool:
        try:
            os.unlink(self._at(name), dir_fd=self._handle)
        except OSError:
            return False
        return True

    def _at(self, name: str) -> str:
        return os.path.join(self._folder, name) if self._handle is None else name


def _open_folder(folder: str) -> int:
    """A descriptor of a folder; an error of `is_link` where one of the folders in its path is a link by now."""
    last = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
    if any_link := getattr(os, "O_NOFOLLOW_ANY", 0):  # macOS
        return os.open(folder, last | any_link)
    passing = last | getattr(os, "O_PATH", 0)  # for folders above that may be passed through, but not be read
    parts = _parted(folder)
    handle = os.open(os.sep, passing if parts else last)
    for at, part in enumerate(parts):
        above = handle
        try:
            handle = os.open(part, passing if at < len(parts) - 1 else last, dir_fd=above)
        finally:
            close(above)
    return handle


def is_link(error: OSError) -> bool:
    """Whether something could not be opened because a link, or no folder, is where there was something else before."""
    return error.errno in _LINKS


def nonblocking(flags: int) -> int:
    """Flags to open a file with: a FIFO blocks nothing, no line end is translated."""
    return flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def close(handle: int) -> bool:
    """Close a descriptor, whatever the system says to that."""
    try:
        os.close(handle)
    except OSError:
        return False  # what was written is on the disk already, or was given up
    return True


def write_all(handle: int, data: bytes) -> None:
    """Write bytes, which a descriptor may take a few at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def why_unwritten(error: OSError, folder: str) -> str:
    """Why a file in a folder cannot be written, in words for a person."""
    if isinstance(error, FileNotFoundError):
        return f"cannot be written: its directory no longer exists ({folder})"
    if isinstance(error, PermissionError) and getattr(error, "winerror", None):
        return (
            "cannot be replaced: permission denied, or another program has it open; close it there and "
            "run the command again"
        )
    if isinstance(error, PermissionError):
        return (
            f"cannot be written: its directory is not writable ({folder}); make it writable and run the command again"
        )
    return _REASONS.get(error.errno or 0, f"cannot be written: {words(error)}")


def words(error: OSError) -> str:
    """What the system says, in words for a person."""
    return _WORDS.get(error.errno or 0, (error.strerror or str(error)).lower())


def _write(path: str, data: bytes, new: bool) -> None:
    if not os.path.basename(path):
        raise Unwritable(path, "is a directory")
    place = WritePath(resolved(path))
    try:
        try:
            mode = place.status().st_mode
        except FileNotFoundError:
            place.put(data, None, _nothing, new=new)
            return
        if new:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        if stat.S_ISDIR(mode):
            raise Unwritable(path, "is a directory")
        if stat.S_ISLNK(mode):
            raise Unwritable(path, _CHANGED)
        if stat.S_ISREG(mode):
            place.put(data, _kept(place, path), _nothing)
        else:
            _write_device(lambda: place.open(os.O_WRONLY), path, data, stat.S_ISFIFO(mode))
    finally:
        place.close()


def _nothing() -> None:
    """There is nothing to check: what is there by now, is replaced."""


def _kept(place: WritePath, path: str) -> FileAttributes:
    from modellint.files.attributes import FileAttributes

    try:
        handle = place.open(os.O_RDWR)  # for writing, so that the system says whether that is allowed
    except PermissionError:
        raise Unwritable(path, "is read-only; make it writable and run the command again") from None
    except OSError as error:
        if is_link(error):
            raise Unwritable(path, _CHANGED) from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unwritable(path, _CHANGED)
        return FileAttributes(handle)
    finally:
        close(handle)


def _write_device(open_it: Callable[[], int], path: str, data: bytes, waits: bool) -> None:
    """Write to a device or a pipe; `waits` for a while until somebody reads that."""
    import time

    until = time.monotonic() + _PATIENCE
    while True:
        try:
            handle = open_it()
            break
        except OSError as error:
            if error.errno != errno.ENXIO or not waits:
                raise
            if time.monotonic() > until:
                raise Unwritable(path, "cannot be written: no process reads from it") from None
            time.sleep(_PAUSE)
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unwritable(path, _CHANGED)
        if hasattr(os, "O_NONBLOCK"):
            os.set_blocking(handle, True)
        write_all(handle, data)
    finally:
        close(handle)


def _stream(path: str) -> int | None:
    """The descriptor of this process that a path stands for: opened by its path, a file would be written over."""
    name = os.path.normpath(path)
    number = next((name.removeprefix(start) for start in _OWN if name.startswith(start)), "")
    if number.isascii() and number.isdecimal() and len(number) <= _DIGITS:
        return int(number)
    return _STREAMS.get(name)


def _is_of_the_system(path: str) -> bool:
    """Whether a path is a device, or a link to one, that the system has made."""
    name = os.path.normpath(path)
    folder = os.path.dirname(name)
    in_proc = folder.startswith("/proc/") and folder.endswith("/fd")
    if folder != "/dev" and not in_proc and os.path.normcase(name) != os.devnull:  # `NUL` of Windows is in no folder
        return False
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _mode(kept: FileAttributes | None) -> int:
    return 0o666 if kept is None else 0o600  # what is kept gets the rights of the old file, when it is complete


def _fill(handle: int, data: bytes, kept: FileAttributes | None) -> None:
    write_all(handle, data)
    if kept is not None:
        kept.give(handle)
    os.fsync(handle)


def _parted(path: str) -> list[str]:
    if os.altsep:
        path = path.replace(os.altsep, os.sep)
    return [part for part in path.split(os.sep) if part]


def _is_temporary(name: str) -> bool:
    middle = name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    return name == f"{_PREFIX}{middle}{_SUFFIX}" and len(middle) == 2 * _RANDOM and not middle.strip("0123456789abcdef")
