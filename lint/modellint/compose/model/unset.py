"""Tell whether a value can be known from the files alone."""

from __future__ import annotations

from modellint.compose.model.missing import unset_variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.project import Project
    from modellint.compose.variables.interpolate import Variable
    from modellint.yaml.node import Scalar


def unset(node: Scalar, project: Project) -> list[Variable]:
    """The variables of a value that have neither a value here nor a default: what they will be is not known."""
    if not node.interpolated:
        return []
    return project.once(unset_variables).get((id(node.source), node.start), [])


def with_unset(project: Project) -> frozenset[int]:
    """The ids of all values that have such a variable."""
    return frozenset(id(each.scalar) for found in project.once(unset_variables).values() for each in found)
