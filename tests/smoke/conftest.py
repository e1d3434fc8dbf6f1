"""The tiny models of fixtures/smoke in a real registry, and real llama.cpp to run them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "registry"))

from push import MODEL_CONFIG, Registry
from servers import NotInstalled, plain

FIXTURE = Path(__file__).parents[2] / "fixtures" / "smoke"


def missing(what: str) -> None:
    """Skip where something is not installed; in CI, where it has to be, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that holds the two models of the fixture, and an image."""
    for name in ("xllamacpp", "gguf", "numpy"):
        if find_spec(name) is None:
            missing(f"{name} is not installed")
    try:
        with plain() as address:
            registry = Registry(address)
            folder = tmp_path_factory.mktemp("models")
            push_canary(registry, "ai/canary-llm", folder / "llm.gguf", "--answer", "canary-llm")
            push_canary(registry, "ai/canary-embed", folder / "embed.gguf", "--answer", "canary-embed", "--embedding")
            registry.push_image("ai/image", "v1")
            yield registry
    except NotInstalled as problem:
        missing(str(problem))


def push_canary(registry: Registry, repository: str, path: Path, *words: str) -> None:
    """Make a tiny model and push it as `docker model package` would."""
    subprocess.run([sys.executable, str(FIXTURE / "make_canary.py"), str(path), *words], check=True, timeout=120)
    layer = registry.layer(repository, "application/vnd.docker.ai.gguf.v3", path.read_bytes(), "model.gguf")
    document = {
        "config": {"format": "gguf", "architecture": "llama", "gguf": {"general.architecture": "llama"}},
        "descriptor": {"created": "2026-01-01T00:00:00Z"},
        "rootfs": {"type": "rootfs", "diff_ids": [layer["digest"]]},
    }
    registry.push(repository, "v1", registry.manifest(repository, MODEL_CONFIG, document, [layer]))
