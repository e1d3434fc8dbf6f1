"""The tag of a pin now points to a different digest.

A pin protects against surprises, but after a while it also keeps out fixes: a corrected chat template, better
quantization, a patched base image. The tag of the pin (for a model in the comment, `# 360M-Q4_K_M`; for an image before
the `@`) shows what was meant. When the publisher has moved the tag, review what is new and update the pin, or keep it
and say so with an ignore comment.

`modellint fix --pin --update` updates the pins. Runs with `--online` only.

```json registry
{
  "docker.io/ai/smollm2:360M-Q4_K_M": {"digest": "sha256:1111111111111111111111111111111111111111111111111111111111111111"},
  "docker.io/library/redis:8.2": {"kind": "index", "digest": "sha256:2222222222222222222222222222222222222222222222222222222222222222", "manifests": ["sha256:3333333333333333333333333333333333333333333333333333333333333333"]}
}
```

```yaml bad
services:
  app:
    image: redis:8.2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
    #                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the tag `8.2` of `docker.io/library/redis` now points to a different digest: the pin no longer matches it
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e # 360M-Q4_K_M
    #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the tag `360M-Q4_K_M` of `docker.io/ai/smollm2` now points to a different digest: the pin no longer matches it
```

```yaml fixed
services:
  app:
    image: redis:8.2@sha256:2222222222222222222222222222222222222222222222222222222222222222
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:1111111111111111111111111111111111111111111111111111111111111111 # 360M-Q4_K_M
```

```yaml good
services:
  app:
    image: redis:8.2@sha256:3333333333333333333333333333333333333333333333333333333333333333
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:1111111111111111111111111111111111111111111111111111111111111111 # 360M-Q4_K_M
```

What this rule cannot see: pins without a tag. A comment that is not a tag of the repository is treated as an ordinary
comment.
"""

from __future__ import annotations

from modellint.fixing.pin_edits import images, models, moved_image, moved_model, shown
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Project, Scalar, rule


@rule(WARNING, online=True, tags=("supply-chain",))
def stale_pin(project: Project, context: Context) -> Findings:
    """Report pins whose tag has moved."""
    if context.facts is None:
        return
    for node, ref in models(project):
        if (model := moved_model(node, ref, project, context.facts)) is not None:
            yield _finding(node, *model)
    for node in images(project):
        if (image := moved_image(node, project, context.facts)) is not None:
            yield _finding(node, *image)


def _finding(node: Scalar, moved: str, fix: Fix | None) -> Finding:
    message = f"{moved}: the pin no longer matches it"
    at = str(node.value).find("@") + 1
    return Finding(
        node.locate(at, len(str(node.value))),
        message,
        shown(fix),
        hint="" if shown(fix) else "run `modellint fix --pin --update` to update the pin",
    )
