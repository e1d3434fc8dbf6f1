"""Missing inputs of a project: variables without a value, and env files that do not exist.

A fresh clone has neither. What Compose refuses for want of them is no fault of the files.
"""

from __future__ import annotations

import os

from modellint.yaml.node import Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modellint.compose.model.project import Project
    from modellint.compose.schema.violation import Violation
    from modellint.compose.variables.interpolate import Variable
    from modellint.text.source import Span

NEEDED_FILE = "needed-file"  # the kind of an env file that is missing, and that a fresh clone is meant to lack
REQUIRED = "required-variable"  # the kind of `${NAME:?}` without a value
_WHATEVER = ("type", "interpolation")  # kinds of what no value would mend
_MOST_NAMED = 10
_EXAMPLES = ("example", "sample", "template", "dist", "tmpl", "tpl", "default", "defaults")


class Need:
    """A variable without a value, or an env file that is not there. `place` is where it is first asked for."""

    __slots__ = ("example", "name", "path", "place")

    def __init__(self, name: str, place: Span, path: str = "", example: str = "") -> None:
        self.name = name  # of the variable; of a file, as it is first written
        self.place = place
        self.path = path  # of a file; empty for a variable
        self.example = example  # the name of the file beside it that shows what belongs into it; empty where none does


class Missing:
    """All that is missing, each once, and what Compose refuses for want of it.

    `example` is the name of the file beside the project's `.env`, which is not there, that shows what belongs into it.
    """

    __slots__ = ("example", "needs", "refusals")

    def __init__(self, needs: list[Need], refusals: list[Violation], example: str) -> None:
        self.needs = needs
        self.refusals = refusals
        self.example = example

    @property
    def files(self) -> list[str]:
        """The env files that are missing, as they are written."""
        return [need.name for need in self.needs if need.path]

    @property
    def variables(self) -> list[str]:
        """The variables that have no value here."""
        return [need.name for need in self.needs if not need.path]


def in_words(files: Sequence[str], variables: Sequence[str]) -> str:
    """What is needed, for a sentence."""
    parts = [f"the env file{'s' * (len(files) > 1)} {_listed(files)}"] if files else []
    parts += [f"{'values' if len(variables) > 1 else 'a value'} for {_listed(variables)}"] if variables else []
    return " and ".join(parts)


def missing(project: Project) -> Missing:
    """What a project needs and does not find here, in the order in which it is asked for."""
    needs: dict[tuple[str, bool], Need] = {}
    refusals: list[Violation] = []
    looked_at: dict[tuple[int, int, bool], bool] = {}  # texts, and whether a value of theirs is missing
    for violation in project.violations:
        node, required = violation.node, violation.kind == REQUIRED
        if violation.kind in _WHATEVER or not isinstance(node, Scalar):
            continue
        if violation.kind == NEEDED_FILE:
            path = os.path.normpath(os.path.join(node.source.base, str(node.value)))
            needs.setdefault((path, True), Need(node.shown, violation.span, path, example_for(path)))
            refusals.append(violation)
            continue
        text = id(node.source), node.start
        if (*text, required) not in looked_at:
            variables = project.once(unset_variables).get(text, [])
            lacking = [each for each in variables if not required or each.operator in ("?", ":?")]
            for variable in lacking:
                if (variable.name, False) not in needs:
                    needs[variable.name, False] = Need(variable.name, variable.span)
            looked_at[(*text, required)] = bool(lacking)
        if looked_at[(*text, required)]:
            refusals.append(violation)
    example = example_for(os.path.join(project.folder, ".env")) if needs else ""
    return Missing(sorted(needs.values(), key=_order), refusals, example)


def example_for(path: str) -> str:
    """The name of the file beside an env file, which is not there, that shows what belongs into it."""
    return "" if os.path.exists(path) else os.path.basename(example_of(path))


def example_of(path: str) -> str:
    """The file beside an env file that shows what belongs into it; empty where there is none."""
    folder, name = os.path.split(path)
    return next((each for each in _examples(folder, name) if os.path.isfile(each)), "")


def _examples(folder: str, name: str) -> Iterator[str]:
    stem, dot, end = name.rpartition(".")
    for word in _EXAMPLES:
        yield os.path.join(folder, f"{name}.{word}")
        if stem:
            yield os.path.join(folder, f"{stem}.{word}{dot}{end}")
        yield os.path.join(folder, f"{word}{name}" if name.startswith(".") else f"{word}.{name}")


def unset_variables(project: Project) -> dict[tuple[int, int], list[Variable]]:
    """The variables that have neither a value here nor a default, by the place of the text that holds them."""
    found: dict[tuple[int, int], list[Variable]] = {}
    for variable in project.variables:
        if variable.scalar is not None and _is_unset(variable, project):
            found.setdefault((id(variable.scalar.source), variable.scalar.start), []).append(variable)
    return found


def _is_unset(variable: Variable, project: Project) -> bool:
    if variable.operator == ":?":
        return not (variable.is_set and project.environment.get(variable.name) != "")
    return variable.operator in ("", "?") and not variable.is_set


def _order(need: Need) -> tuple[str, int]:
    return need.place.source.path, need.place.start


def _listed(names: Sequence[str]) -> str:
    said = [f"`{name}`" for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        said[-1] = f"{len(names) - _MOST_NAMED + 1} more"
    *first, last = said
    return f"{', '.join(first)} and {last}" if first else last
