"""Compose needs values or env files that are missing here before it starts the project.

A fresh clone has no `.env`, and should have none, because its contents are secret or differ between hosts. Docker
Compose rejects such a project until the values exist: required variables (`${NAME:?}`), variables that must not be
empty (in `ports`, `volumes`, `image`, a name), and env files that `.gitignore` lists or that have an example next to
them. The files in the project are not wrong, so this is one note for the whole project, at the first place. A policy
can raise it, and `check --select missing-value --fail-on note` fails on it where the project is supposed to start.

```yaml bad
services:
  app:
    image: app
    environment:
      API_TOKEN: ${API_TOKEN:?set it in .env}
      #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Compose needs values for `API_TOKEN` and `NOTES_DIR` before it starts this project
    volumes:
      - ${NOTES_DIR}:/notes
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml good
services:
  app:
    image: app
    environment:
      API_TOKEN: ${API_TOKEN-}
    volumes:
      - ${NOTES_DIR:-./notes}:/notes
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: a value that Compose accepts as empty but a program needs, and errors in a text that do not
depend on the value of its variable. An env file that `.gitignore` does not list and that has no example is an error of
`invalid-compose`: the path may be misspelled.
"""

from __future__ import annotations

from modellint.compose.model.missing import Missing, in_words, missing
from modellint.rule import NOTE, Context, Finding, Findings, Project, Related, rule

_MOST_PLACES = 10


@rule(NOTE)
def missing_value(project: Project, context: Context) -> Findings:
    """Report once which values and files the project needs, at the first place that needs one."""
    found = project.once(missing)
    if not found.needs:
        return
    first, *others = found.needs[: _MOST_PLACES + 1]
    related = [Related(need.place, f"{'the file' if need.path else 'the variable'} `{need.name}`") for need in others]
    message = f"Compose needs {in_words(found.files, found.variables)} before it starts this project"
    yield Finding(first.place, message, related=related, hint=_hint(found))


def _hint(found: Missing) -> str:
    """Return where to put the values, and which file is an example of them."""
    shown = [(need.example, need.name) for need in found.needs if need.example]
    files = [need for need in found.needs if need.path]
    if not shown and found.example and len(files) < len(found.needs):
        shown = [(found.example, ".env")]
    if shown:
        example, name = shown[0]
        return f"copy `{example}` to `{name}`, and fill it in"
    if files:
        return "create it" if len(found.needs) == 1 else "create the file, and set the rest in the shell or in `.env`"
    return f"set {'it' if len(found.needs) == 1 else 'them'} in the shell or in `.env`"
