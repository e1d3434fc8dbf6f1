"""A model's name has characters that Compose does not know in names.

The schema gives an entry of `models:` its rules only when its name is made of letters, digits, `.`, `_` and `-`.
Docker Compose up to 5.5 accepts any other name and then validates nothing in the entry: a misspelled key passes, and
a quoted `context_size` is converted silently. Docker Compose 5.6 refuses the file. With `--compose-version` before
5.6.0 this is a warning.

```yaml bad
services:
  app:
    image: app
    models:
      team/llm:
        model_var: CHAT_MODEL
models:
  team/llm:
# ^^^^^^^^ `team/llm` is no valid name for a model: Compose 5.6 refuses the file, older versions check nothing in the entry
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

What this rule cannot see: nothing escapes it, the name alone decides.
"""

from __future__ import annotations

from modellint.rule import ERROR, WARNING, Context, Finding, Findings, Model, rule


@rule(ERROR, refused=True)
def unchecked_name(model: Model, context: Context) -> Findings:
    """Report a declared name that is outside the schema's pattern."""
    if model.legacy or model.checked:
        return
    features = context.project.features
    if features.checks_names:
        result = "Compose 5.6 refuses the file, older versions check nothing in the entry"
    else:
        result = f"Compose {features.name} checks nothing in the entry, and Compose 5.6 refuses the file"
    message = f"`{model.name.text}` is no valid name for a model: {result}"
    hint = "use letters, digits, `.`, `_` and `-`, and keep the variables' names with `endpoint_var` and `model_var`"
    yield Finding(model.name.content, message, hint=hint, severity=ERROR if features.checks_names else WARNING)
