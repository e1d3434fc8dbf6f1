"""A project's private copy: what Compose itself makes of the files, so changed that nothing of the user's is touched.

Pure. Of every table only what `rights` lists is in it. Containers, networks, volumes and images get names of the run,
so that to remove them removes nothing else; no port is published; what lies on this machine's disk is mounted
read-only, without what is mounted below it, since the user's own containers may be at work on it; and a service
without its image, or one that asks for more than it was allowed, becomes a stand-in: the same grants and networks,
nothing to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from modellint.smoke.docker.rights import (
    BUILD,
    CONNECTION,
    FILE_MOUNT,
    HOOK,
    MODEL,
    MOUNT,
    NETWORK,
    NETWORK_OPTIONS,
    SERVICE,
    is_lent,
    is_model_provider,
    kept,
    needs,
)
from modellint.text.json_values import as_array, as_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modellint.smoke.docker.rights import OutsideResources, RequiredRight

# What a stand-in keeps: all that decides about variables, and about what can be reached.
_KEPT = (
    "models", "environment", "networks", "network_mode", "extra_hosts", "dns", "dns_search", "dns_opt", "depends_on",
)  # fmt: skip
_FILES = ("configs", "secrets")
_RESOURCES = ("networks", "volumes", *_FILES)
_MOST_PROCESSES = 4096
_FIRST_TO_GO = 500  # of 1000: where memory is short, the kernel ends a container before what else runs here


class StandIn(NamedTuple):
    """What runs in the place of a service: an image that has nothing, with this machine's Python mounted into it."""

    image: str
    words: tuple[str, ...]
    mounts: tuple[str, ...]  # folders of this machine, at the same place in the container
    variables: Mapping[str, str]  # that the program needs besides
    user: str  # its number and its group's: who runs modellint, and can read those folders


def services_of(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that have containers: all but models that are declared as services."""
    return {
        name: body
        for name, body in _tables(document.get("services")).items()
        if not is_model_provider(body.get("provider"))
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
            waiting += depends_on(services[name])
    return list(found)


def depends_on(body: Mapping[str, Any]) -> list[str]:
    """The services that a service depends on itself."""
    return list(as_object(body.get("depends_on")))


def external_networks(document: Mapping[str, Any]) -> dict[str, str]:
    """The networks of somebody else's, by key: what the engine knows each by."""
    networks = {key: as_object(body) for key, body in as_object(document.get("networks")).items()}
    return {key: str(body.get("name") or key) for key, body in networks.items() if body.get("external")}


def is_held_back(document: Mapping[str, Any], service: str) -> bool:
    """Whether a service wants to write where the copy may not: to this machine's disk, or a volume of the user's."""
    lent = _lent_volumes(document)
    mounts = _mounts(services_of(document).get(service, {}))
    return any(
        (each.get("type") == "bind" or each.get("source") in lent) and not each.get("read_only") for each in mounts
    )


def unmet(
    document: Mapping[str, Any], names: Sequence[str], outside: OutsideResources, allowed: frozenset[str]
) -> dict[str, list[RequiredRight]]:
    """The services that cannot run as they are, and the rights that each lacks."""
    found = {name: [each for each in needs(document, name, outside) if each.right not in allowed] for name in names}
    return {name: lacking for name, lacking in found.items() if lacking}


def private_copy(
    document: Mapping[str, Any],
    name: str,
    stand_in: StandIn,
    replaced: Sequence[str],
    outside: OutsideResources,
    allowed: frozenset[str] = frozenset(),
    *,
    alone: bool,
) -> dict[str, Any]:
    """The copy with this name. The services of `replaced` are stand-ins; `alone`: no external resource is used.

    What needs a right that is not in `allowed` is not in it, and a service that would need one is a stand-in.
    """
    all_ = _tables(document.get("services"))
    lacking = unmet(document, list(all_), outside, allowed)
    replaced = [*replaced, *(key for key in lacking if key not in replaced)]
    lent = _lent_volumes(document)

    def service(key: str, body: dict[str, Any]) -> dict[str, Any]:
        if is_model_provider(body.get("provider")):
            made = _only(body, ("provider", "depends_on"))
            return made | (
                {"depends_on": _dependencies(as_object(made["depends_on"]), replaced)} if len(made) > 1 else {}
            )
        if key not in replaced:
            return _service(body, replaced, lent, outside)
        apart = any(need.network for need in lacking.get(key, ()))
        return _stand_in(body, stand_in, replaced, apart)

    services = {key: service(key, body) for key, body in all_.items()}
    used = {kind: {key for body in services.values() for key in _named(body.get(kind))} for kind in _RESOURCES}
    for kind, key in (each for body in services.values() for each in named_files(body)):
        used[kind].add(key)
    resources = {
        kind: {
            key: _resource(kind, body, outside.networks.get(key), alone)
            for key, body in _tables(document.get(kind)).items()
            if key in used[kind]
        }
        for kind in _RESOURCES
    }
    models = {
        key: {each: body[each] for each in MODEL if each in body}
        for key, body in _tables(document.get("models")).items()
    }
    filled = {kind: table for kind, table in resources.items() if table}
    return {"name": name, "services": services, "models": models} | filled


def file_variables(document: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The secrets and configs whose content is that of a variable, by kind and key: the variable's name."""
    return {
        (kind, key): str(body["environment"])
        for kind in _FILES
        for key, body in _tables(document.get(kind)).items()
        if body.get("environment")
    }


def named_files(body: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The secrets and configs of a service and its build, by kind and key."""
    parts = (body, as_object(body.get("build")))
    return {(kind, key) for part in parts for kind in _FILES for key in _named(part.get(kind))}


def _named(value: object) -> list[str]:
    """The keys that a service names in an attribute: of a list of names or of tables with a `source`, or of a table."""
    items = as_array(value) or list(as_object(value))
    return [str(as_object(each).get("source", each)) for each in items]


def _service(
    body: dict[str, Any], replaced: Sequence[str], lent: set[str], outside: OutsideResources
) -> dict[str, Any]:
    """A service in the copy; `lent` are the volumes whose content is there before."""
    made = _connected(body, kept(body, SERVICE))
    if "depends_on" in made:
        made["depends_on"] = _dependencies(as_object(made["depends_on"]), replaced)
    if "volumes" in made:
        made["volumes"] = [_mount(each, lent, outside) for each in _mounts(made)]
    if "volumes_from" in made:
        own = [str(each) for each in as_array(made["volumes_from"]) if str(each).split(":")[0] not in replaced]
        made["volumes_from"] = [_read_only(each) for each in own]
    if "build" in made:
        made.pop("image", None)  # else the image that is built here would take the name of the user's
        made["build"] = kept(as_object(made["build"]), BUILD)
    for key in ("post_start", "pre_stop"):
        if key in made:
            made[key] = [kept(as_object(each), HOOK) for each in as_array(made[key])]
    for table in (made, as_object(made.get("build"))):
        table |= {
            key: [_only(as_object(each), FILE_MOUNT) for each in as_array(table[key])] for key in _FILES if key in table
        }
    return _limited(made, outside.memory)


def _limited(body: dict[str, Any], most: int) -> dict[str, Any]:
    """With an end to what it may use of this machine: what it declares, or less. Of `deploy` its devices stay."""
    deploy = as_object(body.pop("deploy", None))
    resources = as_object(deploy.get("resources"))
    limits, reserved = as_object(resources.get("limits")), as_object(resources.get("reservations"))
    memory = [size for size in (_number(body.get("mem_limit")), _number(limits.get("memory")), most) if size > 0]
    processes = [count for count in (_number(body.get("pids_limit")), _number(limits.get("pids"))) if count > 0]
    made = body | {"pids_limit": min([*processes, _MOST_PROCESSES]), "oom_score_adj": _FIRST_TO_GO}
    if memory:
        made["mem_limit"] = str(min(memory))
    if limits.get("cpus"):
        made["cpus"] = limits["cpus"]
    devices = {key: reserved[key] for key in ("devices", "generic_resources") if reserved.get(key)}
    return made | ({"deploy": {"resources": {"reservations": devices}}} if devices else {})


def _stand_in(body: dict[str, Any], stand_in: StandIn, replaced: Sequence[str], apart: bool) -> dict[str, Any]:
    """`apart`: its network is one that it may not have; it is in the default one."""
    left = ("networks", "network_mode") if apart else ()
    made = _connected(body, {key: value for key, value in body.items() if key in _KEPT and key not in left})
    if "depends_on" in made:
        all_ = as_object(made["depends_on"])
        made["depends_on"] = _dependencies(all_, list(all_))
    mounts = [{"type": "bind", "source": path, "target": path, "read_only": True} for path in stand_in.mounts]
    return made | {
        "image": stand_in.image, "entrypoint": list(stand_in.words), "command": [], "volumes": mounts,
        "environment": {**as_object(made.get("environment")), **stand_in.variables}, "user": stand_in.user,
        "stop_signal": "SIGKILL", "cap_drop": ["ALL"], "security_opt": ["label=disable", "no-new-privileges"],
    }  # fmt: skip


def _connected(body: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """With its networks: no fixed address, and the name of the user's container for who calls it by that."""
    if "networks" not in kept:
        return kept
    own = [body["container_name"]] if body.get("container_name") else []
    networks: dict[str, Any] = {}
    for key, table in _tables(kept["networks"]).items():
        free = _only(table, CONNECTION)
        networks[key] = free | ({"aliases": [*as_array(free.get("aliases")), *own]} if own else {})
    return kept | {"networks": networks}


def _dependencies(all_: dict[str, Any], started: Sequence[str]) -> dict[str, Any]:
    """A stand-in is never healthy and never ends: to have started is all that can be waited for."""
    return {
        name: {**as_object(each), "condition": "service_started"} if name in started else each
        for name, each in all_.items()
    }


def _lent_volumes(document: Mapping[str, Any]) -> set[str]:
    """The volumes whose content is not made by the copy."""
    volumes = _tables(document.get("volumes"))
    return {key for key, body in volumes.items() if is_lent(body)}


def _mount(mount: dict[str, Any], lent: set[str], outside: OutsideResources) -> dict[str, Any]:
    if mount.get("type") == "bind":
        place = outside.look(str(mount.get("source")))
        if place is None or not place.there:
            return {"type": "volume", "target": mount.get("target")}  # empty, as what Docker would make on the disk
        # Read-only is only the mount itself; what is mounted below it would stay writable, so it is left out. The path
        # is the one that was looked at, whatever its links point at by now.
        bind = {"create_host_path": False, "propagation": "rprivate", "recursive": "disabled"}
        return {"type": "bind", "source": place.path, "target": mount.get("target"), "read_only": True, "bind": bind}
    made = _only(mount, MOUNT)
    if "volume" in made:
        made["volume"] = _only(as_object(made["volume"]), ("nocopy", "subpath"))
    return made | {"read_only": True} if mount.get("source") in lent else made


def _read_only(words: str) -> str:
    """One of `volumes_from`, `[container:]NAME[:MODE]`: a container that is named so is none of the copy's."""
    return f"container:{words.split(':')[1]}:ro" if words.startswith("container:") else words


def _resource(kind: str, body: dict[str, Any], likeness: dict[str, Any] | None, alone: bool) -> dict[str, Any]:
    if body.get("external"):
        if kind == "networks" and likeness is not None:
            return likeness
        return {} if alone else _only(body, ("name", "external"))
    if kind == "networks":
        made = _only(body, NETWORK)
        if as_object(body.get("ipam")).get("config"):
            made.pop("enable_ipv6", None)  # for which older engines want a fixed address
        options = _only(as_object(body.get("driver_opts")), NETWORK_OPTIONS)
        return made | ({"driver_opts": options} if options else {})
    if kind == "volumes":
        return _only(body, ("driver", "driver_opts"))
    return _only(body, ("content", "environment", "file"))


def _only(body: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key in keys}


def _number(value: object) -> int:
    """A number as Compose prints it; 0 where it is none."""
    try:
        return int(str(value))
    except ValueError:
        return 0


def _mounts(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [as_object(each) for each in as_array(body.get("volumes"))]


def _tables(value: object) -> dict[str, dict[str, Any]]:
    return {key: as_object(each) for key, each in as_object(value).items()}
