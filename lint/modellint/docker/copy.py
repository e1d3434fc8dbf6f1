"""A project's private copy: what Compose itself makes of the files, so changed that nothing of the user's is touched.

Pure. Containers, networks, volumes and images get names of the run, so that to remove them removes nothing else; no
port is published; what lies on this machine's disk is mounted read-only, since the user's own containers may be at work
on it; and a service without its image becomes a stand-in: the same grants and networks, nothing to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# What would collide with the user's own containers, have other programs of theirs (a proxy that reads labels) take the
# copy's for them, or bring one back that has ended.
_PRIVATE = (
    "container_name", "ports", "profiles", "pull_policy", "restart", "scale", "external_links", "labels", "label_file",
)  # fmt: skip
# What a network of the run cannot have while the user's own is up, and what names it in a service.
_FIXED = ("ipv4_address", "ipv6_address", "link_local_ips", "mac_address")
_BRIDGE = "com.docker.network.bridge.name"
_BUILT = ("tags", "cache_to")  # where a build puts what is the user's
# What a stand-in keeps: all that decides about variables, and about what can be reached.
_KEPT = (
    "models", "environment", "networks", "network_mode", "extra_hosts", "dns", "dns_search", "dns_opt", "depends_on",
)  # fmt: skip
_RESOURCES = ("networks", "volumes", "configs", "secrets")


class StandIn(NamedTuple):
    """What runs in the place of a service: an image that has nothing, with this machine's Python mounted into it."""

    image: str
    words: tuple[str, ...]
    mounts: tuple[str, ...]  # folders of this machine, at the same place in the container
    variables: Mapping[str, str]  # that the program needs besides
    user: str  # its number and its group's: who runs modellint, and can read those folders


class Outside(NamedTuple):
    """What the project names and is not its own. `networks`: those by key that have a likeness, and what that is."""

    networks: Mapping[str, dict[str, Any]]
    exists: Callable[[str], bool]  # whether there is such a path on this machine


def services_of(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that have containers."""
    return {
        name: _table(body) for name, body in _table(document.get("services")).items() if "provider" not in _table(body)
    }


def with_dependencies(document: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Services and all that Compose starts with them, without those that have no container."""
    services = services_of(document)
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name in services and name not in found:
            found[name] = None
            waiting += _table(services[name].get("depends_on"))
    return list(found)


def external_networks(document: Mapping[str, Any]) -> dict[str, str]:
    """The networks of somebody else's, by key: what the engine knows each by."""
    networks = {key: _table(body) for key, body in _table(document.get("networks")).items()}
    return {key: str(body.get("name") or key) for key, body in networks.items() if body.get("external")}


def is_held_back(document: Mapping[str, Any], service: str) -> bool:
    """Whether a service wants to write where the copy may not: to this machine's disk, or a volume of the user's."""
    lent = _lent_volumes(document)
    mounts = _mounts(services_of(document).get(service, {}))
    return any(
        (each.get("type") == "bind" or each.get("source") in lent) and not each.get("read_only") for each in mounts
    )


def private_copy(
    document: Mapping[str, Any],
    name: str,
    stand_in: StandIn,
    replaced: Sequence[str],
    outside: Outside,
    *,
    alone: bool,
) -> dict[str, Any]:
    """The copy with this name. The services of `replaced` are stand-ins; `alone`: no external resource is used."""
    tables = {kind: _tables(document.get(kind)) for kind in _RESOURCES}
    lent = _lent_volumes(document)

    def service(key: str, body: dict[str, Any]) -> dict[str, Any]:
        if "provider" in body:
            return body
        return _stand_in(body, stand_in, replaced) if key in replaced else _service(body, replaced, lent, outside)

    services = {key: service(key, body) for key, body in _tables(document.get("services")).items()}
    resources = {
        kind: {key: _resource(kind, body, outside.networks.get(key), alone) for key, body in all_.items()}
        for kind, all_ in tables.items()
        if all_
    }
    return {"name": name, "services": services, "models": _table(document.get("models"))} | resources


def _service(body: dict[str, Any], replaced: Sequence[str], lent: set[str], outside: Outside) -> dict[str, Any]:
    """A service in the copy; `lent` are the volumes whose content is there before."""
    kept = _connected(body, {key: value for key, value in body.items() if key not in _PRIVATE})
    if "depends_on" in kept:
        kept["depends_on"] = _dependencies(_table(kept["depends_on"]), replaced)
    if "volumes" in kept:
        kept["volumes"] = [_mount(each, lent, outside) for each in _mounts(kept)]
    if "volumes_from" in kept:
        kept["volumes_from"] = [_read_only(str(each)) for each in _list(kept["volumes_from"])]
    if "build" in kept:
        kept.pop("image", None)  # else the image that is built here would take the name of the user's
        kept["build"] = {key: value for key, value in _table(kept["build"]).items() if key not in _BUILT}
    deploy = {key: value for key, value in _table(kept.get("deploy")).items() if key not in ("replicas", "mode")}
    return kept | ({"deploy": deploy} if "deploy" in kept else {})


def _stand_in(body: dict[str, Any], stand_in: StandIn, replaced: Sequence[str]) -> dict[str, Any]:
    kept = _connected(body, {key: value for key, value in body.items() if key in _KEPT})
    if "depends_on" in kept:
        all_ = _table(kept["depends_on"])
        kept["depends_on"] = _dependencies(all_, list(all_))
    mounts = [{"type": "bind", "source": path, "target": path, "read_only": True} for path in stand_in.mounts]
    return kept | {
        "image": stand_in.image, "entrypoint": list(stand_in.words), "command": [], "volumes": mounts,
        "environment": {**_table(kept.get("environment")), **stand_in.variables}, "user": stand_in.user,
        "stop_signal": "SIGKILL", "cap_drop": ["ALL"], "security_opt": ["label=disable", "no-new-privileges"],
    }  # fmt: skip


def _connected(body: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """With its networks: no fixed address, and the name of the user's container for who calls it by that."""
    if "networks" not in kept:
        return kept
    own = [body["container_name"]] if body.get("container_name") else []
    networks: dict[str, Any] = {}
    for key, table in _tables(kept["networks"]).items():
        free = {name: value for name, value in table.items() if name not in _FIXED}
        networks[key] = free | ({"aliases": [*_list(free.get("aliases")), *own]} if own else {})
    return kept | {"networks": networks}


def _dependencies(all_: dict[str, Any], started: Sequence[str]) -> dict[str, Any]:
    """A stand-in is never healthy and never ends: to have started is all that can be waited for."""
    return {
        name: {**_table(each), "condition": "service_started"} if name in started else each
        for name, each in all_.items()
    }


def _lent_volumes(document: Mapping[str, Any]) -> set[str]:
    """The volumes whose content is not made by the copy."""
    volumes = _tables(document.get("volumes"))
    return {key for key, body in volumes.items() if body.get("external") or body.get("driver_opts")}


def _mount(mount: dict[str, Any], lent: set[str], outside: Outside) -> dict[str, Any]:
    if mount.get("type") == "bind":
        if outside.exists(str(mount.get("source"))):
            return mount | {"read_only": True}
        return {"type": "volume", "target": mount.get("target")}  # empty, as what Docker would make on the disk
    return mount | {"read_only": True} if mount.get("source") in lent else mount


def _read_only(words: str) -> str:
    """One of `volumes_from`, `[container:]NAME[:MODE]`: a container that is named so is none of the copy's."""
    return f"container:{words.split(':')[1]}:ro" if words.startswith("container:") else words


def _resource(kind: str, body: dict[str, Any], likeness: dict[str, Any] | None, alone: bool) -> dict[str, Any]:
    if body.get("external"):
        if kind == "networks" and likeness is not None:
            return likeness
        return {} if alone else body
    free = {key: value for key, value in body.items() if key != "name"}
    if kind == "networks" and "driver_opts" in free:
        free["driver_opts"] = {key: value for key, value in _table(free["driver_opts"]).items() if key != _BRIDGE}
    if kind == "networks" and _table(free.pop("ipam", None)).get("config"):
        free.pop("enable_ipv6", None)  # for which older engines want a fixed address
    return free


def _mounts(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_table(each) for each in _list(body.get("volumes"))]


def _tables(value: object) -> dict[str, dict[str, Any]]:
    return {key: _table(each) for key, each in _table(value).items()}


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return [*cast("list[object]", value)] if isinstance(value, list) else []
