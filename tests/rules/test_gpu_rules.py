"""missing-gpu and misplaced-gpu: every way of having a GPU, and of meaning to do without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.linter.discovery import rules
from modellint.text.finding import Finding

Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
MISSING, MISPLACED = "missing-gpu", "misplaced-gpu"
VLLM = "vllm/vllm-openai:v0.11.0"
GRANT = "    models: [llm]\nmodels: {llm: {model: ai/x}}\n"


def service(image: str, rest: str = "", name: str = "llm") -> str:
    return f"services:\n  {name}:\n    image: {image}\n" + (f"    {rest}\n" if rest else "")


@pytest.mark.parametrize(
    ("image", "rest", "severity"),
    [
        (VLLM, "", "warning"),
        (VLLM, "command: --model x --gpu-memory-utilization 0.9", "warning"),
        ("example/server:1", "command: vllm serve Qwen/Qwen3-8B", "warning"),
        ("example/server:1", "command: [python3, -m, vllm.entrypoints.openai.api_server]", "warning"),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", "", "warning"),
        ("ollama/ollama:0.12.6-rocm", "", "warning"),
        ("ollama/ollama", "", "note"),
        ("ollama/ollama", "command: serve", "note"),
        ("ollama/ollama", "runtime: runc", "note"),
        ("ollama/ollama", "gpus: []", "note"),
        ("ollama/ollama", "deploy: {resources: {limits: {cpus: '2'}, reservations: {memory: 1g}}}", "note"),
        ("docker-ollama", "entrypoint: [bash, -c, 'ollama serve & ollama create x']", "note"),
        ("${IMAGE:-ollama/ollama:0.3.14}", "", "note"),
    ],
)
def test_no_gpu(image: str, rest: str, severity: str, find: Find) -> None:
    (finding,) = find(MISSING, service(image, rest))
    assert (finding.span.text, finding.severity, finding.span.first[0]) == ("llm", severity, 2)
    assert finding.hint or finding.fix


@pytest.mark.parametrize(
    "rest",
    [
        "gpus: all",
        "gpus: [{count: 1}]",
        "runtime: nvidia",
        "devices: [/dev/kfd, /dev/dri]",
        "devices: ['nvidia.com/gpu=all']",
        "device_cgroup_rules: ['c 195:* rmw']",
        "deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}",
        "deploy: {resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: gpu, value: 1}}]}}}",
        "privileged: true",
        "environment: {NVIDIA_VISIBLE_DEVICES: all}",
        "environment: [CUDA_VISIBLE_DEVICES=0]",
        "environment: [HABANA_VISIBLE_DEVICES]",
        "volumes: ['/dev:/dev']",
        "volumes: [{type: bind, source: /usr/lib/wsl, target: /usr/lib/wsl}]",
    ],
)
def test_has_gpu(rest: str, find: Find) -> None:
    assert not find(MISSING, service(VLLM, rest))


@pytest.mark.parametrize(
    ("image", "rest", "name"),
    [
        ("vllm/vllm-openai-cpu:v1", "", "llm"),
        ("docker.io/opea/vllm:1.3", "", "llm"),
        (VLLM, "command: --device cpu", "llm"),
        (VLLM, "environment: {VLLM_CPU_KVCACHE_SPACE: '4'}", "llm"),
        (VLLM, "profiles: [cpu]", "llm"),
        (VLLM, "", "llm-cpu"),
        ("x", "command: vllm serve m\n    build: {context: ., dockerfile: docker/Dockerfile.cpu}", "llm"),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", "command: -m /m.gguf -ngl 0", "llm"),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", "command: [--n-gpu-layers=0]", "llm"),
        ("ollama/ollama", "environment: [OLLAMA_NUM_GPU=0]", "llm"),
        ("ollama/ollama", "environment: [OLLAMA_LLM_LIBRARY=cpu_avx2]", "llm"),
        ("ollama/ollama", "environment: [CUDA_VISIBLE_DEVICES=-1]", "llm"),
        ("ollama/ollama", 'environment: ["CUDA_VISIBLE_DEVICES="]', "llm"),
    ],
)
def test_wants_cpu(image: str, rest: str, name: str, find: Find) -> None:
    assert not find(MISSING, service(image, rest, name))


@pytest.mark.parametrize(
    "text",
    [
        service("ghcr.io/ggml-org/llama.cpp:server"),
        service("localai/localai:v3"),
        service("ghcr.io/berriai/litellm:v1"),
        service("ollama"),
        service("ollama/ollama", "command: pull llama3.2"),
        service("ollama/ollama", "entrypoint: [ollama, create, x]"),
        service("ollama/ollama", "entrypoint: /bin/sh\n    command: [-c, 'sleep 3; ollama pull x']"),
        service("ollama/ollama:${TAG}"),
        service("x/vllm:1", "command: pip install vllm"),
        service("ollama/ollama") + "  gpu:\n    image: ollama/ollama\n    gpus: all\n",
        service("ollama/ollama") + "  other: {depends_on: [llm]}\n",
    ],
)
def test_silent(text: str, find: Find) -> None:
    """What does well without, is no server, is not known, has a sibling with a GPU, or is laid over another file."""
    assert not find(MISSING, text)


def test_file_says_cpu(find: Find) -> None:
    assert not find(MISSING, service("ollama/ollama"), name="compose.cpu.yaml")


@pytest.mark.parametrize(
    ("image", "rest", "place"),
    [
        ("node:22", "gpus: all", "gpus"),
        ("docker/mcp-gateway", "deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}", "devices"),
        ("ghcr.io/berriai/litellm:v1", "gpus: [{count: 1}]", "gpus"),
    ],
)
def test_misplaced(image: str, rest: str, place: str, find: Find) -> None:
    assert [finding.span.text for finding in find(MISPLACED, service(image, rest) + GRANT)] == [place]


@pytest.mark.parametrize(
    ("image", "rest"),
    [
        ("example/whisper:1", "gpus: all"),
        ("python:3.13", "gpus: all"),
        ("node:22\n    build: .", "gpus: all"),
        ("node:22", "gpus: []"),
        ("node:22", "deploy: {resources: {reservations: {devices: [{capabilities: [tpu]}]}}}"),
        ("ollama/ollama", "gpus: all"),
        ("ghcr.io/open-webui/open-webui:cuda", "gpus: all"),
    ],
)
def test_own_work(image: str, rest: str, find: Find) -> None:
    assert not find(MISPLACED, service(image, rest) + GRANT)
    assert not find(MISPLACED, service("node:22", "gpus: all"))


def test_reservation_beside_others_stays(repair: Repair) -> None:
    deploy = (
        "    deploy:\n      resources:\n        reservations:\n          devices:\n            - capabilities: [gpu]\n"
    )
    text = service("node:22") + deploy + GRANT
    assert repair(MISPLACED, text) == service("node:22") + GRANT
    text = service("node:22") + deploy + "          memory: 1g\n" + GRANT
    assert repair(MISPLACED, text) == text


COMMENTED = """services:
  llm:
    image: {}
    # gpus: all
    ports: [80]
    # deploy: {{resources: {{reservations: {{devices: []}}}}}}
  other: {{image: other}}
"""


def test_a_reservation_that_was_commented_out_is_a_decision(find: Find) -> None:
    """For what runs on both; what needs a GPU needs it all the same, and the next service's comments are its own."""
    assert not find(MISSING, COMMENTED.format("ollama/ollama:1"))
    assert find(MISSING, COMMENTED.format(VLLM))
    assert find(MISSING, "services:\n  llm: {image: 'ollama/ollama:1'}\n  b:\n    image: b\n    # gpus: all\n")


def test_an_overlay_beside_hands_it_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text(f"services:\n  llm: {{image: '{VLLM}'}}\n  b: {{image: '{VLLM}'}}\n", "utf-8")
    given = {
        "compose.gpu.yaml": "llm: {gpus: all}",
        "compose.x.yaml": "b: {deploy: {}}",
        "other.yaml": "b: {gpus: all}",
    }
    for name, text in given.items():
        Path(name).write_text(f"services: {{{text}}}\n", "utf-8")
    found = check(["compose.yaml"], Settings([rules()[MISSING]], {}))
    assert [result.place.row for result in found.results] == [3]
    Path("compose.x.yaml").write_text("services: {b: {runtime: nvidia}}\n", "utf-8")
    assert not check(["compose.yaml"], Settings([rules()[MISSING]], {})).results
