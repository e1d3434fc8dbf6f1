"""From files to a project: read, interpolate, merge, validate, type."""

from __future__ import annotations

import os

from modellint.compose.loading.loader import load_files
from modellint.compose.loading.selection import Options, project_name, select_file
from modellint.compose.loading.session import AROUND, MAX_NODES, Scope, Session, distinct
from modellint.compose.model.project import OversizedProject, Project, build
from modellint.compose.model.versions import refused
from modellint.compose.schema.validate import violations
from modellint.compose.schema.violation import UNSET, Violation
from modellint.compose.validation.consistency import inconsistencies
from modellint.files import disk
from modellint.text.source import Span
from modellint.yaml.ignore_comments import ignores
from modellint.yaml.node import Mapping, Scalar
from modellint.yaml.parse import parse

_OF_VARIABLES = frozenset((*AROUND, UNSET))  # kinds of violations that other variables may mend
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

    from modellint.compose.loading.selection import Selection
    from modellint.compose.model.versions import Features
    from modellint.text.source import Source
    from modellint.yaml.builder import YamlFile
    from modellint.yaml.ignore_comments import Ignore
    from modellint.yaml.node import Node


def load(source: Source, shell: Dict[str, str]) -> Project:
    """The project of one Compose file, its `.env` and the variables of the shell."""
    selection = select_file(source.path, Options(), shell)
    selection.files, selection.stdin = [disk.STDIN], source
    return load_project(selection)


def load_project(selection: Selection, taken_in: bool = False) -> Project:
    """The project of the files that were selected; raises `disk.Unreadable` where one of them cannot be read.

    Where others take it in, it is not whole: they may bring along what it lacks, and set its variables.
    """
    given = _given(selection)
    session = Session(selection.folder, selection.reader, selection.features.imports_models)
    session.violations.extend(selection.refused)
    session.whole = not taken_in and not selection.refused
    name = project_name(selection, given)
    environment = {**selection.environment, "COMPOSE_PROJECT_NAME": name}
    project = _project(session, given, environment, selection.profiles, selection.features)
    project.name = name
    named = any(violation.path == ("name",) for violation in project.violations)
    if not name and not named and project.whole and project.root is not None:
        project.violations.append(_nameless(given[0]))
    project.taken_in = taken_in
    if taken_in:
        project.violations = [each for each in project.violations if each.kind not in _OF_VARIABLES]
    project.shell, project.env_files = selection.shell, selection.env_files
    project.env_sources = [*selection.env_sources, *session.env_sources]
    return project


def complete(project: Project) -> None:
    """Take a project for all there is: what it lacks, no other file adds, and Compose refuses it for that."""
    if project.root is not None:
        found = [*violations(project.root), *project.violations, *inconsistencies(project, strict=True)]
        project.violations = distinct(found)


def _given(selection: Selection) -> list[YamlFile]:
    """The files that were selected, each read once, however often it is named; raises `disk.Unreadable`."""
    read: dict[str, YamlFile] = {}
    given: list[YamlFile] = []
    size = 0
    for path in selection.files:
        real = path if path == disk.STDIN else os.path.realpath(path)
        if real not in read:
            if size > MAX_NODES:
                reason = f"is not read: the files before it hold more than {MAX_NODES:,} values together"
                raise disk.Unreadable(path, reason)
            read[real] = parse(_source(path, selection))
            size += read[real].size
        given.append(read[real])
    return given


def _source(path: str, selection: Selection) -> Source:
    if path != disk.STDIN:
        if disk.strays(path):
            raise disk.Unreadable(path, disk.LEADS_OUT)
        return selection.reader.read_compose(path)
    if selection.stdin is None:
        selection.stdin = disk.read_stdin()
    return selection.stdin


def _project(
    session: Session,
    given: list[YamlFile],
    environment: dict[str, str],
    profiles: frozenset[str],
    features: Features | None = None,
) -> Project:
    scope = Scope(session.folder, environment)
    for file in dict.fromkeys(given):
        session.admit(file, scope)
    root = _root(session, given, scope)
    env_files = None
    if any("env_file" in file.source.text or "label_file" in file.source.text for file in session.files):
        from modellint.compose.loading.env_files import EnvFiles

        env_files = EnvFiles(session.folder, environment, session.reader)
    mapping = root if isinstance(root, Mapping) else None
    project = build(mapping, session.files, profiles, env_files.settings if env_files else None, features)
    project.folder = session.folder
    project.reader = session.reader
    project.environment = environment
    project.variables = session.variables
    project.outside = session.outside
    project.foreign = session.foreign
    project.whole = project.whole and session.whole
    if session.merge is not None:
        project.origins = session.merge.origins
        project.dropped = session.merge.dropped
        session.violations.extend(session.merge.violations)
    found = session.violations
    if mapping is None:
        found.extend(_no_mapping(given[0], root) if project.files else [])
    else:
        found.extend(session.judge(mapping))
        found.extend(refused(mapping, project.features))
        found.extend(inconsistencies(project))
    if env_files is not None:
        for service in project.services.values():
            found.extend(env_files.violations(service.body, service.active))
        project.unread = list(env_files.unread.values())
        project.outside = [*session.outside, *env_files.outside.values()]
        project.whole = project.whole and not env_files.too_much
    # A fragment is laid over a file that holds what it lacks; what it does say must be valid.
    project.violations = [v for v in distinct(found) if project.whole or v.kind != "required"]
    for file in session.files:
        project.ignores.extend(_ignores(file, file in session.borrowed))
    return project


def _root(session: Session, given: list[YamlFile], scope: Scope) -> Node | None:
    """The files laid over one another; nothing where that would grow too large to hold."""
    try:
        return load_files(session, given, scope)
    except OversizedProject:
        first = given[0].source
        session.fail(Scalar(first, 0, len(first.line(1)), "", None), "merge", "the merged files are too large to read")
        return None


def _ignores(file: YamlFile, borrowed: bool) -> list[Ignore]:
    found = ignores(file.source, file.documents)
    if borrowed:
        for ignore in found:
            ignore.used = True  # it may speak about a service that is not taken over
    return found


def _nameless(file: YamlFile) -> Violation:
    """What Compose refuses where neither a `name:` nor the folder's name has a letter or a digit that it takes."""
    first = file.source
    place = Scalar(first, 0, len(first.line(1)), "", None)
    message = (
        "the name of this directory contains no character that is valid in a project name: Compose rejects the project"
    )
    hint = "add `name:`, or pass `--project-name`"
    return Violation(Span(first, 0, len(first.line(1))), place, "name", ("name",), message, hint)


def _no_mapping(file: YamlFile, root: Node | None) -> list[Violation]:
    if not file.whole:
        return []  # what is missing may stand in the damaged part
    first = Span(file.source, 0, len(file.source.line(1)))
    if root is None or (isinstance(root, Scalar) and root.value is None):
        empty = Scalar(file.source, 0, 0, "", None)
        return [Violation(first, empty, "type", (), "the file is empty: Compose rejects it")]
    span = Span(root.source, root.start, min(root.end, root.start + len(root.source.line(root.span.first[0]))))
    return [Violation(span, root, "type", (), "a Compose file must be a map with keys such as `services` and `models`")]
