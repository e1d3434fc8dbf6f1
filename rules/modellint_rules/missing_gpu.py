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

Where the word `cpu` stands in a name, tag, flag, variable, profile or the file's path, the CPU is meant. So it is where
another service of the project runs the same product with a GPU, as in a choice by profile.

The fix reserves every NVIDIA GPU of the machine. On a machine without one, Docker then refuses to start the service.

What this rule cannot see: a Docker daemon whose default runtime hands GPUs to every container, another Compose file
that is laid over this one and adds the GPU, and what a locally built image holds when its command does not say so.
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
# Words of the image's name or tag that stand for hardware of somebody else, for which no hint is known.
_OTHERS = ("musa", "tpu", "npu", "ascend", "cann", "neuron", "hpu", "openvino")
_MOST_OVERLAYS = 20  # beside a file that are looked at
_LONGEST_COMMENT = 2_000  # characters behind a service
_RESERVING = ("gpus:", "devices:", "capabilities:", "runtime: nvidia", "reservations:")
_SECTIONS = ("deploy", "resources", "reservations", "devices")
_DEVICE = ("- driver: nvidia", "  count: all", "  capabilities: [gpu]")


@rule(WARNING, whole=True, tags=("gpu",))
def missing_gpu(project: Project, context: Context) -> Findings:
    """Report servers that need a GPU, and Ollama, where they get none."""
    servers = [(service, served(service)) for service in project.services.values()]
    with_gpu = {known for service, known in servers if known is not None and has_gpu(service)}
    for service, known in servers:
        if known is not None and known not in with_gpu:
            for finding in _without(service, known, project):
                if service.name.text not in project.once(_given_by_overlays):
                    yield finding


def _given_by_overlays(project: Project) -> frozenset[str]:
    """The services that an overlay beside the project's file hands a GPU: who needs one lays it over."""
    from modellint.compose.loading.overlay import service_texts, siblings

    overlays = siblings(project.files[0].source.path)[:_MOST_OVERLAYS] if project.files else []
    return frozenset(name for path in overlays for name, body in service_texts(path, project.reader) if reserves(body))


def _is_left_out(service: Service) -> bool:
    """Whether a reservation stands in the service as a comment: its author knows, and has decided."""
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
            f"nothing hands a GPU to `{name}`: {_built(known)} is built for one, and fails to start or computes on the "
            "CPU alone"
        )
        yield Finding(place, message, fix, hint="" if fix else _hint(service))
    else:
        message = f"nothing hands a GPU to `{name}`: {known.name} computes on the CPU alone, many times slower"
        yield Finding(place, message, fix, hint="" if fix else _HINT, severity=NOTE)


def _needs(service: Service, known: Product) -> str:
    name = text_of(service.image)
    return gpu(Image(name), known) if name else known.gpu


def _built(known: Product) -> str:
    """What is built for a GPU: the product, or only this build of it."""
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
    return Fix("reserve the machine's NVIDIA GPUs", [edit]) if edit else None


def _reservation(service: Service, project: Project) -> Edit | None:
    """Add what is missing of a reservation; None where it would stand in a map that is not written out plainly."""
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
