"""A model needs more memory than the budget allows.

Weights and KV cache must fit into the memory of the GPU or of the host; if they do not, llama-server is killed, or
swaps until every request times out. The rule counts the minimum: the weights files, and the keys and values of every
layer in f16 for every token of the context.

The budget comes from `--memory`, such as `--memory 16GiB`. Runs with `--online` only.

```json registry
{
  "memory": 8589934592,
  "docker.io/ai/qwen3:8B-Q4_K_M": {"weights": 5027783488, "cache": 147456, "context": 40960},
  "docker.io/ai/smollm2:360M-Q4_K_M": {"weights": 270590880, "cache": 40960, "context": 8192}
}
```

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:8B-Q4_K_M
    #      ^^^^^^^^^^^^^^^^^^ `docker.io/ai/qwen3:8B-Q4_K_M` needs 4.7 GiB for its weights and 5.6 GiB for a context of 40960 tokens, which exceeds the budget of 8.0 GiB
    context_size: 40960
```

```yaml good
services:
  app:
    image: app
    models: [llm, small]
models:
  llm:
    model: ai/qwen3:8B-Q4_K_M
    context_size: 8192
  small:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: compute buffers, a draft model, and several models in memory at once. A quantized cache
(`--cache-type-k`) and weights that stay on the CPU are treated as intended.
"""

from __future__ import annotations

from modellint.evidence.llama_flags import pairs, same_option
from modellint.fixing.pin_edits import called
from modellint.oci.artifact import memory
from modellint.oci.query import of_model
from modellint.rule import WARNING, Context, Finding, Findings, Model, rule
from modellint.text.numbers import stoi
from modellint.text.sizes import binary

_DEFAULT = 4_096  # tokens; what Docker Model Runner uses if neither the file nor the model sets a context size
_DECIDES = ("--cache-type-k", "--cache-type-v", "--n-gpu-layers", "--n-cpu-moe", "--cpu-moe", "--no-kv-offload")


@rule(WARNING, online=True, tags=("runtime",))
def oversized_model(model: Model, context: Context) -> Findings:
    """Report models whose weights and cache do not fit into the budget."""
    facts, ref, node = context.facts, model.ref, model.reference
    if facts is None or not facts.memory or ref is None or node is None:
        return
    request = of_model(ref)
    artifact = facts.artifact(request)
    tokens = _tokens(model, artifact.packed_context if artifact else 0)
    if artifact is None or not tokens or memory(artifact, tokens) <= facts.memory:
        return
    needs = f"{binary(artifact.weights)} for its weights"
    if artifact.cache:
        needs += f" and {binary(artifact.cache * tokens)} for a context of {tokens} tokens"
    message = f"{called(node, request)} needs {needs}, which exceeds the budget of {binary(facts.memory)}"
    yield Finding(node.content, message, hint="use a smaller quantization or context size, or raise the budget")


def _tokens(model: Model, packed: int) -> int:
    """Return the context size in tokens, or 0 if flags change the memory in a way that this rule cannot compute."""
    read = pairs([str(flag.value) for flag in model.flags])
    if any(same_option(name, each) for name, _, _ in read for each in _DECIDES):
        return 0
    for name, _, value_at in reversed(read):
        if same_option(name, "--ctx-size"):
            text = str(model.flags[value_at].value) if value_at is not None else ""
            return stoi(text) or 0
    declared = model.context_size.value if model.context_size is not None else None
    if isinstance(declared, int) and not isinstance(declared, bool) and declared > 0:
        return declared
    return packed or _DEFAULT
