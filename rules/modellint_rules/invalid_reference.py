"""Docker Model Runner cannot pull the model reference.

`docker compose up` fails when it pulls the model, after it has pulled images. The usual reasons are:

- a truncated digest: a digest is exactly `sha256:` and 64 hexadecimal digits
- a sha512 digest: Docker Model Runner stores only sha256 digests
- an ID of the local model store: Compose pulls every model that it cannot find by name, and an ID cannot be pulled
- the name of a model that is available only through an API, such as `gpt-4o`: a name without `/` means `docker.io/ai/…`

```yaml bad
services:
  app:
    image: app
    models: [llm, local, hosted]
models:
  llm:
    model: ai/smollm2@sha256:deadcafe
    #                 ^^^^^^^^^^^^^^^ `ai/smollm2@sha256:deadcafe` is not a valid model reference: the digest has 8 characters after `sha256:`; it must have 64, all 0-9 or a-f
  local:
    model: 9d3e5a1f0c4b
    #      ^^^^^^^^^^^^ `9d3e5a1f0c4b` is an ID in the local model store of one host: it cannot be pulled, and other hosts do not have it
  hosted:
    model: gpt-4o
    #      ^^^^^^ `gpt-4o` is available only through its vendor's API: Docker Model Runner looks for `ai/gpt-4o` on Docker Hub
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

What this rule cannot see: whether the model exists. References whose variables are not set here are not checked.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.rule import ERROR, Context, Finding, Findings, Model, Reference, rule

# Models that only their vendor's API serves. `gpt-oss` and `gemma` are open-weights models.
_HOSTED = (
    "gpt-3.5", "gpt-4", "gpt-5", "chatgpt-", "claude-", "gemini-", "text-embedding-3-", "text-embedding-ada-",
)  # fmt: skip


@rule(ERROR, refused=True)
def invalid_reference(model: Model, context: Context) -> Findings:
    """Report invalid references at the part that is wrong."""
    ref, node = model.ref, model.reference
    if ref is None or node is None or not ref.text.strip() or unset(node, context.project):
        return
    if ref.kind == "invalid":
        if node.interpolated:
            message = f"`{node.shown}` is not a valid model reference after its variables are replaced"
            yield Finding(
                node.content, message, hint="run `modellint explain invalid-reference` to see the valid forms"
            )
        else:
            message = f"`{node.text}` is not a valid model reference: {ref.problem}"
            yield Finding(node.part(*ref.problem_at), message, hint="write `name:tag` or `name@sha256:…`")
    elif ref.kind == "local":
        message = (
            f"`{node.shown}` is an ID in the local model store of one host: it cannot be pulled, and other hosts do"
            " not have it"
        )
        yield Finding(node.content, message, hint="push the model to a registry and use its name there")
    elif _is_hosted(ref):
        message = (
            f"`{node.shown}` is available only through its vendor's API: Docker Model Runner looks for"
            f" `ai/{node.shown}` on Docker Hub"
        )
        hint = (
            "pass the API address and key to the service through `environment` and `secrets`, or declare an"
            " open-weights model"
        )
        yield Finding(node.content, message, hint=hint)


def _is_hosted(ref: Reference) -> bool:
    return "/" not in ref.text and ref.text.strip().lower().startswith(_HOSTED)
