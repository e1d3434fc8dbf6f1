"""The reference exists, but Docker Model Runner cannot run the artifact.

A registry stores images, indexes and other artifacts next to models. Docker Model Runner reads one manifest whose
config is that of a Docker model or of a CNCF ModelPack; it rejects indexes and other configs, fails on compressed
layers because it compares them with the digest of their contents, and does not unpack files of a ModelPack whose layers
have no path (docker/model-runner 1.2.6).

Runs with `--online` only.

```json registry
{
  "docker.io/ai/smollm2:360M-Q4_K_M": {"kind": "model"},
  "docker.io/ollama/ollama:0.12.6": {"kind": "image", "problem": "it is a container image, no model"},
  "ghcr.io/example/llm:1": {"kind": "index", "problem": "it is an index of several manifests, and Docker Model Runner reads one manifest only"}
}
```

```yaml bad
services:
  app:
    image: app
    models: [llm, server]
models:
  llm:
    model: ghcr.io/example/llm:1
    #      ^^^^^^^^^^^^^^^^^^^^^ Docker Model Runner cannot run `ghcr.io/example/llm:1`: it is an index of several manifests, and Docker Model Runner reads one manifest only
  server:
    model: ollama/ollama:0.12.6
    #      ^^^^^^^^^^^^^^^^^^^^ Docker Model Runner cannot run `docker.io/ollama/ollama:0.12.6`: it is a container image, no model
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

What this rule cannot see: whether the weights match the config; only `modellint smoke` loads them.
"""

from __future__ import annotations

from modellint.fixing.pin_edits import called
from modellint.oci.query import of_model
from modellint.rule import ERROR, Context, Finding, Findings, Model, rule


@rule(ERROR, online=True, refused=True)
def wrong_artifact(model: Model, context: Context) -> Findings:
    """Report references whose artifact Docker Model Runner rejects or never loads."""
    ref, node = model.ref, model.reference
    if ref is None or node is None or context.facts is None:
        return
    request = of_model(ref)
    artifact = context.facts.artifact(request)
    if artifact is not None and artifact.problem:
        message = f"Docker Model Runner cannot run {called(node, request)}: {artifact.problem}"
        hint = "use a model that was packaged with `docker model package`, or pin one of its manifests by digest"
        yield Finding(node.content, message, hint=hint)
