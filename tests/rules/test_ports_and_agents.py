"""published-inference-port and unsafe-agent: forms that the pages leave out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.linter.discovery import rules
from modellint.text.finding import Finding

Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
PORT, AGENT = "published-inference-port", "unsafe-agent"


def server(ports: str, image: str = "ollama/ollama", rest: str = "", name: str = "llm") -> str:
    return f"services:\n  {name}:\n    image: {image}\n    ports: {ports}\n" + (f"    {rest}\n" if rest else "")


@pytest.mark.parametrize(
    ("ports", "place"),
    [
        ("['11434:11434']", "11434:11434"),
        ("[11434]", "11434"),
        ("['11434']", "11434"),
        ("['80:11434/tcp']", "80:11434/tcp"),
        ("['0.0.0.0:11434:11434']", "0.0.0.0:11434:11434"),
        ("['[::]:11434:11434']", "[::]:11434:11434"),
        ("['11430-11440:11430-11440']", "11430-11440:11430-11440"),
        ("['${PORT:-11434}:11434']", "${PORT:-11434}:11434"),
        ("['${BIND:-0.0.0.0}:11434:11434']", "${BIND:-0.0.0.0}:11434:11434"),
        ("[{target: 11434, published: '80'}]", "80"),
        ("[{target: 11434}]", "11434"),
        ("[{target: 11434, published: 80, host_ip: 0.0.0.0}]", "80"),
        ("['127.0.0.1:11434:11434', '80:80', '81:11434']", "81:11434"),
    ],
)
def test_open(ports: str, place: str, find: Find) -> None:
    assert [finding.span.text for finding in find(PORT, server(ports))] == [place]


@pytest.mark.parametrize(
    "ports",
    [
        "['127.0.0.1:11434:11434']",
        "['[::1]:11434:11434']",
        "['192.168.1.5:11434:11434']",
        "['127.0.0.1::11434']",
        "['${BIND:-127.0.0.1}:11434:11434']",
        "['${BIND}:11434:11434']",
        "['11434:11434/udp']",
        "['11434:80']",
        "[{target: 11434, host_ip: 127.0.0.1}]",
        "[{target: 11434, protocol: udp}]",
        "[a, {}, [], null, 1.5, true, '11434-x']",
        "x",
    ],
)
def test_closed(ports: str, find: Find) -> None:
    assert not find(PORT, server(ports))


@pytest.mark.parametrize(
    ("image", "rest", "count"),
    [
        ("ollama/ollama", "environment: ['OLLAMA_HOST=0.0.0.0:8000']", 1),
        ("ollama/ollama", "environment: ['OLLAMA_HOST=http://0.0.0.0:8000']", 1),
        ("ollama/ollama", "environment: ['OLLAMA_HOST=127.0.0.1:8000']", 0),
        ("ollama/ollama", "", 0),
        ("vllm/vllm-openai:v1", "", 1),
        ("vllm/vllm-openai:v1", "command: --port 9000", 0),
        ("vllm/vllm-openai:v1", "command: --port 8000 | tee --port 9000", 1),
        ("vllm/vllm-openai:v1", "entrypoint: [/usr/bin/bash, -lc, 'timeout 9 vllm serve x --port 9000']", 0),
        ("vllm/vllm-openai:v1", "entrypoint: [/usr/bin/bash, -lc, 'python -m app']", 0),
        ("example/app", "command: [ksh, -c, 'exec vllm serve \"x\"']", 1),
        ("vllm/vllm-openai:v1", "command: [--port=9000]", 0),
        ("vllm/vllm-openai:v1", "command: --host 127.0.0.1", 0),
        ("vllm/vllm-openai:v1", "command: --api-key s3cret-and-long", 0),
        ("vllm/vllm-openai:v1", "command: [--api-key, '${KEY}']", 0),
        ("vllm/vllm-openai:v1", "command: [--api-key=EMPTY]", 1),
        ("vllm/vllm-openai:v1", "environment: [VLLM_API_KEY]", 0),
        ("vllm/vllm-openai:v1", "environment: {VLLM_API_KEY: '${KEY:-}'}", 0),
        ("vllm/vllm-openai:v1", "environment: {VLLM_API_KEY: token-abc123}", 1),
        ("vllm/vllm-openai:v1", "environment: {VLLM_API_KEY: ''}", 1),
        ("vllm/vllm-openai:v1", "environment: {HF_TOKEN: hf_x}", 1),
        ("vllm/vllm-openai:v1", "env_file: keys.env", 0),
        ("vllm/vllm-openai:v1", "command: --config /vllm.yaml", 0),
        ("ghcr.io/ggml-org/llama.cpp:server", "environment: {LLAMA_ARG_PORT: 8000}", 1),
        ("lmsysorg/sglang:v1", "command: sglang serve --port 8000", 0),
        ("lmsysorg/sglang:v1", "command: sglang serve --port 8000 --host 0.0.0.0", 1),
        ("ghcr.io/berriai/litellm:v1", "command: --model x --port 8000", 1),
        ("ghcr.io/berriai/litellm:v1", "command: --config /c.yaml --port 8000", 0),
        ("ghcr.io/open-webui/open-webui:main", "command: --port 8000", 0),
        ("chromadb/chroma", "", 0),
        ("example/app", "command: vllm serve x", 1),
        ("example/app", "command: vllm serve x\n    build: .", 0),
        ("example/app", "", 0),
    ],
)
def test_where_and_with_which_key(image: str, rest: str, count: int, find: Find) -> None:
    assert len(find(PORT, server("['8000:8000']", image, rest))) == count


@pytest.mark.parametrize(
    ("image", "rest", "name", "count"),
    [
        ("example/built", "", "llm", 1),
        ("ai/smollm2", "", "llm", 1),
        ("example/ollama-auth", "", "llm", 0),
        ("example/built", "", "ollama-proxy", 0),
        ("nginx", "", "llm", 0),
        ("alpine/socat", "command: tcp-listen:11434,fork tcp:host.docker.internal:12434", "llm", 1),
        ("alpine/socat", "command: tcp-listen:11434,fork tcp:db:5432", "llm", 0),
        ("ollama/ollama", "command: pull x", "llm", 0),
    ],
)
def test_known_by_the_port(image: str, rest: str, name: str, count: int, find: Find) -> None:
    assert len(find(PORT, server("['11434:11434']", image, rest, name))) == count


def test_provider_has_no_container(find: Find) -> None:
    assert not find(PORT, "services:\n  llm:\n    provider: {type: model}\n    ports: ['12434:12434']\n")


@pytest.mark.parametrize(
    ("image", "rest", "place"),
    [
        ("ollama/ollama", "", "11434:11434"),
        ("ollama/ollama", "environment: {OLLAMA_HOST: 0.0.0.0:8000}", "host"),
        ("ollama/ollama", "environment: {OLLAMA_HOST: 127.0.0.1}", ""),
        ("lmsysorg/sglang:v1", "", ""),
        ("lmsysorg/sglang:v1", "command: --host 0.0.0.0", "host"),
        ("example/app", "", ""),
    ],
)
def test_host_network(image: str, rest: str, place: str, find: Find) -> None:
    text = server("['11434:11434']", image, rest) + "    network_mode: host\n"
    assert [finding.span.text for finding in find(PORT, text)] == ([place] if place else [])


@pytest.mark.parametrize(
    "text",
    [
        server("['${P}:11434']"),
        server("[{target: '${Q}', published: '${P}'}]"),
        server("[80]", rest="environment: ['OLLAMA_HOST=0.0.0.0:${P}']") + "    network_mode: host\n",
    ],
)
def test_a_variable_is_not_printed(text: str, find: Find) -> None:
    (finding,) = find(PORT, text, {"P": "4711", "Q": "11434"})
    assert "4711" not in finding.message + finding.hint


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[11434:11434]", "[127.0.0.1:11434:11434]"),
        ("[11434]", "[127.0.0.1::11434]"),
        ("['80:11434/tcp']", "['127.0.0.1:80:11434/tcp']"),
        ('["0.0.0.0:80:11434"]', '["127.0.0.1:80:11434"]'),
        ('["[::]:80:11434"]', '["127.0.0.1:80:11434"]'),
        ('["${P:-80}:11434"]', '["${P:-80}:11434"]'),
        ('[&p "80:11434"]', '[&p "80:11434"]'),
        ("[{target: 11434}]", "[{target: 11434}]"),
    ],
)
def test_fix(before: str, after: str, repair: Repair, find: Find) -> None:
    assert repair(PORT, server(before)) == server(after)
    assert bool(find(PORT, server(after))) == (before == after)


def agent(rest: str, models: str = "models: [llm]") -> str:
    return f"services:\n  app:\n    image: app\n    {rest}\n    {models}\nmodels: {{llm: {{model: ai/x}}}}\n"


@pytest.mark.parametrize(
    ("rest", "place"),
    [
        ("privileged: true", "true"),
        ("privileged: ${P:-true}", "${P:-true}"),
        ("use_api_socket: true", "true"),
        ("network_mode: host", "host"),
        ("pid: host", "host"),
        ("cap_add: [CAP_SYS_ADMIN]", "CAP_SYS_ADMIN"),
        ("cap_add: [all]", "all"),
        ("volumes: ['/run/docker.sock:/docker.sock']", "/run/docker.sock"),
        ("volumes: ['//var/run/docker.sock:/var/run/docker.sock']", "//var/run/docker.sock"),
        ("volumes: ['/run/user/1000/podman/podman.sock:/s']", "/run/user/1000/podman/podman.sock"),
        ("volumes: ['/run/containerd/containerd.sock:/s']", "/run/containerd/containerd.sock"),
        ("volumes: ['~/.docker/run/docker.sock:/s']", "~/.docker/run/docker.sock"),
        ("volumes: ['${SOCK:-/var/run/docker.sock}:/s']", "${SOCK:-/var/run/docker.sock}:/s"),
        ("volumes: ['/:/host:ro']", "/"),
        ("volumes: ['/etc/:/etc']", "/etc/"),
        ("volumes: ['/var/run:/var/run']", "/var/run"),
        ("volumes: ['~/.aws:/root/.aws:ro']", "~/.aws"),
        ("volumes: ['${HOME}/.ssh/id_ed25519:/key']", "${HOME}/.ssh/id_ed25519:/key"),
        ("volumes: [{type: bind, source: /home/me/.docker/config.json, target: /c}]", "/home/me/.docker/config.json"),
    ],
)
def test_unsafe(rest: str, place: str, find: Find) -> None:
    found = find(AGENT, agent(rest))
    assert [finding.span.text for finding in found] == [place]
    assert found[0].hint
    assert not find(AGENT, agent(rest, "restart: always"))


@pytest.mark.parametrize(
    "rest",
    [
        "privileged: false",
        "privileged: ${P}",
        "network_mode: bridge",
        "cap_add: [NET_ADMIN, CHOWN]",
        "volumes: ['./.docker:/x', '/etc/localtime:/etc/localtime', '/run/secrets:/s', data:/x, /var/run]",
        "volumes: ['/home/.docker:/x', '/srv/.ssh:/x', '${DIR}/.aws:/x']",
        "volumes: [{type: volume, source: socket, target: /var/run/docker.sock}, {type: bind}, 1, [x]]",
        "volumes: [{type: bind, source: '${DIR}', target: /x}]",
        "volumes: {}",
    ],
)
def test_safe(rest: str, find: Find) -> None:
    assert not find(AGENT, agent(rest))


def test_profiles_and_providers_count(find: Find) -> None:
    assert find(AGENT, agent("privileged: true\n    profiles: [later]"))
    provider = "  llm: {provider: {type: model, options: {model: ai/x}}}\n"
    assert find(AGENT, f"services:\n{provider}  app: {{image: a, depends_on: [llm], pid: host}}\n")


GATEWAY = "docker/mcp-gateway:v2"


@pytest.mark.parametrize(
    ("ports", "rest", "count"),
    [
        ("['8811:8811']", "use_api_socket: true", 1),
        ("['8811:8811']", "volumes: ['/var/run/docker.sock:/var/run/docker.sock']", 1),
        ("['9000:9000']", "use_api_socket: true\n    command: [--port=9000]", 1),
        ("['8811:8811']", "", 0),
        ("['8811:8811']", "use_api_socket: false", 0),
        ("['127.0.0.1:8811:8811']", "use_api_socket: true", 0),
        ("['9000:9000']", "use_api_socket: true", 0),
        ("['8811:8811']", "use_api_socket: true\n    environment: [MCP_GATEWAY_AUTH_TOKEN]", 0),
    ],
)
def test_a_gateway_that_starts_containers(ports: str, rest: str, count: int, find: Find) -> None:
    assert len(find(PORT, server(ports, GATEWAY, rest))) == count


LITELLM = "ghcr.io/berriai/litellm:v1.77.5"
CONFIGURED = "command: --config /etc/c.yaml --port 4000\n    "


@pytest.mark.parametrize(
    ("rest", "config", "reason"),
    [
        ("environment: {LITELLM_MASTER_KEY: '${KEY:-sk-1234}'}", "", "its API key defaults to `sk-1234`"),
        ("environment: {LITELLM_MASTER_KEY: '${KEY:?}'}", "", ""),
        ("environment: {LITELLM_MASTER_KEY: '${KEY:-5up3r-private}'}", "", ""),
        ("volumes: ['./c.yaml:/etc/c.yaml:ro']", "model_list: []\n", "no API key is set"),
        ("volumes: [{type: bind, source: ., target: /etc}]", "model_list: []\n", "no API key is set"),
        ("volumes: ['./c.yaml:/etc/c.yaml']", "general_settings: {master_key: sk-1234}\n", "the API key `sk-1234`"),
        ("volumes: ['./c.yaml:/etc/c.yaml']", "general_settings: {master_key: os.environ/KEY}\n", ""),
        (
            "volumes: ['./none:/etc', './c.yaml:/etc/c.yaml']",
            "general_settings: {master_key: sk-1234}\n",
            "the API key `sk-1234`",
        ),
        ("volumes: ['./c.yaml:/etc/c.yaml']", "include: [more.yaml]\n", ""),
        ("volumes: ['./c.yaml:/etc/c.yaml']\n    env_file: {path: e.env, required: false}", "a: b\n", ""),
        ("volumes: ['./none.yaml:/etc/c.yaml']", "", ""),
        ("volumes: ['../outside.yaml:/etc/c.yaml']", "", ""),
        ("configs: [{source: c, target: /etc/c.yaml}]\nconfigs: {c: {content: 'a: b'}}", "", "no API key is set"),
    ],
)
def test_the_key_of_litellm(
    rest: str, config: str, reason: str, find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its variable, or from the configuration that is mounted; where that cannot be read, nothing is said."""
    (tmp_path / "p").mkdir()
    (tmp_path / "outside.yaml").write_text("a: b\n", "utf-8")
    monkeypatch.chdir(tmp_path / "p")
    Path("c.yaml").write_text(config or "general_settings: {master_key: own}\n", "utf-8")
    Path("compose.yaml").write_text(server("['4000:4000']", LITELLM, CONFIGURED + rest), "utf-8")
    found = check(["compose.yaml"], Settings([rules()[PORT]], {})).results
    assert [reason in result.message for result in found] == [True] * bool(reason)
