"""What a container sees of the outside: `volumes`, `tmpfs`, `configs` and `secrets`, in short and long forms.

A short form is `[SOURCE:]TARGET[:OPTIONS]`, where a source that begins like a path is one of the host. Paths are as
written: relative ones begin at the folder of the file that they stand in.
"""

from __future__ import annotations

from modellint.yaml.node import Mapping, Scalar, Sequence, text_of
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.text.source import Span
    from modellint.yaml.node import Node

BIND = "bind"
CONFIG = "config"
_PATH_STARTS = (".", "/", "~", "\\\\")
_FOLDERS = {"configs": (CONFIG, ""), "secrets": ("secret", "/run/secrets")}  # of what has no target of its own


class Mount:
    """One path of the container, and what is put there: `kind` is `bind`, `volume`, `tmpfs`, `config` and so on.

    `kind` is empty for a short form that Compose cannot read as it is filled in here. `node` is the value that the
    source stands in, or else the target.
    """

    __slots__ = ("item", "kind", "node", "read_only", "source", "target")

    def __init__(self, item: Node, node: Scalar, kind: str, source: str, target: str, read_only: bool = False) -> None:
        self.item = item
        self.node = node
        self.kind = kind
        self.source = source
        self.target = target
        self.read_only = read_only

    @property
    def is_short(self) -> bool:
        """Whether it is written as one text."""
        return self.item is self.node

    @property
    def span(self) -> Span:
        """Where the source stands."""
        return self.node.part(0, len(self.source)) if self.is_short else self.node.content

    @property
    def shown(self) -> str:
        """The source for a message: as written where it is interpolated, so that no variable's value is printed."""
        return self.node.shown if self.node.interpolated else self.source


def read_mounts(body: Mapping) -> list[Mount]:
    """The mounts of a service, those of `volumes` first. What Compose refuses in any case is left out."""
    return [*_volumes(body.get("volumes")), *_tmpfs(body.get("tmpfs")), *_files(body)]


def _volumes(section: Node | None) -> Iterator[Mount]:
    for item in section.items if isinstance(section, Sequence) else ():
        if isinstance(item, Mapping):
            yield from _long(item)
        elif isinstance(item, Scalar) and isinstance(item.value, str):
            yield _short(item, item.value)


def _long(item: Mapping) -> Iterator[Mount]:
    source, target = item.get("source"), item.get("target")
    node = source if isinstance(source, Scalar) else target
    if isinstance(node, Scalar):
        read_only = item.get("read_only")
        is_read_only = isinstance(read_only, Scalar) and compose_text(read_only.value) == "true"
        kind = text_of(item.get("type")) or ""
        yield Mount(item, node, kind, text_of(source) or "", text_of(target) or "", is_read_only)


def _short(item: Scalar, text: str) -> Mount:
    parts = text.split(":")
    # What nearly every file holds; else there are drive letters, braces, or what Compose refuses.
    if len(parts) <= 3 and all(parts) and len(parts[0]) > 1 and "$" not in text:
        if len(parts) == 1:
            return Mount(item, item, "volume", "", text)
        kind = BIND if parts[0].startswith(_PATH_STARTS) else "volume"
        return Mount(item, item, kind, parts[0], parts[1], len(parts) == 3 and "ro" in parts[2].split(","))
    from modellint.compose.values.volumes import parse_volume

    try:
        read = parse_volume(text)
    except ValueError:
        return Mount(item, item, "", parts[0], parts[1] if len(parts) > 1 else "")
    return Mount(item, item, read["type"], read.get("source", ""), read["target"], read.get("read_only", False))


def _tmpfs(section: Node | None) -> Iterator[Mount]:
    for item in section.items if isinstance(section, Sequence) else [section]:
        if isinstance(item, Scalar) and isinstance(item.value, str):
            yield Mount(item, item, "tmpfs", "", item.value.partition(":")[0])


def _files(body: Mapping) -> Iterator[Mount]:
    for section, (kind, folder) in _FOLDERS.items():
        items = body.get(section)
        for item in items.items if isinstance(items, Sequence) else ():
            source = item.get("source") if isinstance(item, Mapping) else item
            name = text_of(source) or ""
            target = text_of(item.get("target")) if isinstance(item, Mapping) else None
            if isinstance(source, Scalar) and name:
                path = target or name
                yield Mount(item, source, kind, name, path if path.startswith("/") else f"{folder}/{path}", True)
