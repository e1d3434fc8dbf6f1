"""`include`: other projects taken in as parts of this one (compose-go, `loader/include.go`); checked against 5.6.1.

An included project has its own folder and its own variables; the variables of the including one win. What both
declare is merged, the included part first.
"""

from __future__ import annotations

import os

from modellint.compose import files
from modellint.compose.dotenv import MAX_SETTINGS, DotenvError, TooMany, read_dotenv
from modellint.compose.loader import Scope, is_remote
from modellint.compose.merge import Conflict, cleared_part
from modellint.compose.shapes import completed, frozen, is_null, with_entries
from modellint.node import Mapping, Scalar, Sequence, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.loader import Loader
    from modellint.node import Node

MAX_DEPTH = 40  # projects included in one another
_SECTIONS = ("services", "jobs", "volumes", "networks", "secrets", "configs", "models")


class _Entry:
    """One item of `include`, in its long form."""

    __slots__ = ("env_files", "folder", "node", "paths")

    def __init__(self, node: Node, paths: list[Scalar], folder: Scalar | None, env_files: list[Scalar]) -> None:
        self.node = node
        self.paths = paths
        self.folder = folder
        self.env_files = env_files


def include(loader: Loader, document: Mapping, raw: Mapping, scope: Scope) -> Mapping:
    """A document with what it includes. The key goes once all is taken in; what the schema refuses stays."""
    section = document.get("include")
    entries = [_entry(item) for item in section] if isinstance(section, Sequence) else []
    done = section is not None and (is_null(section) or isinstance(section, Sequence))
    if isinstance(section, Sequence):
        _refuse_empty(loader, section)
        entries = [entry for entry, item in zip(entries, section, strict=True) if not is_null(item)]
    for entry in entries:
        imported = _imported(loader, entry, scope) if entry else None
        if isinstance(imported, Mapping):
            document = _take_in(loader, imported, document, raw)
        done = done and entry is not None
    if not done:
        return document
    kept = {name: pair for name, pair in document.entries.items() if name != "include"}
    return with_entries(document, kept)


def _refuse_empty(loader: Loader, section: Sequence) -> None:
    """Note each item without a text: Compose takes it for a folder, and so for no file. A null is passed over."""
    for item in section:
        if isinstance(item, Scalar) and item.value == "":
            loader.fail(item, "include", f"`{item.shown}` has no value here, so it names no file")


def _entry(item: Node) -> _Entry | None:
    if isinstance(item, Scalar):
        return _Entry(item, [item], None, []) if text_of(item) else None
    if not isinstance(item, Mapping):
        return None
    paths, folder = _texts(item.get("path")), _texts(item.get("project_directory"))
    return _Entry(item, paths, folder[0] if folder else None, _texts(item.get("env_file"))) if paths else None


def _texts(node: Node | None) -> list[Scalar]:
    nodes = node.items if isinstance(node, Sequence) else [node]
    return [each for each in nodes if isinstance(each, Scalar) and text_of(each)]


def _imported(loader: Loader, entry: _Entry, scope: Scope) -> Node | None:
    """The project that an entry names, loaded once for each folder and environment."""
    remote = next((path for path in entry.paths if is_remote(str(path.value))), None)
    if remote is not None:
        loader.fail_remote(remote, "include")
        return None
    first = entry.paths[0]
    paths = [_path(scope, path) for path in entry.paths]
    folder = _path(scope, entry.folder) if entry.folder else os.path.dirname(paths[0]) or "."
    if os.path.realpath(paths[0]) in scope.within:
        loader.fail(first, "include", f"`{first.shown}` includes this file in turn")
        return None
    if len(scope.within) >= MAX_DEPTH:
        loader.fail(first, "include", f"more than {MAX_DEPTH} projects are included in one another")
        return None
    environment = _environment(loader, entry, folder, scope)
    if environment is None:
        return None
    key = (*paths, folder, id(environment))
    if key not in loader.included:
        loader.included[key] = _load(loader, entry, paths, Scope(folder, environment, scope.within))
    return loader.included[key]


def _load(loader: Loader, entry: _Entry, paths: list[str], scope: Scope) -> Node | None:
    several = [loader.read(node, path, scope, "include") for node, path in zip(entry.paths, paths, strict=True)]
    found = loader.model([file for file in several if file is not None], scope)
    if found is not None and not isinstance(found, Mapping) and not is_null(found):
        loader.fail(entry.paths[0], "include", f"`{entry.paths[0].shown}` is no map, and so no Compose file")
        return None
    loader.check(found)
    if not isinstance(found, Mapping):
        return found
    _refuse_config_variables(loader, found, scope.environment)
    return _with_own_variables(found, scope.environment)


def _refuse_config_variables(loader: Loader, project: Mapping, environment: dict[str, str]) -> None:
    """Note each config of an included project that has its content from a variable which is set.

    Compose fills in the content, and then finds both where only one may be.
    """
    section = project.get("configs")
    for key, body in section if isinstance(section, Mapping) else ():
        variable = body.get("environment") if isinstance(body, Mapping) else None
        if isinstance(variable, Scalar) and isinstance(variable.value, str) and variable.value in environment:
            problem = f"the config `{key.text}` of an included file has its content from a variable, which is set"
            hint = "write `content: ${…}`, or declare the config in the file that includes this one"
            loader.fail(variable, "include", problem, hint)


def _with_own_variables(project: Mapping, environment: dict[str, str]) -> Mapping:
    """An included project: completed, and what stands alone in its lists of variables has its own folder's values."""
    services = project.entries.get("services")
    if services is None or not isinstance(services[1], Mapping):
        return project
    bodies = {
        name: (key, _with_values(completed(body), environment)) for name, (key, body) in services[1].entries.items()
    }
    return with_entries(project, {**project.entries, "services": (services[0], with_entries(services[1], bodies))})


def _with_values(body: Node, environment: dict[str, str]) -> Node:
    found = body.entries.get("environment") if isinstance(body, Mapping) else None
    if found is None or not isinstance(body, Mapping) or not isinstance(found[1], Sequence):
        return body
    several = found[1]
    items = [_with_value(item, environment) for item in several.items]
    section = Sequence(several.source, several.start, several.end, items, several.flow, several.tag, several.anchor)
    return with_entries(body, {**body.entries, "environment": (found[0], section)})


def _with_value(item: Node, environment: dict[str, str]) -> Node:
    value = environment.get(item.value) if isinstance(item, Scalar) and isinstance(item.value, str) else None
    if value is None or not isinstance(item, Scalar):
        return item
    made = Scalar(item.source, item.start, item.end, item.text, f"{item.value}={value}", item.style)
    made.interpolated = True
    return made


def _environment(loader: Loader, entry: _Entry, folder: str, scope: Scope) -> dict[str, str] | None:
    """The including project's variables, and below them those of the entry's env files, or of the folder's `.env`."""
    named = [(node, _path(scope, node), node.shown) for node in entry.env_files if node.value != "/dev/null"]
    default = os.path.join(folder, ".env")
    if not entry.env_files and os.path.isfile(default):
        named = [(entry.paths[0], default, ".env")]
    if any(loader.is_foreign(node, path, shown, "include") for node, path, shown in named):
        return None
    loader.outside.extend(node for node, path, _ in named if not files.inside(path, loader.folder))
    key = (*(path for _, path, _ in named), id(scope.environment))
    if key not in loader.environments:
        environment = _read(loader, named, scope)
        if environment is None:
            return None
        same = loader.environments.setdefault(frozenset(environment.items()), environment)
        loader.environments[key] = same
    return loader.environments[key]


def _read(loader: Loader, named: list[tuple[Scalar, str, str]], scope: Scope) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for node, path, shown in named:
        try:
            source = files.read_settings(path)
            loader.room.read(path, len(source.text))
            entries = read_dotenv(source, scope.environment, earlier=found)
            loader.room.take(len(entries) + len(scope.environment))
        except TooMany:
            problem = f"the env files of what is included set more than {MAX_SETTINGS:,} variables together"
            loader.overflow(node, "include", problem)
            return None
        except files.Unreadable as trouble:
            loader.fail(node, "include", f"the env file `{shown}` {trouble.reason}")
            return None
        except DotenvError as error:
            row = error.span.first[0]
            loader.fail(node, "include", f"the env file `{shown}`, line {row}: {error}")
            return None
        found.update((one.name, one.value) for one in entries if one.value is not None)
    added = found.keys() - scope.environment.keys()
    return {**found, **scope.environment} if added else scope.environment


def _take_in(loader: Loader, imported: Mapping, document: Mapping, raw: Mapping) -> Mapping:
    entries = dict(document.entries)
    for section in _SECTIONS:
        theirs, mine = imported.entries.get(section), entries.get(section)
        if section == "models" and not loader.imports_models:
            continue
        if theirs is None or not isinstance(theirs[1], Mapping):
            continue
        if mine is None:
            entries[section] = theirs
        elif isinstance(mine[1], Mapping):
            entries[section] = (mine[0], _joined(loader, section, theirs[1], mine[1], raw))
    return with_entries(document, entries)


def _joined(loader: Loader, section: str, theirs: Mapping, mine: Mapping, raw: Mapping) -> Mapping:
    entries = dict(mine.entries)
    for name, (key, value) in theirs.entries.items():
        own = entries.get(name)
        if own is None:
            entries[name] = (key, value)
        elif own[1] is not value and frozen(own[1]) != frozen(value):
            path = (section, name)
            base = cleared_part(value, raw.get(*path), path)
            try:
                entries[name] = (own[0], loader.merging().part(base, own[1], path))
            except Conflict:
                loader.merging().refuse(base, own[0], own[1], path)
    return with_entries(mine, entries)


def _path(scope: Scope, node: Scalar) -> str:
    return os.path.normpath(os.path.join(scope.base, str(node.value)))
