"""Whose word a path is: the user's alone, or that of somebody else too.

What a cache or a store holds is believed. So nobody else may put anything there: no other user of this machine, who
owns a folder on the way to it or may write into one, and not the author of the repository that is checked, who chose
each file, folder and symbolic link in it.
"""

from __future__ import annotations

import os
import stat

from modellint.files.repositories import lies_in, repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_LINKS = 40  # on the way to a path, as Linux has it
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Doubt(Exception):
    """Why a path is not the user's word alone: what is said behind "it"."""


def checked_roots(paths: Iterable[str]) -> list[str]:
    """The real paths of the repositories in which some files or folders lie; a folder stands for itself outside of one.

    The root of the file system is none of them: whoever fills that needs no cache to lie with.
    """
    roots: dict[str, None] = {}
    for path in paths:
        folder = os.path.realpath(path)
        if not os.path.isdir(folder):
            folder = os.path.dirname(folder)
        root = repository(folder) or folder
        if root != os.path.dirname(root):
            roots[root] = None
    return list(roots)


def is_within(path: str, roots: Iterable[str]) -> bool:
    """Whether a real path is one of some real folders, or lies in one."""
    return any(lies_in(path, root) for root in roots)


def writer(status: os.stat_result) -> str:
    """Who else could have written a file or a folder, in words; empty where only this user and root could."""
    if not hasattr(os, "getuid"):
        return ""
    if status.st_uid not in (os.getuid(), 0):
        return "belongs to another user"
    return "can be written by other users" if status.st_mode & _OTHERS else ""


def refuse_foreign_links(path: str, roots: Iterable[str]) -> None:
    """Raise `Doubt` where a symbolic link on the way to a path is not the user's: in a repository, or another user's.

    Raises `OSError` for what cannot be looked at; what is not there yet is no reason for doubt.
    """
    roots = list(roots)
    for place, status in _way(path):
        _refuse(path, place, _foreign_link(place, status, roots))


def refuse_shared(path: str, roots: Iterable[str]) -> None:
    """Raise `Doubt` where somebody else than the user may decide what a folder holds, be it there or not.

    A folder above it may be everybody's where the sticky bit keeps everybody from moving what is others'.
    """
    roots = list(roots)
    if is_within(os.path.realpath(path), roots):
        raise Doubt("is inside the checked directory, whose author could have written it")
    if not hasattr(os, "getuid"):
        return
    try:
        for place, status in _way(path):
            _refuse(path, place, _foreign_link(place, status, roots) or _mover(status))
        if os.path.lexists(path):
            _refuse(path, path, writer(os.stat(path)))
    except OSError as error:
        raise Doubt(f"cannot be inspected: {(error.strerror or 'no reason given').lower()}") from None


def is_movable(path: str) -> bool:
    """Whether another user may put something else where a folder is. Raises `OSError`."""
    return hasattr(os, "getuid") and any(_mover(status) for _, status in _way(path))


def _refuse(path: str, place: str, why: str) -> None:
    """Raise `Doubt` where there is a reason for it on the way to a path."""
    if why:
        raise Doubt(why if place in (path, os.path.abspath(path)) else f"is behind `{place}`, which {why}")


def _foreign_link(place: str, status: os.stat_result, roots: list[str]) -> str:
    """Why a symbolic link is not the user's, in words; empty where it is, or is no link."""
    if not stat.S_ISLNK(status.st_mode):
        return ""
    if is_within(os.path.dirname(place), roots):
        return "is a symbolic link in the checked directory"
    if hasattr(os, "getuid") and status.st_uid not in (os.getuid(), 0):
        return "is a symbolic link that belongs to another user"
    return ""


def _mover(status: os.stat_result) -> str:
    """Who else could move what lies in a folder, in words; empty where nobody could. A link holds nothing."""
    if stat.S_ISLNK(status.st_mode):
        return ""
    if not stat.S_ISDIR(status.st_mode):
        return "is not a directory"
    why = writer(status)
    if why and status.st_uid in (os.getuid(), 0):
        # Many systems give each user a group of the same number, and folders which that group may write.
        private = os.getuid() == os.getgid() == status.st_gid != 0 and not status.st_mode & stat.S_IWOTH
        if private or status.st_mode & stat.S_ISVTX:
            return ""
    return why


def _way(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Each folder and link on the way to a path that is there: the path of itself, free of links before it."""
    here, left, links = os.sep, _reversed(os.path.join(os.getcwd(), path)), 0
    while left:
        name = left.pop()
        if name == os.pardir:
            here = os.path.dirname(here)
            continue
        place = os.path.join(here, name)
        try:
            status = os.lstat(place)
        except FileNotFoundError:
            return
        yield place, status
        if not stat.S_ISLNK(status.st_mode):
            here = place
            continue
        links += 1
        target = os.readlink(place)
        if links > _MOST_LINKS:
            raise OSError(0, "too many levels of symbolic links")
        if os.path.isabs(target):
            here = os.sep
        left += _reversed(target)


def _reversed(path: str) -> list[str]:
    return [name for name in reversed(path.split(os.sep)) if name not in ("", os.curdir)]
