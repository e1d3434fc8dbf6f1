"""A model reference has no digest.

A tag can move to other weights at any time, and on nearly every `up` Docker Compose pulls again what the tag points to:
the same file later runs a different model, with different answers, a different license or different memory
requirements, and nothing in the repository shows it. A digest identifies one artifact permanently, and Docker Compose
cannot add it: `config --resolve-image-digests` covers only images.

Docker Model Runner respects exactly one form, `name@sha256:…` without a tag: if there is a tag and a digest, it uses
the tag (since 1.0.11). `modellint fix --pin` looks up the digest in the registry and writes it.

```json registry
{"docker.io/ai/smollm2:360M-Q4_K_M": {"digest": "sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"}}
```

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
    #      ^^^^^^^^^^^^^^^^^^^^^^ `ai/smollm2:360M-Q4_K_M` has no digest: the model changes when its tag moves
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
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e # 360M-Q4_K_M
```

What this rule cannot see: a reference that comes from a variable without a value here. Models from the Hugging Face Hub
are reported by `unpinnable-model`, and a tag next to a digest by `ignored-digest`.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Model, rule


@rule(WARNING, tags=("supply-chain",))
def unpinned_model(model: Model, context: Context) -> Findings:
    """Report references to an OCI registry without a digest."""
    ref, node = model.ref, model.reference
    if ref is None or node is None or ref.kind != "tag" or ref.digest or unset(node, context.project):
        return
    message = f"`{node.shown}` has no digest: the model changes when its tag moves"
    hint = "pin it as `name@sha256:…` without a tag, because a tag overrides the digest"
    fix = _fix(model, context)
    yield Finding(node.content, message, fix, hint="" if fix else hint)


def _fix(model: Model, context: Context) -> Fix | None:
    """Return the pin, if a registry was asked for the digest."""
    if context.facts is None or model.reference is None or model.ref is None:
        return None
    from modellint.fixing.pin_edits import Unpinnable, model_fix, shown

    try:
        return shown(model_fix(model.reference, model.ref, context.project, context.facts))
    except Unpinnable:
        return None
