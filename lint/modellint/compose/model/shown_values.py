"""What a policy may see of a value: what the repository itself says, and nothing of the variables of the machine.

A policy may lie in the repository that is checked, and whoever wrote it could ask of a value letter by letter. Where a
variable brings in what the shell, or an env file outside the repository, gives it, a policy of the repository sees
what is written instead: `${NPM_TOKEN}`.
"""

from __future__ import annotations

from bisect import bisect_right

from modellint.compose.variables.origin import marked
from modellint.files import disk
from modellint.oci.model_reference import Reference
from modellint.yaml.node import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from modellint.compose.model.project import Model, Project
    from modellint.yaml.node import Scalar, Value

    Leaf: TypeAlias = Callable[[Scalar], Value]

_NAME = "COMPOSE_PROJECT_NAME"
_ALWAYS = ("PWD",)  # that Compose has from the machine, whether the shell says it or not


def outer_names(project: Project) -> frozenset[str]:
    """The variables whose values are not, or not only, the repository's own."""
    inside = [source for source in project.env_sources if not disk.foreign(source.path, project.folder)]
    names = marked(inside, (*project.shell, *_ALWAYS))
    if names is None or len(inside) < len(project.env_sources):
        return frozenset(project.environment)
    named = [
        said
        for file in project.files
        for document in file.documents
        if isinstance(document, Mapping) and (said := document.get("name")) is not None
    ]
    taken = {id(variable.scalar) for variable in project.variables if variable.name in names}
    return names | {_NAME} if any(id(said) in taken for said in named) else names


def is_outer(node: Scalar, project: Project) -> bool:
    """Whether such a variable stands in a value, or in the text that the value is a part of."""
    if not node.interpolated:
        return False
    starts, ends = project.once(_outer_places).get(id(node.source), ([], []))
    at = bisect_right(starts, node.start) - 1
    return at >= 0 and node.start <= ends[at]


def own_value(project: Project) -> Leaf:
    """What a policy of the repository sees in place of a value."""
    return lambda node: node.content.text if is_outer(node, project) else node.value


def own_parts(model: Model, project: Project) -> tuple[str, str]:
    """The registry and the repository of a model's reference, each empty where what is written does not tell."""
    node, ref = model.reference, model.ref
    if node is None or ref is None:
        return "", ""
    if not is_outer(node, project):
        return ref.registry, ref.repository
    before = node.text.partition("$")[0]
    if "/" not in before:
        return "", ""
    known = Reference(f"{before}x")
    return known.registry, known.repository if ":" in before.rpartition("/")[2] else ""


def _outer_places(project: Project) -> dict[int, tuple[list[int], list[int]]]:
    """By the id of a file: where the values with such a variable begin, in order, and where each of them ends."""
    names = project.once(outer_names)
    found: dict[int, dict[int, int]] = {}
    for variable in project.variables:
        if variable.name in names and (node := variable.scalar) is not None:
            found.setdefault(id(node.source), {})[node.start] = node.end
    return {source: (sorted(ends), [ends[start] for start in sorted(ends)]) for source, ends in found.items()}
