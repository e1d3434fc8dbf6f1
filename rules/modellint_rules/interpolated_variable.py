"""The file itself asks for a variable that a grant injects.

`${LLM_URL}` in a Compose file is replaced while the file is read, from the shell and from `.env`. What a grant injects
exists later, and only inside the container: here it is unset, Compose prints a warning and puts in nothing, or the default, always.

```yaml bad
services:
  app:
    image: app
    command: ["serve", "--endpoint", "${LLM_URL}"]
    #                                 ^^^^^^^^^^ `LLM_URL` exists only inside the container of `app`, once it is created; here it is always empty
    models: [llm]
  web:
    image: web
    environment:
      API: ${LLM_URL:-http://localhost:12434/v1}
      #    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `LLM_URL` exists only inside the container of `app`, once it is created; here the default is always taken
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

Inside the container a shell can read it; `$$` passes the `$` through:

```yaml good
services:
  app:
    image: app
    command: ["sh", "-c", "serve --endpoint $${LLM_URL}"]
    models: [llm]
  web:
    image: web
    models:
      llm:
        endpoint_var: API
models:
  llm:
    model: ${LLM_MODEL:-ai/smollm2:360M-Q4_K_M}
```

What this rule cannot see: a shell that will set the variable where the file is used. A variable that is set where the
file is checked, in the shell or in `.env`, is not reported, and neither is one inside `models:`.
"""

from __future__ import annotations

from modellint.compose.project import Injected
from modellint.rule import ERROR, WARNING, Context, Finding, Findings, Project, Scalar, Variable, rule, scalars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.finding import Severity


@rule(ERROR, tags=("environment",))
def interpolated_variable(project: Project, context: Context) -> Findings:
    """Report `${NAME}` where a grant injects NAME and nothing else sets it."""
    injected: dict[str, Injected] = {}
    for grant in project.grants():
        for variable in grant.variables:
            injected.setdefault(variable.name, variable)
    asked = [found for found in project.variables if found.name in injected and not found.is_set]
    if not asked:
        return
    silent = _configuring(project) | _overwritten(project)
    for found in asked:
        if found.scalar is not None and id(found.scalar) not in silent:
            yield _finding(found, injected[found.name])


def _finding(found: Variable, source: Injected) -> Finding:
    always, severity = _outcome(found)
    place = f"the container of `{source.grant.service.name.text}`"
    message = f"`{found.name}` exists only inside {place}, once it is created; here {always}"
    hint = "let a shell in the container read it (`$${" + found.name + "}`), or grant the model to this service"
    return Finding(found.span, message, related=[(source.span, "injected by this")], hint=hint, severity=severity)


def _outcome(found: Variable) -> tuple[str, Severity]:
    kind = found.operator[-1:]
    if kind == "-" and found.operand:
        return "the default is always taken", WARNING
    return ("Compose stops and asks for it" if kind == "?" else "it is always empty"), ERROR


def _configuring(project: Project) -> set[int]:
    """Values inside `models:` and of providers: there the variable chooses the model, before it is injected."""
    found = set(map(id, scalars(project.root.get("models") if project.root else None)))
    for service in project.services.values():
        found.update(map(id, scalars(service.provider)))
    return found


def _overwritten(project: Project) -> set[int]:
    """Values of variables that a grant of the same service sets anyway: another rule speaks about them."""
    found: set[int] = set()
    for service in project.services.values():
        names = {variable.name for grant in service.grants for variable in grant.variables}
        settings = [service.environment[name] for name in names if name in service.environment]
        found.update(id(setting.node) for setting in settings if isinstance(setting.node, Scalar))
    return found
