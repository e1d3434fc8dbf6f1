"""A model reference is taken apart as Docker Model Runner takes it apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modellint.oci.model_reference import Reference

VECTORS = Path(__file__).parents[2] / "shared/vectors/refs.json"
H = "9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"


def vectors() -> list[dict[str, str]]:
    loaded: list[dict[str, str]] = json.loads(VECTORS.read_text(encoding="utf-8")) if VECTORS.exists() else []
    return loaded


@pytest.mark.skipif(not VECTORS.exists(), reason=f"{VECTORS} is not here")
def test_vectors_are_there() -> None:
    assert len(vectors()) == 33


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: str(vector["input"])[:40])
def test_vector(vector: dict[str, str]) -> None:
    """The answers of the real code: its normal form, what it requests, and what it cannot pull."""
    ref = Reference(vector["input"])
    assert ref.normal == vector["dmr_normalized"]
    if vector["request_kind"] == "ERR":
        assert ref.kind == "invalid"
        assert ref.problem
    elif ref.kind == "invalid":
        # It requests a sha512 digest and then fails to store what came.
        assert vector["store_tag"].startswith("ERR")
    else:
        assert ref.request == vector["request"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("smollm2", "tag"),
        ("ai/smollm2:", "tag"),
        ("localhost:5000/smollm2", "tag"),
        (f"ai/smollm2:v1@sha256:{H}", "tag"),
        (f"ai/smollm2@sha256:{H}", "digest"),
        ("hf.co/org/Model:Q4_K_M", "hub"),
        ("huggingface.co/org/Model", "hub"),
        ("HF.co/org/model", "tag"),
        (H[:12], "local"),
        (f"sha256:{H}", "local"),
        (H, "invalid"),
        ("", "invalid"),
        ("  ", "invalid"),
    ],
)
def test_kind(text: str, kind: str) -> None:
    assert Reference(text).kind == kind


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest"),
    [
        ("ai/smollm2", "ai/smollm2", None, None),
        ("ai/smollm2:v1", "ai/smollm2", "v1", None),
        (f"ai/smollm2:v1@sha256:{H}", "ai/smollm2", "v1", f"sha256:{H}"),
        (f"host:5000/m@sha256:{H}", "host:5000/m", None, f"sha256:{H}"),
        ("host:5000/m", "host:5000/m", None, None),
    ],
)
def test_parts(text: str, name: str, tag: str | None, digest: str | None) -> None:
    ref = Reference(text)
    assert (ref.name, ref.tag, ref.digest) == (name, tag, digest)


@pytest.mark.parametrize("text", ["ai/smollm2:v1", " ai/smollm2:v1 ", f"ai/smollm2:v1@sha256:{H}", "host:5000/m:v1"])
def test_tag_at(text: str) -> None:
    ref = Reference(text)
    start, end = ref.tag_at
    assert text[start:end] == ref.tag == "v1"


@pytest.mark.parametrize(
    ("text", "wrong", "problem"),
    [
        ("ai/smollm2@sha256:deadcafe", "sha256:deadcafe", "8 characters"),
        (f"ai/smollm2@sha256:{H.upper()}", f"sha256:{H.upper()}", "0-9 or a-f"),
        (f"ai/smollm2@sha512:{H}{H}", f"sha512:{H}{H}", "only sha256 digests"),
        (f"ai/smollm2@md5:{H}", f"md5:{H}", "is not a valid digest"),
        ("ai/smollm2@", "", "is not a valid digest"),
        ("ai/smollm2:a b", "a b", "the tag `a b`"),
        ("ai/smollm2:-v1", "-v1", "the tag `-v1`"),
        (f"ai/smollm2:{'v' * 129}", "v" * 129, "characters that tags cannot contain"),
        (f"ai/smollm2:@sha256:{H}", ":", "the tag is empty"),
        ("model:tag:extra", "model:tag", "not a valid name component"),
        ("model name", "model name", "`model name`"),
        (" ai//m:v1 ", "ai//m", "a name component is empty"),
        ("ai/.m", "ai/.m", "`.m`"),
        ("ai/a..b", "ai/a..b", "`a..b`"),
        ("ai/a___b", "ai/a___b", "`a___b`"),
        ("host:port/m", "host:port/m", "host name"),
        (H, H, "image ID"),
        (f"registry.example.com/{'m' * 250}", f"registry.example.com/{'m' * 250}", "longer than 255"),
        ("", "", "empty"),
        (":v1", ":v1", "no name"),
    ],
)
def test_invalid(text: str, wrong: str, problem: str) -> None:
    """The problem is said, and the part that has it is known."""
    ref = Reference(text)
    start, end = ref.problem_at
    assert ref.kind == "invalid"
    assert problem in ref.problem
    assert text[start:end] == wrong


@pytest.mark.parametrize("text", ["ai/a__b", "ai/a--b", "ai/a.b-c_d", "a/b/c/d:tag", "localhost/m", "my_registry/m"])
def test_valid_names(text: str) -> None:
    assert not Reference(text).problem


def test_one_artifact_under_several_names() -> None:
    names = ["smollm2", "ai/smollm2", "AI/SmolLM2", "docker.io/ai/smollm2:latest", "index.docker.io/ai/smollm2:latest"]
    assert {Reference(name).request for name in names} == {"docker.io/ai/smollm2:latest"}
