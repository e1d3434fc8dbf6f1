"""An installed Docker Model Runner: what it is asked, what is made of its answers, and what is left in it.

The real one is no package of PyPI, npm or Debian, so this is a server that behaves as its source says.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modellint.smoke.runners import model_runner
from modellint.smoke.runners.find import NoRunner, Program
from modellint.smoke.runners.http_client import ask
from modellint.smoke.runners.model_runner import Installed
from modellint.smoke.runners.plan import COMPLETION, EMBEDDING, Files, RunnerConfig
from modellint.smoke.runners.process import RunnerFailed, start
from support.runner.installed_runner import BACKEND, Fake, Handler, Runner, faking, refusal

REF = "registry.example.com:5000/ai/x:360M@sha256:0"
DIGEST = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32
CREATE, CONFIGURE, UNLOAD = "POST /models/create", "POST /engines/_configure", "POST /engines/unload"
CHAT, EMBED = "POST /engines/v1/chat/completions", "POST /engines/v1/embeddings"
COMPLETE = "POST /engines/v1/completions"
SUCCESS: dict[str, object] = {
    "type": "success",
    "message": "Model pulled successfully",
    "total": 0,
    "layer": {},
    "mode": "pull",
}


@pytest.fixture
def fake() -> Iterator[Fake]:
    with faking() as fake:
        fake.registry[REF] = fake.store[REF] = DIGEST
        fake.lines = [SUCCESS]
        yield fake


def setup(context: int = 0, *flags: str, hidden: tuple[tuple[str, str], ...] = ()) -> RunnerConfig:
    return RunnerConfig(DIGEST, EMBEDDING if "--embeddings" in flags else COMPLETION, context, flags, ("llm",), hidden)


def answering(status: int, text: object) -> Callable[[Handler], None]:
    """Go's `http.Error` for a text, JSON for anything else."""
    return lambda it: it.error(status, text) if isinstance(text, str) else it.json(text, status)


def loading(layer: str, current: object, total: object = 300) -> dict[str, object]:
    return {"type": "progress", "message": "", "total": total, "layer": {"id": layer, "size": 1, "current": current}}


class Progress:
    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.calls.append((done, total))


# What it is


def test_a_greeting(fake: Fake) -> None:
    assert Installed(fake.base + "/").greet() == "Docker Model Runner 1.2.6"
    assert fake.routes() == ["GET /engines/status", "GET /version"]
    assert not {"Origin", "User-Agent", "Authorization"} & set(fake.seen[0].headers)


@pytest.mark.parametrize("version", ["\x1b[31m1", "1\n2", "", "9" * 100, "1 2", 7, None])
def test_a_version_that_is_none(fake: Fake, version: Any) -> None:
    fake.version = version
    assert Installed(fake.base).greet() == "Docker Model Runner"


def test_a_runner_without_a_version(fake: Fake) -> None:
    fake.instead["GET /version"] = answering(404, "404 page not found")
    assert Installed(fake.base).greet() == "Docker Model Runner"


@pytest.mark.parametrize(
    "answer",
    [
        answering(404, "not found"),  # any web server
        answering(200, {"version": "0.11"}),  # vLLM
        answering(200, {"llama.cpp": 1}),
        answering(200, {"llama.cpp": "Running", "x": {}}),
        answering(200, []),
        answering(200, "[" * 100_000),
        answering(200, "<html>\x1b[31m"),
        answering(301, "moved"),
        answering(500, "out of order"),
    ],
)
def test_what_is_no_runner(fake: Fake, answer: Callable[[Handler], None]) -> None:
    fake.instead["GET /engines/status"] = answer
    with pytest.raises(NoRunner, match=f"^the service at {fake.base} is not Docker Model Runner$"):
        Installed(fake.base).greet()


def test_a_runner_that_is_switched_off(fake: Fake) -> None:
    fake.instead["GET /engines/status"] = answering(503, "inference is disabled")
    with pytest.raises(NoRunner, match=r"is not running: HTTP 503: inference is disabled$"):
        Installed(fake.base).greet()


def test_nothing_at_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        base = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(
        NoRunner, match=rf"^no Docker Model Runner responds at {base}: nothing is listening there; run `docker m"
    ):
        Installed(base).greet()


def test_one_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_runner, "_QUESTION", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(NoRunner, match=r"no response within 0\.2 s"),
    ):
        Installed(f"http://127.0.0.1:{server.getsockname()[1]}").greet()


@pytest.mark.parametrize(
    ("base", "taken"),
    [
        ("http://localhost:12434", "http://localhost:12434"),
        ("HTTP://model-runner.docker.internal/", "http://model-runner.docker.internal:80"),
        ("http://[::1]:12434", "http://[::1]:12434"),
        ("http://[::1]", "http://[::1]:80"),
    ],
)
def test_an_address(base: str, taken: str) -> None:
    assert Installed(base).base == taken


@pytest.mark.parametrize(
    "base",
    [
        "", "localhost", "localhost:12434", "https://localhost:12434", "unix:/var/run/docker.sock", "http://",
        "http://:12434", "http://localhost:", "http://localhost:0", "http://localhost:99999", "http://localhost:x",
        "http://localhost:12434/engines/v1", "http://localhost:12434?x", "http://localhost:12434#x", "http://[::1",
        "http://a b:1", "http://a\n:1", "http://ä:1", "http://-x:1", "http://a%2f:1", "http://a\\b:1",
    ],
)  # fmt: skip
def test_an_address_that_is_none(base: str) -> None:
    with pytest.raises(NoRunner, match=r"is not the address of a Docker Model Runner") as problem:
        Installed(base)
    assert str(problem.value).isprintable()


def test_a_password_in_an_address_is_not_shown() -> None:
    with pytest.raises(NoRunner, match=r"^what is given is not the address"):
        Installed("http://user:hunter2@localhost:12434")


# Pulling


def test_a_pull(fake: Fake) -> None:
    fake.store.clear()
    fake.lines = [loading("a", 100), loading("b", 50), loading("a", 250), {"type": "warning", "message": "w"}, SUCCESS]
    seen = Progress()
    assert Installed(fake.base).pull(REF, 5, seen) == DIGEST
    assert seen.calls == [(100, 300), (150, 300), (300, 300)]
    assert [(each.method, each.path, each.body) for each in fake.seen] == [
        ("POST", "/models/create", {"from": REF}),
        ("GET", f"/models/{REF}", None),
    ]
    assert fake.seen[0].headers["Accept"] == "application/json"
    assert fake.seen[0].headers["Content-Type"] == "application/json"


def test_progress_comes_while_it_goes_on(fake: Fake) -> None:
    went_on: list[float] = []

    def slowly(it: Handler) -> None:
        it.begin()
        it.chunk(json.dumps(loading("a", 1)).encode() + b"\n")
        while not went_on:
            time.sleep(0.01)
        it.chunk(json.dumps(SUCCESS).encode() + b"\n")
        it.chunk(b"")

    fake.instead[CREATE] = slowly
    assert Installed(fake.base).pull(REF, 5, lambda done, total: went_on.append(done)) == DIGEST
    assert went_on == [1]


@pytest.mark.parametrize("count", [-1, True, "1", None, 1.5, [], {}])
def test_counts_that_are_none(fake: Fake, count: object) -> None:
    fake.lines = [loading("a", count, count), SUCCESS]
    seen = Progress()
    Installed(fake.base).pull(REF, 5, seen)
    assert seen.calls == [(0, 0)]


def test_counts_without_end(fake: Fake) -> None:
    line = b'{"type":"progress","total":%s,"layer":{"id":"a","current":%s}}\n'
    fake.lines = [line % (b"9" * 5000, b"1"), line % (b"1e999", b"1"), line % (b"9" * 100, b"9" * 100), SUCCESS]
    seen = Progress()
    Installed(fake.base).pull(REF, 5, seen)
    assert seen.calls == [(1, 0), (2**63 - 1, 2**63 - 1)]


def test_layers_without_end(fake: Fake) -> None:
    fake.lines = [b"".join(json.dumps(loading(str(at), 1)).encode() + b"\n" for at in range(20_000)), SUCCESS]
    seen = Progress()
    Installed(fake.base).pull(REF, 20, seen)
    assert seen.calls[-1] == (10_000, 300)


def test_whoever_follows_a_pull_may_end_it(fake: Fake) -> None:
    fake.lines = [loading("a", 1), SUCCESS]

    def enough(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Installed(fake.base).pull(REF, 5, enough)


LATER = b"error while pulling model: writing image to store: no space left on device\n"
FAILED: dict[str, object] = {
    "type": "error",
    "message": "Error: no space \x1b[31mleft\non device",
    "layer": {},
    "mode": "pull",
}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([loading("a", 1), FAILED, LATER], "Error: no space left on device"),
        ([FAILED, SUCCESS], "Error: no space left on device"),
        ([{"type": "warning", "message": "old"}, b"Model not found\n"], "Model not found"),  # too late for a status
        ([b"<html>\n", b"Bad \x00\xffGateway"], "Bad  \ufffdGateway"),
        ([loading("a", 1)], "the runner's response ended before the pull was complete"),
        ([b"\n", b" \n"], "the runner's response ended before the pull was complete"),
        ([{"type": "error"}], "the runner's response ended before the pull was complete"),
        ([b"7\n", b"[1]\n", b'{"type": "later"}\n'], '{"type": "later"}'),
        ([b"[" * 60_000 + b"\n", b"x\n"], "x"),
    ],
)
def test_a_pull_that_fails_when_it_has_begun(fake: Fake, lines: list[object], words: str) -> None:
    fake.lines = lines
    with pytest.raises(RunnerFailed) as failure:
        Installed(fake.base).pull(REF, 5)
    assert str(failure.value) == f"{REF} cannot be pulled: {words}"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Invalid model reference"),
        (401, "Unauthorized"),
        (404, "Model not found"),
        (422, "unsupported config"),
        (500, "error while pulling model: reading model from registry"),
        (503, ""),
    ],
)
def test_a_pull_that_is_refused(fake: Fake, status: int, text: str) -> None:
    fake.instead[CREATE] = answering(status, text)
    with pytest.raises(RunnerFailed) as failure:
        Installed(fake.base).pull(REF, 5)
    assert str(failure.value) == f"{REF} cannot be pulled: HTTP {status}" + (f": {text}" if text else "")


@pytest.mark.parametrize("number", [None, "", DIGEST[:-1], DIGEST + "\n", DIGEST.upper(), "sha512:" + "a" * 64, 7])
def test_a_digest_that_is_none(fake: Fake, number: object) -> None:
    fake.instead[f"GET /models/{REF}"] = answering(200, {"id": number})
    with pytest.raises(RunnerFailed, match=r"does not report its digest$"):
        Installed(fake.base).pull(REF, 5)


def test_a_model_that_is_not_there_after_its_pull(fake: Fake) -> None:
    fake.instead[f"GET /models/{REF}"] = answering(404, "model not found")
    with pytest.raises(RunnerFailed, match=r"does not list it: HTTP 404: model not found$"):
        Installed(fake.base).pull(REF, 5)


def test_a_reference_is_one_part_of_a_path(fake: Fake) -> None:
    wild = "a?b#c d%2e\n\udc80../x"
    fake.registry[wild] = DIGEST
    with pytest.raises(RunnerFailed) as failure:
        Installed(fake.base).pull(wild, 5)
    assert fake.seen[1].path == "/models/a%3Fb%23c%20d%252e%0A%80../x"
    assert str(failure.value).isprintable()


def endless(it: Handler) -> None:
    it.begin()
    try:
        while True:
            it.chunk(json.dumps(loading("a", 1)).encode() + b"\n")
    except OSError:
        return


def endless_line(it: Handler) -> None:
    it.begin()
    try:
        while True:
            it.chunk(b"x" * 1000)
    except OSError:
        return


def drip(it: Handler) -> None:
    it.begin()
    try:
        while True:
            it.chunk(b" ")
            time.sleep(0.02)
    except OSError:
        return


def silent(it: Handler) -> None:
    it.begin()
    time.sleep(2)


def broken_off(it: Handler) -> None:
    it.begin()
    it.chunk(b'{"type": "suc')
    it.wfile.write(b"40\r\nabc")


def reset(it: Handler) -> None:
    it.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    it.wfile.close()
    it.connection.close()


def failed_and_broken_off(it: Handler) -> None:
    it.begin()
    it.chunk(json.dumps(FAILED).encode() + b"\n")
    it.wfile.write(b"40\r\nabc")


def no_http(it: Handler) -> None:
    it.wfile.write(b"SSH-2.0\r\n")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (endless, "no response within 0.5 s"),
        (endless_line, "a line is longer than 65536 bytes"),
        (drip, "no response within 0.5 s"),
        (silent, "no response within 0.5 s"),
        (broken_off, "the response ended early"),
        (failed_and_broken_off, "Error: no space left on device"),
        (no_http, "the response is not HTTP"),
        (answering(500, "x" * 3_000_000), "the response is larger than 1048576 bytes"),
    ],
)
def test_a_pull_that_is_bounded(fake: Fake, answer: Callable[[Handler], None], words: str) -> None:
    fake.instead[CREATE] = answer
    began = time.monotonic()
    with pytest.raises(RunnerFailed) as failure:
        Installed(fake.base).pull(REF, 0.5)
    assert str(failure.value) == f"{REF} cannot be pulled: {words}"
    assert time.monotonic() - began < 3


def test_a_pull_whose_connection_is_reset(fake: Fake) -> None:
    fake.instead[CREATE] = reset
    with pytest.raises(RunnerFailed, match=r"cannot be pulled: (connection reset by peer|the response ended early)$"):
        Installed(fake.base).pull(REF, 2)


def test_a_pull_with_more_lines_than_any(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_runner, "_MOST_LINES", 10_000)
    fake.instead[CREATE] = endless
    with pytest.raises(RunnerFailed, match=r"the response is larger than 10000 bytes$"):
        Installed(fake.base).pull(REF, 5)


@pytest.mark.parametrize("head", [b"", b"Content-Length: 9999\r\n"])
def test_a_body_that_drips_is_cut_off_too(head: bytes) -> None:
    with faking() as fake:

        def answer(it: Handler) -> None:
            try:
                it.wfile.write(b"HTTP/1.0 200 OK\r\n" + head + b"\r\n")
                for _ in range(500):
                    it.wfile.write(b" ")
                    time.sleep(0.01)
            except OSError:
                return

        fake.instead["GET /x"] = answer
        reply = ask(fake.base, "/x", 0.3)
    assert (reply.status, reply.problem) == (0, "no response within 0.3 s")
    assert reply.seconds < 2


# Booting


@pytest.mark.parametrize(
    ("wish", "sent"),
    [
        (setup(), {}),
        (setup(8192), {"context-size": 8192}),
        (setup(0, "--temp", "0.1"), {"runtime-flags": ["--temp", "0.1"]}),
        (setup(1, "--embeddings"), {"context-size": 1, "runtime-flags": ["--embeddings"]}),
    ],
)
def test_it_is_configured_and_loaded_as_compose_would(fake: Fake, wish: RunnerConfig, sent: dict[str, Any]) -> None:
    with Installed(fake.base) as runner:
        booted = runner.boot(wish, REF, 10)
        assert fake.configs == {(DIGEST, wish.mode): sent}
        assert (DIGEST, wish.mode) in fake.runners
    assert 0 < booted.seconds < 5
    assert fake.bodies(CONFIGURE) == [{"model": REF, **sent}]
    route, name, value = (EMBED, "input", "") if wish.mode == EMBEDDING else (CHAT, "messages", list[object]())
    assert fake.bodies(route) == [{"model": REF, name: value}]
    preload = next(each for each in fake.seen if f"POST {each.path}" == route)
    assert preload.headers["X-Preload-Only"] == "true"
    assert not [each for each in fake.seen if "X-Preload-Only" in each.headers and each is not preload]
    assert not [each for each in fake.seen if {"Origin", "User-Agent"} & set(each.headers)]


def test_the_context_that_llama_cpp_names(fake: Fake) -> None:
    with Installed(fake.base) as runner:
        assert runner.boot(setup(1000), REF, 10).context == 1024
    assert fake.bodies(COMPLETE) == [{"model": REF, "prompt": [1] * 2512, "max_tokens": 1}]


@pytest.mark.parametrize("wish", [setup(), setup(8192, "--embeddings"), setup(2**30)])
def test_a_context_that_cannot_be_asked_for(fake: Fake, wish: RunnerConfig) -> None:
    with Installed(fake.base) as runner:
        assert runner.boot(wish, REF, 10).context == 0
    assert fake.bodies(COMPLETE) == []


@pytest.mark.parametrize(
    "answer",
    [
        answering(200, {"choices": [{"text": "x"}]}),
        answering(500, {"error": refusal(1, 1024)}),
        answering(400, {"error": {"message": "This model's maximum context length is 8192 tokens."}}),  # vLLM
        answering(400, {"error": {"type": "exceed_context_size_error", "n_ctx": "1024"}}),
        answering(400, {"error": "n_ctx"}),
        answering(400, "n_ctx"),
        answering(400, "x" * 3_000_000),
        drip,
        reset,
    ],
)
def test_a_context_that_is_not_named(
    fake: Fake, answer: Callable[[Handler], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_runner, "_CONTEXT", 0.3)
    fake.instead[COMPLETE] = answer
    with Installed(fake.base) as runner:
        assert runner.boot(setup(1000), REF, 10).context == 0


def test_settings_while_another_answers_with_its_own(fake: Fake) -> None:
    fake.configs[DIGEST, COMPLETION] = {"context-size": 1}
    fake.runners[DIGEST, COMPLETION] = theirs = Runner("ai/theirs", {"context-size": 1}, 1, loading=False)
    with Installed(fake.base) as runner, pytest.raises(RunnerFailed) as failure:
        runner.boot(setup(8192), REF, 10)
    assert str(failure.value) == (
        f"{REF} cannot be configured while it handles a request with other settings (HTTP 409: runner "
        f"already active); wait, or run `docker model unload {REF}`, and try again"
    )
    assert fake.runners == {(DIGEST, COMPLETION): theirs}
    assert fake.configs == {(DIGEST, COMPLETION): {"context-size": 1}}
    assert UNLOAD not in fake.routes()


def test_a_flag_that_is_rejected(fake: Fake) -> None:
    with Installed(fake.base) as runner, pytest.raises(RunnerFailed) as failure:
        runner.boot(setup(0, "--log-file", "x"), REF, 10)
    assert str(failure.value) == (
        f'{REF} cannot be configured: HTTP 500: runtime flag "--log-file" is not allowed for backend "llama.cpp"'
    )
    assert UNLOAD not in fake.routes()
    assert CHAT not in fake.routes()


SECRETS = ["hunter2/longer", 'a"b\\c/"long', "zeile\n/zwei"]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_is_hidden_stays_hidden(fake: Fake, secret: str) -> None:
    wish = setup(0, "--api-key", secret, hidden=((secret, "***"),))
    with Installed(fake.base) as runner, pytest.raises(RunnerFailed) as failure:
        runner.boot(wish, REF, 10)
    assert 'invalid runtime flag "***": paths' in str(failure.value)


def test_what_is_hidden_stays_hidden_in_parts(fake: Fake) -> None:
    fake.instead[CONFIGURE] = answering(500, "bad: hun\x1b[31mter2-\x1b[0mlonger and Bearer abc, " + "y" * 999)
    wish = setup(0, "--api-key", "hunter2-longer", hidden=(("hunter2-longer", "***"),))
    with Installed(fake.base, hidden=[("ai/x", "[ref]")]) as runner, pytest.raises(RunnerFailed) as failure:
        runner.boot(wish, REF, 10)
    said = str(failure.value)
    assert "cannot be configured: HTTP 500: bad: *** and Bearer *** yyy" in said
    assert said.startswith("registry.example.com:5000/[ref]:360M@")
    assert said.endswith("y…")
    assert len(said) < 500


def test_what_is_hidden_in_a_pull(fake: Fake) -> None:
    fake.lines = [{"type": "error", "message": "https://user:hunter2-longer@host refused"}]
    with pytest.raises(RunnerFailed, match=r": https://user:\*\*\*@host refused$"):
        Installed(fake.base, hidden=[("hunter2-longer", "***")]).pull(REF, 5)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (404, "error while getting model: model not found"),
        (412, 'backend "vllm" is not installed; run: docker model install-runner --backend vllm'),
        (500, "unable to load runner: error waiting for runner to be ready: llama.cpp terminated unexpectedly"),
        (503, "backend installation failed"),
    ],
)
def test_a_model_that_cannot_be_loaded(fake: Fake, status: int, text: str) -> None:
    fake.instead[CHAT] = answering(status, text)
    with Installed(fake.base) as runner, pytest.raises(RunnerFailed) as failure:
        runner.boot(setup(8192), REF, 10)
    assert str(failure.value) == f"{REF} cannot be loaded: HTTP {status}: {text}"
    # More than one where the runner is still ending the request that failed, and unloads nothing yet.
    unloads = fake.bodies(UNLOAD)
    assert unloads
    assert all(body == {"all": False, "backend": BACKEND, "models": [REF]} for body in unloads)
    assert (fake.configs, fake.runners) == ({}, {})


def test_an_error_in_json(fake: Fake) -> None:
    fake.instead[CHAT] = answering(401, {"error": {"message": "Invalid\nAPI Key"}})
    with Installed(fake.base) as runner, pytest.raises(RunnerFailed, match="cannot be loaded: HTTP 401: Invalid API"):
        runner.boot(setup(), REF, 10)


@pytest.mark.parametrize("answer", [silent, drip, endless])
@pytest.mark.parametrize("route", [CONFIGURE, CHAT])
def test_a_boot_that_takes_too_long(fake: Fake, route: str, answer: Callable[[Handler], None]) -> None:
    fake.instead[route] = answer
    began = time.monotonic()
    with Installed(fake.base) as runner, pytest.raises(RunnerFailed) as failure:
        runner.boot(setup(), REF, 0.5)
    assert time.monotonic() - began < 3
    assert "no response within" in str(failure.value) or "the response is larger than" in str(failure.value)
    assert UNLOAD in fake.routes(), "it may have been loaded all the same"


NONSENSE: list[object] = [[], 7, {"Config": 7}]


@pytest.mark.parametrize("route", ["GET /engines/_configure", "GET /engines/ps"])
@pytest.mark.parametrize(
    "answer", [answering(404, "not found"), answering(200, NONSENSE), answering(200, "{"), reset, endless]
)
def test_a_runner_that_does_not_say_what_it_has(
    fake: Fake, route: str, answer: Callable[[Handler], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_runner, "_QUESTION", 0.2)
    monkeypatch.setattr(model_runner, "_UNLOAD", 0.5)
    fake.instead[route] = answer
    with Installed(fake.base) as runner:
        runner.boot(setup(), REF, 10)
    assert not fake.runners


def test_a_runner_with_names_without_end(fake: Fake) -> None:
    entries = [{"model_name": f"ai/{at}", "mode": COMPLETION} for at in range(20_000)]
    fake.instead["GET /engines/ps"] = answering(200, entries)
    with Installed(fake.base) as runner:
        runner.boot(setup(), REF, 10)
    assert len([each for each in fake.seen if each.path.startswith("/models/")]) == 64


# What is left


def test_it_is_left_as_it_was(fake: Fake) -> None:
    fake.store["ai/other"] = OTHER
    fake.configs[OTHER, COMPLETION] = {"context-size": 1}
    fake.runners[OTHER, COMPLETION] = Runner("ai/other", {"context-size": 1}, 0, loading=False)
    before = dict(fake.configs), dict(fake.runners)
    with Installed(fake.base) as runner:
        runner.boot(setup(8192), REF, 10)
        assert (fake.configs, fake.runners) != before
    assert (fake.configs, fake.runners) == before
    assert fake.bodies(UNLOAD) == [{"all": False, "backend": BACKEND, "models": [REF]}]
    seen = len(fake.seen)
    runner.close()
    runner.unload(REF)
    runner.unload("ai/other")
    assert len(fake.seen) == seen


def test_settings_that_were_the_same_stay(fake: Fake) -> None:
    fake.configs[DIGEST, COMPLETION] = {"context-size": 8192}
    with Installed(fake.base) as runner:
        runner.boot(setup(8192), REF, 10)
    assert fake.configs == {(DIGEST, COMPLETION): {"context-size": 8192}}
    assert not fake.runners


@pytest.mark.parametrize("name", [REF, "ai/by-another-name"])
def test_what_was_loaded_with_the_same_settings_stays(fake: Fake, name: str) -> None:
    fake.store[name] = DIGEST
    fake.configs[DIGEST, COMPLETION] = {"context-size": 8192}
    fake.runners[DIGEST, COMPLETION] = theirs = Runner(name, {"context-size": 8192}, 0, loading=False)
    with Installed(fake.base) as runner:
        runner.boot(setup(8192), REF, 10)
    assert fake.runners == {(DIGEST, COMPLETION): theirs}
    assert UNLOAD not in fake.routes()


@pytest.mark.parametrize("was_loaded", [False, True])
def test_settings_that_were_others_come_back(fake: Fake, was_loaded: bool) -> None:
    theirs = {"context-size": 1024, "runtime-flags": ["--temp", "0"]}
    fake.configs[DIGEST, COMPLETION] = theirs
    if was_loaded:
        fake.runners[DIGEST, COMPLETION] = Runner(REF, theirs, 0, loading=False)
    with Installed(fake.base) as runner:
        runner.boot(setup(8192), REF, 10)
        assert fake.configs == {(DIGEST, COMPLETION): {"context-size": 8192}}
    assert fake.configs == {(DIGEST, COMPLETION): theirs}
    assert fake.bodies(CONFIGURE)[-1] == {"model": REF, "mode": COMPLETION, **theirs}
    if was_loaded:
        end = time.monotonic() + 5
        while not fake.runners and time.monotonic() < end:
            time.sleep(0.01)
        assert fake.runners[DIGEST, COMPLETION].config == theirs
        assert UNLOAD not in fake.routes()


@pytest.mark.parametrize("problem", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_it_is_unloaded_on_every_way_out(fake: Fake, problem: type[BaseException]) -> None:
    with pytest.raises(problem), Installed(fake.base) as runner:
        runner.boot(setup(8192), REF, 10)
        raise problem
    assert (fake.configs, fake.runners) == ({}, {})


def test_it_is_unloaded_when_the_boot_is_interrupted(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("modellint.smoke.runners.model_runner_api.preload", interrupted)
    with pytest.raises(KeyboardInterrupt), Installed(fake.base) as runner:
        runner.boot(setup(8192), REF, 10)
    assert (fake.configs, fake.runners) == ({}, {})


def test_all_that_was_booted_is_unloaded_the_last_first(fake: Fake) -> None:
    fake.store["ai/other"] = OTHER
    with Installed(fake.base) as runner:
        runner.boot(setup(), REF, 10)
        runner.boot(setup(0, "--embeddings"), REF, 10)  # the same in another mode
        runner.boot(RunnerConfig(OTHER, COMPLETION, 0, (), ("b",)), "ai/other", 10)
    assert [body["models"] for body in fake.bodies(UNLOAD)] == [["ai/other"], [REF]]
    assert (fake.configs, fake.runners) == ({}, {})


def test_what_the_runner_loads_by_itself_is_waited_for(fake: Fake) -> None:
    """Once it is configured, a model for embeddings is loaded for chats, too, which ends when it ends."""
    fake.load_seconds[COMPLETION] = 0.7
    with Installed(fake.base) as runner:
        assert runner.boot(setup(0, "--embeddings"), REF, 10).seconds < 0.6
        while (DIGEST, COMPLETION) not in fake.runners:
            time.sleep(0.01)
        assert fake.runners[DIGEST, COMPLETION].loading
    assert not fake.runners


def test_what_still_answers_a_request_is_waited_for(fake: Fake) -> None:
    runner = Installed(fake.base)
    runner.boot(setup(), REF, 10)
    loaded = fake.runners[DIGEST, COMPLETION]
    with fake.lock:
        loaded.references += 1

    def in_the_end(it: Handler) -> None:
        if len(fake.bodies(UNLOAD)) == 3:
            with fake.lock:
                loaded.references -= 1
        it.json({"unloaded_runners": fake.unload(it.body)})

    fake.instead[UNLOAD] = in_the_end
    runner.close()
    assert len(fake.bodies(UNLOAD)) == 3
    assert not fake.runners


def test_what_answers_for_ever_is_not(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_runner, "_UNLOAD", 0.5)
    runner = Installed(fake.base)
    runner.boot(setup(), REF, 10)
    with fake.lock:
        fake.runners[DIGEST, COMPLETION].references += 1
    began = time.monotonic()
    runner.close()
    assert 0.4 < time.monotonic() - began < 3


@pytest.mark.parametrize("answer", [reset, drip, silent, broken_off, answering(500, "x"), answering(404, "x")])
def test_an_unloading_that_fails(
    fake: Fake, answer: Callable[[Handler], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_runner, "_UNLOAD", 0.5)
    runner = Installed(fake.base)
    runner.boot(setup(), REF, 10)
    fake.instead[UNLOAD] = answer
    began = time.monotonic()
    runner.close()
    assert time.monotonic() - began < 3


def test_a_runner_that_is_gone() -> None:
    with faking() as fake:
        fake.store[REF] = DIGEST
        runner = Installed(fake.base)
        runner.boot(setup(), REF, 10)
    began = time.monotonic()
    runner.close()
    assert time.monotonic() - began < 2
    with pytest.raises(RunnerFailed, match=r"cannot be configured: nothing is listening there$"):
        runner.boot(setup(), REF, 10)


# The real llama.cpp, behind a server that hands on as Docker Model Runner does


@pytest.mark.parametrize(
    ("wish", "context"),
    [
        (setup(1000), 1024),
        (setup(8192), 8192),
        (setup(65536), 8192),  # trained with no more
        (setup(4096, "-np", "2"), 2048),
        (setup(4096, "--ctx-size", "512"), 512),
        (setup(1024, "--api-key", "k1,k2"), 1024),
        (setup(1024, "--ctx-size", "4096"), 0),  # the prompt is no longer than that
    ],
)
def test_the_context_that_a_real_one_names(
    fake: Fake, xllamacpp: Program, canary: Path, wish: RunnerConfig, context: int
) -> None:
    with start(xllamacpp, wish, Files(str(canary))) as running:
        running.wait(60)
        fake.llama = running.url
        with Installed(fake.base) as runner:
            assert runner.boot(wish, REF, 20).context == context
        assert context in (0, running.context().request)
