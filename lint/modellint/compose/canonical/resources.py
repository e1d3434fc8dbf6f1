"""Networks, volumes, secrets, configs and models."""

from __future__ import annotations

from modellint.compose.canonical.values import (
    boolean,
    each,
    filled,
    integer,
    is_map,
    optional_boolean,
    pairs,
    structure,
    text,
    texts,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modellint.compose.canonical.values import Convert, Fields


def _external(value: Any) -> bool | None:
    return is_map(value) or boolean(value)


_ADDRESSES = structure({"subnet": text, "gateway": text, "ip_range": text, "aux_addresses": pairs})
_NETWORK: Fields = {
    "name": text, "driver": text, "driver_opts": pairs,
    "ipam": filled(structure({"driver": text, "config": each(_ADDRESSES), "options": pairs})),
    "external": _external, "internal": boolean, "attachable": boolean, "labels": pairs,
    "enable_ipv4": optional_boolean, "enable_ipv6": optional_boolean,
}  # fmt: skip
_VOLUME: Fields = {"name": text, "driver": text, "driver_opts": pairs, "external": _external, "labels": pairs}
_SECRET: Fields = {
    "name": text, "file": text, "environment": text, "external": _external, "labels": pairs, "driver": text,
    "driver_opts": pairs, "template_driver": text,
}  # fmt: skip
_CONFIG: Fields = {
    "name": text, "file": text, "environment": text, "content": text, "external": _external, "labels": pairs,
    "driver": text, "driver_opts": pairs, "template_driver": text,
}  # fmt: skip
_CONVERTERS = {
    "networks": structure(_NETWORK), "volumes": structure(_VOLUME), "secrets": structure(_SECRET),
    "configs": structure(_CONFIG),
}  # fmt: skip
model: Convert = structure({"name": text, "model": text, "context_size": integer, "runtime_flags": texts})


def resource(section: str, key: str, data: dict[str, Any] | None, project: str) -> Any:
    """One entry of a section other than `services` and `models`, with the name that Compose gives it."""
    data = data or {}
    external = data.get("external")
    name = data.get("name")
    if is_map(external):
        outer = external.get("name")
        name = name if outer is None or (section == "volumes" and not outer) else outer
    default = key if external is not None and _external(external) else f"{project}_{key}"
    return _CONVERTERS[section]({**data, "name": default if name is None else name})
