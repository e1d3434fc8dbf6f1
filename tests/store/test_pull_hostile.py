"""Models out of a registry that stops, lies, or does not know what a range is."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modellint.registry.failure import Failure
from modellint.registry.options import RegistryOptions
from modellint.smoke.store.bundle import Bundle
from modellint.smoke.store.pull import pull
from modellint.smoke.store.store import Store
from support.registry.push import Registry, sha256
from support.registry.raw import Talk
from support.store.canned import GGUF, TEMPLATE, GiveBlob, Json, Model, Server, blobs, cut, honest, noise, parts
from support.store.canned import names as listed

DATA = noise(2_000_000, 20)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modellint.smoke.store.pull._PAUSES", (0.01,))


def one(give: GiveBlob, data: bytes = DATA) -> Server:
    return Server(Model([(GGUF, data, "m.gguf")]), give)


def refused(server: Server, store: Store, code: str, words: str = "", **more: Any) -> None:
    with pytest.raises(Failure) as failure:
        pull(server.request, RegistryOptions(), store, **more)
    assert (failure.value.code, words in failure.value.reason) == (code, True), failure.value.reason
    assert not any(each in blobs(store) for each in server.model.blobs if server.model.blobs[each] == DATA)
    assert not listed(store.layout.runs)


def good(server: Server, store: Store, **more: Any) -> Bundle:
    bundle = pull(server.request, RegistryOptions(), store, **more)
    assert Path(bundle.gguf[0]).read_bytes() == DATA
    assert not parts(store)
    return bundle


@pytest.mark.parametrize("times", [1, 2, 3])
def test_it_goes_on_where_the_connection_broke(store: Store, times: int) -> None:
    with one(cut(500_000, times)) as server:
        bundle = good(server, store)
        assert server.layers == ["", *(f"bytes={n * 500_000}-" for n in range(1, times + 1))]
        assert bundle.resumed == times
        assert bundle.downloaded < len(DATA) + 5000


def test_an_interruption_after_much_is_the_first_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modellint.smoke.store.pull._FAR", 300_000)
    with one(cut(350_000, 5)) as server:
        assert good(server, store).resumed == 5


def test_starting_over_is_not_getting_far(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modellint.smoke.store.pull._FAR", 300_000)

    def give(talk: Talk, data: bytes, start: int) -> None:
        cut(350_000, 1)(talk, data, 0)

    with one(give) as server:
        refused(server, store, "network", "times")
        assert len(server.layers) == 4


def test_it_gives_up_and_the_next_run_goes_on(store: Store) -> None:
    with one(cut(300_000, 4)) as server:
        refused(server, store, "network", "4 times")
        assert list(parts(store).values()) == [1_200_000]
        server.layers.clear()
        assert good(server, store).downloaded < 810_000
        assert server.layers == ["bytes=1200000-"]


def test_a_refused_connection_is_waited_for_after_an_interruption(store: Store) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        if start and len(server.layers) < 3:
            talk.reset()
        else:
            cut(900_000, 0 if start else 1)(talk, data, start)

    with one(give) as server:
        good(server, store)


def test_a_registry_without_ranges(store: Store) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        if len(server.layers) == 1:
            cut(700_000, 1)(talk, data, 0)
        else:
            talk.answer(200, data)

    with one(give) as server:
        bundle = good(server, store)
        assert server.layers == ["", "bytes=700000-"]
        assert bundle.downloaded > 2_700_000


@pytest.mark.parametrize("span", ["bytes 0-1999999/2000000", "bytes 5-9/77", "items 700000-", "", "bytes 700000-9/x"])
def test_another_range_than_asked_for(store: Store, span: str) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        if not start:
            cut(700_000, 1 if len(server.layers) == 1 else 0)(talk, data, 0)
        else:
            talk.answer(206, data[start:], [("Content-Range", span)] if span else [])

    with one(give) as server:
        good(server, store)
        assert server.layers == ["", "bytes=700000-", ""]


def test_a_range_that_the_registry_does_not_have(store: Store) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        if start:
            talk.answer(416, headers=[("Content-Range", "bytes */3")])
        else:
            cut(700_000, 1 if len(server.layers) == 1 else 0)(talk, data, 0)

    with one(give) as server:
        good(server, store)
        assert server.layers == ["", "bytes=700000-", ""]


def test_a_range_where_none_was_asked_for(store: Store) -> None:
    with one(lambda talk, data, _: talk.answer(206, data, [("Content-Range", "bytes 5-9/10")])) as server:
        refused(server, store, "http", "wrong part")
    with one(lambda talk, data, _: talk.answer(206, data, [("Content-Range", f"bytes 0-{len(data) - 1}/*")])) as server:
        good(server, store)


def test_half_of_the_range(store: Store) -> None:
    """A server may send less than was asked for."""

    def give(talk: Talk, data: bytes, start: int) -> None:
        end = min(start + 600_000, len(data))
        span = f"bytes {start}-{end - 1}/{len(data)}"
        headers = [("Content-Range", span), ("Content-Length", str(end - start))]
        talk.answer(206, data[start:end], headers)

    with one(give) as server:
        good(server, store)
        assert len(server.layers) == 4


@pytest.mark.parametrize("length", [len(DATA) + 1, 10**18])
def test_a_length_that_is_too_large(store: Store, length: int) -> None:
    with one(lambda talk, data, _: talk.answer(200, data, [("Content-Length", str(length))])) as server:
        refused(server, store, "too-big", "more data than the manifest says")
        assert not parts(store)


def test_a_length_that_is_too_small(store: Store) -> None:
    with one(lambda talk, data, _: talk.answer(200, data[:99], [("Content-Length", "99")])) as server:
        refused(server, store, "digest-mismatch", "differs in size")


def endless(head: str, before: bytes = b"", after: bytes = b"") -> GiveBlob:
    def give(talk: Talk, data: bytes, start: int) -> None:
        talk.write(f"HTTP/1.1 200 Some\r\n{head}\r\n".encode())
        talk.drip(before + data + after, 0)

    return give


@pytest.mark.parametrize(
    "give",
    [
        endless("Connection: close\r\n"),
        endless("Transfer-Encoding: chunked\r\n", f"{len(DATA):x}\r\n".encode(), b"\r\n"),
        endless(f"Transfer-Encoding: chunked\r\nContent-Length: {len(DATA)}\r\n", b"ffffffffff\r\n"),
    ],
    ids=["until it closes", "chunks", "one chunk without end"],
)
def test_a_body_without_end(store: Store, give: GiveBlob) -> None:
    with one(give) as server:
        refused(server, store, "too-big", "more data than the manifest says")
        assert not parts(store)


@pytest.mark.parametrize(("piece", "resumed"), [(1000, 0), (100, 0), (40, 1)])
def test_chunks(store: Store, piece: int, resumed: int) -> None:
    """The reader of the connection allows few lines that come without data to match; then it goes on anew."""

    def give(talk: Talk, data: bytes, start: int) -> None:
        span = f"Content-Range: bytes {start}-{len(data) - 1}/{len(data)}\r\n" if start else ""
        talk.write(f"HTTP/1.1 {206 if start else 200} Some\r\n{span}Transfer-Encoding: chunked\r\n\r\n".encode())
        size = f"{piece:x}\r\n".encode()
        rest = data[start:]
        whole = len(rest) // piece * piece
        talk.write(b"".join(size + rest[at : at + piece] + b"\r\n" for at in range(0, whole, piece)))
        if rest[whole:]:
            talk.write(f"{len(rest) - whole:x}\r\n".encode() + rest[whole:] + b"\r\n")
        talk.write(b"0\r\n\r\n")

    with one(give) as server:
        assert good(server, store).resumed == resumed


def test_bytes_of_something_else(store: Store) -> None:
    with one(lambda talk, data, _: talk.answer(200, data[:-1] + b"x")) as server:
        refused(server, store, "digest-mismatch", "does not match the manifest")
        assert len(server.layers) == 1
        assert not parts(store)


def test_a_wrong_second_half(store: Store) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        if start:
            honest(talk, data[:-1] + b"x", start)
        else:
            cut(900_000, 1)(talk, data, start)

    with one(give) as server:
        refused(server, store, "digest-mismatch")
        assert not parts(store)


def test_compression_that_nobody_asked_for(store: Store) -> None:
    with one(lambda talk, data, _: talk.answer(200, data, [("Content-Encoding", "gzip")])) as server:
        refused(server, store, "encoding")


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 503])
def test_a_refusal(store: Store, status: int) -> None:
    codes = {401: "auth", 403: "forbidden", 404: "not-found", 410: "http", 429: "rate-limited", 503: "unavailable"}
    with one(lambda talk, data, _: talk.answer(status, b"go away")) as server:
        refused(server, store, codes[status])


def test_a_redirect_without_tls(store: Store) -> None:
    with one(lambda talk, data, _: talk.answer(307, headers=[("Location", "http://127.0.0.1:1/x")])) as server:
        refused(server, store, "redirect")
    with one(lambda talk, data, _: talk.answer(307, headers=[("Location", "https://127.0.0.1:1/x")])) as server:
        refused(server, store, "redirect")


def test_a_redirect_on_the_same_host_keeps_the_range(store: Store) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        if "?there" in talk.path:
            cut(500_000, 1 if len(server.layers) == 2 else 0)(talk, data, start)
        else:
            talk.answer(307, headers=[("Location", f"/there/blobs/{talk.path.rpartition('/')[2]}")])

    def played(talk: Talk) -> None:
        if not talk.path.startswith("/there/"):
            usual(talk)
        else:
            asked.append(talk.headers.get("range", ""))
            start = int(asked[-1].removeprefix("bytes=").rstrip("-") or "0")
            cut(500_000, 1 if len(asked) == 1 else 0)(talk, DATA, start)

    asked: list[str] = []
    with one(give) as server:
        usual = server.play
        server.play = played
        good(server, store)
    assert asked == ["", "bytes=500000-"]


def test_a_stall_is_an_interruption(store: Store) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        if start:
            honest(talk, data, start)
        else:
            talk.write(f"HTTP/1.1 200 Some\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data[:600_000])
            talk.hang()

    with one(give) as server:
        assert good(server, store, stall=0.3).resumed == 1
        assert server.layers == ["", "bytes=524288-"]  # what had not filled a piece is asked for again


def test_drops_are_no_progress(store: Store) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        talk.write(f"HTTP/1.1 200 Some\r\nContent-Length: {len(data)}\r\n\r\n".encode())
        talk.drip(b"x", 0.01)

    with one(give) as server:
        started = time.monotonic()
        refused(server, store, "timeout", "almost no data", stall=0.2)
        assert time.monotonic() - started < 3


def test_a_deadline(store: Store) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        talk.write(f"HTTP/1.1 200 Some\r\nContent-Length: {len(data)}\r\n\r\n".encode())
        talk.drip(bytes(10_000), 0.05)

    with one(give) as server:
        started = time.monotonic()
        refused(server, store, "timeout", "download timed out", deadline=0.6)
        assert time.monotonic() - started < 2


def test_a_failure_stops_the_other_files(store: Store) -> None:
    def give(talk: Talk, data: bytes, start: int) -> None:
        if data.startswith(b"bad"):
            talk.answer(404)
        else:
            talk.write(f"HTTP/1.1 200 Some\r\nContent-Length: {len(data)}\r\n\r\n".encode())
            talk.drip(data[:10_000], 0.02)

    model = Model([(GGUF, noise(9_000_000, n), "") for n in range(3)] + [(TEMPLATE, b"bad", "")])
    with Server(model, give) as server:
        started = time.monotonic()
        refused(server, store, "not-found")
        assert time.monotonic() - started < 3
        assert not [each for each in threading.enumerate() if each.name == "modellint-pull"]


def test_ctrl_c(store: Store) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    def give(talk: Talk, data: bytes, start: int) -> None:
        talk.write(f"HTTP/1.1 200 Some\r\nContent-Length: {len(data)}\r\n\r\n".encode())
        for at in range(0, len(data), 50_000):
            talk.write(data[at : at + 50_000])
            time.sleep(0.02)

    with one(give) as server:
        with pytest.raises(KeyboardInterrupt):
            pull(server.request, RegistryOptions(), store, progress=interrupt)
        assert not [each for each in threading.enumerate() if each.name == "modellint-pull"]
        server.give = honest
        assert good(server, store).downloaded < len(DATA) - 50_000


def test_four_files_at_once(store: Store) -> None:
    together = threading.Barrier(4)

    def give(talk: Talk, data: bytes, start: int) -> None:
        together.wait(10)
        honest(talk, data, start)

    model = Model([(GGUF, noise(100_000, n), "") for n in range(8)])
    with Server(model, give) as server, pull(server.request, RegistryOptions(), store) as bundle:
        assert len(bundle.gguf) == 8


def test_two_layers_that_are_one_file(store: Store) -> None:
    model = Model([(GGUF, b"GGUF", "a.gguf"), (TEMPLATE, b"t", "t"), (GGUF, b"GGUF", "b.gguf"), (GGUF, b"", "")])
    with Server(model) as server, pull(server.request, RegistryOptions(), store) as bundle:
        assert len(server.layers) == 2  # nobody is asked for nothing
        assert [Path(each).read_bytes() for each in bundle.gguf] == [b"GGUF", b"GGUF", b""]


def changed(change: Callable[[Json], object]) -> Server:
    return Server(Model([(GGUF, DATA, "m.gguf")], change=change))


def _set(name: str, value: object) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        document["layers"][0][name] = value

    return change


NO_MANIFESTS: list[tuple[Callable[[Json], object], str]] = [
    (_set("digest", "sha256:../../../../etc/passwd"), "not-a-manifest"),
    (_set("digest", "sha512:" + "0" * 64), "not-a-manifest"),
    (_set("digest", 7), "not-a-manifest"),
    (_set("size", -1), "not-a-manifest"),
    (_set("size", True), "not-a-manifest"),
    (_set("size", "5"), "not-a-manifest"),
    (_set("size", 10**30), "not-a-manifest"),
    (_set("size", 1 << 49), "disk-full"),
    (_set("size", len(DATA) - 1), "too-big"),
    (_set("size", len(DATA) + 1), "digest-mismatch"),
    (lambda document: document.update(layers=[document["layers"][0]] * 1001), "too-big"),
    (lambda document: document["layers"].append({**document["layers"][0], "size": 5}), "not-a-manifest"),
    (lambda document: document["layers"].append(7), "not-a-manifest"),
    (lambda document: document.update(layers=7), "not-a-manifest"),
    (lambda document: document.update(config=[]), "not-a-manifest"),
    (lambda document: document["config"].update(digest="../x"), "not-a-manifest"),
    (lambda document: document["config"].update(size=1 << 40), "too-big"),
]


@pytest.mark.parametrize(("change", "code"), NO_MANIFESTS)
def test_manifests_that_are_none(store: Store, change: Callable[[Json], object], code: str) -> None:
    with changed(change) as server:
        refused(server, store, code)


PATHS = [
    "../../../etc/passwd", "/etc/passwd", "..", ".", "", "-rf", "--model=x.gguf", ".hidden", "a/b/../c.gguf",
    "C:\\Windows\\x.gguf", "a\x00b.gguf", "line\nbreak.gguf", "\x1b[31mred.gguf", "\u202egpj.gguf", "M.GGUF", "m.gguf",
    "m.gguf", "con.gguf", "x" * 5000 + ".gguf", "ü.gguf", "a b;$(id)`.gguf", "x/", "file.", "🦙",
]  # fmt: skip


def test_names_that_would_lead_out(store: Store) -> None:
    model = Model([(TEMPLATE, f"file {n}".encode(), path) for n, path in enumerate(PATHS)] + [(GGUF, DATA, "../m")])
    with Server(model) as server, good(server, store) as bundle:
        names = [Path(each.path).name for each in bundle.files]
        assert listed(bundle.folder) == sorted(names)
        assert len({name.lower() for name in names}) == len(names) == len(PATHS) + 1
        for name in names:
            assert 0 < len(name) <= 104 and name[0] not in "-." and name.isascii(), name
            assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"), name
        assert Path(bundle.files[0].path).read_text() == "file 0"
        assert names[0] == "passwd"
        assert names[-1].endswith(".gguf"), "also where its author gives weights another ending"


def test_a_full_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write, left = os.write, [1_000_000]

    def full(handle: int, data: Any) -> int:
        if len(data) > 50_000:
            left[0] -= len(data)
            if left[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data)

    monkeypatch.setattr("modellint.smoke.store.part.os.write", full)
    with one(honest) as server:
        refused(server, store, "disk-full", "free up space")
        assert not parts(store)
        monkeypatch.undo()
        good(server, store)


def test_a_real_full_disk(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir(0o700)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "none", folder], capture_output=True)
    if done.returncode:
        pytest.skip("no right to mount a file system")
    try:
        with Store(str(folder)) as store, one(honest, noise(9_000_000, 3)) as server:
            refused(server, store, "disk-full", "has no room")
            with pytest.MonkeyPatch.context() as patch:
                # As if another program filled it just now.
                patch.setattr("modellint.smoke.store.store._MARGIN", -(1 << 40))
                big = Server(Model([(GGUF, noise(30_000_000, 4), "")]))
                with big:
                    refused(big, store, "disk-full", "disk of the store is full")
            assert not parts(store)
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(Failure) as failure:
        Store(str(folder))
    assert failure.value.code == "store"
    (tmp_path / "file").touch()
    for place in (str(tmp_path / "file"), ""):
        with pytest.raises(Failure) as failure:
            Store(place)
        assert failure.value.code == "store"


def test_links_instead_of_parts(store: Store, tmp_path: Path) -> None:
    """Nothing outside the store is written through a link in it."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    part = Path(store.layout.part(sha256(DATA)[7:]))
    with one(honest) as server:
        for place in (part.symlink_to, part.hardlink_to):
            place(outside)
            refused(server, store, "store")
            assert outside.read_bytes() == b"precious"
            part.unlink()
        blob = Path(store.layout.blob(sha256(DATA)[7:]))
        outside.write_bytes(DATA)
        blob.symlink_to(outside)
        good(server, store)
        assert not blob.is_symlink()


MEMORY = """
import sys
from modellint.registry.options import RegistryOptions
from modellint.oci.query import Query
from modellint.smoke.store.pull import pull
from modellint.smoke.store.store import Store
registry, digest, folder = sys.argv[1:]
def peak():  # not `getrusage`, which counts what this process was before it was this program
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = peak()
with Store(folder) as store, pull(Query(registry, "ai/large", digest=digest), RegistryOptions(), store) as bundle:
    print(before, peak(), bundle.seconds)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_memory(registry: Registry, tmp_path: Path) -> None:
    large, small = (200, 10) if "MODELLINT_SOAK" in os.environ else (72, 3)  # MiB
    model = Model([(GGUF, noise(large << 20, 5), ""), *((GGUF, noise(small << 20, n), "") for n in range(6, 10))])
    size = large + 4 * small
    request = model.push(registry, "ai/large")
    command = [sys.executable, "-c", MEMORY, request.registry, request.digest, str(tmp_path / "models")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, peak, seconds = map(float, done.stdout.split())
    print(
        f"\n{size} MiB in {seconds:.1f} s ({size / seconds:.0f} MiB/s);"
        f" memory {before / 1024:.0f} -> {peak / 1024:.0f} MiB"
    )
    assert peak < 80 * 1024
