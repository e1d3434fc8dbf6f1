"""A model name contains characters that are not valid in the Compose schema.

The schema covers an entry of `models:` only if its name consists of letters, digits, `.`, `_` and `-`. Docker Compose
up to 5.5 accepts any other name and then does not validate the entry: a misspelled key is accepted, and a quoted
`context_size` is silently converted. Docker Compose 5.6 rejects the file. With `--compose-version` before 5.6.0 this is
a warning.

```yaml bad
services:
  app:
    image: app
    models:
      team/llm:
        model_var: CHAT_MODEL
models:
  team/llm:
# ^^^^^^^^ `team/llm` is not a valid model name: Compose 5.6 rejects the file, and older versions do not validate the entry
    model: ai/smollm2
    contextsize: 8192
```

```yaml good
services:
  app:
    image: app
    models:
      team-llm:
        model_var: CHAT_MODEL
models:
  team-llm:
    model: ai/smollm2
    context_size: 8192
```

What this rule cannot see: nothing. Only the name matters.
"""

from __future__ import annotations

from modellint.rule import ERROR, WARNING, Context, Finding, Findings, Model, rule


@rule(ERROR, refused=True)
def unchecked_name(model: Model, context: Context) -> Findings:
    """Report declared names that do not match the pattern of the schema."""
    if model.legacy or model.checked:
        return
    features = context.project.features
    if features.checks_names:
        result = "Compose 5.6 rejects the file, and older versions do not validate the entry"
    else:
        result = f"Compose {features.name} does not validate the entry, and Compose 5.6 rejects the file"
    message = f"`{model.name.text}` is not a valid model name: {result}"
    hint = "use only letters, digits, `.`, `_` and `-`, and keep the variable names with `endpoint_var` and `model_var`"
    yield Finding(model.name.content, message, hint=hint, severity=ERROR if features.checks_names else WARNING)
