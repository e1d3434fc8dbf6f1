"""A variable names another model than the one that is declared.

Compose pulls what stands under `models:`, and nothing else. A request for another name gets `404 model not found` from Docker
Model Runner, although everything is up. It compares names as it stores them: without a namespace they lie in `ai/`, without a
tag they mean `latest` (docker/model-runner, `pkg/distribution/distribution/client.go`), so `qwen3` is `ai/qwen3:latest`
and is not `ai/qwen3:0.6B-Q4_K_M`.

The grant injects the name that is right, whatever the declaration says tomorrow.

```yaml bad
services:
  app:
    image: app
    environment:
      OPENAI_MODEL: ai/qwen3
      #             ^^^^^^^^ `ai/qwen3` is not the model that is declared: Compose does not pull it, and the runner answers 404
      FALLBACK_MODEL: local/qwen3:0.6B-Q4_K_M
      #               ^^^^^^^^^^^^^^^^^^^^^^^ `local/qwen3:0.6B-Q4_K_M` is not the model that is declared: Compose does not pull it, and the runner answers 404
      JUDGE_MODEL: ai/gemma3-qat
      #            ^^^^^^^^^^^^^ `ai/gemma3-qat` is a model that is not declared: Compose does not pull it, and the runner answers 404
      MODEL_NAME: llama.cpp
      #           ^^^^^^^^^ `llama.cpp` is the name of an engine, and no model: Compose does not pull it, and the runner answers 404
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
```

```yaml good
services:
  app:
    image: app
    environment:
      CHAT_MODEL: qwen3:0.6B-Q4_K_M
      PAID_MODEL: openai/gpt-4o
      DATA_MODEL: relational
    models:
      llm:
        model_var: OPENAI_MODEL
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
```

What this rule cannot see: names in the code, models that somebody pulled by hand, and names of models that share neither their
name nor the namespace `ai/` with a declared one: those may be of another provider. A variable that a grant overwrites is
spoken of by `overwritten-variable`.
"""

from __future__ import annotations

from modellint.compose.project import Setting
from modellint.evidence.endpoints import is_model_name
from modellint.rule import WARNING, Context, Finding, Findings, Model, Reference, Service, rule

_PROVIDERS = ("openai/", "ollama/", "litellm/", "docker/", "ollama_chat/", "hosted_vllm/", "dmr/", "openai:")
_ENGINES = frozenset(
    ("llama.cpp", "llama-cpp", "llamacpp", "vllm", "sglang", "mlx", "docker-model-runner", "model-runner")
)
_RUNNERS_OWN = ("docker.io/ai/",)


@rule(WARNING, tags=("environment",))
def model_name_drift(service: Service, context: Context) -> Findings:
    """Report names of models that are none of the declared ones and are meant to be."""
    declared = [
        model for model in context.project.all_models() if model.ref is not None and model.ref.kind != "invalid"
    ]
    if not declared or len(declared) != len(list(context.project.all_models())):
        return  # what cannot be taken apart may be the one that is meant
    injected = {variable.name for grant in service.grants for variable in grant.variables}
    for name, setting in service.environment.items():
        value = (setting.value or "").strip()
        if value and name not in injected and is_model_name(name):
            found = _drift(value, declared)
            if found is not None and _is_certain(found[1], service, context):
                yield _finding(service, setting, *found)


def _is_certain(meant: Model | None, service: Service, context: Context) -> bool:
    """Whether a base file cannot declare the model, and the name is meant for the runner."""
    if meant is None and not context.project.whole:
        return False
    return bool(service.grants) or any(each.server for each in context.evidence.endpoints(service))


def _drift(value: str, declared: list[Model]) -> tuple[str, Model | None] | None:
    """What is wrong with a name, and the declared model that is meant; None where nothing is, or it is not known."""
    if value.lower() in _ENGINES:
        return "the name of an engine, and no model", declared[0] if len(declared) == 1 else None
    name = next((value[len(prefix) :] for prefix in _PROVIDERS if value.startswith(prefix)), value)
    wanted = Reference(name)
    if wanted.kind not in ("tag", "digest"):
        return None
    if any(_is(wanted, model) for model in declared):
        return None
    near = [model for model in declared if model.ref is not None and _base(model.ref) == _base(wanted)]
    if len(near) == 1 or (near and _place(wanted) in {_place(model.ref) for model in near if model.ref is not None}):
        return "not the model that is declared", near[0]
    if name.startswith(("ai/", "docker.io/ai/")):
        return "a model that is not declared", None
    return None


def _is(wanted: Reference, model: Model) -> bool:
    """Whether the runner would answer to a name with a declared model."""
    ref = model.ref
    if ref is None or _place(wanted) != _place(ref):
        return False
    return ref.digest is not None or wanted.digest is not None or wanted.request == ref.request


def _place(ref: Reference) -> str:
    return f"{ref.registry}/{ref.repository}"


def _base(ref: Reference) -> str:
    return ref.repository.rpartition("/")[2]


def _finding(service: Service, setting: Setting, what: str, model: Model | None) -> Finding:
    span = setting.locate(0, len(setting.value or ""))
    shown = f"`{setting.shown}`" if setting.shown else f"the value of `{setting.name}`"
    message = f"{shown} is {what}: Compose does not pull it, and the runner answers 404"
    related = [(setting.span, f"`{setting.name}` is set here")] if setting.node is None else []
    if model is not None and model.reference is not None:
        related.append((model.reference.content, "this one is declared"))
    grants = [grant for grant in service.grants if model is None or grant.model is model]
    if grants:
        hint = f"drop it and let the grant of `{grants[0].name.shown}` inject the name: `model_var: {setting.name}`"
    else:
        hint = f"grant the model to `{service.name.text}` and let Compose inject its name"
    return Finding(span, message, related=related, hint=hint)
