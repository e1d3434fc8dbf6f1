"""The files of a model, from its manifest and config: which there are, and what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from modellint.oci.artifact import Artifact, read_config, read_manifest
from modellint.registry.failure import Failure
from modellint.registry.names import is_digest
from modellint.text.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Sequence

Purpose: TypeAlias = Literal["weights", "mmproj", "template", "license", "other"]

_FILE_PATH = "org.cncf.model.filepath"
_MOST_LAYERS = 1000
_LARGEST = 1 << 50  # bytes of a layer
_LONGEST = 1000  # characters of a text of the manifest
_DOCKER = "application/vnd.docker.ai."
_PURPOSES: dict[str, Purpose] = {
    f"{_DOCKER}gguf.v3": "weights",
    f"{_DOCKER}mmproj": "mmproj",
    f"{_DOCKER}license": "license",
    f"{_DOCKER}chat.template.jinja": "template",
    "application/vnd.cncf.model.weight.v1.gguf": "weights",
}


class Layer:
    """A file of a model. `path` is where its author wants it, and can be anything."""

    __slots__ = ("digest", "media_type", "path", "purpose", "size")

    def __init__(self, digest: str, size: int, media_type: str, path: str) -> None:
        self.digest = digest
        self.size = size
        self.media_type = media_type
        self.path = path
        self.purpose = _purpose(media_type, path)


def read(document: object, digest: str) -> tuple[Artifact, list[Layer]]:
    """The model of a parsed manifest and its layers in their order; raises `Failure`, or `artifact.NotAManifest`."""
    artifact = read_manifest(document, digest)
    if artifact.problem:
        raise Failure("unsupported", artifact.problem)
    given = cast("dict[str, Any]", document)["layers"]  # a list, or it would be no manifest
    if len(given) > _MOST_LAYERS:
        raise Failure("too-big", f"the manifest lists more than {_MOST_LAYERS:,} layers")
    layers = [_layer(each) for each in given]
    sizes: dict[str, int] = {}
    for layer in layers:
        if sizes.setdefault(layer.digest, layer.size) != layer.size:
            raise Failure("not-a-manifest", "the manifest gives two sizes for one layer")
    if not any(layer.purpose == "weights" for layer in layers):
        raise Failure("unsupported", "it has no GGUF weights, the only format that llama.cpp reads")
    return artifact, layers


def add_config(artifact: Artifact, layers: Sequence[Layer], document: object) -> None:
    """Add what a parsed config says; raises `Failure` where its layers are not those of the manifest.

    Docker Model Runner compares what it stores with these digests, and refuses what is not the same.
    """
    read_config(artifact, document)
    table = as_object(document)
    listed = as_object(table.get("rootfs")).get("diff_ids") or as_object(table.get("modelfs")).get("diffIds")
    if listed and listed != [layer.digest for layer in layers]:
        raise Failure(
            "unsupported", "its config and its manifest list different layers, so Docker Model Runner rejects it"
        )


def _layer(given: object) -> Layer:
    table = as_object(given)
    digest, size = table.get("digest"), table.get("size")
    if not isinstance(digest, str) or not is_digest(digest):
        raise Failure("not-a-manifest", "a layer in the manifest has no SHA-256 digest")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST:
        raise Failure("not-a-manifest", "a layer in the manifest has no size")
    path = _text(as_object(table.get("annotations")).get(_FILE_PATH))
    return Layer(digest, size, _text(table.get("mediaType")), path)


def _purpose(media_type: str, path: str) -> Purpose:
    """What a file is for: by its media type, and by its name where the type says nothing of it (CNCF ModelPack)."""
    if media_type in _PURPOSES:
        return _PURPOSES[media_type]
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    if name.endswith(".gguf"):
        return "mmproj" if "mmproj" in name else "weights"
    if name.endswith(".jinja"):
        return "template"
    return "license" if name.startswith(("license", "licence")) else "other"


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
