"""The file is not valid YAML.

Docker Compose rejects the whole file, so no service starts. Each error is reported at the place where the text becomes
invalid; parts that can still be parsed are still checked.

Duplicate keys in one map are errors too: Compose rejects them, while many other YAML parsers silently keep the last
one.

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

What this rule cannot see: what the author meant. After a syntax error the damaged part is skipped, and rules that rely
on something being absent report nothing until the file is valid again.
"""

from __future__ import annotations

from modellint.rule import ERROR, Context, Finding, Findings, YamlFile, rule


@rule(ERROR, refused=True)
def invalid_yaml(file: YamlFile, context: Context) -> Findings:
    """Report everything that the parser rejected."""
    for problem in file.problems:
        yield Finding(problem.span, problem.message, related=problem.related)
