"""`include`: other projects taken in as parts of this one (compose-go, `loader/include.go`); checked against 5.6.1.

An included project has its own folder and its own variables; the variables of the including one win. What both
declare is merged, the included part first.
"""

from __future__ import annotations

import os

from modellint.compose.loading.merge import Conflict, cleared_part
from modellint.compose.loading.session import Scope, is_remote
from modellint.compose.values.shapes import completed, frozen, is_null, with_entries
from modellint.compose.variables.dotenv import MAX_SETTINGS, DotenvError, TooManyVariables, read_dotenv
from modellint.files import disk
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Sequence as Several
    from typing import TypeAlias

    from modellint.compose.loading.session import Session
    from modellint.yaml.builder import YamlFile
    from modellint.yaml.node import Node

    LoadFiles: TypeAlias = Callable[[Session, Several[YamlFile], Scope], Node | None]

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


def include(session: Session, document: Mapping, raw: Mapping, scope: Scope, load_files: LoadFiles) -> Mapping:
    """A document with what it includes. The key goes once all is taken in; what the schema refuses stays."""
    section = document.get("include")
    entries = [_entry(item) for item in section] if isinstance(section, Sequence) else []
    done = section is not None and (is_null(section) or isinstance(section, Sequence))
    if isinstance(section, Sequence):
        _refuse_empty(session, section)
        entries = [entry for entry, item in zip(entries, section, strict=True) if not is_null(item)]
    for entry in entries:
        imported = _imported(session, entry, scope, load_files) if entry else None
        if isinstance(imported, Mapping):
            document = _take_in(session, imported, document, raw)
        done = done and entry is not None
    if not done:
        return document
    kept = {name: pair for name, pair in document.entries.items() if name != "include"}
    return with_entries(document, kept)


def _refuse_empty(session: Session, section: Sequence) -> None:
    """Note each item without a text: Compose takes it for a folder, and so for no file. A null is passed over."""
    for item in section:
        if isinstance(item, Scalar) and item.value == "":
            session.fail(item, "include", f"`{item.shown}` has no value here, so it names no file")


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


def _imported(session: Session, entry: _Entry, scope: Scope, load_files: LoadFiles) -> Node | None:
    """The project that an entry names, loaded once for each folder and environment."""
    remote = next((path for path in entry.paths if is_remote(str(path.value))), None)
    if remote is not None:
        session.fail_remote(remote, "include")
        return None
    first = entry.paths[0]
    paths = [_path(scope, path) for path in entry.paths]
    folder = _path(scope, entry.folder) if entry.folder else os.path.dirname(paths[0]) or "."
    if os.path.realpath(paths[0]) in scope.within:
        session.fail(first, "include", f"`{first.shown}` in turn includes this file")
        return None
    if len(scope.within) >= MAX_DEPTH:
        session.fail(first, "include", f"`include` is nested more than {MAX_DEPTH} levels deep")
        return None
    environment = _environment(session, entry, folder, scope)
    if environment is None:
        return None
    key = (*paths, folder, id(environment))
    if key not in session.included:
        session.included[key] = _load(session, entry, paths, Scope(folder, environment, scope.within), load_files)
    return session.included[key]


def _load(session: Session, entry: _Entry, paths: list[str], scope: Scope, load_files: LoadFiles) -> Node | None:
    several = [session.read(node, path, scope, "include") for node, path in zip(entry.paths, paths, strict=True)]
    found = load_files(session, [file for file in several if file is not None], scope)
    if found is not None and not isinstance(found, Mapping) and not is_null(found):
        session.fail(entry.paths[0], "include", f"`{entry.paths[0].shown}` is not a map, so it is not a Compose file")
        return None
    session.check(found)
    if not isinstance(found, Mapping):
        return found
    _refuse_config_variables(session, found, scope.environment)
    return _with_own_variables(found, scope.environment)


def _refuse_config_variables(session: Session, project: Mapping, environment: dict[str, str]) -> None:
    """Note each config of an included project that has its content from a variable which is set.

    Compose fills in the content, and then finds both where only one may be.
    """
    section = project.get("configs")
    for key, body in section if isinstance(section, Mapping) else ():
        variable = body.get("environment") if isinstance(body, Mapping) else None
        if isinstance(variable, Scalar) and isinstance(variable.value, str) and variable.value in environment:
            problem = f"the config `{key.text}` of an included file takes its content from a variable that is set"
            hint = "write `content: ${…}`, or declare the config in the file that includes this one"
            session.fail(variable, "include", problem, hint)


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


def _environment(session: Session, entry: _Entry, folder: str, scope: Scope) -> dict[str, str] | None:
    """The including project's variables, and below them those of the entry's env files, or of the folder's `.env`."""
    named = [(node, _path(scope, node), node.shown) for node in entry.env_files if node.value != "/dev/null"]
    default = os.path.join(folder, ".env")
    if not entry.env_files and session.reader.is_file(default):
        named = [(entry.paths[0], default, ".env")]
    if any(session.is_foreign(node, path, shown, "include") for node, path, shown in named):
        return None
    session.outside.extend(node for node, path, _ in named if not disk.inside(path, session.folder))
    key = (*(path for _, path, _ in named), id(scope.environment))
    if key not in session.environments:
        environment = _read(session, named, scope)
        if environment is None:
            return None
        same = session.environments.setdefault(frozenset(environment.items()), environment)
        session.environments[key] = same
    return session.environments[key]


def _read(session: Session, named: list[tuple[Scalar, str, str]], scope: Scope) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for node, path, shown in named:
        try:
            source = session.reader.read_settings(path)
            session.room.read(path, len(source.text))
            entries = read_dotenv(source, scope.environment, earlier=found)
            session.env_sources.append(source)
            session.room.take(len(entries) + len(scope.environment))
        except TooManyVariables:
            problem = f"the env files of the included projects set more than {MAX_SETTINGS:,} variables in total"
            session.overflow(node, "include", problem)
            return None
        except disk.Unreadable as trouble:
            session.fail(node, "include", f"the env file `{shown}` {trouble.reason}")
            return None
        except DotenvError as error:
            row = error.span.first[0]
            session.fail(node, "include", f"the env file `{shown}`, line {row}: {error}")
            return None
        found.update((one.name, one.value) for one in entries if one.value is not None)
    added = found.keys() - scope.environment.keys()
    return {**found, **scope.environment} if added else scope.environment


def _take_in(session: Session, imported: Mapping, document: Mapping, raw: Mapping) -> Mapping:
    entries = dict(document.entries)
    for section in _SECTIONS:
        theirs, mine = imported.entries.get(section), entries.get(section)
        if section == "models" and not session.imports_models:
            continue
        if theirs is None or not isinstance(theirs[1], Mapping):
            continue
        if mine is None:
            entries[section] = theirs
        elif isinstance(mine[1], Mapping):
            entries[section] = (mine[0], _joined(session, section, theirs[1], mine[1], raw))
    return with_entries(document, entries)


def _joined(session: Session, section: str, theirs: Mapping, mine: Mapping, raw: Mapping) -> Mapping:
    entries = dict(mine.entries)
    for name, (key, value) in theirs.entries.items():
        own = entries.get(name)
        if own is None:
            entries[name] = (key, value)
        elif own[1] is not value and frozen(own[1]) != frozen(value):
            path = (section, name)
            base = cleared_part(value, raw.get(*path), path)
            try:
                entries[name] = (own[0], session.merging().part(base, own[1], path))
            except Conflict:
                session.merging().refuse(base, own[0], own[1], path)
    return with_entries(mine, entries)


def _path(scope: Scope, node: Scalar) -> str:
    return os.path.normpath(os.path.join(scope.base, str(node.value)))
