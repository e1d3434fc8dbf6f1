"""Two models use the same artifact with different settings.

Docker Model Runner keeps one configuration per artifact and mode, not per entry. If two entries have different
`context_size` or `runtime_flags`, the one that is configured last wins, in an order that changes from run to run; if
the model is already in use, `up` fails instead.

An entry with `--embeddings` runs in a different mode and does not conflict with an entry without it.

```yaml bad
services:
  app:
    image: app
    models: [chat, analysis]
models:
  chat:
    model: ai/qwen2.5:3B-Q4_0
    context_size: 16384
  analysis:
# ^^^^^^^^ `analysis` and `chat` use the same artifact with different `context_size`: Docker Model Runner keeps only one of the two configurations
    model: docker.io/ai/qwen2.5:3B-Q4_0
    context_size: 8192
```

```yaml good
services:
  app:
    image: app
    models: [chat, analysis]
models:
  chat:
    model: ai/qwen2.5:3B-Q4_0
    context_size: 16384
  analysis:
    model: ai/qwen2.5:7B-Q4_0
    context_size: 8192
```

What this rule cannot see: two tags of the same artifact, and other projects on the same host, which share Docker Model
Runner.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.rule import WARNING, Context, Finding, Findings, Model, Project, Related, rule


@rule(WARNING)
def conflicting_models(project: Project, context: Context) -> Findings:
    """Report entries whose artifact an earlier entry configures differently."""
    first: dict[tuple[str, bool], Model] = {}
    for model in project.all_models():
        ref, node = model.ref, model.reference
        if not model.grants and model not in project.legacy:
            continue  # Compose configures only what is granted
        if ref is None or node is None or ref.kind not in ("tag", "digest", "hub") or unset(node, project):
            continue
        earlier = first.setdefault((ref.request, "--embeddings" in _flags(model)), model)
        differences = _differences(earlier, model)
        if not differences:
            continue
        message = (
            f"`{model.name.text}` and `{earlier.name.text}` use the same artifact with different"
            f" {' and '.join(differences)}: Docker Model Runner keeps only one of the two configurations"
        )
        hint = "use the same settings for both, or merge them into one entry"
        yield Finding(
            model.name.content, message, related=[Related(earlier.name.content, "the other entry")], hint=hint
        )


def _differences(one: Model, other: Model) -> list[str]:
    found = ["`context_size`"] if _context_size(one) != _context_size(other) else []
    return [*found, "`runtime_flags`"] if _flags(one) != _flags(other) else found


def _context_size(model: Model) -> object:
    """Return the size that Compose passes on; it ignores values below 1."""
    size = model.context_size.value if model.context_size else None
    return size if isinstance(size, int) and size > 0 else None


def _flags(model: Model) -> list[str]:
    return sorted(str(flag.value) for flag in model.flags)
