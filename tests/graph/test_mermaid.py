"""Mermaid itself reads the flowcharts, whatever the names in them are."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modellint.graph.mermaid import escaped, render
from modellint.graph.picture import Edge, Mark, Node, Picture

HOSTILE = (
    'a"b', "<script>alert(1)</script>", "]]>", "end", "subgraph x", "a;b", "%%{init: {}}%%", "click n1 callback",
    "`md`", "**bold** _it_", "1. one", "2) two", "- item", "+ plus", "# head", "> quote", "#quot;", "#35;",
    "fa:fa-car", "https://evil.example", "$$x^2$$", "\\", "::warning::x", "n1 --> n2", "{a}", "[b]", "((c))", "|d|",
    "@{ shape: x }", "ﬂ°°60¶ß", "&lt;b&gt;", "a__b", "_x_", "'", "~~~", "direction TB", "linkStyle default x", "漢字",
    "مرحبا", "é", "😀", "a" * 10_000, "\\x1b[31m", "style n1 fill:#f00", "end\\n", "---", "1)", "<br/>",
    "javascript:alert(1)",
)  # fmt: skip


def of_names(names: tuple[str, ...]) -> Picture:
    """A picture in which every name is everything: title, node, detail, label, finding."""
    picture = Picture(names[0])
    for at, name in enumerate(names):
        picture.nodes += [
            Node(f"n{2 * at + 1}", "service", name, [name]), Node(f"n{2 * at + 2}", "model", name, [name, name])
        ]  # fmt: skip
        edge = Edge(f"e{at + 1}", "grant", picture.nodes[-2], picture.nodes[-1], name)
        mark = Mark("error", "rule", name, name)
        mark.on = [edge]
        edge.marks.append(mark)
        picture.marks.append(mark)
        picture.edges.append(edge)
    return picture


@pytest.fixture(scope="session")
def parsed(mermaid: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], list[dict[str, Any]]]:
    """What Mermaid makes of some texts."""
    node = shutil.which("node")
    assert node is not None

    def parse(texts: list[str]) -> list[dict[str, Any]]:
        program = mermaid.parent.parent / "parse.mjs"
        given = tmp_path_factory.mktemp("texts") / "texts.json"
        given.write_text(json.dumps(texts), encoding="utf-8")
        ran = subprocess.run([node, program, given], capture_output=True, encoding="utf-8", timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
        found: list[dict[str, Any]] = json.loads(ran.stdout)
        return found

    return parse


def unescaped(text: str) -> str:
    """What a reader sees: Mermaid keeps entities in a form of its own until it draws."""
    import html

    return html.unescape(text.replace("ﬂ°°", "&#").replace("ﬂ°", "&").replace("¶ß", ";"))


def test_mermaid_reads_hostile_names(parsed: Callable[[list[str]], list[dict[str, Any]]]) -> None:
    """Each name alone, and all together: the nodes, edges and texts are those of the picture."""
    pictures = [*[of_names((name,)) for name in HOSTILE], of_names(HOSTILE)]
    for picture, found in zip(pictures, parsed([render(each) for each in pictures]), strict=True):
        assert "error" not in found, (picture.title[:40], found)
        texts = {id: unescaped(text) for id, text, _ in found["vertices"]}
        assert set(texts) == {node.id for node in picture.nodes}
        assert [(start, end) for start, end, _ in found["edges"]] == [
            (edge.source.id, edge.target.id) for edge in picture.edges
        ]
        for node in picture.nodes:
            name = node.name if len(node.name) <= 40 else node.name[:10]
            assert texts[node.id].startswith(name), (node.name, texts[node.id])


def test_mermaid_reads_the_fixtures(
    parsed: Callable[[list[str]], list[dict[str, Any]]], drawn: Callable[..., Picture], pytestconfig: pytest.Config
) -> None:
    folders = sorted((pytestconfig.rootpath / "fixtures").glob("*/compose.yaml"))
    pictures = [drawn(path.parent) for path in folders]
    for picture, found in zip(pictures, parsed([render(each) for each in pictures]), strict=True):
        assert len(found["vertices"]) == len(picture.nodes)
        assert len(found["edges"]) == len(picture.drawn())


def test_mermaid_would_complain(parsed: Callable[[list[str]], list[dict[str, Any]]]) -> None:
    [found] = parsed(['flowchart LR\n n1["a" b"]'])
    assert "error" in found


def test_keeps_the_limits_of_mermaid(
    parsed: Callable[[list[str]], list[dict[str, Any]]], drawn_text: Callable[..., Picture]
) -> None:
    """50,000 characters and 500 edges; what does not fit is counted."""
    lines = ["services:"]
    for at in range(300):
        lines += [f"  service-{at}{'x' * 90}:", "    image: x", "    models: [" + ", ".join("abcdefgh") + "]"]
    lines += ["models:", *[f"  {name}: {{model: ai/{name}}}" for name in "abcdefgh"]]
    text = render(drawn_text("\n".join(lines)))
    assert len(text) < 50_000
    assert "not drawn" in text
    [found] = parsed([text])
    assert 200 < len(found["edges"]) <= 500


def test_plain_names_stay_readable() -> None:
    assert escaped("LLM_SMALL_URL, 127.0.0.1:8080:80") == "LLM_SMALL_URL, 127.0.0.1:8080:80"
    assert escaped("ai/qwen3:8B-Q4_K_M") == "ai/qwen3:8B-Q4_K_M"
    assert escaped('"<b>"') == "#34;#60;b#62;#34;"


def test_a_small_flowchart(drawn_text: Callable[..., Picture]) -> None:
    text = """\
services:
  ollama: {image: "ollama/ollama:0.12.6", ports: ["11434:11434"], depends_on: [app]}
  app:
    image: app
    models: {llm: {endpoint_var: AI_URL}}
models:
  llm: {model: ai/smollm2}
"""
    assert (
        render(drawn_text(text, findings=False))
        == """\
flowchart LR
  accTitle: project
  accDescr: Drawn by modellint · 2 services, 1 model, 1 grant
  subgraph published["published"]
    n4(["11434:11434"])
  end
  subgraph services["services"]
    n1["ollama · ollama/ollama:0.12.6"]
    n2["app · app"]
  end
  subgraph models["models"]
    n3[("llm · ai/smollm2 · not pinned")]
  end
  n4 -->|"the API of Ollama, published on every address of the host"| n1
  n1 -.-> n2
  n2 -->|"LLM_MODEL, AI_URL"| n3
  classDef alarm stroke:#c8102e,stroke-width:3px
  class n4 alarm
  linkStyle 0 stroke:#c8102e,stroke-width:3px
"""
    )
