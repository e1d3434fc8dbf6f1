"""An inference server has no GPU reservation.

A container has access to the GPUs of the host only if it requests them: with a reservation, `gpus:`, a runtime or a
device. A server that is built for GPUs does not start without one (vLLM reports "Failed to infer device type"), or
falls back to the CPU. Ollama supports both; on the CPU its answers take many times longer, which is only a note.

```yaml bad
services:
  vllm:
# ^^^^ `vllm` has no GPU reservation: vLLM is built for GPUs, and fails to start or falls back to the CPU
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-8B
  ollama:
# ^^^^^^ `ollama` has no GPU reservation: Ollama runs on the CPU, many times slower
    image: ollama/ollama:0.12.6
```

```yaml fixed
services:
  vllm:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-8B
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: all
              capabilities: [gpu]
  ollama:
    image: ollama/ollama:0.12.6
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: all
              capabilities: [gpu]
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

If the word `cpu` is in a name, tag, flag, variable, profile or in the path of the file, the service is meant to use the
CPU and is not reported. The same is true if another service of the project runs the same product with a GPU, as in a
choice between profiles.

The fix reserves every NVIDIA GPU of the host. On a host without one, Docker then cannot start the service.

What this rule cannot see: a Docker daemon whose default runtime gives GPUs to every container, another Compose file
that is merged over this one and adds the GPU, and what a locally built image contains if its command does not show it.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.evidence.gpu import has_gpu, reserves, wants_cpu
from modellint.evidence.images import NEEDED, NONE, OLLAMA, Product, gpu
from modellint.evidence.serving import served
from modellint.oci.image_reference import Image
from modellint.rule import (
    NOTE,
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Mapping,
    Project,
    Scalar,
    Service,
    rule,
    text_of,
)

_HINT = "add `gpus: all`, or a reservation under `deploy.resources.reservations.devices`"
# By a word in the name or tag of the image: how a container gets access to that kind of GPU.
_DEVICES = {
    "rocm": "add `devices: [/dev/kfd, /dev/dri]`",
    "hipblas": "add `devices: [/dev/kfd, /dev/dri]`",
    "vulkan": "add `devices: [/dev/dri]`",
    "intel": "add `devices: [/dev/dri]`",
    "sycl": "add `devices: [/dev/dri]`",
    "xpu": "add `devices: [/dev/dri]`",
    "gaudi": "add `runtime: habana`",
}
# Words in the name or tag of the image that mean other hardware, for which there is no hint.
_OTHERS = ("musa", "tpu", "npu", "ascend", "cann", "neuron", "hpu", "openvino")
_MOST_OVERLAYS = 20  # next to a file that are read
_LONGEST_COMMENT = 2_000  # characters after a service
_RESERVING = ("gpus:", "devices:", "capabilities:", "runtime: nvidia", "reservations:")
_SECTIONS = ("deploy", "resources", "reservations", "devices")
_DEVICE = ("- driver: nvidia", "  count: all", "  capabilities: [gpu]")


@rule(WARNING, whole=True, tags=("gpu",))
def missing_gpu(project: Project, context: Context) -> Findings:
    """Report servers that need a GPU, and Ollama, if they have no access to one."""
    servers = [(service, served(service)) for service in project.services.values()]
    with_gpu = {known for service, known in servers if known is not None and has_gpu(service)}
    for service, known in servers:
        if known is not None and known not in with_gpu:
            for finding in _without(service, known, project):
                if service.name.text not in project.once(_given_by_overlays):
                    yield finding


def _given_by_overlays(project: Project) -> frozenset[str]:
    """Return the services that get a GPU from an overlay next to the project's file."""
    from modellint.compose.loading.overlay import service_texts, siblings

    overlays = siblings(project.files[0].source.path)[:_MOST_OVERLAYS] if project.files else []
    return frozenset(name for path in overlays for name, body in service_texts(path, project.reader) if reserves(body))


def _is_left_out(service: Service) -> bool:
    """Return whether the service has a reservation in a comment: its author has decided against it."""
    body = service.body
    comments = [line.strip() for line in body.source.text[service.name.end : body.end].split("\n")]
    for line in body.source.text[body.end : body.end + _LONGEST_COMMENT].split("\n"):
        if line.strip() and not line.lstrip().startswith("#"):
            break
        comments.append(line.strip())
    text = "\n".join(comment[1:] for comment in comments if comment.startswith("#"))
    return any(word in text for word in _RESERVING)


def _without(service: Service, known: Product, project: Project) -> Findings:
    needs = _needs(service, known)
    if needs == NONE or (needs != NEEDED and known is not OLLAMA) or wants_cpu(service):
        return
    if service.image is not None and unset(service.image, project):
        return
    if needs != NEEDED and _is_left_out(service):
        return
    name, place = service.name.text, service.name.content
    fix = _fix(service, project)
    if needs == NEEDED:
        message = (
            f"`{name}` has no GPU reservation: {_built(known)} is built for GPUs, and fails to start or falls back to "
            "the CPU"
        )
        yield Finding(place, message, fix, hint="" if fix else _hint(service))
    else:
        message = f"`{name}` has no GPU reservation: {known.name} runs on the CPU, many times slower"
        yield Finding(place, message, fix, hint="" if fix else _HINT, severity=NOTE)


def _needs(service: Service, known: Product) -> str:
    name = text_of(service.image)
    return gpu(Image(name), known) if name else known.gpu


def _built(known: Product) -> str:
    """Return what is built for GPUs: the product, or only this build of it."""
    return known.name if known.gpu == NEEDED else f"this build of {known.name}"


def _hint(service: Service) -> str:
    name = (text_of(service.image) or "").lower()
    return next((hint for word, hint in _DEVICES.items() if word in name), _HINT)


def _fix(service: Service, project: Project) -> Fix | None:
    name = (text_of(service.image) or "").lower()
    for sign in "/:_.":
        name = name.replace(sign, "-")
    if any(word.startswith((*_DEVICES, *_OTHERS)) for word in name.split("-")):
        return None
    edit = _reservation(service, project)
    return Fix("reserve all NVIDIA GPUs of the host", [edit]) if edit else None


def _reservation(service: Service, project: Project) -> Edit | None:
    """Return an edit that completes the reservation, or None if its map is not written in a simple form."""
    from modellint.fixing.grant_edits import written
    from modellint.fixing.list_edits import add_lines, column

    start = service.image or service.body.key("build") or service.body.key("command")
    found = written(project, service, start.span) if start is not None else None
    if found is None:
        return None
    section, step = found[1], " " * max(1, column(found[1]) - column(found[0]))
    missing = list(_SECTIONS)
    while missing and (entry := section.entries.get(missing[0])) is not None:
        below = entry[1]
        is_written = not section.flow and any(each is entry[0] for each, _ in section.pairs)
        if not is_written or not isinstance(below, Mapping) or below.anchor or below.tag:
            return None
        section = below
        del missing[0]
    elsewhere = section is found[1] and _SECTIONS[0] in service.body
    if section.flow or not section.pairs or not missing or elsewhere:
        return None
    key, value = section.pairs[-1]
    if not isinstance(key, Scalar):
        return None
    indents = [" " * column(section) + step * depth for depth in range(len(missing) + 1)]
    lines = [f"{indent}{name}:" for indent, name in zip(indents, missing, strict=False)]
    return add_lines(key, value, [*lines, *(indents[-1] + line for line in _DEVICE)])
