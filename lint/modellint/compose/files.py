"""Find and read files, safely: whatever lies under a name, reading it is bounded in time and memory."""

from __future__ import annotations

import os
import stat

from modellint.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1 << 20  # of a Compose or env file
DEFAULT_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")  # Compose's order
STDIN = "-"
_SKIPPED = frozenset((".git", ".hg", ".svn", ".tox", ".venv", "node_modules", "site-packages", "__pycache__"))
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(Exception):
    """A file or folder that cannot be checked, and why, in words for a person."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def read(path: str, private: bool = False) -> Source:
    """The text of a regular file of at most `MAX_BYTES` bytes; raises `Unreadable`."""
    try:
        # A FIFO without a writer would block the open for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise Unreadable(path, _reason(error)) from None
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable(path, "is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(path, "is not a regular file")
        if status.st_size > MAX_BYTES:
            raise Unreadable(path, _too_big(status.st_size))
        return Source(path, decode(path, _read_all(path, handle)), private)
    except OSError as error:
        raise Unreadable(path, _reason(error)) from None
    finally:
        os.close(handle)


def decode(path: str, data: bytes) -> str:
    """The text of a file's bytes; raises `Unreadable` for anything but UTF-8."""
    if data.startswith(_UTF16):
        raise Unreadable(path, "is UTF-16; save it as UTF-8")
    if b"\0" in data:
        raise Unreadable(path, "is not a text file")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(path, f"is not UTF-8 text (byte {error.start}, line {line})") from None
    return text[1:] if text.startswith("\ufeff") else text


def read_stdin() -> Source:
    """The Compose file on standard input."""
    data = bytearray()
    while chunk := os.read(0, 1 << 16):
        data += chunk
        if len(data) > MAX_BYTES:
            raise Unreadable("standard input", _too_big(len(data)))
    return Source("<stdin>", decode("standard input", bytes(data)))


def project_files(path: str) -> list[str]:
    """The Compose files that a path on the command line stands for; raises `Unreadable` where there is none."""
    if path == STDIN or not os.path.isdir(path):
        return [path]
    found = sorted(_below(path))
    if not found:
        raise Unreadable(path, f"holds no Compose file ({', '.join(DEFAULT_NAMES)})")
    return found


def default_file(folder: str) -> str:
    """The file that `docker compose` takes in a folder without `-f`: of the folder, else of the nearest above it."""
    here = os.path.abspath(folder)
    while True:
        for name in DEFAULT_NAMES:
            if os.path.isfile(os.path.join(here, name)):
                return os.path.relpath(os.path.join(here, name))
        above = os.path.dirname(here)
        if above == here:
            raise Unreadable(folder, f"neither this folder nor one above it holds {' or '.join(DEFAULT_NAMES)}")
        here = above


def inside(path: str, folder: str) -> bool:
    """Whether a path, its symbolic links followed, lies in a folder."""
    root = os.path.realpath(folder)
    real = os.path.realpath(path)
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


def _below(folder: str) -> Iterator[str]:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        names: set[str] = set()
        try:
            with os.scandir(here) as listing:
                for entry in listing:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _SKIPPED:
                            waiting.append(entry.path)
                    else:
                        names.add(entry.name)
        except OSError as error:
            raise Unreadable(here, _reason(error)) from None
        default = next((name for name in DEFAULT_NAMES if name in names), None)
        if default is not None:
            yield os.path.join(here, default)


def _read_all(path: str, handle: int) -> bytes:
    data = bytearray()
    while chunk := os.read(handle, 1 << 16):
        data += chunk
        if len(data) > MAX_BYTES:  # a file that grows, or one whose size the system does not know
            raise Unreadable(path, _too_big(len(data)))
    return bytes(data)


def _too_big(size: int) -> str:
    return f"is larger than a Compose file can be ({size:,} bytes; the limit is {MAX_BYTES:,})"


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    return f"cannot be read: {(getattr(error, 'strerror', None) or str(error)).lower()}"
