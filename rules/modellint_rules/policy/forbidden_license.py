"""The policy does not allow the license of a model.

Model licenses restrict more than software licenses: commercial use, use above a number of users, use in some countries,
training of other models. The rule reads the license from the model's own metadata.

Runs with `--online`, if a policy has `allow: {licenses: …}`. A model whose license is unknown is reported too, because
it is not known to be allowed.

```yaml policy
version: 1
allow:
  licenses: [Apache-2.0, MIT]
```

```json registry
{
  "docker.io/ai/smollm2:360M-Q4_K_M": {"licenses": ["apache-2.0"]},
  "docker.io/ai/llama3.2:1B-Q4_0": {"licenses": ["llama3.2"]},
  "docker.io/ai/other:1": {"licenses": []}
}
```

```yaml bad
services:
  app:
    image: app
    models: [llm, other]
models:
  llm:
    model: ai/llama3.2:1B-Q4_0
    #      ^^^^^^^^^^^^^^^^^^^ the policy does not allow the license `llama3.2`
  other:
    model: ai/other:1
    #      ^^^^^^^^^^ the license of this model is unknown, so the policy does not allow it
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

What this rule cannot see: what the license requires of you, and a license that its publisher specified wrongly.
"""

from __future__ import annotations

from modellint.oci.query import of_model
from modellint.rule import ERROR, Context, Finding, Findings, Model, Related, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


@rule(ERROR, online=True, policy=True, tags=("supply-chain",))
def forbidden_license(model: Model, context: Context) -> Findings:
    """Report models without a license that matches a pattern of the list."""
    allowed = context.demands.licenses if context.demands else None
    node = model.reference
    if allowed is None or model.ref is None or node is None or context.facts is None:
        return
    artifact = context.facts.artifact(of_model(model.ref))
    if artifact is None or artifact.kind != "model":
        return
    patterns = allowed.once(_lower)
    if any(name.lower() in patterns or allowed.allows(name) for name in artifact.licenses):
        return
    named = ", ".join(f"`{name}`" for name in artifact.licenses)
    message = f"the policy does not allow the license {named}"
    if not named:
        message = "the license of this model is unknown, so the policy does not allow it"
    yield Finding(node.content, message, related=[Related(allowed.span, "allowed licenses")])


def _lower(patterns: Sequence[str]) -> set[str]:
    return {pattern.lower() for pattern in patterns}
