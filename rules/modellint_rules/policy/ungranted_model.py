"""A service has a model that the policy does not give it.

`grants` of a policy is a matrix: services in the rows, the models that each may use in the cells. A grant that is not in it may
be an oversight, or a service that has quietly got access to a model that was never meant for it.

Runs where a policy has `grants`.

```yaml policy
version: 1
grants:
  web: [chat]
  "batch-*": [chat, embed]
```

```yaml bad
services:
  web:
    image: web
    models: [chat, embed]
    #              ^^^^^ the policy does not give `embed` to `web`
  admin:
    image: admin
    models: [chat]
    #        ^^^^ the policy gives no model to `admin`
models:
  chat:
    model: ai/smollm2
  embed:
    model: ai/embeddinggemma
```

```yaml good
services:
  web:
    image: web
    models: [chat]
  batch-nightly:
    image: batch
    models:
      chat:
        endpoint_var: CHAT_URL
      embed: {}
models:
  chat:
    model: ai/smollm2
  embed:
    model: ai/embeddinggemma
```

What this rule cannot see: a grant is no access control. Any container that reaches the runner can use every model.
"""

from __future__ import annotations

from modellint.compose.model.shown_values import is_outer
from modellint.rule import ERROR, Context, Finding, Findings, Grant, rule

_SHOWN = 10  # rows of a service that a finding shows


@rule(ERROR, policy=True, tags=("access",))
def ungranted_model(grant: Grant, context: Context) -> Findings:
    """Report a grant that no row of the matrix has."""
    if context.demands is None or context.demands.grants is None:
        return
    service = grant.service.name.text
    rows = context.demands.rows(service)
    hidden = not context.demands.sees_values and is_outer(grant.name, context.project)
    if any(row.allows(grant.name.shown if hidden else grant.model_name) for row in rows):
        return
    message = (
        f"the policy does not give `{grant.name.shown}` to `{service}`"
        if rows
        else f"the policy gives no model to `{service}`"
    )
    related = [(row.span, "what it may use") for row in rows[:_SHOWN]]
    yield Finding(
        grant.name.content, message, related=related, hint="drop the grant, or add it to the policy's `grants`"
    )
