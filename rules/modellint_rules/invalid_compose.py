"""Docker Compose refuses the file: it breaks the Compose schema.

Compose validates the whole file before it starts anything, so one wrong key or type keeps every service down. Two
cases are peculiar to models:

- `context_size` must be a number in the file. `"8192"` and `${CONTEXT}` are strings, and unlike for most other
  attributes Compose does not convert them.
- an entry of `models:` knows `model`, `context_size`, `runtime_flags`, `name` and `x-…`, nothing else.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
    context_size: "8192"
    #             ^^^^^^ `context_size` must be a whole number, and Compose makes none of the text `8192`: it refuses the file
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
    #      ^^^^^^^^^^^^ this `${` is not well formed, and Compose refuses the file
    models: [llm]
models:
  llm:
# ^^^ model `llm` has no `model`, and Compose refuses the file without it
    image: ai/smollm2
  # ^^^^^ `image` is not a key of a model, and Compose refuses the file
    context_size: ${CONTEXT:-8192}
    #             ^^^^^^^^^^^^^^^^ `context_size` must be a whole number, and Compose makes none of the text `${CONTEXT:-8192}`: it refuses the file
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

What this rule cannot see: what Compose checks beyond the schema, such as files and networks that do not exist. In an
overlay it does not ask for what the base file may hold.
"""

from __future__ import annotations

from modellint.rule import ERROR, Context, Finding, Findings, Project, rule


@rule(ERROR)
def invalid_compose(project: Project, context: Context) -> Findings:
    """Report each violation of the schema at its node."""
    for violation in project.violations:
        yield Finding(violation.span, violation.message, violation.fix, hint=violation.hint)
