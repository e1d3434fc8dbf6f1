"""The attributes that a new file keeps from the file that it replaces: owner, permissions, extended attributes."""

from __future__ import annotations

import os
import stat

# Sums and signatures of the old bytes, which the kernel keeps by itself: copied, they would make the new ones invalid.
_OF_THE_BYTES = frozenset(("security.ima", "security.evm"))


class FileAttributes:
    """What is taken over; `status` is that of the old file."""

    __slots__ = ("attributes", "status")

    def __init__(self, handle: int) -> None:
        self.status = os.fstat(handle)
        self.attributes = _attributes(handle)

    def give(self, handle: int) -> None:
        """Have another file take it over, once it is written: to write takes some rights away."""
        # Each step before those that it would undo.
        owner, group = _give(handle, self.status)
        _set_attributes(handle, self.attributes)
        mode = _mode(stat.S_IMODE(self.status.st_mode), owner, group)
        if stat.S_IMODE(os.fstat(handle).st_mode) != mode and hasattr(os, "fchmod"):
            os.fchmod(handle, mode)


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
