"""The state of one project while its files are read: the files, their variables and their violations."""

from __future__ import annotations

import os

from modellint.compose.model.missing import NEEDED_FILE, REQUIRED
from modellint.compose.schema.validate import violations
from modellint.compose.schema.violation import MADE_A_MAP, Violation
from modellint.compose.variables.dotenv import VariableBudget
from modellint.compose.variables.interpolate import InvalidTemplate, MissingVariable, interpolate
from modellint.files import disk
from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar, scalars
from modellint.yaml.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from modellint.compose.loading.merge import Merge
    from modellint.compose.schema.table import Accepted
    from modellint.compose.variables.interpolate import Variable
    from modellint.files.reader import Reader
    from modellint.text.source import Source
    from modellint.yaml.builder import YamlFile
    from modellint.yaml.node import Node

MAX_FILES = 500  # that one project may be made of
MAX_NODES = 200_000  # that all of them may hold; a file that is read for several folders counts as often
_MOST_REFUSED = 10  # states of a project of which it is said what the schema refuses: Compose stops at the first
# The kinds of violations that another shell or checkout may not have.
AROUND = ("variable", REQUIRED, NEEDED_FILE, "env_file", "label_file")
_REMOTE = ("oci://", "git@", "git://", "ssh://", "http://", "https://", "github.com/")


class Scope:
    """Where the text of a file stands: the folder that its paths begin at, its variables, and who includes it."""

    __slots__ = ("base", "environment", "within")

    def __init__(self, base: str, environment: dict[str, str], within: tuple[str, ...] = ()) -> None:
        self.base = base
        self.environment = environment
        self.within = within  # the files that include one another down to this one


class Session:
    """Reads the files of one project, and keeps what was met on the way.

    `whole` becomes False where a part of the project could not be read. `borrowed` are the files of which only the
    services were taken that others extend.
    """

    __slots__ = (
        "_accepted", "_nodes", "_refused", "borrowed", "env_sources", "environments", "files", "folder", "foreign",
        "imports_models", "included", "merge", "outside", "read_before", "reader", "room", "several", "taken_over",
        "variables", "violations", "whole",
    )  # fmt: skip

    def __init__(self, folder: str, reader: Reader, imports_models: bool = True) -> None:
        self.folder = folder
        self.reader = reader
        self.imports_models = imports_models  # whether `include` takes over `models`; Compose does since 5.0.0
        self.files: list[YamlFile] = []
        self.borrowed: list[YamlFile] = []
        self.outside: list[Scalar] = []  # what names a file that lies outside the project directory
        self.foreign: list[tuple[Scalar, str]] = []  # what names a file outside the repository, with words
        self.variables: list[Variable] = []
        self.violations: list[Violation] = []
        self.whole = True
        self.merge: Merge | None = None  # where anything was merged
        self.several = False  # whether there is more than one document
        self.taken_over = 0  # nodes that services have from those that they extend
        self.read_before: dict[tuple[str, str, int], tuple[YamlFile, Scope]] = {}
        self.included: dict[tuple[object, ...], Node | None] = {}
        self.environments: dict[object, dict[str, str]] = {}  # of included projects: those that are equal are the same
        self.env_sources: list[Source] = []  # the env files that those come from
        self.room = VariableBudget()  # for the variables of the projects that are included
        self._nodes = 0  # of the files
        self._accepted: Accepted = {}
        self._refused = 0  # states of the project

    def admit(self, file: YamlFile, scope: Scope) -> YamlFile:
        """Take a file in, and give its variables their values."""
        file.source.base = scope.base
        self.files.append(file)
        self._nodes += file.size
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
            self.fail(named, does, f"the project has more than {MAX_FILES} files")
            return None
        if self._nodes > MAX_NODES:
            self.overflow(named, does, f"the files of the project contain more than {MAX_NODES:,} values in total")
            return None
        if self.is_foreign(named, path, named.shown, does):
            return None
        try:
            source = self.reader.read_compose(path)
        except disk.Unreadable as trouble:
            self.fail(named, does, f"`{named.shown}` {trouble.reason}")
            return None
        if not disk.inside(path, self.folder):
            self.outside.append(named)
        file = self.admit(parse(source), scope)
        self.read_before[key] = (file, scope)  # the scope stays alive, so that the id of its variables stays its own
        return file

    def fail(self, node: Node, does: str, problem: str, hint: str = "") -> None:
        """Note what could not be loaded, and that the project is therefore not whole."""
        self.whole = False
        span = node.content if isinstance(node, Scalar) else node.span
        message = f"{problem}: Compose rejects the project"
        self.violations.append(Violation(span, node, does, (), message, hint))

    def overflow(self, node: Scalar, does: str, problem: str) -> None:
        """Note, once, that the project is larger than a reader should hold; what comes after that is not read."""
        message = f"{problem}: modellint reads no more files from here on"
        if self.whole or all(violation.message != message for violation in self.violations):
            hint = "check parts of the project separately"
            self.violations.append(Violation(node.content, node, does, (), message, hint))
        self.whole = False

    def is_foreign(self, node: Scalar, path: str, shown: str, does: str) -> bool:
        """Whether a file lies outside the repository; notes that it is therefore not read.

        Compose does read it. Whether it is there may be said, and nothing of what it holds.
        """
        if not disk.foreign(path, self.folder):
            return False
        if reason := self.reader.trouble(path):
            self.fail(node, does, f"`{shown}` {reason}")
            return True
        self.whole = False
        message = (
            f"`{shown}` is outside the repository, so modellint does not read it and part of the project is missing"
        )
        hint = "keep it in the repository: modellint does not check what this file adds"
        self.violations.append(Violation(node.content, node, does, (), message, hint))
        self.foreign.append((node, message))
        return True

    def fail_remote(self, node: Scalar, does: str) -> None:
        """Note that a file from elsewhere is not loaded; Compose does load it."""
        self.whole = False
        message = (
            f"`{node.shown}` is not loaded: modellint does not read remote files, so part of the project is missing"
        )
        hint = "check a local copy: modellint does not check what this file adds"
        self.violations.append(Violation(node.content, node, does, (), message, hint))

    def merging(self) -> Merge:
        """The merges of this project; made when the first is needed."""
        if self.merge is None:
            from modellint.compose.loading.merge import Merge

            self.merge = Merge()
        return self.merge

    def check(self, total: Node | None) -> None:
        """Note what the schema refuses in what was loaded so far, as Compose asks it after each document."""
        if isinstance(total, Mapping) and self._refused < _MOST_REFUSED:
            found = violations(total, self._accepted)
            self.violations.extend(found)
            self._refused += bool(found)

    def judge(self, root: Mapping) -> list[Violation]:
        """What the schema refuses in the whole project."""
        return violations(root, self._accepted)


def is_remote(path: str) -> bool:
    """Whether Compose would fetch the file from a git repository or a registry."""
    return path.startswith(_REMOTE)


def distinct(found: Iterable[Violation]) -> list[Violation]:
    """The violations without repetitions: what one document breaks, the project that it is part of breaks too.

    What is missing around the files (a variable, an env file) is missing once, however often it is asked for. What is
    wrong with an item that a blank makes a map is wrong for that reason alone.
    """
    kept: dict[tuple[Span | None, str, str], Violation] = {}
    for violation in found:
        span = None if violation.kind in AROUND else violation.span
        kept.setdefault((span, violation.kind, violation.message), violation)
    made = {id(violation.node): violation.node for violation in kept.values() if violation.kind == MADE_A_MAP}
    if not made:
        return list(kept.values())
    inside = {id(each) for item in made.values() for each in (item, *scalars(item))}
    keys = [key for item in made.values() if isinstance(item, Mapping) for key, _ in item.pairs]
    begins = {(id(node.source), node.start) for node in [*made.values(), *keys]}
    return [
        each
        for each in kept.values()
        if each.kind == MADE_A_MAP or not (id(each.node) in inside or (id(each.span.source), each.span.start) in begins)
    ]


def _refused(error: ValueError) -> Violation:
    return _missing_variable(error) if isinstance(error, MissingVariable) else _template_violation(error)


def _missing_variable(error: MissingVariable) -> Violation:
    variable = error.variable
    assert variable.scalar is not None
    message = f"`{variable.name}` is required here but has no value: Compose rejects the project"
    hint = f"set `{variable.name}` in the shell or in `.env`"
    return Violation(variable.span, variable.scalar, REQUIRED, (), message, hint)


def _template_violation(error: ValueError) -> Violation:
    scalar = error.args[1]
    content = scalar.content
    start = error.start if isinstance(error, InvalidTemplate) and content.text == scalar.text else 0
    span = Span(content.source, content.start + start, content.end)
    message = "this `${` is malformed: Compose rejects the file"
    return Violation(span, scalar, "interpolation", (), message, "write `$$` for a literal `$`")
