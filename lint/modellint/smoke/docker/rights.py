"""The rights that a service needs beyond those of every container: pure, and table-driven.

Each attribute of a Compose file has an entry here: it is harmless, it is left out of the private copy, or it needs a
right that the person who starts the run has to give by name. An attribute without an entry is refused, so that what a
newer Compose adds is not handed on before somebody has looked at it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from modellint.text.json_values import as_array, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Final, TypeAlias

HOST_NETWORK: Final = "host-network"
HOST_NAMESPACES: Final = "host-namespaces"
HOST_FILES: Final = "host-files"
DOCKER_SOCKET: Final = "docker-socket"
PRIVILEGED: Final = "privileged"
DEVICES: Final = "devices"
SHELL_VARIABLES: Final = "shell-variables"
EXTERNAL: Final = "external-resources"
OTHER_CONTAINERS: Final = "other-containers"
NOTHING: Final = ""  # no right allows it

# What `--allow` takes, and what it lets a service have.
RIGHTS: Final = {
    HOST_NETWORK: "the network of this machine, or a network that is made from one of its interfaces",
    HOST_NAMESPACES: "the processes, shared memory, host name, users or control groups of this machine",
    HOST_FILES: "files of this machine outside the repository, read-only, volumes that are made of them, its SSH agent",
    DOCKER_SOCKET: "the socket of the Docker engine or another program, which can be as good as root on this machine",
    PRIVILEGED: "`privileged`, capabilities, security options, runtimes, kernel settings: root on this machine",
    DEVICES: "devices and GPUs of this machine",
    SHELL_VARIABLES: "values of the variables of this shell",
    EXTERNAL: "networks and volumes that are not the project's",
    OTHER_CONTAINERS: "the network, processes or volumes of containers that are not the project's",
}


class HostPath(NamedTuple):
    """What there is at a path of this machine, by the path without links: the rights that it takes to have it.

    Where nothing is `there`, as far as this user and this process see, the engine may still find something.
    """

    path: str
    rights: tuple[str, ...] = ()
    folder: bool = False
    there: bool = True


class RequiredRight(NamedTuple):
    """Something that needs a right; `network`: it decides about what the service can reach."""

    right: str
    what: str
    network: bool = False


class OutsideResources(NamedTuple):
    """What the project names and is not its own.

    `networks` are the external networks by key that have a likeness, and what that is; `odd` are those that exist and
    have none. `look` says what there is at a path, if anything. `shell` are, by service, the attributes with values
    of the shell. `memory` is the most that a container may use, in bytes; 0: no limit.
    """

    networks: Mapping[str, dict[str, Any]]
    look: Callable[[str], HostPath | None]
    odd: frozenset[str] = frozenset()
    shell: Mapping[str, tuple[str, ...]] = {}
    memory: int = 0


class _Scene(NamedTuple):
    document: Mapping[str, Any]
    outside: OutsideResources


KEEP: Final = "keep"
DROP: Final = "drop"
if TYPE_CHECKING:
    Judge: TypeAlias = Callable[[Any, _Scene], Iterator[RequiredRight]]
    Entry: TypeAlias = str | Judge  # `KEEP`, `DROP`, a right, or what finds out which rights a value needs


def _joined(key: str, host: str) -> Judge:
    """An attribute that joins a namespace: of its own kind, of a service, of another container, of this machine."""

    def judge(value: Any, _: _Scene) -> Iterator[RequiredRight]:
        mode, network = str(value), key == "network_mode"
        if mode == "host":
            yield RequiredRight(host, f"`{key}: host`", network)
        elif mode.startswith("container:"):
            yield RequiredRight(OTHER_CONTAINERS, f"`{key}` of another container", network)
        elif mode.startswith("service:") or mode in _OWN_NAMESPACES:
            return
        elif network:
            yield RequiredRight(EXTERNAL, f"`{key}` with a network that is not the project's", network)
        else:
            yield RequiredRight(NOTHING, f"an unknown `{key}`")

    return judge


_OWN_NAMESPACES = ("none", "bridge", "default", "private", "shareable")


def _networks(value: Any, scene: _Scene) -> Iterator[RequiredRight]:
    networks = as_object(scene.document.get("networks"))
    for key in as_object(value):
        body = as_object(networks.get(key))
        if body.get("external"):
            if str(body.get("name") or key) == "host":
                yield RequiredRight(
                    HOST_NETWORK, f"the external network `{key}`, which is the network of this machine", network=True
                )
            elif key in scene.outside.odd:
                yield RequiredRight(
                    EXTERNAL, f"the external network `{key}`, of a kind that modellint cannot imitate", network=True
                )
        elif str(body.get("driver") or "bridge") not in ("bridge", "default"):
            yield RequiredRight(HOST_NETWORK, f"the network `{key}` with a driver of its own", network=True)


def _volumes(value: Any, scene: _Scene) -> Iterator[RequiredRight]:
    volumes = as_object(scene.document.get("volumes"))
    for mount in map(as_object, as_array(value)):
        kind, source = str(mount.get("type")), str(mount.get("source") or "")
        if kind == "bind":
            place = scene.outside.look(source)
            if place and place.there:  # else the copy has an empty volume in its place
                yield from _path(source, "volumes", scene)
        elif kind == "volume":
            body = as_object(volumes.get(source))
            if body.get("external"):
                yield RequiredRight(EXTERNAL, f"the external volume `{source}`")
            elif is_lent(body):
                yield RequiredRight(HOST_FILES, f"the volume `{source}` with a driver or options of its own")
        elif kind not in ("tmpfs", "image"):
            yield RequiredRight(NOTHING, "a mount of an unknown kind")


def _volumes_from(value: Any, _: _Scene) -> Iterator[RequiredRight]:
    if any(str(each).startswith("container:") for each in as_array(value)):
        yield RequiredRight(OTHER_CONTAINERS, "`volumes_from` of another container")


def _files(kind: str) -> Judge:
    """The secrets or configs of a service or a build: where their content comes from."""

    def judge(value: Any, scene: _Scene) -> Iterator[RequiredRight]:
        known = as_object(scene.document.get(kind))
        for each in as_array(value):
            name = str(as_object(each).get("source", each))
            body = as_object(known.get(name))
            unknown = body.keys() - _FILE
            if unknown:
                yield RequiredRight(NOTHING, f"`{min(unknown)}` of `{kind}`")
            path = str(body.get("file") or "")
            place = scene.outside.look(path) if path else None
            if place and place.folder:
                yield RequiredRight(
                    NOTHING, f"a directory in `{kind}`"
                )  # which Compose mounts with all that is mounted below it
            yield from _path(path, kind, scene) if path else ()

    return judge


def _hooks(key: str) -> Judge:
    """Commands that Compose runs in the container."""

    def judge(value: Any, scene: _Scene) -> Iterator[RequiredRight]:
        for hook in map(as_object, as_array(value)):
            yield from (need._replace(what=f"{need.what} of `{key}`") for need in _judge(hook, HOOK, scene))

    return judge


def _security(value: Any, _: _Scene) -> Iterator[RequiredRight]:
    harmless = ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true")
    if any(str(each) not in harmless for each in as_array(value)):
        yield RequiredRight(PRIVILEGED, "`security_opt`")


def _sysctls(value: Any, _: _Scene) -> Iterator[RequiredRight]:
    """Those of a namespace are the container's own; the engine refuses them where it has no namespace of its own."""
    own = ("net.", "kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")
    names = (
        list(cast("dict[str, object]", value)) if isinstance(value, dict) else [str(each) for each in as_array(value)]
    )
    if not all(name.startswith(own) for name in names):
        yield RequiredRight(PRIVILEGED, "`sysctls`")


def _runtime(value: Any, _: _Scene) -> Iterator[RequiredRight]:
    yield RequiredRight(DEVICES if value == "nvidia" else PRIVILEGED, "`runtime`")


def _deploy(value: Any, _: _Scene) -> Iterator[RequiredRight]:
    reserved = as_object(as_object(as_object(value).get("resources")).get("reservations"))
    if reserved.get("devices") or reserved.get("generic_resources"):
        yield RequiredRight(DEVICES, "reserved devices")


def _provider(value: Any, _: _Scene) -> Iterator[RequiredRight]:
    if not is_model_provider(value):
        yield RequiredRight(NOTHING, "a provider, which is a program that Compose starts on this machine")


def _build(value: Any, scene: _Scene) -> Iterator[RequiredRight]:
    body = as_object(value)
    if not body:  # Compose always prints a table
        yield RequiredRight(NOTHING, "an unknown `build`")
    yield from (need._replace(what=f"{need.what} of `build`") for need in _judge(body, BUILD, scene))
    context = str(body.get("context") or "")
    dockerfile = str(body.get("dockerfile") or "")
    if os.path.isabs(context) and dockerfile and not body.get("dockerfile_inline"):
        # As Compose makes a path of them: `a/../b` is `b`, whether there is an `a` or not, and whatever it points at.
        path = os.path.normpath(os.path.join(context, dockerfile))
        for each in (path, f"{path}.dockerignore", os.path.join(context, ".dockerignore")):
            yield from _path(each, "dockerfile", scene)


def _context(value: Any, scene: _Scene) -> Iterator[RequiredRight]:
    path = str(value)
    if os.path.isabs(path):
        yield from _path(path, "context", scene)
    else:  # Compose makes every folder's path absolute
        yield RequiredRight(NOTHING, "a `context` of another machine")


def _contexts(value: Any, scene: _Scene) -> Iterator[RequiredRight]:
    for each in map(str, as_object(value).values()):
        if not each.startswith(("service:", "docker-image://")):
            yield from _context(each, scene)


def _build_network(value: Any, _: _Scene) -> Iterator[RequiredRight]:
    if value == "host":
        yield RequiredRight(HOST_NETWORK, "`network: host`")
    elif value not in ("none", "default"):
        yield RequiredRight(EXTERNAL, "`network` with a network that is not the project's")


def _path(path: str, key: str, scene: _Scene) -> Iterator[RequiredRight]:
    place = scene.outside.look(path)
    for right in place.rights if place else ():
        yield RequiredRight(right, f"{_PATHS[right]} in `{key}`")


_PATHS = {DOCKER_SOCKET: "a socket", DEVICES: "a device", HOST_FILES: "a path outside the repository"}


SERVICE: Final[Mapping[str, Entry]] = {
    "annotations": DROP,  # which the runtime may take for orders
    "attach": DROP,
    "blkio_config": DROP,
    "build": _build,
    "cap_add": PRIVILEGED,
    "cap_drop": KEEP,
    "cgroup": _joined("cgroup", HOST_NAMESPACES),
    "cgroup_parent": PRIVILEGED,
    "command": KEEP,
    "configs": _files("configs"),
    "container_name": DROP,  # the user's container has it
    "cpu_count": DROP,
    "cpu_percent": DROP,
    "cpu_period": KEEP,
    "cpu_quota": KEEP,
    "cpu_rt_period": PRIVILEGED,
    "cpu_rt_runtime": PRIVILEGED,
    "cpu_shares": KEEP,
    "cpus": KEEP,
    "cpuset": KEEP,
    "credential_spec": HOST_FILES,
    "depends_on": KEEP,
    "deploy": _deploy,
    "develop": DROP,
    "device_cgroup_rules": DEVICES,
    "devices": DEVICES,
    "dns": KEEP,
    "dns_opt": KEEP,
    "dns_search": KEEP,
    "domainname": KEEP,
    "entrypoint": KEEP,
    "env_file": DROP,  # Compose has read it
    "environment": KEEP,
    "expose": KEEP,
    "extends": DROP,  # Compose has followed it
    "external_links": DROP,
    "extra_hosts": KEEP,
    "gpus": DEVICES,
    "group_add": KEEP,
    "healthcheck": KEEP,
    "hostname": KEEP,
    "image": KEEP,
    "init": KEEP,
    "ipc": _joined("ipc", HOST_NAMESPACES),
    "isolation": DROP,
    "label_file": DROP,
    "labels": DROP,  # other programs of the user's, such as a proxy, read them
    "links": KEEP,
    "logging": DROP,  # which may send to anywhere
    "mac_address": DROP,  # the user's container has it
    "mem_limit": KEEP,
    "mem_reservation": DROP,
    "mem_swappiness": DROP,
    "memswap_limit": DROP,
    "models": KEEP,
    "network_mode": _joined("network_mode", HOST_NETWORK),
    "networks": _networks,
    "oom_kill_disable": DROP,
    "oom_score_adj": DROP,
    "pid": _joined("pid", HOST_NAMESPACES),
    "pids_limit": KEEP,
    "platform": KEEP,
    "ports": DROP,
    "post_start": _hooks("post_start"),
    "pre_start": NOTHING,  # a container of its own, with all that a service may have
    "pre_stop": _hooks("pre_stop"),
    "privileged": PRIVILEGED,
    "profiles": DROP,
    "provider": _provider,
    "pull_policy": DROP,
    "pull_refresh_after": DROP,
    "read_only": KEEP,
    "restart": DROP,  # what has ended is to stay so
    "runtime": _runtime,
    "scale": DROP,
    "secrets": _files("secrets"),
    "security_opt": _security,
    "shm_size": KEEP,
    "stdin_open": KEEP,
    "stop_grace_period": KEEP,
    "stop_signal": KEEP,
    "storage_opt": DROP,
    "sysctls": _sysctls,
    "tmpfs": KEEP,
    "tty": KEEP,
    "ulimits": KEEP,
    "umask": KEEP,
    "use_api_socket": DOCKER_SOCKET,
    "user": KEEP,
    "userns_mode": _joined("userns_mode", HOST_NAMESPACES),
    "uts": _joined("uts", HOST_NAMESPACES),
    "volumes": _volumes,
    "volumes_from": _volumes_from,
    "working_dir": KEEP,
}
BUILD: Final[Mapping[str, Entry]] = {
    "additional_contexts": _contexts,
    "args": KEEP,
    "cache_from": DROP,
    "cache_to": DROP,  # where a build puts what is the user's
    "context": _context,
    "dockerfile": KEEP,  # judged with its context
    "dockerfile_inline": KEEP,
    "entitlements": PRIVILEGED,
    "extra_hosts": KEEP,
    "isolation": DROP,
    "labels": DROP,
    "network": _build_network,
    "no_cache": KEEP,
    "no_cache_filter": KEEP,
    "platforms": KEEP,
    "privileged": PRIVILEGED,
    "provenance": DROP,
    "pull": KEEP,
    "sbom": DROP,
    "secrets": _files("secrets"),
    "shm_size": KEEP,
    "ssh": HOST_FILES,
    "tags": DROP,  # they would take the names of the user's images
    "target": KEEP,
    "ulimits": KEEP,
}
HOOK: Final[Mapping[str, Entry]] = {
    "command": KEEP, "environment": KEEP, "privileged": PRIVILEGED, "user": KEEP, "working_dir": KEEP,
}  # fmt: skip
# Of what services share, the copy keeps these keys alone.
MODEL: Final = ("model", "context_size", "runtime_flags")
NETWORK: Final = ("driver", "internal", "enable_ipv4", "enable_ipv6")
NETWORK_OPTIONS: Final = (
    "com.docker.network.driver.mtu", "com.docker.network.bridge.enable_icc",
    "com.docker.network.bridge.enable_ip_masquerade",
)  # fmt: skip
CONNECTION: Final = ("aliases", "gw_priority", "interface_name", "priority", "use_service_name_alias")
MOUNT: Final = ("type", "source", "target", "read_only", "volume", "tmpfs", "image")
FILE_MOUNT: Final = ("source", "target", "uid", "gid", "mode")
_FILE = {
    "name", "content", "environment", "file", "external", "labels", "driver", "driver_opts", "template_driver",
}  # fmt: skip


def needs(document: Mapping[str, Any], name: str, outside: OutsideResources) -> list[RequiredRight]:
    """All rights that a service needs, each with what needs it, in the order of its attributes."""
    body = as_object(as_object(document.get("services")).get(name))
    found = list(_judge(body, SERVICE, _Scene(document, outside)))
    if outside.shell.get(name):
        where = ", ".join(f"`{each}`" for each in outside.shell[name])
        found.append(RequiredRight(SHELL_VARIABLES, f"values of the shell's variables in {where}"))
    return list(dict.fromkeys(found))


def is_model_provider(value: object) -> bool:
    """Whether a provider is Docker Model Runner, for which Compose calls the plugin that modellint puts in its place.

    For any other name it looks for a program: among the plugins, on PATH, and under a path.
    """
    return as_object(value).get("type") == "model"


def kept(body: Mapping[str, Any], table: Mapping[str, Entry]) -> dict[str, Any]:
    """A table without what is left out of the copy."""
    return {key: value for key, value in body.items() if table.get(key, DROP) is not DROP}


def _judge(body: Mapping[str, Any], table: Mapping[str, Entry], scene: _Scene) -> Iterator[RequiredRight]:
    for key, value in body.items():
        if value is None or value is False or value in ("", [], {}) or key.startswith("x-"):
            continue
        entry = table.get(key, NOTHING)
        if callable(entry):
            yield from entry(value, scene)
        elif entry not in (KEEP, DROP):
            yield RequiredRight(entry, f"`{key}`")


def is_lent(body: Mapping[str, Any]) -> bool:
    """Whether the content of a volume is there before the copy is."""
    return bool(body.get("external") or body.get("driver_opts") or body.get("driver") not in (None, "", "local"))
