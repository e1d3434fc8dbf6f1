"""What stands for a runner: a server that says one thing to everything, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from modellint.compose.loading.load import load
from modellint.smoke.isolation.outcome import Outcome
from modellint.smoke.isolation.plan import ForbiddenAddress, ServicePlan, Upstream, plan_services
from modellint.text.source import Source


class Runner:
    """Answers both chats and embeddings. `play` says something else, byte by byte."""

    def __init__(self, text: str, play: Callable[[socket.socket], None] | None = None) -> None:
        self.asked: list[tuple[str, Any]] = []
        runner = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                runner.asked.append((self.path, json.loads(body)))
                if play is not None:
                    with contextlib.suppress(OSError):
                        play(self.connection)
                    return
                choices = [{"message": {"role": "assistant", "content": text}}]
                answer = json.dumps({"id": "x", "choices": choices, "data": [{"embedding": [0.5, 1, -1]}]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def server_bind(self) -> None:
                TCPServer.server_bind(self)  # without HTTPServer's look-up of a name, which can take its time

            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Runner:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


COMPOSE = """\
services:
  chat:
    image: chat
    environment: {SECRET: x}
    models: [llm]
  rag:
    image: rag
    models:
      llm: {endpoint_var: AI_URL, model_var: AI_NAME}
      embed-der:
  both:
    image: both
    models:
      llm: {endpoint_var: AI_URL}
      embed-der: {endpoint_var: AI_URL}
  web:
    image: web
  off:
    image: off
    profiles: [never]
    models: [llm]
models:
  llm: {model: ai/Tiny}
  embed-der: {model: "hf.co/Some/Embed:Q4"}
"""


def upstreams(llm: Runner, embedder: Runner) -> dict[str, Upstream]:
    return {
        "llm": Upstream("127.0.0.1", llm.port, answer="canary:llm"),
        "embed-der": Upstream("127.0.0.1", embedder.port, embeddings=True),
    }


def plans(runners: dict[str, Upstream], registry: int | None = None, compose: str = COMPOSE) -> dict[str, ServicePlan]:
    places = [ForbiddenAddress("registry port", "127.0.0.1", registry)] if registry else []
    project = load(Source("compose.yaml", compose), {})
    return {plan.service: plan for plan in plan_services(project, runners, places)}


def bad(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.status != "pass"]


def wait_until(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
