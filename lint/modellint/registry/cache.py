"""Answers of earlier runs, on disk: one file for each repository, in a folder for each registry.

A file is text in lines of fields, because a run that finds all its answers here is to cost no more than reading them;
`json` alone takes longer to import. What is not as expected is as if it were not there. Files are replaced, never
changed, so that runs at the same time lose at most each other's newest answers.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from modellint.artifact import Artifact, from_table, to_table
from modellint.facts import Answer
from modellint.registry import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from modellint.request import Request

_VERSION = 1
_HEAD = f"modellint registry cache {_VERSION} {' '.join(Artifact.__slots__)}"
_LARGEST = 1 << 20  # bytes of a file
_MOST = 400  # tags and artifacts of a repository that are kept, the newest
_DIGEST_AGE = 7 * 86_400.0  # seconds for which a digest is not asked again: it cannot change, but it can be deleted
_FIELD, _ITEM = "\t", "\x1f"


def default_folder(environ: Mapping[str, str], system: str = sys.platform) -> str:
    """Where the system wants a user's caches; empty where it does not say."""
    home = environ.get("HOME", "") or os.path.expanduser("~")
    if system == "win32":
        base = environ.get("LOCALAPPDATA", "")
    else:
        usual = os.path.join(home, "Library", "Caches") if system == "darwin" else os.path.join(home, ".cache")
        base = environ.get("XDG_CACHE_HOME", "") or usual
    return os.path.join(base, "modellint", "registry") if os.path.isabs(base) else ""


class _Page:
    """What is known of a repository: digest and time by tag; artifact, time and whether with details by digest."""

    __slots__ = ("artifacts", "tags")

    def __init__(self) -> None:
        self.tags: dict[str, tuple[str, float]] = {}
        self.artifacts: dict[str, tuple[Artifact, float, bool]] = {}


class Cache:
    """A folder of answers. An empty name stands for none: nothing is found, nothing is kept."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._pages: dict[str, _Page] = {}
        self._new: dict[str, list[tuple[Request, Answer, bool]]] = {}

    def answer(self, request: Request, details: bool, max_age: float) -> Answer | None:
        """The answer of an earlier run, no older than that; an infinite age takes any."""
        page = self._page(request)
        digest, asked = request.digest, 0.0
        if request.tag:
            digest, asked = page.tags.get(request.tag, ("", 0.0))
        found = page.artifacts.get(digest)
        if found is None or (details and not found[2]):
            return None
        if request.digest:
            asked, max_age = found[1], max(max_age, _DIGEST_AGE)
        age = time.time() - asked
        if not (0 <= age < max_age or max_age == float("inf")):
            return None
        return Answer(found[0], asked, cached=True)

    def artifact(self, request: Request, digest: str, details: bool) -> Artifact | None:
        """The artifact of a digest in the repository of a request. It was verified when it was kept."""
        found = self._page(request).artifacts.get(digest)
        return found[0] if found and (found[2] or not details) else None

    def keep(self, request: Request, answer: Answer, details: bool) -> None:
        """Remember an answer, to be written by `write`. Failures are not remembered."""
        if self._folder and answer.artifact is not None:
            self._new.setdefault(self._path(request), []).append((request, answer, details))

    def write(self) -> None:
        """Write down what was kept. A folder that cannot be written to is no cache, which is no error."""
        for path, answers in self._new.items():
            page = _read(path)  # again: another run may have written meanwhile
            for request, answer, details in answers:
                _add(page, request, answer, details)
            _write(path, page)
        self._new.clear()

    def _page(self, request: Request) -> _Page:
        if not self._folder:
            return _Page()
        path = self._path(request)
        page = self._pages.get(path)
        if page is None:
            page = self._pages[path] = _read(path)
        return page

    def _path(self, request: Request) -> str:
        """The file of a repository. Its name holds nothing that means anything to a file system."""
        registry = request.registry.replace(":", "+")
        return os.path.join(self._folder, registry, f"r+{request.repository.replace('/', '+')}")


def _add(page: _Page, request: Request, answer: Answer, details: bool) -> None:
    artifact = answer.artifact
    if artifact is None:
        return
    if request.tag:
        page.tags[request.tag] = (artifact.digest, answer.asked)
    earlier = page.artifacts.get(artifact.digest)
    if earlier is not None and earlier[2] and not details:
        artifact, details = earlier[0], True
    page.artifacts[artifact.digest] = (artifact, answer.asked, details)


def _read(path: str) -> _Page:
    """The page of a file; an empty one where there is none that can be trusted."""
    try:
        return _parse(_bytes(path).decode("utf-8", "surrogatepass"))
    except (OSError, ValueError, KeyError, TypeError):
        return _Page()


def _bytes(path: str) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    try:
        status = os.fstat(handle)
        own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
        if not own or not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise ValueError(path)
        return os.read(handle, _LARGEST)
    finally:
        os.close(handle)


def _parse(text: str) -> _Page:
    head, *lines, end = text.split("\n")
    if head != _HEAD or end:
        raise ValueError("head")
    page = _Page()
    for line in lines:
        what, asked, *fields = line.split(_FIELD)
        when = float(asked)
        if what == "tag":
            tag, digest = fields
            if not names.is_digest(digest):
                raise ValueError("digest")
            page.tags[tag] = (digest, when)
        elif what in ("manifest", "details"):
            artifact = _parse_artifact(fields)
            page.artifacts[artifact.digest] = (artifact, when, what == "details")
        else:
            raise ValueError("line")
    return page


def _parse_artifact(fields: list[str]) -> Artifact:
    model = Artifact("", "other")
    table: dict[str, Any] = {}
    for name, field in zip(Artifact.__slots__, fields, strict=True):
        like = getattr(model, name)
        if isinstance(like, str):
            table[name] = _unescaped(field)
        elif isinstance(like, bool):
            table[name] = {"0": False, "1": True}[field]
        elif isinstance(like, int):
            table[name] = _number(field)
        elif isinstance(like, list):
            table[name] = [_unescaped(each) for each in field.split(_ITEM)] if field else []
        else:
            digest, size = field.split(_ITEM)
            table[name] = (_unescaped(digest), _number(size))
    artifact = from_table(table)
    if not names.is_digest(artifact.digest):
        raise ValueError("digest")
    return artifact


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 25):
        raise ValueError("number")
    return int(text)


def _write(path: str, page: _Page) -> None:
    lines = [_HEAD]
    for tag, (digest, asked) in _newest(page.tags, 1):
        lines.append(_FIELD.join(("tag", repr(asked), tag, digest)))
    for artifact, asked, details in (value for _, value in _newest(page.artifacts, 1)):
        lines.append(_FIELD.join(("details" if details else "manifest", repr(asked), *_fields(artifact))))
    data = "\n".join([*lines, ""]).encode("utf-8", "surrogatepass")
    if len(data) > _LARGEST:
        return
    from modellint.undisturbed import undisturbed  # which a run that only reads does without

    temporary = f"{path}.{os.getpid()}.{time.monotonic_ns()}"
    try:
        with undisturbed():
            _make_folder(os.path.dirname(path))
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            try:
                with open(handle, "wb") as file:
                    file.write(data)
                os.replace(temporary, path)
            except OSError:
                os.unlink(temporary)
    except (OSError, ValueError):  # a name that no file can have is a ValueError
        pass


def _newest(table: Mapping[str, Any], time_at: int) -> list[tuple[str, Any]]:
    return sorted(table.items(), key=lambda item: item[1][time_at], reverse=True)[:_MOST]


def _fields(artifact: Artifact) -> list[str]:
    return [
        _ITEM.join(map(_field, value)) if type(value) in (list, tuple) else _field(value)
        for value in to_table(artifact).values()
    ]


def _field(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else _escaped(str(value))


def _escaped(text: str) -> str:
    """A text without the characters that mean something in a file: `%` and two digits instead of them."""
    if text.isprintable() and "%" not in text:
        return text
    return "".join(f"%{ord(each):02x}" if each == "%" or each < " " else each for each in text)


def _unescaped(text: str) -> str:
    first, *rest = text.split("%")
    return first + "".join(chr(int(part[:2], 16)) + part[2:] for part in rest)


def _make_folder(path: str) -> None:
    """Make a folder and those above it, for this user only."""
    if path and not os.path.isdir(path):
        _make_folder(os.path.dirname(path))
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            if not os.path.isdir(path):  # else another run has made it
                raise
