"""What Compose rejects in jobs. They share their names with services, and can wait for both services and jobs.

Checked against Compose 5.6.1.
"""

from __future__ import annotations

from modellint.compose.model.project import Service, entries, is_active
from modellint.compose.schema.violation import Violation
from modellint.compose.validation.casts import is_unread, shown
from modellint.compose.validation.references import needs
from modellint.compose.validation.sections import IN_JOBS
from modellint.yaml.node import Mapping, Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Project

_REFUSED = "Compose rejects the file"


def jobs(root: Mapping, project: Project, whole: bool) -> Iterator[Violation]:
    """What is refused in the jobs; names that nothing declares only where the project is `whole`."""
    found = [Service(key, body, is_active(body, project.profiles)) for key, body in _bodies(root)]
    started = {job.name.text for job in found if job.active}
    started.update(name for name, service in project.services.items() if service.active)
    for job in found:
        path = ("jobs", job.name.text)
        for key, (_, value) in job.body.entries.items():
            if (check := IN_JOBS.get(key)) is not None:
                yield from check(value, (*path, key))
        if not whole:
            continue
        if job.name.text in project.services:
            message = f"`{job.name.text}` is the name of both a service and a job: {_REFUSED}"
            yield Violation(job.name.content, job.body, "exclusion", path, message, "rename one of them")
        for name, need in needs(job).items() if job.active else ():
            optional = not need.required and name in project.services
            if name not in started and not optional and not is_unread(need.node):
                text = shown(need.node) if need.node.interpolated else name
                message = (
                    f"`{need.key}` refers to `{text}`, which is neither a service nor a job that is started: {_REFUSED}"
                )
                hint = "declare it, correct the name, or enable its profile"
                yield Violation(need.span, need.node, "reference", (*path, need.key), message, hint)


def _bodies(root: Mapping) -> Iterator[tuple[Scalar, Mapping]]:
    return ((key, body) for key, body in entries(root.get("jobs")) if isinstance(body, Mapping))
