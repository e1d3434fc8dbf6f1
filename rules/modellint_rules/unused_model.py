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

While a grant names no declared model, or cannot be read, the rule stays silent: the model that nobody seems to want may
be the one that is meant.

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

What this rule cannot see: other files that use the declaration, such as an override or a file that includes this one.
In an overlay, which cannot stand alone, it stays silent.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.fixing.list_edits import removal
from modellint.rule import UNSAFE, WARNING, Context, Finding, Findings, Fix, Model, Project, Span, rule, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.schema.violation import Violation

_GRANTS = ("models", "depends_on")  # keys of a service that ask for models
_DEPTH = 3  # keys that lead to one of them: `services`, the service, and it
_BASES = frozenset(("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"))


@rule(WARNING, whole=True)
def unused_model(project: Project, context: Context) -> Findings:
    """Report declared models, and provider services, that nothing asks for."""
    if any(unset(grant.name, project) for grant in project.grants()):
        return
    wanted = {text_of(name) for service in project.services.values() for name in service.depends_on}
    for model in project.models.values() if _all_grants_known(project) else ():
        if not model.grants and model.name.text not in wanted:
            message = f"`{model.name.text}` is granted to no service: Compose never pulls it, and nothing can call it"
            fix = _drop(model) if len(project.models) > 1 else None
            yield Finding(
                model.name.content, message, fix, hint="grant it to the service that needs it, or drop the entry"
            )
    if _may_be_overlay(project):
        return
    for name in {model.name.text: model.name for model in project.legacy}.values():
        if name.text not in wanted:
            message = f"no service depends on `{name.text}`: the model is pulled, and no service gets its address"
            yield Finding(name.content, message, hint="add it to the `depends_on` of the service that needs it")


def _all_grants_known(project: Project) -> bool:
    """Whether each grant names a declared model, and nothing that may hold one is refused."""
    if any(grant.model is None for grant in project.grants()):
        return False
    return not any(_may_grant(violation) for violation in project.violations)


def _may_grant(violation: Violation) -> bool:
    """Whether a grant may be in what Compose refuses: in a section of grants, or under a key that nobody knows."""
    path = violation.path
    if violation.kind == "additionalProperties" and (len(path) == 1 or path[0] == "services"):
        return True
    return path[:1] == ("services",) and (len(path) < _DEPTH or path[_DEPTH - 1] in _GRANTS)


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
