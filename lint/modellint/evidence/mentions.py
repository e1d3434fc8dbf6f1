"""Whether a name stands anywhere in a folder. What proves by absence that nothing reads a variable."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SKIPPED = frozenset((".git", ".hg", ".svn", "node_modules", ".venv", "venv", "site-packages", "__pycache__"))
_IN_NAMES = frozenset(bytes((code,)) for code in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_FILES = 5_000  # a larger folder is taken to mention everything
_BYTES = 32 << 20  # of all files together
_LARGEST = 1 << 20  # bytes of one file


def mentions(folder: str, names: Iterable[str], besides: tuple[str, ...] = ()) -> bool:
    """Whether one of the names stands in a file below a folder, or that could not be found out.

    Files with an ending of `besides` are passed over: they were read before.
    """
    wanted = [(name, name.encode()) for name in names]
    left, files = _BYTES, _FILES
    waiting = [folder]
    try:
        while waiting:
            with os.scandir(waiting.pop()) as listing:
                for entry in listing:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _SKIPPED:
                            waiting.append(entry.path)
                        continue
                    if entry.name.endswith(besides) or not entry.is_file(follow_symlinks=False):
                        continue  # a link is not followed: what it leads to may lie outside
                    files -= 1
                    left -= entry.stat(follow_symlinks=False).st_size
                    if files < 0 or left < 0:
                        return True
                    data = _read(entry.path)
                    if any(encoded in data and is_word(name, data) for name, encoded in wanted):
                        return True
    except OSError:
        return True
    return False


def is_word(name: str, data: bytes) -> bool:
    """Whether a name stands in some bytes by itself, and not as a part of a longer name."""
    word = name.encode()
    at = data.find(word)
    while at >= 0:
        end = at + len(word)
        before = data[at - 1 : at] if at else b""
        if before not in _IN_NAMES and data[end : end + 1] not in _IN_NAMES:
            return True
        at = data.find(word, end)
    return False


def _read(path: str) -> bytes:
    """The beginning of a regular file; nothing of anything else."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return b""
        data = bytearray()
        while len(data) < _LARGEST and (chunk := os.read(handle, 1 << 17)):
            data += chunk
        return bytes(data)
    finally:
        os.close(handle)
