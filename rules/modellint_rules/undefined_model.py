"""A service is granted a model that is not declared.

Docker Compose rejects the project (`refers to undefined model`, since v2.39.0; older versions inject an empty
variable). Compose does not check services whose profile is not enabled, so the mistake stays hidden until the profile
is enabled: that is reported as a warning.

If a service `extends` a service in another file, the top-level `models:` of that file is not inherited: Compose copies
the grant, but not the declaration.

```yaml bad
services:
  app:
    image: app
    models:
      smolm:
    # ^^^^^ `app` is granted `smolm`, which is not declared under `models:`: Compose rejects the project
        model_var: CHAT_MODEL
  evaluation:
    image: evaluation
    profiles: [nightly]
    models: [judge]
    #        ^^^^^ `evaluation` is granted `judge`, which is not declared under `models:`: Compose rejects the project when a profile enables the service
models:
  smollm:
    model: ai/smollm2
```

```yaml fixed
services:
  app:
    image: app
    models:
      smollm:
        model_var: CHAT_MODEL
  evaluation:
    image: evaluation
    profiles: [nightly]
    models: [judge]
models:
  smollm:
    model: ai/smollm2
```

```yaml good
services:
  app:
    image: app
    models:
      smollm:
        model_var: CHAT_MODEL
models:
  smollm:
    model: ai/smollm2
```

What this rule cannot see: in an overlay, the models that the base file declares. There it reports nothing, unless the
overlay removes all declarations with `models: !reset`.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.rule import (
    ERROR,
    UNSAFE,
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Grant,
    Mapping,
    Project,
    Scalar,
    Service,
    rule,
)  # fmt: skip

_MANY = 50  # grants of one service; nobody writes more by hand


@rule(ERROR, refused=True)
def undefined_model(grant: Grant, context: Context) -> Findings:
    """Report grants without a declaration, and suggest the nearest declared name."""
    project = context.project
    if grant.model is not None or grant.legacy or not _all_declarations_known(project) or unset(grant.name, project):
        return
    shown, service = grant.name.shown, grant.service
    severity = ERROR
    if not project.features.checks_grants:
        result = f"Compose {project.features.name} accepts it and injects an empty model name"
    elif service.active:
        result = "Compose rejects the project"
    else:
        result = "Compose rejects the project when a profile enables the service"
        severity = WARNING
    message = f"`{service.name.text}` is granted `{shown}`, which is not declared under `models:`: {result}"
    near = _nearest(grant, context)
    fix = Fix(f"grant `{near}`", [Edit(grant.name.content, near)], UNSAFE) if near else None
    hint = f"declare `{shown}` under the top-level `models:`"
    if grant.name.source is not service.name.source and _extends(service):
        hint += " of this project: `extends` copies the grant, not the declaration"
    yield Finding(grant.name.content, message, fix, hint=hint, severity=severity)


def _all_declarations_known(project: Project) -> bool:
    """Return whether a model that is not declared here cannot be declared in a base file either."""
    return project.whole or (project.root is not None and not project.models and _resets_models(project))


def _extends(service: Service) -> bool:
    """Return whether the service was written with `extends`, which merging removes."""
    return any(isinstance(key, Scalar) and key.text == "extends" for key, _ in service.body.pairs)


def _resets_models(project: Project) -> bool:
    for file in project.files:
        for document in file.documents:
            section = document.get("models") if isinstance(document, Mapping) else None
            if section is not None and section.tag == "!reset":
                return True
    return False


def _nearest(grant: Grant, context: Context) -> str:
    if len(grant.service.grants) > _MANY or grant.name.interpolated:
        return ""
    granted = {other.model_name for other in grant.service.grants}
    free = (name for name in context.project.models if name not in granted)
    return context.guesses.nearest(grant.model_name, free, 0.7)
