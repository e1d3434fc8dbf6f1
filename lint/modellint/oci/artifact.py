"""A model, an image or an index as its manifest and its config describe it: a few kilobytes, no weights.

Both descriptions of models are read: Docker's (`application/vnd.docker.ai.…`) and CNCF ModelPack's. Every field may be
missing. What Docker Model Runner makes of an artifact follows its source (docker/model-runner, `pkg/distribution`).
"""

from __future__ import annotations

from modellint.text.json_values import as_array, as_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal, TypeAlias

    Kind: TypeAlias = Literal["model", "image", "index", "other"]

DOCKER_CONFIG = "application/vnd.docker.ai.model.config."
CNCF_CONFIG = "application/vnd.cncf.model.config."
_CNCF_ARTIFACT = "application/vnd.cncf.model.manifest.v1+json"
_IMAGE_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_WEIGHTS = (".gguf", ".safetensors", ".dduf", "model.weight.v1.raw")  # endings of the media type, without its version
_COMPRESSED = ("+gzip", "+zstd", ".tar.gzip", "tar.gz")
_FILE_PATH = "org.cncf.model.filepath"
_MOST_MANIFESTS = 500  # of an index
_LONGEST_FIELD = 200  # characters of a text that an artifact's author chose
_LARGEST = 1 << 60  # bytes; a size beyond it is nonsense
_F16 = 2  # bytes of a number in the KV cache, as llama.cpp keeps it without flags


class Artifact:
    """What is known of an artifact. A text is empty and a number 0 where it is not known.

    `digest` is the SHA-256 of the manifest's bytes. `size` is what a pull downloads and `weights` the part of it that
    goes into memory, in bytes. `context` is the context that the model was trained with, `packed_context` the one that
    its packager wrote down, in tokens; `cache` is what one token of context takes in the KV cache, in bytes.
    `problem` says why Docker Model Runner cannot run it. `license_layer` is digest and size of a licence's text.
    `manifests` are the digests that an index lists.
    """

    __slots__ = (
        "architecture", "cache", "config", "context", "created", "digest", "embedding", "format", "kind",
        "license_layer", "licenses", "manifests", "packed_context", "parameters", "problem", "quantization", "size",
        "weights",
    )  # fmt: skip

    def __init__(self, digest: str, kind: Kind) -> None:
        self.digest = digest
        self.kind: Kind = kind
        self.config: tuple[str, int] = ("", 0)  # digest and size of the config
        self.size = self.weights = self.context = self.packed_context = self.cache = 0
        self.format = self.quantization = self.parameters = self.architecture = self.created = self.problem = ""
        self.licenses: list[str] = []
        self.manifests: list[str] = []
        self.license_layer: tuple[str, int] = ("", 0)
        self.embedding = False


class NotAManifest(ValueError):
    """The document is neither a manifest nor an index."""


def read_manifest(document: object, digest: str) -> Artifact:
    """The artifact that a parsed manifest describes, before its config is known; raises `NotAManifest`."""
    manifest = as_object(document)
    if manifest.get("schemaVersion") != 2:
        raise NotAManifest
    media_type = _text(manifest.get("mediaType"))
    if media_type in _INDEXES or isinstance(manifest.get("manifests"), list):
        artifact = Artifact(digest, "index")
        artifact.problem = "it is an index of several manifests, and Docker Model Runner reads only a single manifest"
        listed = [as_object(each) for each in as_array(manifest.get("manifests"))[:_MOST_MANIFESTS]]
        artifact.manifests = [_text(each.get("digest")) for each in listed]
        return artifact
    config = as_object(manifest.get("config"))
    if not config or not isinstance(manifest.get("layers"), list):
        raise NotAManifest
    artifact = Artifact(digest, _kind(_text(config.get("mediaType"))))
    artifact.config = (_text(config.get("digest")), _number(config.get("size")))
    parts = [as_object(layer) for layer in as_array(manifest.get("layers"))]
    artifact.size = sum(_number(layer.get("size")) for layer in parts)
    artifact.weights = sum(_number(layer.get("size")) for layer in parts if _is_weights(layer))
    for layer in parts:
        if _text(layer.get("mediaType")) == "application/vnd.docker.ai.license":
            artifact.license_layer = (_text(layer.get("digest")), _number(layer.get("size")))
    artifact.problem = _problem(artifact.kind, manifest, parts, _text(config.get("mediaType")))
    return artifact


def read_config(artifact: Artifact, document: object) -> None:
    """Add what a model's parsed config says."""
    given = as_object(document)
    config, descriptor = as_object(given.get("config")), as_object(given.get("descriptor"))
    gguf = as_object(config.get("gguf"))
    artifact.format = _text(config.get("format"))
    artifact.quantization = _text(config.get("quantization")).removeprefix("MOSTLY_")
    artifact.parameters = _text(config.get("parameters")) or _text(config.get("paramSize"))
    artifact.architecture = _text(config.get("architecture")) or _text(gguf.get("general.architecture"))
    artifact.created = _text(descriptor.get("created")) or _text(descriptor.get("createdAt"))
    artifact.packed_context = _number(config.get("context_size"))
    artifact.licenses = [_text(each) for each in as_array(descriptor.get("licenses")) if _text(each)]
    if not artifact.licenses and _text(gguf.get("general.license")):
        artifact.licenses = [_text(gguf["general.license"])]
    prefix = _text(gguf.get("general.architecture")) or artifact.architecture
    if prefix:
        artifact.context = _number(gguf.get(f"{prefix}.context_length"))
        artifact.embedding = f"{prefix}.pooling_type" in gguf
        artifact.cache = _cache(gguf, prefix)
    outputs = as_array(as_object(config.get("capabilities")).get("outputTypes"))
    artifact.embedding = artifact.embedding or "embedding" in outputs


def licence_name(text: str) -> str:
    """The SPDX identifier of a licence's text, as far as its first lines tell; empty where they do not."""
    head = " ".join(text[:2_000].lower().split())
    return next((name for words, name in _LICENCES if all(word in head for word in words)), "")


def memory(artifact: Artifact, context: int) -> int:
    """Bytes that the weights and the KV cache of a context need at least; 0 where the weights are not known."""
    return artifact.weights + artifact.cache * context if artifact.weights else 0


def to_table(artifact: Artifact) -> dict[str, Any]:
    """The artifact as a JSON object."""
    return {name: getattr(artifact, name) for name in Artifact.__slots__}


_LICENCES = (
    (("apache license", "version 2.0"), "Apache-2.0"),
    (("mit license",), "MIT"),
    (("permission is hereby granted, free of charge",), "MIT"),
    (("llama 3.3 community license",), "llama3.3"),
    (("llama 3.2 community license",), "llama3.2"),
    (("llama 3.1 community license",), "llama3.1"),
    (("meta llama 3 community license",), "llama3"),
    (("gemma terms of use",), "gemma"),
    (("creative commons attribution-noncommercial 4.0",), "CC-BY-NC-4.0"),
    (("creative commons attribution 4.0",), "CC-BY-4.0"),
    (("bsd 3-clause",), "BSD-3-Clause"),
    (("gnu affero general public license",), "AGPL-3.0"),
    (("gnu general public license", "version 3"), "GPL-3.0"),
)


def _kind(config_type: str) -> Kind:
    if config_type.startswith((DOCKER_CONFIG, CNCF_CONFIG)):
        return "model"
    return "image" if config_type in _IMAGE_CONFIGS else "other"


def _problem(kind: Kind, manifest: Mapping[str, Any], layers: Sequence[Mapping[str, Any]], config_type: str) -> str:
    if kind == "image":
        return "it is a container image, not a model"
    if kind == "other":
        return "Docker Model Runner does not support the media type of its config"
    if any(_text(layer.get("mediaType")).endswith(_COMPRESSED) for layer in layers):
        return "its layers are compressed, which Docker Model Runner does not support"
    if config_type.startswith(CNCF_CONFIG):
        if _text(manifest.get("artifactType")) != _CNCF_ARTIFACT:
            return f"its `artifactType` is not `{_CNCF_ARTIFACT}`, so its files are not unpacked"
        if not any(_FILE_PATH in as_object(layer.get("annotations")) for layer in layers):
            return "its layers have no file paths: it can be pulled, but it never loads"
    return ""


def _is_weights(layer: Mapping[str, Any]) -> bool:
    media_type = _text(layer.get("mediaType"))
    name, dot, version = media_type.rpartition(".")
    plain = name if dot and version[:1] == "v" and version[1:].isdecimal() else media_type
    path = _text(as_object(layer.get("annotations")).get(_FILE_PATH))
    return plain.endswith(_WEIGHTS) or (".weight.v1." in media_type) or path.endswith((".gguf", ".safetensors"))


def _cache(gguf: Mapping[str, Any], prefix: str) -> int:
    """Bytes of one token in the KV cache: keys and values of every head of every layer, in f16."""
    layers = _number(gguf.get(f"{prefix}.block_count"))
    heads = _number(gguf.get(f"{prefix}.attention.head_count"))
    width = _number(gguf.get(f"{prefix}.embedding_length")) // heads if heads else 0
    key = _number(gguf.get(f"{prefix}.attention.key_length")) or width
    value = _number(gguf.get(f"{prefix}.attention.value_length")) or width
    shared = gguf.get(f"{prefix}.attention.head_count_kv")
    if isinstance(shared, str) and "," in shared:  # one number for each layer
        kept = sum(_number(each.strip()) for each in shared.split(","))
    else:
        kept = (_number(shared) or heads) * layers
    return _F16 * kept * (key + value)


def _text(value: object) -> str:
    """A text, not too long, and such as can be written: JSON may hold halves of characters."""
    return value[:_LONGEST_FIELD].encode(errors="replace").decode() if isinstance(value, str) else ""


def _number(value: object) -> int:
    """A whole number from 0 up, also where it is written as text; 0 for anything else."""
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST else 0
