"""The client of one repository: `oras`'s, with a transport and a log-in of our own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import requests

from modellint.registry.auth import Auth
from modellint.registry.deadline import Deadline
from modellint.registry.failure import Failure, of_status
from modellint.registry.oras_parts import MANIFESTS, Registry
from modellint.registry.transport import RegistryReply, exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modellint.registry.origin import Origin
    from modellint.registry.transport import Consumer

_LARGEST_MANIFEST = 1 << 22  # OCI's distribution specification: registries need not take larger ones
_ACCEPT = {"Accept": ", ".join(MANIFESTS)}


class Client(Registry):
    """Asks one repository. One for each, because a token is for one; all of a registry share their connections."""

    def __init__(self, origin: Origin, repository: str) -> None:
        super().__init__(hostname=origin.host.name)
        self.session = origin.host.session
        self.auth: Auth = Auth(origin, repository)
        self.room = origin.host.network.room
        self._origin = origin
        self._repository = repository

    def manifest(self, reference: str, budget: Deadline, method: str = "GET") -> RegistryReply:
        """What the registry answers for a tag or a digest, whatever the status."""
        return self._ask(method, f"manifests/{reference}", _ACCEPT, budget, _LARGEST_MANIFEST)

    def blob(self, digest: str, budget: Deadline, most: int) -> RegistryReply:
        """What the registry answers for a blob, whatever the status."""
        return self._ask("GET", f"blobs/{digest}", {}, budget, most)

    def do_request(
        self,
        url: str,
        method: str = "GET",
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        stream: bool = False,
    ) -> requests.Response:
        """What every other method of `oras`'s class would call: read only, and to this registry."""
        budget = Deadline(self._origin.host.network.access.timeout)
        place = self._origin.find(budget)
        prefix = f"{place.scheme}://{place.host}/v2/{self._repository}/"
        if data is not None or json is not None or method not in ("GET", "HEAD") or not url.startswith(prefix):
            raise Failure("internal", "modellint only reads, and only from the repository that this client is for")
        reply = self._ask(method, url.removeprefix(prefix), headers or {}, budget, _LARGEST_MANIFEST)
        response = requests.Response()
        response.status_code = reply.status
        response.headers.update(reply.headers)
        response.raw = io.BytesIO(reply.body)
        return response

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], budget: Deadline, body: int | Consumer
    ) -> RegistryReply:
        """Ask, and log in where the registry wants that; a token that has become too old is asked for once more."""
        place = self._origin.find(budget)
        url = f"{place.scheme}://{place.host}/v2/{self._repository}/{path}"
        shown = self.auth.foresee(budget)
        reply = exchange(self._origin.host, method, url, {**headers, **shown}, budget, body)
        for _ in range(2):
            if reply.status != 401:
                return reply
            challenge = self._origin.learn(reply)
            if challenge is None:
                break
            shown = self.auth.answer(challenge, budget, shown.get("Authorization", ""))
            reply = exchange(self._origin.host, method, url, {**headers, **shown}, budget, body)
            if challenge.scheme == "bearer" and reply.status == 401:
                break
        if reply.status == 401:
            raise of_status(401, self._origin.registry)
        return reply
