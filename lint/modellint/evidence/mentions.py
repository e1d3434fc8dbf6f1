"""The names that occur anywhere in a directory; their absence proves that nothing reads a variable."""

from __future__ import annotations

import os
import re
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_SKIPPED = frozenset((".git", ".hg", ".svn", "node_modules", ".venv", "venv", "site-packages", "__pycache__"))
_WORD = re.compile(rb"\w++")
_FEW = 16  # names that are searched one by one; of more, all words of a file are looked up
_FILES = 5_000  # a larger folder is taken to mention everything
_BYTES = 32 << 20  # of all files together
_LARGEST = 1 << 20  # bytes of one file


def mentioned(folder: str, names: Iterable[str], besides: tuple[str, ...] = ()) -> frozenset[str]:
    """Those of the names that stand in a file below a folder; all of them where that could not be found out.

    Files with an ending of `besides` are passed over: they were read before.
    """
    everything = frozenset(names)
    wanted = {name.encode() for name in everything}
    left, files = _BYTES, _FILES
    waiting = [folder]
    try:
        while waiting and wanted:
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
                        return everything
                    wanted.difference_update(standing(wanted, _read(entry.path)))
    except OSError:
        return everything
    return everything.difference(name.decode() for name in wanted)


def standing(names: Collection[bytes], data: bytes) -> list[bytes]:
    """Those of the names that stand in some bytes by themselves, and not as a part of a longer name.

    Of many names, one that is no word is taken to stand there.
    """
    if len(names) <= _FEW:
        return [name for name in names if name in data and _is_word(name, data)]
    words = set(_WORD.findall(data))
    return [name for name in names if name in words or not _WORD.fullmatch(name)]


def _is_word(name: bytes, data: bytes) -> bool:
    word = re.escape(name)
    return re.search(rb"%b(?<!\w%b)(?!\w)" % (word, word), data) is not None


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
