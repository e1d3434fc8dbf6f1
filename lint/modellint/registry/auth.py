"""How a registry comes to know who asks: a password, or a token that it or its token service gives for one.

What is sent where: a registry's credentials go to the registry, to the token service that is known to be its own, and
to one that the user names; to no other that the registry may name. A token is asked for one repository, to pull.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from modellint.registry import address_policy, json_documents
from modellint.registry.failure import Failure, log_in, of_status
from modellint.registry.hosts import known_token_host, may_be_plain, on_this_machine, place
from modellint.registry.oras_parts import TokenAuth
from modellint.registry.transport import exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modellint.registry.challenge import Challenge
    from modellint.registry.credentials import Credentials
    from modellint.registry.deadline import Deadline
    from modellint.registry.large_bodies import SerialWorker
    from modellint.registry.origin import Origin
    from modellint.registry.transport import Host, RegistryReply

_LARGEST_ANSWER = 1 << 20
_LONGEST_TOKEN = 1 << 15
_LONGEST_SERVICE = 256


class Auth(TokenAuth):
    """The log-in to one repository. Its token is kept as long as the run."""

    def __init__(self, origin: Origin, repository: str) -> None:
        super().__init__()
        self.session = origin.host.session
        self._origin = origin
        self._repository = repository
        self._lock = threading.Lock()
        self._refusal: Failure | None = None

    def __repr__(self) -> str:
        return "Auth(…)"

    def foresee(self, budget: Deadline) -> dict[str, str]:
        """The header for a registry that has asked for one before; none where it is not known whether it will."""
        challenge = self._origin.challenge
        if challenge is None or self._refusal:
            return {}
        try:
            return self.answer(challenge, budget)
        except Failure as failure:
            if failure.code in ("auth", "forbidden", "realm"):
                return {}  # this repository may be one that everybody may read
            raise

    def answer(self, challenge: Challenge, budget: Deadline, used: str = "") -> dict[str, str]:
        """The header that a challenge asks for, other than the one that was used; raises `Failure`."""
        if not self._lock.acquire(timeout=budget.left()):
            raise budget.over()
        try:
            if self._refusal:
                raise self._refusal.copy()
            header = self._basic(budget) if challenge.scheme == "basic" else self._bearer(challenge, budget, used)
            if header["Authorization"] == used:
                raise self._wrong() if challenge.scheme == "basic" else of_status(401, self._origin.registry)
            return header
        except Failure as failure:
            if failure.code in ("auth", "forbidden", "realm"):
                self._refusal = failure
            raise
        finally:
            self._lock.release()

    def _basic(self, budget: Deadline) -> dict[str, str]:
        credentials, problem = self._origin.credentials(budget)
        if credentials is None or credentials.identity_token:
            raise self._unknown(problem)
        self.set_basic_auth(credentials.user, credentials.password)
        return {"Authorization": f"Basic {self._basic_auth}"}

    def _bearer(self, challenge: Challenge, budget: Deadline, used: str) -> dict[str, str]:
        if self.token is None or used == f"Bearer {self.token}":
            self.set_token_auth(self._fetch(challenge, budget))
        return self.get_auth_header()

    def _fetch(self, challenge: Challenge, budget: Deadline) -> str:
        """A token from the token service."""
        realm = challenge.parameters.get("realm", "")
        host = self._token_host(realm)
        credentials, problem = self._origin.credentials(budget)
        wanted = {"scope": f"repository:{self._repository}:pull"}
        if service := challenge.parameters.get("service", ""):
            wanted["service"] = service[:_LONGEST_SERVICE]
        reply = _ask(host, realm, wanted, credentials, budget)
        if reply.status != 200:
            raise self._refused(reply.status, credentials, problem)
        return _token(reply, host.network.room, budget)

    def _token_host(self, realm: str) -> Host:
        """The token service that a registry names, if it may be asked; raises `Failure`."""
        network, target = self._origin.host.network, place(realm)
        if target is None:
            raise Failure("realm", "the registry's token service has an address that is not a valid web address")
        if target == self._origin.place:
            return self._origin.host
        named = {each.removesuffix(":443") for each in network.access.token_hosts}
        if target.host in named and (target.scheme == "https" or may_be_plain(target.host, network.access)):
            plain = target.scheme == "http" and on_this_machine(target.host)
            return network.host(target.host, address_policy.MACHINE if plain else address_policy.NAMED)
        if target.scheme != "https":
            raise Failure("realm", "the registry's token service does not use TLS, so modellint does not contact it")
        if target.host == known_token_host(self._origin.registry):
            return network.host(target.host, address_policy.TOKEN)
        raise Failure(
            "realm",
            "the registry's token service is on another host, and modellint does not send it the "
            "registry's credentials; use `--token-host HOST` if both belong together",
        )

    def _refused(self, status: int, credentials: Credentials | None, problem: str) -> Failure:
        if status == 401 or (status == 400 and credentials and credentials.identity_token):
            return self._wrong() if credentials else self._unknown(problem)
        if status == 404:
            return Failure("auth", "the registry's token service does not exist")
        return of_status(status, self._origin.registry)

    def _wrong(self) -> Failure:
        return Failure(
            "auth", f"the registry rejects the credentials stored by Docker; {log_in(self._origin.registry)}"
        )

    def _unknown(self, problem: str) -> Failure:
        failure = of_status(401, self._origin.registry)
        return Failure("auth", f"{failure.reason} ({problem})") if problem else failure


def _ask(
    host: Host, realm: str, wanted: Mapping[str, str], credentials: Credentials | None, budget: Deadline
) -> RegistryReply:
    """Ask a token service: without a name, with a password, or with an identity token (OAuth2).

    It is not followed to another place: what it may know is not what that one may know.
    """
    if credentials and credentials.identity_token:
        form = {"grant_type": "refresh_token", "client_id": "modellint", "refresh_token": credentials.identity_token}
        return host.send("POST", realm, {"Accept": "application/json"}, budget, _LARGEST_ANSWER, {**form, **wanted})
    headers = {"Accept": "application/json"}
    if credentials:
        basic = TokenAuth()
        basic.set_basic_auth(credentials.user, credentials.password)
        headers["Authorization"] = f"Basic {basic._basic_auth}"  # pyright: ignore[reportPrivateUsage]
    return exchange(host, "GET", _with_query(realm, wanted), headers, budget, _LARGEST_ANSWER, redirects=0)


def _with_query(url: str, wanted: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    given = [(name, value) for name, value in parse_qsl(parts.query) if name not in ("scope", "service")]
    return urlunsplit(parts._replace(query=urlencode([*given, *wanted.items()])))


def _token(reply: RegistryReply, room: SerialWorker, budget: Deadline) -> str:
    """The token that a token service gave; raises `Failure`."""
    try:
        token = json_documents.read(reply.body, _written_token, room, budget)
    except Failure:
        token = None
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN or not all("!" <= each <= "~" for each in token):
        raise Failure("auth", "the registry's token service returned no token")
    return token


def _written_token(document: object) -> object:
    given = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    return given.get("token") or given.get("access_token")
