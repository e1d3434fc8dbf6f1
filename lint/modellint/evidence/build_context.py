"""The source files that a build can copy into an image: walk a build context and read them, in bounds.

No symbolic link is followed, nothing outside the folder is read but a `.dockerignore` file beside the Dockerfile, and
what was not read is said: a project must not be called wrong because it is large.
"""

from __future__ import annotations

import os
import stat
import time

from modellint.evidence import dockerignore
from modellint.evidence.languages import HOCON, LANGUAGES, RAILS_OR_SYMFONY, SPRING, TEXT
from modellint.files.reader import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    Place: TypeAlias = Literal["program", "test", "example"]

PROGRAM: Place = "program"
TEST: Place = "test"
EXAMPLE: Place = "example"

REQUIREMENTS = "requirements"
_BY_CONTENT = "?"
_UNREAD_MARK = "!"  # begins what stands for a language that is not read
_EXECUTABLE = 0o111
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"
# A FIFO without a writer would block the open for ever; a link is no file of the context.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)

MAX_LINE = 5_000  # characters; only a program writes longer ones
_MAX_TEXT = 1 << 16  # bytes of a file of settings; a larger one holds data
_MAX_DEPTH = 64  # folders in folders

MANIFESTS = {
    "pyproject.toml": "pyproject",
    "Pipfile": "pyproject",
    "package.json": "package.json",
    "go.mod": "go.mod",
    "pom.xml": "jvm manifest",
    "build.gradle": "jvm manifest",
    "build.gradle.kts": "jvm manifest",
    "Gemfile": "gemfile",
    "Cargo.toml": "cargo",
}
# Programs that are not read: a variable that only they read would look like one that nothing reads.
_UNREAD = {
    "C": "c h",
    "C++": "cc cpp cxx hh hpp hxx",
    "Clojure": "clj cljs cljc",
    "Crystal": "cr",
    "D": "d",
    "Dart": "dart",
    "Erlang": "erl",
    "F#": "fs",
    "Gleam": "gleam",
    "Haskell": "hs",
    "Julia": "jl",
    "Lua": "lua",
    "Nim": "nim",
    "Nix": "nix",
    "OCaml": "ml",
    "Perl": "pl pm",
    "Python extensions": "pyx",
    "R": "r R",
    "Swift": "swift",
    "Tcl": "tcl",
    "Visual Basic": "vb",
    "Zig": "zig",
    "a notebook": "ipynb",
    "a compiled program": "class dll exe jar pyc so war wasm whl",
}
_LANGUAGE = {
    **{ending: name for name, language in LANGUAGES.items() for ending in language.endings},
    **{ending: _UNREAD_MARK + name for name, endings in _UNREAD.items() for ending in endings.split()},
}
_PROGRAMS = [(word, name) for name, language in LANGUAGES.items() for word in language.programs]  # in a first line
CODE_ENDINGS = tuple(f".{ending}" for ending, language in _LANGUAGE.items() if language != TEXT)
_WRAPPERS = frozenset(("gradle-wrapper.jar", "maven-wrapper.jar"))

# Besides every folder whose name begins with a dot.
_GENERATED = """
node_modules bower_components jspm_packages vendor third_party site-packages venv dist build target __pycache__
__pypackages__ coverage htmlcov _build elm-stuff Pods storybook-static
"""
_TESTS = "test tests __tests__ __mocks__ spec specs testdata fixtures e2e cypress"
_EXAMPLES = "example examples sample samples doc docs benchmark benchmarks"
_SKIPPED = frozenset(_GENERATED.split())
_PLACES: dict[str, Place] = {**dict.fromkeys(_TESTS.split(), TEST), **dict.fromkeys(_EXAMPLES.split(), EXAMPLE)}
_DOTNET_OUTPUT = frozenset(("bin", "obj"))
_DOTNET_PROJECTS = (".csproj", ".fsproj", ".vbproj")
_TEST_ENDINGS = ("_test", "_tests", "_spec", ".test", ".spec", ".stories")
_WITH_TEST_CLASSES = ("jvm", "csharp")
_TEST_CLASSES = ("Test", "Tests")
_NOT_WRITTEN = (".min.js", ".min.mjs", ".d.ts")
_SPRING_NAMES = ("application", "bootstrap")
_HOCON_NAMES = ("application", "reference")
_RESOURCES = "src/main/resources/"
_ELF = b"\x7fELF"


class ContextLimits:
    """How much of one build context is read. Beyond it the walk is not `complete`, and a rule stays silent."""

    __slots__ = ("all_bytes", "entries", "file_bytes", "files", "seconds")

    def __init__(
        self,
        files: int = 2_000,  # of the 500 that a large service has, four times
        file_bytes: int = 512 << 10,  # what a person wrote is shorter
        all_bytes: int = 16 << 20,  # held to half a second of reading
        entries: int = 20_000,  # also those that are not read: data lies beside code
        seconds: float = 2.0,  # on a disk that is slow, or far away
    ) -> None:
        self.files = files
        self.file_bytes = file_bytes
        self.all_bytes = all_bytes
        self.entries = entries
        self.seconds = seconds


LIMITS = ContextLimits()


class CodeFile:
    """One file to read: its path in the context, with `/`, and the name of its language."""

    __slots__ = ("language", "path", "place")

    def __init__(self, path: str, language: str, place: Place) -> None:
        self.path = path
        self.language = language
        self.place: Place = place

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


class Walk:
    """The files of one build context, sorted. `unread` names a language of the program that is none of those read."""

    __slots__ = (
        "_bytes",
        "_deadline",
        "_entries",
        "_full",
        "_limits",
        "complete",
        "files",
        "folder",
        "reader",
        "unread",
    )

    def __init__(self, folder: str, limits: ContextLimits, reader: Reader) -> None:
        self.folder = folder
        self.reader = reader
        self.files: list[CodeFile] = []
        self.complete = True
        self.unread = ""
        self._limits = limits
        self._full = False
        self._bytes = limits.all_bytes  # that may still be read
        self._entries = limits.entries  # that may still be listed
        self._deadline = time.monotonic() + limits.seconds

    def is_late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self._deadline

    def over(self) -> bool:
        """Whether no more may be listed."""
        if self._entries <= 0 or self._full or self.is_late():
            self.complete = False
            return True
        return False

    def add(self, file: CodeFile) -> None:
        """Take a file into the walk, where it is not full."""
        if len(self.files) < self._limits.files:
            self.files.append(file)
        else:
            self._full = True
            self.complete = False

    def list(self, here: str) -> tuple[list[str], list[str]]:
        """The names of the regular files and of the folders in a folder of the context."""
        names: list[str] = []
        folders: list[str] = []
        try:
            with os.scandir(os.path.join(self.folder, here)) as listing:
                for entry in listing:
                    self._entries -= 1
                    if entry.is_file(follow_symlinks=False):
                        names.append(entry.name)
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    if self._entries <= 0:
                        break
        except (OSError, ValueError):
            self.complete = False
        return sorted(names), sorted(folders)

    def read(self, file: CodeFile) -> bytes | None:
        """What a file holds; None where it cannot be read or is too much."""
        if self._bytes <= 0 or self.is_late():
            self.complete = False
            return None
        limit = _MAX_TEXT if file.language == TEXT else self._limits.file_bytes
        path = f"{self.folder}{os.sep}{file.path}"
        self.reader.note(path)
        data = _read(path, min(limit, self._bytes))
        if data is not None:
            self._bytes -= len(data)
        elif file.language != TEXT:
            self.complete = False
        return data


def code_files(
    folder: str,
    dockerfile: str | None = None,
    limits: ContextLimits = LIMITS,
    settings: bool = False,
    reader: Reader | None = None,
) -> Walk:
    """The files of a build context that may hold source code, without vendored, generated and ignored ones.

    `dockerfile` is relative to the folder, as in a Compose file. With `settings`, also files that code may load.
    """
    walk = Walk(folder, limits, reader or Reader())
    ignored, walk.complete = dockerignore.load(folder, os.path.join(folder, dockerfile or "Dockerfile"), walk.reader)
    waiting: list[tuple[str, Place]] = [("", PROGRAM)]  # a folder, with its slash
    while waiting and not walk.over():
        here, place = waiting.pop()
        names, folders = walk.list(here)
        if _VIRTUAL_ENVIRONMENT in names:
            continue
        for name in names:
            language = _language(here, name)
            if language and (settings or language != TEXT) and not walk.over() and not ignored.ignores(here + name):
                _take(walk, here + name, language, place)
        below = [name for name in _not_generated(folders, names) if not ignored.skips(here + name)]
        if below and here.count("/") >= _MAX_DEPTH:
            walk.complete = False
        else:
            waiting.extend((f"{here}{name}/", _place(name, place)) for name in reversed(below))
    if ignored.spent:
        walk.complete = False
    return walk


def _take(walk: Walk, path: str, language: str, place: Place) -> None:
    """Add a file to a walk, or what there is to say about one that is not read."""
    if language == _BY_CONTENT:
        language = _of_content(os.path.join(walk.folder, path))
    if language.startswith(_UNREAD_MARK):
        if place != TEST and not walk.unread:
            walk.unread = language[1:]
    elif language:
        file = CodeFile(path, language, place)
        file.place = TEST if _is_test(file) else place
        walk.add(file)


def _language(here: str, name: str) -> str:
    """The language of a file from its name; empty for one that holds none."""
    if name in MANIFESTS:
        return MANIFESTS[name]
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return _BY_CONTENT
    if name.startswith("requirements") and ending == "txt":
        return REQUIREMENTS
    if name.endswith(_NOT_WRITTEN) or name in _WRAPPERS:
        return ""
    language = _LANGUAGE.get(ending, "")
    if language == TEXT:
        return _settings_language(here, stem, ending)
    return language or (TEXT if name.startswith(".env.") else "")


def _settings_language(here: str, stem: str, ending: str) -> str:
    if ending == "conf" and (_RESOURCES in here or stem.startswith(_HOCON_NAMES)):
        return HOCON
    if ending in ("properties", "yml", "yaml") and (_RESOURCES in here or stem.startswith(_SPRING_NAMES)):
        return SPRING
    if ending in ("yml", "yaml") and f"/{here}".endswith("/config/"):
        return RAILS_OR_SYMFONY
    return TEXT


def _of_content(path: str) -> str:
    """The language of a program without an ending, from its first line."""
    try:
        if not os.lstat(path).st_mode & _EXECUTABLE:
            return ""
    except (OSError, ValueError):
        return ""
    data = _read(path, MAX_LINE, whole=False) or b""
    if data.startswith(_ELF):
        return _LANGUAGE["exe"]
    line = data.partition(b"\n")[0] if data.startswith(b"#!") else b""
    return next((language for word, language in _PROGRAMS if word in line), "")


def _not_generated(folders: list[str], beside: list[str]) -> list[str]:
    """The folders that hold what a person wrote; `beside` are the files next to them."""
    kept = [name for name in folders if name not in _SKIPPED and not name.startswith(".")]
    if any(name in _DOTNET_OUTPUT for name in kept) and any(name.endswith(_DOTNET_PROJECTS) for name in beside):
        kept = [name for name in kept if name not in _DOTNET_OUTPUT]
    return kept


def _place(name: str, above: Place) -> Place:
    return above if above != PROGRAM else _PLACES.get(name, PROGRAM)


def _is_test(file: CodeFile) -> bool:
    stem = file.name.rpartition(".")[0]
    if file.language in _WITH_TEST_CLASSES and stem.endswith(_TEST_CLASSES):
        return True
    return file.name == "conftest.py" or stem.startswith("test_") or stem.endswith(_TEST_ENDINGS)


def _read(path: str, limit: int, whole: bool = True) -> bytes | None:
    """A regular file's bytes, at most so many; None for any other, and for a larger one that is wanted whole."""
    try:
        handle = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or (whole and status.st_size > limit):
            return None
        return _all(handle, limit, status.st_size, whole)
    except OSError:
        return None
    finally:
        os.close(handle)


def _all(handle: int, limit: int, expected: int, whole: bool) -> bytes | None:
    data = os.read(handle, min(limit, expected) + 1)
    if len(data) <= expected:  # as much as there is: one read gives all of a regular file
        return data
    while whole and len(data) <= limit and (more := os.read(handle, limit + 1 - len(data))):
        data += more
    return None if whole and len(data) > limit else data
