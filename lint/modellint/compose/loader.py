"""Lay the files of a project over one another, in the order in which Docker Compose does (compose-go, `loader.go`).

For each document: its variables, what it includes, what its services extend, and then the document over what was
loaded before it. Checked against Compose 5.6.1.
"""

from __future__ import annotations

import os

from modellint.compose import files
from modellint.compose.interpolate import InvalidTemplate, MissingVariable, interpolate
from modellint.compose.schema import Violation
from modellint.node import Mapping, Scalar
from modellint.node import Sequence as NodeSequence
from modellint.parse import parse
from modellint.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from modellint.compose.interpolate import Variable
    from modellint.compose.merge import Merge
    from modellint.node import Node
    from modellint.tree import YamlFile

MAX_FILES = 500  # that one project may be made of
AROUND = ("variable", "env_file", "label_file")  # violations that another shell or checkout may not have
_REMOTE = ("oci://", "git@", "git://", "ssh://", "http://", "https://", "github.com/")


class TooMuch(ValueError):
    """The files are valid, and laid over one another larger than a reader should accept."""


class Scope:
    """Where the text of a file stands: the folder that its paths begin at, its variables, and who includes it."""

    __slots__ = ("base", "environment", "within")

    def __init__(self, base: str, environment: dict[str, str], within: tuple[str, ...] = ()) -> None:
        self.base = base
        self.environment = environment
        self.within = within  # the files that include one another down to this one


class Loader:
    """Reads the files of one project, and keeps what was met on the way.

    `whole` becomes False where a part of the project could not be read. `borrowed` are the files of which only the
    services were taken that others extend.
    """

    __slots__ = (
        "borrowed", "files", "folder", "imports_models", "included", "merge", "outside", "read_before", "several",
        "variables", "violations", "whole",
    )  # fmt: skip

    def __init__(self, folder: str, imports_models: bool = True) -> None:
        self.folder = folder
        self.imports_models = imports_models  # whether `include` takes over `models`; Compose does since 5.0.0
        self.files: list[YamlFile] = []
        self.borrowed: list[YamlFile] = []
        self.outside: list[Scalar] = []  # what names a file that lies outside the project directory
        self.variables: list[Variable] = []
        self.violations: list[Violation] = []
        self.whole = True
        self.merge: Merge | None = None  # where anything was merged
        self.several = False  # whether there is more than one document
        self.read_before: dict[tuple[str, str, int], tuple[YamlFile, Scope]] = {}
        self.included: dict[tuple[object, ...], Node | None] = {}

    def admit(self, file: YamlFile, scope: Scope) -> YamlFile:
        """Take a file in, and give its variables their values."""
        file.source.base = scope.base
        self.files.append(file)
        met, refused = interpolate(file.templates, scope.environment)
        self.variables.extend(met)
        self.violations.extend(_refused(error) for error in refused)
        return file

    def read(self, named: Scalar, path: str, scope: Scope, does: str) -> YamlFile | None:
        """The file under a path, each read once; None, and a violation at `named`, where it cannot be read."""
        key = (os.path.realpath(path), os.path.normpath(scope.base), id(scope.environment))
        if key in self.read_before:
            return self.read_before[key][0]
        if len(self.files) >= MAX_FILES:
            self.fail(named, does, f"the project is made of more than {MAX_FILES} files")
            return None
        try:
            source = files.read(path, private=files.foreign(path, self.folder))
        except files.Unreadable as trouble:
            self.fail(named, does, f"`{named.shown}` {trouble.reason}")
            return None
        if not files.inside(path, self.folder):
            self.outside.append(named)
        file = self.admit(parse(source), scope)
        self.read_before[key] = (file, scope)  # the scope stays alive, so that the id of its variables stays its own
        return file

    def fail(self, node: Node, does: str, problem: str, hint: str = "") -> None:
        """Note what could not be loaded, and that the project is therefore not whole."""
        self.whole = False
        span = node.content if isinstance(node, Scalar) else node.span
        message = f"{problem}: Docker Compose refuses the project"
        self.violations.append(Violation(span, node, does, (), message, hint))

    def fail_remote(self, node: Scalar, does: str) -> None:
        """Note that a file from elsewhere is not loaded; Compose does load it."""
        self.whole = False
        message = f"`{node.shown}` is not loaded: modellint reads no file of another machine, so a part is missing"
        hint = "check a local copy: what this file brings along is not looked at"
        self.violations.append(Violation(node.content, node, does, (), message, hint))

    def model(self, several: Sequence[YamlFile], scope: Scope) -> Node | None:
        """The files laid over one another; None where they hold nothing, the last text that is no map as it is."""
        total: Node | None = None
        for file in several:
            total = self.file(file, total, scope)
        return total

    def file(self, file: YamlFile, total: Node | None, scope: Scope, *, alone: bool = False) -> Node | None:
        """A file laid over what was loaded before it; `alone` without what it includes and its services extend."""
        inner = Scope(scope.base, scope.environment, (*scope.within, os.path.realpath(file.source.path)))
        for raw in file.documents:
            if not isinstance(raw, Mapping):
                if len(file.documents) == 1 and total is None:
                    return raw
                if file.whole:
                    self.violations.append(_no_map(raw))
            elif total is None or isinstance(total, Mapping):
                total = self.document(raw, total, inner, alone)
        return total

    def document(self, raw: Mapping, total: Mapping | None, scope: Scope, alone: bool) -> Mapping:
        """A document laid over those before it."""
        document = raw
        services = raw.get("services")
        if isinstance(services, Scalar) and services.value is None and total is not None and not alone:
            self.fail(raw.entries["services"][0], "type", "`services` is empty here")
        text = raw.source.text
        tagged = "!reset" in text or "!override" in text
        if tagged:
            from modellint.compose.merge import settle

            document = settle(raw)
        if not alone and "include" in document:
            from modellint.compose.include import include

            document = include(self, document, raw, scope)
        if total is not None:
            self.several = True
            if not alone:
                self.check(total)
            total = _loaded(total)
            if tagged:
                from modellint.compose.merge import cleared

                total = cleared(total, raw)
        if not alone and _extends(document):
            from modellint.compose.extends import extend

            document = extend(self, document, raw, scope)
        if total is not None:
            return self.merging().documents(total, document)
        return self.without_repetitions(document) if _may_repeat(document) else document

    def without_repetitions(self, document: Mapping) -> Mapping:
        """A document in whose services no list says one thing twice."""
        from modellint.compose.unicity import without_repetitions

        return without_repetitions(document, lambda first, later: later)

    def merging(self) -> Merge:
        """The merges of this project; made when the first is needed."""
        if self.merge is None:
            from modellint.compose.merge import Merge

            self.merge = Merge()
        return self.merge

    def check(self, total: Node | None) -> None:
        """Note what the schema refuses in what was loaded so far, as Compose asks it after each document."""
        from modellint.compose.schema import violations

        if isinstance(total, Mapping):
            self.violations.extend(violations(total))


def _loaded(total: Mapping) -> Mapping:
    """What was loaded so far, in the form in which Compose lays the next document over it."""
    from modellint.compose.shapes import loaded, with_entries

    sections = {name: total.entries[name] for name in ("services", "jobs") if name in total.entries}
    for name, (key, section) in sections.items():
        if isinstance(section, Mapping):
            bodies = {service: (where, loaded(body)) for service, (where, body) in section.entries.items()}
            total = with_entries(total, {**total.entries, name: (key, with_entries(section, bodies))})
    return total


def _may_repeat(document: Mapping) -> bool:
    """Whether a service has a list of several items, or a map with lists."""
    services = document.get("services")
    return isinstance(services, Mapping) and any(
        (isinstance(value, NodeSequence) and len(value.items) > 1) or name in ("build", "networks")
        for _, body in services
        if isinstance(body, Mapping)
        for name, (_, value) in body.entries.items()
    )


def is_remote(path: str) -> bool:
    """Whether Compose would fetch the file from a git repository or a registry."""
    return path.startswith(_REMOTE)


def distinct(found: Iterable[Violation]) -> list[Violation]:
    """The violations without repetitions: what one document breaks, the project that it is part of breaks too.

    What is missing around the files (a variable, an env file) is missing once, however often it is asked for.
    """
    kept: dict[tuple[Span | None, str, str], Violation] = {}
    for violation in found:
        span = None if violation.kind in AROUND else violation.span
        kept.setdefault((span, violation.kind, violation.message), violation)
    return list(kept.values())


def _extends(document: Mapping) -> bool:
    sections = [document.get("services"), document.get("jobs")]
    bodies = [body for section in sections if isinstance(section, Mapping) for _, body in section]
    return any(isinstance(body, Mapping) and "extends" in body for body in bodies)


def _no_map(node: Node) -> Violation:
    """A document that is no map; an empty one at the `---` that begins it."""
    at = node.source.text.rfind("---", 0, node.start + 1)
    span = node.span if node.end > node.start or at < 0 else Span(node.source, at, at + 3)
    span = Span(span.source, span.start, min(span.end, span.start + len(span.source.line(span.first[0]))))
    message = "a document of a Compose file is a map, and an empty one is none: Docker Compose refuses the file"
    return Violation(span, node, "type", (), message, "delete the document, or what separates it")


def _refused(error: ValueError) -> Violation:
    return _missing_variable(error) if isinstance(error, MissingVariable) else _template_violation(error)


def _missing_variable(error: MissingVariable) -> Violation:
    variable = error.variable
    assert variable.scalar is not None
    message = f"`{variable.name}` is required here and has no value, so Docker Compose refuses the project"
    hint = f"set `{variable.name}` in the shell or in the `.env` file"
    return Violation(variable.span, variable.scalar, "variable", (), message, hint)


def _template_violation(error: ValueError) -> Violation:
    scalar = error.args[1]
    content = scalar.content
    start = error.start if isinstance(error, InvalidTemplate) and content.text == scalar.text else 0
    span = Span(content.source, content.start + start, content.end)
    message = "this `${` is not well formed, and Compose refuses the file"
    return Violation(span, scalar, "interpolation", (), message, "write `$$` for a `$` that begins no variable")
