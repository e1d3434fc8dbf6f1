"""Model weights are a local file or a download instead of a declared model artifact.

A mounted file can be different on each host, and a download can be different each time. Neither has a digest in the
project, so it is not known which weights run, and a pull in a command runs again in each new volume. A model under
`models:` is an OCI artifact: Docker pulls it, stores it once for all projects, and verifies the weights against the
digests in its manifest. It can be pinned, and it can include its license.

`docker model package --gguf FILE --push NAME` packages a file as such an artifact. A model on Hugging Face can be
declared directly, `model: hf.co/org/repo`, but it cannot be pinned: see `unpinnable-model`.

```yaml bad
services:
  llama:
    image: ghcr.io/ggml-org/llama.cpp:server
    command: -m /models/qwen3-8b-q4_k_m.gguf --port 8080
    #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `/models/qwen3-8b-q4_k_m.gguf` is a weights file without a digest: each host can run different weights
  chat:
    image: example/chat:1
    volumes:
      - ./small.gguf:/models/small.gguf:ro
      # ^^^^^^^^^^^^ `./small.gguf` is a weights file without a digest: each host can run different weights
  fetch:
    image: example/tools:1
    command: ["huggingface-cli", "download", "Qwen/Qwen3-8B-GGUF", "--local-dir", "/models"]
    #          ^^^^^^^^^^^^^^^ `huggingface-cli` downloads weights that are not pinned: each run can get different ones
  pull:
    image: ollama/ollama:0.12.6
    entrypoint: /bin/sh
    command: [-c, "sleep 3; ollama pull llama3.2"]
    #                                   ^^^^^^^^ `ollama pull` pulls `llama3.2` without a digest: each host can get different weights
```

```yaml good
services:
  app:
    image: app
    volumes:
      - ./prompts:/prompts:ro
    command: [sh, -c, "echo 'weights: run ollama pull llama3.2' && serve"]
    models: [llm]
  fetch:
    image: example/tools:1
    command: hf download Qwen/Qwen3-8B-GGUF --revision 7c41481f57cb95916b40956ab2f0b139b296d974
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: weights in a mounted directory, in an image, or downloaded by a script or a program; and vLLM
and similar servers, which download what `--model` names on their own.
"""

from __future__ import annotations

from modellint.compose.model.commands import Word
from modellint.compose.model.mounts import BIND
from modellint.evidence.images import INFRASTRUCTURE, product_of
from modellint.evidence.serving import served
from modellint.rule import (
    WARNING,
    Context,
    Finding,
    Findings,
    Project,
    Related,
    Service,
    Span,
    rule,
    text_of,
)

_WEIGHTS = (".gguf", ".ggml", ".safetensors")
_MODEL_FLAGS = frozenset(("-m", "--model", "--model-path", "--model_path", "-mm", "--mmproj"))
_HUB_FLAGS = frozenset(("-hf", "-hfr", "--hf-repo", "-mu", "--model-url"))
_HUBS = ("https://huggingface.co/", "https://hf.co/", "https://modelscope.cn/", "git@hf.co:")
_DOWNLOADERS = (("huggingface-cli", "download"), ("hf", "download"), ("modelscope", "download"))
_FETCHERS = frozenset(("curl", "wget", "aria2c"))
_DIGITS = frozenset("0123456789abcdef")
_COMMIT = 40

_FILE = "is a weights file without a digest: each host can run different weights"
_FETCH = "downloads weights that are not pinned: each run can get different ones"
_PULL = "without a digest: each host can get different weights"
_PACKAGE = "package it with `docker model package --gguf`, and declare the result under `models:`"
_DECLARE = "declare the model under `models:`, and grant it to the services that call it"


@rule(WARNING, tags=("supply-chain",))
def static_weights(project: Project, context: Context) -> Findings:
    """Report one file, one download and one pull of each service."""
    found: list[Finding] = []
    for service in project.services.values():
        lines = _commands(service)
        weights = _file(service, lines)
        found += [*([weights] if weights is not None else []), *_fetched(lines)]
        found += _fetched_by_image(service, context)
    if found and _is_about_models(project):
        yield from found


def _commands(service: Service) -> list[list[Word]]:
    """Return the commands that run in the container, without its health check."""
    return [command for line in (service.commands.main, *service.commands.hooks) for command in line.simple]


def _file(service: Service, lines: list[list[Word]]) -> Finding | None:
    mounted = _mounted(service)
    if mounted is not None:
        span, shown = mounted
        return Finding(span, f"{shown} {_FILE}", hint=_PACKAGE)
    for command in lines:
        for at, word in enumerate(command):
            flag, equals, value = word.text.partition("=")
            place = word if equals else command[at + 1] if at + 1 < len(command) else word
            if flag in _MODEL_FLAGS and _is_weights(value if equals else place.text):
                shown = f"`{value or place.text}`" if place.shown else f"the file that `{flag}` names"
                return Finding(place.span, f"{shown} {_FILE}", hint=_PACKAGE)
    for name, setting in service.environment.items():
        node, value = setting.node, setting.value or ""
        if node is not None and _is_weights(value) and "/" in value:
            return Finding(setting.span, f"the file that `{name}` names {_FILE}", hint=_PACKAGE)
    return None


def _fetched(lines: list[list[Word]]) -> Findings:
    """Report the first download and the first pull."""
    kinds: set[str] = set()
    for command in lines:
        for kind, word, message in _fetches(command):
            if kind not in kinds:
                kinds.add(kind)
                yield Finding(word.span, message, hint=_DECLARE)


def _fetched_by_image(service: Service, context: Context) -> Findings:
    """Report the first download and the first pull in the scripts of an image, at the build of the service."""
    build = context.evidence.build(service)
    kinds: set[str] = set()
    for at in context.evidence.image_scripts(service) if build is not None else ():
        for command in at.script.commands:
            words = [Word(word.text, build.node, word.start) for word in command.words] if build is not None else []
            for kind, word, message in _fetches(words, is_shown=False) if words else ():
                if kind not in kinds and build is not None:
                    kinds.add(kind)
                    end = word.start + len(word.text)
                    related = [Related(at.locate(word.start, end), "downloaded here")] if at.is_placed else []
                    yield Finding(build.node.content, message, related=related, hint=_DECLARE)


def _fetches(command: list[Word], is_shown: bool = True) -> list[tuple[str, Word, str]]:
    texts = [word.text for word in command]
    name = texts[0].rpartition("/")[2]
    if (name, *texts[1:2]) in _DOWNLOADERS and not _is_pinned(texts) and "dataset" not in texts:
        return [("download", command[0], f"`{name}` {_FETCH}")]
    if name == "git" and "clone" in texts and any(text.startswith(_HUBS) for text in texts):
        return [("download", command[0], f"`git clone` {_FETCH}")]
    if name in _FETCHERS:
        if any("/api/pull" in text for text in texts):
            return [("pull", command[0], f"`{name}` makes a server pull a model {_PULL}")]
        if any("://" in text and _is_weights(text.partition("?")[0]) and not _is_pinned([text]) for text in texts):
            return [("download", command[0], f"`{name}` {_FETCH}")]
    if name == "ollama" and texts[1:2] == ["pull"] and len(texts) > 2:
        model = f"`{command[2].shown}`" if is_shown and command[2].shown else "the model"
        return [("pull", command[2], f"`ollama pull` pulls {model} {_PULL}")]
    flag = next((word for word in command[:-1] if word.text in _HUB_FLAGS), None)
    return [("download", flag, f"`{flag.text}` {_FETCH}")] if flag is not None and _is_llama(command) else []


def _is_llama(command: list[Word]) -> bool:
    """Return whether a command runs llama.cpp; its image needs only flags."""
    first = command[0].text
    return first.startswith("-") or first.rpartition("/")[2].startswith("llama")


def _mounted(service: Service) -> tuple[Span, str] | None:
    """Return the place and the shown name of the first bind mount of a weights file."""
    for mount in service.mounts:
        if mount.kind == BIND and _is_weights(mount.source, mount.target):
            return mount.span, f"`{mount.shown}`"
    return None


def _is_weights(*paths: str) -> bool:
    return any(path.lower().endswith(_WEIGHTS) for path in paths)


def _is_pinned(texts: list[str]) -> bool:
    """Return whether a commit is specified, as a revision or in a URL."""
    parts = [part for text in texts for part in text.replace("=", "/").split("/")]
    return any(len(part) == _COMMIT and _DIGITS.issuperset(part) for part in parts)


def _is_about_models(project: Project) -> bool:
    """Return whether the project uses language models; other programs have weights files too."""
    if project.models or project.legacy:
        return True
    return any(_serves(service) for service in project.services.values())


def _serves(service: Service) -> bool:
    name = text_of(service.image)
    known = product_of(name) if name else None
    return served(service) is not None or (known is not None and known.role != INFRASTRUCTURE)
