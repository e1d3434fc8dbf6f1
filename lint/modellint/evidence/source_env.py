"""Which environment variables the source code in a build context reads.

Not a parser of ten languages: a word that only such code holds is searched (`os.environ`, `process.env`), and what
follows it must be a name in quotes or a known other use. Everything else that could read a variable makes the code
`opaque`: it may read names that stand nowhere. What may not be a read after all (in a comment, in a test, of a method
that only looks alike) is kept `aside`: such a name must neither be called read nor unread.

No text leaves this module but the names of variables and the words of its own tables.
"""

from __future__ import annotations

import os
import re

from modellint.evidence import build_context
from modellint.evidence.build_context import LIMITS, MANIFESTS, MAX_LINE, PROGRAM, REQUIREMENTS, TEST
from modellint.evidence.languages import LANGUAGES, MAYBE, OPAQUE, TEXT, WRITE, Found, Language, UnreadableSource
from modellint.evidence.libraries import (
    ENDPOINT_WORDS,
    GIVES_ENDPOINT,
    SDK_NAMES,
    Library,
    library_of,
    packages_of,
    python_modules,
)
from modellint.evidence.mentions import standing
from modellint.text.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modellint.evidence.build_context import CodeFile, ContextLimits, Walk
    from modellint.files.reader import Reader


class Code:
    """What the source files of one build context say.

    `reads` holds the variables that are read for certain, and where first. `aside` are names that tests and examples
    read, and others of which nothing should be said. `implicit` are names that an SDK in use reads by itself. In both,
    a `*` stands for all names that begin or end so. `opaque` says why other names may be read, and is empty where none
    can be. `files` are those of the program, without tests and examples.
    """

    __slots__ = ("aside", "complete", "files", "implicit", "opaque", "reads")

    def __init__(
        self,
        reads: dict[str, Span],
        aside: frozenset[str],
        implicit: dict[str, str],
        opaque: str,
        complete: bool,
        files: int,
    ) -> None:
        self.reads = reads
        self.aside = aside
        self.implicit = implicit
        self.opaque = opaque
        self.complete = complete
        self.files = files

    def may_read(self, name: str) -> bool:
        """Whether it cannot be ruled out that the program reads a variable."""
        certain = self.complete and self.files > 0 and not self.opaque
        if not certain or name in self.reads or name in SDK_NAMES or self.sdk(name):
            return True
        return name in self.aside or any(_stands_for(pattern, name) for pattern in self.aside)

    def sdk(self, name: str) -> str:
        """The SDK that reads a variable by itself; empty where none is known to."""
        if name in self.implicit:
            return self.implicit[name]
        return next((sdk for pattern, sdk in self.implicit.items() if _stands_for(pattern, name)), "")


def read_code(
    folder: str,
    dockerfile: str | None = None,
    limits: ContextLimits = LIMITS,
    names: Iterable[str] = (),
    reader: Reader | None = None,
) -> Code:
    """What the source files of a build context say.

    `dockerfile` is relative to the folder, as in a Compose file. Of `names`, those that stand anywhere in a source
    file, or in a file of settings that code may load, are put `aside`.
    """
    wanted = {name.encode(): name for name in names}
    walk = build_context.code_files(folder, dockerfile, limits, settings=bool(wanted), reader=reader)
    found = _Reader(walk, wanted)
    for file in walk.files:
        data = walk.read(file)
        if data is not None:
            found.add(file, data)
    return found.code()


def _stands_for(pattern: str, name: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return pattern.startswith("*") and name.endswith(pattern[1:])


class _Reader:
    """Gathers what the files of one walk say."""

    __slots__ = (
        "_aside",
        "_endpoint_given",
        "_files",
        "_implicit",
        "_opaque",
        "_reads",
        "_seen",
        "_walk",
        "_wanted",
        "_written",
    )

    def __init__(self, walk: Walk, wanted: dict[bytes, str]) -> None:
        self._walk = walk
        self._wanted = wanted  # not yet seen
        self._reads: dict[str, Span] = {}
        self._aside: set[str] = set()
        self._written: set[str] = set()
        self._implicit: dict[str, str] = {}
        self._opaque = ""
        self._seen: dict[str, Library | None] = {}
        self._endpoint_given = False
        self._files = 0

    def add(self, file: CodeFile, data: bytes) -> None:
        """Read one file."""
        for name in standing(self._wanted, data):
            self._aside.add(self._wanted.pop(name))
        if file.language in _MANIFEST_KINDS:
            self._add_manifest(file, data)
        elif file.language != TEXT:
            self._add_code(file, data, LANGUAGES[file.language])

    def code(self) -> Code:
        """All that was gathered."""
        if self._endpoint_given:
            self._set_aside(name for name in self._implicit if any(word in name for word in ENDPOINT_WORDS))
        # What a program sets itself it need not be given.
        self._set_aside(self._written)
        unread = self._walk.unread
        if unread and not self._opaque:
            self._opaque = f"contains {unread if unread.startswith('a ') else f'{unread} code'}"
        aside = frozenset(self._aside.difference(self._reads, self._implicit))
        return Code(self._reads, aside, self._implicit, self._opaque, self._walk.complete, self._files)

    def _set_aside(self, names: Iterable[str]) -> None:
        for name in list(names):
            self._aside.add(name)
            self._reads.pop(name, None)
            self._implicit.pop(name, None)

    def _add_manifest(self, file: CodeFile, data: bytes) -> None:
        text = data.decode(errors="replace")
        of_development = file.language == REQUIREMENTS and re.search(r"dev|test|lint|docs", file.name) is not None
        for registry, name, needed in packages_of(file.language, text):
            if known := library_of(registry, name):
                self._use(known, needed and file.place == PROGRAM and not of_development)

    def _add_code(self, file: CodeFile, data: bytes, language: Language) -> None:
        self._files += file.place == PROGRAM
        data = data.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in data:
            self._walk.complete = False
            return
        if language.imports and self._imports(file, data, language):
            self._endpoint_given = self._endpoint_given or any(word in data for word in GIVES_ENDPOINT)
        probes = language.probing(data)
        if probes and len(data) > MAX_LINE and _has_long_line(data):
            self._walk.complete = False
        elif probes:
            text = data.decode(errors="replace")
            try:
                self._add_found(file, text, language.found(probes, text, self._walk.is_late))
            except UnreadableSource:
                self._walk.complete = False

    def _add_found(self, file: CodeFile, text: str, all_found: Iterator[Found]) -> None:
        source: Source | None = None
        for found in all_found:
            if found.kind == OPAQUE:
                if file.place != TEST:
                    self._opaque = self._opaque or found.name
            elif found.kind == MAYBE or file.place != PROGRAM:
                self._aside.add(found.name)
            elif found.kind == WRITE:
                self._written.add(found.name)
            elif found.name not in self._reads:
                source = source or Source(self._path(file), text, private=True)
                self._reads[found.name] = Span(source, *found.span)

    def _imports(self, file: CodeFile, data: bytes, language: Language) -> bool:
        """Whether a file imports a library of the tables."""
        known = False
        for clause in language.modules(b"\n" + data):
            name = clause.decode(errors="replace")
            key = f"{language.registry}:{file.place}:{name}"
            if key not in self._seen:
                modules = python_modules(name) if language.registry == "py" else [name]
                libraries = [library for module in modules if (library := library_of(language.registry, module))]
                self._seen[key] = libraries[0] if libraries else None
                for library in libraries:
                    self._use(library, file.place == PROGRAM)
                    if library.opaque and file.place != TEST:
                        self._opaque = self._opaque or library.name
            known = known or self._seen[key] is not None
        return known

    def _use(self, library: Library, sure: bool) -> None:
        self._aside.update(library.maybe)
        if not sure:
            self._aside.update(library.reads)
            return
        if library.opaque:
            self._opaque = self._opaque or library.name
        for name in library.reads:
            self._implicit.setdefault(name, library.name)

    def _path(self, file: CodeFile) -> str:
        return os.path.normpath(os.path.join(self._walk.folder, file.path))


_MANIFEST_KINDS = frozenset((REQUIREMENTS, *MANIFESTS.values()))


def _has_long_line(data: bytes) -> bool:
    """Whether a program wrote the file: what it says of names in it is not worth the time."""
    at = 0
    while len(data) - at > MAX_LINE:
        at = data.rfind(b"\n", at, at + MAX_LINE + 1) + 1
        if not at:
            return True
    return False
