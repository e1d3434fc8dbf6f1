"""A registry does not have the model.

`docker compose up` fails when it comes to the pull, after images have been pulled already. The usual reasons are a tag that
was misspelt or deleted, a name that lacks its organisation (`smollm2` means `docker.io/ai/smollm2`), and a digest that
belongs to another repository.

Runs with `--online` only.

```json registry
{
  "docker.io/ai/smollm2:360M-Q4_K_M": {"digest": "sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"},
  "docker.io/ai/smollm2:360M-Q4": {}
}
```

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4
    #                 ^^^^^^^ docker.io has no `ai/smollm2:360M-Q4`: `docker compose up` fails when it pulls it
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

What this rule cannot see: a private model that the registry denies to exist, unless `docker login` was done. Docker Hub
answers the same for a model that does not exist and for one that may not be seen; then the check says so and ends with 2.
"""

from __future__ import annotations

from modellint.oci.answers import NOT_FOUND
from modellint.oci.query import of_model
from modellint.rule import ERROR, Context, Finding, Findings, Model, rule


@rule(ERROR, online=True, refused=True)
def missing_artifact(model: Model, context: Context) -> Findings:
    """Report a reference that its registry answered with "not found"."""
    ref, node = model.ref, model.reference
    if ref is None or node is None or context.facts is None:
        return
    answer = context.facts.answer(of_model(ref))
    if answer is None or answer.code != NOT_FOUND:
        return
    where = node.content
    if ref.tag:
        where = node.part(*ref.tag_at)
    elif ref.digest:
        where = node.locate(ref.text.index("@") + 1, len(ref.text))
    shown = f"`{node.shown}`" if node.interpolated else f"`{ref.request.partition('/')[2]}`"
    message = f"{ref.registry} has no {shown}: `docker compose up` fails when it pulls it"
    yield Finding(where, message, hint="look up the model's tags; `modellint resolve REFERENCE` asks for one")
