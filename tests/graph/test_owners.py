"""Every finding is drawn at the part that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from modellint.graph.picture import Edge, Picture


def places(picture: Picture) -> dict[str, set[str]]:
    """What each rule's findings are drawn at."""
    found: dict[str, set[str]] = {}
    for mark in picture.marks:
        found.setdefault(mark.rule, set()).update(
            f"{part.source.name} -> {part.target.name}" if isinstance(part, Edge) else part.name for part in mark.on
        )
    return found


def test_parts_of_one_file(drawn_text: Callable[..., Picture]) -> None:
    text = """\
services:
  vllm:
    image: vllm/vllm-openai:v0.11.0
    ports: ["127.0.0.1:9000:9000", "8000:8000"]
  agent:
    image: agent
    environment: {LLM_URL: "http://localhost:12434/engines/v1"}
    models: [llm, lmm]
  old: {provider: {type: model, options: {model: ai/smollm2}}}
models:
  llm: {model: ai/smollm2, runtime_flags: [--temp=0.1]}
"""
    found = places(drawn_text(text))
    assert found["missing-gpu"] == {"vllm"}
    assert found["published-inference-port"] == {"8000:8000 -> vllm"}
    assert found["overwritten-variable"] == {"agent"}
    assert found["undefined-model"] == {"agent -> lmm"}
    assert found["unpinned-model"] == {"llm", "old"}
    assert found["joined-flag"] == {"llm"}
    assert found["legacy-provider"] == {"old"}


def test_all_that_share_a_text(drawn_text: Callable[..., Picture]) -> None:
    text = """\
services:
  one: &one
    image: postgres:17
    models: [llm]
  two:
    <<: *one
  three: {image: app, models: [llm]}
models:
  llm: {model: ai/smollm2}
"""
    picture = drawn_text(text)
    assert places(picture)["overexposed-grant"] == {"one -> llm", "two -> llm"}


def test_several_files(drawn: Callable[..., Picture], tmp_path: Path) -> None:
    """An override, a file that is extended, and one that is included."""
    files = {
        "compose.yaml": """\
include: [models.yaml]
services:
  agent: {extends: {file: base.yaml, service: base}}
""",
        "compose.override.yaml": """\
services:
  agent: {privileged: true}
""",
        "base.yaml": """\
services:
  base:
    image: agent
    models: [llm]
    depends_on: [llm]
""",
        "models.yaml": """\
models:
  llm: {model: ai/smollm2}
""",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = places(drawn(tmp_path))
    assert found["unsafe-agent"] == {"agent"}
    assert found["dependency-on-model"] == {"agent"}
    assert found["unpinned-model"] == {"llm"}


def test_what_is_about_no_part(drawn_text: Callable[..., Picture]) -> None:
    picture = drawn_text("services: {app: {image: app}}\nmodles: {}\n")
    assert places(picture)["invalid-compose"] == set()


def test_what_it_relates_to(drawn: Callable[..., Picture], tmp_path: Path) -> None:
    """A finding in a file that is no Compose file is drawn where its related place is."""
    (tmp_path / ".env").write_text("LLM_URL=http://localhost:12434\n", encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(
        "services: {app: {image: app, models: [llm], env_file: .env}}\nmodels: {llm: {model: ai/smollm2}}\n",
        encoding="utf-8",
    )
    picture = drawn(tmp_path)
    assert all(mark.on for mark in picture.marks)


def test_fixtures(drawn: Callable[..., Picture]) -> None:
    """Of all findings in the fixtures, only those about the project as such are at no part."""
    root = Path(__file__).parents[2] / "fixtures"
    pictures = [drawn(path.parent) for path in sorted(root.glob("*/compose.yaml"))]
    marks = [mark for picture in pictures for mark in picture.marks]
    assert len(marks) > 50
    assert [mark.text for mark in marks if not mark.on] == []
