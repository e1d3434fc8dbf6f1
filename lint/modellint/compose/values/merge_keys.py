"""The keys that identify items of a merged list, so that a later item replaces an earlier one.

The keys are those of compose-go (`override/uncity.go`), on the canonical form of an item; checked against 5.6.1.
"""

from __future__ import annotations

import os

from modellint.compose.values.shapes import with_entries
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import TypeAlias

    from modellint.yaml.node import Node

    Key: TypeAlias = "Callable[[Node], Hashable]"


def without_repetitions(document: Mapping, replace: Callable[[Node, Node], Node]) -> Mapping:
    """A document in whose services each thing stands once; what Compose asks the schema about."""
    services = document.entries.get("services")
    if services is None or not isinstance(services[1], Mapping):
        return document
    bodies = {name: (key, _without(body, "services.*", replace)) for name, (key, body) in services[1].entries.items()}
    if all(bodies[name][1] is body for name, (_, body) in services[1].entries.items()):
        return document
    return with_entries(document, {**document.entries, "services": (services[0], with_entries(services[1], bodies))})


def _without(node: Node, pattern: str, replace: Callable[[Node, Node], Node]) -> Node:
    if isinstance(node, Sequence):
        key = UNIQUE.get(pattern)
        items = unique(node.items, key, replace) if key is not None else node.items
        if len(items) == len(node.items):
            return node
        return Sequence(node.source, node.start, node.end, items, node.flow, node.tag, node.anchor)
    if not isinstance(node, Mapping) or pattern not in _ABOVE:
        return node
    steps = {name: "*" if pattern == "services.*.networks" else name for name in node.entries}
    inner = {
        name: (key, _without(value, f"{pattern}.{steps[name]}", replace)) for name, (key, value) in node.entries.items()
    }
    changed = any(inner[name][1] is not value for name, (_, value) in node.entries.items())
    return with_entries(node, inner) if changed else node


def unique(items: list[Node], key: Key, replace: Callable[[Node, Node], Node]) -> list[Node]:
    """The items, each in the place of the first with its key. An item whose key is None is like no other."""
    kept: list[Node] = []
    places: dict[Hashable, int] = {}
    for item in items:
        name = key(item)
        at = None if name is None else places.get(name)
        if at is None:
            places[name] = len(kept)
            kept.append(item)
        else:
            kept[at] = replace(kept[at], item)
    return kept


def _name(item: Node) -> Hashable:
    text = text_of(item)
    return None if text is None else text.partition("=")[0]


def _expose(item: Node) -> Hashable:
    return compose_text(item.value) if isinstance(item, Scalar) else None


def _env_file(item: Node) -> Hashable:
    path = text_of(item.get("path") if isinstance(item, Mapping) else item)
    return None if path is None else os.path.join(item.source.base, path)


def _mount(folder: str) -> Key:
    def key(item: Node) -> Hashable:
        if isinstance(item, Mapping):
            return text_of(item.get("target")) or f"{folder}/{text_of(item.get('source'))}"
        text = text_of(item)
        return None if text is None else f"{folder}/{text}"

    return key


def _volume(item: Node) -> Hashable:
    return mount_target(item) or None


def mount_target(item: Node) -> str:
    """The path in the container of an entry of `volumes`; empty where there is none."""
    target = text_of(item.get("target")) if isinstance(item, Mapping) else _volume_target(text_of(item) or "")
    return _clean(target) if target else ""


def _device(item: Node) -> Hashable:
    if isinstance(item, Mapping):
        return text_of(item.get("target"))
    parts = (text_of(item) or "").split(":")
    return parts[1] if len(parts) > 1 else parts[0] or None


def _port(item: Node) -> Hashable:
    """Address, published port, port and protocol. A range is like no other; the canonical form takes it apart."""
    if isinstance(item, Mapping):
        target, published = _plain(item.get("target")), _plain(item.get("published"))
        host, protocol = text_of(item.get("host_ip")), text_of(item.get("protocol"))
        return (host or "0.0.0.0", published, str(target), protocol or "tcp")
    if not isinstance(item, Scalar):
        return None
    ports, _, protocol = compose_text(item.value).partition("/")
    rest, _, target = ports.rpartition(":")
    host, _, published = rest.rpartition(":")
    if "-" in ports:
        return ports, protocol
    return (host.strip("[]") or "0.0.0.0", published or None, target, protocol or "tcp")


def _plain(node: Node | None) -> object:
    """The value with its type: Compose tells the published port `80` from `"80"`."""
    return node.value if isinstance(node, Scalar) else None


def _volume_target(text: str) -> str:
    """The target of `[source:]target[:options]`; one letter before the first `:` is a drive."""
    parts: list[str] = []
    for part in text.split(":"):
        if parts and len(parts[-1]) == 1 and parts[-1].isalpha():
            parts[-1] += f":{part}"
        else:
            parts.append(part)
    return parts[1] if len(parts) > 1 else parts[0]


def _clean(path: str) -> str:
    return path if "\\" in path else os.path.normpath(path).replace(os.sep, "/")


_OF_A_SERVICE: dict[str, Key] = {
    "annotations": _name,
    "build.platform": _name,
    "build.tags": _name,
    "cap_add": _name,
    "cap_drop": _name,
    "configs": _mount(""),
    "devices": _device,
    "dns": _name,
    "dns_opt": _name,
    "dns_search": _name,
    "env_file": _env_file,
    "expose": _expose,
    "links": _name,
    "networks.*.aliases": _name,
    "networks.*.link_local_ips": _name,
    "ports": _port,
    "profiles": _name,
    "secrets": _mount("/run/secrets"),
    "tmpfs": _name,
    "volumes": _volume,
}
UNIQUE: dict[str, Key] = {f"services.*.{name}": key for name, key in _OF_A_SERVICE.items()}  # and not those of jobs
_ABOVE = frozenset(("services.*", "services.*.build", "services.*.networks", "services.*.networks.*"))
