"""A grant overwrites a variable of the service.

Docker Compose sets the variables of a grant when it creates the container, after `environment` and `env_file`, and they
override `docker compose run -e` too. Docker Compose does this silently: the value in the file is never used, and
changing it has no effect.

```yaml bad
services:
  app:
    image: app
    environment:
      LLM_URL: http://localhost:12434/engines/v1
    # ^^^^^^^ the `llm` grant sets `LLM_URL` when the container is created, so this value is never used
      LOG_LEVEL: info
    models:
      - llm
  job:
    image: job
    environment:
      - LLM_MODEL
      # ^^^^^^^^^ the `llm` grant sets `LLM_MODEL` when the container is created, so the value from the shell is never used
    models: [llm]
  cron:
    image: cron
    env_file: cron.env
    models:
      - llm
      # ^^^ the `llm` grant overrides `LLM_MODEL` from an env file, so that value is never used
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```dotenv cron.env
LLM_MODEL=ai/qwen3
```

```yaml fixed
services:
  app:
    image: app
    environment:
      LOG_LEVEL: info
    models:
      - llm
  job:
    image: job
    models: [llm]
  cron:
    image: cron
    env_file: cron.env
    models:
      - llm
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml good
services:
  app:
    image: app
    environment:
      LLM_URL: http://localhost:12434/engines/v1
      AI_MODEL: ai/smollm2
    models:
      llm:
        endpoint_var: AI_URL
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: env files that do not exist or are outside the project, and variables that the image sets,
which a grant overwrites too.
"""

from __future__ import annotations

from modellint.compose.model.project import Injected, Setting
from modellint.fixing.list_edits import take_out, take_out_key
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Mapping, Related, Sequence, Service, rule

_HINT = "remove it, or give the grant its own variable names with `endpoint_var` and `model_var`"


@rule(WARNING, tags=("environment",))
def overwritten_variable(service: Service, context: Context) -> Findings:
    """Report variables that a grant of the same service sets."""
    injected: dict[str, Injected] = {}
    for grant in service.grants:
        for variable in grant.variables:
            injected.setdefault(variable.name, variable)
    found = [
        (service.environment[name], variable) for name, variable in injected.items() if name in service.environment
    ]
    fixes = _fixes(service, [setting for setting, _ in found if setting.node is not None])
    for setting, variable in found:
        if setting.node is None:
            yield _in_file(setting, variable)
            continue
        value = "the value from the shell is never used" if setting.value is None else "this value is never used"
        message = f"{_giver(variable)} sets `{variable.shown}` when the container is created, so {value}"
        fix = fixes.get(setting.name)
        yield Finding(setting.span, message, fix, [Related(variable.span, "set here")], hint="" if fix else _HINT)


def _in_file(setting: Setting, variable: Injected) -> Finding:
    message = f"{_giver(variable)} overrides `{variable.shown}` from an env file, so that value is never used"
    return Finding(variable.span, message, related=[Related(setting.span, "never used")], hint=_HINT)


def _giver(variable: Injected) -> str:
    name = variable.grant.name.shown
    return f"the provider service `{name}`" if variable.grant.legacy else f"the `{name}` grant"


def _fixes(service: Service, settings: list[Setting]) -> dict[str, Fix]:
    section = service.body.get("environment")
    size = (
        len(section.items)
        if isinstance(section, Sequence)
        else len(section.pairs)
        if isinstance(section, Mapping)
        else 0
    )
    if settings and len(settings) == size:  # Compose rejects an empty section
        edits = take_out_key(service.body, "environment")
        return (
            {settings[0].name: Fix("remove `environment`; the grants set all of its variables", edits)} if edits else {}
        )
    found: dict[str, Fix] = {}
    for setting in settings:
        edits = take_out(service.body, "environment", [setting.node]) if setting.node else None
        if edits:
            found[setting.name] = Fix(f"remove `{setting.span.text}` from `environment`", edits)
    return found
