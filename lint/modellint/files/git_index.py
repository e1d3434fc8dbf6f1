"""The files that Git tracks in a repository, read from its index without running a program.

The format is that of git's documentation, `gitformat-index`, versions 2 to 4.
"""

from __future__ import annotations

import os

from modellint.files import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MAX_INDEX = 64 << 20  # bytes; one of 100,000 files has about 10 MiB
_MAX_POINTER = 1 << 13  # bytes of a `.git` that is a file
_LONGEST = 4096  # bytes of a path
_BEFORE_HASH = 40  # bytes of an entry: times, device, mode, owner, size
_HASHES = (20, 32)  # bytes: SHA-1, SHA-256
_EXTENDED = 0x4000  # flag: two more bytes of flags follow
_SPLIT = b"link"  # the extension that says that a part of the index stands in another file


def tracked(root: str, names: Sequence[str], below: Collection[str] = ()) -> list[str] | None:
    """The tracked files with one of some names, `/` in their paths from the root; None where that cannot be known.

    With `below`, the caller looks for such as lie in a folder of one of those names, and for no others.
    """
    path = _index(root)
    if not path:
        return None
    if not os.path.lexists(path):
        return []  # a repository in which nothing was added yet
    try:
        data = disk.read_bytes(path, MAX_INDEX, "the index of a repository")
    except disk.Unreadable:
        return None
    version, count = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")
    if data[:4] != b"DIRC" or version not in (2, 3, 4):
        return None
    wanted = frozenset(name.encode() for name in names)
    folders = [name.encode() + b"/" for name in below]
    is_there = any(name in data for name in wanted) and (not below or any(name in data for name in folders))
    if version < 4 and _SPLIT not in data and not is_there:
        return []  # in version 4, a name may be the beginning of the one before and an end of its own
    for size in _HASHES:
        try:
            return _entries(data, version, count, size, wanted)
        except (IndexError, ValueError):
            continue
    return None


def _index(root: str) -> str:
    """The path of a repository's index; empty where it cannot be found."""
    path = os.path.join(root, ".git")
    if os.path.isdir(path):
        return os.path.join(path, "index")
    try:  # of a worktree or a submodule
        pointer = disk.read_bytes(path, _MAX_POINTER, "the `.git` of a worktree").decode()
    except (disk.Unreadable, ValueError):
        return ""
    word, _, folder = pointer.strip().partition(": ")
    return os.path.join(root, folder, "index") if word == "gitdir" and "\0" not in folder else ""


def _entries(data: bytes, version: int, count: int, size: int, wanted: frozenset[bytes]) -> list[str]:
    """The wanted paths; raises `IndexError` or `ValueError` for a damaged index, or one with hashes of another size."""
    found: list[str] = []
    path = b""
    at = 12
    for _ in range(count):
        start = at
        at += _BEFORE_HASH + size + 2
        flags = data[at - 2] << 8 | data[at - 1]
        if flags & _EXTENDED:
            at += 2
        if version == 4:
            kept, at = _number(data, at)
            if kept > len(path):
                raise ValueError("more is cut off than there is")
            path = path[: len(path) - kept]
            end = data.index(0, at)
            path += data[at:end]
            at = end + 1
        else:
            end = data.index(0, at)
            path = data[at:end]
            at = start + ((end - start + 8) & ~7)  # filled up with one to eight zeros
        if len(path) > _LONGEST or flags & 0xFFF != min(len(path), 0xFFF):
            raise ValueError("the length of a path is not what its flags say")
        if path.rpartition(b"/")[2] in wanted:
            found.append(os.fsdecode(path))
    while at < len(data) - size:  # the extensions, up to the checksum
        if data[at : at + 4] == _SPLIT:
            raise ValueError("a part of the index stands in another file")
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = data[at] & 127
    while data[at] & 128:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 127)
        if value > _LONGEST:
            raise ValueError("a path is longer than a path can be")
    return value, at + 1
