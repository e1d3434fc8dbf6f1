"""Fixes of GPU reservations and of `context_size`: where what is missing is added, and where it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
HEAD = "services:\n  a:\n    image: vllm/vllm-openai:v0.11.0\n"
DEVICES = "devices:\n            - driver: nvidia\n              count: all\n              capabilities: [gpu]\n"
RESERVATIONS = f"        reservations:\n          {DEVICES}"
DEPLOY = f"    deploy:\n      resources:\n{RESERVATIONS}"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (HEAD, HEAD + DEPLOY),
        (f"{HEAD}    # gpus: all\n\n# end\n", f"{HEAD}{DEPLOY}    # gpus: all\n\n# end\n"),
        (f"{HEAD}    ports:\n      - 1:1\n      # - 2:2\n", f"{HEAD}    ports:\n      - 1:1\n      # - 2:2\n{DEPLOY}"),
        (f"{HEAD}    deploy:\n      replicas: 1\n    user: me\n",
         f"{HEAD}    deploy:\n      replicas: 1\n      resources:\n{RESERVATIONS}    user: me\n"),
        (f"{HEAD}    deploy:\n      resources:\n        limits:\n          cpus: '1'\n",
         f"{HEAD}    deploy:\n      resources:\n        limits:\n          cpus: '1'\n{RESERVATIONS}"),
        (f"{HEAD}    deploy:\n      resources:\n        reservations:\n          memory: 1g\n",
         f"{HEAD}    deploy:\n      resources:\n        reservations:\n          memory: 1g\n          {DEVICES}"),
        (f"{HEAD}    deploy: {{replicas: 1}}\n", None),
        (f"{HEAD}    deploy: &d\n      replicas: 1\n", None),
        (f"x: &d {{replicas: 1}}\n{HEAD}    deploy: *d\n", None),
        (f"x: &d {{deploy: {{replicas: 1}}}}\n{HEAD}    <<: *d\n", None),
        (HEAD.replace("  a:", "  a: &a"), None),
        ("services: {a: {image: 'vllm/vllm-openai:v0.11.0'}}\n", None),
        (HEAD.replace("vllm/vllm-openai:v0.11.0", "rocm/vllm:v1"), None),
        (HEAD.replace("vllm/vllm-openai:v0.11.0", "ghcr.io/ggml-org/llama.cpp:server-vulkan"), None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_reservation_is_added(text: str, after: str | None, end: str, find: Find, repair: Repair) -> None:
    (found,) = find("missing-gpu", text)
    assert bool(found.fix) is bool(after) is not bool(found.hint)
    assert repair("missing-gpu", text.replace("\n", end)) == (after or text).replace("\n", end)


def test_a_file_indents_as_it_does(repair: Repair) -> None:
    text = "services:\n    a:\n        image: ollama/ollama:0.12.6"
    assert repair("missing-gpu", text).splitlines()[3:6] == [
        "        deploy:", "            resources:", "                reservations:",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("device", "after"),
    [
        ("{count: 1, device_ids: ['0'], capabilities: [gpu]}", "{device_ids: ['0'], capabilities: [gpu]}"),
        ("{capabilities: [gpu], device_ids: ['0'], count: all}", "{capabilities: [gpu], device_ids: ['0']}"),
        ("count: 1\n              device_ids: ['0']\n              capabilities: [gpu]",
         "device_ids: ['0']\n              capabilities: [gpu]"),
        ("driver: nvidia\n              capabilities: []", "driver: nvidia\n              capabilities: [gpu]"),
        ("{count: 1, device_ids: [], capabilities: [gpu]}", None),
        ("{count: 0, capabilities: [gpu]}", None),
        ("{count: one, capabilities: [gpu]}", None),
        ("{count: 1, capabilities: &none []}", None),
        ("&d {count: 1, device_ids: ['0'], capabilities: [gpu]}", None),
    ],
)  # fmt: skip
def test_devices(device: str, after: str | None, find: Find, repair: Repair) -> None:
    head = "services:\n  a:\n    image: a\n    deploy:\n      resources:\n        reservations:\n          devices:\n"
    head += "            - "
    (found,) = find("invalid-gpu-reservation", f"{head}{device}\n")
    assert bool(found.fix) is bool(after) is not bool(found.hint)
    assert repair("invalid-gpu-reservation", f"{head}{device}\n") == f"{head}{after or device}\n"


@pytest.mark.parametrize(
    ("size", "after"),
    [
        ("${C:-4096}", "4096"),
        ("${C-4096}", "4096"),
        ("'${C:-4096}' # tokens", "4096 # tokens"),
        ('"4096"', "4096"),
        ("${C}", None),
        ("${C:-}", None),
        ("${C:-0x10}", None),
        ("${C:-${D:-1}}", None),
        ("${C:?set it}", None),
        ("&c ${C:-4096}", None),
    ],
)
def test_context_size(size: str, after: str | None, find: Find, repair: Repair) -> None:
    text = f"services: {{a: {{image: a, models: [m]}}}}\nmodels:\n  m:\n    model: ai/x\n    context_size: {size}\n"
    assert repair("invalid-compose", text) == text.replace(size, after or size)
    assert all(each.fix is None for each in find("invalid-compose", text, {"C": "8192"}) if "{C" in size)
