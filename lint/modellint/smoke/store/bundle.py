"""A model that is complete on this machine, as a runner wants it: files with names, in a folder of this run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modellint.smoke.store.layout import safe_name, unlike

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from modellint.oci.artifact import Artifact
    from modellint.smoke.store.model import Layer, Purpose
    from modellint.smoke.store.store import Store

_NAMES: dict[str, str] = {
    "weights": "model.gguf", "mmproj": "mmproj.gguf", "template": "chat_template.jinja", "license": "LICENSE",
    "other": "file",
}  # fmt: skip


class File:
    """A file of a bundle: where it lies, and the layer that it is."""

    __slots__ = ("layer", "path")

    def __init__(self, path: str, layer: Layer) -> None:
        self.path = path
        self.layer = layer


class Bundle:
    """A model's files. They stay until `close`, or until the store is closed.

    `gguf` are the paths of the weights, in the manifest's order; llama.cpp is given the first and finds the others by
    their names. `mmproj` and `template` are empty where there is none. `size` is that of all files, `downloaded` what
    of it (and of manifest and config) came over the network, in bytes. `seconds` is how long it took.
    """

    def __init__(self, store: Store, folder: str, artifact: Artifact, files: Sequence[File]) -> None:
        self.folder = folder
        self.artifact = artifact
        self.digest = artifact.digest
        self.files = tuple(files)
        self.gguf = self._paths("weights")
        self.mmproj = next(iter(self._paths("mmproj")), "")
        self.template = next(iter(self._paths("template")), "")
        self.licenses = self._paths("license")
        self.size = sum({each.layer.digest: each.layer.size for each in files}.values())
        self.weights = sum(each.layer.size for each in files if each.layer.purpose == "weights")
        self.downloaded = self.resumed = 0
        self.seconds = 0.0
        self._store = store

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder. What the store has stays in it."""
        self._store.end_run(self.folder)

    def _paths(self, purpose: Purpose) -> tuple[str, ...]:
        return tuple(each.path for each in self.files if each.layer.purpose == purpose)


def names(layers: Sequence[Layer]) -> list[str]:
    """A name for each layer, no two alike.

    Several files of weights are called as llama.cpp wants it, which finds the second by the name of the first.
    """
    shards = [layer for layer in layers if layer.purpose == "weights"]
    found: list[str] = []
    reserved = [f"model-{n:05}-of-{len(shards):05}.gguf" for n in range(1, len(shards) + 1)] if shards[1:] else []
    number = 0
    for layer in layers:
        if layer.purpose == "weights" and reserved:
            found.append(reserved[number])
            number += 1
        else:
            name = safe_name(layer.path, _NAMES[layer.purpose])
            if layer.purpose in ("weights", "mmproj") and not name.lower().endswith(".gguf"):
                name += ".gguf"
            found.append(unlike(name, [*found, *reserved]))
    return found


def link(store: Store, folder: str, layers: Sequence[Layer]) -> list[File]:
    """Give the blobs of layers, which the store holds, names in the folder of a run. Raises `Failure`."""
    return [
        File(store.give(layer.digest, folder, name), layer) for layer, name in zip(layers, names(layers), strict=True)
    ]
