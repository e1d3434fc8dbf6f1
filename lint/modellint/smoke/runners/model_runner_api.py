"""The HTTP API of Docker Model Runner: requests and responses, field by field.

All of it is from the source of docker/model-runner 1.2.6; each function names the file. Whatever is read here came from
the network: it may be anything, and what is shown of it is one line, without what is hidden.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from modellint.smoke.runners.find import NoRunner
from modellint.smoke.runners.model_runner_errors import shown
from modellint.smoke.runners.plan import EMBEDDING
from modellint.text.json_values import as_array, as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.smoke.runners.model_runner_errors import Hidden
    from modellint.smoke.runners.plan import RunnerConfig

# The routes are in pkg/inference/models/http_handler.go and pkg/inference/scheduling/http_handler.go, `/version` is in
# pkg/server/server.go.
STATUS = "/engines/status"
VERSION = "/version"
CREATE = "/models/create"
CONFIGURE = "/engines/_configure"
PS = "/engines/ps"
UNLOAD = "/engines/unload"
COMPLETIONS = "/engines/v1/completions"
_CHAT = "/engines/v1/chat/completions"
_EMBEDDINGS = "/engines/v1/embeddings"
PRELOAD_ONLY = {"X-Preload-Only": "true"}

_DEFAULT_BACKEND = "llama.cpp"
_HOST = re.compile(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")
_MOST_LAYERS = 10_000
_MOST_ENTRIES = 64  # a runner has at most 8 models in memory (pkg/inference/scheduling/loader.go)
_LARGEST = 2**63 - 1
_SPARE = 512  # tokens: llama.cpp rounds a context up to a multiple of 256
_MOST_PROMPT = 1 << 21  # tokens; a request may have 10 MiB


class RunnerSettings(NamedTuple):
    """The settings of a model in a mode: an entry of what GET /engines/_configure answers.

    `ModelConfigEntry` of pkg/inference/scheduling/api.go, whose names have no JSON tags; `config` is a
    `BackendConfiguration` of pkg/inference/backend.go. It is what was asked for, not what runs.
    """

    backend: str
    mode: str
    config: dict[str, Any]


class LoadedModel(NamedTuple):
    """A model in memory: an entry of what GET /engines/ps answers.

    `BackendStatus` of pkg/inference/scheduling/api.go; `model` is the reference that it was loaded by. An entry says
    nothing of the context.
    """

    backend: str
    model: str
    mode: str


def address(base: str, hidden: Hidden) -> str:
    """The address of a runner, as `exchange.ask` takes it; raises `NoRunner` where it is none."""
    try:
        parts = urlsplit(base)
        port = parts.port
    except ValueError:  # a port that is no number, a bracket without its other
        parts, port = urlsplit(""), None
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    plain = base.isascii() and base.isprintable() and not parts.query and not parts.fragment and port != 0
    if parts.scheme == "http" and plain and parts.path in ("", "/") and _HOST.fullmatch(host):
        return f"http://{host}:{port or 80}"
    given = "what is given" if "@" in base else f"`{shown(base, hidden)}`"  # a password may stand before the @
    raise NoRunner(f"{given} is not the address of a Docker Model Runner; use http://HOST:PORT with nothing after it")


def is_runner(document: object) -> bool:
    """Whether GET /engines/status was answered by a Docker Model Runner: a text for each of its backends.

    `GetBackendStatus` of pkg/inference/scheduling/http_handler.go; one of them is always llama.cpp
    (`DefaultBackendName` in pkg/server/server.go).
    """
    table = as_object(document)
    return isinstance(table.get(_DEFAULT_BACKEND), str) and all(isinstance(text, str) for text in table.values())


def version(document: object) -> str:
    """The version in what GET /version answers; empty where there is none (pkg/server/server.go)."""
    text = as_object(document).get("version")
    return text if isinstance(text, str) and _VERSION.fullmatch(text) else ""


def model(reference: str) -> str:
    """Where a model of the runner's store is described (pkg/inference/models/http_handler.go)."""
    return f"/models/{quote(reference, safe='/:@', errors='surrogateescape')}"


def digest(document: object) -> str:
    """The digest of a model's manifest, empty where there is none: `id` of `Model` in pkg/inference/models/api.go."""
    text = as_object(document).get("id")
    return text if isinstance(text, str) and _DIGEST.fullmatch(text) else ""


def configuration(setup: RunnerConfig, reference: str) -> dict[str, Any]:
    """What `docker model configure [--context-size N] MODEL [-- FLAG…]` sends, which is how Compose calls it.

    `ConfigureRequest` of pkg/inference/scheduling/api.go, as cmd/cli/commands/configure.go and configure_flags.go fill
    it. There is no `mode` in it: the runner takes the mode from `--embeddings` among the flags.
    """
    return {"model": reference, **_config(setup)}


def restoration(settings: RunnerSettings, reference: str) -> dict[str, Any]:
    """What gives a model settings that it had; the mode is named, as it may have been set without a flag."""
    return {"model": reference, "mode": settings.mode, **settings.config}


def settings(document: object) -> list[RunnerSettings]:
    """The entries of what GET /engines/_configure?model=… answers."""
    entries = [as_object(entry) for entry in as_array(document)[:_MOST_ENTRIES]]
    return [
        RunnerSettings(as_text(entry.get("Backend")), as_text(entry.get("Mode")), as_object(entry.get("Config")))
        for entry in entries
    ]


def settings_of(reference: str) -> str:
    """Where the settings of a model are."""
    return f"{CONFIGURE}?model={quote(reference, safe='', errors='surrogateescape')}"


def loaded(document: object) -> list[LoadedModel]:
    """The entries of what GET /engines/ps answers."""
    entries = [as_object(entry) for entry in as_array(document)[:_MOST_ENTRIES]]
    return [
        LoadedModel(as_text(entry.get("backend_name")), as_text(entry.get("model_name")), as_text(entry.get("mode")))
        for entry in entries
    ]


def preload(setup: RunnerConfig, reference: str) -> tuple[str, dict[str, Any]]:
    """The request that, with `PRELOAD_ONLY`, loads a model and infers nothing; 200 without a body is the answer.

    `Preload` of cmd/cli/desktop/desktop.go. The path decides which mode is loaded (`backendModeForRequest` of
    pkg/inference/scheduling/api.go), and so which settings apply.
    """
    if setup.mode == EMBEDDING:
        return _EMBEDDINGS, {"model": reference, "input": ""}
    return _CHAT, {"model": reference, "messages": []}


def unloading(reference: str, backend: str) -> dict[str, Any]:
    """Unload a model in all modes: `UnloadRequest` of pkg/inference/scheduling/api.go.

    Without a backend the settings of the model stay; with one those of this backend go, too (`Unload` of
    pkg/inference/scheduling/loader.go).
    """
    return {"all": False, "backend": backend, "models": [reference]}


def overlong(setup: RunnerConfig, reference: str) -> dict[str, Any] | None:
    """A completion whose prompt no context of the declared size holds; None where it cannot tell anything.

    No route of the runner tells what context a model runs with. But it hands on llama.cpp's refusal of a prompt that is
    too long, which names it. The prompt is of token numbers, so nothing is tokenised, and nothing inferred.
    """
    tokens = 2 * setup.context + _SPARE
    if setup.mode == EMBEDDING or not setup.context or tokens > _MOST_PROMPT:
        return None
    return {"model": reference, "prompt": [1] * tokens, "max_tokens": 1}


def context(document: object) -> int:
    """The tokens of one request in llama.cpp's refusal of a prompt; 0 where it does not say (tools/server)."""
    error = as_object(as_object(document).get("error"))
    return _count(error.get("n_ctx")) if error.get("type") == "exceed_context_size_error" else 0


@dataclass(slots=True)
class Pulling:
    """What is known of a pull from the lines of POST /models/create, which come while it goes on.

    `ProgressMessage` of pkg/distribution/oci/progress.go: the status is 200 before anything is known, so only a line of
    type `success` says that it went well. After an error the text of `http.Error` follows, which is no JSON
    (`handleCreateModel` of pkg/inference/models/http_handler.go).
    """

    progress: Callable[[int, int], object] | None = None
    done: bool = False
    failed: bool = False
    words: str = ""  # the error, or the last line that was none of them
    _layers: dict[str, int] = field(default_factory=dict[str, int])
    _there: int = 0  # the sum of the layers

    def line(self, text: bytes) -> None:
        """Take the next line."""
        message = _parsed(text)
        kind = message.get("type")
        if kind == "progress":
            self._go_on(message)
        elif kind == "success":
            self.done = True
        elif kind == "error" and not self.failed:
            self.failed, self.words = True, as_text(message.get("message"))
        elif kind != "warning" and not self.failed and text.strip():
            self.words = text.decode("utf-8", "replace")

    def _go_on(self, message: dict[str, Any]) -> None:
        layer = as_object(message.get("layer"))
        name = as_text(layer.get("id"))
        if name in self._layers or len(self._layers) < _MOST_LAYERS:
            current = _count(layer.get("current"))
            self._there += current - self._layers.get(name, 0)
            self._layers[name] = current
        if self.progress is not None:
            self.progress(self._there, _count(message.get("total")))


def _config(setup: RunnerConfig) -> dict[str, Any]:
    """A `BackendConfiguration` as Go writes it: what is empty is left out."""
    config: dict[str, Any] = {"context-size": setup.context} if setup.context else {}
    return {**config, "runtime-flags": list(setup.flags)} if setup.flags else config


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        return as_object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _count(value: object) -> int:
    return min(value, _LARGEST) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
