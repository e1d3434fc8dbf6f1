"""A model of the Hugging Face Hub cannot be pinned.

Docker Model Runner downloads `hf.co/…` from the branch `main` of the repository, whatever is there that day, and packs
it on your machine: there is no digest to write down, and what stands behind the `:` is a quantization, not a version.
A model that was downloaded once is never updated, so two machines can run different weights under one name.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M
    #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M` cannot be pinned: Docker Model Runner takes whatever `main` holds on the day of the pull
```

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: registry.example.com/llama-3.2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

What this rule cannot see: whether a mirror in a registry holds the same weights.
"""

from __future__ import annotations

from modellint.rule import NOTE, Context, Finding, Findings, Model, rule


@rule(NOTE, tags=("supply-chain",))
def unpinnable_model(model: Model, context: Context) -> Findings:
    """Report a reference to the Hugging Face Hub."""
    ref, node = model.ref, model.reference
    if ref is None or node is None or ref.kind != "hub":
        return
    message = f"`{node.shown}` cannot be pinned: Docker Model Runner takes whatever `main` holds on the day of the pull"
    hint = "mirror it into an OCI registry, and pin that by digest"
    yield Finding(node.content, message, hint=hint)
