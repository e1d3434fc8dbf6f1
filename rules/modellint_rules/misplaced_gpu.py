"""A service that is granted a model reserves a GPU that it does not need.

With `models:`, the model runs in Docker Model Runner, outside the container of the service, and Docker Model Runner
manages the GPU. A reservation in the service does not make the model faster, and Docker cannot start the service on a
host without such a GPU, even if Docker Model Runner could use the CPU there.

```yaml bad
services:
  app:
    image: node:22
    models: [llm]
    deploy:
      resources:
        reservations:
          devices:
        # ^^^^^^^ the model runs in Docker Model Runner, not in `app`: this only prevents `app` from starting on a host without a GPU
            - driver: nvidia
              count: 1
              capabilities: [gpu]
  chat:
    image: ghcr.io/berriai/litellm:v1.77.5
    gpus: all
  # ^^^^ the model runs in Docker Model Runner, not in `chat`: this only prevents `chat` from starting on a host without a GPU
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

What this rule cannot see: what a service itself computes on a GPU. It reports only known images that do not use one:
infrastructure, gateways, and plain images of languages without GPU libraries.
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
    Related,
    Scalar,
    Sequence,
    Service,
    rule,
    scalars,
    text_of,
)

# Plain images of languages; not Python, which may install GPU libraries from a package index when it starts.
_LANGUAGES = frozenset(
    f"docker.io/library/{name}"
    for name in ("node", "golang", "ruby", "php", "openjdk", "eclipse-temurin", "maven", "gradle", "elixir", "alpine")
)
_RESERVATIONS = ("deploy", "resources", "reservations")


@rule(NOTE, tags=("gpu",))
def misplaced_gpu(service: Service, context: Context) -> Findings:
    """Report GPU reservations of services that use a model and do no GPU work themselves."""
    if not service.grants or "build" in service.body or not _uses_no_gpu(service):
        return
    reservations = service.body.get(*_RESERVATIONS)
    devices = reservations.key("devices") if isinstance(reservations, Mapping) else None
    if devices is not None and _asks_for_gpu(service):
        edits = take_out_key(service.body, "deploy") if _is_all_of_deploy(service) else None
        yield _misplaced(
            service, devices, Fix("remove `deploy`, which contains nothing else", edits) if edits else None
        )
    gpus = service.body.key("gpus")
    if gpus is not None and _is_asked(service.body.get("gpus")):
        edits = take_out_key(service.body, "gpus")
        yield _misplaced(service, gpus, Fix("remove `gpus`", edits) if edits else None)


def _misplaced(service: Service, key: Scalar, fix: Fix | None) -> Finding:
    name, grant = service.name.text, service.grants[0]
    message = (
        f"the model runs in Docker Model Runner, not in `{name}`: this only prevents `{name}` from starting on a host"
        " without a GPU"
    )
    hint = "" if fix else "remove the reservation"
    return Finding(key.content, message, fix, [Related(grant.name.content, "the grant")], hint=hint)


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
