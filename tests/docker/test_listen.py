"""The socket behind the plugin: whoever connects and whatever they send, others are answered."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from modellint.smoke.docker.plugin_protocol import PluginReply
from modellint.smoke.docker.plugin_server import listening


class Talk:
    """A socket that is listened at, and what was asked there."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.asked: list[list[str]] = []

    def answer(self, words: Sequence[str]) -> PluginReply:
        self.asked.append(list(words))
        return PluginReply(" ".join(words), "", len(words))

    def send(self, data: bytes, *, end: bool = False) -> bytes:
        """Send something; what comes back."""
        with self.connection() as connection:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as file:
                return file.readline()

    def call(self, *words: str) -> dict[str, object]:
        document: dict[str, object] = json.loads(self.send(json.dumps(words).encode() + b"\n"))
        return document

    def connection(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(self.path)
        return connection


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(str(tmp_path / "s"))
    with listening(talk.path, lambda words: talk.answer(words)):
        yield talk


def test_a_call(talk: Talk) -> None:
    assert talk.call("pull", "a b", "ü\n\0") == {"out": "pull a b ü\n\0", "err": "", "status": 3}
    assert talk.asked == [["pull", "a b", "ü\n\0"]]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"\n", []), (b"no JSON\n", []), (b"{}\n", []), (b"null\n", []), (b"7\n", []), (b"\xff\xfe\n", []),
        (b"[" * 100_000 + b"\n", []), (b'[1, null, {"a": 2}]\n', ["1", "None", "{'a': 2}"]),
        (b'["a"]\n["b"]\n', ["a"]), (b'["\\ud800"]\n', ["\ud800"]),
    ],
)  # fmt: skip
def test_what_is_no_call(talk: Talk, sent: bytes, words: list[str]) -> None:
    assert json.loads(talk.send(sent))["status"] == len(words)
    assert talk.asked == [words]
    assert talk.call("next")["out"] == "next"


def test_a_call_without_an_end(talk: Talk) -> None:
    assert json.loads(talk.send(b'["a", ', end=True))["status"] == 0
    assert json.loads(talk.send(b'["a"]', end=True))["out"] == "a"


def test_a_call_that_is_too_long(talk: Talk) -> None:
    """It is read to a limit, and not taken for the call that it begins as."""
    with talk.connection() as connection:
        try:
            connection.sendall(b'["' + b"x" * (2 << 20) + b'"]\n')
            connection.makefile("rb").readline()
        except OSError:
            pass  # it is closed with bytes that nobody has read
    assert talk.call("next")["out"] == "next"
    assert talk.asked in ([[], ["next"]], [["next"]])


@pytest.mark.parametrize("sent", [b"", b'["pull"', b'["x"]\n'], ids=["silent", "stops in the middle", "does not read"])
@pytest.mark.parametrize("leaves", [False, True])
def test_one_that_keeps_others_waiting(talk: Talk, sent: bytes, leaves: bool) -> None:
    bad = [talk.connection() for _ in range(40)]
    for each in bad:
        each.sendall(sent)
        if leaves:
            each.close()
    assert talk.call("next")["out"] == "next"
    for each in bad:
        each.close()


def test_many_at_once(talk: Talk) -> None:
    """One is answered after the other: what they ask is written down together."""
    found: list[dict[str, object]] = []
    inside = threading.Lock()
    plain = talk.answer

    def answer(words: Sequence[str]) -> PluginReply:
        assert inside.acquire(blocking=False), "two at once"
        try:
            time.sleep(0.002)
            return plain(words)
        finally:
            inside.release()

    talk.answer = answer
    threads = [threading.Thread(target=lambda: found.append(talk.call("x"))) for _ in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert found == [{"out": "x", "err": "", "status": 1}] * 50
    assert talk.asked == [["x"]] * 50


def test_the_end(tmp_path: Path) -> None:
    """Nobody is answered any more, and the thread is gone."""
    talk = Talk(str(tmp_path / "s"))
    before = threading.active_count()
    with listening(talk.path, talk.answer):
        waiting = talk.connection()
    with pytest.raises(OSError, match="refused"), socket.socket(socket.AF_UNIX) as late:
        late.connect(talk.path)
    waiting.close()
    assert not [each for each in threading.enumerate() if each.name == "modellint-desk"]
    assert threading.active_count() <= before + 1  # that of the connection, which has ended or is about to


def test_a_socket_that_cannot_be_made(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="No such file"),
        listening(str(tmp_path / "missing" / "s"), lambda _: PluginReply()),
    ):
        pass
