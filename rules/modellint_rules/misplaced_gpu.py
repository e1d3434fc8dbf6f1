"""A service that is granted a model reserves a GPU for itself.

With `models:` the model runs in Docker Model Runner, outside of the service's container. A GPU is the runner's matter: what
the service reserves speeds up nothing of it, and Docker refuses to start the service on a host without such a GPU, also
where the runner does well with the CPU.

```yaml bad
services:
  app:
    image: node:22
    models: [llm]
    deploy:
      resources:
        reservations:
          devices:
        # ^^^^^^^ the model runs in the runner, not in `app`: this only keeps `app` from starting on a host without a GPU
            - driver: nvidia
              count: 1
              capabilities: [gpu]
  chat:
    image: ghcr.io/berriai/litellm:v1.77.5
    gpus: all
  # ^^^^ the model runs in the runner, not in `chat`: this only keeps `chat` from starting on a host without a GPU
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml fixed
services:
  app:
    image: node:22
    models: [llm]
  chat:
    image: ghcr.io/berriai/litellm:v1.77.5
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml good
services:
  whisper:
    image: example/whisper-cuda:1
    gpus: all
    models: [llm]
  worker:
    build: ./worker
    gpus: all
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: what a service computes on a GPU of its own. It speaks only where the image is a known one that
uses none: infrastructure, a gateway, or the plain image of a language without a library for GPUs.
"""

from __future__ import annotations

from modellint.evidence.images import CLIENT, NONE, product
from modellint.fixing.list_edits import take_out_key
from modellint.oci.image_reference import Image
from modellint.rule import (
    NOTE,
    Context,
    Finding,
    Findings,
    Fix,
    Mapping,
    Scalar,
    Sequence,
    Service,
    rule,
    scalars,
    text_of,
)

# Plain images of languages; Python is left out, whose libraries for GPUs come from a package index when it starts.
_LANGUAGES = frozenset(
    f"docker.io/library/{name}"
    for name in ("node", "golang", "ruby", "php", "openjdk", "eclipse-temurin", "maven", "gradle", "elixir", "alpine")
)
_RESERVATIONS = ("deploy", "resources", "reservations")


@rule(NOTE, tags=("gpu",))
def misplaced_gpu(service: Service, context: Context) -> Findings:
    """Report GPUs that are reserved for services which use a model and have no GPU work of their own."""
    if not service.grants or "build" in service.body or not _uses_no_gpu(service):
        return
    reservations = service.body.get(*_RESERVATIONS)
    devices = reservations.key("devices") if isinstance(reservations, Mapping) else None
    if devices is not None and _asks_for_gpu(service):
        edits = take_out_key(service.body, "deploy") if _is_all_of_deploy(service) else None
        yield _misplaced(service, devices, Fix("drop `deploy`, which reserves nothing else", edits) if edits else None)
    gpus = service.body.key("gpus")
    if gpus is not None and _is_asked(service.body.get("gpus")):
        edits = take_out_key(service.body, "gpus")
        yield _misplaced(service, gpus, Fix("drop `gpus`", edits) if edits else None)


def _misplaced(service: Service, key: Scalar, fix: Fix | None) -> Finding:
    name, grant = service.name.text, service.grants[0]
    message = (
        f"the model runs in the runner, not in `{name}`: this only keeps `{name}` from starting on a host without a GPU"
    )
    hint = "" if fix else "drop the reservation"
    return Finding(key.content, message, fix, [(grant.name.content, "the grant")], hint=hint)


def _uses_no_gpu(service: Service) -> bool:
    name = text_of(service.image)
    image = Image(name) if name else None
    known = product(image) if image is not None else None
    if image is not None and image.name in _LANGUAGES:
        return True
    return known is not None and known.gpu == NONE and known.role != CLIENT


def _asks_for_gpu(service: Service) -> bool:
    section = service.body.get(*_RESERVATIONS, "devices")
    for device in section if isinstance(section, Sequence) else ():
        capabilities = device.get("capabilities") if isinstance(device, Mapping) else None
        if any(text_of(each) == "gpu" for each in scalars(capabilities)):
            return True
    return False


def _is_all_of_deploy(service: Service) -> bool:
    sections = (service.body.get(*path) for path in (("deploy",), ("deploy", "resources"), _RESERVATIONS))
    return all(isinstance(section, Mapping) and len(section.pairs) == 1 for section in sections)


def _is_asked(gpus: object) -> bool:
    return bool(gpus.items) if isinstance(gpus, Sequence) else isinstance(gpus, Scalar) and bool(gpus.value)
