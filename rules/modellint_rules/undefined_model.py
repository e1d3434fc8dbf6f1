"""A service is granted a model that is not declared.

Docker Compose refuses to load the project (`refers to undefined model`, since v2.39.0; older versions inject an empty
variable). Services whose profile is not enabled are not looked at, so there the mistake stays hidden until somebody
enables the profile: that is reported as a warning.

The top-level `models:` of a file that a service `extends` is not inherited along with the service: the grant comes
over, the declaration does not.

```yaml bad
services:
  app:
    image: app
    models:
      smolm:
    # ^^^^^ `app` is granted `smolm`, which no `models:` declares: Compose refuses the project
        model_var: CHAT_MODEL
  evaluation:
    image: evaluation
    profiles: [nightly]
    models: [judge]
    #        ^^^^^ `evaluation` is granted `judge`, which no `models:` declares: Compose refuses the project as soon as a profile enables the service
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

What this rule cannot see: in an overlay, the models that the base file declares. It stays silent there, unless the
overlay takes all declarations away with `models: !reset`.
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

_MANY = 50  # grants of one service; nobody wrote those by hand


@rule(ERROR, refused=True)
def undefined_model(grant: Grant, context: Context) -> Findings:
    """Report a grant without a declaration, and propose the nearest declared name."""
    project = context.project
    if grant.model is not None or grant.legacy or not _all_declarations_known(project) or unset(grant.name, project):
        return
    shown, service = grant.name.shown, grant.service
    severity = ERROR
    if not project.features.checks_grants:
        result = f"Compose {project.features.name} says nothing and injects an empty name"
    elif service.active:
        result = "Compose refuses the project"
    else:
        result = "Compose refuses the project as soon as a profile enables the service"
        severity = WARNING
    message = f"`{service.name.text}` is granted `{shown}`, which no `models:` declares: {result}"
    near = _nearest(grant, context)
    fix = Fix(f"grant `{near}`", [Edit(grant.name.content, near)], UNSAFE) if near else None
    hint = f"declare `{shown}` under the top-level `models:`"
    if grant.name.source is not service.name.source and _extends(service):
        hint += " of this project: `extends` takes over the grant, not the declaration"
    yield Finding(grant.name.content, message, fix, hint=hint, severity=severity)


def _all_declarations_known(project: Project) -> bool:
    """Whether a model that is not declared here cannot be declared in a base file either."""
    return project.whole or (project.root is not None and not project.models and _resets_models(project))


def _extends(service: Service) -> bool:
    """Whether the service was written with `extends`, which is gone once it is merged."""
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
