"""The container settings that services, jobs and `pre_start` steps share."""

from __future__ import annotations

from modellint.compose.canonical.order import in_order
from modellint.compose.canonical.values import (
    boolean,
    decimal,
    each,
    entries,
    equations,
    integer,
    is_list,
    is_map,
    mode,
    optional_boolean,
    optional_integer,
    optional_time,
    optional_unsigned,
    pairs,
    size,
    structure,
    text,
    texts,
    unsigned,
    without_extensions,
)
from modellint.compose.values.ports import parse_port
from modellint.compose.values.words import split
from modellint.yaml.scalars import Time, compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator
    from typing import Any

    from modellint.compose.canonical.values import Fields


def command(value: Any) -> list[str] | None:
    """The words of a command. An empty one is printed: it takes back what the image says; a date is none."""
    if isinstance(value, Time):
        return None
    return split(value) if isinstance(value, str) else [compose_text(item) for item in value]


def hosts(value: Any) -> list[str] | None:
    """Names and addresses as sorted `name=address`."""
    found: list[str] = []
    named: Iterable[tuple[str, Any]] = value.items() if is_map(value) else map(_host, value)
    for name, addresses in named:
        several: list[Any] = addresses if is_list(addresses) else [addresses]
        for address in several:
            bare = compose_text(address)
            bracketed = len(bare) > 2 and bare.startswith("[") and bare.endswith("]")
            found.append(f"{name}={bare[1:-1] if bracketed else bare}")
    return sorted(found) or None


def _host(item: Any) -> tuple[str, list[str]]:
    line = compose_text(item)
    name, _, addresses = line.partition("=" if "=" in line else ":")
    return name, addresses.split(",")


def _named(value: Any) -> dict[str, Any]:
    return {"source": compose_text(value)}


file_reference = structure({"source": text, "target": text, "uid": text, "gid": text, "mode": mode}, default=_named)


def _secret(value: Any) -> Any:
    reference = file_reference(value)
    if "target" not in reference:
        return file_reference({**reference, "target": f"/run/secrets/{reference.get('source', '')}"})
    return reference


def ulimit(value: Any) -> Any:
    """One number, or a soft and a hard one."""
    if is_map(value):
        return {name: optional_integer(value.get(name, 0)) for name in ("soft", "hard")}
    return integer(value) or {"soft": 0, "hard": 0}


def _device(value: Any) -> Any:
    source, _, rest = compose_text(value).partition(":")
    target, colon, permissions = rest.partition(":")
    return {"source": source, "target": target or source, "permissions": permissions if colon else "rwm"}


def count(value: Any) -> int | None:
    """A number of devices; `all` is -1."""
    return -1 if value == "all" else integer(value)


def device_requests(value: Any) -> list[Any] | None:
    """Requests for GPUs and other devices, as they are written."""
    if value == "all":
        return [{"count": -1}]
    # Nothing that begins with `x-` is printed here.
    return [{name: item[name] for name in _DEVICE_REQUEST if name in item} for item in map(_REQUEST, value)] or None


def complete_device_requests(value: Any) -> list[Any] | None:
    """The same, where one without a count or ids asks for all."""
    if value == "all":
        return device_requests(value)
    return device_requests(
        [item if "count" in item or "device_ids" in item else {**item, "count": -1} for item in value]
    )


def _networks(value: Any) -> dict[str, Any] | None:
    return _granted(value, _NETWORK)


def _models(value: Any) -> dict[str, Any] | None:
    return _granted(value, _MODEL)


def _granted(value: Any, convert: Any) -> dict[str, Any] | None:
    """A list of names, or a map of names to settings or null."""
    names: dict[str, Any] = value if is_map(value) else dict.fromkeys(map(compose_text, value))
    found = without_extensions(names, lambda gathered: {})
    return in_order({name: None if item is None else convert(item) for name, item in found.items()}) or None


def ports(value: Any) -> list[Any] | None:
    """Ports, ranges taken apart."""
    return [_PORT(port) for port in _long_ports(value)] or None


def distinct_ports(value: Any) -> list[Any] | None:
    """The same, each once. A port published as a number is another than one published as text."""
    once: dict[Hashable, dict[str, Any]] = {}
    for port in _long_ports(value):
        published = port.get("published")
        of_text = isinstance(published, str)
        once[port.get("host_ip") or "0.0.0.0", of_text, published, str(port.get("target")), port["protocol"]] = port
    return [_PORT(port) for port in once.values()] or None


def _long_ports(value: Any) -> Iterator[dict[str, Any]]:
    for item in value:
        if isinstance(item, str):
            yield from parse_port(item)
        else:
            long: dict[str, Any] = item if is_map(item) else {"target": item}
            yield {"mode": "ingress", "protocol": "tcp", **long}


def env_files(value: Any) -> list[Any] | None:
    """Env files in the long form. Required is the default and not printed."""
    items: list[Any] = value if is_list(value) else [value]
    return [_ENV_FILE(item if is_map(item) else {"path": item}) for item in items] or None


def _not_false(value: Any) -> bool | None:
    return None if optional_boolean(value) else False


def _pull_policy(value: Any) -> str | None:
    return "missing" if value == "if_not_present" else text(value)


def _resolvers(value: Any) -> list[str] | None:
    return [address for address in texts(value) or () if address] or None


def _optional_pairs(value: Any) -> dict[str, str | None] | None:
    return equations(value) or None


_DEVICE_REQUEST: Fields = {
    "capabilities": texts, "driver": text, "count": count, "device_ids": texts, "options": pairs,
}  # fmt: skip
_REQUEST = structure(_DEVICE_REQUEST)

_PORT = structure({
    "name": text, "mode": text, "host_ip": text, "target": unsigned(32), "published": text, "protocol": text,
    "app_protocol": text,
})  # fmt: skip
_ENV_FILE = structure({"path": text, "required": _not_false, "format": text})
_NETWORK = structure({
    "aliases": texts, "driver_opts": pairs, "gw_priority": integer, "interface_name": text, "ipv4_address": text,
    "ipv6_address": text, "link_local_ips": texts, "mac_address": text, "priority": integer,
})  # fmt: skip
_MODEL = structure({"endpoint_var": text, "model_var": text})
_THROTTLE_FIELDS = structure({"path": compose_text, "rate": lambda value: size(value) or "0"})


def _throttle(value: Any) -> Any:
    return _THROTTLE_FIELDS({"path": "", "rate": 0, **value})


_WEIGHT_FIELDS = structure({"path": compose_text, "weight": optional_unsigned(16)})


def _weight(value: Any) -> Any:
    return _WEIGHT_FIELDS({"path": "", "weight": 0, **value})


_BLOCK_IO = structure({
    "weight": unsigned(16),
    "weight_device": each(_weight),
    "device_read_bps": each(_throttle), "device_read_iops": each(_throttle),
    "device_write_bps": each(_throttle), "device_write_iops": each(_throttle),
})  # fmt: skip
_VOLUME = structure({
    "type": text, "source": text, "target": text, "read_only": boolean, "consistency": text,
    "bind": structure({"selinux": text, "propagation": text, "create_host_path": _not_false, "recursive": text}),
    "volume": structure({"labels": pairs, "nocopy": boolean, "subpath": text}),
    "tmpfs": structure({"size": size, "mode": unsigned(32)}),
    "image": structure({"subpath": text}),
})  # fmt: skip

CONTAINER: Fields = {
    "annotations": pairs, "blkio_config": _BLOCK_IO, "cap_add": texts, "cap_drop": texts, "cgroup_parent": text,
    "cgroup": text, "cpu_count": integer, "cpu_percent": decimal, "cpu_period": integer, "cpu_quota": integer,
    "cpu_rt_period": integer, "cpu_rt_runtime": integer, "cpus": decimal, "cpuset": text, "cpu_shares": integer,
    "command": command, "configs": each(file_reference),
    "credential_spec": structure({"config": text, "file": text, "registry": text}), "device_cgroup_rules": texts,
    "devices": each(structure({"source": text, "target": text, "permissions": text}, default=_device)),
    "dns": _resolvers, "dns_opt": texts, "dns_search": texts, "domainname": text, "entrypoint": command,
    "environment": _optional_pairs, "env_file": env_files, "extra_hosts": hosts, "group_add": texts,
    "gpus": complete_device_requests, "hostname": text, "image": text, "init": optional_boolean, "ipc": text,
    "isolation": text, "labels": pairs, "label_file": texts,
    "logging": structure({"driver": text, "options": pairs}), "mem_limit": size, "mem_reservation": size,
    "memswap_limit": size, "mem_swappiness": size, "mac_address": text, "models": _models, "network_mode": text,
    "networks": _networks, "oom_kill_disable": boolean, "oom_score_adj": integer, "pid": text,
    "pids_limit": integer, "platform": text, "privileged": boolean, "pull_policy": _pull_policy,
    "pull_refresh_after": text,
    "read_only": boolean, "runtime": text, "secrets": each(_secret), "security_opt": texts, "shm_size": size,
    "stop_grace_period": optional_time, "stop_signal": text, "storage_opt": pairs, "sysctls": pairs,
    "tmpfs": texts, "ulimits": entries(ulimit), "use_api_socket": boolean, "user": text, "userns_mode": text,
    "uts": text, "volumes": each(_VOLUME), "volumes_from": texts, "working_dir": text,
}  # fmt: skip
# Compose fills in the defaults of services, and not those of the steps before them.
STEP: Fields = {
    **CONTAINER,
    "dns": texts,
    "gpus": device_requests,
    "pull_policy": text,
    "secrets": each(file_reference),
    "extra_hosts": lambda value: hosts(value) or ([] if value else None),  # a host with an empty list
    "per_replica": boolean,
}
