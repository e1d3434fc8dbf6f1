"""What is in the picture, and what must not be in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.graph import dot, html, mermaid, svg
from modellint.graph.picture import Node, Picture

FORMATS = {"mermaid": mermaid.render, "dot": dot.render, "svg": svg.render, "html": html.render}
DIGEST = "@sha256:" + "0123456789abcdef" * 4


def node(picture: Picture, name: str) -> Node:
    """The only node of a name."""
    [found] = [each for each in picture.nodes if each.name == name]
    return found


def test_models(drawn_text: Callable[..., Picture]) -> None:
    text = f"""\
services:
  app: {{image: app, models: [pinned, tagged, both, hub, absent]}}
models:
  pinned: {{model: ai/a{DIGEST}, context_size: 4096}}
  tagged: {{model: "ai/a:1"}}
  both: {{model: "ai/a:1{DIGEST}"}}
  hub: {{model: hf.co/x/y}}
  nothing: {{}}
"""
    picture = drawn_text(text, findings=False)
    assert node(picture, "pinned").details == [f"ai/a{DIGEST}", "pinned by digest", "context of 4096"]
    assert node(picture, "pinned").flags == {"pinned"}
    assert node(picture, "tagged").details[1] == "not pinned"
    assert node(picture, "both").details[1] == "not pinned: the tag wins over the digest"
    assert node(picture, "hub").details[1] == "from the Hugging Face Hub, which has no digests"
    assert node(picture, "nothing").details == ["no reference", "nothing to pull"]
    assert node(picture, "absent").flags == {"absent", "loose"}
    assert picture.summary() == "1 service, 5 models, 5 grants"


@pytest.mark.parametrize(
    ("service", "alarm"),
    [
        ("image: ollama/ollama, ports: ['11434:11434']", True),
        ("image: ollama/ollama, ports: ['0.0.0.0:80:11434']", True),
        ("image: ollama/ollama, ports: ['[::]:80:11434']", True),
        ("image: ollama/ollama, ports: [{target: 11434, published: 80}]", True),
        ("image: ollama/ollama, network_mode: host", True),
        ("image: own, command: vllm serve x, ports: ['8000:8000']", True),
        ("image: own, ports: ['11434:11434']", True),
        ("image: ollama/ollama, ports: ['127.0.0.1:11434:11434']", False),
        ("image: ollama/ollama, ports: ['9000:9000']", False),
        ("image: ollama/ollama, ports: ['11434:11434/udp']", False),
        ("image: nginx, ports: ['11434:11434']", False),
        ("image: nginx, network_mode: host", False),
    ],
)
def test_ports(drawn_text: Callable[..., Picture], service: str, alarm: bool) -> None:
    picture = drawn_text(f"services: {{app: {{{service}}}}}\n", findings=False)
    [port] = picture.of("port")
    [edge] = picture.edges
    assert ("alarm" in port.flags) == ("alarm" in edge.flags) == alarm
    assert (edge.source, edge.target) == (port, node(picture, "app"))


def test_legacy_grants_and_dependencies(drawn_text: Callable[..., Picture]) -> None:
    text = """\
services:
  llm: {provider: {type: model, options: {model: ai/smollm2}}}
  db: {image: postgres}
  app: {image: app, depends_on: [llm, db]}
"""
    picture = drawn_text(text, findings=False)
    assert {each.name: each.kind for each in picture.nodes} == {"db": "service", "app": "service", "llm": "model"}
    assert [(edge.kind, edge.target.name, edge.label) for edge in picture.edges] == [
        ("legacy", "llm", "LLM_MODEL, LLM_URL"),
        ("depends", "db", ""),
    ]


def test_profiles(drawn_text: Callable[..., Picture]) -> None:
    text = """\
services:
  app: {image: app, profiles: [gpu], models: [llm], ports: ["80"]}
models: {llm: {model: ai/smollm2}}
"""
    picture = drawn_text(text, findings=False)
    assert node(picture, "app").details == ["app", "gpu (profile, not enabled)"]
    assert all("idle" in part.flags for part in (node(picture, "app"), node(picture, "80"), *picture.edges))
    picture = drawn_text(text, findings=False, profiles=("gpu",))
    assert not any("idle" in part.flags for part in (*picture.nodes, *picture.edges))


@pytest.mark.parametrize("form", FORMATS)
def test_no_value_is_shown(drawn: Callable[..., Picture], tmp_path: Path, form: str) -> None:
    """Nothing of what variables, env files and secrets hold; names that are interpolated stay as they are written."""
    (tmp_path / ".env").write_text("SECRET=s3cr3t-value\nTAG=v-s3cr3t\nPORT=64999\n", encoding="utf-8")
    (tmp_path / "app.env").write_text("LLM_URL=http://s3cr3t\nKEY=s3cr3t\n", encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(
        """\
name: "${SECRET}"
services:
  app:
    image: "app:${TAG}"
    env_file: [.env, app.env]
    profiles: ["${SECRET}"]
    ports: ["${PORT}:80", {target: 81, published: "${PORT}"}]
    environment: {OPENAI_API_KEY: sk-s3cr3t-0123456789012345678901234567890123456789, TOKEN: "${SECRET}"}
    models: ["${SECRET}", llm]
models:
  llm: {model: "ai/x:${TAG}", context_size: "${PORT}", runtime_flags: [--api-key, s3cr3t]}
""",
        encoding="utf-8",
    )
    text = FORMATS[form](drawn(tmp_path))
    assert "s3cr3t" not in text
    assert "64999" not in text


def test_what_is_left_out_is_counted(drawn_text: Callable[..., Picture]) -> None:
    lines = ["services:"]
    lines += [f"  s{at}: {{image: x, ports: [1, 2, 3, 4, 5, 6, 7, 8]}}" for at in range(340)]
    lines.append("  last: {image: x, models: [" + ", ".join(f"m{at}" for at in range(20)) + "]}")
    lines += ["models:", *[f"  m{at}: {{model: ai/x}}" for at in range(180)]]
    picture = drawn_text("\n".join(lines), findings=False)
    assert len(picture.of("service")) == 300
    assert len(picture.of("model")) == 150
    assert "last" in {each.name for each in picture.nodes}
    assert picture.missing() == [
        "41 more services not drawn",
        "30 more models not drawn",
        "598 more ports not drawn",
        "8 more grants not drawn",
    ]
    assert picture.totals == {"service": 341, "model": 180, "grant": 20}
