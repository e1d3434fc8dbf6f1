"""Two models name one artifact and want different settings for it.

Docker Model Runner keeps one configuration per artifact and mode, not per entry. Of two entries with different
`context_size` or `runtime_flags` the one that is configured last wins, in an order that changes from run to run; when
the model is in use already, `up` fails instead.

An entry with `--embeddings` runs in another mode and does not get in the way of one without.

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
# ^^^^^^^^ `analysis` and `chat` are one artifact with different `context_size`: Docker Model Runner keeps only one of the settings
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

What this rule cannot see: two tags of one artifact, and other projects on the same machine, which share the runner.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.rule import WARNING, Context, Finding, Findings, Model, Project, rule


@rule(WARNING)
def conflicting_models(project: Project, context: Context) -> Findings:
    """Report an entry whose artifact an earlier entry configures differently."""
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
            f"`{model.name.text}` and `{earlier.name.text}` are one artifact with different {' and '.join(differences)}:"
            " Docker Model Runner keeps only one of the settings"
        )
        hint = "give both the same settings, or use one entry"
        yield Finding(model.name.content, message, related=[(earlier.name.content, "the other entry")], hint=hint)


def _differences(one: Model, other: Model) -> list[str]:
    found = ["`context_size`"] if _context_size(one) != _context_size(other) else []
    return [*found, "`runtime_flags`"] if _flags(one) != _flags(other) else found


def _context_size(model: Model) -> object:
    """The size that Compose passes on: none below 1."""
    size = model.context_size.value if model.context_size else None
    return size if isinstance(size, int) and size > 0 else None


def _flags(model: Model) -> list[str]:
    return sorted(str(flag.value) for flag in model.flags)
