"""A model was not found in its registry.

`docker compose up` fails when it pulls the model, after it has pulled images. The usual reasons are a tag that is
misspelled or was deleted, a name without its organization (`smollm2` means `docker.io/ai/smollm2`), and a digest that
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
    #                 ^^^^^^^ `ai/smollm2:360M-Q4` was not found in docker.io: `docker compose up` fails to pull it
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

What this rule cannot see: a private model that the registry hides, unless you are logged in with `docker login`. Docker
Hub gives the same answer for a model that does not exist and for one that you cannot access; then modellint reports
that and exits with status 2.
"""

from __future__ import annotations

from modellint.oci.answers import NOT_FOUND
from modellint.oci.query import of_model
from modellint.rule import ERROR, Context, Finding, Findings, Model, rule


@rule(ERROR, online=True, refused=True)
def missing_artifact(model: Model, context: Context) -> Findings:
    """Report references that their registry does not find."""
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
    message = f"{shown} was not found in {ref.registry}: `docker compose up` fails to pull it"
    yield Finding(
        where, message, hint="check the model's tags, or look up a reference with `modellint resolve REFERENCE`"
    )
