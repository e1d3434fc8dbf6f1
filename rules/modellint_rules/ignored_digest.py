"""A model reference has both a tag and a digest, so the digest is ignored.

Docker Model Runner looks for a tag first and stops there (since 1.0.11), so the digest is never compared: the reference
looks pinned but is not. Docker Compose itself writes this form for images, where it is a pin.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
    #                 ^^^^^^^^^^^ the tag overrides the digest: Docker Model Runner pulls `360M-Q4_K_M` and ignores the digest
```

```yaml fixed
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e # 360M-Q4_K_M
```

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: registry.example.com:5000/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```
"""

from __future__ import annotations

from modellint.rule import ERROR, Context, Finding, Findings, Fix, Model, Scalar, rule


@rule(ERROR, tags=("supply-chain",))
def ignored_digest(model: Model, context: Context) -> Findings:
    """Report the tag of a reference that also has a digest."""
    ref, node = model.ref, model.reference
    if ref is None or node is None or ref.kind == "invalid" or not (ref.tag and ref.digest):
        return
    tag = node.part(*ref.tag_at)
    shown = tag.text if tag != node.content else node.shown
    message = f"the tag overrides the digest: Docker Model Runner pulls `{shown}` and ignores the digest"
    fix = _fix(node, ref.digest, context)
    yield Finding(tag, message, fix, hint="" if fix else "write `name@sha256:…` without the tag")


def _fix(node: Scalar, digest: str, context: Context) -> Fix | None:
    from modellint.fixing.pin_edits import Unpinnable, pin_model, place

    try:
        where = place(node, context.project)
    except Unpinnable:
        return None
    fix = pin_model(where, digest)
    fix.title = "remove the tag and keep it in a comment"
    return fix
