"""An ignore comment suppresses nothing.

A comment that no longer suppresses a finding hides the next one: if the problem comes back, it is not reported. It also
misleads readers, who take it for a known and accepted problem.

`# modellint: ignore[rule] reason` applies to its own line, or, alone on a line, to the next line with text.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    # modellint: ignore[unpinned-model] mirrored nightly
    #                   ^^^^^^^^^^^^^^ `unpinned-model` reports nothing here, so this comment suppresses nothing
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml fixed
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

If a comment lists several rules and some are needed, the fix removes the others; a comment without a readable rule name
is not changed.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2 # modellint: ignore[unpinned-model, ignored-digest, mutable-tag] a demo
    #                                                     ^^^^^^^^^^^^^^ `ignored-digest` reports nothing here, so this comment suppresses nothing
```

```yaml fixed
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2 # modellint: ignore[unpinned-model, mutable-tag] a demo
```

```yaml bad
services:
  app:
    image: app # modellint: ignore unpinned-image
    #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this comment suppresses nothing: it names no rule
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
```

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M # modellint: ignore[unpinned-model] replaced every night on purpose
```

An unknown rule name is not changed either: the comment was written for a reason, which may still be valid.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M # modellint: ignore[unpinned-modle] replaced every night on purpose
    #                                                 ^^^^^^^^^^^^^^ no rule is named `unpinned-modle`, so this comment suppresses nothing; did you mean `unpinned-model`?
```

What this rule cannot see: rules that did not run. A comment for a rule that is disabled, or that does not check an
overlay, is not reported.
"""

from __future__ import annotations

from modellint.rule import SAFE, WARNING, Context, Edit, Finding, Findings, Fix, Ignore, Span, rule, whole_lines

_UNKNOWN = "run `modellint rules` for the names; allow findings of a policy check in the policy's `exceptions`"


@rule(WARNING)
def unused_ignore(ignore: Ignore, context: Context) -> Findings:
    """Report rule names in comments that suppressed no finding of that rule."""
    if not ignore.rule:
        message = "this comment suppresses nothing: it names no rule"
        yield Finding(ignore.span, message, hint="write `# modellint: ignore[RULE] reason`, or remove the comment")
    elif ignore.rule not in context.known:
        near = context.guesses.nearest(ignore.rule, sorted(context.known), 0.6)
        guess = f"; did you mean `{near}`?" if near else ""
        message = f"no rule is named `{ignore.rule}`, so this comment suppresses nothing{guess}"
        yield Finding(ignore.span, message, hint=_UNKNOWN)
    elif not ignore.used and ignore.rule not in context.skipped:
        message = f"`{ignore.rule}` reports nothing here, so this comment suppresses nothing"
        yield Finding(ignore.span, message, _drop(ignore, context))


def _drop(ignore: Ignore, context: Context) -> Fix:
    names = [other for other in context.project.ignores if other.whole == ignore.whole]
    if any(_is_kept(other, context) for other in names):
        return Fix(f"remove `{ignore.rule}` from the comment", [Edit(_with_comma(ignore, names), "")], SAFE)
    return Fix("remove the comment", [Edit(_with_blanks(ignore.whole), "")], SAFE)


def _is_kept(ignore: Ignore, context: Context) -> bool:
    return ignore.used or ignore.rule in context.skipped or ignore.rule not in context.known


def _with_comma(ignore: Ignore, names: list[Ignore]) -> Span:
    at = names.index(ignore)
    if at:
        return Span(ignore.span.source, names[at - 1].span.end, ignore.span.end)
    return Span(ignore.span.source, ignore.span.start, names[1].span.start)


def _with_blanks(comment: Span) -> Span:
    """Return the span of the comment and the spaces before it, or of the whole line if it contains nothing else."""
    line = whole_lines(comment)
    before = comment.source.text[line.start : comment.start]
    return Span(comment.source, line.start + len(before.rstrip()), comment.end) if before.strip() else line
