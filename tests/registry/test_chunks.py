"""Chunked answers: honest ones of any size pass, and lines without data do not go on for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from modellint.registry import address_policy, connection
from modellint.registry.deadline import Deadline
from modellint.registry.failure import Failure
from modellint.registry.options import RegistryOptions
from modellint.registry.transport import Network, exchange
from support.registry.raw import Host, Talk

KIB, MIB = 1 << 10, 1 << 20
MOST_LINES = 64 * KIB
SIGNED = b";chunk-signature=" + b"a" * 64  # as S3's are
END = b"0\r\n\r\n"


def chunked(size: int, count: int, extension: bytes = b"", end: bytes = END) -> bytes:
    """A body of so many chunks of so many bytes."""
    return b"%x%b\r\n%b\r\n" % (size, extension, b"x" * size) * count + end


def fetch(body: bytes) -> bytearray:
    """What is read of an answer with a chunked body."""

    def play(talk: Talk) -> None:
        talk.answer(200, body, [("Transfer-Encoding", "chunked")])

    network = Network(RegistryOptions(), {})
    try:
        with Host(play) as host:
            target = network.host(host.name, address_policy.NAMED)
            return exchange(target, "GET", f"{host.url}/x", {}, Deadline(20), 64 * MIB).body
    finally:
        network.close()


def refused(body: bytes) -> None:
    with pytest.raises(Failure) as failure:
        fetch(body)
    assert (failure.value.code, "chunks that are too small" in failure.value.reason) == ("too-big", True), (
        failure.value.reason
    )


def test_a_large_answer_in_small_chunks() -> None:
    size, count = KIB, 16 * KIB
    assert len(f"{size:x}\r\n") * count > MOST_LINES
    start = time.monotonic()
    assert len(fetch(chunked(size, count))) == 16 * MIB
    print(f"16 MiB in {count} chunks in {time.monotonic() - start:.2f} s")


@pytest.fixture
def few_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """So few that what takes gigabytes otherwise is over in a moment."""
    monkeypatch.setattr(connection, "_MOST_LINES", 256)
    yield 256


@pytest.mark.parametrize("size", [62, 64, 100, 512, 2 * KIB, 4 * KIB, 32 * KIB])
def test_chunks_of_servers(few_lines: int, size: int) -> None:
    count = 1000
    assert len(f"{size:x}\r\n") * count > 2 * few_lines
    assert len(fetch(chunked(size, count))) == size * count


def test_chunks_with_signatures(few_lines: int) -> None:
    assert len(fetch(chunked(8 * KIB, 100, SIGNED))) == 800 * KIB


@pytest.mark.parametrize(
    ("size", "extension"),
    [(1, b""), (1, b";" + b"e" * 4000), (40, b""), (1, SIGNED), (KIB, b";" + b"e" * 80)],
    ids=["tiny", "tiny and long lines", "small", "tiny and signed", "longer lines than data is worth"],
)
def test_chunks_that_are_mostly_lines(size: int, extension: bytes) -> None:
    """For ever is long enough for 1.5 times of what may come without data, when all that data earns is counted."""
    line, data = len(f"{size:x}\r\n") + len(extension), size + 2
    count = 3 * MOST_LINES // 2 // (line - data // 16)
    refused(chunked(size, count, extension))


@pytest.mark.parametrize(("lines", "fits"), [(62 * KIB, True), (66 * KIB, False)])
@pytest.mark.parametrize("before", [0, 4 * MIB], ids=["at once", "after data"])
def test_lines_are_not_saved_up(lines: int, fits: bool, before: int) -> None:
    trailers = b"0\r\n" + b"X: %b\r\n" % (b"y" * (KIB - 5)) * (lines // KIB) + b"\r\n"
    body = (b"%x\r\n%b\r\n" % (before, b"x" * before) if before else b"") + trailers
    if fits:
        assert len(fetch(body)) == before
    else:
        refused(body)


@pytest.mark.parametrize("line", [b"1;" + b"e" * 2 * MOST_LINES, b"0" * 2 * MOST_LINES + b"1"])
def test_one_line_without_end(line: bytes) -> None:
    with pytest.raises(Failure):
        fetch(line + b"\r\nx\r\n" + END)
