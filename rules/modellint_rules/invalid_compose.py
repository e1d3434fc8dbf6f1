"""Docker Compose rejects the file because it violates the schema or is inconsistent.

Compose validates the whole file before it starts anything, so one wrong key or value prevents every service from
starting. Two cases are specific to models:

- `context_size` must be a number in the file. `"8192"` and `${CONTEXT}` are strings, and Compose does not convert them,
  although it converts most other attributes.
- an entry of `models:` supports only `model`, `context_size`, `runtime_flags`, `name` and `x-…`.

A missing env file stops Compose too. Values and env files that a fresh clone is not supposed to have, because they are
kept out of git, are reported by `missing-value` as a note instead.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
    context_size: "8192"
    #             ^^^^^^ `context_size` must be a whole number, and Compose does not convert the text `8192`: it rejects the file
```

```yaml fixed
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
    context_size: 8192
```

```yaml bad
services:
  app:
    image: ${IMAGE:-app
    #      ^^^^^^^^^^^^ this `${` is malformed: Compose rejects the file
    models: [llm]
models:
  llm:
# ^^^ model `llm` has no `model`: Compose rejects the file without it
    image: ai/smollm2
  # ^^^^^ `image` is not a valid key of a model: Compose rejects the file
    context_size: ${CONTEXT:-8192}
    #             ^^^^^^^^^^^^^^^^ `context_size` must be a whole number, and Compose does not convert the text `${CONTEXT:-8192}`: it rejects the file
```

```yaml fixed
services:
  app:
    image: ${IMAGE:-app
    models: [llm]
models:
  llm:
    image: ai/smollm2
    context_size: 8192
```

```yaml good
services:
  app:
    image: ${IMAGE:-app}
    models: [llm]
models:
  llm:
    model: ai/smollm2
    context_size: 8192
```

Beyond the schema, Compose parses values and resolves names: a duration needs a unit, a number must be valid, and each
network, volume, secret, config and service that the file refers to must exist.

```yaml bad
services:
  app:
    image: app
    models: [llm]
    networks: [back]
    #          ^^^^ the network `back` is not declared: Compose rejects the file
    stop_grace_period: "90"
    #                   ^^ `stop_grace_period` must be a duration, but `90` is not: a number in it has no unit; Compose rejects the file
models:
  llm:
    model: ai/smollm2
```

```yaml good
services:
  app:
    image: app
    models: [llm]
    networks: [back]
    stop_grace_period: 90s
models:
  llm:
    model: ai/smollm2
networks:
  back:
```

What this rule cannot see: problems that appear only when containers start, such as a port that is in use or an image
that does not exist. In an overlay, it does not require anything that the base file may contain.
"""

from __future__ import annotations

from modellint.compose.model.missing import missing
from modellint.rule import ERROR, Context, Edit, Finding, Findings, Fix, Node, Project, Scalar, rule


@rule(ERROR, refused=True)
def invalid_compose(project: Project, context: Context) -> Findings:
    """Report everything that Compose rejects, at its node."""
    elsewhere = set(map(id, project.once(missing).refusals)) if project.violations else ()
    for violation in project.violations:
        if id(violation) in elsewhere:
            continue
        fix, hint = violation.fix, violation.hint
        if fix is None and violation.path[:1] == ("models",) and violation.path[2:] == ("context_size",):
            fix = _with_default(violation.node, project)
            hint = "" if fix else hint
        yield Finding(violation.span, violation.message, fix, hint=hint)


def _with_default(node: Node, project: Project) -> Fix | None:
    """Return a fix that replaces a variable by its default, if that is a number and the variable has no other value."""
    if not isinstance(node, Scalar) or not node.interpolated or node.anchor or node.tag or node.style in ("|", ">"):
        return None
    name, _, default = node.text.removeprefix("${").removesuffix("}").partition("-")
    name = name.removesuffix(":")
    is_number = default.isascii() and default.isdigit() and default[0] != "0" and len(default) < 10
    if node.text not in (f"${{{name}-{default}}}", f"${{{name}:-{default}}}") or not is_number:
        return None
    if project.environment.get(name):
        return None
    return Fix(f"write {default}, the default of the variable", [Edit(node.span, default)])
