"""The file is not well-formed YAML.

Docker Compose refuses the whole file, so nothing in the project starts. Every error is reported at the place where the
text stops making sense; parts that can still be read are still checked.

Keys that appear twice in one map are errors too: Compose refuses them, while many other YAML readers silently keep
the last one.

```yaml bad
services:
  app:
    image: app
    models: [llm]
    image: app:2
  # ^^^^^ the key `image` appears twice in this map; the first is on line 3
models:
  llm:
    model: ai/smollm2
```

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
```

What this rule cannot see: what was meant. After a syntax error the damaged part is left out, and rules that prove
something by absence stay silent until the file is whole again.
"""

from __future__ import annotations

from modellint.rule import ERROR, Context, Finding, Findings, YamlFile, rule


@rule(ERROR, refused=True)
def invalid_yaml(file: YamlFile, context: Context) -> Findings:
    """Report everything that the parser refused."""
    for problem in file.problems:
        yield Finding(problem.span, problem.message, related=problem.related)
