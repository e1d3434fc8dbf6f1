"""Tiny models, pushed as real ones are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from support.registry.push import Registry
from support.store.canned import Content, Model

Canary: TypeAlias = "Callable[..., bytes]"


def push(
    registry: Registry,
    repository: str,
    contents: Sequence[Content],
    tag: str = "v1",
    *,
    pack: bool = False,
    config: Mapping[str, Any] | None = None,
) -> Model:
    """Push a model of these files, as `docker model package` would."""
    model = Model(contents, pack=pack, config=config)
    model.push(registry, repository, tag)
    return model
