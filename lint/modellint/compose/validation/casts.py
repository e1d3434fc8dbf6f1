"""Values that Compose converts, by their path: `replicas: "two"`, `stop_grace_period: 90`, `ports: ["80:http"]`.

The schema lets text stand in all these places; Compose then refuses what it cannot read (compose-go,
`loader/interpolate.go`, `types` and `format`). It does so for every service, whatever its profiles. Checked against
Compose 5.6.1.
"""

from __future__ import annotations

from modellint.compose.schema.violation import Violation
from modellint.compose.values.short_forms import (
    address,
    argument,
    assignment,
    build_context,
    command,
    device,
    host,
    job_port,
    port,
    ssh_key,
    volume,
)
from modellint.compose.values.units import bytes_of, duration, to_bool, to_float, to_int
from modellint.yaml.node import Mapping, Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from modellint.yaml.node import Node

    Path: TypeAlias = "tuple[str | int, ...]"
    Spec: TypeAlias = "Cast | dict[str, Spec]"

_LONGEST_VALUE = 40  # characters of a value in a message
_INFINITY = float("inf")
_LARGEST_INTEGER = 2**63 - 1
_LARGEST_SINGLE = 3.4028235e38


class Cast:
    """What a value must be. `read` raises `ValueError` for text that is not; the bounds hold for numbers."""

    __slots__ = ("example", "fraction", "high", "low", "read", "wanted")

    def __init__(
        self,
        wanted: str,
        example: str,
        read: Callable[[str], object],
        low: float = -_INFINITY,
        high: float = _INFINITY,
        fraction: bool = True,
    ) -> None:
        self.wanted = wanted
        self.example = example
        self.read = read
        self.low = low
        self.high = high
        self.fraction = fraction  # whether a number that YAML reads as a float will do

    def refuses(self, value: object) -> str:
        """Why Compose refuses a value, or nothing."""
        if isinstance(value, str):
            try:
                value = self.read(value)
            except ValueError as error:
                return str(error)
        elif isinstance(value, float) and not self.fraction:
            return "it has a decimal point"
        return _outside(value, self.low, self.high) if isinstance(value, int | float) else ""


def _outside(number: float, low: float, high: float) -> str:
    if number < low:
        return f"it is below {low}"
    return f"it is above {high}" if number > high else ""


def _within(read: Callable[[str], float], low: float, high: float) -> Callable[[str], None]:
    """Bounds for text alone, where the schema has them for numbers."""

    def reader(text: str) -> None:
        if reason := _outside(read(text), low, high):
            raise ValueError(reason)

    return reader


def _finite(text: str) -> float:
    number = to_float(text)
    if not -_INFINITY < number < _INFINITY:
        raise ValueError("it is not finite")
    return number


def _single(text: str) -> float:
    number = _finite(text)
    if abs(number) > _LARGEST_SINGLE:
        raise ValueError("it is too large")
    return number


def _percent(text: str) -> float:
    """What is cast to a number goes through the schema again, and that takes whole ones alone."""
    number = _finite(text)
    if reason := _outside(number, 0, 100):
        raise ValueError(reason)
    if not number.is_integer():
        raise ValueError("it has a decimal point")
    return number


def _device_count(text: str) -> int:
    return -1 if text.lower() == "all" else to_int(text)


def _mode(text: str) -> int:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits or digits.strip("01234567"):
        raise ValueError("Compose reads it as an octal number")
    return int(text, 8)


def _no_text(text: str) -> None:
    raise ValueError("Compose accepts no text here, so neither variables nor quotes work")


_TEXT = Cast("text", '"1.5"', str, high=_LARGEST_INTEGER, fraction=False)
_BOOLEAN = Cast("true or false", "true", to_bool)
_INTEGER = Cast("a whole number", "10", to_int)
_COUNT = Cast("a whole number of 0 or more", "3", to_int, low=0)
_LIMIT = Cast("a whole number", "1024", to_int, high=_LARGEST_INTEGER, fraction=False)
_PLAIN = Cast("a plain number", "1024", _no_text, low=0)
_BUILD_LIMIT = Cast("a plain whole number", "1024", _no_text, high=_LARGEST_INTEGER, fraction=False)
_NUMBER = Cast("a number", "0.5", _finite)
_CPUS = Cast("a number of CPUs", "0.5", to_float)
_CPUS_SINGLE = Cast("a number of CPUs", "0.5", _single)
_TIME = Cast("a duration", "1m30s", duration)
_SIZE = Cast("a size", "512m", bytes_of)
_DEVICES = Cast("a number of devices or `all`", "all", _device_count, high=_LARGEST_INTEGER, fraction=False)
_FILE_MODE = Cast("a file mode", "0440", _mode, high=_LARGEST_INTEGER, fraction=False)
_COMMAND = Cast("a command line", '["sh", "-c", "…"]', command)
_SETTING = Cast("a `NAME=value`", "NAME=value", assignment)
_CONTEXT = Cast("a `name=context`", "src=./src", build_context)
_KEY = Cast("an SSH key", "default", ssh_key)
_HOST = Cast("a host and an address", "db:10.0.0.7", host)
_PORT = Cast("a port", '"8080:80"', port, low=1, high=65535, fraction=False)
_JOB_PORT = Cast("a port", '"8080:80"', job_port, low=0, high=65535, fraction=False)
_PUBLISHED = Cast("a port", '"8080"', str, high=_LARGEST_INTEGER, fraction=False)
_ADDRESS = Cast("an IP address", "127.0.0.1", address)
_EXPOSED = Cast("a port", '"80"', str, high=_LARGEST_INTEGER, fraction=False)
_VOLUME = Cast("a volume", "./data:/data", volume)
_DEVICE = Cast("a device", "/dev/fuse:/dev/fuse", device)

_ENVIRONMENT: Spec = {"[]": _SETTING}
_HOOKS: Spec = {"[]": {"command": _COMMAND, "environment": _ENVIRONMENT, "privileged": _BOOLEAN}}
_RATES: Spec = {"[]": {"rate": _SIZE}}
_ROLLOUT: Spec = {"delay": _TIME, "max_failure_ratio": _NUMBER, "monitor": _TIME, "parallelism": _COUNT}
_FILES: Spec = {"[]": {"mode": _FILE_MODE}}
_DEVICE_COUNTS: Spec = {"[]": {"count": _DEVICES}}

_SERVICE: dict[str, Spec] = {
    "attach": _BOOLEAN,
    "blkio_config": {
        "device_read_bps": _RATES,
        "device_read_iops": _RATES,
        "device_write_bps": _RATES,
        "device_write_iops": _RATES,
        "weight": _PLAIN,
        "weight_device": {"[]": {"weight": _PLAIN}},
    },
    "build": {
        "additional_contexts": {"[]": _CONTEXT},
        "args": {"[]": Cast("a `NAME=value`", "NAME=value", argument)},
        "extra_hosts": {"[]": _HOST},
        "no_cache": _BOOLEAN,
        "privileged": _BOOLEAN,
        "pull": _BOOLEAN,
        "secrets": _FILES,
        "shm_size": _SIZE,
        "ssh": {"[]": _KEY},
        "ulimits": {"*": {"": _BUILD_LIMIT, "hard": _BUILD_LIMIT, "soft": _BUILD_LIMIT}},
    },
    "command": _COMMAND,
    "configs": _FILES,
    "cpu_count": Cast("a whole number of 0 or more", "2", _within(to_int, 0, _INFINITY)),
    "cpu_percent": Cast("a whole number from 0 to 100", "50", _percent),
    "cpu_period": _INTEGER,
    "cpu_quota": _INTEGER,
    "cpu_rt_period": _INTEGER,
    "cpu_rt_runtime": _INTEGER,
    "cpu_shares": _INTEGER,
    "cpus": _CPUS_SINGLE,
    "depends_on": {"*": {"required": _BOOLEAN, "restart": _BOOLEAN}},
    "deploy": {
        "placement": {"max_replicas_per_node": _COUNT},
        "replicas": _INTEGER,
        "resources": {
            "limits": {"cpus": _CPUS, "memory": _SIZE, "pids": _INTEGER},
            "reservations": {
                "cpus": _CPUS,
                "devices": _DEVICE_COUNTS,
                "generic_resources": {"[]": {"discrete_resource_spec": {"value": _INTEGER}}},
                "memory": _SIZE,
            },
        },
        "restart_policy": {"delay": _TIME, "max_attempts": _COUNT, "window": _TIME},
        "rollback_config": _ROLLOUT,
        "update_config": _ROLLOUT,
    },
    "develop": {"watch": {"[]": {"exec": {"command": _COMMAND, "environment": _ENVIRONMENT, "privileged": _BOOLEAN}}}},
    "devices": {"[]": _DEVICE},
    "entrypoint": _COMMAND,
    "env_file": {"[]": {"required": _BOOLEAN}},
    "environment": _ENVIRONMENT,
    "expose": {"[]": _EXPOSED},
    "extra_hosts": {"[]": _HOST},
    "gpus": _DEVICE_COUNTS,
    "group_add": {"[]": _TEXT},
    "healthcheck": {
        "disable": _BOOLEAN,
        "interval": _TIME,
        "retries": _COUNT,
        "start_interval": _TIME,
        "start_period": _TIME,
        "timeout": _TIME,
    },
    "init": _BOOLEAN,
    "mem_limit": _SIZE,
    "mem_reservation": _SIZE,
    "mem_swappiness": _SIZE,
    "memswap_limit": _SIZE,
    "oom_kill_disable": _BOOLEAN,
    "oom_score_adj": Cast("a whole number from -1000 to 1000", "500", _within(to_int, -1000, 1000)),
    "per_replica": _BOOLEAN,
    "pids_limit": _INTEGER,
    "ports": {"[]": {"": _PORT, "host_ip": _ADDRESS, "published": _PUBLISHED, "target": _COUNT}},
    "post_start": _HOOKS,
    "pre_stop": _HOOKS,
    "privileged": _BOOLEAN,
    "read_only": _BOOLEAN,
    "scale": _INTEGER,
    "secrets": _FILES,
    "security_opt": {"[]": _TEXT},
    "shm_size": _SIZE,
    "stdin_open": _BOOLEAN,
    "stop_grace_period": _TIME,
    "tty": _BOOLEAN,
    "ulimits": {"*": {"": _LIMIT, "hard": _LIMIT, "soft": _LIMIT}},
    "volumes": {
        "[]": {
            "": _VOLUME,
            "bind": {"create_host_path": _BOOLEAN},
            "read_only": _BOOLEAN,
            "tmpfs": {"mode": _PLAIN, "size": _SIZE},
            "volume": {"nocopy": _BOOLEAN},
        }
    },
}
_SERVICE["pre_start"] = {"[]": dict(_SERVICE)}  # the schema refuses what a step of it does not have
# The ports of a job are not looked at as closely.
_JOB: dict[str, Spec] = {
    **_SERVICE,
    "expose": {},
    "ports": {"[]": {"": _JOB_PORT, "published": _PUBLISHED, "target": _COUNT}},
}
_EXTERNAL: Spec = {"*": {"external": _BOOLEAN}}
_ROOT: dict[str, Spec] = {
    "configs": _EXTERNAL,
    "jobs": {"*": _JOB},
    "networks": {
        "*": {
            "attachable": _BOOLEAN,
            "enable_ipv4": _BOOLEAN,
            "enable_ipv6": _BOOLEAN,
            "external": _BOOLEAN,
            "internal": _BOOLEAN,
        }
    },
    "secrets": _EXTERNAL,
    "services": {"*": _SERVICE},
    "volumes": _EXTERNAL,
}


def miscasts(root: Mapping) -> list[Violation]:
    """Every value that Compose cannot convert. A value whose template could not be read is left out."""
    found: list[Violation] = []
    for section, spec in _ROOT.items():
        if (node := root.get(section)) is not None:
            _walk(node, spec, (), section, found)
    return found


def is_unread(scalar: Scalar) -> bool:
    """Whether a scalar holds a template that could not be substituted, and so still has its own text."""
    return scalar.interpolated and scalar.value == scalar.text and "${" in scalar.text


def shown(scalar: Scalar) -> str:
    """One line of a scalar's text for a message, of no great length, never a variable's value."""
    line = scalar.shown.strip().partition("\n")[0]
    return line if len(line) <= _LONGEST_VALUE else f"{line[: _LONGEST_VALUE - 1]}…"


def _walk(node: Node, spec: Spec, parent: Path, step: str | int, found: list[Violation]) -> None:
    if isinstance(node, Scalar):
        cast = spec if isinstance(spec, Cast) else spec.get("")
        if not isinstance(cast, Cast) or is_unread(node):
            return
        if reason := cast.refuses(node.value):
            found.append(_violation(node, cast, (*parent, step), reason))
    elif isinstance(spec, dict):
        path = (*parent, step)
        if isinstance(node, Mapping):
            each = spec.get("*")
            for name, (_, value) in node.entries.items():
                if (inner := spec.get(name, each)) is not None:
                    _walk(value, inner, path, name, found)
        elif (inner := spec.get("[]")) is not None:
            for at, item in enumerate(node.items):
                _walk(item, inner, path, at, found)


def _violation(node: Scalar, cast: Cast, path: Path, reason: str) -> Violation:
    text = f"`{shown(node)}`"
    name = next(f"`{step}`" for step in reversed(path) if isinstance(step, str))
    if node.interpolated and node.value == "":
        message = f"{text} has no value here, but {name} must be {cast.wanted}: Compose rejects the file"
        hint = f"give the variable a value, or a default such as `${{NAME:-{cast.example}}}`"
        return Violation(node.content, node, "cast", path, message, hint)
    where = f"{text} in {name} is not {cast.wanted}" if isinstance(path[-1], int) else ""
    what = where or f"{name} must be {cast.wanted}, but {text if text != '``' else 'empty text'} is not"
    hint = f"write it as in `{cast.example}`"
    return Violation(node.content, node, "cast", path, f"{what}: {reason}; Compose rejects the file", hint)
