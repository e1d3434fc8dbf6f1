"""The project as `docker compose config` prints it: `canonical` gives the data, `dump` its YAML.

Everything here works on plain data: what a position is needed for is found on the nodes, before this runs. The
readers of ports and volumes are used on their own too, and load without the rest.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modellint.compose.model.project import Project


def canonical(project: Project) -> dict[str, Any]:
    """The data that `docker compose config` prints for a project that Compose accepts: see `whole_project`."""
    from modellint.compose.canonical.project import whole_project

    return whole_project(project)


def dump(data: dict[str, Any]) -> str:
    """The YAML text of what `canonical` returns, in its order of keys."""
    from modellint.compose.canonical.yaml_text import document

    return document(data)
