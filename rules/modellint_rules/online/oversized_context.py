"""The declared context size is larger than the one the model was trained with.

llama.cpp only writes a warning to its log and allocates the memory; beyond its trained context size, a model repeats
itself and loses track. vLLM does not start. The trained context size comes from the model's own metadata
(`<architecture>.context_length` of a GGUF file), not from what its packager added.

Runs with `--online` only.

```json registry
{
  "docker.io/ai/smollm2:360M-Q4_K_M": {"context": 8192}
}
```

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
    context_size: 32768
    #             ^^^^^ `docker.io/ai/smollm2:360M-Q4_K_M` was trained with a context size of 8192 tokens: beyond it, answers get worse but the memory is still allocated
```

```yaml fixed
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
    context_size: 8192
```

```yaml good
services:
  app:
    image: app
    models: [llm, far]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
    context_size: 8192
  far:
    model: ai/smollm2:360M-Q4_K_M
    context_size: 32768
    runtime_flags: ["--rope-scaling", "yarn", "--rope-scale", "4"]
```

What this rule cannot see: the trained context size of a model whose metadata does not contain it, such as safetensors
models. Flags that extend the context (`--rope-…`, `--yarn-…`) are treated as intended.

Option for a policy: `limit`, the largest context size in tokens that is allowed, whatever the model was trained with
(0: no limit).
"""

from __future__ import annotations

from modellint.evidence.llama_flags import pairs, same_option
from modellint.fixing.pin_edits import called
from modellint.oci.query import of_model
from modellint.rule import WARNING, Context, Edit, Finding, Findings, Fix, Model, rule

_STRETCHES = ("--rope-", "--yarn-")


@rule(WARNING, online=True, tags=("runtime",))
def oversized_context(model: Model, context: Context, *, limit: int = 0) -> Findings:
    """Report context sizes above the trained one, or above the limit of a policy."""
    node = model.context_size
    reference = model.reference
    if node is None or reference is None or model.ref is None or context.facts is None or type(node.value) is not int:
        return
    if limit and node.value > limit:
        message = f"a context size of {node.value} tokens exceeds the policy limit of {limit}"
        yield Finding(node.content, message, Fix("use the policy limit", [Edit(node.content, str(limit))]))
        return
    request = of_model(model.ref)
    artifact = context.facts.artifact(request)
    words = [str(flag.value) for flag in model.flags]
    if artifact is None or not artifact.context or node.value <= artifact.context or _is_decided(words):
        return
    message = (
        f"{called(reference, request)} was trained with a context size of {artifact.context} tokens: beyond it,"
        " answers get worse but the memory is still allocated"
    )
    yield Finding(
        node.content, message, Fix("use the trained context size", [Edit(node.content, str(artifact.context))])
    )


def _is_decided(words: list[str]) -> bool:
    """Return whether flags extend the context, or set another context size."""
    return any(word.startswith(_STRETCHES) for word in words) or any(
        same_option(name, "--ctx-size") for name, _, _ in pairs(words)
    )
