"""A registry: where it answers, whether with TLS, how it wants to be asked, and the credentials for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from modellint.registry import address_policy, credentials
from modellint.registry.challenge import choose
from modellint.registry.connection import BadCertificate
from modellint.registry.deadline import Deadline
from modellint.registry.failure import Failure
from modellint.registry.hosts import UrlHost, api_host, may_be_plain, on_this_machine
from modellint.registry.names import split_port
from modellint.registry.transport import Broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.registry.challenge import Challenge
    from modellint.registry.credentials import Credentials, DockerConfig
    from modellint.registry.transport import Network, RegistryReply

_PATIENCE = 1.0  # seconds for a host on this machine to say whether it speaks TLS


class Origin:
    """What is known of a registry in this run. `challenge` is what it asked for last."""

    def __init__(self, registry: str, network: Network, docker: Callable[[], DockerConfig]) -> None:
        self.registry = registry
        self.challenge: Challenge | None = None
        self.place: UrlHost | None = None
        api = api_host(registry)
        self._plain = may_be_plain(api, network.access)
        self._local = self._plain and registry not in network.access.plain_http
        self.host = network.host(api, address_policy.MACHINE if on_this_machine(api) else address_policy.NAMED)
        self._docker = docker
        self._lock = threading.Lock()
        self._failure: Failure | None = None
        self._credentials: tuple[Credentials | None, str] | None = None

    def find(self, budget: Deadline) -> UrlHost:
        """Scheme and host to ask; raises `Failure`.

        TLS everywhere but where the user says otherwise, and on this machine. There both are usual: a registry for
        tests without it, one for development with a certificate of its own. Docker tries TLS first and falls back; but
        then whoever can disturb the first try decides that a password is sent without TLS. So it is the other way
        round: `/v2/` is asked without TLS and without credentials, and what answers there decides. A server that wants
        TLS says so, or does not answer in HTTP, and is never sent anything else without it.
        """
        with _held(self._lock, budget):
            if self._failure:
                raise self._failure.copy()
            if self.place is None:
                try:
                    plain = self._plain and not (self._local and self._wants_tls(budget))
                except Failure as failure:
                    self._failure = failure
                    raise
                scheme = "http" if plain else "https"
                self.place = UrlHost(scheme, self.host.name)
            return self.place

    def credentials(self, budget: Deadline) -> tuple[Credentials | None, str]:
        """The credentials for this registry, looked up once, and what went wrong on the way."""
        with _held(self._lock, budget):
            if self._credentials is None:
                allowed = self.host.network.access.credentials
                self._credentials = self._docker().look_up(self.registry) if allowed else (None, "")
            return self._credentials

    def learn(self, reply: RegistryReply) -> Challenge | None:
        """What a registry asks for that refuses an answer."""
        challenge = choose(reply.headers.get("WWW-Authenticate", ""))
        self.challenge = challenge or self.challenge
        return challenge

    def _wants_tls(self, budget: Deadline) -> bool:
        """Whether a host on this machine answers with TLS only."""
        try:
            reply = self.host.send("GET", f"http://{self.host.name}/v2/", {}, budget, 0)
        except Failure as failure:
            if isinstance(failure, Broken) and self._speaks_tls():
                return True
            if failure.code == "network" and failure.down and not split_port(self.host.name)[1]:
                return True  # nobody listens at port 80
            raise
        if reply.status == 401:
            self.learn(reply)
        words = bytes(reply.body).lower()
        return reply.status == 400 and (b"https" in words or b"ssl" in words or b"tls" in words)

    def _speaks_tls(self) -> bool:
        """Whether a host that ends a connection without TLS takes one with TLS."""
        try:
            self.host.send("GET", f"https://{self.host.name}/v2/", {}, Deadline(_PATIENCE), 0)
        except BadCertificate:
            return True
        except Failure:
            return False
        return True


class _held:
    """A lock, taken within a budget."""

    def __init__(self, lock: threading.Lock, budget: Deadline) -> None:
        self._lock = lock
        self._budget = budget

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._budget.left()):
            raise self._budget.over()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def docker_config(network: Network) -> Callable[[], DockerConfig]:
    """Docker's configuration, read once and only if somebody needs it."""
    found: list[DockerConfig] = []
    lock = threading.Lock()

    def read() -> DockerConfig:
        with lock:
            if not found:
                found.append(credentials.load(network.environ))
            return found[0]

    return read
