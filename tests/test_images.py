"""Known inference images are recognised, and what they need is read from their names."""

from __future__ import annotations

import pytest

from modellint.evidence.images import (
    CLIENT,
    INFRASTRUCTURE,
    NEEDED,
    NONE,
    OPTIONAL,
    PRODUCTS,
    PROXY,
    gpu,
    infrastructure,
    lacks,
    product,
)
from modellint.oci.image_reference import Image


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest"),
    [
        ("redis", "docker.io/library/redis", None, None),
        ("docker.io/redis:8", "docker.io/library/redis", "8", None),
        ("index.docker.io/ollama/ollama", "docker.io/ollama/ollama", None, None),
        ("ollama/ollama:0.12.6", "docker.io/ollama/ollama", "0.12.6", None),
        ("localhost:5000/app", "localhost:5000/app", None, None),
        ("localhost/app:1", "localhost/app", "1", None),
        ("ghcr.io/o/app:1@sha256:00", "ghcr.io/o/app", "1", "sha256:00"),
        ("ghcr.io/o/app@sha256:00", "ghcr.io/o/app", None, "sha256:00"),
    ],
)
def test_image(text: str, name: str, tag: str | None, digest: str | None) -> None:
    image = Image(text)
    assert (image.name, image.tag, image.digest) == (name, tag, digest)
    if tag:
        assert text[slice(*image.tag_at)] == tag


@pytest.mark.parametrize(
    ("text", "name", "port", "needs"),
    [
        ("ollama/ollama", "Ollama", 11434, OPTIONAL),
        ("docker.io/ollama/ollama:rocm", "Ollama", 11434, NEEDED),
        ("someone/ollama:latest", "Ollama", 11434, OPTIONAL),
        ("docker/model-runner:latest-cuda", "Docker Model Runner", 12434, NEEDED),
        ("ghcr.io/ggml-org/llama.cpp:server", "llama.cpp", 8080, OPTIONAL),
        ("ghcr.io/ggml-org/llama.cpp:server-vulkan", "llama.cpp", 8080, NEEDED),
        ("vllm/vllm-openai:v0.11.0", "vLLM", 8000, NEEDED),
        ("vllm/vllm-openai-cpu:v0.11.0", "vLLM", 8000, NONE),
        ("public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.10.1", "vLLM", 8000, NONE),
        ("opea/vllm-rocm:latest", "vLLM", 8000, NEEDED),
        ("opea/vllm:1.3", "vLLM", 8000, NONE),
        ("lmsysorg/sglang-rocm:v0.5.14", "SGLang", 30000, NEEDED),
        ("ghcr.io/huggingface/text-generation-inference:2.4.0-intel-cpu", "Text Generation Inference", 80, NONE),
        ("ghcr.io/huggingface/text-embeddings-inference:cpu-1.7", "Text Embeddings Inference", 80, NONE),
        ("ghcr.io/huggingface/text-embeddings-inference:1.7", "Text Embeddings Inference", 80, OPTIONAL),
        ("localai/localai:latest-gpu-nvidia-cuda-12", "LocalAI", 8080, NEEDED),
        ("xprobe/xinference:v1-cpu", "Xinference", 9997, NONE),
        ("nvcr.io/nvidia/nim/nemotron-3-super:1.0", "NVIDIA NIM", 8000, NEEDED),
        ("ghcr.io/berriai/litellm-database:main-stable", "LiteLLM", 4000, NONE),
    ],
)
def test_product(text: str, name: str, port: int, needs: str) -> None:
    image = Image(text)
    known = product(image)
    assert known is not None
    assert (known.name, known.ports[0], gpu(image, known)) == (name, port, needs)


@pytest.mark.parametrize(
    "text",
    [
        "ollama", "ollama-ipex-llm:latest", "vllm-cpu-env:latest", "infiniflow/infinity", "", "|", "/", "MinIO", "5432",
        "PostgreSQL", "example/postgres", "ghcr.io/postgres", "busybox", "semitechnologies/weaviate",
    ],
)  # fmt: skip
def test_no_product(text: str) -> None:
    """What was built on the spot, what only sounds like a product, and what may call a model."""
    assert product(Image(text)) is None


@pytest.mark.parametrize(
    ("text", "name", "ports"),
    [
        ("redis:8", "Redis", (6379,)),
        ("docker.io/library/postgres:17", "PostgreSQL", (5432,)),
        ("pgvector/pgvector:pg16", "PostgreSQL", (5432,)),
        ("docker/mcp-gateway:latest", "MCP Gateway", (8811,)),
        ("index.docker.io/qdrant/qdrant", "Qdrant", (6333, 6334)),
        ("gcr.io/cadvisor/cadvisor:v0.49.1", "cAdvisor", (8080,)),
        ("alpine/socat", "socat", ()),
    ],
)
def test_infrastructure(text: str, name: str, ports: tuple[int, ...]) -> None:
    known = product(Image(text))
    assert known is not None
    assert (known.name, known.ports, known.role, known.gpu) == (name, ports, INFRASTRUCTURE, NONE)
    assert product(Image(text)) is known


@pytest.mark.parametrize(
    ("text", "tool", "expected"),
    [
        ("ollama/ollama:0.12.6", "curl", True),
        ("docker.io/ollama/ollama", "wget", True),
        ("ollama/ollama", "ollama", False),
        ("ollama/ollama:0.5.4-rocm", "curl", False),
        ("someone/ollama", "curl", False),
        ("qdrant/qdrant:v1.15.4", "wget", True),
        ("qdrant/qdrant:gpu-amd-latest", "wget", False),
        ("ghcr.io/berriai/litellm:main-stable", "curl", True),
        ("ghcr.io/berriai/litellm:main-stable", "wget", False),
        ("chromadb/chroma", "curl", False),
        ("app", "curl", False),
    ],
)
def test_lacks(text: str, tool: str, expected: bool) -> None:
    assert lacks(Image(text), tool) is expected


def test_roles() -> None:
    assert [known.name for known in PRODUCTS if known.role == CLIENT] == ["Open WebUI"]
    assert {known.name for known in PRODUCTS if known.role == PROXY} == {"LiteLLM", "Olla"}


def test_table() -> None:
    """No repository belongs to two products, and every product that serves has a port."""
    known = [*PRODUCTS, *infrastructure()]
    repositories = [name for each in known for name in each.repositories]
    assert len(repositories) == len(set(repositories))
    assert all(0 < port < 65536 for each in known for port in each.ports)
    assert all(each.ports for each in PRODUCTS)
    for each in infrastructure():
        assert {product(Image(name)) for name in each.repositories} != {None}
        assert all(getattr(product(Image(name)), "name", "") == each.name for name in each.repositories)
