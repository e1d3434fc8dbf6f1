"""The policy does not allow the registry that a model comes from.

A list of registries keeps out what nobody has looked at: a model is code and data that runs with the application's rights.
Models of the Hugging Face Hub come from `huggingface.co`, those without a host from `docker.io`.

Runs where a policy has `allow: {registries: …}`.

```yaml policy
version: 1
allow:
  registries: [docker.io, "*.acme.internal"]
```

```yaml bad
services:
  app:
    image: app
    models: [llm, hub]
models:
  llm:
    model: ghcr.io/someone/llm:1
    #      ^^^^^^^ the policy does not allow models from `ghcr.io`
  hub:
    model: hf.co/org/model:Q4_K_M
    #      ^^^^^^^^^^^^^^^^^^^^^^ the policy does not allow models from `huggingface.co`
```

```yaml good
services:
  app:
    image: app
    models: [llm, own]
models:
  llm:
    model: ai/smollm2
  own:
    model: models.acme.internal/chat:1
```

A policy of the repository is not told what the shell gives a variable: the registry must then be allowed as it is
written, `${REGISTRY}`, or the policy be named with `--policy` and lie outside of the repository.

What this rule cannot see: a reference that comes from a variable without a value here, and mirrors of the runner.
"""

from __future__ import annotations

from modellint.compose.model.shown_values import own_parts
from modellint.compose.model.unset import unset
from modellint.rule import ERROR, Context, Finding, Findings, Model, rule


@rule(ERROR, policy=True, tags=("supply-chain",))
def forbidden_registry(model: Model, context: Context) -> Findings:
    """Report a model whose registry is in no pattern of the list."""
    allowed = context.demands.registries if context.demands else None
    ref, node = model.ref, model.reference
    if (
        allowed is None
        or ref is None
        or node is None
        or ref.kind in ("local", "invalid")
        or unset(node, context.project)
    ):
        return
    registry = ref.registry
    if context.demands is not None and not context.demands.sees_values:
        registry, _ = own_parts(model, context.project)
    if not allowed.allows(registry or node.shown.partition("/")[0]):
        span = node.part(0, len(ref.registry)) if ref.text.startswith(ref.registry + "/") else node.content
        shown = node.shown if node.interpolated else ref.registry
        message = f"the policy does not allow models from `{shown}`"
        yield Finding(
            span, message, related=[(allowed.span, "allowed here")], hint="mirror the model, or have it allowed"
        )
