"""The front door: one answer for each request, many at a time, and no host that can hold the others up."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modellint.oci.answers import RegistryAnswer
from modellint.oci.artifact import Artifact
from modellint.oci.query import Query
from modellint.registry import online
from modellint.registry.ask import ask
from modellint.registry.deadline import Deadline
from modellint.registry.failure import Failure
from modellint.registry.options import RegistryOptions
from modellint.registry.worker_pool import WorkerPool
from support.registry.raw import GOOD, Host, Talk

DIGEST = "sha256:" + "a" * 64


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No thread outlives a test, and Docker's configuration of this machine takes no part."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    yield
    deadline = time.monotonic() + 2
    while (left := workers()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left


def workers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("modellint-registry")]


def tags(host: str, *names: str) -> list[Query]:
    return [Query(host, "team/model", name) for name in names]


def numbered(host: str, count: int) -> list[Query]:
    return tags(host, *map(str, range(count)))


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that are looked up from now on."""
    real, seen = socket.getaddrinfo, list[str]()

    def lookup(host: Any, *args: Any, **more: Any) -> Any:
        seen.append(str(host))
        return real(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return seen


def test_answers_are_in_the_order_of_the_requests_and_each_is_asked_once() -> None:
    with Host() as host:
        requests = [*tags(host.name, "c", "a", "b", "a"), Query(host.name, "team/model", digest=GOOD.digest)]
        answers = ask(requests, RegistryOptions())
    assert list(answers) == list(dict.fromkeys(requests))
    assert {answer.artifact.digest for answer in answers.values() if answer.artifact} == {GOOD.digest}
    heads = sorted(seen.path.rpartition("/")[2] for seen in host.seen if seen.method == "HEAD")
    assert heads == ["a", "b", "c"]


def test_answered_is_called_here_for_each_answer() -> None:
    calls: list[tuple[Query, RegistryAnswer, threading.Thread]] = []
    with Host() as host:
        requests = [*numbered(host.name, 30), Query("bad host", "x", "y")]
        answers = ask(
            requests,
            RegistryOptions(),
            answered=lambda request, answer: calls.append((request, answer, threading.current_thread())),
        )
    assert {request: answer for request, answer, _ in calls} == answers
    assert len(calls) == len(requests)
    assert {thread for _, _, thread in calls} == {threading.current_thread()}


@pytest.mark.parametrize("problem", [KeyboardInterrupt, RuntimeError])
def test_what_answered_raises_comes_through_and_ends_the_work(problem: type[BaseException]) -> None:
    def answered(request: Query, answer: RegistryAnswer) -> None:
        raise problem

    with Host() as host, pytest.raises(problem):
        ask(numbered(host.name, 200), RegistryOptions(), answered=answered)
    assert len({seen.path for seen in host.seen}) < 100


@pytest.mark.parametrize(
    "request_",
    [
        Query("", "x", "y"),
        Query("host.test:port", "x", "y"),
        Query("host.test:99999", "x", "y"),
        Query("user:pw@host.test", "x", "y"),
        Query("host.test/evil", "x", "y"),
        Query("HOST.test", "x", "y"),
        Query("-host.test", "x", "y"),
        Query("host..test", "x", "y"),
        Query("a" * 250 + ".test", "x", "y"),
        Query("host.test", "", "y"),
        Query("host.test", "../../etc/passwd", "y"),
        Query("host.test", "a/../b", "y"),
        Query("host.test", "a//b", "y"),
        Query("host.test", "a?b", "y"),
        Query("host.test", "a#b", "y"),
        Query("host.test", "a\r\nx", "y"),
        Query("host.test", "UPPER", "y"),
        Query("host.test", "%2e%2e", "y"),
        Query("host.test", "x", ""),
        Query("host.test", "x", "../y"),
        Query("host.test", "x", "y\n"),
        Query("host.test", "x", "ü"),
        Query("host.test", "x", "y" * 129),
        Query("host.test", "x", digest="sha256:" + "A" * 64),
        Query("host.test", "x", digest="sha512:" + "a" * 64),
        Query("host.test", "x", "y", DIGEST),
    ],
    ids=str,
)
@pytest.mark.parametrize("offline", [False, True])
def test_what_no_registry_can_have_is_not_asked(
    tmp_path: Path, lookups: list[str], request_: Query, offline: bool
) -> None:
    answer = ask([request_], RegistryOptions(cache=str(tmp_path / "cache"), offline=offline))[request_]
    assert answer.code == "invalid" and answer.artifact is None
    assert answer.reason.isprintable()
    assert lookups == [] and not (tmp_path / "cache").exists()


def test_only_listed_registries_are_asked(lookups: list[str]) -> None:
    with Host() as host:
        requests = [*tags("evil.test", "a"), *tags(host.name, "a"), *tags(host.name.partition(":")[0], "a")]
        answers = ask(requests, RegistryOptions(registries=[host.name]))
    assert [answer.code for answer in answers.values()] == ["not-allowed", "", "not-allowed"]
    assert set(lookups) == {host.name.partition(":")[0]}


def test_an_error_of_our_own_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(request: Query, *args: Any) -> Artifact:
        if request.tag == "1":
            raise ZeroDivisionError("zqsecret")
        return Artifact(DIGEST, "image")

    monkeypatch.setattr(online, "resolve", resolve)
    answers = ask(numbered("host.test", 3), RegistryOptions())
    assert [answer.code for answer in answers.values()] == ["", "internal", ""]
    assert "zqsecret" not in answers[tags("host.test", "1")[0]].reason


class Slow:
    """Work that takes a while, and counts how much of it is done at the same time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.lock = threading.Lock()
        self.now: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.most_in_all = 0

    def __call__(self, request: Query, budget: Deadline) -> Artifact:
        with self.lock:
            here = self.now[request.registry] = self.now.get(request.registry, 0) + 1
            self.most[request.registry] = max(here, self.most.get(request.registry, 0))
            self.most_in_all = max(self.most_in_all, sum(self.now.values()))
        time.sleep(self.seconds)
        with self.lock:
            self.now[request.registry] -= 1
        return Artifact(DIGEST, "image")


@pytest.mark.parametrize(("hosts", "each", "in_all"), [(1, 16, 16), (2, 16, 32), (4, 16, 64), (8, 16, 64)])
def test_how_much_is_done_at_a_time(hosts: int, each: int, in_all: int) -> None:
    work = Slow(0.02)
    requests = [request for number in range(hosts) for request in numbered(f"host{number}.test", 60)]
    answers = dict(WorkerPool(requests, work, 5).results())
    assert len(answers) == 60 * hosts and not any(answer.code for answer in answers.values())
    assert max(work.most.values()) <= each
    assert in_all // 2 < work.most_in_all <= in_all


def test_many_are_faster_than_one_by_one() -> None:
    def play(talk: Talk) -> None:
        time.sleep(0.05)
        talk.good()

    with Host(play) as host:
        start = time.monotonic()
        answers = ask(numbered(host.name, 64), RegistryOptions(), details=False)
        seconds = time.monotonic() - start
    assert not any(answer.code for answer in answers.values())
    assert seconds < 64 * 2 * 0.05 / 3


def failing(failure: Failure, seconds: float = 0.0) -> tuple[Callable[[Query, Deadline], Artifact], list[Query]]:
    """Work that always fails after a while, and what it was done for."""
    asked: list[Query] = []

    def work(request: Query, budget: Deadline) -> Artifact:
        asked.append(request)
        time.sleep(seconds)
        raise failure.copy()

    return work, asked


def test_a_host_that_is_down_is_not_asked_again_and_again() -> None:
    work, asked = failing(Failure("timeout", "too late", down=True), 0.1)
    answers = dict(WorkerPool(numbered("host.test", 500), work, 5).results())
    assert len(answers) == 500
    assert {(answer.code, answer.reason) for answer in answers.values()} == {("timeout", "too late")}
    assert len(asked) <= 16


def test_a_host_that_refuses_is_up() -> None:
    work, asked = failing(Failure("not-found", "no"))
    assert len(dict(WorkerPool(numbered("host.test", 100), work, 5).results())) == len(asked) == 100


def test_a_host_that_has_answered_is_asked_on() -> None:
    asked: list[Query] = []

    def work(request: Query, budget: Deadline) -> Artifact:
        asked.append(request)
        if len(asked) == 1:
            return Artifact(DIGEST, "image")
        time.sleep(0.02)
        raise Failure("network", "broken", down=True)

    assert len(dict(WorkerPool(numbered("host.test", 100), work, 5).results())) == len(asked) == 100


def test_a_host_that_is_down_does_not_hold_up_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with Host() as good, Host(Talk.hang) as bad:
        came: list[tuple[str, float]] = []
        start = time.monotonic()
        ask(
            [*numbered(bad.name, 100), *numbered(good.name, 20)], RegistryOptions(timeout=1.5),
            answered=lambda request, _: came.append((request.registry, time.monotonic() - start)),
        )  # fmt: skip
    assert max(seconds for host, seconds in came if host == good.name) < 1.4
    assert max(seconds for _, seconds in came) < 2.5
    assert len(bad.seen) <= 17  # `/v2/`, and sixteen at a time


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        start = time.monotonic()
        answers = ask(numbered(f"127.0.0.1:{taken.getsockname()[1]}", 500), RegistryOptions())
    assert {answer.code for answer in answers.values()} == {"network"}
    assert time.monotonic() - start < 2


def test_a_look_up_that_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock: nothing in Python can end such a thread, so it is left behind, and sends nothing afterwards."""
    release, sent = threading.Event(), list[Any]()

    def lookup(host: Any, *args: Any, **more: Any) -> Any:
        release.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: sent.append(address))  # pyright: ignore[reportUnknownLambdaType,reportUnknownArgumentType]
    start = time.monotonic()
    answers = ask(numbered("localhost:9", 100), RegistryOptions(timeout=0.5))
    seconds = time.monotonic() - start
    assert {answer.code for answer in answers.values()} == {"timeout"}
    assert seconds < 1.0
    release.set()
    deadline = time.monotonic() + 2
    while workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sent == []


def test_an_answer_of_a_thread_that_was_left_behind_is_not_taken() -> None:
    def work(request: Query, budget: Deadline) -> Artifact:
        time.sleep(0.7 if request.tag == "late" else 0.0)
        return Artifact(DIGEST, "image")

    requests = [*tags("a.test", "late"), *numbered("b.test", 5)]
    results = list(WorkerPool(requests, work, 0.2).results())
    assert len(results) == len(requests)
    assert {str(request): answer.code for request, answer in results}["a.test/team/model:late"] == "timeout"
    time.sleep(0.5)


def docker(folder: Path, *hosts: str) -> None:
    pair = base64.b64encode(b"me:secret").decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": pair} for host in hosts}}))


def with_password(talk: Talk) -> None:
    if talk.authorization:
        talk.good()
    else:
        talk.answer(401, b"", [("WWW-Authenticate", 'Basic realm="x"')])


def test_a_password_is_looked_up_once_and_then_sent_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from modellint.registry import credentials

    loads: list[int] = []
    real = credentials.load
    monkeypatch.setattr(credentials, "load", lambda environ: (loads.append(1), real(environ))[1])  # pyright: ignore[reportUnknownLambdaType,reportUnknownArgumentType]
    with Host(with_password, probed=True) as host:
        docker(tmp_path, host.name)
        answers = ask(
            [Query(host.name, f"team/model{n}", "latest") for n in range(40)], RegistryOptions(), details=False
        )
    assert not any(answer.code for answer in answers.values())
    assert len(loads) == 1
    assert len([seen for seen in host.seen if "authorization" not in seen.headers]) == 1  # `/v2/`


def test_no_password_is_sent_that_may_not_be_used(tmp_path: Path) -> None:
    with Host(with_password) as host:
        docker(tmp_path, host.name)
        (answer,) = ask(tags(host.name, "a"), RegistryOptions(credentials=False)).values()
    assert answer.code == "auth" and f"docker login {host.name}" in answer.reason
    assert not any("authorization" in seen.headers for seen in host.seen)


def test_an_open_registry_gets_no_password(tmp_path: Path) -> None:
    with Host() as host:
        docker(tmp_path, host.name)
        (answer,) = ask(tags(host.name, "a"), RegistryOptions()).values()
    assert not answer.code
    assert not any("authorization" in seen.headers for seen in host.seen)


def test_a_broken_configuration_is_said_where_it_matters(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{zqsecret")
    with Host(with_password) as closed, Host() as open_:
        answers = ask([*tags(closed.name, "a"), *tags(open_.name, "a")], RegistryOptions())
    first, second = answers.values()
    assert first.code == "auth" and first.reason.endswith("(Docker's configuration file is not valid JSON)")
    assert not second.code


def test_a_token_is_fetched_once_for_each_repository(tmp_path: Path) -> None:
    tokens: list[str] = []

    def play(talk: Talk) -> None:
        if talk.path.startswith("/token"):
            tokens.append(talk.path)
            talk.answer(200, b'{"token": "abc"}')
        elif talk.authorization == "Bearer abc":
            talk.good()
        else:
            talk.answer(
                401, b"", [("WWW-Authenticate", f'Bearer realm="{talk.host.url}/token",service="s p",scope="x"')]
            )

    with Host(play) as host:
        requests = [Query(host.name, f"team/model{n % 3}", str(n)) for n in range(30)]
        answers = ask(requests, RegistryOptions())
    assert not any(answer.code for answer in answers.values())
    assert sorted(tokens) == [f"/token?scope=repository%3Ateam%2Fmodel{n}%3Apull&service=s+p" for n in range(3)]


def test_the_cache_is_used_and_filled(tmp_path: Path) -> None:
    access = RegistryOptions(cache=str(tmp_path / "cache"))
    with Host() as host:
        (first,) = ask(tags(host.name, "a"), access).values()
        asked = len(host.seen)
        (second,) = ask(tags(host.name, "a"), access).values()
        assert len(host.seen) == asked
        (third,) = ask(tags(host.name, "a"), RegistryOptions(cache=access.cache, max_age=0)).values()
    assert not first.cached and second.cached and second.asked == first.asked
    assert not third.cached and third.artifact and third.asked > first.asked
    # The tag is asked again with HEAD; its digest is known, so nothing is fetched.
    assert [seen.method for seen in host.seen[asked:] if seen.path != "/v2/"] == ["HEAD"]
    (offline,) = ask(tags(host.name, "a"), RegistryOptions(cache=access.cache, offline=True)).values()
    assert offline.cached and offline.artifact


def test_failures_are_asked_again(tmp_path: Path) -> None:
    with Host(lambda talk: talk.answer(404)) as host:
        for _ in range(2):
            (answer,) = ask(tags(host.name, "a"), RegistryOptions(cache=str(tmp_path / "cache"))).values()
            assert answer.code == "not-found" and not answer.cached
    assert len([seen for seen in host.seen if seen.method == "HEAD"]) == 2


def test_what_was_answered_is_kept_when_the_rest_is_broken_off(tmp_path: Path) -> None:
    def answered(request: Query, answer: RegistryAnswer) -> None:
        raise KeyboardInterrupt

    access = RegistryOptions(cache=str(tmp_path / "cache"))
    with Host() as host, pytest.raises(KeyboardInterrupt):
        ask(tags(host.name, "a"), access, answered=answered)
    (answer,) = ask(tags(host.name, "a"), RegistryOptions(cache=access.cache, offline=True)).values()
    assert answer.artifact


def test_nothing_to_ask() -> None:
    assert ask([], RegistryOptions()) == {}
