"""Models out of the real registry."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from modellint.oci.query import Query
from modellint.registry import transport
from modellint.registry.failure import Failure
from modellint.registry.options import RegistryOptions
from modellint.smoke.store.pull import pull
from modellint.smoke.store.store import Store
from support.registry.push import LICENSE as APACHE
from support.registry.push import Registry, sha256
from support.store.canned import DOC, GGUF, LICENSE, MMPROJ, TEMPLATE, WEIGHT, Model, Stored, blobs, noise, parts
from support.store.canned import names as listed


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs of all requests."""
    urls: list[str] = []
    send = transport.Host.send

    def note(self: transport.Host, method: str, url: str, *args: Any, **more: Any) -> transport.RegistryReply:
        urls.append(url)
        return send(self, method, url, *args, **more)

    monkeypatch.setattr(transport.Host, "send", note)
    return urls


def test_a_model_comes_once(registry: Stored, store: Store, sent: list[str]) -> None:
    weights, projector = noise(3_000_000), noise(50_000, 1)
    model = Model([
        (GGUF, weights, "smol.gguf"), (MMPROJ, projector, ""), (LICENSE, APACHE.encode(), "LICENSE"),
        (TEMPLATE, b"{{ messages }}", ""),
    ])  # fmt: skip
    request = model.push(registry, "ai/whole")
    seen: list[tuple[int, int]] = []
    with pull(request, RegistryOptions(), store, progress=lambda done, total: seen.append((done, total))) as cold:
        assert [Path(each).name for each in cold.gguf] == ["smol.gguf"]
        assert Path(cold.gguf[0]).read_bytes() == weights
        assert Path(cold.mmproj).read_bytes() == projector
        assert Path(cold.template).read_text() == "{{ messages }}"
        assert Path(cold.licenses[0]).read_text() == APACHE
        assert (cold.digest, cold.artifact.context, cold.artifact.licenses) == (model.digest, 2048, ["Apache-2.0"])
        assert cold.downloaded == sum(map(len, model.blobs.values())) + len(model.manifest)
        assert cold.size == sum(map(len, model.blobs.values())) - len(model.config)
        assert cold.weights == len(weights)
        assert cold.resumed == 0
        assert cold.seconds > 0
        assert seen[-1] == (cold.size, cold.size)
    assert not Path(cold.folder).exists()
    assert blobs(store) == {**model.blobs, model.digest: model.manifest}
    assert not parts(store)
    assert len(sent) == 1 + 1 + 1 + 4  # how it wants to be asked, manifest, config, layers
    sent.clear()
    with pull(request, RegistryOptions(), store) as warm:
        assert (sent, warm.downloaded) == ([], 0)
        assert Path(warm.gguf[0]).read_bytes() == weights
    with pull(request, RegistryOptions(offline=True), store) as offline:
        assert offline.gguf


def test_everything_is_for_this_user_only(registry: Stored, tmp_path: Path) -> None:
    usual = os.umask(0)
    try:
        with Store(str(tmp_path / "a/b/models")) as store:
            bundle = pull(Model([(GGUF, b"GGUF", "")]).push(registry, "ai/modes"), RegistryOptions(), store)
            for path in [tmp_path / "a", *(tmp_path / "a").rglob("*")]:
                assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
            assert Path(bundle.gguf[0]).samefile(store.layout.blob(sha256(b"GGUF")[7:]))
        assert not list(Path(store.layout.runs).iterdir())
    finally:
        os.umask(usual)


def test_a_model_pack(registry: Stored, store: Store) -> None:
    model = Model(
        [
            (DOC, b"how to", "README.md"),
            (WEIGHT, b"GGUF1", "deep/m.gguf"),
            (WEIGHT, b"GGUF2", "deep/mmproj-f16.gguf"),
            (DOC, b"{{ m }}", "chat_template.jinja"),
            (DOC, b"MIT License", "LICENSE.txt"),
        ],
        pack=True,
    )
    with pull(model.push(registry, "ai/pack"), RegistryOptions(), store) as bundle:
        assert [Path(each).read_bytes() for each in bundle.gguf] == [b"GGUF1"]
        assert Path(bundle.mmproj).read_bytes() == b"GGUF2"
        assert Path(bundle.template).name == "chat_template.jinja"
        assert bundle.artifact.licenses == ["MIT"]
        assert listed(bundle.folder) == [
            "LICENSE.txt", "README.md", "chat_template.jinja", "m.gguf", "mmproj-f16.gguf",
        ]  # fmt: skip


def test_shards_stay_in_order(registry: Stored, store: Store) -> None:
    shards = [noise(1000 + n, n) for n in range(6)]
    model = Model([(GGUF, data, f"{9 - n}.gguf") for n, data in enumerate(shards)])
    with pull(model.push(registry, "ai/shards"), RegistryOptions(), store) as bundle:
        assert [Path(each).read_bytes() for each in bundle.gguf] == shards
        assert [Path(each).name for each in bundle.gguf] == [f"model-0000{n}-of-00006.gguf" for n in range(1, 7)]


def test_a_tag_is_looked_up_once(registry: Stored, store: Store, sent: list[str]) -> None:
    model = Model([(GGUF, b"GGUF tag", "")])
    model.push(registry, "ai/tagged", "v1")
    for _ in range(2):
        with pull(Query(registry.host, "ai/tagged", "v1"), RegistryOptions(), store) as bundle:
            assert bundle.digest == model.digest
    assert sum("/blobs/" in url for url in sent) == 2
    with pytest.raises(Failure) as failure:
        pull(Query(registry.host, "ai/tagged", "v2"), RegistryOptions(), store)
    assert failure.value.code == "not-found"


def test_a_token_is_fetched(token_registry: Registry, store: Store) -> None:
    model = Model([(GGUF, noise(100_000, n), "") for n in range(5)])
    request = model.push(token_registry, "public/model")
    with pull(request, RegistryOptions(token_hosts=[token_registry.token_host]), store) as bundle:
        assert len(bundle.gguf) == 5


@pytest.mark.parametrize("what", ["layer", "config", "manifest"])
def test_what_was_changed_in_the_registry_is_refused(registry: Stored, store: Store, what: str) -> None:
    data = noise(100_000, 7)
    model = Model([(GGUF, data, f"{what}.gguf")], config={"what": what})
    request = model.push(registry, f"ai/tampered-{what}")
    digest = {"layer": sha256(data), "config": sha256(model.config), "manifest": model.digest}[what]
    file = registry.blob(digest)
    good = file.read_bytes()
    bad = good.replace(b'": ', b'" :', 1) if what != "layer" else good[:-1] + bytes([good[-1] ^ 1])
    assert bad != good
    file.write_bytes(bad)
    try:
        with pytest.raises(Failure) as failure:
            pull(request, RegistryOptions(), store)
        assert failure.value.code == "digest-mismatch", failure.value.reason
        assert digest not in blobs(store)
        assert not parts(store)
    finally:
        file.write_bytes(good)
    with pull(request, RegistryOptions(), store) as bundle:
        assert Path(bundle.gguf[0]).read_bytes() == data


def test_a_shorter_file_in_the_registry(registry: Stored, store: Store) -> None:
    data = noise(100_000, 8)
    request = Model([(GGUF, data, "")]).push(registry, "ai/short")
    registry.blob(sha256(data)).write_bytes(data[:-1])
    with pytest.raises(Failure) as failure:
        pull(request, RegistryOptions(), store)
    assert failure.value.code in ("digest-mismatch", "network", "unavailable"), failure.value.reason


def test_a_part_of_an_earlier_run(registry: Stored, store: Store) -> None:
    data = noise(1_000_000, 9)
    request = Model([(GGUF, data, "")]).push(registry, "ai/part")
    part = Path(store.layout.part(sha256(data)[7:]))
    part.write_bytes(data[:600_000])
    with pull(request, RegistryOptions(), store) as bundle:
        assert 400_000 < bundle.downloaded < 405_000


@pytest.mark.parametrize("left", ["wrong", "complete", "complete and wrong", "too long"])
def test_what_an_earlier_run_left_is_not_believed(registry: Stored, store: Store, left: str) -> None:
    data = noise(300_000, 10)
    request = Model([(GGUF, data, "")]).push(registry, "ai/left")
    part = Path(store.layout.part(sha256(data)[7:]))
    wrong = bytes(200_000)
    part.write_bytes(
        {"wrong": wrong, "complete": data, "complete and wrong": data[:-1] + b"x", "too long": data + b"x"}[left]
    )
    with pull(request, RegistryOptions(), store) as bundle:
        assert Path(bundle.gguf[0]).read_bytes() == data
        assert (bundle.downloaded < 5000) == (left == "complete")
    assert not parts(store)


def test_what_is_not_pulled(registry: Stored, store: Store) -> None:
    def refused(digest: str, code: str, words: str) -> None:
        with pytest.raises(Failure) as failure:
            pull(Query(registry.host, "ai/other", digest=digest), RegistryOptions(), store)
        assert failure.value.code == code
        assert words in failure.value.reason

    refused(registry.push_image("ai/other"), "unsupported", "container image")
    refused(registry.push_index("ai/other"), "unsupported", "index")
    refused(registry.push_model("ai/other", "zip", compressed=True), "unsupported", "compressed")
    refused(registry.push_modelpack("ai/other", "p1", paths=False), "unsupported", "no file paths")
    refused(registry.push_modelpack("ai/other", "p2", artifact_type=""), "unsupported", "artifactType")
    safe = Model([("application/vnd.docker.ai.safetensors", b"st", "m.safetensors")])
    refused(safe.push(registry, "ai/other").digest, "unsupported", "GGUF")
    other = Model([(GGUF, b"GGUF", "")], config={"rootfs": {"diff_ids": [sha256(b"x")]}})
    refused(other.push(registry, "ai/other").digest, "unsupported", "different layers")
    refused("sha256:" + "0" * 64, "not-found", "no such")
    assert set(blobs(store)) == {other.digest}  # it is a manifest; no config and no layer was kept


def test_nobody_is_asked(registry: Stored, store: Store, sent: list[str]) -> None:
    request = Query(registry.host, "ai/nobody", digest="sha256:" + "1" * 64)
    for access, code in (
        (RegistryOptions(offline=True), "offline"),
        (RegistryOptions(registries=["ghcr.io"]), "not-allowed"),
    ):
        with pytest.raises(Failure) as failure:
            pull(request, access, store)
        assert failure.value.code == code
    with pytest.raises(Failure) as failure:
        pull(Query(registry.host, "../up", digest="sha256:" + "1" * 64), RegistryOptions(), store)
    assert (failure.value.code, sent) == ("invalid", [])


def test_speed(registry: Stored, store: Store) -> None:
    data = noise(1 << 26, 11)
    request = Model([(GGUF, data, "")]).push(registry, "ai/fast")
    with pull(request, RegistryOptions(), store) as cold:
        print(f"\n64 MiB cold: {64 / cold.seconds:.0f} MiB/s")
    started = time.perf_counter()
    with Store(store.layout.folder, verify=True) as again, pull(request, RegistryOptions(), again):
        print(f"64 MiB warm, hashed: {64 / (time.perf_counter() - started):.0f} MiB/s")
    started = time.perf_counter()
    with pull(request, RegistryOptions(), store):
        print(f"warm: {1000 * (time.perf_counter() - started):.1f} ms")
