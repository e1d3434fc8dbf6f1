"""The policy does not allow a service to use a model that it is granted.

`grants` in a policy is a table: each row lists the models that a service may use. A grant that is not in it may be an
oversight, or may give a service a model that was never meant for it.

Runs if a policy has `grants`.

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
    #              ^^^^^ the policy does not allow `web` to use `embed`
  admin:
    image: admin
    models: [chat]
    #        ^^^^ the policy does not allow `admin` to use any model
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

What this rule cannot see: actual access. A grant is not access control: any container that can reach Docker Model
Runner can use every model.
"""

from __future__ import annotations

from modellint.compose.model.shown_values import is_outer
from modellint.rule import ERROR, Context, Finding, Findings, Grant, Related, rule

_SHOWN = 10  # rows of a service that a finding shows


@rule(ERROR, policy=True, tags=("access",))
def ungranted_model(grant: Grant, context: Context) -> Findings:
    """Report grants that no row of the table contains."""
    if context.demands is None or context.demands.grants is None:
        return
    service = grant.service.name.text
    rows = context.demands.rows(service)
    hidden = not context.demands.sees_values and is_outer(grant.name, context.project)
    if any(row.allows(grant.name.shown if hidden else grant.model_name) for row in rows):
        return
    message = (
        f"the policy does not allow `{service}` to use `{grant.name.shown}`"
        if rows
        else f"the policy does not allow `{service}` to use any model"
    )
    related = [Related(row.span, "allowed models") for row in rows[:_SHOWN]]
    yield Finding(
        grant.name.content, message, related=related, hint="remove the grant, or add it to `grants` in the policy"
    )
