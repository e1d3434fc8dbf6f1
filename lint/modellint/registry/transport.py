"""Requests to hosts: bounded in time and size, without cookies, netrc or compression, and redirected only with care."""

from __future__ import annotations

import email.utils
import os
import random
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests
import requests.adapters
import requests.exceptions
import requests.utils
import urllib3.exceptions

from modellint import __version__
from modellint.registry import address_policy, tls
from modellint.registry.connection import pools, spending, tls_failure
from modellint.registry.failure import Failure, of_status
from modellint.registry.hosts import on_this_machine, place
from modellint.registry.large_bodies import LARGE, SerialWorker
from modellint.registry.names import split_port

if TYPE_CHECKING:
    from modellint.registry.address_policy import AddressPolicy
    from modellint.registry.deadline import Deadline
    from modellint.registry.options import RegistryOptions

MOST_CONNECTIONS = 16  # to one host at a time
_MOST_TRIES = 3
_UNWANTED = 1 << 16  # bytes of a body that nobody needs, read to use the connection again
_REDIRECTS = (301, 302, 303, 307, 308)
_TRY_AGAIN = (429, 500, 502, 503, 504)


class Broken(Failure):
    """The connection ended before the answer did. It may have been an old one, so this is tried once more."""


class RegistryReply:
    """What a host answered. The body can be emptied once it is no longer needed."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytearray) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class Consumer:
    """Who takes a body as it comes, for it may be larger than memory."""

    def take_all(self, response: requests.Response) -> None:
        """Take the body of an answer that has one (status 200 or 206); raises `Failure`."""
        raise NotImplementedError


class Network:
    """What all requests of a run share: the TLS set-up, the connections to each host, and room for large bodies."""

    def __init__(self, access: RegistryOptions, environ: Mapping[str, str] | None = None) -> None:
        self.access = access
        self.environ = os.environ if environ is None else environ
        self._hosts: dict[tuple[str, AddressPolicy], Host] = {}
        self._lock = threading.Lock()
        self.room = SerialWorker()
        self._tls: ssl.SSLContext | Failure | None = None

    def host(self, name: str, reach: AddressPolicy) -> Host:
        """The host of a name, which is connected to only at addresses of that reach."""
        with self._lock:
            if (name, reach) not in self._hosts:
                self._hosts[name, reach] = Host(name, reach, self)
            return self._hosts[name, reach]

    def tls(self) -> ssl.SSLContext:
        """The TLS set-up; raises `Failure`."""
        with self._lock:
            if self._tls is None:
                try:
                    self._tls = tls.tls(self.access.ca_file, self.environ)
                except Failure as failure:
                    self._tls = failure
            if isinstance(self._tls, Failure):
                raise self._tls.copy()
            return self._tls

    def close(self) -> None:
        """End all connections that are not in use."""
        self.room.close()
        for host in self._hosts.values():
            host.session.close()


class Host:
    """The connections to one host."""

    def __init__(self, name: str, reach: AddressPolicy, network: Network) -> None:
        self.name = name
        self.reach = reach
        self.network = network
        self.session = _Session()
        self._adapter: _Adapter | None = None
        self._lock = threading.Lock()
        self._proxies = {} if on_this_machine(name) else _proxies(name)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        budget: Deadline,
        body: int | Consumer,
        form: Any = None,
    ) -> RegistryReply:
        """The answer to one request, redirects not followed; raises `Failure`.

        `body` is the most bytes that it may have, more of them being a failure, and 0 where nobody needs it; or who
        takes it as it comes.
        """
        budget.left()
        self._judge_proxied(url)
        self._prepare(url)
        try:
            with spending(budget):
                response = self.session.request(
                    method, url, headers=headers, data=form, proxies=self._proxies, timeout=budget.left(),
                    allow_redirects=False, stream=True,
                )  # fmt: skip
                with response:
                    return RegistryReply(
                        response.status_code, response.headers, self._body(response, method, budget, body)
                    )
        except Failure:
            raise
        except Exception as problem:
            raise _translated(problem, budget) from None

    def _prepare(self, url: str) -> None:
        """Set up the connections. Those with TLS need the authorities, which are read only if they are needed."""
        tls = self.network.tls() if url.startswith("https:") else None
        with self._lock:
            for prefix, context in (("https://", tls), ("http://", None)):
                if url.startswith(prefix) and prefix not in self.session.adapters:
                    self.session.mount(prefix, _Adapter(self.reach, context))

    def _judge_proxied(self, url: str) -> None:
        """Refuse an address that a proxy would be asked for, where this machine would not connect to it either.

        A name is looked up by the proxy, so nothing can be said of it here.
        """
        if not self._proxies:
            return
        try:
            address = address_policy.plain(split_port(self.name)[0].strip("[]"))
        except ValueError:
            return
        if not self.reach.permits(address):
            raise self.reach.refusal()

    def _body(self, response: requests.Response, method: str, budget: Deadline, taken: int | Consumer) -> bytearray:
        if not isinstance(taken, int) and response.status_code in (200, 206):
            taken.take_all(response)
            return bytearray()
        most = taken if isinstance(taken, int) else 0
        body = bytearray()
        wanted = response.status_code == 200 and most > 0
        if wanted and method != "HEAD":
            encoding = response.headers.get("Content-Encoding", "").strip().lower()
            if encoding not in ("", "identity"):
                raise Failure("encoding", "the registry sent a compressed response that was not requested")
        parts = response.raw.stream(1 << 16, decode_content=False)
        for part in parts:
            body += part
            if not wanted and len(body) > _UNWANTED:
                return bytearray()
            if wanted and len(body) > most:
                raise _too_big(most)
            if wanted and len(body) > LARGE:
                return self.network.room.run(partial(_rest, body, parts, most), budget)
        return body


def _rest(start: bytearray, parts: Iterable[bytes], most: int) -> bytearray:
    """A body that is large. `start` is copied, so that the memory is that of this thread."""
    body = bytearray(start)
    start.clear()
    for part in parts:
        body += part
        if len(body) > most:
            raise _too_big(most)
    return body


def _too_big(most: int) -> Failure:
    return Failure("too-big", f"the registry's response exceeds the limit of {most:,} bytes")


def exchange(
    host: Host,
    method: str,
    url: str,
    headers: Mapping[str, str],
    budget: Deadline,
    body: int | Consumer,
    redirects: int = 3,
) -> RegistryReply:
    """The answer to a request, after redirects, and tried again where that may help; raises `Failure`."""
    tries = 0
    while True:
        tries += 1
        try:
            reply = _follow(host, method, url, headers, budget, body, redirects)
        except Broken:
            if tries == 1:
                continue
            raise
        if reply.status not in _TRY_AGAIN:
            return reply
        failure = of_status(reply.status, host.name)
        if tries == _MOST_TRIES:
            raise failure
        budget.wait(_pause(reply, tries), failure)


def _follow(
    host: Host,
    method: str,
    url: str,
    headers: Mapping[str, str],
    budget: Deadline,
    body: int | Consumer,
    redirects: int,
) -> RegistryReply:
    """The answer to a request, after redirects.

    Another host is followed to only with TLS, at a public address, and without what the registry may know of us.
    """
    start = place(url)
    for _ in range(redirects + 1):
        reply = host.send(method, url, headers, budget, body)
        if reply.status not in _REDIRECTS:
            return reply
        url = urljoin(url, reply.headers.get("Location", ""))
        target = place(url)
        if target is None:
            raise Failure("redirect", "the registry redirects to an invalid web address")
        if target != start:
            if target.scheme != "https":
                raise Failure(
                    "redirect", "the registry redirects to an address without TLS; modellint does not follow it"
                )
            headers = {name: value for name, value in headers.items() if name != "Authorization"}
            start = target
            host = host.network.host(target.host, address_policy.REDIRECT)
    raise Failure("redirect", f"the registry redirects more than {redirects} times")


def _pause(reply: RegistryReply, tries: int) -> float:
    """How long to wait before the next try: what the host says, else longer each time."""
    given = reply.headers.get("Retry-After", "").strip()
    if given.isascii() and given.isdecimal():
        return float(given[:9])
    if given:
        try:
            moment = email.utils.parsedate_to_datetime(given[:100]).timestamp()
            return max(0.0, moment - time.time())
        except (ValueError, TypeError, OverflowError):
            pass
    return float(0.25 * 2 ** (tries - 1)) + random.random() * 0.1


def _proxies(name: str) -> dict[str, str]:
    return dict(requests.utils.get_environ_proxies(f"https://{name}/", no_proxy=None))


class _Session(requests.Session):
    """A session that does nothing by itself: no netrc, no cookies, no redirects, no compression."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.adapters.clear()
        self.headers.clear()
        self.headers.update({"User-Agent": f"modellint/{__version__}", "Accept-Encoding": "identity"})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, always: `requests` would read all of a redirect's body to prepare the next request."""
        return


class _Adapter(requests.adapters.HTTPAdapter):
    """Hands our own connections to `requests`, with one TLS set-up for all of them."""

    def __init__(self, reach: AddressPolicy, tls: ssl.SSLContext | None) -> None:
        self._pools = pools(reach)
        self._settings: dict[str, Any] = {"ssl_context": tls} if tls else {}
        super().__init__(pool_connections=1, pool_maxsize=MOST_CONNECTIONS, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **settings: Any) -> None:
        """Use our connections."""
        super().init_poolmanager(connections, maxsize, block, **settings, **self._settings)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        """Use our connections to a proxy too."""
        manager = super().proxy_manager_for(proxy, **settings, **self._settings)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave verifying to the TLS set-up; `requests` would read the authorities for each connection."""
        conn.cert_reqs = "CERT_REQUIRED"

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Name host and port only."""
        host, _ = super().build_connection_pool_key_attributes(request, True, None)
        return host, {"cert_reqs": "CERT_REQUIRED"}


def _translated(problem: Exception, budget: Deadline) -> Failure:
    """What an exception of the libraries means. Their words may hold a password of the environment's proxy."""
    errors = requests.exceptions
    causes = _causes(problem)
    for cause in causes:
        if isinstance(cause, Failure):
            return cause
        if isinstance(cause, ssl.SSLError):
            return tls_failure(cause)
    if any(isinstance(each, (errors.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)) for each in causes):
        return budget.over()
    proxy = (errors.ProxyError, errors.InvalidProxyURL, errors.InvalidSchema, urllib3.exceptions.ProxyError)
    if any(isinstance(each, proxy) for each in causes):
        return Failure("network", "the request through the proxy set in the environment failed", down=True)
    if isinstance(
        problem, (errors.ConnectionError, errors.ChunkedEncodingError, urllib3.exceptions.HTTPError, OSError)
    ):
        return Broken("network", "the registry closed the connection before the response was complete", down=True)
    return Failure("network", "the registry sent an invalid response")


def _causes(problem: BaseException) -> list[BaseException]:
    """An exception and what it came from, as far as the libraries say."""
    found: list[BaseException] = []
    waiting: list[Any] = [problem]
    while waiting and len(found) < 20:
        each = waiting.pop()
        if isinstance(each, BaseException) and each not in found:
            found.append(each)
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return found
