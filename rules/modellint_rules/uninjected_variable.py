"""A service reads a variable that nothing sets, but a grant injects one with a similar name.

A grant injects two variables with names that follow one rule: the model's key in uppercase, with `-` replaced by `_`,
followed by `_URL` or `_MODEL`. There is no prefix. A program that reads `AI_LLM_URL`, although the grant injects
`LLM_URL`, gets an empty string, and usually fails far from the cause: with a request to `/chat/completions` without a
host.

```yaml bad
services:
  app:
    image: app
    command: ["sh", "-c", "curl -fsS $$AI_LLM_URL/models && exec app"]
    #                                  ^^^^^^^^^^ nothing sets `AI_LLM_URL`, so it is empty: the `llm` grant injects `LLM_URL`
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml fixed
services:
  app:
    image: app
    command: ["sh", "-c", "curl -fsS $$LLM_URL/models && exec app"]
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

Compose itself replaces a `${…}` with one `$` before anything is injected. Even the right name would be empty there, so
the fix is to let the grant inject the name that the program reads:

```yaml bad
services:
  app:
    image: app
    environment:
      OPENAI_BASE_URL: ${AI_LLM_URL}
      #                ^^^^^^^^^^^^^ nothing sets `AI_LLM_URL`, so this is empty: the `llm` grant injects `LLM_URL`, and only into the container
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml fixed
services:
  app:
    image: app
    models:
      llm:
        endpoint_var: OPENAI_BASE_URL
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml good
services:
  app:
    image: app
    command: ["sh", "-c", "curl -fsS $$LLM_URL/models && exec app --model $$OPENAI_MODEL --key $$OPENAI_API_KEY"]
    models:
      llm:
        model_var: OPENAI_MODEL
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

The same is true for the code that a service is built from, and for its Dockerfile. If the code reads the address of a
model from a variable with a different name, and the injected name does not occur in the build context, the injected
variable is never read:

```python agent/main.py
import os

from openai import OpenAI

client = OpenAI(base_url=os.environ["CHAT_SERVER_LLM_URL"], api_key="none")
MODEL = os.getenv("CHAT_SERVER_LLM_MODEL", "")
```

```python worker/main.py
import os

LEVEL = os.getenv("LOG_LEVEL", "info")
BASE = os.environ["MODEL_BASE_URL"]
```

```yaml bad
services:
  agent:
    build: ./agent
    models: [llm]
    #        ^^^ the `llm` grant injects `LLM_MODEL`, but the code reads `CHAT_SERVER_LLM_MODEL`, which nothing sets
    #        ^^^ the `llm` grant injects `LLM_URL`, but the code reads `CHAT_SERVER_LLM_URL`, which nothing sets
  worker:
    build: ./worker
    models:
      - llm
      # ^^^ the `llm` grant injects `LLM_URL`, but the code reads `MODEL_BASE_URL`, which nothing sets
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml fixed
services:
  agent:
    build: ./agent
    models:
      llm:
        endpoint_var: CHAT_SERVER_LLM_URL
        model_var: CHAT_SERVER_LLM_MODEL
  worker:
    build: ./worker
    models:
      llm:
        endpoint_var: MODEL_BASE_URL
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

If `environment` gives the service the address of a model server under another name, the service uses that one:

```yaml bad
services:
  app:
    image: app
    environment:
      BASE_URL: http://model-runner.docker.internal/engines/v1
    models: [llm]
    #        ^^^ the `llm` grant injects `LLM_URL`, but `BASE_URL` also gives the service an address: one of them is not used
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml fixed
services:
  app:
    image: app
    models:
      llm:
        endpoint_var: BASE_URL
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml good
services:
  agent:
    build: ./agent
    models:
      llm:
        endpoint_var: CHAT_SERVER_LLM_URL
        model_var: CHAT_SERVER_LLM_MODEL
  worker:
    build: ./worker
    environment:
      MODEL_BASE_URL: https://models.example.com/v1
    models:
      llm:
        endpoint_var: MODEL_BASE_URL
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

What this rule cannot see: what an image that is not built here reads, and the variables that it sets; code that builds
variable names at run time, and frameworks that read variables by their own rules (there it reports nothing). Names that
an SDK reads by itself are known for common SDKs.
"""

from __future__ import annotations

from modellint.compose.model.project import Grant, Injected
from modellint.evidence.endpoints import RUNNER, is_model_address
from modellint.rule import (
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Project,
    Related,
    Service,
    Variable,
    rule,
    scalars,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from modellint.compose.model.project import Setting
    from modellint.evidence.commands import RunScript
    from modellint.evidence.endpoints import ModelServerAddress
    from modellint.evidence.shell import Expansion

_MOST_UNSET = 50  # variables: the fix of each compares it with all others
_LOOSE = "AI_"  # the address of a model only next to a key or a model name
_LONGEST = 128  # characters of a name that is compared with others


@rule(WARNING)
def uninjected_variable(service: Service, context: Context) -> Findings:
    """Report variables that commands, interpolated values and code read but nothing sets."""
    injected = {variable.name: variable for grant in service.grants for variable in grant.variables}
    if not injected:
        return
    dockerfile = context.evidence.dockerfile(service)
    known = injected.keys() | service.environment.keys() | (dockerfile.variables.keys() if dockerfile else set[str]())
    names = _Names(injected)
    for run in context.evidence.runs(service) if not context.evidence.is_dockerfile_unread(service) else ():
        for expansion in run.reads():
            near = names.nearest(expansion.name)
            if near and expansion.name not in known and not expansion.defaulted:
                yield _in_shell(run, expansion, injected[near])
    unset = _unset_in(service, context.project)
    for variable in unset:
        near = names.nearest(variable.name)
        if near and variable.name not in injected:
            message = (
                f"nothing sets `{variable.name}`, so this is empty: the `{injected[near].grant.name.shown}` grant "
                f"injects `{injected[near].shown}`, and only into the container"
            )
            fix = _in_place_of(service, variable, unset, injected, names, context)
            hint = "" if fix else f"set `{injected[near].kind}_var` of the grant to the variable that the program reads"
            yield Finding(variable.span, message, fix, hint=hint)
    code = context.evidence.code(service)
    read = _Names(context.evidence.unset_reads(service)) if code is not None else None
    given = [
        endpoint
        for endpoint in context.evidence.endpoints(service)
        if endpoint.server and endpoint.text.kind in ("variable", "env file") and endpoint.text.name not in injected
    ]
    empty = [] if given else _empty_addresses(service, unset, names)
    for grant in service.grants:
        found = list(_in_code(service, grant, names, read, context)) if read is not None else []
        if not found and given:
            found = list(_beside(service, grant, given, context))
        elif not found and empty and _is_unused(service, grant, context):
            found, empty = [_beside_empty(grant, empty[0])], []  # only one grant can inject it
        yield from found


def _unset(project: Project) -> dict[int, list[Variable]]:
    """Return the variables that Compose replaces by an empty string, by the id of the scalar that contains them."""
    found: dict[int, list[Variable]] = {}
    for each in project.variables:
        if not each.operator and not each.is_set and each.scalar is not None:
            found.setdefault(id(each.scalar), []).append(each)
    return found


def _unset_in(service: Service, project: Project) -> list[Variable]:
    """Return the unset variables in a service."""
    unset = project.once(_unset)
    own = {id(scalar): None for scalar in scalars(service.body)} if unset else {}
    return [variable for scalar in own for variable in unset.get(scalar, ())]


def _in_place_of(
    service: Service,
    asked: Variable,
    unset: list[Variable],
    injected: dict[str, Injected],
    names: _Names,
    context: Context,
) -> Fix | None:
    """Return a fix that lets the grant inject an `environment` entry whose value is only the variable."""
    meant = names.meant(asked.name)
    if not meant or len(unset) > _MOST_UNSET:
        return None
    near = injected[meant]
    others = [each for each in unset if names.meant(each.name) == meant]
    holding = [
        each
        for each in service.environment.values()
        if each.node is not None
        and each.node is asked.scalar
        and each.shown in (f"${asked.name}", f"${{{asked.name}}}")
    ]
    if len(holding) != 1 or len(others) != 1:
        return None
    from modellint.fixing.grant_edits import inject_instead, may_rename

    if not may_rename(context.evidence, near, holding[0].name):
        return None
    edits = inject_instead(context.project, near, holding[0])
    return Fix(f"let the `{near.grant.name.shown}` grant inject `{holding[0].name}`", edits) if edits else None


def _in_shell(run: RunScript, expansion: Expansion, injected: Injected) -> Finding:
    name, shown, grant = expansion.name, injected.shown, injected.grant
    message = f"nothing sets `{name}`, so it is empty: the `{grant.name.shown}` grant injects `{shown}`"
    span = run.locate(expansion.start, expansion.end)
    # A name that comes from a variable has a value that must not be printed.
    if span.text != name or shown != injected.name:
        return Finding(span, message, hint=f"read `{shown}` instead")
    return Finding(span, message, Fix(f"read `{shown}` instead", [Edit(span, shown)]))


def _in_code(service: Service, grant: Grant, names: _Names, read: _Names, context: Context) -> Findings:
    """Report variables that the code reads instead of the injected ones.

    `names` are the injected names, `read` the names that the code reads and nothing sets.
    """
    evidence = context.evidence
    code = evidence.code(service)
    if code is None:
        return
    unset, scripts = evidence.unset_reads(service), evidence.script_reads(service)
    found: list[tuple[Injected, str]] = []
    certain: list[tuple[Injected, str]] = []
    for variable in grant.variables:
        if code.sdk(variable.name) or any(variable.name in known for known in (code.reads, code.aside, scripts)):
            continue
        near = read.near(variable.name, is_read=False)
        address = evidence.reads_other_address(service, [variable.name]) if variable.kind == "endpoint" else ""
        other = near[0] if near else address
        if not other or (not near and not evidence.is_unread(service, [variable.name])):
            continue
        found.append((variable, other))
        if (near == [other] and names.meant(other)) or (not near and _is_alone(other, unset, service)):
            certain.append((variable, other))
    fix = _renaming(certain, context)
    for variable, other in found:
        message = (
            f"the `{grant.name.shown}` grant injects `{variable.shown}`, but the code reads `{other}`, "
            "which nothing sets"
        )
        own = fix if (variable, other) in certain else None
        hint = "" if own else f"let the grant inject that name: `{variable.kind}_var: {other}`"
        yield Finding(variable.span, message, own, [Related(unset[other], "read here")], hint=hint)


def _is_alone(name: str, unset: Iterable[str], service: Service) -> bool:
    """Return whether the code reads only one address variable and the service has only one grant."""
    return len(service.grants) == 1 and [each for each in unset if is_model_address(each)] == [name]


def _renaming(wanted: list[tuple[Injected, str]], context: Context) -> Fix | None:
    """Return a fix that lets a grant inject its variables under the names that are read."""
    if not wanted:
        return None
    from modellint.fixing.grant_edits import may_rename, rename

    names = {f"{variable.kind}_var": name for variable, name in reversed(wanted)}
    if len(set(names.values())) < len(wanted):
        return None
    if not all(may_rename(context.evidence, variable, name) for variable, name in wanted):
        return None
    edits = rename(context.project, wanted[0][0].grant, names)
    shown = " and ".join(f"`{name}`" for name in names.values())
    return Fix(f"let the `{wanted[0][0].grant.name.shown}` grant inject {shown}", edits) if edits else None


def _beside(service: Service, grant: Grant, given: list[ModelServerAddress], context: Context) -> Findings:
    """Report another variable with the address of a model server, if nothing reads the injected variables."""
    if not _is_unused(service, grant, context):
        return
    text = given[0].text
    endpoint_var = next(variable for variable in grant.variables if variable.kind == "endpoint")
    message = (
        f"the `{grant.name.shown}` grant injects `{endpoint_var.shown}`, but `{text.name}` also gives the service an "
        "address: one of them is not used"
    )
    related = [*text.origin, Related(text.locate(0, len(text.value)), f"`{text.name}`")]
    hint = f"remove `{text.name}`, and let the grant inject it: `endpoint_var: {text.name}`"
    if grant.legacy:
        hint = f"remove `{text.name}`, declare the model under `models:`, and grant it with `endpoint_var: {text.name}`"
    fix = _in_place_of_address(service, endpoint_var, given, context)
    yield Finding(endpoint_var.span, message, fix, related, hint="" if fix else hint)


def _is_unused(service: Service, grant: Grant, context: Context) -> bool:
    """Return whether nothing mentions, sets or may read the variables of a grant."""
    evidence = context.evidence
    names = [variable.name for variable in grant.variables]
    code = evidence.code(service)
    if code is not None and code.files and any(code.may_read(name) for name in names):
        return False
    return not evidence.is_mentioned(service, names) and not any(name in service.environment for name in names)


def _empty_addresses(service: Service, unset: list[Variable], names: _Names) -> list[Setting]:
    """Return the variables of `environment` for the address of a model that have no value here.

    A variable whose value is similar to an injected name is reported for that reason instead.
    """
    found: list[Setting] = []
    passed = {id(variable.scalar) for variable in unset if not names.nearest(variable.name)}
    speaks = [name for name in service.environment if name.upper().startswith(_LOOSE) and not name.endswith("_URL")]
    for setting in service.environment.values():
        name, node = setting.name, setting.node
        loose = name.upper().startswith(_LOOSE) and bool(speaks) and is_model_address(f"LLM_{name}")
        if node is None or not (is_model_address(name) or loose):
            continue
        if setting.value is None or (setting.value == "" and id(node) in passed):
            found.append(setting)
    return found


def _beside_empty(grant: Grant, setting: Setting) -> Finding:
    variable = next(variable for variable in grant.variables if variable.kind == "endpoint")
    message = (
        f"the `{grant.name.shown}` grant injects `{variable.shown}`, which nothing mentions, and the address variable "
        f"`{setting.name}` has no value here: one of them is not used"
    )
    hint = f"let the grant inject the name that the program reads: `endpoint_var: {setting.name}`"
    if grant.legacy:
        hint = f"declare the model under `models:` and grant it with `endpoint_var: {setting.name}`"
    return Finding(variable.span, message, hint=hint, related=[Related(setting.span, f"`{setting.name}`")])


def _in_place_of_address(
    service: Service, variable: Injected, given: list[ModelServerAddress], context: Context
) -> Fix | None:
    """Return a fix that lets the only grant inject the only address of Docker Model Runner in `environment`."""
    from modellint.fixing.grant_edits import inject_instead, is_base_url, may_rename

    endpoint, project = given[0], context.project
    setting = service.environment.get(endpoint.text.name)
    if len(given) > 1 or len(service.grants) > 1 or setting is None or setting.node is not endpoint.text.node:
        return None
    if endpoint.server != RUNNER or endpoint.url.host in project.services or not is_base_url(endpoint):
        return None
    if setting.node is None or not may_rename(context.evidence, variable, setting.name):
        return None
    edits = inject_instead(project, variable, setting)
    title = f"let the `{variable.grant.name.shown}` grant inject `{setting.name}`; its value becomes `http://…/v1/`"
    return Fix(title, edits) if edits else None


class _Names:
    """Names that are injected, or names that are read, to find those that are similar to a name of the other kind.

    Two names are similar if one has an additional prefix (`AI_LLM_URL`, `LLM_URL`). A name of one word that is read is
    not similar to a longer name.
    """

    __slots__ = ("_ending", "_order")

    def __init__(self, names: Iterable[str]) -> None:
        self._order = {name: at for at, name in enumerate(names)}
        self._ending: dict[str, list[str]] = {}  # by the name without its prefix
        for name in self._order:
            for ending in _endings(name):
                self._ending.setdefault(ending, []).append(name)

    def near(self, name: str, *, is_read: bool) -> list[str]:
        """Return the first two names that are similar to a name that is read, or to one that is injected."""
        longer = self._ending.get(name, [])[:2] if not is_read or "_" in name else []
        shorter = [each for each in _endings(name) if each in self._order and (is_read or "_" in each)]
        return sorted({*longer, *shorter}, key=self._order.__getitem__)[:2]

    def nearest(self, read: str) -> str:
        """Return the first injected name that is similar to a name that is read, or an empty string."""
        return next(iter(self.near(read, is_read=True)), "")

    def meant(self, read: str) -> str:
        """Return the injected name that is similar to a name that is read, if there is only one, or an empty string."""
        near = self.near(read, is_read=True)
        return near[0] if len(near) == 1 else ""


def _endings(name: str) -> list[str]:
    """Return what follows each `_` in a name; nothing for very long names."""
    words = name.split("_") if len(name) <= _LONGEST else []
    return ["_".join(words[at:]) for at in range(1, len(words))]
