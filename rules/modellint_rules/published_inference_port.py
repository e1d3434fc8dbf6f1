"""An inference server is published on all network interfaces of the host.

A port without an address is published on all network interfaces of the host, and Docker's own firewall rules allow it
before those of `ufw` apply. Anyone who can reach the host can then use the model and the hardware. Ollama and Docker
Model Runner have no authentication at all (ollama/ollama#1053), so a stranger can also pull and delete models.

```yaml bad
services:
  ollama:
    image: ollama/ollama:0.12.6
    ports:
      - 11434:11434
      # ^^^^^^^^^^^ `11434:11434` publishes Ollama on all network interfaces of the host: its API has no authentication, so anyone who can reach the host can run, pull and delete models
  vllm:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-8B --port 9000
    gpus: all
    ports:
      - "0.0.0.0:8000:9000"
      #  ^^^^^^^^^^^^^^^^^ `0.0.0.0:8000:9000` publishes vLLM on all network interfaces of the host: no API key is set, so anyone who can reach the host can run its models
  llama:
    image: ghcr.io/ggml-org/llama.cpp:server
    command: [-m, /models/small.gguf, --api-key, dummy]
    ports:
      - target: 8080
        published: "${PORT:-8080}"
        #           ^^^^^^^^^^^^^ this publishes llama.cpp on all network interfaces of the host: the API key `dummy` is easy to guess, so anyone who can reach the host can run its models
```

```yaml fixed
services:
  ollama:
    image: ollama/ollama:0.12.6
    ports:
      - 127.0.0.1:11434:11434
  vllm:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-8B --port 9000
    gpus: all
    ports:
      - "127.0.0.1:8000:9000"
  llama:
    image: ghcr.io/ggml-org/llama.cpp:server
    command: [-m, /models/small.gguf, --api-key, dummy]
    ports:
      - target: 8080
        published: "${PORT:-8080}"
```

```yaml good
services:
  ollama:
    image: ollama/ollama:0.12.6
    ports:
      - 127.0.0.1:11434:11434
  vllm:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-8B --api-key ${VLLM_API_KEY:?set it}
    gpus: all
    ports:
      - "8000:8000"
  litellm:
    image: ghcr.io/berriai/litellm:v1.77.5
    environment:
      LITELLM_MASTER_KEY: ${LITELLM_MASTER_KEY}
    ports:
      - "4000:4000"
  tei:
    image: ghcr.io/huggingface/text-embeddings-inference:cpu-1.7
    expose: ["80"]
```

Docker's MCP gateway has access to the socket of the container engine and starts tools as containers; in a container, it
does not authenticate its callers:

```yaml bad
services:
  tools:
    image: docker/mcp-gateway:v2
    use_api_socket: true
    command: [--transport=streaming, --servers=time]
    ports: ["8811:8811"]
    #        ^^^^^^^^^ `8811:8811` publishes the MCP gateway on all network interfaces of the host: it has access to the container engine and no authentication, so anyone who can reach the host can run its tools
```

```yaml fixed
services:
  tools:
    image: docker/mcp-gateway:v2
    use_api_socket: true
    command: [--transport=streaming, --servers=time]
    ports: ["127.0.0.1:8811:8811"]
```

LiteLLM with a master key rejects requests without it, so it may be published. With `network_mode: host`, no port is
published: a server that listens on all interfaces, as these do in a container, listens on all interfaces of the host.

What this rule cannot see: a firewall in front of the host, a key in an env file or in a configuration file other than
LiteLLM's (if there is one, nothing is reported), and servers whose image or command it does not know.
"""

from __future__ import annotations

from modellint.compose.model.ports import EVERYWHERE, Port
from modellint.compose.model.unset import unset
from modellint.evidence.images import OLLAMA, RUNNER, Product, product_of
from modellint.evidence.serving import Listening, flag, key, listening, served, words
from modellint.rule import (
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Related,
    Scalar,
    Service,
    Span,
    rule,
    text_of,
)
from modellint.text.numbers import whole
from modellint.yaml.scalars import compose_text

_HERE = "127.0.0.1"
_BY_PORT = {OLLAMA.ports[0]: OLLAMA, RUNNER.ports[0]: RUNNER}
# Words for a service in front of a server that may require a key: nothing is known about it.
_GUARDS = ("proxy", "auth", "gateway", "nginx", "caddy", "traefik", "envoy", "guard", "mock", "stub", "fake")
_GUESSED = frozenset(
    (
        "api-key", "api_key", "apikey", "changeme", "change-me", "dummy", "empty", "fake", "key", "local", "none", "null",
        "password", "secret", "sk-1234", "sk-dummy", "test", "token", "token-abc123", "xxx", "your-api-key",
    )
)  # fmt: skip
_SOCAT = "socat"
# Their images listen on every address: `OLLAMA_HOST` and `LLAMA_ARG_HOST` in the Dockerfile, vLLM without `--host`.
_LISTEN_EVERYWHERE = ("Ollama", "llama.cpp", "vLLM")
_LISTEN_LOCALLY = ("SGLang",)  # without `--host`


@rule(WARNING, tags=("security", "network"))
def published_inference_port(service: Service, context: Context) -> Findings:
    """Report the first port of each server that is published on all interfaces."""
    if service.provider is not None:  # it has no container
        return
    ports = [port for port in service.ports if port.is_tcp and port.container is not None]
    mode = service.body.get("network_mode")
    if isinstance(mode, Scalar) and mode.value == "host":
        yield from _on_the_host(service, mode, ports, context)
        return
    known = served(service)
    for port in ports:
        if not port.is_open or unset(port.node, context.project):
            continue
        if known is not None:
            reason = _reason(service, known, context) if _is_its_own(service, known, port) else ""
            what = known.name
        else:
            other = _behind(service, port)
            reason = _reason(service, other, context) if other is not None else _as_gateway(service, port)
            what = f"{other.name}'s port" if other is not None else "the MCP gateway"
        if reason:
            yield _open(port, what, reason)
            return


def _open(port: Port, what: str, reason: str) -> Finding:
    node = port.node
    place = f"`{node.shown}`" if port.item is node else "this"
    message = f"{place} publishes {what} on all network interfaces of the host: {reason}"
    edit = _edit(port)
    fix = Fix(f"publish it on `{_HERE}` only", [edit]) if edit else None
    hint = "" if fix else f"set `host_ip: {_HERE}`" if port.item is not node else f"prefix it with `{_HERE}:`"
    return Finding(node.content, message, fix, hint=hint)


def _edit(port: Port) -> Edit | None:
    """Return an edit that adds the address, or replaces the one that is there."""
    node = port.node
    if port.item is not node or node.interpolated or node.style not in ("", "'", '"') or node.tag or node.anchor:
        return None
    if port.host_at[1]:
        return Edit(node.part(*port.host_at), f"{_HERE}:")
    start = node.content.start
    colon = ":" if ":" in node.content.text else "::"
    return Edit(Span(node.source, start, start), _HERE + colon)


def _is_its_own(service: Service, known: Product, port: Port) -> bool:
    """Return whether a published port leads to the port that the service's product listens on."""
    listens = listening(service)
    if _is_loopback(listens) or (not listens.host and known.name in _LISTEN_LOCALLY):
        return False
    wanted = [listens.port] if listens.port is not None else list(known.ports)
    return any(port.holds(each) for each in wanted)


def _behind(service: Service, port: Port) -> Product | None:
    """Return the product that usually has this port if the image is unknown, or the one that socat forwards to."""
    name = text_of(service.image) or ""
    image = product_of(name) if name else None
    if image is not None:  # its image does something else, or its command makes it do so
        return _forwarded(service) if image.name == _SOCAT else None
    if any(guard in text for guard in _GUARDS for text in (service.name.text.lower(), name.lower())):
        return None
    return next((each for number, each in _BY_PORT.items() if port.holds(number)), None)


def _forwarded(service: Service) -> Product | None:
    """Return the product whose port socat forwards to."""
    for word in words(service):
        if word.lower().startswith("tcp"):
            target = whole(word.partition(",")[0].rpartition(":")[2])
            if target is not None and (known := _BY_PORT.get(target)) is not None and word.count(":") > 1:
                return known
    return None


def _is_loopback(listens: Listening) -> bool:
    return listens.host in ("localhost", "::1") or listens.host.startswith("127.")


def _reason(service: Service, known: Product, context: Context) -> str:
    """Return why publishing it is a problem, or an empty string if callers must send a key."""
    if known.keyless and known in _BY_PORT.values():
        return "its API has no authentication, so anyone who can reach the host can run, pull and delete models"
    if known.keyless:
        return "its API has no authentication, so anyone who can reach the host can run its models"
    given = key(service)
    if given == "" and known.name == "LiteLLM":
        given = _key_of_litellm(service, context)
    if given is None:
        return "no API key is set, so anyone who can reach the host can run its models"
    if given.lower() in _GUESSED:
        return f"the API key `{given}` is easy to guess, so anyone who can reach the host can run its models"
    default = given[2:-1].partition("-")[2] if given.startswith("${") and given.endswith("}") else ""
    if default.lower() in _GUESSED:
        return f"its API key defaults to `{default}`, so anyone who can reach the host can run its models"
    return ""


def _key_of_litellm(service: Service, context: Context) -> str | None:
    """Return the master key in LiteLLM's configuration file, an empty string if it is not known, or None without one.

    Source: docs.litellm.ai/docs/proxy/config_settings.
    """
    path = flag(words(service), "--config", "-c") or ""
    if "env_file" in service.body or "build" in service.body or not path.startswith("/"):
        return ""
    from modellint.evidence.mounted import mounted_yaml

    config = mounted_yaml(service, path, context.project)
    if config is None or "include" in config or "environment_variables" in config:
        return ""
    given = config.get("general_settings", "master_key")
    if given is None:
        return None
    return text_of(given) or ""


def _as_gateway(service: Service, port: Port) -> str:
    """Return why an open port of Docker's MCP gateway is a problem; empty without the socket or with a token."""
    known = product_of(text_of(service.image) or "")
    if known is None or known.name != "MCP Gateway" or "MCP_GATEWAY_AUTH_TOKEN" in service.environment:
        return ""
    listens = listening(service).port or known.ports[0]
    api = service.body.get("use_api_socket")
    has_socket = (isinstance(api, Scalar) and compose_text(api.value) == "true") or any(
        "docker.sock" in mount.source for mount in service.mounts
    )
    if not has_socket or not port.holds(listens):
        return ""
    return (
        "it has access to the container engine and no authentication, so anyone who can reach the host can run its"
        " tools"
    )


def _on_the_host(service: Service, mode: Scalar, ports: list[Port], context: Context) -> Findings:
    known = served(service)
    if known is None:
        return
    listens = listening(service)
    everywhere = listens.host in EVERYWHERE and (listens.host or known.name in _LISTEN_EVERYWHERE)
    reason = _reason(service, known, context) if everywhere else ""
    if not reason:
        return
    number = listens.port if listens.port is not None else known.ports[0]
    message = f"`network_mode: host` makes {known.name} listen on all network interfaces of the host: {reason}"
    hint = f"remove `network_mode: host`, or make the server listen on `{_HERE}`"
    port = next((port for port in ports if port.holds(number)), None)
    if port is None:
        yield Finding(mode.content, message, hint=hint)
    else:
        yield Finding(
            port.node.content,
            f"{message}; `ports` has no effect",
            related=[Related(mode.content, "listens here")],
            hint=hint,
        )
