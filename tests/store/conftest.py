"""The registry of `tests/registry`, with its storage at hand, and an environment without anybody's settings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from modellint.smoke.store.store import Store
from support.registry.push import Registry
from support.registry.servers import NotInstalled, plain, with_tokens
from support.store.canned import Stored


def missing(problem: NotInstalled) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(str(problem))
    pytest.skip(str(problem))


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """Everybody may read and write; no TLS."""
    folder = tmp_path_factory.mktemp("real")
    usual = tempfile.tempdir
    tempfile.tempdir = str(folder)  # where `plain` makes the folder of the registry
    try:
        with plain() as address:
            tempfile.tempdir = usual
            stored = Stored(address)
            stored.storage = next(folder.iterdir()) / "data"
            yield stored
    except NotInstalled as problem:
        missing(problem)
    finally:
        tempfile.tempdir = usual


@pytest.fixture(scope="session")
def token_registry() -> Iterator[Registry]:
    """Sends clients to `.token_host`; what lies below `public/` is for everybody."""
    try:
        with with_tokens() as address:
            yield Registry(address)
    except NotInstalled as problem:
        missing(problem)


@pytest.fixture(autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, login or certificate of this machine takes part."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DOCKER_CONFIG", str(home))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(str(tmp_path / "models")) as store:
        yield store
