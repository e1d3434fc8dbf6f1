"""A grant injects a variable whose name is not a valid shell variable name.

Docker Compose derives the names of a grant's variables from the name of the model: in uppercase, with each `-` replaced
by `_`, and nothing else changed. A name that contains a `.` or starts with a digit gives a variable such as
`QWEN2.5_URL`, which the container gets but neither `sh` nor `bash` can expand: `$QWEN2.5_URL` is `$QWEN2` followed by
`.5_URL`. For a service with `provider: {type: model}`, even the `-` stays.

```yaml bad
services:
  app:
    image: app
    models:
      - qwen2.5
      # ^^^^^^^ the container gets `QWEN2.5_MODEL` and `QWEN2.5_URL`, but shells cannot read a variable with such a name
      - llm
  job:
    image: job
    models:
      llm:
        endpoint_var: LLM-URL
        #             ^^^^^^^ the container gets `LLM-URL`, but shells cannot read a variable with such a name
models:
  qwen2.5:
    model: ai/qwen2.5:0.5B-F16
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml fixed
services:
  app:
    image: app
    models:
      qwen2.5:
        endpoint_var: QWEN2_5_URL
        model_var: QWEN2_5_MODEL
      llm: {}
  job:
    image: job
    models:
      llm:
        endpoint_var: LLM-URL
models:
  qwen2.5:
    model: ai/qwen2.5:0.5B-F16
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml bad
services:
  app:
    image: app
    depends_on: [my-llm]
  my-llm:
# ^^^^^^ the container gets `MY-LLM_URL` and `MY-LLM_MODEL`, but shells cannot read a variable with such a name
    provider:
      type: model
      options:
        model: ai/smollm2:360M-Q4_K_M
```

```yaml good
services:
  app:
    image: app
    models:
      qwen2.5:
        endpoint_var: QWEN_URL
        model_var: QWEN_MODEL
      my-llm:
models:
  qwen2.5:
    model: ai/qwen2.5:0.5B-F16
  my-llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: what reads the variable. Programs that read it by name can, such as Python with `os.environ`.
"""

from __future__ import annotations

from modellint.compose.model.injection import prefix, provider_variable_names
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Grant, Project, Related, Span, rule

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME = _LETTERS | frozenset("0123456789")
_MOST_FIXED = 50  # grants: the fix of each reads its whole service


@rule(WARNING, tags=("environment",))
def unreadable_variable(project: Project, context: Context) -> Findings:
    """Report names that are not valid in a shell, at the grant, or once at the name of a provider service."""
    bad = [grant for grant in project.grants() if not grant.legacy and not all(map(_readable, _names(grant)))]
    taken = _taken(project) if bad and len(bad) <= _MOST_FIXED else None
    for grant in bad:
        yield from _of_grant(grant, taken, context)
    told: set[str] = set()
    for model in project.legacy:
        names = provider_variable_names(model.name.text)
        if model.grants and model.name.text not in told and not _readable(names[0]):
            told.add(model.name.text)
            related = [
                Related(grant.name.content, f"`{grant.service.name.text}` gets these variables")
                for grant in model.grants
            ]
            hint = "declare the model under `models:`, which turns each `-` into `_`, or rename the service"
            yield Finding(model.name.content, _message(names), related=related, hint=hint)


def _names(grant: Grant) -> list[str]:
    return [variable.name for variable in grant.variables]


def _taken(project: Project) -> set[str]:
    """Return the names of variables that are used anywhere in the project."""
    found = {name for grant in project.grants() for name in _names(grant)}
    found.update(name for service in project.services.values() for name in service.environment)
    found.update(variable.name for variable in project.variables)
    return found


def _of_grant(grant: Grant, taken: set[str] | None, context: Context) -> Findings:
    bad: dict[Span, list[str]] = {}
    for variable in grant.variables:
        if not _readable(variable.name):
            bad.setdefault(variable.span, []).append(variable.shown)
    fix = _fix(grant, taken, context) if taken is not None else None
    for span, names in bad.items():
        yield Finding(span, _message(names), fix, hint="" if fix else _hint(grant))


def _fix(grant: Grant, taken: set[str], context: Context) -> Fix | None:
    """Return a fix that gives the grant valid names, if they are free and nothing is known to read the old ones."""
    from modellint.fixing.grant_edits import is_read, is_variable_name, rename

    names: dict[str, str] = {}
    for variable in reversed(grant.variables):
        if not _readable(variable.name):
            names[f"{variable.kind}_var"] = _made_readable(variable.name)
            if variable.name in grant.service.environment or is_read(context.evidence, grant.service, variable.name):
                return None
    new = list(names.values())
    if len(set(new)) < len(new) or not taken.isdisjoint(new) or not all(map(is_variable_name, new)):
        return None
    edits = rename(context.project, grant, names)
    return Fix(f"inject {' and '.join(f'`{name}`' for name in new)}", edits) if edits else None


def _made_readable(name: str) -> str:
    name = "".join(letter if letter in _NAME else "_" for letter in name)
    return name if name[:1] in _LETTERS else f"MODEL_{name}"


def _readable(name: str) -> bool:
    return name[:1] in _LETTERS and _NAME.issuperset(name)


def _message(names: tuple[str, ...] | list[str]) -> str:
    shown = " and ".join(f"`{name}`" for name in dict.fromkeys(names))
    return f"the container gets {shown}, but shells cannot read a variable with such a name"


def _hint(grant: Grant) -> str:
    if any(variable.explicit for variable in grant.variables) or grant.name.interpolated:
        return "use only letters, digits and `_`, and do not start with a digit"
    stem = _made_readable(prefix(grant.model_name))
    return f"give the grant its own variable names: `endpoint_var: {stem}_URL` and `model_var: {stem}_MODEL`"
