"""An inference server is handed no GPU.

A container sees the host's GPUs only when it is told to: by a reservation, `gpus:`, a runtime or a device. A server that
is built for a GPU refuses to start without one (vLLM says "Failed to infer device type"), or falls back to the CPU. Ollama
runs on both; on the CPU it answers many times slower, which is worth a note and no more.

```yaml bad
services:
  vllm:
# ^^^^ nothing hands a GPU to `vllm`: vLLM is built for one, and fails to start or computes on the CPU alone
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-8B
  ollama:
# ^^^^^^ nothing hands a GPU to `ollama`: Ollama computes on the CPU alone, many times slower
    image: ollama/ollama:0.12.6
```

```yaml good
services:
  vllm:
    image: vllm/vllm-openai:v0.11.0
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: all
              capabilities: [gpu]
  ollama:
    image: ollama/ollama:0.12.6
    gpus: all
  small:
    image: ghcr.io/ggml-org/llama.cpp:server
    command: -m /models/small.gguf --n-gpu-layers 0
  pull:
    image: ollama/ollama:0.12.6
    entrypoint: [ollama, pull, smollm2]
```

Where the word `cpu` stands in a name, tag, flag, variable, profile or the file's path, the CPU is meant. So it is where
another service of the project runs the same product with a GPU, as in a choice by profile.

What this rule cannot see: a Docker daemon whose default runtime hands GPUs to every container, another Compose file
that is laid over this one and adds the GPU, and what a locally built image holds when its command does not say so.
"""

from __future__ import annotations

from modellint.evidence.gpu import has_gpu, wants_cpu
from modellint.evidence.images import NEEDED, NONE, OLLAMA, Product, gpu
from modellint.evidence.serving import served
from modellint.evidence.unset import unset
from modellint.image import Image
from modellint.rule import NOTE, WARNING, Context, Finding, Findings, Project, Service, rule, text_of

_HINT = "add `gpus: all`, or a reservation under `deploy.resources.reservations.devices`"
# By a word of the image's name or tag: what hands its kind of GPU to a container.
_DEVICES = {
    "rocm": "add `devices: [/dev/kfd, /dev/dri]`",
    "hipblas": "add `devices: [/dev/kfd, /dev/dri]`",
    "vulkan": "add `devices: [/dev/dri]`",
    "intel": "add `devices: [/dev/dri]`",
    "sycl": "add `devices: [/dev/dri]`",
    "xpu": "add `devices: [/dev/dri]`",
    "gaudi": "add `runtime: habana`",
}


@rule(WARNING, whole=True, tags=("gpu",))
def missing_gpu(project: Project, context: Context) -> Findings:
    """Report servers that need a GPU, and Ollama, where they get none."""
    servers = [(service, served(service)) for service in project.services.values()]
    with_gpu = {known for service, known in servers if known is not None and has_gpu(service)}
    for service, known in servers:
        if known is not None and known not in with_gpu:
            yield from _without(service, known, project)


def _without(service: Service, known: Product, project: Project) -> Findings:
    needs = _needs(service, known)
    if needs == NONE or (needs != NEEDED and known is not OLLAMA) or wants_cpu(service):
        return
    if service.image is not None and unset(service.image, project):
        return
    name, place = service.name.text, service.name.content
    if needs == NEEDED:
        message = (
            f"nothing hands a GPU to `{name}`: {_built(known)} is built for one, and fails to start or computes on the "
            "CPU alone"
        )
        yield Finding(place, message, hint=_hint(service))
    else:
        message = f"nothing hands a GPU to `{name}`: {known.name} computes on the CPU alone, many times slower"
        yield Finding(place, message, hint=_HINT, severity=NOTE)


def _needs(service: Service, known: Product) -> str:
    name = text_of(service.image)
    return gpu(Image(name), known) if name else known.gpu


def _built(known: Product) -> str:
    """What is built for a GPU: the product, or only this build of it."""
    return known.name if known.gpu == NEEDED else f"this build of {known.name}"


def _hint(service: Service) -> str:
    name = (text_of(service.image) or "").lower()
    return next((hint for word, hint in _DEVICES.items() if word in name), _HINT)
