"""Find and read files, safely: whatever lies under a name, reading it is bounded in time and memory."""

from __future__ import annotations

import os
import stat

from modellint.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modellint.compose.ignored import Ignored

MAX_BYTES = 1 << 20  # of a Compose or env file
DEFAULT_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")  # Compose's order
STDIN = "-"
_SKIPPED = frozenset((".git", ".hg", ".svn", ".tox", ".venv", "node_modules", "site-packages", "__pycache__"))
_GITIGNORE = ".gitignore"
_drafts: dict[str, str] = {}  # by real path: the texts that stand for files while fixes are tried
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(Exception):
    """A file or folder that cannot be checked, and why, in words for a person; `row` is 0 where it is no line of it."""

    def __init__(self, path: str, reason: str, row: int = 0, column: int = 0) -> None:
        self.path = path
        self.reason = reason
        self.row = row
        self.column = column
        super().__init__(f"{path}{self.place}: {reason}")

    @property
    def place(self) -> str:
        """Line and column as they are written behind the path; empty where it is no line."""
        return f":{self.row}:{self.column}" if self.row else ""


class LeftOut:
    """A file or folder that was found and not checked, and why, in words for a person."""

    __slots__ = ("path", "reason")

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason


def draft(texts: Mapping[str, str]) -> None:
    """From now on, let these texts stand for the files at these real paths, and no others."""
    _drafts.clear()
    _drafts.update(texts)


def read(path: str, private: bool = False) -> Source:
    """The text of a regular file of at most `MAX_BYTES` bytes; raises `Unreadable`."""
    if _drafts and (text := _drafts.get(os.path.realpath(path))) is not None:
        return Source(path, text, private)
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


def project_files(path: str, lost: list[Unreadable]) -> list[str]:
    """The Compose files that a path on the command line stands for; raises `Unreadable` where there is none.

    Folders below it that cannot be read are added to `lost`.
    """
    if not is_folder(path):
        return [path]
    unread: list[Unreadable] = []
    found = sorted(_below(path, unread))
    lost.extend(unread)
    if not found and not unread:
        raise Unreadable(path, f"holds no Compose file ({', '.join(DEFAULT_NAMES)})")
    return found


def is_folder(path: str) -> bool:
    """Whether a path on the command line is a folder to search."""
    return path != STDIN and os.path.isdir(path)


def default_file(folder: str) -> str:
    """The file that `docker compose` takes in a folder without `-f`: of the folder, else of the nearest above it."""
    here = os.path.abspath(folder)
    while True:
        if found := first_of(DEFAULT_NAMES, here):
            return os.path.relpath(found)
        above = os.path.dirname(here)
        if above == here:
            raise Unreadable(folder, f"neither this folder nor one above it holds {' or '.join(DEFAULT_NAMES)}")
        here = above


def first_of(names: Sequence[str], folder: str) -> str:
    """The first of some files that a folder holds; empty where it holds none of them."""
    paths = (os.path.join(folder, name) for name in names)
    return next((path for path in paths if os.path.exists(path)), "")


def inside(path: str, folder: str) -> bool:
    """Whether a path, its symbolic links followed, lies in a folder."""
    root = os.path.realpath(folder)
    real = os.path.realpath(path)
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


def foreign(path: str, folder: str) -> bool:
    """Whether a path lies neither in a folder nor in the repository that the folder belongs to.

    Of such a file no text may be printed: in a pull request from outside, `include: [~/.docker/config.json]`, or a
    symbolic link, would otherwise show a secret of the machine that checks it.
    """
    return not inside(path, folder) and not inside(path, _repository(folder))


def _repository(folder: str) -> str:
    """The nearest folder from here up that holds `.git`, or the folder itself."""
    here = os.path.realpath(folder)
    while not os.path.exists(os.path.join(here, ".git")):
        above = os.path.dirname(here)
        if above == here:
            return folder
        here = above
    return here


def _below(folder: str, lost: list[Unreadable]) -> Iterator[str]:
    waiting: list[tuple[str, Ignored | None]] = [(folder, _ignored_above(folder))]
    while waiting:
        here, ignored = waiting.pop()
        names: set[str] = set()
        folders: list[str] = []
        try:
            with os.scandir(here) as listing:
                for entry in listing:
                    if not entry.is_dir(follow_symlinks=False):
                        names.add(entry.name)
                    elif entry.name not in _SKIPPED:
                        folders.append(entry.path)
        except OSError as error:
            lost.append(Unreadable(here, _reason(error)))
            continue
        if _GITIGNORE in names:
            ignored = _with(ignored, here)
        if ignored is not None:
            folders = [path for path in folders if not ignored(path, is_folder=True)]
            names = {name for name in names if name in DEFAULT_NAMES and not ignored(os.path.join(here, name), False)}
        waiting.extend((path, ignored) for path in folders)
        default = next((name for name in DEFAULT_NAMES if name in names), None)
        if default is not None:
            yield os.path.join(here, default)


def _ignored_above(folder: str) -> Ignored | None:
    """What the `.gitignore` files above a folder leave out of it; nothing where they leave out the folder itself."""
    above: list[str] = []
    here = os.path.abspath(folder)
    while not os.path.exists(os.path.join(here, ".git")):
        here, below = os.path.dirname(here), here
        if here == below:
            return None  # no repository
        above.append(here)
    ignored: Ignored | None = None
    for path in reversed(above):
        if os.path.isfile(os.path.join(path, _GITIGNORE)):
            ignored = _with(ignored, path)
    return None if ignored is not None and ignored(os.path.abspath(folder), is_folder=True) else ignored


def _with(ignored: Ignored | None, folder: str) -> Ignored:
    from modellint.compose.ignored import Ignored

    return (ignored or Ignored()).below(folder)


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
    if isinstance(error, ValueError):
        return "is a name that no file can have"
    return f"cannot be read: {(error.strerror or str(error)).lower()}"
