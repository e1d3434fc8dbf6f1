"""Read files from disk safely: reading any path is bounded in time and memory."""

from __future__ import annotations

import errno
import os
import stat

from modellint.files.repositories import lies_in, repository
from modellint.text.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_BYTES = 1 << 20  # of a Compose or env file
DEFAULT_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")  # Compose's order
STDIN = "-"
LEADS_OUT = "is a symbolic link to a file outside its directory and its repository; use the file itself"
# A FIFO without a writer would block the open for ever, and a terminal could become that of this process.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
NO_FILE = (os.devnull, "/dev/null")  # what a user names to say: none


class Unreadable(Exception):
    """A file or folder that cannot be checked, and why, in words for a person; `row` is 0 where it is no line of it.

    `others` are further reasons of the same kind, which whoever mends the first one would meet next.
    """

    def __init__(self, path: str, reason: str, row: int = 0, column: int = 0) -> None:
        self.others: Sequence[Unreadable] = ()
        self.path = path
        self.reason = reason
        self.row = row
        self.column = column
        super().__init__(f"{path}{self.place}: {reason}")

    @property
    def place(self) -> str:
        """Line and column as they are written behind the path; empty where it is no line."""
        return f":{self.row}:{self.column}" if self.row else ""

    def each(self) -> list[Unreadable]:
        """All of them, itself the first."""
        return [self, *self.others]


class LeftOut:
    """A Compose file, or a folder, that a search came upon and that is not checked, and why, in words for a person."""

    __slots__ = ("path", "reason")

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason


def read(path: str, private: bool = False) -> Source:
    """The text of a regular file of at most `MAX_BYTES` bytes; raises `Unreadable`."""
    return Source(path, decode(path, read_bytes(path)), private)


def read_bytes(path: str, limit: int = MAX_BYTES, what: str = "a Compose file") -> bytes:
    """The bytes of a regular file, at most so many; raises `Unreadable`. `what` it should be, for the message.

    Nothing else is opened: to open a device may already do something.
    """
    if reason := trouble(path):
        raise Unreadable(path, reason)
    try:
        handle = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise Unreadable(path, reason_of(error)) from None
    try:
        status = os.fstat(handle)
        if reason := _no_file(status):  # it was exchanged in the meantime
            raise Unreadable(path, reason)
        data = bytearray()
        size = status.st_size
        while size <= limit and (chunk := os.read(handle, 1 << 16)):
            data += chunk
            size = len(data)  # of a file that grows, or whose size the system does not know
        if size > limit:
            raise Unreadable(path, _too_big(size, limit, what))
        return bytes(data)
    except OSError as error:
        raise Unreadable(path, reason_of(error)) from None
    finally:
        os.close(handle)


def trouble(path: str) -> str:
    """Why a path is no file that can be read, as far as that shows without opening it; empty where nothing does."""
    try:
        return _no_file(os.stat(path))
    except (OSError, ValueError) as error:
        return reason_of(error)


def decode(path: str, data: bytes) -> str:
    """The text of a file's bytes; raises `Unreadable` for anything but UTF-8."""
    if data.startswith(_UTF16):
        raise Unreadable(path, "is UTF-16; save it as UTF-8")
    if b"\0" in data:
        raise Unreadable(path, "is not a text file")
    return decode_utf8(path, data)


def decode_compose(path: str, data: bytes) -> str:
    """The text of a Compose file's bytes, which may be UTF-16; raises `Unreadable`."""
    if not data.startswith(_UTF16):
        return decode(path, data)
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise Unreadable(path, f"is not UTF-16 text (byte {error.start})") from None
    if "\0" in text:
        raise Unreadable(path, "is not a text file")
    return text


def decode_utf8(path: str, data: bytes) -> str:
    """The text of bytes, whatever letters are in it; raises `Unreadable`."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(path, f"is not UTF-8 text (byte {error.start}, line {line})") from None
    return text[1:] if text.startswith("\ufeff") else text


_CLOSED = "is closed"


def read_stdin() -> Source:
    """The Compose file on standard input."""
    data = bytearray()
    try:
        while chunk := os.read(0, 1 << 16):
            data += chunk
            if len(data) > MAX_BYTES:
                raise Unreadable("standard input", _too_big(len(data), MAX_BYTES, "a Compose file"))
    except OSError as error:
        raise Unreadable("standard input", _CLOSED if error.errno == errno.EBADF else reason_of(error)) from None
    return Source("<stdin>", decode_compose("standard input", bytes(data)))


def is_folder(path: str) -> bool:
    """Whether a path on the command line is a folder to search. A link that is named like a file is none."""
    if path == STDIN or not os.path.isdir(path):
        return False
    return not (path.endswith((".yaml", ".yml")) and os.path.islink(path))


def default_file(folder: str, exists: Callable[[str], bool] = os.path.exists) -> str:
    """The file that `docker compose` takes in a folder without `-f`: of the folder, else of the nearest above it."""
    here = os.path.abspath(folder)
    while True:
        if found := first_of(DEFAULT_NAMES, here, exists):
            return os.path.relpath(found)
        above = os.path.dirname(here)
        if above == here:
            raise Unreadable(
                folder, f"neither this directory nor any parent directory contains {' or '.join(DEFAULT_NAMES)}"
            )
        here = above


def first_of(names: Sequence[str], folder: str, exists: Callable[[str], bool] = os.path.exists) -> str:
    """The first of some files that a folder holds; empty where it holds none of them."""
    paths = (os.path.join(folder, name) for name in names)
    return next((path for path in paths if exists(path)), "")


def inside(path: str, folder: str) -> bool:
    """Whether a path, its symbolic links followed, lies in a folder."""
    return _within(os.path.realpath(path), os.path.realpath(folder))


def foreign(path: str, folder: str) -> bool:
    """Whether a path that a file names lies neither in a folder nor in the repository that the folder belongs to.

    Such a file is not read: in a pull request from outside, `include: [~/.docker/config.json]`, or a symbolic link,
    would otherwise show a secret of the machine that checks it.
    """
    return not inside(path, folder) and not inside(path, repository(os.path.realpath(folder)) or folder)


def strays(path: str) -> bool:
    """Whether a symbolic link in a repository leads, on the way to a path that a user names, out of that repository.

    What a user names may lie anywhere; where a link leads is the word of whoever wrote the repository. A file that lies
    in no repository must not lead out of its folder.
    """
    full = os.path.abspath(path)
    real = os.path.realpath(full)
    if real == full:
        return False
    steps = [full]
    while (above := os.path.dirname(steps[-1])) != steps[-1]:
        steps.append(above)
    root = ""
    for step in reversed(steps):
        here = os.path.realpath(step)
        if root and not _within(here, root):
            return True
        if os.path.exists(os.path.join(here, ".git")):
            root = here
    return not root and not os.path.isdir(real) and not inside(real, os.path.dirname(full))


def _within(real: str, root: str) -> bool:
    """Whether a real path lies in a real folder, and not in what git keeps there: its `config` may hold a token."""
    if not lies_in(real, root):
        return False
    return ".git" not in real[len(root) :].lower().split(os.sep)


def reason_of(error: OSError | ValueError) -> str:
    """Why a path cannot be read, in words for a person."""
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    if isinstance(error, ValueError):
        return "is not a valid file name"
    return f"cannot be read: {(error.strerror or str(error)).lower()}"


def _no_file(status: os.stat_result) -> str:
    if stat.S_ISDIR(status.st_mode):
        return "is a directory"
    return "" if stat.S_ISREG(status.st_mode) else "is not a regular file"


def _too_big(size: int, limit: int, what: str) -> str:
    return f"is too large for {what} ({size:,} bytes; the limit is {limit:,})"
