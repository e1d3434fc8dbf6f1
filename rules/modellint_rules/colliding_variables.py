"""Two grants, or both variables of one grant, set the same variable to different values.

Docker Compose sets the variables of a service's grants one grant after another, in the order of a Go map, which is
random. If two grants use the same variable for their models, the service gets one of the two models, and a different
one on another day; a changed variable also makes Compose recreate the container. One `endpoint_var` for several grants
is fine, because the endpoint is the same for every model.

```yaml bad
services:
  chat:
    image: chat
    models:
      llm:
        model_var: AI_MODEL
        endpoint_var: AI_URL
      embeddings:
        model_var: AI_MODEL
        #          ^^^^^^^^ `AI_MODEL` is set to both the model `llm` and the model `embeddings`: which one wins is random on each `up`
        endpoint_var: AI_URL
  job:
    image: job
    models: [my-llm, my_llm]
    #                ^^^^^^ `MY_LLM_MODEL` is set to both the model `my-llm` and the model `my_llm`: which one wins is random on each `up`
  cron:
    image: cron
    models:
      llm:
        endpoint_var: LLM
        #             ^^^ `LLM` is set to the model name and then to the URL, so the model name is lost
        model_var: LLM
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
  embeddings:
    model: ai/nomic-embed-text-v1.5:137M-F16
  my-llm:
    model: ai/qwen3:0.6B-Q4_K_M
  my_llm:
    model: ai/gemma3:270M-F16
```

```yaml good
services:
  chat:
    image: chat
    models:
      llm:
        model_var: CHAT_MODEL
        endpoint_var: AI_URL
      embeddings:
        model_var: EMBEDDING_MODEL
        endpoint_var: AI_URL
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
  embeddings:
    model: ai/nomic-embed-text-v1.5:137M-F16
```

What this rule cannot see: grants that another file adds to the service.
"""

from __future__ import annotations

from modellint.compose.model.project import Injected
from modellint.rule import ERROR, Context, Finding, Findings, Related, Service, rule

_HINT = "give each grant its own variable names with `endpoint_var` and `model_var`"


@rule(ERROR, tags=("environment",))
def colliding_variables(service: Service, context: Context) -> Findings:
    """Report variables that are set to two models, or to a model and an endpoint."""
    writers: dict[str, list[Injected]] = {}
    for grant in service.grants:
        for variable in grant.variables:
            writers.setdefault(variable.name, []).append(variable)
    for found in writers.values():
        last = found[-1]
        others = [one for one in found[:-1] if _meaning(one) != _meaning(last)]
        if not others:
            continue
        if all(one.grant is last.grant for one in others):
            message = f"`{last.shown}` is set to the model name and then to the URL, so the model name is lost"
            yield Finding(last.span, message, related=[Related(others[0].span, "the model name")], hint=_HINT)
            continue
        other = next(one for one in others if one.grant is not last.grant)
        message = (
            f"`{last.shown}` is set to both {_said(other)} and {_said(last)}: which one wins is random on each `up`"
        )
        yield Finding(last.span, message, related=[Related(other.span, _said(other))], hint=_HINT)


def _meaning(variable: Injected) -> str:
    """Return what the variable is set to: an empty string for the endpoint, or the reference of the model."""
    model = variable.grant.model
    if variable.kind == "endpoint":
        return ""
    return model.ref.text if model and model.ref and model.ref.text else f"model {variable.grant.model_name}"


def _said(variable: Injected) -> str:
    return "the endpoint" if variable.kind == "endpoint" else f"the model `{variable.grant.name.shown}`"
