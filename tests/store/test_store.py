"""The store: names, locks, several runs at once, runs that are killed, and what is removed when it is full."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.registry.failure import Failure
from modellint.registry.options import RegistryOptions
from modellint.smoke.store import lock
from modellint.smoke.store.folder import open_store
from modellint.smoke.store.layout import default_folder, hex_of, safe_name, unlike
from modellint.smoke.store.part import PartialBlob
from modellint.smoke.store.pull import pull
from modellint.smoke.store.store import Store
from support.registry.push import sha256
from support.registry.raw import Talk
from support.store.canned import GGUF, Model, Server, blobs, honest, noise, parts
from support.store.canned import names as listed

KILLS = int(os.environ.get("MODELLINT_ENDINGS", "4"))
PULL = """
import sys
from modellint.registry.options import RegistryOptions
from modellint.oci.query import Query
from modellint.smoke.store.pull import pull
from modellint.smoke.store.store import Store
registry, digest, folder = sys.argv[1:]
with Store(folder) as store, pull(Query(registry, "some/model", digest=digest), RegistryOptions(), store) as bundle:
    print(bundle.downloaded, flush=True)
    sys.stdin.read()
"""


def start(server: Server, folder: Path) -> subprocess.Popen[str]:
    """Another process that pulls, prints how much it has downloaded, and uses the model until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", PULL, server.name, server.model.digest, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def slowly(piece: int, pause: float) -> Callable[[Talk, bytes, int], None]:
    def give(talk: Talk, data: bytes, start: int) -> None:
        span = f"Content-Range: bytes {start}-{len(data) - 1}/{len(data)}\r\n" if start else ""
        talk.write(
            f"HTTP/1.1 {206 if start else 200} Some\r\n{span}Content-Length: {len(data) - start}\r\n\r\n".encode()
        )
        for at in range(start, len(data), piece):
            talk.write(data[at : at + piece])
            time.sleep(pause)

    return give


def put(store: Store, data: bytes) -> str:
    """A blob, last used long ago: those that were put first are the oldest."""
    store.keep(sha256(data), data)
    path = store.layout.blob(sha256(data)[7:])
    count = len(listed(store.layout.blobs))
    os.utime(path, (1_000_000_000 + count, 1_000_000_000 + count))
    return sha256(data)


@pytest.mark.parametrize(
    ("system", "environ", "expected"),
    [
        ("linux", {"HOME": "/home/x"}, "/home/x/.cache/modellint/models"),
        ("linux", {"HOME": "/home/x", "XDG_CACHE_HOME": "/c"}, "/c/modellint/models"),
        ("darwin", {"HOME": "/Users/x"}, "/Users/x/Library/Caches/modellint/models"),
        ("win32", {}, ""),
    ],
)
def test_where_models_are_kept(system: str, environ: dict[str, str], expected: str) -> None:
    assert default_folder(environ, system) == expected


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:../x", "sha512:" + "0" * 64, "sha256:" + "A" * 64, "0" * 64])
def test_only_digests_become_paths(digest: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        hex_of(digest)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("model.gguf", "model.gguf"), ("a/b/Model-Q4_K_M.gguf", "Model-Q4_K_M.gguf"), ("", "other"), ("..", "other"),
        ("/", "other"), ("../..", "other"), ("-m", "m"), (".env", "env"), ("a\\b.gguf", "b.gguf"), ("\0", "other"),
        ("nul.txt", "_nul.txt"), ("COM1", "_COM1"), ("a\x00/b\x07.gguf", "b_.gguf"), ("é.gguf", "_.gguf"),
        ("y" * 300 + ".gguf", "y" * 95 + ".gguf"), ("z" * 300, "z" * 100), ("w.", "w"), ("...", "other"),
    ],
)  # fmt: skip
def test_safe_names(path: str, expected: str) -> None:
    assert safe_name(path, "other") == expected


def test_names_that_are_taken() -> None:
    assert unlike("a.gguf", ["A.gguf", "a-2.GGUF"]) == "a-3.gguf"
    assert unlike("LICENSE", ["license"]) == "LICENSE-2"


def test_a_lock_waits_and_gives_up(tmp_path: Path) -> None:
    folder = open_store(str(tmp_path / "locks"), [])
    first = lock.take(folder, "x", shared=True, seconds=0)
    second = lock.take(folder, "x", shared=True, seconds=0)
    assert first is not None and second is not None
    assert lock.take(folder, "x", shared=False, seconds=0.1) is None
    lock.release(first)
    threading.Timer(0.1, lock.release, [second]).start()
    alone = lock.take(folder, "x", shared=False, seconds=5)
    assert alone is not None
    folder.remove("x")  # as who removes a blob does
    other = lock.take(folder, "x", shared=False, seconds=0)
    assert other is not None, "the lock of a file that is gone keeps nobody out"
    lock.release(alone)
    lock.release(other)
    folder.close()


def test_a_changed_blob_is_noticed(tmp_path: Path) -> None:
    data = noise(300_000)
    with Server(Model([(GGUF, data, "")])) as server:
        folder = str(tmp_path / "models")
        with Store(folder) as store:
            pull(server.request, RegistryOptions(), store).close()
            blob = Path(store.layout.blob(sha256(data)[7:]))
        blob.write_bytes(data[:-1])
        with Store(folder) as store, pull(server.request, RegistryOptions(), store) as bundle:
            assert bundle.downloaded == len(data)
        blob.write_bytes(data[:-1] + b"x")
        with Store(folder) as store, pull(server.request, RegistryOptions(), store) as bundle:
            assert bundle.downloaded == 0, "only its size is looked at"
        with Store(folder, verify=True) as store, pull(server.request, RegistryOptions(), store) as bundle:
            assert bundle.downloaded == len(data)
        assert blob.read_bytes() == data


@pytest.mark.parametrize("what", ["manifest", "config"])
def test_a_changed_document_is_noticed(store: Store, what: str) -> None:
    with Server(Model([(GGUF, b"GGUF", "")])) as server:
        pull(server.request, RegistryOptions(), store).close()
        digest = server.model.digest if what == "manifest" else sha256(server.model.config)
        file = Path(store.layout.blob(digest[7:]))
        file.write_bytes(file.read_bytes().replace(b'": ', b'" :', 1))
        pull(server.request, RegistryOptions(), store).close()
        assert len(blobs(store)) == 3


def test_two_processes_download_once(tmp_path: Path) -> None:
    data = noise(3_000_000)
    with Server(Model([(GGUF, data, "")]), slowly(100_000, 0.03)) as server:
        pair = [start(server, tmp_path / "models") for _ in range(2)]
        ends = [process.communicate("") for process in pair]
        assert [process.returncode for process in pair] == [0, 0], ends
        assert server.layers == [""]
        downloaded = sorted(int(out) for out, _ in ends)
        assert downloaded[0] < 5000 < len(data) < downloaded[1]


def test_the_other_process_dies(tmp_path: Path) -> None:
    """Who waits for it goes on with what it leaves."""
    data = noise(4_000_000)
    with Server(Model([(GGUF, data, "")]), slowly(100_000, 0.03)) as server:
        first = start(server, tmp_path / "models")
        while not server.layers:
            time.sleep(0.01)
        threading.Timer(0.5, first.kill).start()
        seen: list[int] = []
        with Store(str(tmp_path / "models")) as store:
            with pull(server.request, RegistryOptions(), store, progress=lambda done, _: seen.append(done)) as bundle:
                assert 0 < bundle.downloaded < len(data)
                assert Path(bundle.gguf[0]).read_bytes() == data
            assert len(server.layers) == 2
            assert len(seen) > 4, "the progress of the other one is shown too"
        first.communicate()


def test_a_wait_for_another_run_ends(store: Store) -> None:
    with Server(Model([(GGUF, b"GGUF", "")])) as server, Store(store.layout.folder, wait=0.2) as hasty:
        locks = open_store(store.layout.locks, [])
        held = lock.take(locks, sha256(b"GGUF")[7:] + ".pull", shared=False, seconds=0)
        assert held is not None
        with pytest.raises(Failure) as failure:
            pull(server.request, RegistryOptions(), hasty)
        assert failure.value.code == "busy"
        with pytest.raises(Failure) as failure:
            pull(server.request, RegistryOptions(), store, deadline=0.3)
        assert failure.value.code == "timeout"
        lock.release(held)
        pull(server.request, RegistryOptions(), store).close()


def test_kills(tmp_path: Path) -> None:
    data = noise(16_000_000)
    folder = tmp_path / "models"
    with Server(Model([(GGUF, data, "m.gguf")]), slowly(65_536, 0.01)) as server:
        with Store(str(folder)) as store:
            part = Path(store.layout.part(sha256(data)[7:]))
        came: list[int] = []
        for _ in range(KILLS):
            process = start(server, folder)
            before = part.stat().st_size if part.exists() else -1
            while process.poll() is None and (part.stat().st_size if part.exists() else -1) <= before:
                time.sleep(0.002)
            time.sleep(random.random() * 0.06)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert process.returncode == -signal.SIGKILL
            came.append(part.stat().st_size)
            assert data.startswith(part.read_bytes()), "what was written is never lost or doubled"
            assert set(blobs(store)) <= {server.model.digest, sha256(server.model.config)}
        assert came == sorted(came)
        server.give = honest
        with Store(str(folder)) as store, pull(server.request, RegistryOptions(), store) as bundle:
            assert bundle.downloaded == len(data) - came[-1]
            assert Path(bundle.gguf[0]).read_bytes() == data
            assert len(listed(store.layout.runs)) == 2
        assert not parts(store)
        assert not listed(store.layout.runs)
        print(f"\nkilled at {[each >> 10 for each in came]} KiB")


def test_a_killed_run_leaves_no_files(tmp_path: Path) -> None:
    with Server(Model([(GGUF, b"GGUF", "")])) as server:
        process = start(server, tmp_path / "models")
        assert process.stdout
        process.stdout.readline()
        with Store(str(tmp_path / "models")) as store:
            assert len(listed(store.layout.runs)) == 2, "it is still in use"
        process.kill()
        process.communicate()
        with Store(str(tmp_path / "models")) as store:
            assert not listed(store.layout.runs)


def test_the_oldest_goes_first(tmp_path: Path) -> None:
    folder = str(tmp_path / "models")
    data = [noise(100_000, n) for n in range(5)]
    with Store(folder) as store:
        old = [put(store, each) for each in data]
    with Store(folder) as store:
        assert store.has(old[0], 100_000)
        store.hold(old[1], 100_000, lambda part: None)
    with Store(folder, limit=500_000) as store, Server(Model([(GGUF, noise(200_000, 9), "")])) as server:
        store.has(old[2], 100_000)  # in use by this run
        pull(server.request, RegistryOptions(), store).close()
        left = blobs(store)
        assert [each in left for each in old] == [False, True, True, False, False]
        assert sum(map(len, left.values())) <= 500_000
        locks = listed(store.layout.locks)
        assert not [each for each in locks if each.startswith(old[0][7:])], "locks go with what they are for"


def test_what_another_run_uses_stays(tmp_path: Path) -> None:
    folder = str(tmp_path / "models")
    with Store(folder) as other:
        used = put(other, noise(100_000, 1))
        with Store(folder) as store:
            free = put(store, noise(100_000, 2))
        with Store(folder, limit=250_000) as store:
            store.make_room(100_000)
            assert set(blobs(store)) == {used}
            with pytest.raises(Failure) as failure:
                store.make_room(200_000)
            assert failure.value.code == "too-big"
            assert set(blobs(store)) == {used}
            assert free != used


def test_nothing_is_removed_in_vain(tmp_path: Path) -> None:
    with Store(str(tmp_path / "models")) as store:
        put(store, noise(100_000, 1))
    with Store(str(tmp_path / "models"), limit=200_000) as store, Server(Model([(GGUF, noise(300_000), "")])) as server:
        with pytest.raises(Failure) as failure:
            pull(server.request, RegistryOptions(), store)
        assert failure.value.code == "too-big"
        assert sha256(noise(100_000, 1)) in blobs(store)
        assert not server.layers


def test_old_parts_go(tmp_path: Path) -> None:
    folder = str(tmp_path / "models")
    with Store(folder) as store:
        for n, age in enumerate((1, 30)):
            part = Path(store.layout.part(f"{n:064}"))
            part.write_bytes(b"x")
            os.utime(part, (time.time(), time.time() - age * 86_400))
    with Store(folder) as store:
        assert list(parts(store)) == [f"sha256:{0:064}"]


def test_a_fill_that_does_too_little(store: Store) -> None:
    def fill(part: PartialBlob) -> None:
        part.write(b"GG")

    with pytest.raises(Failure) as failure:
        store.hold(sha256(b"GGUF"), 4, fill)
    assert failure.value.code == "digest-mismatch"
    assert not blobs(store)
    assert not parts(store)
