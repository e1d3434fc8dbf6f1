"""A tag does not identify a fixed version: `latest`, no tag, or a branch such as `main-stable`.

Such tags are meant to move. What a host runs depends on when it pulled, two hosts can run different things under the
same name, and there is no name to go back to if an update breaks. For a model that means different weights or a
different quantization; for an inference server, different defaults and flags.

The rule checks models, and the images of the inference servers, proxies and clients that it knows (Ollama, vLLM,
llama.cpp, LocalAI, LiteLLM, Open WebUI and others). A client such as Open WebUI migrates its database when it starts,
and cannot go back.

```yaml bad
services:
  app:
    image: app
    models: [llm, coder]
  ollama:
    image: ollama/ollama
    #      ^^^^^^^^^^^^^ `ollama/ollama` has no tag: Docker pulls the `latest` Ollama, which can change with every pull
  proxy:
    image: ghcr.io/berriai/litellm:main-stable
    #                              ^^^^^^^^^^^ `main-stable` is not a fixed version: what runs depends on when it was pulled
  chat:
    image: ghcr.io/open-webui/open-webui:${TAG:-cuda}
    #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `ghcr.io/open-webui/open-webui:${TAG:-cuda}` is not a fixed version: what runs depends on when it was pulled
models:
  llm:
    model: ai/smollm2
    #      ^^^^^^^^^^ `ai/smollm2` has no tag: Docker Model Runner pulls `latest`, which can change with every pull
  coder:
    model: ai/qwen2.5:latest
    #                 ^^^^^^ `latest` is not a fixed version: what runs depends on when it was pulled
```

```yaml good
services:
  app:
    image: app
    models: [llm, coder]
  ollama:
    image: ollama/ollama:0.12.6
  chat:
    image: ghcr.io/open-webui/open-webui:v0.6.36-ollama
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
  coder:
    model: ai/qwen2.5:3B-Q4_0
```

Option for a policy: `allowed`, tags that are allowed although they move.

What this rule cannot see: a tag that looks like a version but moves. Only a digest is fixed: see `unpinned-model` and
`unpinned-image`.
"""

from __future__ import annotations

from modellint.compose.model.unset import unset
from modellint.evidence.images import CLIENT, PROXY, SERVER, product, repackaged
from modellint.oci.image_reference import Image
from modellint.rule import WARNING, Context, Finding, Findings, Model, Project, Scalar, Service, Span, rule, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MOVING = frozenset(("latest", "main", "master", "nightly", "edge", "dev", "stable", "unstable", "canary", "rolling"))
# Words for what an image is built for, which do not identify a version.
_BUILDS = _MOVING | frozenset((
    "server", "full", "light", "aio", "cpu", "gpu", "cuda", "rocm", "vulkan", "intel", "musa", "openvino", "nvidia",
    "hipblas", "database", "non_root", "non", "root", "spend", "logs", "ollama",
))  # fmt: skip


@rule(WARNING, tags=("supply-chain",))
def mutable_tag(project: Project, context: Context, *, allowed: tuple[str, ...] = ()) -> Findings:
    """Report moving tags of models and of known inference images."""
    for model in project.all_models():
        if model.ref is not None and model.ref.tag not in allowed:
            yield from _of_model(model, project)
    for service in project.services.values():
        yield from _of_image(service, project, allowed)


def _of_model(model: Model, project: Project) -> Findings:
    ref, node = model.ref, model.reference
    if ref is None or node is None or ref.digest or ref.kind not in ("tag", "hub") or unset(node, project):
        return
    if not ref.tag:
        hub = ref.kind == "hub"
        means = "Docker Model Runner chooses the quantization" if hub else "Docker Model Runner pulls `latest`"
        hint = (
            "specify the quantization, such as `:Q4_K_M`"
            if hub
            else "specify a variant, such as `:360M-Q4_K_M`, or pin a digest"
        )
        message = f"`{node.shown}` has no tag: {means}, which can change with every pull"
        yield Finding(node.content, message, hint=hint)
    elif _moves(ref.tag, _MOVING):
        yield _moving(node, ref.tag_at, "specify a variant, such as `:360M-Q4_K_M`, or pin a digest")


def _of_image(service: Service, project: Project, allowed: Sequence[str]) -> Findings:
    node = service.image
    if node is None or not isinstance(node.value, str) or unset(node, project) or _is_built(service):
        return
    image = Image(node.value)
    known = product(image) or repackaged(image)
    if known is None or known.role not in (SERVER, PROXY, CLIENT) or image.digest or image.tag in allowed:
        return
    if not image.tag:
        message = f"`{node.shown}` has no tag: Docker pulls the `latest` {known.name}, which can change with every pull"
        yield Finding(node.content, message, hint="specify a version, and preferably a digest too")
    elif _moves(image.tag, _BUILDS):
        yield _moving(node, image.tag_at, "specify a version, and preferably a digest too")


def _is_built(service: Service) -> bool:
    """Return whether the image only names what is built. Without a `pull_policy`, Compose tries to pull it first."""
    return "build" in service.body and text_of(service.body.get("pull_policy")) in ("build", "never")


def _moving(node: Scalar, at: tuple[int, int], hint: str) -> Finding:
    tag: Span = node.part(*at)
    shown = node.shown if node.interpolated else tag.text
    return Finding(tag, f"`{shown}` is not a fixed version: what runs depends on when it was pulled", hint=hint)


def _moves(tag: str, words: frozenset[str]) -> bool:
    parts = tag.lower().replace("_", "-").split("-")
    return "latest" in parts or words.issuperset(parts)
