"""The policy does not allow the registry of a model.

A list of registries keeps out models that nobody has reviewed: a model is code and data that runs with the privileges
of the application. Models from the Hugging Face Hub come from `huggingface.co`, models without a host from `docker.io`.

Runs if a policy has `allow: {registries: …}`.

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

A policy of the repository does not see what the shell sets a variable to: allow the registry as it is written,
`${REGISTRY}`, or name a policy outside the repository with `--policy`.

What this rule cannot see: a reference that comes from a variable without a value here, and mirrors that Docker Model
Runner uses.
"""

from __future__ import annotations

from modellint.compose.model.shown_values import own_parts
from modellint.compose.model.unset import unset
from modellint.rule import ERROR, Context, Finding, Findings, Model, Related, rule


@rule(ERROR, policy=True, tags=("supply-chain",))
def forbidden_registry(model: Model, context: Context) -> Findings:
    """Report models whose registry matches no pattern of the list."""
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
            span,
            message,
            related=[Related(allowed.span, "allowed registries")],
            hint="mirror the model to an allowed registry, or ask for this one to be allowed",
        )
