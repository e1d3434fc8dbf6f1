"""The cache of registry answers on disk: one page per repository, in one directory per registry.

What is not as expected is as if it were not there. Files are replaced, never changed, so that runs at the same time
lose at most each other's newest answers. A newer answer takes the place of an older one, also in a run that is not to
use the cache: what it has found out, and perhaps written into a file, the next run must not take back.

Which digest a tag has nobody can check without the registry. So a cache counts only where nobody but the user can have
written it.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from modellint.files.ownership import Doubt, checked_roots, refuse_shared, writer
from modellint.oci.answers import NOT_FOUND, RegistryAnswer
from modellint.registry.page import LARGEST, CachePage, from_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from modellint.oci.artifact import Artifact
    from modellint.oci.query import Query

_LARGEST_DOCUMENT = 1 << 20  # bytes of a document that is kept
_MOST_NEW = 1 << 24  # bytes of the documents that a run keeps
_DIGEST_AGE = 7 * 86_400.0  # seconds for which a digest is not asked again: it cannot change, but it can be deleted
_MOVE = "set XDG_CACHE_HOME to a directory that only you can write to, or use `--no-cache`"


def default_folder(environ: Mapping[str, str], system: str = sys.platform) -> str:
    """Where the system wants a user's caches; empty where it does not say."""
    home = environ.get("HOME", "") or os.path.expanduser("~")
    if system == "win32":
        base = environ.get("LOCALAPPDATA", "")
    else:
        usual = os.path.join(home, "Library", "Caches") if system == "darwin" else os.path.join(home, ".cache")
        base = environ.get("XDG_CACHE_HOME", "") or usual
    return os.path.join(base, "modellint", "registry") if os.path.isabs(base) else ""


class Cache:
    """A folder of answers. An empty name stands for none: nothing is found, nothing is kept.

    `checked` are files and folders whose repositories are not the user's: in none of them may the cache lie. `warn` is
    told what of the cache is not used, and why. `doubt` is why none of it is; empty where it is used. Without `recalls`
    nothing is found, and only what is there already is replaced.
    """

    def __init__(
        self,
        folder: str,
        checked: Iterable[str] = (),
        warn: Callable[[str], object] | None = None,
        *,
        recalls: bool = True,
    ) -> None:
        self._folder = folder
        self._recalls = recalls
        self._warn = warn if recalls else None
        self._pages: dict[str, CachePage] = {}
        self._new: dict[str, list[tuple[Query, RegistryAnswer]]] = {}
        self._documents: dict[str, bytes] = {}
        self._room = _MOST_NEW
        self.doubt = _doubt(folder, checked)
        if self.doubt:
            self._folder = ""
            self._say(f"the registry cache is not used: it {self.doubt}; {_MOVE}")

    def answer(self, request: Query, details: bool, max_age: float) -> RegistryAnswer | None:
        """The answer of an earlier run, no older than that; an infinite age takes any."""
        page = self._page(request)
        digest, asked = request.digest, 0.0
        if request.tag:
            digest, asked = page.tags.get(request.tag, ("", 0.0))
        if digest not in page.artifacts:
            return None
        if request.digest:
            asked, max_age = page.artifacts[digest][1], max(max_age, _DIGEST_AGE)
        age = time.time() - asked
        if not (0 <= age < max_age or max_age == float("inf")):
            return None
        artifact = page.artifact(digest, details)
        return RegistryAnswer(artifact, asked, cached=True) if artifact else None

    def artifact(self, request: Query, digest: str, details: bool) -> Artifact | None:
        """The artifact of a digest in the repository of a request."""
        page = self._page(request)
        return page.artifact(digest, details) if digest in page.artifacts else None

    def keep_document(self, digest: str, data: bytes | bytearray) -> bool:
        """Keep the bytes of a document that has this digest, from any thread, for the answers that it describes.

        False where it is too large for that, or a run would keep too much.
        """
        if not self._folder or len(data) > min(_LARGEST_DOCUMENT, self._room):
            return False
        self._room -= len(data)
        self._documents[digest] = bytes(data)
        return True

    def keep(self, request: Query, answer: RegistryAnswer) -> None:
        """Remember an answer, to be written by `write`. Of failures only that a tag is gone: it is forgotten."""
        if self._folder and (answer.artifact is not None or (request.tag and answer.code == NOT_FOUND)):
            self._new.setdefault(self._path(request), []).append((request, answer))

    def write(self) -> None:
        """Write down what was kept. A folder that cannot be written to is no cache, which is no error."""
        for path, answers in self._new.items():
            if self._is_own_folder(os.path.dirname(path)):
                page = self._read(path)  # again: another run may have written meanwhile
                news = [each for each in answers if _is_news(page, *each, self._recalls)]
                for request, answer in news:
                    _add(page, request, answer, self._documents)
                if news:
                    _write(path, page)
        self._new.clear()

    def _page(self, request: Query) -> CachePage:
        if not self._folder or not self._recalls:
            return CachePage()
        path = self._path(request)
        page = self._pages.get(path)
        if page is None:
            page = self._pages[path] = self._read(path) if self._is_own_folder(os.path.dirname(path)) else CachePage()
        return page

    def _path(self, request: Query) -> str:
        """The file of a repository. Its name holds nothing that means anything to a file system."""
        registry = request.registry.replace(":", "+")
        return os.path.join(self._folder, registry, f"r+{request.repository.replace('/', '+')}")

    def _is_own_folder(self, path: str) -> bool:
        """Whether the folder of a registry is the user's, or not there yet."""
        try:
            why = _why_foreign(os.lstat(path), stat.S_ISDIR, "is not a directory")
        except (OSError, ValueError):  # a name that no file can have is a ValueError
            return True
        if why:
            self._say_foreign(path, why)
        return not why

    def _read(self, path: str) -> CachePage:
        """The page of a file; an empty one where there is none that can be trusted."""
        try:
            return from_bytes(_bytes(path))
        except Doubt as doubt:
            self._say_foreign(path, str(doubt))
        except (OSError, ValueError):
            pass
        return CachePage()

    def _say_foreign(self, path: str, why: str) -> None:
        name = os.path.relpath(path, self._folder)
        self._say(f"`{name}` in the registry cache is not used: it {why}; remove {path}")

    def _say(self, text: str) -> None:
        if self._warn:
            self._warn(text)


def _doubt(folder: str, checked: Iterable[str]) -> str:
    """Why nothing in a folder can be believed; empty where it can."""
    try:
        if folder:
            refuse_shared(folder, checked_roots(checked))
    except Doubt as doubt:
        return str(doubt)
    except ValueError:
        return "has a name that is not valid for a directory"
    return ""


def _why_foreign(status: os.stat_result, kind: Callable[[int], bool], other: str) -> str:
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link"
    return writer(status) if kind(status.st_mode) else other


def _is_news(page: CachePage, request: Query, answer: RegistryAnswer, adds: bool) -> bool:
    """Whether a page lacks an answer; one that `adds` nothing has only to have no older one about the same tag."""
    known = page.tags.get(request.tag)
    if known is not None:
        return known[1] <= answer.asked or known[1] > time.time()  # or a clock was wrong
    return adds and answer.artifact is not None


def _add(page: CachePage, request: Query, answer: RegistryAnswer, documents: Mapping[str, bytes]) -> None:
    artifact = answer.artifact
    if artifact is None:
        page.tags.pop(request.tag, None)
    else:
        if request.tag:
            page.tags[request.tag] = (artifact.digest, answer.asked)
        page.add(artifact, answer.asked, documents)


def _bytes(path: str) -> bytes:
    """The bytes of a page; raises `Doubt` where somebody else can have written it."""
    if why := _why_foreign(os.lstat(path), stat.S_ISREG, "is not a regular file"):
        raise Doubt(why)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    try:
        if why := _why_foreign(os.fstat(handle), stat.S_ISREG, "is not a regular file"):
            raise Doubt(why)
        data = os.read(handle, LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError(path)
        return data
    finally:
        os.close(handle)


def _write(path: str, page: CachePage) -> None:
    data = page.to_bytes()
    from modellint.system.signals import defer_interrupt  # which a run that only reads does without

    temporary = f"{path}.{os.getpid()}.{time.monotonic_ns()}"
    try:
        with defer_interrupt():
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


def _make_folder(path: str) -> None:
    """Make a folder and those above it, for this user only."""
    if path and not os.path.isdir(path):
        _make_folder(os.path.dirname(path))
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            if not os.path.isdir(path):  # else another run has made it
                raise
