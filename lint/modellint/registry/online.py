"""The queries of one run: its registries, their repositories and its threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from modellint.registry.client import Client
from modellint.registry.origin import Origin, docker_config
from modellint.registry.resolve import resolve
from modellint.registry.transport import Network
from modellint.registry.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from modellint.oci.answers import RegistryAnswer
    from modellint.oci.artifact import Artifact
    from modellint.oci.query import Query
    from modellint.registry.cache import Cache
    from modellint.registry.deadline import Deadline
    from modellint.registry.options import RegistryOptions


def answers(
    requests: Sequence[Query], access: RegistryOptions, cache: Cache, details: bool
) -> Generator[tuple[Query, RegistryAnswer]]:
    """One answer for each request, as they come."""
    network = Network(access)
    clients = _Clients(network)

    def work(request: Query, budget: Deadline) -> Artifact:
        try:
            client = clients.of(request)
            return resolve(request, client, budget, details, cache)
        finally:
            network.room.leave(budget)

    try:
        yield from WorkerPool(requests, work, access.timeout).results()  # closed with this generator
    finally:
        network.close()


class _Clients:
    """The clients of a run: one for each repository, made when it is first asked."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._docker = docker_config(network)
        self._lock = threading.Lock()
        self._origins: dict[str, Origin] = {}
        self._clients: dict[tuple[str, str], Client] = {}

    def of(self, request: Query) -> Client:
        """The client of a request's repository."""
        key = request.registry, request.repository
        with self._lock:
            if key not in self._clients:
                if request.registry not in self._origins:
                    self._origins[request.registry] = Origin(request.registry, self._network, self._docker)
                self._clients[key] = Client(self._origins[request.registry], request.repository)
            return self._clients[key]
