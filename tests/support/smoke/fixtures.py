"""Tiny models in a real registry, and real llama.cpp to run them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from modellint.smoke.isolation.capability import find_capability
from modellint.smoke.runners import canary
from support.registry.servers import NotInstalled, plain
from support.smoke.tiny import Canary, push
from support.store.canned import GGUF, Stored


def missing(what: str) -> None:
    """Skip where something is not installed; in CI, where it has to be, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory, make: Canary) -> Iterator[Stored]:
    """A registry that holds the two models of the fixture and an image, and whose files are at hand."""
    folder = tmp_path_factory.mktemp("real")
    usual = tempfile.tempdir
    tempfile.tempdir = str(folder)  # where `plain` makes the folder of the registry
    try:
        with plain() as address:
            tempfile.tempdir = usual
            registry = Stored(address)
            registry.storage = next(folder.iterdir()) / "data"
            push(registry, "ai/canary-llm", [(GGUF, make("canary-llm"), "model.gguf")])
            push(registry, "ai/canary-embed", [(GGUF, make("canary-embed", embedding=True), "model.gguf")])
            registry.push_image("ai/image", "v1")
            yield registry
    except NotInstalled as problem:
        missing(str(problem))
    finally:
        tempfile.tempdir = usual


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Canary:
    """Make a tiny model: `make("hello")`, and more words for `canary.write`."""
    for name in ("xllamacpp", "gguf", "numpy"):
        if find_spec(name) is None:
            missing(f"{name} is not installed")
    folder = tmp_path_factory.mktemp("models")

    def write(answer: str, *, context: int = 8192, embedding: bool = False, template: bool = True) -> bytes:
        path = folder / "model.gguf"
        canary.write(str(path), answer, context=context, embedding=embedding, template=template)
        return path.read_bytes()

    return write


@pytest.fixture(scope="session")
def namespaces() -> None:
    """What proves isolation."""
    capability = find_capability()
    if not capability.ok:
        if os.environ.get("MODELLINT_NEEDS_NAMESPACES") == "true":
            pytest.fail(capability.reason)
        pytest.skip(capability.reason)
