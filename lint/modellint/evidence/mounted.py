"""The file of the project that a container sees under a path, because a bind mount or a config puts it there."""

from __future__ import annotations

import os
import posixpath

from modellint.files import disk
from modellint.text.source import Source
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of
from modellint.yaml.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Project, Service
    from modellint.yaml.node import Node


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
    for node, source, target in _binds(service):
        inner = posixpath.relpath(path, target) if _lies_below(path, target) else ""
        if not inner:
            continue
        found = os.path.normpath(os.path.join(node.source.base, source, inner))
        if disk.foreign(found, project.folder) or project.reader.trouble(found):
            return None
        try:
            return project.reader.read(found, private=True)
        except disk.Unreadable:
            return None
    return None


def _contents(service: Service, path: str, project: Project) -> Iterator[str]:
    """The text of the config that is written to a path."""
    section = service.body.get("configs")
    for item in section if isinstance(section, Sequence) else ():
        source = item.get("source") if isinstance(item, Mapping) else item
        name = text_of(source) or ""
        target = text_of(item.get("target")) if isinstance(item, Mapping) else None
        if posixpath.normpath(target or f"/{name}") == path and project.root is not None:
            content = text_of(project.root.get("configs", name, "content"))
            if content is not None:
                yield content


def _binds(service: Service) -> Iterator[tuple[Node, str, str]]:
    """The paths of the host that a service mounts, and where."""
    section = service.body.get("volumes")
    for item in section if isinstance(section, Sequence) else ():
        if isinstance(item, Mapping):
            source, target = text_of(item.get("source")), text_of(item.get("target"))
            if text_of(item.get("type")) == "bind" and source and target:
                yield item, source, posixpath.normpath(target)
        elif isinstance(item, Scalar) and isinstance(item.value, str):
            source, _, rest = item.value.partition(":")
            if source.startswith(".") and rest:
                yield item, source, posixpath.normpath(rest.partition(":")[0])


def _lies_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
