"""The `env_file` and `label_file` files of services. Their content is read only if a rule needs it."""

from __future__ import annotations

import os

from modellint.compose.model.missing import NEEDED_FILE, example_of
from modellint.compose.model.project import Setting
from modellint.compose.schema.violation import UNSET, Violation
from modellint.compose.variables.dotenv import (
    MAX_SETTINGS,
    DotenvError,
    TooManyVariables,
    VariableBudget,
    read_dotenv,
    read_raw,
)
from modellint.files import disk
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Dict

    from modellint.compose.variables.dotenv import Entry
    from modellint.files.gitignore import Ignored
    from modellint.files.reader import Reader
    from modellint.text.source import Source
    from modellint.yaml.node import Node


_FORMATS = ("", "raw")


class EnvFile:
    """An entry of `env_file`, in its long form."""

    __slots__ = ("node", "path", "raw", "required")

    def __init__(self, node: Scalar, required: bool = True, raw: bool = False) -> None:
        self.node = node
        self.path = os.path.normpath(os.path.join(node.source.base, str(node.value)))
        self.required = required
        self.raw = raw


class EnvFiles:
    """Reads the env files of services, each once. One that lies outside the repository is not read.

    Beyond what a reader should hold, `too_much` is set, a violation says so, and no file sets any more variables.
    """

    __slots__ = (
        "_environment",
        "_folder",
        "_given",
        "_ignored",
        "_parsed",
        "_reader",
        "_refusing",
        "_sources",
        "outside",
        "too_much",
        "unread",
    )

    def __init__(self, folder: str, environment: Dict[str, str], reader: Reader) -> None:
        self._folder = folder
        self._reader = reader
        self._environment = environment
        self._sources: dict[str, Source] = {}
        self._parsed: dict[tuple[str, bool], list[Entry]] = {}  # of files that say the same to every service
        self._ignored: dict[str, Ignored | None] = {}  # what git leaves out of the folders that were asked about
        self._given = VariableBudget()
        self._refusing = VariableBudget()
        self.too_much = False
        self.outside: dict[int, Scalar] = {}  # what names a file outside the project's folder, by its identity
        self.unread: dict[int, Scalar] = {}  # what names a file that does not even belong to the repository

    def settings(self, body: Mapping) -> list[Setting]:
        """The variables that a service's env files set, in order; none of a file that Compose refuses."""
        found: list[Setting] = []
        known: dict[str, str] = {}
        for env_file in env_files(body):
            try:
                entries = self._entries(env_file, known, self._given)
            except (disk.Unreadable, DotenvError, TooManyVariables):
                continue
            known.update((entry.name, entry.value) for entry in entries if entry.value is not None)
            path, node = env_file.path, env_file.node
            found.extend(Setting(entry.name, entry.span, entry.value, None, path, node) for entry in entries)
        return found

    def violations(self, body: Mapping, active: bool) -> Iterator[Violation]:
        """The env and label files of a service without which Compose does not start it.

        Of one that is not active, only whether they are too much.
        """
        known: dict[str, str] = {}
        if active:
            yield from _unnamed(body)
        for env_file in env_files(body):
            if self._reader.exists(env_file.path) or env_file.required:
                yield from self._refused(env_file, known, active, "env_file", "env file")
        for node in _texts(body.get("label_file")) if active else ():
            yield from self._refused(EnvFile(node), {}, active, "label_file", "label file")

    def _refused(
        self, env_file: EnvFile, known: dict[str, str], active: bool, kind: str, what: str
    ) -> Iterator[Violation]:
        node = env_file.node
        hint = ""
        try:
            entries = self._entries(env_file, known, self._refusing)
            known.update((entry.name, entry.value) for entry in entries if entry.value is not None)
            return
        except disk.Unreadable as trouble:
            hint = "create it, or set `required: false` next to its `path`" if kind == "env_file" else "create it"
            message = f"the {what} `{node.shown}` {trouble.reason}: Compose rejects the project"
            if active and not self._reader.exists(env_file.path) and self._is_meant_to_lack(env_file.path):
                kind = NEEDED_FILE
        except TooManyVariables:
            if self.too_much:
                return
            self.too_much = active = True
            message = (
                f"the {what}s of the services set more than {MAX_SETTINGS:,} variables in total: modellint "
                "reads no more of them from here on"
            )
            hint = "use large files in fewer services; modellint does not check what the remaining files set"
        except DotenvError as error:
            row = error.span.first[0]
            message = f"cannot read the {what} `{node.shown}`, line {row}: {error}"
        if active:
            yield Violation(node.content, node, kind, (), message, hint)

    def _entries(self, env_file: EnvFile, known: Dict[str, str], room: VariableBudget) -> list[Entry]:
        path, raw = env_file.path, env_file.raw
        if path not in self._sources:
            if self._is_foreign(env_file):
                return []
            self._sources[path] = self._reader.read_settings(path)
        source = self._sources[path]
        entries = self._parsed.get((path, raw))
        if entries is None:
            room.read(path, len(source.text))
            if raw:
                entries = read_raw(source, self._environment)
            else:
                entries = read_dotenv(source, self._environment, wins=False, earlier=known)
            if raw or ("$" not in source.text and all(entry.written is not None for entry in entries)):
                self._parsed[path, raw] = entries
        room.take(len(entries))
        return entries

    def _is_foreign(self, env_file: EnvFile) -> bool:
        """Whether a file lies outside the repository; notes which do, and which lie outside the project's folder."""
        path, node = env_file.path, env_file.node
        if path in disk.NO_FILE or disk.inside(path, self._folder) or self._reader.trouble(path):
            return False
        foreign = disk.foreign(path, self._folder)
        (self.unread if foreign else self.outside)[id(node)] = node
        return foreign

    def _is_meant_to_lack(self, path: str) -> bool:
        """Whether a fresh clone is meant to lack a file: an example of it lies beside, or git leaves it out."""
        return bool(example_of(path)) or self._is_kept_from_git(path)

    def _is_kept_from_git(self, path: str) -> bool:
        """Whether a `.gitignore` between a file and the root of its repository names it; no, where that is too much."""
        path = os.path.abspath(path)
        ignored = self._ignored_in(os.path.dirname(path))
        try:
            return ignored is not None and ignored(path, False)
        except disk.Unreadable:
            return False

    def _ignored_in(self, folder: str) -> Ignored | None:
        new: list[str] = []
        here = folder
        while here not in self._ignored and os.path.dirname(here) != here:
            new.append(here)
            if os.path.exists(os.path.join(here, ".git")):
                break
            here = os.path.dirname(here)
        ignored = self._ignored.get(here)
        for below in reversed(new):
            if os.path.isfile(os.path.join(below, ".gitignore")):
                from modellint.files.gitignore import Ignored

                ignored = (ignored or Ignored()).below(below)
            self._ignored[below] = ignored
        return ignored


def _unnamed(body: Mapping) -> Iterator[Violation]:
    """The entries that name no file, and those in a format that Compose does not know."""
    for path in _nodes(body.get("label_file")):
        if isinstance(path, Scalar) and path.value == "":
            yield _nameless(path, "label_file", "label file")
    for item in _nodes(body.get("env_file")):
        named = item.get("path") if isinstance(item, Mapping) else item
        if isinstance(named, Scalar) and named.value == "":
            yield _nameless(named, "env_file", "env file")
        layout = item.get("format") if isinstance(item, Mapping) else None
        if not isinstance(layout, Scalar) or layout.value in _FORMATS:
            continue
        if isinstance(named, Scalar) and os.path.exists(EnvFile(named).path):
            message = f"`{layout.shown}` is not a valid format for an env file: Compose rejects the project"
            yield Violation(layout.content, layout, "env_file", (), message, "write `raw`, or remove it")


def _nameless(path: Scalar, key: str, what: str) -> Violation:
    message = f"`{path.shown}` is empty, so it names no {what}: Compose rejects the project"
    kind = UNSET if path.interpolated else key
    return Violation(path.content, path, kind, (), message, "write a path, or remove it")


def env_files(body: Mapping) -> list[EnvFile]:
    """The entries of a service's `env_file`; those of the wrong type are left out, the schema reports them."""
    section = body.get("env_file")
    found: list[EnvFile] = []
    for item in section.items if isinstance(section, Sequence) else [section]:
        path = item.get("path") if isinstance(item, Mapping) else item
        if not isinstance(path, Scalar) or not text_of(path):
            continue
        if isinstance(item, Mapping):
            required = item.get("required")
            optional = isinstance(required, Scalar) and str(required.value).lower() in ("false", "f", "0", "no", "off")
            found.append(EnvFile(path, not optional, text_of(item.get("format")) == "raw"))
        else:
            found.append(EnvFile(path))
    return found


def _texts(node: Node | None) -> list[Scalar]:
    return [each for each in _nodes(node) if isinstance(each, Scalar) and text_of(each)]


def _nodes(node: Node | None) -> list[Node]:
    """The items of a list, or the one value that stands for it."""
    return node.items if isinstance(node, Sequence) else [] if node is None else [node]
