"""The file of the project that a container sees under a path, because a bind mount or a config puts it there."""

from __future__ import annotations

import os
import posixpath

from modellint.compose.model.mounts import BIND, CONFIG
from modellint.files import disk
from modellint.text.source import Source
from modellint.yaml.node import Mapping, text_of
from modellint.yaml.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.mounts import Mount
    from modellint.compose.model.project import Project, Service


def mounted_yaml(service: Service, path: str, project: Project) -> Mapping | None:
    """The map in a YAML file under a path of the container; None where it is none, not there, or not to be read.

    A file outside the repository is not read, and nothing of one is for printing.
    """
    source = _mounted(service, posixpath.normpath(path), project)
    documents = parse(source).documents if source is not None else []
    return documents[0] if documents and isinstance(documents[0], Mapping) else None


def _mounted(service: Service, path: str, project: Project) -> Source | None:
    for content in _contents(service, path, project):
        return Source("", content, private=True)
    for mount in _binds(service):
        target = posixpath.normpath(mount.target)
        inner = posixpath.relpath(path, target) if _lies_below(path, target) else ""
        if not inner:
            continue
        found = os.path.normpath(os.path.join(mount.node.source.base, mount.source, inner))
        if disk.foreign(found, project.folder) or project.reader.trouble(found):
            return None
        try:
            return project.reader.read(found, private=True)
        except disk.Unreadable:
            return None
    return None


def _contents(service: Service, path: str, project: Project) -> Iterator[str]:
    """The text of the config that is written to a path."""
    for mount in service.mounts:
        if mount.kind == CONFIG and posixpath.normpath(mount.target) == path and project.root is not None:
            content = text_of(project.root.get("configs", mount.source, "content"))
            if content is not None:
                yield content


def _binds(service: Service) -> Iterator[Mount]:
    """The paths of the host that a service mounts; where one lies in another, the inner one is first."""
    binds = [mount for mount in service.mounts if mount.kind == BIND and mount.source and mount.target]
    return iter(sorted(binds, key=lambda mount: -len(posixpath.normpath(mount.target))))


def _lies_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
