"""`build`."""

from __future__ import annotations

from modellint.compose.canonical.container import file_reference, hosts, ulimit
from modellint.compose.canonical.values import (
    boolean,
    each,
    entries,
    equations,
    is_map,
    pairs,
    size,
    structure,
    text,
    texts,
)
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


def build(value: Any) -> Any:
    """How an image is built. The arguments still have None where the environment gives the value."""
    if value.get("dockerfile") is None and value.get("dockerfile_inline") is None:
        value = {**value, "dockerfile": "Dockerfile"}
    return _BUILD(value)


def with_arguments(data: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The same with the arguments that the environment gives; those that it does not give are left out."""
    found = {name: environment.get(name) if value is None else value for name, value in data.get("args", {}).items()}
    given = {name: value for name, value in found.items() if value is not None}
    return {name: given if name == "args" else value for name, value in data.items() if name != "args" or given}


def _ssh(value: Any) -> list[str] | None:
    # Compose prints a key as `name: path`, in one text.
    keys: Iterable[Iterable[Any]]
    keys = value.items() if is_map(value) else (compose_text(key).split("=", 1) for key in value)
    return [": ".join(compose_text(part) for part in key if part is not None) for key in keys] or None


_BUILD = structure({
    "context": text, "dockerfile": text, "dockerfile_inline": text, "entitlements": texts,
    "args": lambda value: equations(value) or None, "provenance": text, "sbom": text, "ssh": _ssh, "labels": pairs,
    "cache_from": texts, "cache_to": texts, "no_cache": boolean, "no_cache_filter": texts,
    "additional_contexts": pairs, "pull": boolean, "extra_hosts": hosts, "isolation": text, "network": text,
    "target": text, "secrets": each(file_reference), "shm_size": size, "tags": texts, "ulimits": entries(ulimit),
    "platforms": texts, "privileged": boolean,
})  # fmt: skip
