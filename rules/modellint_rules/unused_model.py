"""A model is declared but not granted to any service.

Docker Compose pulls and configures only models that are granted to a service. A declared model without a grant is never
pulled, and no service gets its variables: either the grant was forgotten, or the entry is a leftover.

A grant in a service whose profile is not enabled counts. For a service with `provider: {type: model}`, the `depends_on`
of another service is the grant.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
  judge:
# ^^^^^ `judge` is not granted to any service: Compose never pulls it, and nothing can call it
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

If a grant refers to an undeclared model, or cannot be read, the rule reports nothing, because the model that seems
unused may be the one that is meant.

```yaml good
services:
  app:
    image: app
    models: [LLM]
models:
  llm:
    model: ai/smollm2
  judge:
    model: ai/qwen3:0.6B-Q4_K_M
```

What this rule cannot see: other files that use the declaration, such as an override file or a file that includes this
one. In an overlay, which is not a whole project, it reports nothing.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.fixing.list_edits import removal
from modellint.rule import UNSAFE, WARNING, Context, Finding, Findings, Fix, Model, Project, Span, rule, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.schema.violation import Violation

_GRANTS = ("models", "depends_on")  # keys of a service that refer to models
_DEPTH = 3  # keys that lead to one of them: `services`, the service, and it
_BASES = frozenset(("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"))


@rule(WARNING, whole=True)
def unused_model(project: Project, context: Context) -> Findings:
    """Report declared models and provider services that no service uses."""
    if any(unset(grant.name, project) for grant in project.grants()):
        return
    wanted = {text_of(name) for service in project.services.values() for name in service.depends_on}
    for model in project.models.values() if _all_grants_known(project) else ():
        if not model.grants and model.name.text not in wanted:
            message = (
                f"`{model.name.text}` is not granted to any service: Compose never pulls it, and nothing can call it"
            )
            fix = _drop(model) if len(project.models) > 1 else None
            yield Finding(
                model.name.content, message, fix, hint="grant it to the service that needs it, or remove the entry"
            )
    if _may_be_overlay(project):
        return
    for name in {model.name.text: model.name for model in project.legacy}.values():
        if name.text not in wanted:
            message = f"no service depends on `{name.text}`: the model is pulled, but no service gets its address"
            yield Finding(name.content, message, hint="add it to the `depends_on` of the service that needs it")


def _all_grants_known(project: Project) -> bool:
    """Return whether each grant refers to a declared model, and Compose rejects nothing that may contain a grant."""
    if any(grant.model is None for grant in project.grants()):
        return False
    return not any(_may_grant(violation) for violation in project.violations)


def _may_grant(violation: Violation) -> bool:
    """Return whether a violation may hide a grant: it is in a section of grants, or at an unknown key."""
    path = violation.path
    if violation.kind == "additionalProperties" and (len(path) == 1 or path[0] == "services"):
        return True
    return path[:1] == ("services",) and (len(path) < _DEPTH or path[_DEPTH - 1] in _GRANTS)


def _may_be_overlay(project: Project) -> bool:
    """Return whether a base file may contain the services: there are only providers here, and it is not a base file."""
    named_as_base = any(file.source.path.replace("\\", "/").rpartition("/")[2] in _BASES for file in project.files)
    return not named_as_base and all(service.provider is not None for service in project.services.values())


def _drop(model: Model) -> Fix | None:
    name, body = model.name, model.body
    if body is None or body.source is not name.source or body.start < name.end:
        return None
    edit = removal(Span(name.source, name.start, body.end))
    return Fix(f"remove `{name.text}`", [edit], UNSAFE) if edit else None
