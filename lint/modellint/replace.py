"""Replace a file that was read before: as a whole or not at all, and only if nobody else has changed it since.

The new text is written beside the file, flushed to the disk and then renamed over it, so whoever reads the file, and
whatever kills this process, finds the old text or the new one. On Linux the file beside it has no name until it is
complete (`O_TMPFILE`), and a process that is killed leaves nothing behind, unless it dies between the two system calls
that give the file a name and rename it, some 50 microseconds. Elsewhere the file has a name from the start. What was
left behind, a later run removes.

Nothing keeps another program from writing between the last look at the file and the renaming, as short a time.
"""

from __future__ import annotations

import errno
import os
import stat

from modellint.compose import files

_BOM = b"\xef\xbb\xbf"
_PREFIX = ".modellint-"
_SUFFIX = ".tmp"
_RANDOM = 8  # bytes of a temporary name, written as hexadecimal digits
_STALE = 3600  # seconds after which nobody is still writing a temporary file

_CHANGED = "changed while it was being fixed; run it again"
_GONE = "was removed while it was being fixed"
_LINKED = (
    "has another name (a hard link), which would keep the old text; make it a file of its own, or a symbolic link, and"
    " run it again"
)
_READ_ONLY = "is read-only; make it writable and run it again"
_FULL = "the disk is full; make room and run it again"
_QUOTA = "your share of the disk is used up; make room and run it again"
_REASONS = {
    errno.ENOSPC: f"cannot be written: {_FULL}",
    getattr(errno, "EDQUOT", errno.ENOSPC): f"cannot be written: {_QUOTA}",
    errno.EROFS: "cannot be written: it lies on a read-only file system",
    errno.EBUSY: "cannot be replaced: it is in use, or mounted as a single file (mount its folder instead)",
}
# Sums and signatures of the old bytes, which the kernel keeps by itself: copied, they would make the new ones invalid.
_OF_THE_BYTES = frozenset(("security.ima", "security.evm"))


class Unwritable(Exception):
    """A file that cannot be read to be replaced, or not be replaced, and why, in words for a person."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class Original:
    """A file as it was read: its path as the user named it, its bytes, and its text without a byte order mark.

    `target` is the file itself, all symbolic links followed. `identity` tells it from any other and from itself after
    a change: device, inode, time of the last change in nanoseconds, size and mode.
    """

    __slots__ = ("data", "identity", "path", "target", "text")

    def __init__(self, path: str, target: str, data: bytes, text: str, identity: tuple[int, ...]) -> None:
        self.path = path
        self.target = target
        self.data = data
        self.text = text
        self.identity = identity


def read_original(path: str) -> Original:
    """Read a regular file of at most `files.MAX_BYTES` bytes to replace it later; raises `Unwritable`."""
    try:
        os.lstat(path)  # an empty name, and one with a `/` behind a file, would get lost in `realpath`
        target = os.path.realpath(path)
        if files.foreign(path, os.path.dirname(path) or os.curdir):
            outside = "is a symbolic link to a file outside its folder and its repository; fix that file itself"
            raise Unwritable(path, f"{outside} ({target})")
        kind = os.lstat(target).st_mode  # before it is opened: to open a device can already do something
        if not stat.S_ISREG(kind):
            raise Unwritable(path, "is a folder" if stat.S_ISDIR(kind) else "is not a regular file")
        handle = os.open(target, _flags(os.O_RDONLY))
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise Unwritable(path, "is not a regular file")
            if status.st_nlink > 1:
                raise Unwritable(path, _LINKED)
            data = _read(handle)
        finally:
            _close(handle)
    except (OSError, ValueError) as error:
        raise Unwritable(path, _why_unread(error)) from None
    if len(data) > files.MAX_BYTES:
        raise Unwritable(path, f"is larger than a Compose file can be (the limit is {files.MAX_BYTES:,} bytes)")
    try:
        text = files.decode(path, data)
    except files.Unreadable as error:
        raise Unwritable(path, error.reason) from None
    return Original(path, target, data, text, _identity(status))


def replace(original: Original, text: str) -> None:
    """Give a file another text. Raises `Unwritable`, and the file is as it was."""
    data = _encoded(original, text)
    if data == original.data:
        return
    try:
        if os.path.realpath(original.path) != original.target:
            raise Unwritable(original.path, _CHANGED)
        place = _Place(original.target)
        try:
            _replace_at(place, original, data)
        finally:
            place.close()
    except OSError as error:
        raise Unwritable(original.path, _why_unwritten(error, os.path.dirname(original.target))) from None


def _encoded(original: Original, text: str) -> bytes:
    try:
        data = (_BOM if original.data.startswith(_BOM) else b"") + text.encode()
    except UnicodeEncodeError:
        raise Unwritable(original.path, "would hold half a character, which UTF-8 cannot write") from None
    if len(data) > files.MAX_BYTES:
        limit = f"{len(data):,} bytes; the limit is {files.MAX_BYTES:,}"
        raise Unwritable(original.path, f"would become larger than a Compose file can be ({limit})")
    return data


class _Place:
    """Where a file lies, and the name of the temporary file beside it.

    The folder is held open, so that it stays the same one whatever is renamed; where that is impossible (Windows), it
    goes by its path.
    """

    def __init__(self, target: str) -> None:
        self._folder, self._name = os.path.split(target)
        self._temporary = f"{_PREFIX}{os.urandom(_RANDOM).hex()}{_SUFFIX}"
        self._handle: int | None = None
        if os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd:
            flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
            self._handle = os.open(self._folder, flags)

    def close(self) -> None:
        if self._handle is not None:
            _close(self._handle)

    def status(self) -> os.stat_result:
        return os.stat(self._at(self._name), dir_fd=self._handle, follow_symlinks=False)

    def open(self) -> int:
        """The file, for writing."""
        return os.open(self._at(self._name), _flags(os.O_RDWR), dir_fd=self._handle)

    def open_temporary(self) -> int:
        return os.open(
            self._at(self._temporary), _flags(os.O_RDWR | os.O_CREAT | os.O_EXCL), 0o600, dir_fd=self._handle
        )

    def open_unnamed(self) -> int | None:
        """A new file without a name; None where the system or this file system has none."""
        flag: int = getattr(os, "O_TMPFILE", 0)
        if self._handle is None or not flag:
            return None
        try:
            return os.open(os.curdir, flag | os.O_RDWR, 0o600, dir_fd=self._handle)
        except OSError:
            return None  # what is really wrong (a full disk), a file with a name meets too

    def rename_temporary(self) -> None:
        source, target = self._at(self._temporary), self._at(self._name)
        os.replace(source, target, src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def rename_unnamed(self, handle: int) -> bool:
        """Rename a file without a name, which has to be given one first; False where that is not possible."""
        try:  # no step more between these two: a process killed there leaves a file behind
            os.link(f"/proc/self/fd/{handle}", self._temporary, dst_dir_fd=self._handle, follow_symlinks=True)
        except OSError:
            return False  # no `/proc`, or a file system without links
        os.replace(self._temporary, self._name, src_dir_fd=self._handle, dst_dir_fd=self._handle)
        return True

    def remove_temporary(self) -> bool:
        return self._remove(self._temporary)

    def flush(self) -> bool:
        """Have a renaming last; some file systems cannot, and by then the file is replaced anyway."""
        try:
            if self._handle is not None:
                os.fsync(self._handle)
        except OSError:
            return False
        return True

    def sweep(self) -> bool:
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


class _Kept:
    """What the new file takes over from the old one."""

    __slots__ = ("attributes", "status")

    def __init__(self, status: os.stat_result, attributes: dict[str, bytes]) -> None:
        self.status = status
        self.attributes = attributes


def _replace_at(place: _Place, original: Original, data: bytes) -> None:
    kept = _unchanged(place, original)
    try:
        if not _through_unnamed(place, original, data, kept):
            _through_named(place, original, data, kept)
    except BaseException:  # also Ctrl-C
        place.remove_temporary()
        raise
    place.flush()
    place.sweep()


def _through_unnamed(place: _Place, original: Original, data: bytes, kept: _Kept) -> bool:
    handle = place.open_unnamed()
    if handle is None:
        return False
    try:
        _fill(handle, data, kept)
        _unchanged(place, original)
        return place.rename_unnamed(handle)
    finally:
        _close(handle)


def _through_named(place: _Place, original: Original, data: bytes, kept: _Kept) -> None:
    handle = place.open_temporary()
    try:
        _fill(handle, data, kept)
    finally:
        _close(handle)  # Windows renames no open file
    _unchanged(place, original)
    place.rename_temporary()


def _unchanged(place: _Place, original: Original) -> _Kept:
    """Raises `Unwritable` where a file is no longer what was read, or may not be written."""
    try:
        if not stat.S_ISREG(place.status().st_mode):
            raise Unwritable(original.path, _CHANGED)
        # For writing, though nothing is: so the system says whether that is allowed, whatever its reasons are.
        handle = place.open()
    except FileNotFoundError:
        raise Unwritable(original.path, _GONE) from None
    except PermissionError:
        raise Unwritable(original.path, _READ_ONLY) from None
    except OSError as error:
        if error.errno == errno.ELOOP:  # a symbolic link in the moment between
            raise Unwritable(original.path, _CHANGED) from None
        raise
    try:
        status = os.fstat(handle)
        if _identity(status) != original.identity or _read(handle) != original.data:
            raise Unwritable(original.path, _CHANGED)
        if status.st_nlink > 1:
            raise Unwritable(original.path, _LINKED)
        if not status.st_mode & 0o222:  # root could write it all the same, but somebody meant it to stay as it is
            raise Unwritable(original.path, _READ_ONLY)
        return _Kept(status, _attributes(handle))
    finally:
        _close(handle)


def _fill(handle: int, data: bytes, kept: _Kept) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
    # After the writing, which takes some rights away, and each step before those that it would undo.
    owner, group = _give(handle, kept.status)
    _set_attributes(handle, kept.attributes)
    mode = _mode(stat.S_IMODE(kept.status.st_mode), owner, group)
    if stat.S_IMODE(os.fstat(handle).st_mode) != mode and hasattr(os, "fchmod"):
        os.fchmod(handle, mode)
    os.fsync(handle)


def _give(handle: int, status: os.stat_result) -> tuple[bool, bool]:
    """Hand a file to the owner and the group of another, and say which of the two it has then."""
    if hasattr(os, "fchown"):
        own = os.fstat(handle)
        # Not both in one call: a group can often be given where an owner cannot. The group first, while it is ours.
        if own.st_gid != status.st_gid:
            _try_chown(handle, -1, status.st_gid)
        if own.st_uid != status.st_uid:
            _try_chown(handle, status.st_uid, -1)
    own = os.fstat(handle)
    return own.st_uid == status.st_uid, own.st_gid == status.st_gid


def _try_chown(handle: int, owner: int, group: int) -> bool:
    try:
        os.fchown(handle, owner, group)
    except OSError:
        return False
    return True


def _mode(mode: int, owner: bool, group: bool) -> int:
    """The permission bits of a file that may have got another owner or group, who shall not gain by it."""
    if not owner or not group:
        mode &= 0o777  # no set-user-ID or set-group-ID for somebody else
    if not group:
        mode &= ~0o070 | (mode & 0o007) << 3
    return mode


def _attributes(handle: int) -> dict[str, bytes]:
    """The extended attributes of a file, its access control list among them; only Linux shows them to Python."""
    attributes: dict[str, bytes] = {}
    if hasattr(os, "listxattr"):
        for name in _names(handle):
            try:
                attributes[name] = os.getxattr(handle, name)
            except OSError:
                continue
    return attributes


def _set_attributes(handle: int, attributes: dict[str, bytes]) -> None:
    """As far as allowed. What a new file has from its folder (an access control list) and the old had not, goes."""
    if not hasattr(os, "listxattr"):
        return
    present = _attributes(handle)
    for name, value in attributes.items():
        if present.pop(name, None) != value:
            _try_xattr(handle, name, value)
    for name in present:
        _try_xattr(handle, name, None)


def _try_xattr(handle: int, name: str, value: bytes | None) -> bool:
    try:
        if value is None:
            os.removexattr(handle, name)
        else:
            os.setxattr(handle, name, value)
    except OSError:
        return False
    return True


def _names(handle: int) -> list[str]:
    try:
        return [name for name in os.listxattr(handle) if name not in _OF_THE_BYTES]
    except OSError:
        return []  # a file system without attributes


def _read(handle: int) -> bytes:
    """The bytes of a file; of one that is too large, some more than the limit."""
    data = bytearray()
    while len(data) <= files.MAX_BYTES and (chunk := os.read(handle, 1 << 16)):
        data += chunk
    return bytes(data)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode


def _flags(flags: int) -> int:
    """Flags to open a file with: a FIFO blocks nothing, no link is followed, no line end translated."""
    for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY"):
        flags |= getattr(os, name, 0)
    return flags


def _close(handle: int) -> bool:
    try:
        os.close(handle)
    except OSError:
        return False  # what was written is on the disk already, or was given up
    return True


def _is_temporary(name: str) -> bool:
    middle = name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    return name == f"{_PREFIX}{middle}{_SUFFIX}" and len(middle) == 2 * _RANDOM and not middle.strip("0123456789abcdef")


def _why_unread(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    if isinstance(error, ValueError):
        return "is a name that no file can have"
    return f"cannot be read: {(error.strerror or str(error)).lower()}"


def _why_unwritten(error: OSError, folder: str) -> str:
    if isinstance(error, FileNotFoundError):
        return f"cannot be written: its folder is gone ({folder})"
    if isinstance(error, PermissionError) and getattr(error, "winerror", None):
        return "cannot be replaced: permission denied, or another program has it open; close it there and run it again"
    if isinstance(error, PermissionError):
        return f"cannot be replaced: its folder does not allow it ({folder}); make it writable and run it again"
    return _REASONS.get(error.errno or 0, f"cannot be written: {(error.strerror or str(error)).lower()}")
