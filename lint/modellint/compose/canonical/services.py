"""Services and jobs."""

from __future__ import annotations

from modellint.compose.canonical.build import build, with_arguments
from modellint.compose.canonical.container import CONTAINER, STEP, command, distinct_ports, ports
from modellint.compose.canonical.deploy import deploy
from modellint.compose.canonical.env_files import labels_of, variables_of
from modellint.compose.canonical.merged import laid
from modellint.compose.canonical.order import in_order
from modellint.compose.canonical.values import (
    boolean,
    each,
    equations,
    extensions,
    filled,
    is_map,
    optional_boolean,
    optional_integer,
    optional_time,
    optional_unsigned,
    structure,
    text,
    texts,
)
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from modellint.compose.canonical.values import Convert, Fields
    from modellint.files.reader import Reader

_STARTED = {"condition": "service_started", "required": True}
_RESTARTED = {"condition": "service_started", "restart": True, "required": True}
_NAMESPACES = ("network_mode", "ipc", "pid", "uts", "cgroup")
_REORDERED = frozenset(("blkio_config", "credential_spec", "extra_hosts", "logging"))
_REPLACED = frozenset(("command", "entrypoint"))


def service(data: dict[str, Any], environment: Mapping[str, str], reader: Reader) -> dict[str, Any]:
    """A service as Compose prints it, with its defaults, its environment and what it implies."""
    if data.get("scale") is not None and data.get("deploy") is not None:
        data = {**data, "deploy": {**data["deploy"], "replicas": data["scale"]}}
    if "x-develop" in data:  # its name while it was an experiment
        develop = laid(data["x-develop"], data.get("develop", {}), "develop")
        data = {name: value for name, value in data.items() if name != "x-develop"} | {"develop": develop}
    found = _completed(data, structure(_SERVICE)(data), environment)
    if "pre_start" in found:
        found["pre_start"] = [_step(item, found) for item in data["pre_start"]]
    if "volumes" in found:  # a later mount stands in the place of the first that has its target
        found["volumes"] = list({mount["target"]: mount for mount in found["volumes"]}.values())
    own = found.get("environment", {})
    found["environment"] = {**variables_of(found.pop("env_file", ()), own, environment, reader), **own}
    found["labels"] = {**labels_of(found.get("label_file", ()), reader), **found.get("labels", {})}
    return _arranged(found, _SERVICE)


def job(name: str, data: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """A job as Compose prints it. Its env files are not read."""
    found = _completed(data, structure(_JOB)({**data, "name": name}), environment)
    return _arranged(found, _JOB)


def _completed(data: dict[str, Any], found: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    if not ("networks" in found or "provider" in found) and data.get("network_mode") is None:
        found["networks"] = {"default": None}
    if "environment" in found:
        found["environment"] = {
            name: environment.get(name) if value is None else value for name, value in found["environment"].items()
        }
    if "build" in found:
        found["build"] = with_arguments(found["build"], environment)
    if implied := _implied_dependencies(found):
        found["depends_on"] = {**implied, **found.get("depends_on", {})}
    return found


def _arranged(found: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """The same in the order of the table, its maps sorted, and without the empty ones that were made here."""
    data = {name: found[name] for name in fields if name in found}
    for name in ("environment", "labels", "depends_on"):
        if name in data:
            data[name] = in_order(data[name])
    kept = {name: value for name, value in data.items() if value or name not in ("environment", "labels")}
    return {**kept, **extensions(found)}


def _implied_dependencies(found: dict[str, Any]) -> dict[str, Any]:
    """The services whose namespace, link or volumes a service uses. The first two restart it with them."""
    implied: dict[str, Any] = {}
    for source in found.get("volumes_from", ()):
        if not source.startswith("container:"):
            implied[source.partition(":")[0]] = _STARTED
    for key in _NAMESPACES:
        if found.get(key, "").startswith("service:"):
            implied[found[key].removeprefix("service:")] = _RESTARTED
    for link in found.get("links", ()):
        implied[link.partition(":")[0]] = _RESTARTED
    return implied


def _step(data: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """A step of `pre_start`: it takes the container settings of its service, but for the volumes."""
    item = structure(STEP)(data)
    shared = {name: found[name] for name in CONTAINER if name in found and name != "volumes"}
    adds = {name: value for name, value in data.items() if name in _REPLACED or value not in ([], {})}
    inherited = {name: value for name, value in shared.items() if name not in adds}
    own = {name: value if name in _REPLACED else laid(shared.get(name), value, name) for name, value in item.items()}
    for name in _REORDERED & own.keys():
        own[name] = STEP[name](own[name]) if own[name] else own[name]
    return _arranged({**inherited, **own}, STEP)


def _dependencies(value: Any) -> dict[str, Any] | None:
    found: dict[str, Any] = value if is_map(value) else {compose_text(name): {} for name in value}
    return in_order({name: _DEPENDENCY({**_STARTED, **item}) for name, item in found.items()}) or None


def _test(value: Any) -> list[str] | None:
    return ["CMD-SHELL", value] if isinstance(value, str) else texts(value)


def _options(value: Any) -> dict[str, list[str]] | None:
    return in_order({name: found for name, item in value.items() if (found := texts(item))}) or None


def _schedule(value: Any) -> dict[str, Any]:
    return {"cron": compose_text(value)}


def _environment(value: Any) -> dict[str, Any] | None:
    return equations(value) or None


def _renamed(old: str, new: str, convert: Convert) -> Convert:
    """The same for data in which a name may be the one that it had while it was an experiment."""
    return lambda value: convert({new if name == old else name: item for name, item in value.items()})


_DEPENDENCY = structure({"condition": text, "restart": boolean, "required": optional_boolean})
_HOOK = structure({
    "command": command, "user": text, "privileged": boolean, "working_dir": text, "environment": _environment,
})  # fmt: skip
_WATCH = _renamed("x-initialSync", "initial_sync", structure({
    "path": text, "action": text, "target": text, "exec": filled(_HOOK), "include": texts, "ignore": texts,
    "initial_sync": boolean,
}))  # fmt: skip
_HEALTHCHECK = structure({
    "test": _test, "timeout": optional_time, "interval": optional_time, "retries": optional_unsigned(64),
    "start_period": optional_time, "start_interval": optional_time, "disable": boolean,
})  # fmt: skip
_WORKLOAD: Fields = {
    **CONTAINER,
    "build": build, "depends_on": _dependencies, "expose": texts, "healthcheck": _HEALTHCHECK, "ports": ports,
    "stdin_open": boolean, "tty": boolean,
}  # fmt: skip
_SERVICE: Fields = {
    "profiles": texts, "extends": structure({"file": text, "service": text}),
    "deploy": deploy, "develop": structure({"watch": each(_WATCH)}), "restart": text,
    "scale": optional_integer, "attach": optional_boolean, "container_name": text,
    "provider": structure({"type": text, "options": _options}), "external_links": texts, "links": texts,
    "pre_start": each(structure(STEP)), "post_start": each(_HOOK), "pre_stop": each(_HOOK), **_WORKLOAD,
    "ports": distinct_ports,
}  # fmt: skip
_SCHEDULE = structure({"cron": text, "timezone": text, "concurrency": text, "missed_fires": text}, default=_schedule)
_JOB: Fields = {
    "name": text, "profiles": texts,
    "triggers": structure({"manual": boolean, "schedule": each(_SCHEDULE)}), **_WORKLOAD,
}  # fmt: skip
