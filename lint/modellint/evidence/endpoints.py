"""Addresses of model servers: which addresses are known to be one, and what a variable's name says.

Addresses of Docker Model Runner: docker/model-runner, `cmd/cli/commands/status.go`; ports: see `images`.
"""

from __future__ import annotations

from modellint.evidence.url import Url, host_and_port, urls
from modellint.secrets.credentials import in_capitals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.evidence.texts import Text

RUNNER_HOST = "model-runner.docker.internal"
RUNNER = "Docker Model Runner"
THE_HOST = frozenset(
    (
        "host.docker.internal", "gateway.docker.internal", "docker.for.mac.localhost", "docker.for.mac.host.internal",
        "docker.for.win.localhost", "docker.for.win.host.internal", "host.containers.internal", "172.17.0.1",
    )
)  # fmt: skip
ITSELF = frozenset(("localhost", "127.0.0.1", "::1"))
PORTS = {12434: RUNNER, 12435: RUNNER, 12444: RUNNER, 12445: RUNNER, 11434: "Ollama", 1234: "LM Studio"}
_RUNNER_PATHS = ("/engines/", "/exp/vDD4.40")
_MODEL_WORDS = frozenset(
    (
        "OPENAI", "OLLAMA", "LLM", "LLMS", "LLAMA", "LLAMACPP", "MODEL", "MODELS", "VLLM", "SGLANG", "DMR", "EMBEDDING",
        "EMBEDDINGS", "EMBEDDER", "RERANKER", "LOCALAI", "LMSTUDIO", "QWEN", "GEMMA", "MISTRAL", "LITELLM",
    )
)  # fmt: skip
_LOOSE_WORDS = frozenset(("AI", "GENAI", "GPT", "CHATGPT", "INFERENCE", "ANTHROPIC"))  # also of an application's parts
_ADDRESS_WORDS = frozenset(
    ("URL", "URLS", "URI", "BASE", "BASEURL", "HOST", "ENDPOINT", "ENDPOINTS", "ADDR", "ADDRESS", "SERVER", "API")
)
_LONG = 200  # characters; services share such a text more often than they have one of their own
_BROWSER_PREFIXES = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "GATSBY_")

_TAKES_ADDRESS = frozenset(("curl", "wget", "http", "https", "xh", "wait-for-it", "wait-for-it.sh", "wait-for", "nc"))


class ModelServerAddress:
    """An address in a text, and the model server that it is known to belong to: a name, or empty."""

    __slots__ = ("server", "text", "url")

    def __init__(self, text: Text, url: Url, server: str) -> None:
        self.text = text
        self.url = url
        self.server = server


def endpoints(text: Text, known: dict[str, list[Url]]) -> list[ModelServerAddress]:
    """The addresses of a text, in order: URLs, and a value that is nothing but a host and a port.

    `known` remembers the URLs of long texts.
    """
    value = text.value
    if ":" not in value and "." not in value:
        return []
    found = known.get(value) if len(value) > _LONG else None
    if found is None:
        found = urls(value) if "://" in value else []
        if len(value) > _LONG:
            known[value] = found
    if not found and (text.kind in ("variable", "env file", "build argument") or text.name in _TAKES_ADDRESS):
        alone = host_and_port(value)
        found = [alone] if alone is not None else []
    if not found and RUNNER_HOST in value:
        at = value.find(RUNNER_HOST)
        found = [Url("", RUNNER_HOST, None, "", at, at + len(RUNNER_HOST))]
    return [ModelServerAddress(text, url, server(url, text.name)) for url in found]


def server(url: Url, name: str) -> str:
    """The model server outside of the project that an address belongs to, `a model server` if it is not known which.

    `name` is the variable that holds it. Empty where nothing says that it is one.
    """
    if url.host == RUNNER_HOST or url.host.startswith("model-runner."):
        return RUNNER
    near = url.host in THE_HOST or (url.host in ITSELF and not name.startswith(_BROWSER_PREFIXES))
    if not near:
        return ""
    if url.path.startswith(_RUNNER_PATHS):
        return RUNNER
    if url.port in PORTS:
        return PORTS[url.port]
    return "a model server" if is_model_address(name) else ""


def is_model_address(name: str) -> bool:
    """Whether a variable's name says that it holds the address of a model server: `LLM_URL`, `OPENAI_API_BASE`."""
    words = in_capitals(name).split("_")
    return words[-1] in _ADDRESS_WORDS and not _MODEL_WORDS.isdisjoint(words[:-1]) and "KEY" not in words


def is_model_name(name: str) -> bool:
    """Whether a variable's name says that it holds the name of a model: `MODEL`, `OPENAI_MODEL_NAME`."""
    words = in_capitals(name).split("_")
    if words[-1] in ("NAME", "ID"):
        words = words[:-1]
    return bool(words) and words[-1] in ("MODEL", "LLM")


def speaks_of_models(name: str) -> bool:
    """Whether a variable's name has to do with models."""
    words = in_capitals(name).split("_")
    return not (_MODEL_WORDS.isdisjoint(words) and _LOOSE_WORDS.isdisjoint(words))
