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

Inside the container a shell can read it; `$$` passes the `$` through. And a grant injects under any name:

```yaml bad
services:
  app:
    image: app
    environment:
      OPENAI_BASE_URL: ${LLM_URL}
      #                ^^^^^^^^^^ `LLM_URL` exists only inside the container of `app`, once it is created; here it is always empty
    models: [llm]
  job:
    image: job
    command: ["sh", "-c", "serve --model ${LLM_MODEL}"]
    #                                    ^^^^^^^^^^^^ `LLM_MODEL` exists only inside the container of `app`, once it is created; here it is always empty
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

What this rule cannot see: a shell that will set the variable where the file is used. A variable that is set where the
file is checked, in the shell or in `.env`, is not reported, and neither is one inside `models:`.
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

_MOST_FIXED = 50  # findings: for each of them, all the others are looked at, and a script is read


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
    reported = [found for found in asked if found.scalar is not None and id(found.scalar) not in silent]
    for found in reported:
        fix = _fix(found, reported, context) if len(reported) <= _MOST_FIXED else None
        yield _finding(found, injected[found.name], fix)


def _fix(found: Variable, reported: list[Variable], context: Context) -> Fix | None:
    """Let the one service that asks for the variable, and gets it by a grant, have it inside its container."""
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
    return Fix(f"let the shell in the container read `{found.name}`", [Edit(Span(scalar.source, start, start), "$")])


class _Values:
    """The values of `environment` and of commands by their place, with the service and the entry of `environment`."""

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
        """Those that are a value, or the part of it that a merge has made a node of; two, where there are more."""
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
    """Let the grant inject what an entry is to hold, in the place of that entry."""
    from modellint.fixing.grant_edits import inject_instead, may_rename, written

    if setting.shown not in (f"${found.name}", f"${{{found.name}}}"):
        return None
    place = written(context.project, variable.grant.service, setting.span)
    if place is None or not may_rename(context.evidence, variable, setting.name):
        return None
    body = place[1]
    others = [each.scalar for each in reported if each.name == found.name and each.scalar is not None]
    if sum(each.source is body.source and body.start <= each.start < body.end for each in others) > 1:
        return None  # what else asks for it would then be empty, and nothing would say so
    edits = inject_instead(context.project, variable, setting)
    name = variable.grant.name.shown
    return Fix(f"let the grant of `{name}` inject `{setting.name}`", edits) if edits else None


def _is_in_shell(service: Service, scalar: Scalar, found: Variable) -> bool:
    """Whether a shell in the container would expand the variable, if Compose left it alone."""
    read = _script(service, scalar)
    if read is None or read[1].damaged or found.name in read[1].assigned:
        return False
    offset, script = read
    begin = found.start + len("${" if scalar.text.startswith("${", found.start) else "$")
    return any(each.name == found.name and offset + each.start == begin for each in script.expansions)


def _script(service: Service, scalar: Scalar) -> tuple[int, Script] | None:
    """The shell script that a value of a command holds as the file writes it, and where it begins in the value."""
    from modellint.compose.model.commands import as_written
    from modellint.evidence.shell import read_script

    for line in as_written(service.body):
        script = line.script
        if script is not None and script.node is scalar:
            return (script.start, read_script(script.text)) if script.start >= 0 else None
    return None


def _finding(found: Variable, source: Injected, fix: Fix | None) -> Finding:
    always, severity = _outcome(found)
    place = f"the container of `{source.grant.service.name.text}`"
    message = f"`{found.name}` exists only inside {place}, once it is created; here {always}"
    hint = "let a shell in the container read it (`$${" + found.name + "}`), or grant the model to this service"
    related = [(source.span, "injected by this")]
    return Finding(found.span, message, fix, related, hint="" if fix else hint, severity=severity)


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
