"""Whether a value can be known from the files alone."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.interpolate import Variable
    from modellint.compose.project import Project
    from modellint.node import Scalar


def unset(node: Scalar, project: Project) -> list[Variable]:
    """The variables of a value that have neither a value here nor a default: what they will be is not known."""
    if not node.interpolated:
        return []
    return [variable for variable in project.variables if variable.scalar is node and _is_unset(variable, project)]


def with_unset(project: Project) -> frozenset[int]:
    """The ids of all values that have such a variable."""
    return frozenset(id(variable.scalar) for variable in project.variables if _is_unset(variable, project))


def _is_unset(variable: Variable, project: Project) -> bool:
    if variable.operator == ":?":
        return not (variable.is_set and project.environment.get(variable.name) != "")
    return variable.operator in ("", "?") and not variable.is_set
