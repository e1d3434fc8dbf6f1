"""The gateway: who may have what, and clients that mean harm."""

from __future__ import annotations

import contextlib
import http.client
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modellint.smoke.isolation.gateway import SERVING, Gateway, GatewayLimits, Route
from modellint.smoke.isolation.http_request import ChunkedBody, RefusalError, canonical, parse_body, parse_head, route
from support.isolation.parts import Runner, wait_until

TOKEN = "mlk_right"
PREFIX = "/mlk_0123456789abcdef"
LIMITS = GatewayLimits(
    head_bytes=4096, body_bytes=1 << 20, answer_bytes=1 << 16, head_seconds=0.5, body_seconds=0.5, runner_seconds=0.5,
    send_seconds=0.5, connections=4,
)  # fmt: skip
AUTH = f"Authorization: Bearer {TOKEN}\r\n"
CHAT = {"model": "ai/tiny", "messages": [{"role": "user", "content": "hi"}]}


class Served:
    """A gateway on this machine's loopback, which is all that it is to a client."""

    def __init__(self, runner: Runner, limits: GatewayLimits = LIMITS, prefix: str = "") -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        models = {"ai/Tiny": ("127.0.0.1", runner.port), "hf.co/A/b:Q4": ("127.0.0.1", runner.port)}
        self.gateway = Gateway(listener, models, token="" if prefix else TOKEN, prefix=prefix, limits=limits)
        self.gateway.start()

    def ask(
        self, method: str, path: str, body: object = None, token: str | None = TOKEN, **headers: str
    ) -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        headers |= {"Authorization": f"Bearer {token}"} if token is not None else {}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, body=data, headers=headers)
        response = connection.getresponse()
        answer = response.status, json.loads(response.read())
        connection.close()
        return answer

    def say(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """Send bytes as they are, and read all that comes."""
        answer = bytearray()
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            try:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause)
                while part := connection.recv(1 << 16):
                    answer += part
            except (ConnectionResetError, BrokenPipeError):
                pass
        return bytes(answer)


@pytest.fixture
def served(llm: Runner) -> Iterator[Served]:
    server = Served(llm)
    yield server
    server.gateway.close()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


MODEL_PATHS = [
    "/v1/models/ai/tiny", "/v1/models/ai/TINY:latest", "/v1/models/tiny", "/v1/models/docker.io/ai/tiny",
    "/engines/v1/models/ai/tiny", "//v1//models//ai//tiny", "/v1/models/ai%2Ftiny", "/v1/models/ai%2ftiny%3Alatest",
]  # fmt: skip


@pytest.mark.parametrize("path", MODEL_PATHS)
def test_a_granted_model_in_any_spelling(path: str, served: Served) -> None:
    status, body = served.ask("GET", path)
    assert (status, body["id"]) == (200, "docker.io/ai/tiny:latest")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/", "/engines/v1/models?x=1", "//v1/models"])
def test_the_list_is_what_is_granted(path: str, served: Served) -> None:
    status, body = served.ask("GET", path)
    assert status == 200
    assert [each["id"] for each in body["data"]] == ["docker.io/ai/tiny:latest", "huggingface.co/a/b:Q4"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "runner_path"),
    [
        ("/v1/chat/completions", "/v1/chat/completions"), ("/engines/v1/chat/completions", "/v1/chat/completions"),
        ("/v1//completions", "/v1/completions"), ("/v1/embeddings/", "/v1/embeddings"),
        ("/engines/llama.cpp/v1/chat/completions", "/v1/chat/completions"), ("/rerank", "/rerank"),
        ("//engines//llama.cpp//rerank", "/rerank"), ("/v1/responses", "/v1/responses"),
        ("/v1/messages?beta=true", "/v1/messages"), ("/v1/messages/count_tokens", "/v1/messages/count_tokens"),
    ],
)  # fmt: skip
def test_work_goes_to_the_runner(path: str, runner_path: str, served: Served, llm: Runner) -> None:
    status, _ = served.ask("POST", path, CHAT)
    assert status == 200
    assert llm.asked == [(runner_path, CHAT)]
    assert list(served.gateway.served) == [
        (200, path.partition("?")[0], "docker.io/ai/tiny:latest", "127.0.0.1"),
    ]  # fmt: skip


REFUSED: dict[str, tuple[str, str, object, str | None, int]] = {
    "no token": ("POST", "/v1/chat/completions", CHAT, None, 401),
    "another token": ("POST", "/v1/chat/completions", CHAT, "mlk_wrong", 401),
    "half a token": ("GET", "/v1/models", None, TOKEN[:-1], 401),
    "an empty token": ("GET", "/v1/models", None, "", 401),
    "another model": ("POST", "/v1/chat/completions", {**CHAT, "model": "ai/other"}, TOKEN, 403),
    "another tag": ("POST", "/v1/chat/completions", {**CHAT, "model": "ai/tiny:v2"}, TOKEN, 403),
    "another model's data": ("GET", "/v1/models/ai/other", None, TOKEN, 403),
    "an empty model": ("POST", "/v1/chat/completions", {**CHAT, "model": ""}, TOKEN, 403),
    "an invalid model": ("POST", "/v1/chat/completions", {**CHAT, "model": "ai//x:"}, TOKEN, 403),
    "a huge model name": ("POST", "/v1/chat/completions", {**CHAT, "model": "ai/tiny" * 100_000}, TOKEN, 403),
    "no model": ("POST", "/v1/chat/completions", {"messages": []}, TOKEN, 400),
    "a list of models": ("POST", "/v1/chat/completions", {"model": ["ai/tiny"]}, TOKEN, 400),
    "a list": ("POST", "/v1/chat/completions", [CHAT], TOKEN, 400),
    "no JSON": ("POST", "/v1/chat/completions", b"{", TOKEN, 400),
    "no UTF-8": ("POST", "/v1/chat/completions", b'{"model": "\xff\xfe"}', TOKEN, 400),
    "not a number": ("POST", "/v1/chat/completions", b'{"model": "ai/tiny", "x": NaN}', TOKEN, 400),
    "infinite": ("POST", "/v1/chat/completions", b'{"model": "ai/tiny", "x": 1e999}', TOKEN, 400),
    "a huge number": ("POST", "/v1/completions", b'{"model": "ai/tiny", "x": ' + b"1" * 900_000 + b"}", TOKEN, 400),
    "deep lists": ("POST", "/v1/chat/completions", b'{"model": "ai/tiny", "x": ' + b"[" * 900_000, TOKEN, 400),
    "deep maps": ("POST", "/v1/chat/completions", b'{"x":' * 180_000, TOKEN, 400),
    "an empty body": ("POST", "/v1/chat/completions", b"", TOKEN, 400),
    "GET of work": ("GET", "/v1/chat/completions", None, TOKEN, 405),
    "POST of a list": ("POST", "/v1/models", CHAT, TOKEN, 405),
    "DELETE of a model": ("DELETE", "/v1/models/ai/tiny", None, TOKEN, 405),
    "the root": ("GET", "/", None, TOKEN, 404),
    "configuration": ("POST", "/engines/_configure", CHAT, TOKEN, 404),
    "health": ("GET", "/health", None, TOKEN, 404),
    "slots": ("GET", "/slots", None, TOKEN, 404),
    "a way up": ("POST", "/v1/../v1/chat/completions", CHAT, TOKEN, 404),
    "a way up, encoded": ("GET", "/v1/models/%2e%2e/%2E%2E/health", None, TOKEN, 404),
    "a way up behind an encoded slash": ("GET", "/v1/models/ai%2f..%2fother", None, TOKEN, 404),
    "an encoded slash of a route": ("POST", "/v1/chat%2Fcompletions", CHAT, TOKEN, 404),
    "twice encoded": ("GET", "/v1/models/ai%252Ftiny", None, TOKEN, 403),
    "another version": ("POST", "/v2/chat/completions", CHAT, TOKEN, 404),
    "more behind": ("POST", "/v1/chat/completions/x", CHAT, TOKEN, 404),
    "twice engines": ("POST", "/engines/engines/v1/chat/completions", CHAT, TOKEN, 404),
    "twice a backend": ("POST", "/engines/llama.cpp/llama.cpp/v1/chat/completions", CHAT, TOKEN, 404),
    "another backend": ("POST", "/engines/vllm/v1/chat/completions", CHAT, TOKEN, 404),
    "a backend alone": ("POST", "/llama.cpp/v1/chat/completions", CHAT, TOKEN, 404),
    "engines alone": ("POST", "/engines", CHAT, TOKEN, 404),
    "what llama-server does not answer": ("POST", "/score", CHAT, TOKEN, 404),
    "what Docker Model Runner does not pass on": ("POST", "/tokenize", CHAT, TOKEN, 404),
    "what it takes for a backend": ("POST", "/v1/rerank", CHAT, TOKEN, 404),
    "the same behind a backend": ("POST", "/engines/llama.cpp/v1/rerank", CHAT, TOKEN, 404),
    "a running answer": ("POST", "/v1/chat/completions/control", CHAT, TOKEN, 404),
    "GET of an answer": ("GET", "/v1/responses/resp_1", None, TOKEN, 404),
    "a fragment": ("POST", "/v1/chat/completions#x", CHAT, TOKEN, 404),
    "a parameter": ("POST", "/v1;x/chat/completions", CHAT, TOKEN, 404),
    "the prefix of another": ("POST", f"{PREFIX}/v1/chat/completions", CHAT, TOKEN, 404),
    "upper case": ("POST", "/V1/chat/completions", CHAT, TOKEN, 404),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, served: Served, llm: Runner) -> None:
    method, path, body, token, expected = REFUSED[name]
    began = time.monotonic()
    status, answer = served.ask(method, path, body, token)
    assert (status, llm.asked) == (expected, [])
    assert answer["error"]
    assert time.monotonic() - began < 2


BODY = json.dumps(CHAT).encode()


def chat_bytes(*headers: str, body: bytes = BODY, line: str = "POST /v1/chat/completions HTTP/1.1") -> bytes:
    given = headers or (f"Content-Length: {len(body)}",)
    return (line + "\r\n" + AUTH + "".join(f"{each}\r\n" for each in given) + "\r\n").encode("latin-1") + body


def chunks(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + end


GOOD = chat_bytes()
CHUNKED = "Transfer-Encoding: Chunked"
RAW: dict[str, tuple[bytes, set[int]]] = {
    "a control": (GOOD, {200}),
    "HTTP/1.0": (chat_bytes(line="POST /v1/chat/completions HTTP/1.0"), {200}),
    "nothing": (b"\r\n\r\n", {400}),
    "binary": (bytes(range(256)) * 4 + b"\r\n\r\n", {400}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200, {408}),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "HTTP/0.9": (b"GET /v1/models\r\n\r\n", {400}),
    "an absolute path": (chat_bytes(line="POST http://127.0.0.1/v1/chat/completions HTTP/1.1"), {400}),
    "CONNECT": (chat_bytes(line="CONNECT 127.0.0.1:80 HTTP/1.1"), {400}),
    "a space in the path": (chat_bytes(line="POST /v1/chat completions HTTP/1.1"), {400}),
    "a long path": (chat_bytes(line=f"POST /{'a' * 9000} HTTP/1.1"), {431, 414}),
    "1 GB promised": (chat_bytes("Content-Length: 1000000000"), {413}),
    "a length of 100,000 digits": (chat_bytes("Content-Length: " + "9" * 3000), {413}),
    "a negative length": (chat_bytes("Content-Length: -1"), {400}),
    "a length with a sign": (chat_bytes("Content-Length: +5"), {400}),
    "a length in Arabic digits": (chat_bytes("Content-Length: \xb2"), {400}),
    "two lengths": (chat_bytes("Content-Length: 5", "Content-Length: 6"), {400}),
    "length and chunks": (chat_bytes("Content-Length: 5", "Transfer-Encoding: chunked"), {400}),
    "chunks and length": (chat_bytes("Transfer-Encoding: chunked", f"Content-Length: {len(BODY)}"), {400}),
    "chunks in HTTP/1.0": (chat_bytes(CHUNKED, body=chunks(BODY), line="POST /v1/completions HTTP/1.0"), {400}),
    "chunks": (chat_bytes(CHUNKED, body=chunks(BODY)), {200}),
    "small chunks": (chat_bytes(CHUNKED, body=chunks(*(bytes([each]) for each in BODY))), {200}),
    "chunks, and more behind": (chat_bytes(CHUNKED, body=chunks(BODY)) + GOOD * 20, {200}),
    "chunks of no JSON": (chat_bytes(CHUNKED, body=chunks(b"hello")), {400}),
    "no chunk but the last": (chat_bytes(CHUNKED, body=b"0\r\n\r\n"), {400}),
    "a last chunk that stays away": (chat_bytes(CHUNKED, body=chunks(BODY)[:-2]), {408}),
    "another coding": (chat_bytes("Transfer-Encoding: gzip", body=chunks(BODY)), {400}),
    "two codings": (chat_bytes("Transfer-Encoding: gzip, chunked", body=chunks(BODY)), {400}),
    "twice a coding": (chat_bytes(CHUNKED, CHUNKED, body=chunks(BODY)), {400}),
    "a coding with a tab": (chat_bytes("Transfer-Encoding: \x0bchunked", body=chunks(BODY)), {400}),
    "no coding": (chat_bytes("Transfer-Encoding:", body=chunks(BODY)), {400}),
    "chunks that are expected": (chat_bytes(CHUNKED, "Expect: 100-continue", body=chunks(BODY)), {100}),
    "no length": (chat_bytes("Host: x"), {411}),
    "a folded header": (chat_bytes("X: a\r\n b", "Content-Length: 5"), {400}),
    "a space before the colon": (chat_bytes("Content-Length : 5"), {400}),
    "a bare line feed": (chat_bytes("X: a\nContent-Length: 5"), {400}),
    "a bare carriage return": (chat_bytes("X: a\rb"), {400}),
    "NUL": (chat_bytes("X: a\0b"), {400}),
    "two tokens": (chat_bytes("Authorization: Bearer other", "Content-Length: 0"), {400}),
    "100 headers": (chat_bytes(*[f"X-{n}: 1" for n in range(100)]), {431}),
    "100 kB of a header": (chat_bytes("X: " + "a" * 100_000), {431}),
    "a head without an end": (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200_000, {431}),
    "a body that stays away": (chat_bytes("Content-Length: 500", body=b"{"), {408}),
    "pipelined": (GOOD * 50, {200}),
    "much behind the body": (GOOD + b"x" * 3_000_000, {200, 0}),
    "expects to be told": (chat_bytes("Expect: 100-continue", f"Content-Length: {len(json.dumps(CHAT))}"), {100}),
}  # fmt: skip


@pytest.mark.parametrize("name", RAW)
def test_hostile_bytes(name: str, served: Served, llm: Runner) -> None:
    data, expected = RAW[name]
    began = time.monotonic()
    answer = served.say(data)
    assert time.monotonic() - began < 3
    assert status_of(answer) in expected, answer[:300]
    assert len(llm.asked) <= 1
    assert answer.count(b"Connection: close") <= 1  # one answer, however much was asked
    assert served.ask("POST", "/v1/chat/completions", CHAT)[0] == 200


CHUNKS: dict[str, tuple[bytes, int]] = {  # what stands for a body, and the answer, if that is not 408: too slow
    "a negative size": (b"-1\r\n", 400),
    "a size with a sign": (b"+5\r\nhello\r\n0\r\n\r\n", 400),
    "a size with 0x": (b"0x5\r\nhello\r\n0\r\n\r\n", 400),
    "a size with _": (b"1_0\r\n", 400),
    "a size with a space": (b"5 \r\nhello\r\n0\r\n\r\n", 400),
    "no size": (b"\r\nhello\r\n0\r\n\r\n", 400),
    "a huge size": (b"7fffffff\r\nhello", 413),
    "a size of 16 digits": (b"ffffffffffffffff\r\nhello", 400),
    "a size that would overflow": (b"1" + b"0" * 16 + b"5\r\nhello\r\n0\r\n\r\n", 400),
    "a size without end": (b"0" * 3_000_000, 400),
    "a size without a line break": (b"5hello\r\n", 400),
    "a bare line feed": (b"5\nhello\n0\n\n", 400),
    "a bare carriage return": (b"5\rhello\r0\r\r", 400),
    "an extension": (b"5;a=b\r\nhello\r\n0\r\n\r\n", 400),
    "an endless extension": (b"5;" + b"a" * 3_000_000, 400),
    "a chunk that is longer": (b"5\r\nhello, you\r\n0\r\n\r\n", 400),
    "a chunk that is shorter": (b"7\r\nhello\r\n0\r\n\r\n", 400),
    "a trailer": (chunks(BODY, end=b"0\r\nX: y\r\n\r\n"), 400),
    "endless trailers": (chunks(BODY, end=b"0\r\n" + b"X: y\r\n" * 500_000), 400),
    "a second request as a trailer": (chunks(BODY, end=b"0\r\n" + GOOD), 400),
    "too much": (chunks(b"x" * 600_000, b"x" * 600_000), 413),
    "without end": (chunks(*[b"x" * 1000] * 3000, end=b""), 413),
    "a million chunks of a byte": (chunks(*[b"x"] * 1_000_000), 413),
    "a large chunk, of which a little comes": (b"fffff\r\n{", 408),
    "nothing": (b"", 408),
}  # fmt: skip


@pytest.mark.parametrize("name", CHUNKS)
def test_hostile_chunks(name: str, served: Served, llm: Runner) -> None:
    data, expected = CHUNKS[name]
    began = time.monotonic()
    answer = served.say(chat_bytes(CHUNKED, body=data))
    assert time.monotonic() - began < 3
    assert status_of(answer) in (expected, 408, 0), answer[:300]  # 0: what was not read took the answer away
    assert llm.asked == []
    assert [each.status for each in served.gateway.served] in ([expected], [408])


def test_chunks_in_fragments(served: Served, llm: Runner) -> None:
    """Bytes come as they like: one at a time, or with the end of a line apart from its begin."""
    data = chat_bytes(CHUNKED, body=chunks(BODY[:7], BODY[7:]))
    assert status_of(served.say(*(bytes([each]) for each in data), pause=0.001)) == 200
    assert status_of(served.say(*data.replace(b"\r\n", b"\r\0\n").split(b"\0"), pause=0.01)) == 200
    assert llm.asked == [("/v1/chat/completions", CHAT)] * 2


def test_a_client_that_sends_chunks(served: Served, llm: Runner) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    parts = (BODY[number : number + 9] for number in range(0, len(BODY), 9))
    connection.request("POST", "/v1/chat/completions", parts, {"Authorization": f"Bearer {TOKEN}"})
    assert connection.getresponse().status == 200
    assert llm.asked == [("/v1/chat/completions", CHAT)]
    connection.close()


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=8), st.lists(st.integers(1, 9), min_size=1), st.binary())
def test_chunks_are_put_together(parts: list[bytes], steps: list[int], behind: bytes) -> None:
    """However they are cut; and any other bytes are refused, or more is waited for."""
    body = ChunkedBody(1000)
    data = chunks(*parts)
    position, number = 0, 0
    while position < len(data):
        step = steps[number % len(steps)]
        body.feed(data[position : position + step])
        position, number = position + step, number + 1
        assert body.whole == (position >= len(data))
    assert body.data == b"".join(parts)
    with contextlib.suppress(RefusalError):
        other = ChunkedBody(1000)
        other.feed(data[: len(behind)] + behind)
        assert len(other.data) <= 1000


PLACES = [f"{PREFIX}/v1", f"{PREFIX}//v1/", f"{PREFIX}/engines/v1", f"{PREFIX}/engines/llama.cpp/v1"]


@pytest.fixture
def shared(llm: Runner) -> Iterator[Served]:
    server = Served(llm, prefix=PREFIX)
    yield server
    server.gateway.close()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("token", [None, "", "sk-dummy", "\u00e9" * 50])
def test_the_prefix_is_the_way_in(place: str, token: str | None, shared: Served, llm: Runner) -> None:
    """A key that applications send because they have to is not looked at."""
    assert shared.ask("GET", f"{place}/models/ai/tiny", None, token)[0] == 200
    assert shared.ask("POST", f"{place}/chat/completions?x={PREFIX}", CHAT, token)[0] == 200
    assert shared.ask("POST", f"{place}/chat/completions", {**CHAT, "model": "ai/other"}, token)[0] == 403
    assert len(llm.asked) == 1
    assert [each.status for each in shared.gateway.served] == [200, 200, 403]
    assert not any("mlk" in each.path for each in shared.gateway.served)


def test_any_authorization(shared: Served) -> None:
    for value in ("", "Basic eDp5", "Bearer", "Bearer  a b c", "x" * 2000):
        assert shared.ask("GET", f"{PREFIX}/v1/models", token=None, Authorization=value)[0] == 200


GUESSES = {
    "nothing": "/v1/models",
    "the root": "/",
    "a longer one": f"{PREFIX}0/v1/models",
    "a shorter one": f"{PREFIX[:-1]}/v1/models",
    "another": f"{PREFIX[:-1]}0/v1/models",
    "upper case": f"{PREFIX.upper()}/v1/models",
    "alone": PREFIX,
    "with a query": f"{PREFIX}?/v1/models",
    "in a query": f"/v1/models?{PREFIX}/v1/models",
    "in a fragment": f"/v1/models#{PREFIX}/v1/models",
    "percent-encoded": f"/%6dlk_{PREFIX[5:]}/v1/models",
    "percent-encoded, all of it": "/" + "".join(f"%{ord(each):02x}" for each in PREFIX[1:]) + "/v1/models",
    "with an encoded slash": f"{PREFIX}%2fv1/models",
    "with an encoded slash before it": f"/%2f{PREFIX[1:]}/v1/models",
    "a slash more": f"/{PREFIX}/v1/models",
    "not first": f"/x{PREFIX}/v1/models",
    "a way up to it": f"/x/..{PREFIX}/v1/models",
    "here": f"/.{PREFIX}/v1/models",
    "a backslash": f"{PREFIX}\\v1/models",
}


@pytest.mark.parametrize("name", GUESSES)
def test_a_prefix_cannot_be_guessed(name: str, shared: Served) -> None:
    """And no answer says a word of what is behind it."""
    stranger = shared.ask("GET", "/favicon.ico")
    assert shared.ask("GET", GUESSES[name]) == stranger
    assert shared.ask("POST", GUESSES[name].replace("models", "chat/completions"), CHAT) == stranger
    assert stranger == (404, {"error": {"code": 404, "message": "nothing exists at this path"}})
    assert not any(each.model or PREFIX[5:] in each.path for each in shared.gateway.served)


@pytest.mark.parametrize(
    "path", ["/..", "/../v1/models", f"/..{PREFIX}/v1/models", "/%2e%2e/v1/models", "/v1/%2E./v1/models"]
)
def test_no_way_up_behind_the_prefix(path: str, shared: Served) -> None:
    assert shared.ask("GET", PREFIX + path)[0] == 404


def test_a_stranger_sends_no_body(shared: Served) -> None:
    """The body of who does not know the way in is not read, however it comes."""
    for header in (CHUNKED, "Content-Length: 1000000"):
        answer = shared.say(chat_bytes(header, "Expect: 100-continue", body=b""))
        assert status_of(answer) == 404
    assert [each[:2] for each in shared.gateway.served] == [(404, "/v1/chat/completions")] * 2


WAYS: dict[str, dict[str, str]] = {
    "none": {}, "empty": {"token": "", "prefix": ""}, "a token and a prefix": {"token": TOKEN, "prefix": PREFIX},
    "no slash": {"prefix": "mlk_1"}, "a slash": {"prefix": "/"}, "two parts": {"prefix": "/a/b"},
    "a slash at the end": {"prefix": "/a/"}, "an encoded one": {"prefix": "/%61"},
    "not ASCII": {"prefix": "/\u00e9"}, "a query": {"prefix": "/a?b"},
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_there_is_one_way_in(name: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(ValueError, match=r"either a token|a prefix must be"),
    ):
        Gateway(listener, {}, **WAYS[name])  # type: ignore[arg-type]


def test_two_runners(llm: Runner, embedder: Runner) -> None:
    """Embeddings have a runner of their own; where a model has one only, that says what it can."""
    both, first, second = ("127.0.0.1", llm.port), ("127.0.0.1", llm.port), ("127.0.0.1", embedder.port)
    routes = {
        "ai/plain": both, "ai/two": Route(first, second), "ai/chat": Route(completion=first),
        "ai/embed": Route(embedding=second), "ai/none": Route(),
    }  # fmt: skip
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    gateway = Gateway(listener, routes, prefix=PREFIX, limits=SERVING)
    gateway.start()

    def ask(model: str, path: str) -> tuple[int, int, int]:
        llm.asked.clear()
        embedder.asked.clear()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("POST", PREFIX + path, json.dumps({"model": model}))
        status = connection.getresponse().status
        connection.close()
        return status, len(llm.asked), len(embedder.asked)

    try:
        for path in ("/v1/chat/completions", "/v1/completions", "/rerank", "/v1/messages", "/v1/responses"):
            assert [ask(model, path) for model in routes] == [
                (200, 1, 0), (200, 1, 0), (200, 1, 0), (200, 0, 1), (502, 0, 0),
            ]  # fmt: skip
        for path in ("/v1/embeddings", "/engines/llama.cpp/v1/embeddings"):
            assert [ask(model, path) for model in routes] == [
                (200, 1, 0), (200, 0, 1), (200, 1, 0), (200, 0, 1), (502, 0, 0),
            ]  # fmt: skip
    finally:
        gateway.close()


def test_a_client_of_another_family(llm: Runner) -> None:
    """An IPv4 client of a socket that takes both is told by its IPv4 address."""
    try:
        listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    except (OSError, ValueError):
        pytest.skip("there is no IPv6 here")
    port = listener.getsockname()[1]
    gateway = Gateway(listener, {"ai/tiny": ("127.0.0.1", llm.port)}, prefix=PREFIX)
    gateway.start()
    for host in ("127.0.0.1", "::1"):
        connection = http.client.HTTPConnection(host, port, timeout=5)
        connection.request("GET", f"{PREFIX}/v1/models")
        assert connection.getresponse().status == 200
        connection.close()
    gateway.close()
    assert [each.client for each in gateway.served] == ["127.0.0.1", "::1"]


def test_all_bodies_together(llm: Runner) -> None:
    """One that would be too much is refused, and the memory is free again when the others are gone."""
    served = Served(llm, LIMITS._replace(memory_bytes=1_500_000, body_seconds=2.0))
    promise = chat_bytes("Content-Length: 1000000", body=b"")
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as first:
        first.sendall(promise + b" " * 900_000)
        time.sleep(0.5)
        assert status_of(served.say(promise + b" " * 700_000)) in (503, 0)
        assert served.ask("POST", "/v1/chat/completions", CHAT)[0] == 200
        assert status_of(first.recv(1 << 16)) == 408
    assert [each.status for each in served.gateway.served] == [503, 200, 408]
    for _ in range(5):
        assert served.ask("POST", "/v1/chat/completions", {**CHAT, "x": "y" * 900_000})[0] == 200
    served.gateway.close()


def test_a_large_body_of_an_application(llm: Runner) -> None:
    """A picture is one long text. A document of as many bytes and many values takes far more, so that is refused."""
    served = Served(llm, SERVING)
    picture = {**CHAT, "x": "/9j/4AAQ" * (5 << 20)}
    assert served.ask("POST", "/v1/chat/completions", picture)[0] == 200
    values = b'{"model": "ai/tiny", "x": [' + b"{}," * (8 << 20) + b"{}]}"
    status, answer = served.ask("POST", "/v1/chat/completions", values)
    assert (status, "values" in str(answer)) == (413, True)
    assert len(llm.asked) == 1
    served.gateway.close()


def test_slow_clients(served: Served) -> None:
    """A byte at a time takes no longer than the whole may; and while all places are taken, nobody waits long."""
    began = time.monotonic()
    slow = [
        threading.Thread(target=served.say, args=[bytes([each]) for each in GOOD[:60]], kwargs={"pause": 0.05})
        for _ in range(8)
    ]
    for thread in slow:
        thread.start()
    connections = [socket.create_connection(("127.0.0.1", served.port), timeout=5) for _ in range(8)]
    time.sleep(0.1)
    assert served.ask("GET", "/v1/models")[0] == 200
    assert time.monotonic() - began < 5
    for connection in connections:
        assert status_of(connection.recv(1 << 16)) == 408
        connection.close()
    for thread in slow:
        thread.join()


def test_a_client_that_does_not_read(llm: Runner) -> None:
    """Its place is free again after the time that sending may take."""
    served = Served(llm, LIMITS._replace(connections=1))
    stuck = socket.create_connection(("127.0.0.1", served.port))
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    stuck.sendall(GOOD)
    began = time.monotonic()
    assert served.ask("GET", "/v1/models")[0] == 200
    assert time.monotonic() - began < 2
    stuck.close()
    served.gateway.close()


def test_the_times_and_the_memory_of_many_huge_bodies(served: Served) -> None:
    """20 documents of nearly 1 MB, each of which takes 20 times that when it is read."""
    body = b'{"model": "ai/other", "x": [' + b"{}," * 330_000 + b"{}]}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    threads = [threading.Thread(target=served.say, args=[chat_bytes(body=body)]) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB
    assert served.ask("GET", "/v1/models")[0] == 200


def say(data: bytes, pause: float = 0.0, times: int = 1) -> Callable[[socket.socket], None]:
    def play(connection: socket.socket) -> None:
        for _ in range(times):
            connection.sendall(data)
            time.sleep(pause)

    return play


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
RUNNERS: dict[str, tuple[Callable[[socket.socket], None], int]] = {
    "a control": (say(HEAD + b"Content-Length: 2\r\n\r\n{}"), 200),
    "chunks": (say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), 200),
    "to the end": (say(HEAD + b"\r\n{}"), 200),
    "its own refusal": (say(b"HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\n{}"), 400),
    "what it cannot do": (say(b"HTTP/1.1 501 No\r\nContent-Length: 2\r\n\r\n{}"), 501),
    "its failure": (say(b"HTTP/1.1 500 No\r\nContent-Length: 13\r\n\r\nsecret traces"), 502),
    "a redirect": (say(b"HTTP/1.1 302 Go\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n"), 502),
    "nothing": (say(b""), 502),
    "silence": (say(b"", 2), 502),
    "no HTTP": (say(b"hello\r\n\r\n"), 502),
    "half a body": (say(HEAD + b"Content-Length: 9\r\n\r\n{}"), 502),
    "bad chunks": (say(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 502),
    "a trickle": (say(b"H", 0.05, 100), 502),
    "too much": (say(HEAD + b"\r\n" + b"x" * (LIMITS.answer_bytes + 1)), 502),
    "without end": (say(HEAD + b"\r\n" + b"x" * 10_000, 0, 100_000), 502),
    "a header that says more": (say(HEAD + b"Content-Type: a\r\nX: y\r\nContent-Length: 2\r\n\r\n{}"), 200),
}


@pytest.mark.parametrize("name", RUNNERS)
def test_a_runner_that_fails(name: str) -> None:
    play, expected = RUNNERS[name]
    with Runner("x", play) as runner:
        served = Served(runner)
        began = time.monotonic()
        status, answer = served.ask("POST", "/v1/chat/completions", CHAT)
        served.gateway.close()
    assert time.monotonic() - began < 3
    assert status == expected
    assert "secret" not in str(answer)
    assert status <= 501 or "the runner of this model" in str(answer)


def test_a_gateway_ends(llm: Runner) -> None:
    """With connections open, with none, and twice; nothing of it is left."""
    before = set(threading.enumerate())
    served = Served(llm)
    stuck = [socket.create_connection(("127.0.0.1", served.port), timeout=5) for _ in range(6)]
    time.sleep(0.1)
    began = time.monotonic()
    served.gateway.close()
    served.gateway.close()
    assert time.monotonic() - began < 2
    for connection in stuck:
        with connection, contextlib.suppress(ConnectionResetError):
            connection.recv(1)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", served.port), timeout=5)
    assert wait_until(lambda: not {each for each in threading.enumerate() if "gateway" in each.name} - before)


def test_a_gateway_ends_while_a_runner_thinks() -> None:
    with Runner("x", say(b"", 5)) as runner:
        served = Served(runner, LIMITS._replace(runner_seconds=60, connections=1))
        with socket.create_connection(("127.0.0.1", served.port), timeout=5) as waits:
            waits.sendall(GOOD)
            assert wait_until(lambda: bool(runner.asked))
            with socket.create_connection(("127.0.0.1", served.port), timeout=5):  # waits for the only place
                time.sleep(0.1)
                began = time.monotonic()
                served.gateway.close()
                assert time.monotonic() - began < 2
        assert wait_until(lambda: len(served.gateway.served) == 1)
        assert served.gateway.served[0].status == 502


SAME = [
    ("ai/tiny", "ai/Tiny:latest"), ("tiny", "docker.io/ai/tiny"), ("hf.co/A/B", "huggingface.co/a/b:latest"),
    (" ai/x ", "ai/x"), ("index.docker.io/ai/x", "ai/x"), ("localhost:5000/X", "localhost:5000/x:latest"),
    ("ai/x@sha256:" + "a" * 64, "docker.io/ai/x@sha256:" + "a" * 64),
]  # fmt: skip
OTHER = [
    ("ai/tiny", "ai/tiny:v1"), ("ai/x:A", "ai/x:a"), ("ai/x", "localhost:5000/ai/x"), ("hf.co/a/b", "a/b"),
    ("ai/x", "ai/x@sha256:" + "a" * 64), ("a" * 12, "ai/" + "a" * 12), ("ai/x", "ai/x\u0131"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two"), SAME)
def test_two_spellings_of_one_model(one: str, two: str) -> None:
    assert canonical(one) == canonical(two) != ""


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_two_models(one: str, two: str) -> None:
    assert canonical(one) != canonical(two)


@given(st.text(alphabet="aiAI/:.@-_%bX1 \u0130\u00df", max_size=30) | st.text(max_size=30))
def test_a_canonical_reference_stays(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_hurt(data: bytes) -> None:
    """What is not refused has a path that begins with `/`; a model that is found is a text."""
    try:
        head = parse_head(b"GET /" + data + b" HTTP/1.1\r\nA: " + data)
        route(head.method, head.target)
    except RefusalError as error:
        assert 400 <= error.status < 500
    try:
        model, written = parse_body(data)
        assert json.loads(written)["model"] == model
    except RefusalError as error:
        assert error.status == 400
