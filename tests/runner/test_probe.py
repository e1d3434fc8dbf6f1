"""Questions to servers of all manners."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from modellint.smoke.runners.http_client import ask
from modellint.smoke.runners.probe import chat, embeddings


@contextmanager
def serving(answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> Generator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/engines/v1/"
    finally:
        server.shutdown()
        server.server_close()


def saying(status: int, body: object) -> Callable[[http.server.BaseHTTPRequestHandler], None]:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        handler.send_response(status)
        handler.end_headers()
        handler.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    return answer


def test_what_is_sent() -> None:
    seen: list[tuple[str, dict[str, str], object]] = []

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        seen.append((handler.path, dict(handler.headers), json.loads(body)))
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(json.dumps({"choices": [{"message": {"content": "\x1b[1mhi"}}]}).encode())

    with serving(answer) as url:
        said = chat(url, "ai/x", "ping", key="k1", max_tokens=3)
    assert (said.status, said.text, said.problem) == (200, "hi", "")
    path, headers, document = seen[0]
    assert path == "/engines/v1/chat/completions"
    assert headers["Authorization"] == "Bearer k1"
    assert "Origin" not in headers
    assert document == {
        "model": "ai/x", "messages": [{"role": "user", "content": "ping"}], "max_tokens": 3, "temperature": 0,
    }  # fmt: skip


def test_an_embedding() -> None:
    with serving(saying(200, {"data": [{"embedding": [0.5, 1, -2]}]})) as url:
        assert embeddings(url, "m").numbers == 3


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b"<html>", "the response is not JSON"),
        (200, b"[" * 100_000, "the response is not JSON"),
        (200, {}, "the response has no message"),
        (200, {"choices": []}, "the response has no message"),
        (200, {"choices": {"0": 1}}, "the response has no message"),
        (401, {"error": {"message": "Invalid API Key"}}, "HTTP 401: Invalid API Key"),
        (403, {"error": "not granted"}, "HTTP 403: not granted"),
        (500, b"", "HTTP 500"),
        (307, {}, "HTTP 307"),
    ],
)
def test_what_is_no_answer(status: int, body: object, problem: str) -> None:
    with serving(saying(status, body)) as url:
        said = chat(url, "m", seconds=5)
    assert (said.status, said.text, said.problem) == (status, "", problem)


@pytest.mark.parametrize("vector", [[], [1, "x"], None, "base64"])
def test_what_is_no_embedding(vector: object) -> None:
    with serving(saying(200, {"data": [{"embedding": vector}]})) as url:
        assert embeddings(url, "m", seconds=5).problem


def test_a_thought_is_an_answer_where_nothing_was_said_yet() -> None:
    with serving(saying(200, {"choices": [{"message": {"content": "", "reasoning_content": "hm"}}]})) as url:
        assert chat(url, "m").text == "hm"


def test_a_large_answer_is_not_kept() -> None:
    with serving(saying(200, b"x" * 3_000_000)) as url:
        assert chat(url, "m").problem == "the response is larger than 1048576 bytes"


def test_an_answer_that_drips_is_cut_off() -> None:
    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        try:
            for byte in b"HTTP/1.0 200 OK\r\n" + b"a: b\r\n" * 1000:
                handler.wfile.write(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            return

    start = time.monotonic()
    with serving(drip) as url:
        assert chat(url, "m", seconds=0.3).problem == "no response within 0.3 s"
    assert time.monotonic() - start < 3


def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        reply = ask(base, "/health", 0.2)
    assert (reply.status, reply.problem) == (0, "no response within 0.2 s")
    assert ask(base, "/health", 0.2).problem == "nothing is listening there"
    assert ask("unix:/nonexistent/a.sock/v1", "/health", 0.2).problem == "nothing is listening there"


@pytest.mark.parametrize("base", ["https://x/", "ftp://x", "http://", "http://user:word@host/", "host:80"])
def test_a_base_that_is_none(base: str) -> None:
    with pytest.raises(ValueError, match="the base URL must be"):
        ask(base, "/health", 1)
