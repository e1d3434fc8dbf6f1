"""A service uses a model as its container image.

Repositories under `ai/` on Docker Hub, and everything under `hf.co/`, are model artifacts: weights and metadata,
without a program or a file system. Docker Engine pulls such an artifact with a warning that AI models are not
supported, and has nothing to start.

Models belong under the top-level `models:`, where Docker Model Runner serves them and Compose injects their address.

```yaml bad
services:
  llm:
    image: ai/smollm2:360M-Q4_K_M
    #      ^^^^^^^^^^^^^^^^^^^^^^ `ai/smollm2:360M-Q4_K_M` is a model, not an image: Docker can pull it but has nothing to start
  app:
    image: app
    depends_on: [llm]
```

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: models in other namespaces, which look like any image. Images that the project builds under
such a name are not reported.
"""

from __future__ import annotations

from modellint.oci.image_reference import Image
from modellint.rule import ERROR, Context, Finding, Findings, Service, rule

_MODELS_ONLY = ("docker.io/ai/", "hf.co/", "huggingface.co/")


@rule(ERROR, refused=True)
def model_as_image(service: Service, context: Context) -> Findings:
    """Report images from places that contain only models."""
    node = service.image
    if node is None or not isinstance(node.value, str) or "build" in service.body:
        return
    if Image(node.value).name.startswith(_MODELS_ONLY):
        message = f"`{node.shown}` is a model, not an image: Docker can pull it but has nothing to start"
        hint = "declare it under the top-level `models:`, and grant it to the services that call it"
        yield Finding(node.content, message, hint=hint)
