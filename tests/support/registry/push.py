"""Fill a registry: models, images and indexes as their tools write them, pushed with plain HTTP."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import ssl
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any

from support.registry.servers import PASSWORD, USER, Address

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
MODEL_CONFIG = "application/vnd.docker.ai.model.config.v0.1+json"
IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
PACK_CONFIG = "application/vnd.cncf.model.config.v1+json"
PACK = "application/vnd.cncf.model.manifest.v1+json"
FILE_PATH = "org.cncf.model.filepath"
CREATED = "2026-01-01T00:00:00Z"
LICENSE = "Apache License\nVersion 2.0, January 2004\n"
Json = dict[str, Any]


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Refused(Exception):
    """The registry did not take what was pushed."""


class Registry:
    """A registry that answers, and what is needed to fill it.

    `host` is `localhost:PORT`. Every `push_…` returns the digest of the manifest. An empty tag pushes without one.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.host = address.host
        self.ca_file = address.ca_file
        self.user, self.password = (USER, PASSWORD) if address.auth else ("", "")
        self.token_host = address.token_host

    def push_model(
        self,
        repository: str,
        tag: str = "latest",
        *,
        architecture: str = "llama",
        context: int = 8192,
        packed_context: int = 4096,
        blocks: int = 2,
        heads: int = 4,
        kv_heads: int = 2,
        embedding: int = 64,
        quantization: str = "MOSTLY_Q4_K_M",
        parameters: str = "361.82M",
        license: str = LICENSE,
        weights: int = 0,
        created: str = CREATED,
        pooling: bool = False,
        compressed: bool = False,
        more: Mapping[str, Any] | None = None,
    ) -> str:
        """A model as `docker model package` writes it.

        `weights` is the size that the manifest gives the weights, in bytes: 0 is the true one, of a few bytes. `more`
        is added to the config's `config`. Two calls push two models, unless all they are given is the same.
        """
        gguf: Json = {
            "general.architecture": architecture,
            "general.file_type": "15",
            f"{architecture}.context_length": str(context),
            f"{architecture}.embedding_length": str(embedding),
            f"{architecture}.block_count": str(blocks),
            f"{architecture}.attention.head_count": str(heads),
            f"{architecture}.attention.head_count_kv": str(kv_heads),
        }
        if pooling:
            gguf[f"{architecture}.pooling_type"] = "1"
        suffix = "+gzip" if compressed else ""
        layers = [
            self.layer(repository, f"application/vnd.docker.ai.gguf.v3{suffix}", b"GGUF" + tag.encode(), "m.gguf")
        ]
        if weights:
            layers[0]["size"] = weights
        if license:
            layers.append(self.layer(repository, "application/vnd.docker.ai.license", license.encode(), "LICENSE"))
        config: Json = {
            "format": "gguf", "quantization": quantization, "parameters": parameters, "architecture": architecture,
            "size": f"{layers[0]['size']}B", "gguf": gguf,
        }  # fmt: skip
        if packed_context:
            config["context_size"] = packed_context
        document = {
            "config": {**config, **(more or {})},
            "descriptor": {"created": created},
            "rootfs": {"type": "rootfs", "diff_ids": [layer["digest"] for layer in layers]},
        }
        return self.push(repository, tag, self.manifest(repository, MODEL_CONFIG, document, layers))

    def push_modelpack(
        self, repository: str, tag: str = "latest", *, paths: bool = True, artifact_type: str = PACK, weights: int = 0
    ) -> str:
        """A model as CNCF ModelPack describes it. Docker Model Runner pulls one without paths, and cannot load it."""
        kind = "application/vnd.cncf.model"
        layers = [
            self.layer(repository, f"{kind}.weight.v1.raw", b"GGUF pack", "m.gguf" if paths else ""),
            self.layer(repository, f"{kind}.doc.v1.raw", b"how to use it", "README.md" if paths else ""),
        ]
        if weights:
            layers[0]["size"] = weights
        document = {
            "descriptor": {"createdAt": CREATED, "family": "llama", "licenses": ["Apache-2.0"]},
            "modelfs": {"type": "layers", "diffIds": [layer["digest"] for layer in layers]},
            "config": {"architecture": "llama", "format": "gguf", "paramSize": "8B", "quantization": "Q8_0"},
        }
        manifest = self.manifest(repository, PACK_CONFIG, document, layers)
        if artifact_type:
            manifest["artifactType"] = artifact_type
        return self.push(repository, tag, manifest)

    def push_image(self, repository: str, tag: str = "latest", *, architecture: str = "amd64") -> str:
        """A container image; another tag is another image."""
        layer = self.layer(repository, "application/vnd.oci.image.layer.v1.tar+gzip", b"a layer")
        document = {
            "architecture": architecture, "os": "linux", "created": CREATED,
            "config": {"Labels": {"tag": tag}},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        }  # fmt: skip
        return self.push(repository, tag, self.manifest(repository, IMAGE_CONFIG, document, [layer]))

    def push_index(self, repository: str, tag: str = "latest", manifests: Iterable[str] | None = None) -> str:
        """An index, of the manifests with these digests in the same repository, or of two new images."""
        found = list(manifests) if manifests is not None else []
        entries: list[Json] = [{"mediaType": MANIFEST, "digest": each, "size": 500} for each in found]
        for architecture in ("amd64", "arm64") if manifests is None else ():
            digest = self.push_image(repository, f"{tag}-{architecture}", architecture=architecture)
            platform = {"architecture": architecture, "os": "linux"}
            entries.append({"mediaType": MANIFEST, "digest": digest, "size": 500, "platform": platform})
        return self.push(repository, tag, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})

    def move(self, repository: str, tag: str, digest: str) -> None:
        """Let a tag mean the manifest with this digest."""
        accept = {"Accept": f"{MANIFEST}, {INDEX}"}
        status, headers, body = self.request("GET", f"/v2/{repository}/manifests/{digest}", repository, headers=accept)
        if status != 200:
            raise Refused(f"GET {digest}: {status}")
        kind = {"Content-Type": headers.get("content-type", "")}
        status, _, _ = self.request("PUT", f"/v2/{repository}/manifests/{tag}", repository, body, kind)
        if status != 201:
            raise Refused(f"PUT {tag}: {status}")

    def digest(self, repository: str, reference: str) -> str:
        """What the registry itself says is the digest of a tag; empty where it has none."""
        accept = {"Accept": f"{MANIFEST}, {INDEX}"}
        path = f"/v2/{repository}/manifests/{reference}"
        return self.request("HEAD", path, repository, headers=accept)[1].get("docker-content-digest", "")

    def manifest(self, repository: str, kind: str, document: Json, layers: list[Json]) -> Json:
        """A manifest, whose config is pushed."""
        config = self.layer(repository, kind, json.dumps(document).encode())
        return {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}

    def layer(self, repository: str, media_type: str, data: bytes, path: str = "") -> Json:
        """Push a blob; returns its descriptor."""
        status, headers, body = self.request("POST", f"/v2/{repository}/blobs/uploads/", repository)
        if status != 202:
            raise Refused(f"POST of an upload to {repository}: {status} {body[:200]!r}")
        where = urllib.parse.urlsplit(headers["location"])
        query = urllib.parse.urlencode([*urllib.parse.parse_qsl(where.query), ("digest", sha256(data))])
        kind = {"Content-Type": "application/octet-stream"}
        status, _, body = self.request("PUT", f"{where.path}?{query}", repository, data, kind)
        if status != 201:
            raise Refused(f"PUT of a blob to {repository}: {status} {body[:200]!r}")
        annotations = {"annotations": {FILE_PATH: path}} if path else {}
        return {"mediaType": media_type, "size": len(data), "digest": sha256(data), **annotations}

    def push(self, repository: str, tag: str, document: Json) -> str:
        """Push a manifest or an index; returns its digest."""
        data = json.dumps(document).encode()
        kind = {"Content-Type": document["mediaType"]}
        path = f"/v2/{repository}/manifests/{tag or sha256(data)}"
        status, headers, body = self.request("PUT", path, repository, data, kind)
        if status != 201 or headers.get("docker-content-digest") != sha256(data):
            raise Refused(f"PUT of {repository}:{tag}: {status} {body[:500]!r}")
        return sha256(data)

    def request(
        self,
        method: str,
        path: str,
        repository: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask the registry, with all that one needs to be let in: status, headers in lower case, body."""
        host, _, port = self.host.partition(":")
        if self.ca_file:
            context = ssl.create_default_context(cafile=self.ca_file)
            connection = http.client.HTTPSConnection(host, int(port), timeout=20, context=context)
        else:
            connection = http.client.HTTPConnection(host, int(port), timeout=20)
        sent = dict(headers or {})
        if self.address.auth == "basic":
            sent["Authorization"] = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        elif self.address.tokens:
            token = self.address.tokens.token(f"repository:{repository}:pull", True, "pull,push")
            sent["Authorization"] = f"Bearer {token}"
        try:
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()
