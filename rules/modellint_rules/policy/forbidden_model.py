"""The policy does not allow a model.

A list of models contains the models that a team has tested, licensed and planned memory for. A pattern is compared with
the name without tag and digest, with and without its host: `ai/*` matches `ai/smollm2` and `docker.io/ai/smollm2`. `*`
matches one part of the name, `**` any number of parts.

Runs if a policy has `allow: {models: …}`.

```yaml policy
version: 1
allow:
  models: ["ai/smol*", "models.acme.internal/**"]
```

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:8B-Q4_K_M
    #      ^^^^^^^^ the policy does not allow `ai/qwen3`
```

```yaml good
services:
  app:
    image: app
    models: [llm, own]
models:
  llm:
    model: smollm2:360M-Q4_K_M
  own:
    model: models.acme.internal/team/chat:1
```

A policy of the repository does not see what the shell sets a variable to: allow the model as it is written,
`${REGISTRY}/**`, or name a policy outside the repository with `--policy`.

What this rule cannot see: what a tag points to. Pins (`unpinned-model`) prevent an allowed name from becoming a
different model.
"""

from __future__ import annotations

from modellint.compose.model.shown_values import own_parts
from modellint.compose.model.unset import unset
from modellint.rule import ERROR, Context, Finding, Findings, Model, Related, rule


@rule(ERROR, policy=True, tags=("supply-chain",))
def forbidden_model(model: Model, context: Context) -> Findings:
    """Report models whose name matches no pattern of the list."""
    allowed = context.demands.models if context.demands else None
    ref, node = model.ref, model.reference
    if (
        allowed is None
        or ref is None
        or node is None
        or ref.kind in ("local", "invalid")
        or unset(node, context.project)
    ):
        return
    registry, repository = ref.registry, ref.repository
    if context.demands is not None and not context.demands.sees_values:
        registry, repository = own_parts(model, context.project)
    names = (repository, f"{registry}/{repository}") if repository else (node.shown,)
    if not allowed.allows(*names):
        shown = f"`{node.shown}`" if node.interpolated else f"`{ref.name.strip()}`"
        related = [Related(allowed.span, "allowed models")]
        hint = "use an allowed model, or ask for this one to be allowed"
        yield Finding(node.part(0, len(ref.name)), f"the policy does not allow {shown}", related=related, hint=hint)
