"""A model from the Hugging Face Hub cannot be pinned.

Docker Model Runner downloads the current state of the repository's `main` branch for `hf.co/…` and packages it on the
host: there is no digest to pin, and the part after the `:` is a quantization, not a version. A model is never updated
after its first download, so two hosts can run different weights under the same name.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M
    #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M` cannot be pinned: Docker Model Runner pulls the current state of `main`
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

What this rule cannot see: whether a mirror in a registry contains the same weights.
"""

from __future__ import annotations

from modellint.rule import NOTE, Context, Finding, Findings, Model, rule


@rule(NOTE, tags=("supply-chain",))
def unpinnable_model(model: Model, context: Context) -> Findings:
    """Report references to the Hugging Face Hub."""
    ref, node = model.ref, model.reference
    if ref is None or node is None or ref.kind != "hub":
        return
    message = f"`{node.shown}` cannot be pinned: Docker Model Runner pulls the current state of `main`"
    hint = "mirror it to an OCI registry, and pin it there by digest"
    yield Finding(node.content, message, hint=hint)
