"""Registries for tests: started once for a test run, in the set-ups of `servers`. Each is a `push.Registry`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from support.registry.push import Registry
from support.registry.servers import Address, NotInstalled, plain, with_password, with_tls, with_tokens

Start = Callable[[], AbstractContextManager[Address]]


def started(start: Start) -> Iterator[Registry]:
    try:
        with start() as address:
            yield Registry(address)
    except NotInstalled as problem:
        if os.environ.get("CI") == "true":
            pytest.fail(str(problem))
        pytest.skip(str(problem))


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    """Everybody may read and write; no TLS."""
    yield from started(plain)


@pytest.fixture(scope="session")
def htpasswd_registry() -> Iterator[Registry]:
    """Asks for `.user` and `.password`."""
    yield from started(with_password)


@pytest.fixture(scope="session")
def tls_registry() -> Iterator[Registry]:
    """Has a certificate that only `.ca_file` vouches for."""
    yield from started(with_tls)


@pytest.fixture(scope="session")
def token_registry() -> Iterator[Registry]:
    """Sends clients to `.token_host`; what lies below `public/` is for everybody."""
    yield from started(with_tokens)
