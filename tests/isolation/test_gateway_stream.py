"""What a runner says bit by bit: passed on as it comes, and nothing else looks like its end."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator

import pytest
import requests

from modellint.smoke.isolation.gateway import SERVING, Gateway, GatewayLimits
from support.isolation.parts import Runner, wait_until

LIMITS = SERVING._replace(answer_bytes=1 << 20, runner_seconds=2.0, send_seconds=0.5, connections=8)
PREFIX = "/mlk_0123456789abcdef"
BODY = json.dumps({"model": "ai/tiny", "stream": True, "messages": [{"role": "user", "content": "hi"}]}).encode()
WORDS = ["Good", " day", ", \u4f60\u597d", "."]
EVENTS = [
    *(f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': word}}]})}\n\n".encode() for word in WORDS),
    b"data: [DONE]\n\n",
]
KIND = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = KIND + b"Transfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"

Play = Callable[[socket.socket], None]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def say(*parts: bytes, pause: float = 0.0) -> Play:
    def play(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return play


@contextlib.contextmanager
def serve(play: Play, limits: GatewayLimits = LIMITS) -> Generator[tuple[Gateway, int]]:
    with Runner("x", play) as runner:
        listener = socket.create_server(("127.0.0.1", 0))
        gateway = Gateway(listener, {"ai/tiny": ("127.0.0.1", runner.port)}, prefix=PREFIX, limits=limits)
        port: int = listener.getsockname()[1]
        gateway.start()
        try:
            yield gateway, port
        finally:
            gateway.close()


def ask(port: int) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", f"{PREFIX}/v1/chat/completions", BODY, {"Content-Type": "application/json"})
    return connection.getresponse()


def connect(port: int, version: str = "HTTP/1.1") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    head = f"POST {PREFIX}/v1/chat/completions {version}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    connection.sendall(head.encode() + BODY)
    return connection


def read_until(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data:
        part = connection.recv(1 << 16)
        assert part, data
        data += part
    return data


WHOLE: dict[str, Play] = {
    "chunks": say(CHUNKED, *map(chunk, EVENTS), LAST),
    "chunks, slowly": say(CHUNKED, *map(chunk, EVENTS), LAST, pause=0.02),
    "chunks across events": say(CHUNKED, chunk(EVENTS[0][:9]), chunk(EVENTS[0][9:] + b"".join(EVENTS[1:])), LAST),
    "bytes": say(CHUNKED, *(chunk(bytes([each])) for each in b"".join(EVENTS)), LAST),
    "a trailer": say(CHUNKED, *map(chunk, EVENTS), b"0\r\nX: y\r\n\r\n"),
    "a length": say(KIND + b"Content-Length: %d\r\n\r\n" % len(b"".join(EVENTS)), *EVENTS, b"and more"),
    "to the end": say(KIND + b"\r\n", *EVENTS),
    "a type with a parameter": say(
        CHUNKED.replace(b"stream", b"stream; charset=utf-8"), *map(chunk, EVENTS), LAST, pause=0.001
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_stream(name: str) -> None:
    """However the runner sends it, it comes in chunks and has an end."""
    with serve(WHOLE[name]) as (gateway, port):
        response = ask(port)
        assert response.status == 200
        assert response.getheader("Content-Type") == "text/event-stream"
        assert response.getheader("Transfer-Encoding") == "chunked"
        assert (response.getheader("Content-Length"), response.getheader("Connection")) == (None, "close")
        assert response.read() == b"".join(EVENTS)
        assert list(gateway.served) == [(200, "/v1/chat/completions", "docker.io/ai/tiny:latest", "127.0.0.1")]


def test_a_client_of_openai() -> None:
    """It takes the lines that begin with `data: ` as they come, up to the one that says [DONE]."""
    with serve(say(CHUNKED, *map(chunk, EVENTS), LAST, pause=0.01)) as (_, port), requests.Session() as session:
        answer = session.post(f"http://127.0.0.1:{port}{PREFIX}/v1/chat/completions", BODY, stream=True, timeout=5)
        lines = [line.removeprefix(b"data: ") for line in answer.iter_lines() if line]
        assert [json.loads(line)["choices"][0]["delta"]["content"] for line in lines[:-1]] == WORDS
        assert lines[-1] == b"[DONE]"


def test_the_first_event_before_the_last() -> None:
    """Each event is there before the runner has said the next."""
    heard = [threading.Event() for _ in EVENTS]

    def play(connection: socket.socket) -> None:
        connection.sendall(CHUNKED)
        for event, each in zip(heard, EVENTS, strict=True):
            connection.sendall(chunk(each))
            assert event.wait(5)
        connection.sendall(LAST)

    with serve(play, LIMITS._replace(runner_seconds=20)) as (_, port), connect(port) as connection:
        began = time.monotonic()
        for event, each in zip(heard, EVENTS, strict=True):
            assert read_until(connection, b"\n\n\r\n").endswith(chunk(each))
            event.set()
        assert read_until(connection, LAST) == LAST
        assert connection.recv(1) == b""
        assert time.monotonic() - began < 2


def test_an_old_client() -> None:
    """HTTP/1.0 knows no chunks: what it gets ends with the connection."""
    with serve(say(CHUNKED, *map(chunk, EVENTS), LAST)) as (_, port), connect(port, "HTTP/1.0") as connection:
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert body == b"".join(EVENTS)
        assert b"Transfer-Encoding" not in head


def reset(connection: socket.socket) -> None:
    connection.sendall(CHUNKED + chunk(EVENTS[0]))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def trickle(connection: socket.socket) -> None:
    connection.sendall(CHUNKED)
    while True:
        connection.sendall(chunk(b":"))
        time.sleep(0.05)


def flood(head: bytes, part: bytes) -> Play:
    def play(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(part)

    return play


BROKEN: dict[str, Play] = {
    "it dies": say(CHUNKED, chunk(EVENTS[0])),
    "it dies in a chunk": say(CHUNKED, chunk(EVENTS[0])[:-9]),
    "it dies in a size": say(CHUNKED, chunk(EVENTS[0]), b"f"),
    "it is reset": reset,
    "no chunks": say(CHUNKED, chunk(EVENTS[0]), b"zz\r\n"),
    "a negative chunk": say(CHUNKED, chunk(EVENTS[0]), b"-5\r\nhello\r\n"),
    "a huge chunk": say(CHUNKED, chunk(EVENTS[0]), b"f" * 300 + b"\r\nhello"),
    "a size without end": flood(CHUNKED + chunk(EVENTS[0]), b"0" * 10_000),
    "trailers without end": flood(CHUNKED + chunk(EVENTS[0]) + b"0\r\n", b"X: y\r\n" * 1000),
    "less than its length": say(KIND + b"Content-Length: 5000\r\n\r\n", EVENTS[0]),
    "silence": say(CHUNKED, chunk(EVENTS[0]), b"", b"", pause=1.5),
    "silence, to the end": say(KIND + b"\r\n", EVENTS[0], b"", pause=1.5),
    "a trickle": trickle,
    "too much": flood(CHUNKED, chunk(b": much\n\n" * 1000)),
    "too much, to the end": flood(KIND + b"\r\n", b": much\n\n" * 1000),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_stream_that_breaks(name: str) -> None:
    """What came is passed on, within what may come, and no client can take it for all."""
    began = time.monotonic()
    with serve(BROKEN[name]) as (gateway, port):
        response = ask(port)
        assert response.status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)) as caught:
            response.read()
        if isinstance(caught.value, http.client.IncompleteRead):
            assert len(caught.value.partial) <= LIMITS.answer_bytes
        assert wait_until(lambda: [each.status for each in gateway.served] == [502])
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", ["it dies", "less than its length", "too much"])
def test_an_old_client_sees_that_it_breaks(name: str) -> None:
    with serve(BROKEN[name]) as (_, port), connect(port, "HTTP/1.0") as connection:
        reset = False
        while not reset:
            try:
                assert connection.recv(1 << 16)
            except ConnectionResetError:
                reset = True


BUFFERED: dict[str, tuple[Play, int, str]] = {
    "a refusal": (say(CHUNKED.replace(b"200 OK", b"400 No"), chunk(b"{}"), LAST), 400, "text/event-stream"),
    "another status": (say(CHUNKED.replace(b"200 OK", b"206 Part"), chunk(b"{}"), LAST), 206, "text/event-stream"),
    "another type": (say(CHUNKED.replace(b"-stream", b"-streams"), chunk(b"{}"), LAST), 200, "text/plain"),
    "no type": (say(b"HTTP/1.1 200 OK\r\n\r\n{}"), 200, "text/plain"),
    "a failure": (say(CHUNKED.replace(b"200 OK", b"500 No"), chunk(b"{}"), LAST), 502, "application/json"),
    "a failure before all": (say(b""), 502, "application/json"),
}


@pytest.mark.parametrize("name", BUFFERED)
def test_all_else_is_sent_at_once(name: str) -> None:
    play, status, kind = BUFFERED[name]
    with serve(play) as (gateway, port):
        response = ask(port)
        data = response.read()
        assert (response.status, response.getheader("Content-Type")) == (status, kind)
        assert response.getheader("Content-Length") == str(len(data))
        assert gateway.served[0].status == status


class Heard:
    """A runner that is silent, or says the same again and again, until nobody hears it any more."""

    def __init__(self, first: bytes, again: bytes = b"") -> None:
        self.asked = threading.Event()
        self.over = threading.Event()
        self._first = first
        self._again = again

    def __call__(self, connection: socket.socket) -> None:
        connection.sendall(self._first)
        self.asked.set()
        with contextlib.suppress(ConnectionError):
            while not self._is_over(connection):
                connection.settimeout(10)
                connection.sendall(self._again)
        self.over.set()

    @staticmethod
    def _is_over(connection: socket.socket) -> bool:
        connection.settimeout(0.02)
        try:
            return not connection.recv(1)
        except TimeoutError:
            return False


LEAVING: dict[str, tuple[bytes, bytes]] = {
    "before a word": (b"", b""),
    "during a silence": (CHUNKED + chunk(EVENTS[0]), b""),
    "during an answer that is not passed on": (KIND.replace(b"event-stream", b"plain") + b"\r\n", b"x"),
    "during a stream": (CHUNKED, chunk(EVENTS[0])),
}


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("name", LEAVING)
def test_a_client_that_leaves(name: str, how: str) -> None:
    """The runner is told, so that it does not work for nobody."""
    runner = Heard(*LEAVING[name])
    with serve(runner, LIMITS._replace(runner_seconds=60)) as (gateway, port):
        connection = connect(port)
        assert runner.asked.wait(5)
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert runner.over.wait(2)
        assert wait_until(lambda: [each.status for each in gateway.served] == [499])


def test_a_client_that_does_not_read() -> None:
    """It is let go after the time that a part may take, and its place is free."""
    runner = Heard(CHUNKED, chunk(b"x" * (1 << 20)))
    limits = LIMITS._replace(answer_bytes=1 << 30, runner_seconds=60, connections=1)
    with serve(runner, limits) as (gateway, port), connect(port):
        assert runner.over.wait(5)
        assert wait_until(lambda: [each.status for each in gateway.served] == [499])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", f"{PREFIX}/v1/models")
        assert connection.getresponse().status == 200
        connection.close()


def test_a_gateway_ends_during_streams() -> None:
    """And no client takes that for the end of its stream."""
    runner = Heard(CHUNKED + chunk(EVENTS[0]))
    with serve(runner, LIMITS._replace(runner_seconds=60)) as (gateway, port):
        responses = [ask(port) for _ in range(5)]
        assert runner.asked.wait(5)
        began = time.monotonic()
        gateway.close()
        assert runner.over.wait(2)
        for response in responses:
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                response.read()
        assert time.monotonic() - began < 2
        assert wait_until(lambda: [each.status for each in gateway.served] == [502] * 5)
    assert wait_until(lambda: not any(each.name == "modellint-watch" for each in threading.enumerate()))


def test_many_streams_at_once() -> None:
    """Each has its own words, and none waits for the others."""
    with serve(say(CHUNKED, *map(chunk, EVENTS * 10), LAST, pause=0.01), SERVING) as (gateway, port):
        bodies: list[bytes] = []
        threads = [threading.Thread(target=lambda: bodies.append(ask(port).read())) for _ in range(40)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - began < 10
        assert bodies == [b"".join(EVENTS * 10)] * 40
        assert [each.status for each in gateway.served] == [200] * 40
