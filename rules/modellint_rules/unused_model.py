"""A model is declared and granted to no service.

Docker Compose pulls and configures only models that a service asks for. A declared model without a grant is never
pulled, and no variable tells a service about it: either the grant was forgotten, or the entry is left over.

A grant in a service whose profile is not enabled counts. For a service with `provider: {type: model}` the
`depends_on` of another service is the grant.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
  judge:
# ^^^^^ `judge` is granted to no service: Compose never pulls it, and nothing can call it
    model: ai/qwen3:0.6B-Q4_K_M
```

```yaml fixed
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
```

```yaml good
services:
  app:
    image: app
    models: [llm]
  evaluation:
    image: evaluation
    profiles: [nightly]
    models: [judge]
models:
  llm:
    model: ai/smollm2
  judge:
    model: ai/qwen3:0.6B-Q4_K_M
```

What this rule cannot see: other files that use the declaration, such as an override or a file that includes this one.
In an overlay, which cannot stand alone, it stays silent.
"""

from __future__ import annotations

from modellint.evidence.unset import unset
from modellint.removal import removal
from modellint.rule import UNSAFE, WARNING, Context, Finding, Findings, Fix, Model, Project, Span, rule, text_of

_BASES = frozenset(("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"))


@rule(WARNING, whole=True)
def unused_model(project: Project, context: Context) -> Findings:
    """Report declared models, and provider services, that nothing asks for."""
    if any(unset(grant.name, project) for grant in project.grants()):
        return
    for model in project.models.values():
        if not model.grants:
            message = f"`{model.name.text}` is granted to no service: Compose never pulls it, and nothing can call it"
            fix = _drop(model) if len(project.models) > 1 else None
            yield Finding(
                model.name.content, message, fix, hint="grant it to the service that needs it, or drop the entry"
            )
    if _may_be_overlay(project):
        return
    wanted = {text_of(name) for service in project.services.values() for name in service.depends_on}
    for name in {model.name.text: model.name for model in project.legacy}.values():
        if name.text not in wanted:
            message = f"no service depends on `{name.text}`: the model is pulled, and no service gets its address"
            yield Finding(name.content, message, hint="add it to the `depends_on` of the service that needs it")


def _may_be_overlay(project: Project) -> bool:
    """Whether a base file may hold the services: there are only providers here, and the name is not a base's."""
    named_as_base = any(file.source.path.replace("\\", "/").rpartition("/")[2] in _BASES for file in project.files)
    return not named_as_base and all(service.provider is not None for service in project.services.values())


def _drop(model: Model) -> Fix | None:
    name, body = model.name, model.body
    if body is None or body.source is not name.source or body.start < name.end:
        return None
    edit = removal(Span(name.source, name.start, body.end))
    return Fix(f"drop `{name.text}`", [edit], UNSAFE) if edit else None
