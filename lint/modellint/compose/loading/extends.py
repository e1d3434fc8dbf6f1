"""`extends`: a service merged over another one (compose-go, `loader/extends.go`); checked against Compose 5.6.1.

All of the other service is taken over, its profiles and dependencies too; nothing else of its file is, and neither
what that file includes.
"""

from __future__ import annotations

import os

from modellint.compose.loading.merge import Conflict, cleared_part
from modellint.compose.loading.session import Scope, is_remote
from modellint.compose.model.project import OversizedProject
from modellint.compose.values.shapes import is_null, loaded, with_entries
from modellint.yaml.builder import LONG_TEXT
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from modellint.compose.loading.session import Session
    from modellint.yaml.builder import YamlFile
    from modellint.yaml.node import Node

    LoadAlone: TypeAlias = Callable[[Session, YamlFile, Scope], Node | None]

MAX_DEPTH = 100  # services that extend one another
MAX_TAKEN_OVER = 500_000  # nodes that all services of a project take over from others
_DOES = "extends"
_NEVER_NULL = ("build", "depends_on", "env_file", "gpus", "ports")
_NAME_THE_FILE = "add its `file`; without one, Compose looks only in this file and its includes"


class _Services:
    """The services of one document, as written and as far as they are resolved."""

    __slots__ = ("bodies", "done", "name", "raw", "section")

    def __init__(self, section: str, bodies: Mapping, raw: Mapping | None, name: str) -> None:
        self.section = section
        self.bodies = bodies
        self.raw = raw  # with the tags that take something out of the base
        self.name = name  # of the file
        self.done: dict[str, Node] = {}


def extend(session: Session, document: Mapping, raw: Mapping, scope: Scope, load_alone: LoadAlone) -> Mapping:
    """A document with each service laid over the one it extends. `extends` stays where that fails."""
    entries = dict(document.entries)
    for section in ("services", "jobs"):
        found = document.entries.get(section)
        if found is None or not isinstance(found[1], Mapping):
            continue
        bodies = found[1]
        said = raw.get(section)
        services = _Services(section, bodies, said if isinstance(said, Mapping) else None, raw.source.path)
        resolver = _Resolver(session, scope, load_alone)
        resolved = {name: (key, resolver.resolve(services, name, ())) for name, (key, _) in bodies.entries.items()}
        entries[section] = (found[0], with_entries(bodies, resolved))
    return with_entries(document, entries)


class _Resolver:
    """Resolves the services of one document, and those of other files that they reach."""

    __slots__ = ("load_alone", "others", "scope", "session")

    def __init__(self, session: Session, scope: Scope, load_alone: LoadAlone) -> None:
        self.session = session
        self.scope = scope
        self.load_alone = load_alone
        self.others: dict[str, _Services | None] = {}

    def resolve(self, services: _Services, name: str, trail: tuple[tuple[int, str], ...]) -> Node:
        """The service with what it extends; as it is where there is nothing to extend, or it cannot be had."""
        if name in services.done:
            return services.done[name]
        body = services.bodies.entries[name][1]
        services.done[name] = body  # what a circle meets; it has been reported when it does
        if isinstance(body, Mapping) and "extends" in body:
            services.done[name] = self.extended(services, name, body, (*trail, (id(services), name)))
        return services.done[name]

    def extended(self, services: _Services, name: str, body: Mapping, trail: tuple[tuple[int, str], ...]) -> Node:
        target, file = _reference(body)
        if target is None:
            return body  # the schema says what is wrong
        others = services if file is None else self.other(file)
        if others is None:
            return body
        wanted = str(target.value)
        if wanted not in others.bodies:
            where = f"`{others.name}`" if file else "this file"
            missing = f"`{name}` extends `{target.shown}`, which {where} does not declare"
            self.session.fail(target, _DOES, missing, "" if file else _NAME_THE_FILE)
            return body
        if (id(others), wanted) in trail:
            circle = f"`{name}` extends `{target.shown}`, which in turn extends it"
            self.session.fail(target, _DOES, circle)
            return body
        if len(trail) > MAX_DEPTH:
            self.session.fail(target, _DOES, f"`extends` is nested more than {MAX_DEPTH} levels deep")
            return body
        base = self.resolve(others, wanted, trail)
        if not isinstance(base, Mapping):
            return body
        self.session.taken_over += _size(base, MAX_TAKEN_OVER - self.session.taken_over)
        if self.session.taken_over > MAX_TAKEN_OVER:
            raise OversizedProject
        if others is not services:
            base = _of_another_file(base, target)
        return self.laid(services, name, base, body, loaded=others is not services)

    def laid(self, services: _Services, name: str, base: Mapping, body: Mapping, loaded: bool) -> Node:
        path = (services.section, name)
        below = cleared_part(base, services.raw.get(name) if services.raw else None, path, loaded=loaded)
        key = services.bodies.entries[name][0]
        try:
            merged = self.session.merging().part(below, body, path)
        except Conflict:
            self.session.merging().refuse(base, key, body, path)
            return body
        if not isinstance(merged, Mapping):
            return merged
        return with_entries(merged, {name: pair for name, pair in merged.entries.items() if name != "extends"})

    def other(self, named: Scalar) -> _Services | None:
        """The services of another file."""
        if is_remote(str(named.value)):
            self.session.fail_remote(named, _DOES)
            return None
        path = os.path.normpath(os.path.join(named.source.base, str(named.value)))
        if path not in self.others:
            self.others[path] = self.read(named, path)
        return self.others[path]

    def read(self, named: Scalar, path: str) -> _Services | None:
        scope = Scope(os.path.dirname(path) or ".", self.scope.environment)
        known = len(self.session.files)
        file = self.session.read(named, path, scope, _DOES)
        if file is None:
            return None
        if len(self.session.files) > known:
            self.session.borrowed.append(file)
        found = self.load_alone(self.session, file, scope)
        bodies = found.get("services") if isinstance(found, Mapping) else None
        if not isinstance(bodies, Mapping):
            self.session.fail(named, _DOES, f"`{named.shown}` has no `services`")
            return None
        if null := _null_part(bodies):
            self.session.fail(null, _DOES, f"`{null.text}` has no value")
        last = file.documents[-1]
        said = last.get("services") if isinstance(last, Mapping) else None
        return _Services("services", bodies, said if isinstance(said, Mapping) else None, named.shown)


def _of_another_file(base: Mapping, named: Scalar) -> Mapping:
    """A service of another file as Compose takes it over: loaded, and built in the folder of the file that names it."""
    found = loaded(base)
    assert isinstance(found, Mapping)
    build = found.entries.get("build")
    if build is None or not isinstance(build[1], Mapping) or "context" in build[1]:
        return found
    moved = Mapping(named.source, named.start, named.end, build[1].entries, build[1].pairs, build[1].flow)
    return with_entries(found, {**found.entries, "build": (build[0], moved)})


def _size(node: Node, most: int) -> int:
    """How many nodes a service holds, aliases replaced; a long text counts as many. Beyond `most` it stops counting."""
    size = 0
    waiting = [node]
    while waiting and size <= most:
        each = waiting.pop()
        size += 1
        if isinstance(each, Scalar):
            size += len(each.text) >> 1 if len(each.text) > LONG_TEXT else 0
        elif isinstance(each, Sequence):
            waiting += each.items
        else:
            size += len(each.entries)
            waiting += [value for _, value in each.entries.values()]
    return size


def _null_part(services: Mapping) -> Scalar | None:
    """The key of a part of a service that is null where Compose wants one before it looks for the service."""
    for _, body in services:
        for name in _NEVER_NULL if isinstance(body, Mapping) else ():
            found = body.entries.get(name) if isinstance(body, Mapping) else None
            if found is not None and is_null(found[1]):
                return found[0]
    return None


def _reference(body: Mapping) -> tuple[Scalar | None, Scalar | None]:
    """The service, and the file where one is named."""
    said = body.get("extends")
    target = said.get("service") if isinstance(said, Mapping) else said
    file = said.get("file") if isinstance(said, Mapping) else None
    if not isinstance(target, Scalar) or text_of(target) is None:
        return None, None
    if file is None or (isinstance(file, Scalar) and file.value is None):
        return target, None
    return (target, file) if isinstance(file, Scalar) and text_of(file) is not None else (None, None)
