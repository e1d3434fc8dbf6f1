"""A service reads a variable that nothing sets, and Compose injects one with nearly the same name.

A grant injects two variables, and their names follow one rule: the model's key in capitals, `-` replaced by `_`, and
`_URL` or `_MODEL` behind it. There is no prefix. A program that waits for `AI_LLM_URL` beside a grant that injects `LLM_URL`
finds an empty string, and mostly fails far from the cause: with a request to `/chat/completions` of no host.

```yaml bad
services:
  app:
    image: app
    command: ["sh", "-c", "curl -fsS $$AI_LLM_URL/models && exec app"]
    #                                  ^^^^^^^^^^ nothing sets `AI_LLM_URL`, so it is empty: the grant of `llm` injects `LLM_URL`
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

A `${…}` with one `$` is filled in by Compose itself, before anything is injected. There the right name would be empty as
well, so the way out is to let the grant inject the name that the program reads:

```yaml bad
services:
  app:
    image: app
    environment:
      OPENAI_BASE_URL: ${AI_LLM_URL}
      #                ^^^^^^^^^^^^^ nothing sets `AI_LLM_URL`, so this is empty: the grant of `llm` injects `LLM_URL`, and only into the container
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

The same holds for the code that a service is built from, and for its Dockerfile. Where the code reads a variable for the address of a
model under a name of its own, and the name that the grant injects stands nowhere in the build context, the two have never met:

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
    #        ^^^ `LLM_MODEL`, which the grant of `llm` injects, is not what the code reads: that is `CHAT_SERVER_LLM_MODEL`, and nothing sets it
    #        ^^^ `LLM_URL`, which the grant of `llm` injects, is not what the code reads: that is `CHAT_SERVER_LLM_URL`, and nothing sets it
  worker:
    build: ./worker
    models:
      - llm
      # ^^^ `LLM_URL`, which the grant of `llm` injects, is not what the code reads: that is `MODEL_BASE_URL`, and nothing sets it
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

And where `environment` gives the service the address of a model server under another name, that is the one that it uses:

```yaml bad
services:
  app:
    image: app
    environment:
      BASE_URL: http://model-runner.docker.internal/engines/v1
    models: [llm]
    #        ^^^ the grant of `llm` injects `LLM_URL`, and `BASE_URL` gives the service an address beside it: one of the two is not used
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

What this rule cannot see: what an image that is not built here reads, and variables that it sets; code that reads names which are put
together at run time, and frameworks that read variables by rules of their own (there it is silent); names that an SDK reads by
itself are known for the common ones.
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

_MOST_UNSET = 50  # variables: for each of them, all the others are looked at
_LOOSE = "AI_"  # of a model's address only where a key or a model's name stands beside it
_LONGEST = 128  # letters of a name that is compared with others


@rule(WARNING)
def uninjected_variable(service: Service, context: Context) -> Findings:
    """Report variables that commands, interpolated values and code read, and that are set nowhere."""
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
                f"nothing sets `{variable.name}`, so this is empty: the grant of `{injected[near].grant.name.shown}` "
                f"injects `{injected[near].shown}`, and only into the container"
            )
            fix = _in_place_of(service, variable, unset, injected, names, context)
            hint = (
                "" if fix else f"name the variable that the program reads as `{injected[near].kind}_var` of the grant"
            )
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
    """The variables of the project that are filled in as nothing, by the id of what they stand in."""
    found: dict[int, list[Variable]] = {}
    for each in project.variables:
        if not each.operator and not each.is_set and each.scalar is not None:
            found.setdefault(id(each.scalar), []).append(each)
    return found


def _unset_in(service: Service, project: Project) -> list[Variable]:
    """Those that stand in a service."""
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
    """Let the grant inject an entry of `environment` that is to hold nothing but the variable."""
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
    return Fix(f"let the grant of `{near.grant.name.shown}` inject `{holding[0].name}`", edits) if edits else None


def _in_shell(run: RunScript, expansion: Expansion, injected: Injected) -> Finding:
    name, shown, grant = expansion.name, injected.shown, injected.grant
    message = f"nothing sets `{name}`, so it is empty: the grant of `{grant.name.shown}` injects `{shown}`"
    span = run.locate(expansion.start, expansion.end)
    # A name that hangs on a variable has a value that is not for printing.
    if span.text != name or shown != injected.name:
        return Finding(span, message, hint=f"read `{shown}`")
    return Finding(span, message, Fix(f"read `{shown}`", [Edit(span, shown)]))


def _in_code(service: Service, grant: Grant, names: _Names, read: _Names, context: Context) -> Findings:
    """Report what the code reads in place of what a grant injects.

    `names` are those that are injected, `read` those that the code reads and nothing sets.
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
            f"`{variable.shown}`, which the grant of `{grant.name.shown}` injects, is not what the code reads: that is `{other}`, "
            "and nothing sets it"
        )
        own = fix if (variable, other) in certain else None
        hint = "" if own else f"let the grant inject that name: `{variable.kind}_var: {other}`"
        yield Finding(variable.span, message, own, [(unset[other], "read here")], hint=hint)


def _is_alone(name: str, unset: Iterable[str], service: Service) -> bool:
    """Whether only one grant can be meant by the one variable for an address that the code reads."""
    return len(service.grants) == 1 and [each for each in unset if is_model_address(each)] == [name]


def _renaming(wanted: list[tuple[Injected, str]], context: Context) -> Fix | None:
    """Let a grant inject its variables under the names that are read."""
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
    return Fix(f"let the grant of `{wanted[0][0].grant.name.shown}` inject {shown}", edits) if edits else None


def _beside(service: Service, grant: Grant, given: list[ModelServerAddress], context: Context) -> Findings:
    """Report that another variable gives the address which a grant injects, where nothing reads what it injects."""
    if not _is_unused(service, grant, context):
        return
    text = given[0].text
    endpoint_var = next(variable for variable in grant.variables if variable.kind == "endpoint")
    message = (
        f"the grant of `{grant.name.shown}` injects `{endpoint_var.shown}`, and `{text.name}` gives the service an address beside "
        "it: one of the two is not used"
    )
    related = [*text.origin, (text.locate(0, len(text.value)), f"`{text.name}`")]
    hint = f"drop `{text.name}` and let the grant inject it: `endpoint_var: {text.name}`"
    if grant.legacy:
        hint = f"drop `{text.name}`, declare the model under `models:` and grant it with `endpoint_var: {text.name}`"
    fix = _in_place_of_address(service, endpoint_var, given, context)
    yield Finding(endpoint_var.span, message, fix, related, hint="" if fix else hint)


def _is_unused(service: Service, grant: Grant, context: Context) -> bool:
    """Whether nothing mentions, sets or may read what a grant injects."""
    evidence = context.evidence
    names = [variable.name for variable in grant.variables]
    code = evidence.code(service)
    if code is not None and code.files and any(code.may_read(name) for name in names):
        return False
    return not evidence.is_mentioned(service, names) and not any(name in service.environment for name in names)


def _empty_addresses(service: Service, unset: list[Variable], names: _Names) -> list[Setting]:
    """The variables of `environment` that are to hold a model's address, and that nothing gives a value here.

    One that is filled with a variable near to an injected one is reported for that reason.
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
        f"nothing mentions `{variable.shown}`, which the grant of `{grant.name.shown}` injects, and `{setting.name}`, an "
        "address beside it, has no value here: one of the two is not used"
    )
    hint = f"let the grant inject the name that the program reads: `endpoint_var: {setting.name}`"
    if grant.legacy:
        hint = f"declare the model under `models:` and grant it with `endpoint_var: {setting.name}`"
    return Finding(variable.span, message, hint=hint, related=[(setting.span, f"`{setting.name}`")])


def _in_place_of_address(
    service: Service, variable: Injected, given: list[ModelServerAddress], context: Context
) -> Fix | None:
    """Let the only grant inject the only address of the runner that is written out in `environment`."""
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
    title = f"let the grant of `{variable.grant.name.shown}` inject `{setting.name}`, which becomes `http://…/v1/`"
    return Fix(title, edits) if edits else None


class _Names:
    """Names that are injected, or that are read, to find among them those that are near to one of the other kind.

    One has a prefix more than the other (`AI_LLM_URL`, `LLM_URL`). A word alone that is read is near to no longer name.
    """

    __slots__ = ("_ending", "_order")

    def __init__(self, names: Iterable[str]) -> None:
        self._order = {name: at for at, name in enumerate(names)}
        self._ending: dict[str, list[str]] = {}  # by what is left without a prefix
        for name in self._order:
            for ending in _endings(name):
                self._ending.setdefault(ending, []).append(name)

    def near(self, name: str, *, is_read: bool) -> list[str]:
        """The first two that are near to a name that is read, or to one that is injected."""
        longer = self._ending.get(name, [])[:2] if not is_read or "_" in name else []
        shorter = [each for each in _endings(name) if each in self._order and (is_read or "_" in each)]
        return sorted({*longer, *shorter}, key=self._order.__getitem__)[:2]

    def nearest(self, read: str) -> str:
        """The first injected name that is near to one that is read, or empty."""
        return next(iter(self.near(read, is_read=True)), "")

    def meant(self, read: str) -> str:
        """The injected name that is near to one that is read, if it is one alone; or empty."""
        near = self.near(read, is_read=True)
        return near[0] if len(near) == 1 else ""


def _endings(name: str) -> list[str]:
    """What is left of a name behind each `_`. Longer names than people give have none."""
    words = name.split("_") if len(name) <= _LONGEST else []
    return ["_".join(words[at:]) for at in range(1, len(words))]
