"""The Compose file interpolates a variable that only a grant injects.

Compose replaces `${LLM_URL}` while it reads the file, with a value from the shell or from `.env`. A grant injects its
variables later, and only into the container. When the file is read, the variable is not set: Compose prints a warning
and always inserts an empty string, or the default.

```yaml bad
services:
  app:
    image: app
    command: ["serve", "--endpoint", "${LLM_URL}"]
    #                                 ^^^^^^^^^^ `LLM_URL` is set only inside the `app` container, not when Compose reads the file: here it is always empty
    models: [llm]
  web:
    image: web
    environment:
      API: ${LLM_URL:-http://localhost:12434/v1}
      #    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `LLM_URL` is set only inside the `app` container, not when Compose reads the file: here the default is always used
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

A shell inside the container can read the variable; `$$` passes the `$` through to it. A grant can also inject its
variables under any other name:

```yaml bad
services:
  app:
    image: app
    environment:
      OPENAI_BASE_URL: ${LLM_URL}
      #                ^^^^^^^^^^ `LLM_URL` is set only inside the `app` container, not when Compose reads the file: here it is always empty
    models: [llm]
  job:
    image: job
    command: ["sh", "-c", "serve --model ${LLM_MODEL}"]
    #                                    ^^^^^^^^^^^^ `LLM_MODEL` is set only inside the `app` container, not when Compose reads the file: here it is always empty
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml fixed
services:
  app:
    image: app
    models:
      llm:
        endpoint_var: OPENAI_BASE_URL
  job:
    image: job
    command: ["sh", "-c", "serve --model $${LLM_MODEL}"]
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

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

What this rule cannot see: variables that the shell will set where the file is used. A variable that is set where the
file is checked, in the shell or in `.env`, is not reported, and neither is a variable inside `models:`.
"""

from __future__ import annotations

from modellint.compose.model.project import Injected
from modellint.rule import (
    ERROR,
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Project,
    Related,
    Scalar,
    Service,
    Span,
    Variable,
    rule,
    scalars,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.project import Setting
    from modellint.evidence.shell import Script
    from modellint.text.finding import Severity

_MOST_FIXED = 50  # findings: the fix of each compares it with all others and reads a script


@rule(ERROR, tags=("environment",))
def interpolated_variable(project: Project, context: Context) -> Findings:
    """Report `${NAME}` if a grant injects NAME and nothing else sets it."""
    injected: dict[str, Injected] = {}
    for grant in project.grants():
        for variable in grant.variables:
            injected.setdefault(variable.name, variable)
    asked = [found for found in project.variables if found.name in injected and not found.is_set]
    if not asked:
        return
    silent = _configuring(project) | _overwritten(project)
    reported = [found for found in asked if found.scalar is not None and id(found.scalar) not in silent]
    for found in reported:
        fix = _fix(found, reported, context) if len(reported) <= _MOST_FIXED else None
        yield _finding(found, injected[found.name], fix)


def _fix(found: Variable, reported: list[Variable], context: Context) -> Fix | None:
    """Return a fix that reads the variable in the container, if one service uses it and a grant injects it there."""
    scalar = found.scalar
    users = context.project.once(_Values).within(scalar) if scalar is not None else []
    if len(users) != 1 or scalar is None:
        return None
    service, setting = users[0]
    given = (each for grant in service.grants if not grant.legacy for each in grant.variables)
    variable = next((each for each in given if each.name == found.name), None)
    if variable is None:
        return None
    if setting is not None:
        return _injecting(found, variable, setting, reported, context)
    if found.operand.count("$") or found.span.text != scalar.text[found.start : found.end]:
        return None
    if not _is_in_shell(service, scalar, found):
        return None
    start = found.span.start
    return Fix(f"let the container's shell expand `{found.name}`", [Edit(Span(scalar.source, start, start), "$")])


class _Values:
    """The values of `environment` and of commands by place, with their service and `environment` entry."""

    __slots__ = ("_by_source",)

    def __init__(self, project: Project) -> None:
        self._by_source: dict[int, list[tuple[Scalar, Service, Setting | None]]] = {}
        for service in project.services.values():
            for setting in service.environment.values():
                if setting.node is not None:
                    self._by_source.setdefault(id(setting.node.source), []).append((setting.node, service, setting))
            for scalar in service.commands.scalars:
                self._by_source.setdefault(id(scalar.source), []).append((scalar, service, None))
        for values in self._by_source.values():
            values.sort(key=_start)

    def within(self, scalar: Scalar) -> list[tuple[Service, Setting | None]]:
        """Return the values inside a scalar, which a merge may have split into several nodes; at most two."""
        from bisect import bisect_left

        values = self._by_source.get(id(scalar.source), [])
        found: list[tuple[Service, Setting | None]] = []
        for at in range(bisect_left(values, scalar.start, key=_start), len(values)):
            node, service, setting = values[at]
            if node.start > scalar.end or len(found) > 1:
                break
            if node.end <= scalar.end:
                found.append((service, setting))
        return found


def _start(value: tuple[Scalar, Service, Setting | None]) -> int:
    return value[0].start


def _injecting(
    found: Variable, variable: Injected, setting: Setting, reported: list[Variable], context: Context
) -> Fix | None:
    """Return a fix that lets the grant inject the variable of an `environment` entry and removes the entry."""
    from modellint.fixing.grant_edits import inject_instead, may_rename, written

    if setting.shown not in (f"${found.name}", f"${{{found.name}}}"):
        return None
    place = written(context.project, variable.grant.service, setting.span)
    if place is None or not may_rename(context.evidence, variable, setting.name):
        return None
    body = place[1]
    others = [each.scalar for each in reported if each.name == found.name and each.scalar is not None]
    if sum(each.source is body.source and body.start <= each.start < body.end for each in others) > 1:
        return None  # the other uses would then be empty without a finding
    edits = inject_instead(context.project, variable, setting)
    name = variable.grant.name.shown
    return Fix(f"let the `{name}` grant inject `{setting.name}`", edits) if edits else None


def _is_in_shell(service: Service, scalar: Scalar, found: Variable) -> bool:
    """Return whether a shell in the container would expand the variable if Compose did not."""
    read = _script(service, scalar)
    if read is None or read[1].damaged or found.name in read[1].assigned:
        return False
    offset, script = read
    begin = found.start + len("${" if scalar.text.startswith("${", found.start) else "$")
    return any(each.name == found.name and offset + each.start == begin for each in script.expansions)


def _script(service: Service, scalar: Scalar) -> tuple[int, Script] | None:
    """Return the shell script in a value of a command, as written in the file, and its offset in the value."""
    from modellint.compose.model.commands import as_written
    from modellint.evidence.shell import read_script

    for line in as_written(service.body):
        script = line.script
        if script is not None and script.node is scalar:
            return (script.start, read_script(script.text)) if script.start >= 0 else None
    return None


def _finding(found: Variable, source: Injected, fix: Fix | None) -> Finding:
    always, severity = _outcome(found)
    place = f"the `{source.grant.service.name.text}` container"
    message = f"`{found.name}` is set only inside {place}, not when Compose reads the file: here {always}"
    hint = "let a shell in the container expand it (`$${" + found.name + "}`), or grant the model to this service"
    related = [Related(source.span, "injected here")]
    return Finding(found.span, message, fix, related, hint="" if fix else hint, severity=severity)


def _outcome(found: Variable) -> tuple[str, Severity]:
    kind = found.operator[-1:]
    if kind == "-" and found.operand:
        return "the default is always used", WARNING
    return ("Compose stops with an error" if kind == "?" else "it is always empty"), ERROR


def _configuring(project: Project) -> set[int]:
    """Return the values in `models:` and of providers, where the variable selects the model before it is injected."""
    found = set(map(id, scalars(project.root.get("models") if project.root else None)))
    for service in project.services.values():
        found.update(map(id, scalars(service.provider)))
    return found


def _overwritten(project: Project) -> set[int]:
    """Return the values that a grant of the same service overwrites, which `overwritten-variable` reports."""
    found: set[int] = set()
    for service in project.services.values():
        names = {variable.name for grant in service.grants for variable in grant.variables}
        settings = [service.environment[name] for name in names if name in service.environment]
        found.update(id(setting.node) for setting in settings if isinstance(setting.node, Scalar))
    return found
