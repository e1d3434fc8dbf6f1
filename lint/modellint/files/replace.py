"""Replace a file that was read before, but only if it has not changed since.

Nothing keeps another program from writing between the last look at the file and the renaming, some 50 microseconds.
"""

from __future__ import annotations

import os
import stat

from modellint.files import disk
from modellint.files.atomic_write import Unwritable, WritePath, close, is_link, resolved, why_unwritten
from modellint.files.attributes import FileAttributes

_BOM = b"\xef\xbb\xbf"

CHANGED = "changed while it was being fixed; run the command again"
_GONE = "was removed while it was being fixed"
_LINKED = (
    "has another name (a hard link), which would keep the old text; make it a separate file or a "
    "symbolic link, and run the command again"
)
_READ_ONLY = "is read-only; make it writable and run the command again"


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


def read_original(path: str, target: str = "") -> Original:
    """Read a regular file of at most `disk.MAX_BYTES` bytes to replace it later; raises `Unwritable`.

    `target` is what its path led to when that was judged. No link is followed there any more.
    """
    try:
        os.lstat(path)  # an empty name, and one with a `/` behind a file, would get lost in what follows
        real = target or resolved(path)
        place = WritePath(real)
        try:
            data, status = _read_at(place, path, bool(target))
        finally:
            place.close()
    except (OSError, ValueError) as error:
        if target and isinstance(error, FileNotFoundError):
            raise Unwritable(path, _GONE) from None
        if target and isinstance(error, OSError) and is_link(error):
            raise Unwritable(path, CHANGED) from None
        raise Unwritable(path, _why_unread(error)) from None
    if len(data) > disk.MAX_BYTES:
        raise Unwritable(path, f"is too large for a Compose file (the limit is {disk.MAX_BYTES:,} bytes)")
    try:
        text = disk.decode(path, data)
    except disk.Unreadable as error:
        raise Unwritable(path, error.reason) from None
    return Original(path, real, data, text, _identity(status))


def _read_at(place: WritePath, path: str, known: bool) -> tuple[bytes, os.stat_result]:
    kind = place.status().st_mode  # before it is opened: to open a device can already do something
    if not stat.S_ISREG(kind) and known:
        raise Unwritable(path, CHANGED)
    if not stat.S_ISREG(kind):
        raise Unwritable(path, "is a directory" if stat.S_ISDIR(kind) else "is not a regular file")
    try:
        handle = place.open(os.O_RDONLY)
    except OSError as error:
        if is_link(error):
            raise Unwritable(path, CHANGED) from None
        raise
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unwritable(path, CHANGED)
        if status.st_nlink > 1:
            raise Unwritable(path, _LINKED)
        return _read(handle), status
    finally:
        close(handle)


def replace(original: Original, text: str) -> None:
    """Give a file another text. Raises `Unwritable`, and the file is as it was."""
    data = _encoded(original, text)
    if data == original.data:
        return
    try:
        if os.path.realpath(original.path) != original.target:
            raise Unwritable(original.path, CHANGED)
        place = WritePath(original.target)
        try:
            place.put(data, _unchanged(place, original), lambda: _unchanged(place, original))
        finally:
            place.close()
    except OSError as error:
        if is_link(error):
            raise Unwritable(original.path, CHANGED) from None
        raise Unwritable(original.path, why_unwritten(error, os.path.dirname(original.target))) from None


def _encoded(original: Original, text: str) -> bytes:
    try:
        data = (_BOM if original.data.startswith(_BOM) else b"") + text.encode()
    except UnicodeEncodeError:
        raise Unwritable(original.path, "would contain half a character, which UTF-8 cannot encode") from None
    if len(data) > disk.MAX_BYTES:
        limit = f"{len(data):,} bytes; the limit is {disk.MAX_BYTES:,}"
        raise Unwritable(original.path, f"would become too large for a Compose file ({limit})")
    return data


def _unchanged(place: WritePath, original: Original) -> FileAttributes:
    """Raises `Unwritable` where a file is no longer what was read, or may not be written."""
    try:
        if not stat.S_ISREG(place.status().st_mode):
            raise Unwritable(original.path, CHANGED)
        # For writing, though nothing is: so the system says whether that is allowed, whatever its reasons are.
        handle = place.open(os.O_RDWR)
    except FileNotFoundError:
        raise Unwritable(original.path, _GONE) from None
    except PermissionError:
        raise Unwritable(original.path, _READ_ONLY) from None
    try:
        status = os.fstat(handle)
        if _identity(status) != original.identity or _read(handle) != original.data:
            raise Unwritable(original.path, CHANGED)
        if status.st_nlink > 1:
            raise Unwritable(original.path, _LINKED)
        if not status.st_mode & 0o222:  # root could write it all the same, but somebody meant it to stay as it is
            raise Unwritable(original.path, _READ_ONLY)
        return FileAttributes(handle)
    finally:
        close(handle)


def _read(handle: int) -> bytes:
    """The bytes of a file; of one that is too large, some more than the limit."""
    data = bytearray()
    while len(data) <= disk.MAX_BYTES and (chunk := os.read(handle, 1 << 16)):
        data += chunk
    return bytes(data)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode


def _why_unread(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    if isinstance(error, ValueError):
        return "is not a valid file name"
    return f"cannot be read: {(error.strerror or str(error)).lower()}"
