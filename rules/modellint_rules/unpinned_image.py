"""A service's image has no digest.

A tag can be moved to another image at any time. For images Docker keeps both: `name:tag@sha256:…` pulls exactly the
digest, and the tag tells a reader what it is. (For models that form is no pin, see `ignored-digest`.)

Off by default; the policy `strict` switches it on. `modellint fix --pin` asks the registry and writes the digest.

```json registry
{"ghcr.io/example/app:1.4": {"kind": "index", "digest": "sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"}}
```

```yaml bad
services:
  app:
    image: ghcr.io/example/app:1.4
    #      ^^^^^^^^^^^^^^^^^^^^^^^ `ghcr.io/example/app:1.4` has no digest: whoever moves the tag changes the image that you run
    models: [llm]
models:
  llm:
    model: ai/smollm2
```

```yaml fixed
services:
  app:
    image: ghcr.io/example/app:1.4@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
    models: [llm]
models:
  llm:
    model: ai/smollm2
```

```yaml good
services:
  app:
    image: ghcr.io/example/app:1.4@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
    models: [llm]
  worker:
    image: example/worker
    build: .
models:
  llm:
    model: ai/smollm2
```

What this rule cannot see: base images in Dockerfiles, and images whose name comes from a variable without a value
here. Images that the project builds itself are left alone.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.oci.image_reference import Image
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Scalar, Service, rule


@rule(WARNING, off=True, tags=("supply-chain",))
def unpinned_image(service: Service, context: Context) -> Findings:
    """Report an image that is pulled by tag."""
    node = service.image
    if node is None or not isinstance(node.value, str) or not node.value or "build" in service.body:
        return
    if Image(node.value).digest or unset(node, context.project):
        return
    message = f"`{node.shown}` has no digest: whoever moves the tag changes the image that you run"
    fix = _fix(node, context)
    yield Finding(node.content, message, fix, hint="" if fix else "pin it as `name:tag@sha256:…`")


def _fix(node: Scalar, context: Context) -> Fix | None:
    """The pin, where a registry was asked for the digest."""
    if context.facts is None:
        return None
    from modellint.fixing.pin_edits import Unpinnable, image_fix, shown

    try:
        return shown(image_fix(node, context.project, context.facts))
    except Unpinnable:
        return None
