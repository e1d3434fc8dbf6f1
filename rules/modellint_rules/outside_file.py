"""The project uses a file outside its own directory.

`include`, `extends` and `env_file` can refer to any file on the host. The project then depends on a file that a copy of
its directory does not include and that a review of the directory does not show. In a repository with several
applications this is often intended; this note only points it out. A file outside the repository is not read at all: for
`env_file` this note reports it, and for `include` and `extends` the check exits with status 2.

```dotenv ../team.env
LOG_LEVEL=info
```

```yaml bad
services:
  app:
    image: app
    env_file: ../team.env
    #         ^^^^^^^^^^^ `../team.env` is outside the repository: modellint does not read it or check what it sets
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

What this rule cannot see: files that only containers read, such as bind mounts.
"""

from __future__ import annotations

from modellint.rule import NOTE, Context, Finding, Findings, Project, rule


@rule(NOTE, tags=("files",))
def outside_file(project: Project, context: Context) -> Findings:
    """Report each use of a file outside the project directory."""
    for node in project.outside:
        message = (
            f"`{node.shown}` is outside the project directory: copies and reviews of that directory do not include it"
        )
        yield Finding(
            node.content, message, hint="move it into the project directory, or ignore this finding if it is intended"
        )
    for node in project.unread:
        message = f"`{node.shown}` is outside the repository: modellint does not read it or check what it sets"
        yield Finding(
            node.content, message, hint="move it into the project directory, or ignore this finding if it is intended"
        )
