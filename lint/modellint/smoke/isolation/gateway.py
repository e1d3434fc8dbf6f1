"""Serves a listening socket: the granted models, for who knows the way in, and nothing else.

The socket listens in the namespace of one service, which alone can reach it, or where all services of a project can. A
connection is one request. Everything about it is bounded: its size, its time from the first byte to the last, the
number of connections, and what all of them hold in memory.
"""

from __future__ import annotations

import contextlib
import hmac
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from modellint.smoke.isolation.backend import connect
from modellint.smoke.isolation.connection import (
    ClientConnection,
    CutOffError,
    Incoming,
    Memory,
    Stream,
    document,
    refusal,
    shut,
)
from modellint.smoke.isolation.http_request import EMBEDDINGS, RefusalError, canonical, parse_body, parse_head, route
from modellint.system.signals import defer_interrupt

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from modellint.smoke.isolation.backend import Address
    from modellint.smoke.isolation.connection import HttpAnswer
    from modellint.smoke.isolation.http_request import RequestHead

_LEFT = 499  # nginx's number
_PREFIX = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")
_REMEMBERED = 1000


class GatewayLimits(NamedTuple):
    """What a client, and a runner, may take."""

    head_bytes: int = 16 << 10
    body_bytes: int = 1 << 20
    answer_bytes: int = 8 << 20
    memory_bytes: int = 256 << 20  # of all bodies, and all answers that are not passed on as they come
    head_seconds: float = 5.0
    body_seconds: float = 10.0
    runner_seconds: float = 60.0
    send_seconds: float = 10.0  # of an answer, or of each part of one that is passed on as it comes
    connections: int = 16


SMOKE = GatewayLimits()  # for a probe, which asks little
SERVING = GatewayLimits(  # for applications, which send pictures and wait for long texts
    head_bytes=64 << 10, body_bytes=64 << 20, answer_bytes=1 << 30, memory_bytes=512 << 20, head_seconds=10.0,
    body_seconds=120.0, runner_seconds=3600.0, send_seconds=60.0, connections=64,
)  # fmt: skip


class ServedRequest(NamedTuple):
    """A request that was answered; `model` is empty unless it went to a runner.

    `status` is 499 where the client left before the end, and 502 for an answer that the runner broke off. `path` is
    without the prefix and a query; `client` is the host that asked.
    """

    status: int
    path: str
    model: str
    client: str


class Route(NamedTuple):
    """The runners of a model, by what they are for: Docker Model Runner has one for each."""

    completion: Address | None = None
    embedding: Address | None = None


class Gateway:
    """Serves one listening socket, which it owns, until it is closed.

    `models` maps each granted reference, in any spelling, to its runner. There is one way in: the `token`; or the
    `prefix`, which begins each path and stands for a token where a client gets a URL and no more.
    """

    def __init__(
        self,
        listener: socket.socket,
        models: Mapping[str, Address | Route],
        *,
        token: str = "",
        prefix: str = "",
        limits: GatewayLimits = SMOKE,
    ) -> None:
        if bool(token) == bool(prefix):
            raise ValueError("a gateway must have either a token or a prefix")
        if prefix and not (prefix.startswith("/") and _PREFIX.issuperset(prefix[1:]) and prefix[1:]):
            raise ValueError("a prefix must be / and letters, digits, - or _")
        self._listener = listener
        self._token = token.encode()
        self._prefix = prefix
        self._models = {canonical(reference): _route(runner) for reference, runner in models.items()}
        self._models.pop("", None)  # what is no valid reference is no model, and nothing may be equal to it
        self._limits = limits
        self._free = threading.BoundedSemaphore(limits.connections)
        self._memory = Memory(limits.memory_bytes)
        self._parsing = threading.Lock()  # a document takes many times its size, so one at a time
        self._lock = threading.Lock()
        self._visits: set[ClientConnection] = set()
        self._closed = False
        self.served: deque[ServedRequest] = deque(maxlen=_REMEMBERED)
        self._thread = threading.Thread(target=self._accept, name="modellint-gateway", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        with defer_interrupt():  # or nobody would wait for its end
            self._listener.settimeout(None)
            self._thread.start()

    def close(self) -> None:
        """Stop, and cut every connection off."""
        with self._lock:
            self._closed = True
            visits = list(self._visits)
        shut(self._listener)
        for visit in visits:
            visit.cut_off()
        if self._thread.ident is not None:
            self._thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, address = self._listener.accept()
            except OSError:
                if self._closed:
                    return
                time.sleep(0.01)  # too many files are open, or a client gave up: neither ends the service
                continue
            self._free.acquire()
            visit = ClientConnection(connection, address, self._memory, self._limits.send_seconds)
            with self._lock:
                self._visits.add(visit)
                closed = self._closed
            try:
                if closed:
                    raise RuntimeError("closed")
                threading.Thread(target=self._serve, args=(visit,), daemon=True).start()
            except RuntimeError:  # no thread is to be had
                self._let_go(visit)

    def _let_go(self, visit: ClientConnection) -> None:
        with self._lock:
            self._visits.discard(visit)
        visit.connection.close()
        self._free.release()

    def _serve(self, visit: ClientConnection) -> None:
        try:
            with contextlib.suppress(OSError, CutOffError), visit.share:
                answer = self._answer(visit)
                if answer is not None:
                    self._note(visit, answer.status)
                    visit.send(answer)
                visit.linger()
        finally:
            self._let_go(visit)

    def _note(self, visit: ClientConnection, status: int) -> None:
        status = _LEFT if visit.left and not self._closed else status
        self.served.append(ServedRequest(status, visit.path, visit.model, visit.client))

    def _answer(self, visit: ClientConnection) -> HttpAnswer | None:
        """The answer; None if it has been sent already, as it came."""
        try:
            incoming = Incoming(visit)
            head = parse_head(incoming.head(self._limits.head_bytes, self._limits.head_seconds))
            visit.version = head.version
            target = self._let_in(head, visit)
            call = route(head.method, target)
            if call.kind == "list":
                return document({"object": "list", "data": [_entry(each) for each in self._models]})
            if call.kind == "model":
                return document(_entry(self._granted(call.reference)))
            return self._forward(visit, call.path, self._read_body(visit, incoming, head))
        except RefusalError as error:
            return refusal(error.status, error.words)
        except TimeoutError:
            return refusal(408, "the request arrived too slowly")
        except (RuntimeError, MemoryError, ValueError):
            return refusal(500, "cannot handle the request")

    def _let_in(self, head: RequestHead, visit: ClientConnection) -> str:
        """What is asked for, behind the way in. Raises `RefusalError` for who does not know that."""
        target = head.target
        visit.path = target.partition("?")[0]
        if self._token:
            scheme, _, token = head.headers.get("authorization", "").partition(" ")
            right = hmac.compare_digest(token.strip().encode(), self._token)
            if not right or scheme.lower() != "bearer":
                raise RefusalError(401, "the token of this grant is required")
            return target
        end = len(self._prefix)
        right = hmac.compare_digest(target[:end], self._prefix)
        visit.path = _without(self._prefix, visit.path)
        if not right or target[end : end + 1] != "/":
            raise RefusalError(404, "nothing exists at this path")
        return target[end:]

    def _granted(self, text: str) -> str:
        reference = canonical(text)
        if reference not in self._models:
            raise RefusalError(403, "this model is not granted here")
        return reference

    def _read_body(self, visit: ClientConnection, incoming: Incoming, head: RequestHead) -> bytes:
        """The body, written anew. Raises `RefusalError` if its model is not granted."""
        data = incoming.body(head, self._limits.body_bytes, self._limits.body_seconds)
        with self._parsing:
            asked, body = parse_body(data)
        visit.model = self._granted(asked)
        visit.share.hold(len(body) - len(data))
        return body

    def _forward(self, visit: ClientConnection, path: str, body: bytes) -> HttpAnswer | None:
        """What the runner says; None if it has been sent already, as it came."""
        with connect(_runner(self._models[visit.model], path), visit, self._limits.runner_seconds) as runner:
            runner.ask(path, body)
            del body
            visit.share.drop()  # an answer can take its time
            reply = runner.reply(self._limits.answer_bytes)
            if not reply.streams:
                return reply.whole(visit.share)
            stream = Stream(visit)
            stream.pass_on(reply.parts)
            self._note(visit, stream.status)
            stream.end()
            return None


def _route(runner: Address | Route) -> Route:
    return runner if isinstance(runner, Route) else Route(runner, runner)


def _runner(models: Route, path: str) -> Address:
    """Where a request goes. Where no runner is for it the other one says so, better than we could."""
    first, second = (models.embedding, models.completion) if path == EMBEDDINGS else models
    address = first or second
    if address is None:
        raise RefusalError(502, "no runner serves this model")
    return address


def _without(prefix: str, path: str) -> str:
    """A path that can be shown: what begins with the prefix, and what does not, may have it anywhere."""
    path = path.replace(prefix, "")
    return "" if prefix[1:] in unquote(path) else path


def _entry(reference: str) -> dict[str, object]:
    return {"id": reference, "object": "model", "created": 0, "owned_by": "modellint"}
