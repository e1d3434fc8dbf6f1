"""mutable-tag: which tags move."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

RULE = "mutable-tag"
MODEL = "services:\n  app:\n    image: app\n    models: [llm]\nmodels:\n  llm:\n    model: {}\n"
IMAGE = "services:\n  llm:\n    image: {}\n"
H = "9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"


@pytest.mark.parametrize(
    ("reference", "place"),
    [
        ("smollm2", "smollm2"),
        ("ai/smollm2:latest", "latest"),
        ("'ai/smollm2:latest'", "latest"),
        ("registry.example.com:5000/m", "registry.example.com:5000/m"),
        ("registry.example.com/m:main", "main"),
        ("hf.co/org/Model", "hf.co/org/Model"),
        ("${MODEL:-ai/smollm2:latest}", "${MODEL:-ai/smollm2:latest}"),
        ("ai/smollm2:${TAG:-latest}", "ai/smollm2:${TAG:-latest}"),
    ],
)
def test_moving_model(reference: str, place: str, find: Callable[..., list[Finding]]) -> None:
    assert [finding.span.text for finding in find(RULE, MODEL.format(reference))] == [place]


@pytest.mark.parametrize(
    "reference",
    [
        "ai/smollm2:360M-Q4_K_M",
        "ai/qwen3:8B-Q4_0",
        "registry.example.com/m:v1",
        "registry.example.com/m:gpu",
        "hf.co/org/Model:Q4_K_M",
        f"ai/smollm2@sha256:{H}",
        f"ai/smollm2:latest@sha256:{H}",
        "${MODEL}",
        "ai/smollm2:${TAG}",
        "${MODEL:?set it}",
        "''",
    ],
)
def test_steady_model(reference: str, find: Callable[..., list[Finding]]) -> None:
    """A variant, a digest, what another rule reports, and what is not known."""
    assert not find(RULE, MODEL.format(reference))


@pytest.mark.parametrize(
    ("image", "place"),
    [
        ("ollama/ollama", "ollama/ollama"),
        ("ollama/ollama:rocm", "rocm"),
        ("someone/ollama:latest", "latest"),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", "server-cuda"),
        ("ghcr.io/berriai/litellm:main-stable", "main-stable"),
        ("localai/localai:master", "master"),
        ("ollama/ollama\n    build: .", "ollama/ollama"),
        ("ghcr.io/mostlygeek/llama-swap:cuda", "cuda"),
        ("ghcr.io/open-webui/open-webui", "ghcr.io/open-webui/open-webui"),
        ("ghcr.io/open-webui/open-webui:main", "main"),
        ("ghcr.io/open-webui/open-webui:ollama", "ollama"),
        ("localai/localai:latest-gpu-nvidia-cuda-12", "latest-gpu-nvidia-cuda-12"),
        ('"vllm/vllm-openai:${VLLM_IMAGE_TAG:-latest}"', "vllm/vllm-openai:${VLLM_IMAGE_TAG:-latest}"),
    ],
)
def test_moving_image(image: str, place: str, find: Callable[..., list[Finding]]) -> None:
    assert [finding.span.text for finding in find(RULE, IMAGE.format(image))] == [place]


@pytest.mark.parametrize(
    "image",
    [
        "ollama/ollama:0.12.6",
        f"ollama/ollama:latest@sha256:{H}",
        "ghcr.io/ggml-org/llama.cpp:server-b6789",
        "ghcr.io/berriai/litellm:main-v1.77.5-stable",
        "ghcr.io/huggingface/text-embeddings-inference:cpu-1.7",
        "vllm/vllm-openai:gemma4-cu130",
        "vllm/vllm-openai:${TAG}",
        "ghcr.io/open-webui/open-webui:v0.6.36-cuda",
        "redis:latest",
        "ollama/ollama\n    build: .\n    pull_policy: build",
        "ollama/ollama\n    build: .\n    pull_policy: never",
        "own/app\n    build: .",
    ],
)
def test_steady_image(image: str, find: Callable[..., list[Finding]]) -> None:
    """A version, a digest, what does not serve models, what is built here, and what is not known."""
    assert not find(RULE, IMAGE.format(image))
