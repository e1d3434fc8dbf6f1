"""From nodes to plain data. What needs a node's own folder is resolved here: paths, and short forms that hold one.

A path is relative to the folder of the file that it stands in (`Source.base`).
"""

from __future__ import annotations

import os

from modellint.compose.canonical.values import is_map
from modellint.compose.values.shapes import KeyedList
from modellint.compose.values.volumes import parse_volume
from modellint.yaml.node import Mapping, Sequence
from modellint.yaml.scalars import Time, compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from modellint.yaml.node import Node

    Resolve: TypeAlias = Callable[[Any, Node], Any]
    Places: TypeAlias = "dict[str, Places | Resolve]"

# In a table of places a name is that of an entry, `*` any entry, `[]` any list item, `.` the node itself once all
# below it is resolved.
_REMOTE = ("https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:")


def data_of(root: Mapping) -> dict[str, Any]:
    """The whole document as plain data, with absolute paths."""
    data: dict[str, Any] = _resolved(root, _DOCUMENT)
    return data


def absolute(path: str, base: str) -> str:
    """A path, seen from a folder. One that is absolute stays as it is written; `~` is the home folder, if known."""
    home = os.environ.get("USERPROFILE" if os.name == "nt" else "HOME")
    if path.startswith("~") and home:
        return os.path.normpath(f"{home}/{path[1:]}")
    if os.path.isabs(path):
        return path
    return os.path.normpath(os.path.join(os.path.abspath(base), path))


def _resolved(node: Node, places: Places | Resolve | None) -> Any:
    places = places or {}
    table: Places = places if not callable(places) else {".": places}
    data: Any
    if isinstance(node, Mapping):
        data = {name: _entry(name, value, table) for name, (_, value) in node.entries.items()}
        if isinstance(node, KeyedList):
            data = [name if value is None else f"{name}={compose_text(value)}" for name, value in data.items()]
    elif isinstance(node, Sequence):
        data = [_resolved(item, table.get("[]")) for item in node.items]
    else:
        data = node.value
    resolve = table.get(".")
    return resolve(data, node) if callable(resolve) and data is not None else data


def _entry(name: str, node: Node, table: Places) -> Any:
    if name.startswith("x-") and name not in table and "*" not in table:
        return _extension(node)
    return _resolved(node, table.get(name, table.get("*")))


def _extension(node: Node) -> Any:
    """What stands under an `x-` key; only there a time stays a time."""
    if isinstance(node, Mapping):
        return {name: _extension(value) for name, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [_extension(item) for item in node.items]
    return _time(node.value) if isinstance(node.value, Time) else node.value


def _time(text: str) -> object:
    """A time in Go's form, as `2001-02-03 04:05:06.7 +0800 +0800`; what is below a microsecond is cut off."""
    from datetime import datetime

    date, clock, zone = text.split(" ")[:3]
    return datetime.fromisoformat(f"{date}T{clock}{zone}")


def _base(node: Node, *path: str) -> str:
    """The folder that what stands under a path of a node is relative to; merged, it may be of another file."""
    below = node.get(*path) if isinstance(node, Mapping) else None
    return (below or node).source.base


def _path(data: Any, node: Node) -> Any:
    return absolute(data, _base(node)) if isinstance(data, str) and data else data


def _file(data: Any, node: Node) -> Any:
    """A path that may be one of Windows. An empty one is the folder itself."""
    return absolute(data, _base(node)) if isinstance(data, str) and not _is_windows_path(data) else data


def _watched(data: Any, node: Node) -> Any:
    """A path whose first symbolic link is followed; without one it stays as it is written."""
    if not isinstance(data, str):
        return data
    path = absolute(data, _base(node))
    link = next((above for above in _from_the_root(path) if os.path.islink(above)), None)
    return path if link is None else path.replace(link, os.path.realpath(link), 1)


def _from_the_root(path: str) -> Iterator[str]:
    here = os.sep
    for part in path.split(os.sep):
        here = os.path.join(here, part)
        yield os.path.normpath(here)


def _context(data: Any, node: Node) -> Any:
    return _context_in(data, _base(node))


def _context_in(data: Any, base: str) -> Any:
    """A build context: a folder, an address, or another service's image."""
    if not isinstance(data, str) or not data or "://" in data or data.startswith(_REMOTE):
        return data
    return absolute(data, base)


def _named_context(data: Any, node: Node) -> Any:
    name, _, context = str(data).partition("=")
    return f"{name}={_context_in(context, _base(node))}"


def _build(data: Any, node: Node) -> Any:
    build = {"context": data} if isinstance(data, str) else data
    context = build.get("context")
    return {**build, "context": _context_in("." if context is None else context, _base(node, "context"))}


def _ssh_key(data: Any, node: Node) -> Any:
    name, equals, path = str(data).partition("=")
    return f"{name}={absolute(path, _base(node))}" if equals else data


def _volume(data: Any, node: Node) -> Any:
    volume = parse_volume(data) if isinstance(data, str) else data
    if isinstance(target := volume.get("target"), str) and target:
        volume = {**volume, "target": _clean(target)}
    source = volume.get("source")
    if volume.get("type") != "bind" or not isinstance(source, str) or _is_windows_path(source):
        return volume
    return {**volume, "source": absolute(source, _base(node, "source"))}


def _clean(path: str) -> str:
    return os.path.normpath(path[1:] if path.startswith("//") else path)


def _is_windows_path(path: str) -> bool:
    return path.startswith("\\\\") or (path[:1].isalpha() and path[1:2] == ":" and path[2:3] in ("\\", "/"))


def _bound(data: Any, node: Node) -> Any:
    """A volume of the local driver that is a bind mount in truth."""
    options = data.get("driver_opts")
    if data.get("driver") != "local" or not is_map(options) or options.get("o") != "bind":
        return data
    device = options.get("device")
    if not isinstance(device, str):
        return data
    device = absolute(device, _base(node, "driver_opts", "device"))
    return {**data, "driver_opts": {**options, "device": device}}


_DEVELOP: Places = {"watch": {"[]": {"path": _watched}}}
_CONTAINER: Places = {
    "env_file": {".": _path, "[]": {".": _path, "path": _path}},
    "label_file": {".": _path, "[]": _path},
    "volumes": {"[]": _volume},
}
_SERVICE: Places = {
    **_CONTAINER,
    "build": {
        ".": _build,
        "additional_contexts": {"*": _context, "[]": _named_context},
        "ssh": {"*": _path, "[]": _ssh_key},
    },
    "develop": _DEVELOP,
    "extends": {"file": _path},
    "x-develop": _DEVELOP,
    "pre_start": {"[]": _CONTAINER},
}
_DOCUMENT: Places = {
    "services": {"*": _SERVICE},
    "jobs": {"*": _SERVICE},
    "volumes": {"*": _bound},
    "secrets": {"*": {"file": _file}},
    "configs": {"*": {"file": _file}},
}
