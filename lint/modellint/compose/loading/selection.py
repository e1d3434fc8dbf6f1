"""Which files, variables and profiles make a project: what `docker compose` decides before it reads a Compose file.

Checked against Docker Compose 5.6.1 (`cmd/compose/compose.go`, and `cli/options.go` of compose-go).
"""

from __future__ import annotations

import os

from modellint.compose.loading.session import MAX_FILES
from modellint.compose.model.versions import Features
from modellint.compose.schema.violation import Violation
from modellint.compose.variables.dotenv import DotenvError, read_dotenv
from modellint.compose.variables.interpolate import substitute
from modellint.files import disk
from modellint.files.reader import Reader
from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Mapping as Dict

    from modellint.compose.variables.dotenv import Entry
    from modellint.files.disk import LeftOut
    from modellint.text.source import Source
    from modellint.yaml.builder import YamlFile

OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)  # fmt: skip  Compose's order
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))


class Options:
    """What was said on the command line. `directory` and `name` are empty where nothing was said."""

    __slots__ = ("directory", "env_files", "features", "files", "name", "profiles")

    def __init__(
        self,
        files: Sequence[str] = (),
        env_files: Sequence[str] = (),
        profiles: Sequence[str] = (),
        directory: str = "",
        name: str = "",
        features: Features | None = None,
    ) -> None:
        self.files = files
        self.env_files = env_files
        self.profiles = profiles
        self.directory = directory
        self.name = name
        self.features = features or Features()


class Selection:
    """A project that is still to be loaded.

    `name` comes from the command line or a variable where `named`; otherwise it is that of the folder, and a `name:`
    in one of the files replaces it. `refused` is what Compose refuses already: env files that it cannot read.
    """

    __slots__ = (
        "env_files", "env_sources", "environment", "features", "files", "folder", "left_out", "name", "named",
        "profiles", "reader", "refused", "shell", "stdin",
    )  # fmt: skip

    def __init__(
        self, files: list[str], folder: str, environment: dict[str, str], profiles: frozenset[str], features: Features
    ) -> None:
        self.files = files  # in the order in which they are laid over one another; `-` is standard input
        self.folder = folder  # the project directory, which relative paths begin at
        self.environment = environment  # the variables of the env files, and those of the shell over them
        self.profiles = profiles
        self.features = features
        self.name = ""
        self.named = False
        self.refused: list[Violation] = []
        self.shell: Dict[str, str] = {}  # the variables of the shell alone
        self.env_files: list[str] = []  # that the other variables come from
        self.env_sources: list[Source] = []  # their texts
        self.reader = Reader()
        self.stdin: Source | None = None  # the text on standard input, for a caller that has read it
        self.left_out: list[LeftOut] = []  # what Compose would have taken if an env file did not name other files


class _EnvFiles:
    """The env files that variables were taken from, and what of them Compose refuses.

    `names_files` is the entry of `COMPOSE_FILE` that counts among them.
    """

    __slots__ = ("names_files", "paths", "reader", "refused", "sources")

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.paths: list[str] = []
        self.sources: list[Source] = []
        self.refused: list[Violation] = []
        self.names_files: Entry | None = None


def select(options: Options, shell: Dict[str, str], here: str = "", reader: Reader | None = None) -> Selection:
    """The project that `docker compose` finds with these options in the current folder; raises `Unreadable`.

    With `here`, the project that it finds in that folder, where the shell names no files.
    """
    environment = dict(shell)
    environment.setdefault("PWD", os.getcwd())
    if here:
        environment.pop("COMPOSE_FILE", None)
    read = _EnvFiles(reader or Reader())
    exists = read.reader.exists
    start = options.directory or _folder_of(options.files) or here
    _add_env_files(environment, options, shell, start, read)
    chosen = list(options.files)
    _refuse_many(chosen, "--file")
    left_out: list[LeftOut] = []
    if not chosen and "COMPOSE_FILE" in environment:
        separator = environment.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
        names = environment["COMPOSE_FILE"].split(separator)
        source = read.names_files.span.source.path if read.names_files is not None else ""
        _refuse_many(names, os.path.normpath(source) if source else "COMPOSE_FILE")
        if "COMPOSE_FILE" in shell and not here:
            chosen = [name or "." for name in names]
        elif read.names_files is not None:
            chosen = _named_by_env_file(names, read.names_files, here, start, read.reader)
            left_out = _passed_over(chosen, start, read.names_files, read.reader)
    if not chosen:
        default = disk.default_file(options.directory or here or ".", exists)
        chosen = with_override(default, exists)
        left_out = _second_defaults(default)
    folder = options.directory or _folder_of(chosen) or here
    if folder != start and not _named_env_files(options, shell):  # a second `.env`, that of the project directory
        _add_env_files(environment, options, shell, folder, read)
    selection = _selection(chosen, folder, environment, options, shell, read)
    selection.left_out = left_out
    return selection


def select_path(path: str, options: Options, shell: Dict[str, str], reader: Reader | None = None) -> Selection:
    """The project of a path on the command line: a folder, a file, or nothing for the current folder."""
    if not path or disk.is_folder(path):
        return select(options, shell, path, reader)
    return select_file(path, options, shell, reader)


def select_file(path: str, options: Options, shell: Dict[str, str], reader: Reader | None = None) -> Selection:
    """The project of a file that a user points at, whatever `COMPOSE_FILE` says: with its override, if it has one."""
    read = _EnvFiles(reader or Reader())
    chosen = [path] if path == disk.STDIN else with_override(os.path.normpath(path), read.reader.exists)
    folder = options.directory or _folder_of(chosen)
    environment = dict(shell)
    environment.setdefault("PWD", os.getcwd())
    _add_env_files(environment, options, shell, folder, read)
    return _selection(chosen, folder, environment, options, shell, read)


def with_override(path: str, exists: Callable[[str], bool] = os.path.exists) -> list[str]:
    """A file, and the override that Compose lays over it where it is the default of its folder."""
    folder, name = os.path.split(path)
    if name not in disk.DEFAULT_NAMES or disk.first_of(disk.DEFAULT_NAMES, folder, exists) != path:
        return [path]
    override = disk.first_of(OVERRIDE_NAMES, folder, exists)
    return [path, override] if override else [path]


def project_name(selection: Selection, given: Iterable[YamlFile]) -> str:
    """The project's name, once its files are read: the last `name:` counts, where nothing else names it."""
    name = selection.name
    for file in given if not selection.named else ():
        for document in file.documents:
            said = document.get("name") if isinstance(document, Mapping) else None
            if isinstance(said, Scalar) and said.text:
                name = normalized(_substituted(said.text, selection.environment))
    return name


def normalized(name: str) -> str:
    """A project name as Compose makes it of a folder's name, or of a `name:`."""
    return "".join(letter for letter in name.lower() if letter in _NAME).lstrip("_-")


def _selection(
    chosen: list[str],
    folder: str,
    environment: dict[str, str],
    options: Options,
    shell: Dict[str, str],
    read: _EnvFiles,
) -> Selection:
    profiles = options.profiles or environment.get("COMPOSE_PROFILES", "").split(",")
    if not options.profiles:
        profiles = [name.strip() for name in profiles]
    selection = Selection(
        chosen,
        folder or ".",
        environment,
        frozenset(profiles),
        options.features,  # without any: the empty one
    )
    selection.shell, selection.env_files, selection.refused = shell, read.paths, read.refused
    selection.reader, selection.env_sources = read.reader, read.sources
    name = options.name or environment.get("COMPOSE_PROJECT_NAME", "")
    if name and normalized(name) != name:
        where = "--project-name" if options.name else "COMPOSE_PROJECT_NAME"
        raise disk.Unreadable(
            where,
            "is not a valid project name: use lowercase letters, digits, `-` and `_`, and start with a letter or digit",
        )
    selection.named = bool(name)
    selection.name = name or normalized(os.path.basename(_absolute(folder, environment)))
    return selection


def _refuse_many(names: Sequence[str], where: str) -> None:
    """Raise `Unreadable` where more files are named than a project may be made of, before any of them is looked at.

    One that is named again counts again: Compose lays it over the others once more.
    """
    if len(names) > MAX_FILES:
        raise disk.Unreadable(where, f"names {len(names):,} files, and a project may be made of {MAX_FILES}")


def _named_by_env_file(names: list[str], entry: Entry, here: str, start: str, reader: Reader) -> list[str]:
    """The files that `COMPOSE_FILE` names in an env file; raises `Unreadable` where one may not be read.

    That is the word of whoever wrote the repository, and not the user's: they must lie in it, standard input is not
    for it to read, and what a variable of the shell brings into a path is not shown.
    """
    source = entry.span.source
    written = entry.written.text if entry.written is not None else ""
    chosen: list[str] = []
    for name in names:
        shown = name if written == entry.value else written
        path = os.path.normpath(os.path.join(here, name or "."))
        reason = reader.trouble(path)
        if name == disk.STDIN:
            reason = "is standard input; only the command line or a shell variable can specify that"
        elif not reason and all(disk.foreign(path, folder or ".") for folder in (start, os.path.dirname(source.path))):
            reason = "is outside the repository of this file, so modellint does not read it"
        if reason:
            raise disk.Unreadable(os.path.normpath(source.path), f"`COMPOSE_FILE` names `{shown}`, which {reason}")
        chosen.append(path if path != disk.STDIN else os.path.join(os.curdir, path))
    return chosen


def _passed_over(chosen: Iterable[str], start: str, entry: Entry, reader: Reader) -> list[LeftOut]:
    """The default file of a folder and its override, where an env file names others."""
    default = disk.first_of(disk.DEFAULT_NAMES, start, reader.exists)
    named = set(map(os.path.realpath, chosen))
    files = with_override(default, reader.exists) if default else []
    passed = [each for each in files if os.path.realpath(each) not in named]
    shown = os.path.relpath(entry.span.source.path).replace(os.sep, "/")
    return [disk.LeftOut(os.path.normpath(each), f"`COMPOSE_FILE` in `{shown}` names other files") for each in passed]


def _second_defaults(default: str) -> list[LeftOut]:
    """The files in the folder of a default file that Compose would take if that were not there."""
    folder, name = os.path.split(default)
    paths = [os.path.join(folder, each) for each in disk.DEFAULT_NAMES if each != name]
    real = os.path.realpath(default)
    others = [path for path in paths if os.path.isfile(path) and os.path.realpath(path) != real]
    return [disk.LeftOut(os.path.normpath(path), f"Docker Compose uses `{name}` in this directory") for path in others]


def _substituted(text: str, environment: Dict[str, str]) -> str:
    try:
        return substitute(text, environment)
    except ValueError:
        return ""  # reported where the file's variables are


def _absolute(folder: str, environment: Dict[str, str]) -> str:
    """The folder's full path, through the symbolic link by which the shell came here, if it did."""
    here = environment["PWD"]
    try:
        same = os.path.isabs(here) and os.path.samefile(here, ".")
    except OSError:
        same = False
    return os.path.normpath(os.path.join(here if same else os.getcwd(), folder))


def _folder_of(chosen: Iterable[str]) -> str:
    """The folder of the first file that is no standard input."""
    return next((os.path.dirname(path) for path in chosen if path != disk.STDIN), "")


def _add_env_files(
    environment: dict[str, str], options: Options, shell: Dict[str, str], folder: str, read: _EnvFiles
) -> None:
    """Add what the env files say and the environment does not: those that were named, or the folder's `.env`."""
    named = _named_env_files(options, shell)
    if named:
        found = _read_env_files(named, environment, read)
    else:
        default = os.path.join(folder, ".env")
        if _disabled(environment) or not read.reader.exists(default) or os.path.isdir(default):
            return
        found = _read_env_files([default], environment, read)
        if _disabled({**found, **environment}):  # the file switches itself off; only what Compose itself asks for stays
            found = {name: value for name, value in found.items() if name.startswith("COMPOSE_")}
    for name, value in found.items():
        environment.setdefault(name, value)


def _named_env_files(options: Options, shell: Dict[str, str]) -> list[str]:
    return list(options.env_files) or [name for name in shell.get("COMPOSE_ENV_FILES", "").split(",") if name]


def _disabled(environment: Dict[str, str]) -> bool:
    value = environment.get("COMPOSE_DISABLE_ENV_FILE")
    if value is None or value in _FALSE:
        return False
    if value not in _TRUE:
        raise disk.Unreadable("COMPOSE_DISABLE_ENV_FILE", "is neither `true` nor `false`")
    return True


def _read_env_files(paths: list[str], environment: Dict[str, str], read: _EnvFiles) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        if disk.strays(path or "."):
            raise disk.Unreadable(path, disk.LEADS_OUT)
        source = read.reader.read_settings(path or ".")
        try:
            entries = read_dotenv(source, environment, earlier=found)
        except DotenvError as error:
            read.refused.append(_violation(error))
            continue
        read.paths.append(path or ".")
        read.sources.append(source)
        for entry in entries:
            if entry.name == "COMPOSE_FILE" and entry.value is not None and "COMPOSE_FILE" not in environment:
                read.names_files = entry
        found.update((entry.name, entry.value) for entry in entries if entry.value is not None)
    return found


def _violation(error: DotenvError) -> Violation:
    """Compose refuses an env file. The span is empty, so that no report shows a value."""
    place = Span(error.span.source, error.span.start, error.span.start)
    node = Scalar(place.source, place.start, place.end, "", None)
    return Violation(place, node, "dotenv", (), f"Compose rejects this env file, and therefore the project: {error}")
