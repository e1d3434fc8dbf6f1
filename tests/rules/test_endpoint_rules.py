"""Addresses, ports, names and keys: what the pages leave out, and the near misses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.compose.loading.selection import Options
from modellint.linter.discovery import rules
from modellint.text.finding import NOTE, Finding

Find = Callable[..., list[Finding]]
MODEL = "models:\n  llm:\n    model: ai/qwen3:0.6B-Q4_K_M\n"


def env(name: str, value: str, rest: str = "") -> str:
    return f"services:\n  app:\n    image: app\n    environment:\n      {name}: {value}\n{rest}"


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("X", "http://model-runner.docker.internal/v1", "model-runner.docker.internal"),
        ("X", "model-runner.docker.internal", "model-runner.docker.internal"),
        ("X", "http://172.17.0.1:12434/v1", "172.17.0.1:12434"),
        ("X", "host.docker.internal:11434", "host.docker.internal:11434"),
        ("X", "http://host.docker.internal/engines/llama.cpp/", "host.docker.internal"),
        ("OPENAI_BASE_URL", "http://host.docker.internal:8000/v1", "host.docker.internal:8000"),
        ("LLM_URL", "http://localhost:8000", "localhost:8000"),
        ("X", "${A:-http://host.docker.internal:11434}", "host.docker.internal:11434"),
        ("MODEL_RUNNER_URL", "http://model-runner:8000", "model-runner:8000"),
        ("X", "'http://user:secret@host.docker.internal:11434/'", "host.docker.internal:11434"),
        ("OPENAI_BASE_URL", "https://api.openai.com/v1", None),
        ("AGENTS_URL", "http://localhost:7777", None),
        ("AI_SERVICE_URL", "http://localhost:5000", None),
        ("VITE_OLLAMA_URL", "http://localhost:11434", None),
        ("OLLAMA_HOST", "0.0.0.0:11434", None),
        ("DATABASE_URL", "postgres://host.docker.internal:5432/x", None),
        ("X", "http://gpu-box.lan:11434", None),
        ("X", "http://$$HOST:11434", None),
    ],
)
def test_known_addresses(name: str, value: str, place: str | None, find: Find) -> None:
    found = find("hardcoded-endpoint", env(name, value))
    assert [finding.span.text for finding in found] == ([place] if place else [])
    assert not any("secret" in finding.message + finding.hint for finding in found)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("image: ollama/ollama\n    healthcheck: {test: curl -f http://localhost:11434/api/tags}", 0),
        ("image: app\n    ports: ['11434:11434']\n    healthcheck: {test: curl -f http://localhost:11434/}", 0),
        ("image: app\n    command: [sh, -c, 'ollama serve & curl http://localhost:11434/']", 0),
        ("image: app\n    expose: [11430-11440]\n    healthcheck: {test: curl -f http://localhost:11434/}", 0),
        ("image: app\n    ports: ['114345:1']\n    healthcheck: {test: curl -f http://localhost:11434/}", 1),
        ("image: app\n    ports: ['8011:11434']\n    healthcheck: {test: curl -f http://localhost:11434/}", 0),
        (
            "image: app\n    command: [timeout, '9', /bin/ollama, serve]\n    environment: {X: 'http://localhost:11434'}",
            0,
        ),
        ("image: app\n    network_mode: host\n    environment: {X: 'http://localhost:11434'}", 0),
        ("image: app\n    healthcheck: {test: [CMD, curl, -f, 'http://localhost:12434/']}", 1),
        ("image: app\n    command: [sh, -c, 'curl -fsS localhost:12434/v1/models | jq .']", 1),
        ("image: app\n    command: |\n      sh -c '# http://localhost:12434 is old\n      true'", 0),
        ("image: app\n    build: {context: ., args: {URL: 'http://host.docker.internal:12434'}}", 1),
        ("image: app\n    labels: {url: 'http://localhost:11434'}", 0),
        ("image: app\n    configs: [c]\nconfigs: {c: {content: 'base: http://model-runner.docker.internal/v1'}}", 1),
        ('image: app\n    build: {dockerfile_inline: "FROM x\\nENV U=http://model-runner.docker.internal/v1"}', 1),
    ],
)
def test_where_an_address_stands(body: str, count: int, find: Find, tmp_path: Path) -> None:
    assert len(find("hardcoded-endpoint", f"services:\n  app:\n    {body}\n")) == count


def test_an_address_in_an_env_file_is_reported_at_its_name_and_not_shown(find: Find, tmp_path: Path) -> None:
    (tmp_path / "app.env").write_text("A=b\nBASE_URL=http://u:hidden@host.docker.internal:12434/v1\n", encoding="utf-8")
    (found,) = find("hardcoded-endpoint", "services:\n  app:\n    image: app\n    env_file: [app.env]\n")
    assert found.span.text == "app.env"
    assert [(each.span.first, each.span.text) for each in found.related] == [((2, 1), "BASE_URL")]
    assert "hidden" not in found.message + found.hint and "12434" not in found.message


DB = "  db:\n    image: postgres:17\n    ports: ['5433:5432', '127.0.0.1:6000-6001:7000-7001']\n"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("postgres://u:p@db:5433/x", "5433"),
        ("http://db:6001", "6001"),
        ("postgres://u:p@db:5432/x", None),
        ("http://db:7001", None),
        ("http://db:9999", "9999"),
        ("http://dv:80", "dv"),
        ("http://dv.example.org:80", None),
        ("${X:-http://dv:80}", None),
        ("s3://bucket/key", None),
        ("sqlite:///data.db", None),
        ("http://your-host:80", None),
        ("http://app:9999", None),
    ],
)
def test_hosts_and_ports(value: str, place: str | None, find: Find) -> None:
    found = find("undeclared-port", env("X", value, DB))
    assert [finding.span.text for finding in found] == ([place] if place else [])


@pytest.mark.parametrize(
    "rest",
    [
        "    networks: [shared]\nnetworks: {shared: {external: true}}\n",
        "    extra_hosts: ['other:10.0.0.1']\n",
        "    network_mode: host\n",
        "  db: {image: db, networks: {default: {aliases: [other]}}}\n",
        "  db: {image: db, container_name: other}\n",
        "  db: {image: db, hostname: other}\n",
        "    links: ['db:other']\n  db: {image: db}\n",
        "  overlay: {environment: {A: b}}\n",
    ],
)
def test_hosts_that_may_be_found(rest: str, find: Find) -> None:
    assert find("undeclared-port", env("X", "http://other:80"))
    assert not find("undeclared-port", env("X", "http://other:80", rest))


@pytest.mark.parametrize(
    ("value", "bad"),
    [
        ("ai/qwen3", True),
        ("qwen3", True),
        ("openai/qwen3", True),
        ("local/qwen3:0.6B-Q4_K_M", True),
        ("ai/gemma3", True),
        ("vllm", True),
        ("qwen3:0.6B-Q4_K_M", False),
        ("AI/Qwen3:0.6B-Q4_K_M", False),
        ("docker.io/ai/qwen3:0.6B-Q4_K_M", False),
        ("openai/ai/qwen3:0.6B-Q4_K_M", False),
        ("gpt-4o", False),
        ("openai/gpt-4o", False),
        ("meta-llama/Llama-3", False),
        ("${CHAT:-}", False),
    ],
)
def test_names_of_models(value: str, bad: bool, find: Find) -> None:
    text = env("CHAT_MODEL", value, f"    models: [llm]\n{MODEL}")
    assert bool(find("model-name-drift", text)) is bad


def test_a_pinned_model_answers_to_its_name(find: Find) -> None:
    pinned = f"    models: [llm]\nmodels: {{llm: {{model: 'ai/qwen3@sha256:{'0' * 64}'}}}}\n"
    assert not find("model-name-drift", env("CHAT_MODEL", "ai/qwen3:0.6B-Q4_K_M", pinned))


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("OPENAI_API_KEY", "${OPENAI_API_KEY}", 1),
        ("OPENAI_API_KEY", "${OPENAI_API_KEY:?}", 1),
        ("OPENAI_API_KEY", "", 1),  # the shell's
        ("HF_TOKEN", "${TOKEN}", 1),
        ("OPENAI_API_KEY", "${OPENAI_API_KEY:-not-needed}", 0),
        ("OPENAI_API_KEY", "unused", 0),
        ("OPENAI_API_KEY_FILE", "/run/secrets/key", 0),
        ("LANGFUSE_PUBLIC_KEY", "${LANGFUSE_PUBLIC_KEY}", 0),
        ("STRIPE_API_KEY", "${STRIPE_API_KEY}", 0),
        ("AWS_SECRET_ACCESS_KEY", "${AWS_SECRET_ACCESS_KEY}", 0),
        ("AWS_BEARER_TOKEN_BEDROCK", "${AWS_BEARER_TOKEN_BEDROCK}", 1),
        ("SERPER_API_KEY", "${SERPER_API_KEY:-}", 0),
        ("LANGSMITH_API_KEY", "", 0),
        ("LITELLM_SALT_KEY", "${LITELLM_SALT_KEY}", 0),
        ("AZURE_SEARCH_API_KEY", "${AZURE_SEARCH_API_KEY}", 0),
        ("AZURE_OPENAI_API_KEY", "${AZURE_OPENAI_API_KEY}", 1),
        ("GOOGLE_MAPS_API_KEY", "${GOOGLE_MAPS_API_KEY}", 0),
        ("GOOGLE_API_KEY", "${GOOGLE_API_KEY}", 1),
    ],
)
def test_keys_in_the_environment(name: str, value: str, count: int, find: Find) -> None:
    found = find("leaked-variable", env(name, value))
    assert [(finding.span.text, finding.severity) for finding in found] == [(name, NOTE)] * count


@pytest.mark.parametrize(
    ("shared", "said"),
    [
        ("environment: &e {OPENAI_API_KEY: '${OPENAI_API_KEY}'}", "environment: *e"),
        ("environment: &e [OPENAI_API_KEY]", "environment: *e"),
        ("environment: &e {OPENAI_API_KEY: '${OPENAI_API_KEY}'}", "environment: {<<: *e, A: b}"),
    ],
)
def test_a_key_on_one_line_is_said_once(shared: str, said: str, find: Find) -> None:
    services = "".join(f"  s{at}: {{image: i, {said}}}\n" for at in range(4))
    (found,) = find("leaked-variable", f"services:\n  s: {{image: i, {shared}}}\n{services}")
    assert found.message.startswith("the key `OPENAI_API_KEY` is in the environment of `s`, `s0`, `s1` and 2 more: ")


@pytest.mark.parametrize(
    ("network", "count"),
    [("{name: shared}", 0), ("{name: '${NET:-shared}'}", 0), ("{external: true}", 0), ("{driver: bridge}", 1), ("", 1)],
)
def test_a_host_in_a_network_that_others_share(network: str, count: int, find: Find) -> None:
    text = f"{{image: i, environment: {{A_URL: 'http://elsewhere:80'}}, networks: [n]}}}}\nnetworks: {{n: {network}}}"
    assert len(find("undeclared-port", f"services: {{a: {text}\n")) == count


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("WEBUI_SECRET_KEY", "changeme", 1),
        ("WEBUI_SECRET_KEY", "${WEBUI_SECRET_KEY:-changeme}", 1),
        ("WEBUI_SECRET_KEY", "${WEBUI_SECRET_KEY:?}", 0),
        ("LITELLM_MASTER_KEY", "sk-1234", 1),
        ("MAX_TOKEN", "4096", 0),
        ("OPENAI_ACCESS_TOKEN", "any-value-will-do", 0),
        ("OPENAI_API_KEY", "sk-no-key-required", 0),
        ("OPENAI_API_KEY", "your-openai-key", 0),
        ("POSTGRES_PASSWORD", "postgres", 0),
    ],
)
def test_secrets_in_the_file(name: str, value: str, count: int, find: Find) -> None:
    text = env(name, value, f"    models: [llm]\n{MODEL}")
    found = find("literal-credential", text)
    assert len(found) == count
    assert all(finding.secret and value not in finding.message + finding.hint for finding in found)


def test_a_secret_of_a_service_without_models_is_not_ours(find: Find) -> None:
    assert not find("literal-credential", env("SESSION_SECRET_KEY", "changeme"))


OVERRIDE = "services:\n  app:\n    environment: {A: b}\n"
SHELL = {
    "WEBUI_SECRET_KEY": "fromtheshell",
    "OPENAI_API_KEY": "sk-aaaaBBBBccccDDDDeeee1111",
    "DB_URL": "postgres://u:hunter2@topsecrethost:5432/x",
    "PORTAL_URL": "http://portal:4321",
}
FROM_SHELL = """\
services:
  app:
    image: app
    environment:
      - WEBUI_SECRET_KEY=${WEBUI_SECRET_KEY}
      - OPENAI_API_KEY=$OPENAI_API_KEY
      - DB=$DB_URL
      - PORTAL=$PORTAL_URL
    models: [llm]
  portal:
    image: ollama/ollama:0.9.6
models: {llm: {model: 'ai/x:1'}}
"""


@pytest.mark.parametrize("overrides", [[], [OVERRIDE]], ids=["one file", "merged"])
def test_what_the_shell_says_is_neither_in_the_file_nor_printed(
    overrides: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Merging splits values: which variables are filled in is known all the same."""
    monkeypatch.chdir(tmp_path)
    names: list[str] = []
    for number, text in enumerate([FROM_SHELL, *overrides]):
        names.append(f"{number}.yaml")
        (tmp_path / names[-1]).write_text(text, encoding="utf-8")
    found = check([], Settings(list(rules().values()), SHELL, options=Options(names))).results
    about = [result.rule for result in found]
    assert "literal-credential" not in about
    assert [result.place.text for result in found if result.rule == "leaked-variable"] == ["OPENAI_API_KEY"]
    printed = " ".join(result.message + result.hint + result.title for result in found)
    assert not [value for value in ("fromtheshell", "hunter2", "topsecrethost", "4321", "sk-aaaa") if value in printed]


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("# base = http://gone:80", 0),
        ("; base = http://gone:80", 0),
        ("  // see http://gone:80", 0),
        ("listen: 80  # http://gone:80", 0),
        ("base: http://gone:80/#/start", 1),
        ("base: http://gone:80 # the address", 1),
        ("#", 0),
    ],
)
def test_comments_in_configs(line: str, count: int, find: Find) -> None:
    text = f"services: {{a: {{image: i, configs: [c]}}}}\nconfigs:\n  c:\n    content: |\n      x: 1\n      {line}\n"
    found = find("undeclared-port", text)
    assert [finding.span.text for finding in found] == ["gone"] * count
