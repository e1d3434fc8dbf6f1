"""A service runs a model as if it were a container image.

The names under `ai/` on Docker Hub, and everything under `hf.co/`, are model artifacts: weights and metadata, without
a program and without a file system. Docker Engine pulls such an artifact with a warning that AI models are not
supported, and has nothing to start.

A model belongs under the top-level `models:`, where Docker Model Runner serves it and Compose injects its address.

```yaml bad
services:
  llm:
    image: ai/smollm2:360M-Q4_K_M
    #      ^^^^^^^^^^^^^^^^^^^^^^ `ai/smollm2:360M-Q4_K_M` is a model, not an image: Docker can pull it and has nothing to start
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

What this rule cannot see: models under other owners' names, which look like any image. An image that the project
builds under such a name is left alone.
"""

from __future__ import annotations

from modellint.oci.image_reference import Image
from modellint.rule import ERROR, Context, Finding, Findings, Service, rule

_MODELS_ONLY = ("docker.io/ai/", "hf.co/", "huggingface.co/")


@rule(ERROR, refused=True)
def model_as_image(service: Service, context: Context) -> Findings:
    """Report an image from a place that holds models only."""
    node = service.image
    if node is None or not isinstance(node.value, str) or "build" in service.body:
        return
    if Image(node.value).name.startswith(_MODELS_ONLY):
        message = f"`{node.shown}` is a model, not an image: Docker can pull it and has nothing to start"
        hint = "declare it under the top-level `models:` and grant it to the services that call it"
        yield Finding(node.content, message, hint=hint)
