"""A model has no reference: `model` is missing or empty, or an unset variable leaves a part of it empty.

Docker Compose 5.6 loads a project whose `model` is an empty string, then requests the pull of a model without a name
and injects an empty variable into every service that has the grant. An unset variable has the same effect, with only a
warning in the output. An unset variable in a part of the reference leaves `ai/`, which cannot be pulled, or
`ai/smollm2:`, for which Docker Model Runner pulls `latest`.

A missing `model` key is reported by `invalid-compose`, because the schema requires it.

```yaml bad
services:
  app:
    image: app
    models: [llm, judge, embedder, coder]
models:
  llm:
    model: ""
    #      ^^ the model reference is empty: Compose pulls a model without a name and injects an empty variable
  judge:
    model: ${JUDGE_MODEL}
    #      ^^^^^^^^^^^^^^ `${JUDGE_MODEL}` is empty here: Compose pulls a model without a name and injects an empty variable
  embedder:
    model: ai/mxbai-embed-large:${TAG}
    #                           ^^^^^^ `${TAG}` is empty here, so `ai/mxbai-embed-large:${TAG}` has no tag: Docker Model Runner pulls `latest`, which can change with every pull
  coder:
    model: ai/${CODER}
    #         ^^^^^^^^ `${CODER}` is empty here, so `ai/${CODER}` is not a valid model reference: the pull fails
```

```yaml good
services:
  app:
    image: app
    models: [llm, judge]
models:
  llm:
    model: ai/smollm2
  judge:
    model: ${JUDGE_MODEL:-ai/qwen3:0.6B-Q4_K_M}
```

What this rule cannot see: a variable that is set where the project is deployed but not here. For that reason, an unset
variable is a warning, not an error.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.rule import ERROR, WARNING, Context, Finding, Findings, Model, Project, Reference, Scalar, rule

_HINT = "give the variable a default, or use `:?` so that Compose stops when it is not set"


@rule(ERROR, refused=True)
def missing_reference(model: Model, context: Context) -> Findings:
    """Report missing and empty references."""
    node = model.reference
    if node is None or node.value is None:
        if context.project.whole and not _is_reported(model, context.project):
            message = f"`{model.name.text}` has no model reference: there is nothing to pull"
            yield Finding((node or model.name).content, message, hint="add `model:` with the model reference")
    elif isinstance(node.value, str) and not node.value.strip():
        if node.interpolated and context.project.taken_in:
            return  # the project that includes it may set the variable
        if node.interpolated:
            message = (
                f"`{node.shown}` is empty here: Compose pulls a model without a name and injects an empty variable"
            )
            yield Finding(node.content, message, hint=_HINT, severity=WARNING)
        else:
            message = "the model reference is empty: Compose pulls a model without a name and injects an empty variable"
            yield Finding(node.span, message, hint="write the model reference")
    elif model.ref is not None and not context.project.taken_in:
        yield from _empty_part(node, model.ref, context.project)


def _empty_part(node: Scalar, ref: Reference, project: Project) -> Findings:
    """Report the last unset variable that leaves an incomplete reference, unless Compose stops at one of them."""
    variables = unset(node, project)
    without_tag = ref.kind == "tag" and ref.text.endswith(":")
    if not variables or any(variable.operator.endswith("?") for variable in variables):
        return
    span = variables[-1].span
    left = f"`{span.text}` is empty here, so `{node.shown}`"
    if without_tag:
        message = f"{left} has no tag: Docker Model Runner pulls `latest`, which can change with every pull"
    elif ref.kind == "invalid":
        message = f"{left} is not a valid model reference: the pull fails"
    else:
        return
    yield Finding(span, message, hint=_HINT, severity=WARNING)


def _is_reported(model: Model, project: Project) -> bool:
    """Return whether a schema violation already reports the missing reference."""
    entry = ("models", model.name.text)
    return not model.legacy and any(violation.path[:2] == entry for violation in project.violations)
