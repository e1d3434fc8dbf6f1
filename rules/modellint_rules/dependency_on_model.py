"""`depends_on` refers to a model.

`depends_on` orders services, and a model is not a service: Docker Compose rejects the project
(`depends on undefined service`). The grant, in the service's own `models:`, connects the two, and Compose pulls and
configures granted models before it creates any container.

```yaml bad
services:
  app:
    image: app
    depends_on:
      - db
      - llm
      # ^^^ `depends_on` refers to the model `llm`, which is not a service: Compose rejects the project
    models: [llm]
  db:
    image: postgres:17
models:
  llm:
    model: ai/smollm2
```

```yaml fixed
services:
  app:
    image: app
    depends_on:
      - db
    models: [llm]
  db:
    image: postgres:17
models:
  llm:
    model: ai/smollm2
```

```yaml good
services:
  app:
    image: app
    depends_on: [db]
    models: [llm]
  db:
    image: postgres:17
models:
  llm:
    model: ai/smollm2
```

If the grant is missing, the dependency is the only sign of which service needs the model, so the fix turns it into the
grant.

```yaml bad
services:
  app:
    image: app
    depends_on: [llm]
    #            ^^^ `depends_on` refers to the model `llm`, which is not a service: Compose rejects the project
models:
  llm:
    model: ai/smollm2
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

What this rule cannot see: when a model is loaded. Compose does not wait for that, and no setting in a Compose file can
make it wait; the first request waits instead.
"""

from __future__ import annotations

from modellint.fixing.list_edits import removal
from modellint.rule import (
    ERROR,
    UNSAFE,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Mapping,
    Project,
    Scalar,
    Sequence,
    Service,
    Span,
    rule,
    text_of,
)


@rule(ERROR, whole=True, refused=True)
def dependency_on_model(service: Service, context: Context) -> Findings:
    """Report each name in `depends_on` that is a model, or the word `models`."""
    project = context.project
    wrong = [name for name in service.depends_on if _is_model(text_of(name) or "", project)]
    granted = _granted(service)
    are_all = len(wrong) == len(service.depends_on)
    of_all = _fix_of_all(service, wrong, granted) if wrong and are_all else None
    for name in wrong:
        if name.value in project.models:
            what = f"the model `{name.shown}`"
            hint = f"remove it; grant the model with `models: [{name.shown}]` in the service instead"
        else:
            what = "the `models` section"
            hint = "remove it; grant the model with `models:` in the service instead"
        message = f"`depends_on` refers to {what}, which is not a service: Compose rejects the project"
        fix = of_all if are_all or name.value not in granted else _drop(_entry(service, name))
        yield Finding(name.content, message, fix, hint=hint)


def _fix_of_all(service: Service, wrong: list[Scalar], granted: set[str]) -> Fix | None:
    """Remove the section, or turn it into grants if a grant is missing."""
    if not all(name.value in granted for name in wrong):
        return _as_grants(service, wrong)
    return _drop(_section(service))


def _drop(entry: Span | None) -> Fix | None:
    edit = removal(entry) if entry else None
    return Fix("remove the dependency; the grant connects the service to the model", [edit], UNSAFE) if edit else None


def _granted(service: Service) -> set[str]:
    """Return the names that can be removed because a grant exists; else only the name shows who needs the model."""
    return {*(grant.model_name for grant in service.grants), *(["models"] if service.grants else [])}


def _as_grants(service: Service, wrong: list[Scalar]) -> Fix | None:
    """Rename the section to `models`."""
    key, section = service.body.key("depends_on"), service.body.get("depends_on")
    if key is None or not isinstance(section, Sequence) or section.anchor or "models" in service.body:
        return None
    if any(name.value == "models" for name in wrong):
        return None
    return Fix("grant the model: rename `depends_on` to `models`", [Edit(key.content, "models")], UNSAFE)


def _is_model(name: str, project: Project) -> bool:
    if name in project.services:
        return False
    return name in project.models or (name == "models" and bool(project.models))


def _entry(service: Service, name: Scalar) -> Span:
    """Return the span of a name, with its condition if it has one."""
    section = service.body.get("depends_on")
    value = section.get(name.text) if isinstance(section, Mapping) else None
    return Span(name.source, name.start, value.end if value and value.start >= name.end else name.end)


def _section(service: Service) -> Span | None:
    """Return the span of all of `depends_on`; Compose rejects an empty section too."""
    key, section = service.body.key("depends_on"), service.body.get("depends_on")
    if key is None or section is None or section.start < key.end or section.source is not key.source:
        return None
    return Span(key.source, key.start, section.end)
