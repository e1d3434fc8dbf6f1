"""The project takes in a file that lies outside its folder.

`include`, `extends` and `env_file` may name a file anywhere on the machine. What the project is then depends on a file that a
copy of the folder does not bring along and that a review of the folder does not show. In a repository of several applications
that is often meant; this note says that it happens. A file that does not even belong to the repository is not read at all: of
an `env_file` this note says so, and for `include` and `extends` the check ends with 2.

```dotenv ../team.env
LOG_LEVEL=info
```

```yaml bad
services:
  app:
    image: app
    env_file: ../team.env
    #         ^^^^^^^^^^^ `../team.env` lies outside the repository and is not read: what it sets is not looked at
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml good
services:
  app:
    image: app
    env_file: {path: app.env, required: false}
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: files that only containers read, such as a bind mount's.
"""

from __future__ import annotations

from modellint.rule import NOTE, Context, Finding, Findings, Project, rule


@rule(NOTE, tags=("files",))
def outside_file(project: Project, context: Context) -> Findings:
    """Report each place that names a file outside the project directory."""
    for node in project.outside:
        message = f"`{node.shown}` lies outside the project's folder: what the project is depends on it"
        yield Finding(node.content, message, hint="keep it below the folder, or ignore this where it is meant")
    for node in project.unread:
        message = f"`{node.shown}` lies outside the repository and is not read: what it sets is not looked at"
        yield Finding(node.content, message, hint="keep it below the folder, or ignore this where it is meant")
