"""A reference names no model that Docker Model Runner can pull.

`docker compose up` fails when it comes to the pull, after images have been pulled already. The usual reasons:

- a digest that is cut short. Exactly `sha256:` and 64 hexadecimal digits are a digest
- a sha512 digest: Docker Model Runner stores sha256 digests only
- an ID of the local store. Compose pulls every model that it does not know by name, and an ID cannot be pulled
- the name of a model behind somebody's API, like `gpt-4o`: a name without `/` means `docker.io/ai/…`

```yaml bad
services:
  app:
    image: app
    models: [llm, local, hosted]
models:
  llm:
    model: ai/smollm2@sha256:deadcafe
    #                 ^^^^^^^^^^^^^^^ `ai/smollm2@sha256:deadcafe` is no model reference: the digest has 8 characters after `sha256:`; it must have 64, all 0-9 or a-f
  local:
    model: 9d3e5a1f0c4b
    #      ^^^^^^^^^^^^ `9d3e5a1f0c4b` is an ID of one machine's local store: it cannot be pulled, and no other machine has it
  hosted:
    model: gpt-4o
    #      ^^^^^^ `gpt-4o` is a model behind its vendor's API: Docker Model Runner asks Docker Hub for `ai/gpt-4o` instead
```

```yaml good
services:
  app:
    image: app
    models: [llm, local, open]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
  local:
    model: localhost:5000/smollm2:v1
  open:
    model: gpt-oss:20B-F16
```

What this rule cannot see: whether the model exists. A reference whose variables are not set here is left alone.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.rule import ERROR, Context, Finding, Findings, Model, Reference, rule

# Names that are served by their vendor's API and published nowhere. `gpt-oss` and `gemma` are open models.
_HOSTED = (
    "gpt-3.5", "gpt-4", "gpt-5", "chatgpt-", "claude-", "gemini-", "text-embedding-3-", "text-embedding-ada-",
)  # fmt: skip


@rule(ERROR, refused=True)
def invalid_reference(model: Model, context: Context) -> Findings:
    """Report a reference at the part that is wrong."""
    ref, node = model.ref, model.reference
    if ref is None or node is None or not ref.text.strip() or unset(node, context.project):
        return
    if ref.kind == "invalid":
        if node.interpolated:
            message = f"`{node.shown}` becomes no model reference once its variables are replaced"
            yield Finding(
                node.content, message, hint="see `modellint explain invalid-reference` for what one looks like"
            )
        else:
            message = f"`{node.text}` is no model reference: {ref.problem}"
            yield Finding(node.part(*ref.problem_at), message, hint="write `name:tag` or `name@sha256:…`")
    elif ref.kind == "local":
        message = (
            f"`{node.shown}` is an ID of one machine's local store: it cannot be pulled, and no other machine has it"
        )
        yield Finding(node.content, message, hint="push the model to a registry and name it there")
    elif _is_hosted(ref):
        message = (
            f"`{node.shown}` is a model behind its vendor's API: Docker Model Runner asks Docker Hub for"
            f" `ai/{node.shown}` instead"
        )
        hint = (
            "give the service the API's address and key through `environment` and `secrets`, or declare an open model"
        )
        yield Finding(node.content, message, hint=hint)


def _is_hosted(ref: Reference) -> bool:
    return "/" not in ref.text and ref.text.strip().lower().startswith(_HOSTED)
