"""`deploy`."""

from __future__ import annotations

from modellint.compose.canonical.container import complete_device_requests
from modellint.compose.canonical.values import (
    decimal,
    each,
    filled,
    integer,
    optional_integer,
    optional_time,
    optional_unsigned,
    pairs,
    size,
    structure,
    text,
    texts,
    time,
    unsigned,
)
from modellint.yaml.scalars import compose_text

_UPDATE = structure({
    "parallelism": optional_unsigned(64), "delay": time, "failure_action": text, "monitor": time,
    "max_failure_ratio": decimal, "order": text,
})  # fmt: skip
_DISCRETE = structure({"kind": compose_text, "value": optional_integer})
_GENERIC = structure({"discrete_resource_spec": lambda value: _DISCRETE({"kind": "", "value": 0, **value})})
_RESOURCE = structure({
    "cpus": decimal, "memory": size, "pids": integer, "devices": complete_device_requests,
    "generic_resources": each(_GENERIC),
})  # fmt: skip
deploy = structure({
    "mode": text, "replicas": optional_integer, "labels": pairs, "update_config": _UPDATE, "rollback_config": _UPDATE,
    "resources": filled(structure({"limits": _RESOURCE, "reservations": _RESOURCE})),
    "restart_policy": structure({
        "condition": text, "delay": optional_time, "max_attempts": optional_unsigned(64), "window": optional_time,
    }),
    "placement": filled(structure({
        "constraints": texts, "preferences": each(structure({"spread": text})), "max_replicas_per_node": unsigned(64),
    })),
    "endpoint_mode": text,
})  # fmt: skip
