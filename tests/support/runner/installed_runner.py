"""A server that behaves as the source of docker/model-runner 1.2.6 says, and can be made to behave in other ways."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from modellint.smoke.runners.http_client import ask

BACKEND = "llama.cpp"
FLAGS = {"--temp", "--embeddings", "-np", "--api-key", "--ctx-size"}  # of those that are allowed


class Seen(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Runner:
    """A runner in memory: the reference that it was loaded by, and how many requests it answers."""

    reference: str
    config: dict[str, Any]
    references: int = 0
    loading: bool = True


Key = tuple[str, str]  # digest and mode; the backend is always the same


@dataclass
class Fake:
    """`instead` replaces the answer to a route such as `POST /models/create`."""

    base: str = ""
    seen: list[Seen] = field(default_factory=list[Seen])
    registry: dict[str, str] = field(default_factory=dict[str, str])  # digests of what can be pulled
    store: dict[str, str] = field(default_factory=dict[str, str])
    configs: dict[Key, dict[str, Any]] = field(default_factory=dict[Key, dict[str, Any]])
    runners: dict[Key, Runner] = field(default_factory=dict[Key, Runner])
    lines: list[object] = field(default_factory=list[object])  # of a pull; bytes are sent as they are
    version: str = "1.2.6"
    load_seconds: dict[str, float] = field(default_factory=dict[str, float])  # by mode
    llama: str = ""  # the address of a real one
    instead: dict[str, Callable[[Handler], None]] = field(default_factory=dict[str, Any])
    lock: threading.RLock = field(default_factory=threading.RLock)

    def routes(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.seen]

    def bodies(self, route: str) -> list[Any]:
        return [each.body for each in self.seen if f"{each.method} {each.path}" == route]

    def load(self, reference: str, mode: str) -> Runner:
        """`load` of loader.go: one runner for a digest and a mode, and whoever comes second waits for the first."""
        key = (self.store[reference], mode)
        with self.lock:
            first = key not in self.runners
            runner = self.runners.setdefault(key, Runner(reference, dict(self.configs.get(key, {}))))
        if first:
            time.sleep(self.load_seconds.get(mode, 0))
            runner.loading = False
        while runner.loading:
            time.sleep(0.01)
        with self.lock:
            runner.references += 1
        return runner

    def configure(self, body: dict[str, Any]) -> tuple[int, str]:
        """`ConfigureRunner` of scheduler.go and `setRunnerConfig` of loader.go."""
        flags = body.get("runtime-flags", [])
        for flag in flags:
            if flag.startswith("-") and flag.partition("=")[0] not in FLAGS:
                return 500, f'runtime flag {json.dumps(flag)} is not allowed for backend "{BACKEND}"'
        for flag in flags:
            if "/" in flag or "\\" in flag:
                return 500, f"invalid runtime flag {json.dumps(flag)}: paths are not allowed (contains '/' or '\\\\')"
        mode: str = body.get("mode") or ("embedding" if "--embeddings" in flags else "completion")
        key = (self.store.get(body["model"], ""), mode)
        config = {name: body[name] for name in ("context-size", "runtime-flags") if body.get(name)}
        with self.lock:
            if self.configs.get(key) == config:
                return 202, ""
            runner = self.runners.get(key)
            if runner is not None and not runner.loading:
                if runner.references:
                    return 409, "runner already active"
                del self.runners[key]
            self.configs[key] = config
        return 202, ""

    def unload(self, body: dict[str, Any]) -> int:
        """`Unload` of loader.go: settings go with a named backend only; what is in use or loading stays."""
        with self.lock:
            before = len(self.runners)
            for reference in body["models"]:
                digest = self.store.get(reference, reference)
                if body["backend"] == BACKEND:
                    self.configs = {key: value for key, value in self.configs.items() if key[0] != digest}
                for key, runner in list(self.runners.items()):
                    if key[0] == digest and not runner.references and not runner.loading:
                        del self.runners[key]
            return before - len(self.runners)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: Fake
    body: Any
    query: dict[str, list[str]]

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.body = json.loads(text) if text else None
        self.fake.seen.append(Seen(self.command, self.path, dict(self.headers), self.body))
        parts = urlsplit(self.path)
        self.query = parse_qs(parts.query)
        route = f"{self.command} {parts.path}"
        self.close_connection = True
        if instead := self.fake.instead.get(route):
            instead(self)
        elif answer := ANSWERS.get(route):
            answer(self)
        elif route.startswith("GET /models/"):
            self.show(unquote(parts.path.removeprefix("/models/")))
        else:
            self.error(404, "not found")

    do_GET = do_POST

    def say(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def json(self, document: object, status: int = 200) -> None:
        self.say(status, json.dumps(document).encode() + b"\n")

    def error(self, status: int, text: str) -> None:
        """Go's `http.Error`."""
        self.say(status, text.encode() + b"\n", "text/plain; charset=utf-8")

    def begin(self) -> None:
        """The head of a pull's answer."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def create(self) -> None:
        reference = self.body["from"]
        if reference not in self.fake.registry:
            return self.error(404, "Model not found")
        assert self.headers["Accept"] == "application/json", "else the lines are escaped as HTML"
        self.begin()
        for line in self.fake.lines:
            self.chunk(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        self.chunk(b"")
        self.fake.store[reference] = self.fake.registry[reference]
        return None

    def show(self, reference: str) -> None:
        digest = self.fake.store.get(reference)
        if digest is None:
            return self.error(404, f"error while getting model: get model '{reference}': model not found")
        return self.json({"id": digest, "tags": [reference], "created": 1, "config": {"format": "gguf"}})

    def set_config(self) -> None:
        status, words = self.fake.configure(self.body)
        if status != 202:
            return self.error(status, words)
        threading.Thread(target=self.preload_in_background, daemon=True).start()
        return self.say(202, b"")

    def preload_in_background(self) -> None:
        if self.body["model"] in self.fake.store:
            runner = self.fake.load(self.body["model"], "completion")
            with self.fake.lock:
                runner.references -= 1

    def get_config(self) -> None:
        digest = self.fake.store.get(self.query["model"][0], self.query["model"][0])
        entries = [
            {"Backend": BACKEND, "Model": "docker.io/ai/x:latest", "ModelID": key[0], "Mode": key[1], "Config": config}
            for key, config in self.fake.configs.items()
            if key[0] == digest
        ]
        self.json(entries)

    def ps(self) -> None:
        with self.fake.lock:
            entries = [
                {
                    "backend_name": BACKEND, "model_name": runner.reference, "mode": key[1],
                    "last_used": "0001-01-01T00:00:00Z", "in_use": runner.references > 0, "loading": runner.loading,
                }
                for key, runner in self.fake.runners.items()
            ]  # fmt: skip
        self.json(entries)

    def infer(self) -> None:
        reference = self.body["model"]
        if reference not in self.fake.store:
            return self.error(404, f"error while getting model: get model '{reference}': model not found")
        runner = self.fake.load(reference, "embedding" if self.path.endswith("/embeddings") else "completion")
        try:
            if self.headers.get("X-Preload-Only") == "true":
                return self.say(200, b"", "text/plain")
            if self.fake.llama:
                key = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                path = self.path[self.path.index("/v1/") :]
                reply = ask(self.fake.llama, path, 30, document=self.body, key=key)
                return self.say(reply.status, reply.body)
            window = -(-runner.config.get("context-size", 4096) // 256) * 256
            return self.json({"error": refusal(len(self.body["prompt"]), window)}, 400)
        finally:
            with self.fake.lock:
                runner.references -= 1

    def log_message(self, format: str, *args: object) -> None:
        pass


def refusal(tokens: int, window: int) -> dict[str, object]:
    """As a llama-server of October 2026 refuses a prompt; the last test in test_installed.py asks a real one."""
    return {
        "code": 400, "message": f"request ({tokens} tokens) exceeds the available context size ({window} tokens)",
        "type": "exceed_context_size_error", "n_prompt_tokens": tokens, "n_ctx": window,
    }  # fmt: skip


ANSWERS: dict[str, Callable[[Handler], None]] = {
    "GET /engines/status": lambda it: it.json({BACKEND: "Running: llama.cpp b9999", "vllm": "Not Installed"}),
    "GET /version": lambda it: it.json({"version": it.fake.version}),
    "POST /models/create": Handler.create,
    "POST /engines/_configure": Handler.set_config,
    "GET /engines/_configure": Handler.get_config,
    "GET /engines/ps": Handler.ps,
    "POST /engines/unload": lambda it: it.json({"unloaded_runners": it.fake.unload(it.body)}),
    "POST /engines/v1/chat/completions": Handler.infer,
    "POST /engines/v1/completions": Handler.infer,
    "POST /engines/v1/embeddings": Handler.infer,
}


@contextmanager
def faking() -> Generator[Fake]:
    fake = Fake()
    handler = type("OneHandler", (Handler,), {"fake": fake})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    fake.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
