"""The policy does not allow the licence of a model.

Licences of models forbid more than those of programs: commercial use, use above a number of users, use in some countries,
training of other models. What counts is what the model's own metadata says.

Runs with `--online`, where a policy has `allow: {licenses: …}`. A model whose licence is not known is reported too: it is not
known to be allowed.

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
    #      ^^^^^^^^^^^^^^^^^^^ the policy does not allow the licence `llama3.2`
  other:
    model: ai/other:1
    #      ^^^^^^^^^^ nothing says which licence this model has, so the policy does not allow it
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

What this rule cannot see: what the licence demands of you, and a licence that its publisher named wrongly.
"""

from __future__ import annotations

from modellint.oci.query import of_model
from modellint.rule import ERROR, Context, Finding, Findings, Model, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


@rule(ERROR, online=True, policy=True, tags=("supply-chain",))
def forbidden_license(model: Model, context: Context) -> Findings:
    """Report a model none of whose licences is in a pattern of the list."""
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
    message = f"the policy does not allow the licence {named}"
    if not named:
        message = "nothing says which licence this model has, so the policy does not allow it"
    yield Finding(node.content, message, related=[(allowed.span, "allowed here")])


def _lower(patterns: Sequence[str]) -> set[str]:
    return {pattern.lower() for pattern in patterns}
