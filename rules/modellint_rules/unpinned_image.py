"""A service image has no digest.

A tag can move to another image at any time. For images, Docker uses both parts: `name:tag@sha256:…` pulls exactly the
digest, and the tag shows readers what it is. (For models this form is not a pin, see `ignored-digest`.)

Off by default; the `strict` policy enables it. `modellint fix --pin` looks up the digest in the registry and writes it.

```json registry
{"ghcr.io/example/app:1.4": {"kind": "index", "digest": "sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"}}
```

```yaml bad
services:
  app:
    image: ghcr.io/example/app:1.4
    #      ^^^^^^^^^^^^^^^^^^^^^^^ `ghcr.io/example/app:1.4` has no digest: the image changes when its tag moves
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

What this rule cannot see: base images in Dockerfiles, and images whose name comes from a variable without a value here.
Images that the project builds itself are not reported.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.oci.image_reference import Image
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Scalar, Service, rule


@rule(WARNING, off=True, tags=("supply-chain",))
def unpinned_image(service: Service, context: Context) -> Findings:
    """Report images that are pulled by tag."""
    node = service.image
    if node is None or not isinstance(node.value, str) or not node.value or "build" in service.body:
        return
    if Image(node.value).digest or unset(node, context.project):
        return
    message = f"`{node.shown}` has no digest: the image changes when its tag moves"
    fix = _fix(node, context)
    yield Finding(node.content, message, fix, hint="" if fix else "pin it as `name:tag@sha256:…`")


def _fix(node: Scalar, context: Context) -> Fix | None:
    """Return the pin, if a registry was asked for the digest."""
    if context.facts is None:
        return None
    from modellint.fixing.pin_edits import Unpinnable, image_fix, shown

    try:
        return shown(image_fix(node, context.project, context.facts))
    except Unpinnable:
        return None
