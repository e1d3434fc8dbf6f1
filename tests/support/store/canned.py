"""Models out of bytes, a server that gives them as it is told, and a look into a store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeAlias

from modellint.oci.query import Query
from modellint.smoke.store.store import Store
from support.registry.push import CREATED, FILE_PATH, MANIFEST, MODEL_CONFIG, PACK, PACK_CONFIG, Registry, sha256
from support.registry.raw import Host, Talk

GGUF = "application/vnd.docker.ai.gguf.v3"
TEMPLATE = "application/vnd.docker.ai.chat.template.jinja"
LICENSE = "application/vnd.docker.ai.license"
MMPROJ = "application/vnd.docker.ai.mmproj"
WEIGHT = "application/vnd.cncf.model.weight.v1.raw"
DOC = "application/vnd.cncf.model.doc.v1.raw"
Json = dict[str, Any]
Content: TypeAlias = "tuple[str, bytes, str]"  # media type, bytes, path
GiveBlob: TypeAlias = "Callable[[Talk, bytes, int], None]"  # the answer to a request for a blob from an offset


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that look like nothing, always the same."""
    return hashlib.shake_128(seed.to_bytes(8, "big")).digest(size)


class Stored(Registry):
    """A real registry whose files can be changed behind its back."""

    storage: Path

    def blob(self, digest: str) -> Path:
        """The file in which the registry keeps a blob or a manifest."""
        name = digest.removeprefix("sha256:")
        return self.storage / "docker/registry/v2/blobs/sha256" / name[:2] / name / "data"


class Model:
    """A manifest and all that it names, by digest."""

    def __init__(
        self,
        contents: Sequence[Content],
        *,
        pack: bool = False,
        config: Mapping[str, Any] | None = None,
        change: Callable[[Json], object] | None = None,
    ) -> None:
        self.blobs = {sha256(data): data for _, data, _ in contents}
        layers = [descriptor(*each) for each in contents]
        digests = [each["digest"] for each in layers]
        if pack:
            document: Json = {
                "descriptor": {"createdAt": CREATED}, "modelfs": {"type": "layers", "diffIds": digests},
                "config": {"format": "gguf", "architecture": "llama"},
            }  # fmt: skip
        else:
            gguf = {"general.architecture": "llama", "llama.context_length": "2048"}
            document = {
                "config": {"format": "gguf", "gguf": gguf}, "descriptor": {"created": CREATED},
                "rootfs": {"type": "rootfs", "diff_ids": digests},
            }  # fmt: skip
        self.config = json.dumps({**document, **(config or {})}).encode()
        self.blobs[sha256(self.config)] = self.config
        self.document: Json = {
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": layers,
            "config": descriptor(PACK_CONFIG if pack else MODEL_CONFIG, self.config, ""),
        }  # fmt: skip
        if pack:
            self.document["artifactType"] = PACK
        if change:
            change(self.document)
        self.manifest = json.dumps(self.document).encode()
        self.digest = sha256(self.manifest)

    def push(self, registry: Registry, repository: str, tag: str = "latest") -> Query:
        """Put it into a real registry."""
        for data in self.blobs.values():
            registry.layer(repository, "", data)
        assert registry.push(repository, tag, self.document) == self.digest
        return Query(registry.host, repository, digest=self.digest)


def descriptor(media_type: str, data: bytes, path: str) -> Json:
    annotations: Json = {"annotations": {FILE_PATH: path}} if path else {}
    return {"mediaType": media_type, "size": len(data), "digest": sha256(data), **annotations}


class Server(Host):
    """Gives one model; `give` answers for its layers, and `layers` says from where they were asked for."""

    def __init__(self, model: Model, give: GiveBlob | None = None) -> None:
        super().__init__(self._answer)
        self.model = model
        self.give = give or honest
        self.layers: list[str] = []
        self.request = Query(self.name, "some/model", digest=model.digest)

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def _answer(self, talk: Talk) -> None:
        digest = talk.path.rpartition("/")[2]
        if not talk.is_blob:
            talk.manifest(self.model.manifest)
        elif digest not in self.model.blobs:
            talk.answer(404)
        elif self.model.blobs[digest] is self.model.config:
            talk.answer(200, self.model.config)
        else:
            asked = talk.headers.get("range", "")
            self.layers.append(asked)
            self.give(talk, self.model.blobs[digest], int(asked.removeprefix("bytes=").rstrip("-") or "0"))

    @property
    def asked(self) -> list[str]:
        """What was asked for, but not how the server wants to be asked."""
        return [each.path for each in self.seen if each.path != "/v2/"]


def honest(talk: Talk, data: bytes, start: int) -> None:
    if start >= len(data) > 0:
        talk.answer(416)
    elif start:
        span = f"bytes {start}-{len(data) - 1}/{len(data)}"
        talk.answer(206, data[start:], [("Content-Range", span)])
    else:
        talk.answer(200, data)


def cut(after: int, times: int) -> GiveBlob:
    """An honest answer that ends in the middle, so many times."""
    left = [times]

    def give(talk: Talk, data: bytes, start: int) -> None:
        if not left[0]:
            honest(talk, data, start)
            return
        left[0] -= 1
        head = f"Content-Length: {len(data) - start}\r\n"
        if start:
            head += f"Content-Range: bytes {start}-{len(data) - 1}/{len(data)}\r\n"
        talk.write(f"HTTP/1.1 {206 if start else 200} Some\r\n{head}\r\n".encode() + data[start : start + after])
        talk.close()

    return give


def blobs(store: Store) -> dict[str, bytes]:
    """What a store has as complete; every name must be true."""
    found = {path.name: path.read_bytes() for path in Path(store.layout.blobs).iterdir()}
    for name, data in found.items():
        assert sha256(data) == f"sha256:{name}"
    return {f"sha256:{name}": data for name, data in found.items()}


def parts(store: Store) -> dict[str, int]:
    """The sizes of what has only come in part."""
    return {f"sha256:{path.stem}": path.stat().st_size for path in Path(store.layout.partial).iterdir()}


def names(folder: str) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in Path(folder).iterdir())
