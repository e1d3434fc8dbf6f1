"""A variable names a different model than the one declared.

Compose pulls only the models under `models:`. A request for another name gets `404 model not found` from Docker Model
Runner, although everything is running. Docker Model Runner compares names in the form in which it stores them: without
a namespace they are in `ai/`, without a tag they mean `latest` (docker/model-runner,
`pkg/distribution/distribution/client.go`), so `qwen3` is `ai/qwen3:latest` and not `ai/qwen3:0.6B-Q4_K_M`.

The grant always injects the right name, even when the declaration changes.

```yaml bad
services:
  app:
    image: app
    environment:
      OPENAI_MODEL: ai/qwen3
      #             ^^^^^^^^ `ai/qwen3` is not the declared model: Compose does not pull it, and Docker Model Runner returns 404
      FALLBACK_MODEL: local/qwen3:0.6B-Q4_K_M
      #               ^^^^^^^^^^^^^^^^^^^^^^^ `local/qwen3:0.6B-Q4_K_M` is not the declared model: Compose does not pull it, and Docker Model Runner returns 404
      JUDGE_MODEL: ai/gemma3-qat
      #            ^^^^^^^^^^^^^ `ai/gemma3-qat` is a model that is not declared: Compose does not pull it, and Docker Model Runner returns 404
      MODEL_NAME: llama.cpp
      #           ^^^^^^^^^ `llama.cpp` is the name of an engine, not of a model: Compose does not pull it, and Docker Model Runner returns 404
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

What this rule cannot see: names in code, models that were pulled by hand, and names that share neither the last part
nor the namespace `ai/` with a declared model, as those may belong to another provider. A variable that a grant
overwrites is reported by `overwritten-variable`.
"""

from __future__ import annotations

from modellint.compose.model.project import Setting
from modellint.evidence.endpoints import is_model_name
from modellint.rule import WARNING, Context, Finding, Findings, Grant, Model, Project, Reference, Related, Service, rule

_PROVIDERS = ("openai/", "ollama/", "litellm/", "docker/", "ollama_chat/", "hosted_vllm/", "dmr/", "openai:")
_ENGINES = frozenset(
    ("llama.cpp", "llama-cpp", "llamacpp", "vllm", "sglang", "mlx", "docker-model-runner", "model-runner")
)
_RUNNERS_OWN = ("docker.io/ai/",)


class _Declared:
    """The declared models by name; empty if one of them cannot be parsed, because a name may mean that one."""

    __slots__ = ("by_base", "by_place", "models")

    def __init__(self, project: Project) -> None:
        self.models = list(project.all_models())
        self.by_place: dict[str, set[str]] = {}  # names that are answered; "" for a declared digest: all
        self.by_base: dict[str, tuple[list[Model], set[str]]] = {}  # by the last part of the name: models, places
        if any(model.ref is None or model.ref.kind == "invalid" for model in self.models):
            self.models = []
        for model in self.models:
            if (ref := model.ref) is not None:
                self.by_place.setdefault(_place(ref), set()).add("" if ref.digest is not None else ref.request)
                models, places = self.by_base.setdefault(_base(ref), ([], set()))
                models.append(model)
                places.add(_place(ref))

    def answers(self, wanted: Reference) -> bool:
        """Return whether Docker Model Runner would answer to a name with a declared model."""
        names = self.by_place.get(_place(wanted))
        return names is not None and (wanted.digest is not None or "" in names or wanted.request in names)


@rule(WARNING, tags=("environment",))
def model_name_drift(service: Service, context: Context) -> Findings:
    """Report model names that are meant to be a declared model but are not."""
    declared = context.project.once(_Declared)
    if not declared.models:
        return
    injected = {variable.name for grant in service.grants for variable in grant.variables}
    grants = {id(grant.model): grant for grant in reversed(service.grants)}
    calls_a_model: bool | None = None
    for name, setting in service.environment.items():
        value = (setting.value or "").strip()
        if value and name not in injected and is_model_name(name):
            found = _drift(value, declared)
            if found is None or (found[1] is None and not context.project.whole):
                continue  # a base file may declare the model
            if calls_a_model is None:
                calls_a_model = _calls_a_model(service, context)
            if calls_a_model:
                what, model = found
                grant = grants.get(id(model)) if model is not None else next(iter(service.grants), None)
                yield _finding(service, setting, what, model, grant)


def _calls_a_model(service: Service, context: Context) -> bool:
    """Return whether a name is meant for Docker Model Runner."""
    return bool(service.grants) or any(each.server for each in context.evidence.endpoints(service))


def _drift(value: str, declared: _Declared) -> tuple[str, Model | None] | None:
    """Return what is wrong with a name and which declared model it means, or None if nothing is known to be wrong."""
    if value.lower() in _ENGINES:
        return "the name of an engine, not of a model", declared.models[0] if len(declared.models) == 1 else None
    name = next((value[len(prefix) :] for prefix in _PROVIDERS if value.startswith(prefix)), value)
    wanted = Reference(name)
    if wanted.kind not in ("tag", "digest") or declared.answers(wanted):
        return None
    near, places = declared.by_base.get(_base(wanted), ([], set[str]()))
    if len(near) == 1 or _place(wanted) in places:
        return "not the declared model", near[0]
    if name.startswith(("ai/", "docker.io/ai/")):
        return "a model that is not declared", None
    return None


def _place(ref: Reference) -> str:
    return f"{ref.registry}/{ref.repository}"


def _base(ref: Reference) -> str:
    return ref.repository.rpartition("/")[2]


def _finding(service: Service, setting: Setting, what: str, model: Model | None, grant: Grant | None) -> Finding:
    """Return the finding; `grant` is the grant of the model that is meant, or any grant if that is not known."""
    span = setting.locate(0, len(setting.value or ""))
    shown = f"`{setting.shown}`" if setting.shown else f"the value of `{setting.name}`"
    message = f"{shown} is {what}: Compose does not pull it, and Docker Model Runner returns 404"
    related = [Related(setting.span, f"`{setting.name}` is set here")] if setting.node is None else []
    if model is not None and model.reference is not None:
        related.append(Related(model.reference.content, "the declared model"))
    if grant is not None:
        hint = f"remove it and let the `{grant.name.shown}` grant inject the name: `model_var: {setting.name}`"
    else:
        hint = f"grant the model to `{service.name.text}`, and let Compose inject its name"
    return Finding(span, message, related=related, hint=hint)
