"""From a file to a project: read, interpolate, validate, type."""

from __future__ import annotations

import os

from modellint.comment import ignores
from modellint.compose import files
from modellint.compose.dotenv import DotenvError, read_dotenv
from modellint.compose.interpolate import InvalidTemplate, interpolate
from modellint.compose.merge import merge, settle
from modellint.compose.project import Project, Setting, build
from modellint.compose.schema import Violation, violations
from modellint.node import Mapping, Scalar
from modellint.parse import parse
from modellint.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

    from modellint.node import Node
    from modellint.parse import YamlFile


def load(source: Source, shell: Dict[str, str]) -> Project:
    """The project of one Compose file, its `.env` and the variables of the shell."""
    folder = os.path.dirname(source.path) or "."
    environment = _environment(folder, shell)
    file = parse(source)
    root = _root(file)
    variables, refused = interpolate(file.templates, environment)
    profiles = frozenset(name.strip() for name in environment.get("COMPOSE_PROFILES", "").split(",") if name.strip())
    read_env_file = _EnvFiles(folder, environment)
    project = build(root if isinstance(root, Mapping) else None, [file], profiles, read_env_file)
    project.environment = environment
    project.variables = variables
    project.violations = [_template_violation(error) for error in refused if isinstance(error, InvalidTemplate)]
    if root is None or not isinstance(root, Mapping):
        project.violations.extend(_no_mapping(file, root))
    else:
        # A fragment is laid over a file that holds what it lacks; what it does say must be valid.
        found = violations(root)
        project.violations.extend(v for v in found if project.whole or v.kind != "required")
    project.ignores = ignores(source, file.documents)
    return project


def _root(file: YamlFile) -> Node | None:
    """The file's documents, laid over one another; empty ones do not count."""
    root: Node | None = None
    for document in file.documents:
        if isinstance(document, Scalar) and document.value is None:
            continue
        root = document if root is None else merge(root, document)
    tagged = root is not None and "!reset" in file.source.text
    return settle(root) if root is not None and tagged else root


def _no_mapping(file: YamlFile, root: Node | None) -> list[Violation]:
    if not file.whole:
        return []  # what is missing may stand in the damaged part
    first = Span(file.source, 0, len(file.source.line(1)))
    if root is None:
        empty = Scalar(file.source, 0, 0, "", None)
        return [Violation(first, empty, "type", (), "the file is empty; Compose refuses it")]
    span = Span(file.source, root.start, min(root.end, root.start + len(file.source.line(root.span.first[0]))))
    return [Violation(span, root, "type", (), "a Compose file is a map with keys like `services` and `models`")]


def _template_violation(error: InvalidTemplate) -> Violation:
    scalar = error.args[1]
    content = scalar.content
    whole = content.text != scalar.text
    span = content if whole else Span(content.source, content.start + error.start, content.end)
    message = "this `${` is not well formed, and Compose refuses the file"
    return Violation(span, scalar, "interpolation", (), message, "write `$$` for a `$` that begins no variable")


def _environment(folder: str, shell: Dict[str, str]) -> dict[str, str]:
    """The variables that interpolation sees: those of `.env`, and those of the shell over them."""
    path = os.path.join(folder, ".env")
    found: dict[str, str] = {}
    if os.path.isfile(path):
        try:
            for entry in read_dotenv(files.read(path, private=True), shell):
                if entry.value is not None:
                    found[entry.name] = entry.value
        except (files.Unreadable, DotenvError):
            found = {}
    found.update(shell)
    return found


class _EnvFiles:
    """Reads the env files that services name, each once. One that lies outside the project's folder is not read."""

    def __init__(self, folder: str, environment: Dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._read: dict[str, list[Setting]] = {}

    def __call__(self, node: Scalar) -> list[Setting]:
        path = os.path.normpath(os.path.join(self._folder, str(node.value)))
        if path not in self._read:
            self._read[path] = self._settings(path)
        return self._read[path]

    def _settings(self, path: str) -> list[Setting]:
        if not files.inside(path, self._folder):
            return []
        try:
            found = read_dotenv(files.read(path, private=True), self._environment, wins=False)
        except (files.Unreadable, DotenvError):
            return []
        return [Setting(entry.name, entry.span, entry.value, None, path) for entry in found]
