"""The machine's ability to isolate, two runners, and a registry that is only a port."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from modellint.smoke.isolation.capability import Capability, find_capability
from support.isolation.parts import Runner


@pytest.fixture(scope="session")
def capability() -> Capability:
    found = find_capability()
    if not found.ok:
        if os.environ.get("MODELLINT_NEEDS_NAMESPACES") == "true":
            pytest.fail(found.reason)
        pytest.skip(found.reason)
    return found


@pytest.fixture
def llm() -> Iterator[Runner]:
    with Runner("canary:llm") as runner:
        yield runner


@pytest.fixture
def embedder() -> Iterator[Runner]:
    with Runner("canary:embed") as runner:
        yield runner


@pytest.fixture
def registry() -> Iterator[Runner]:
    with Runner("registry") as runner:
        yield runner
