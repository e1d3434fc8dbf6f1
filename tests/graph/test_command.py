"""The command: its formats, its exit codes, and where it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.cli import main

TEXT = """\
services:
  agent: {image: "agent:1", models: [llm]}
models:
  llm: {model: "ai/smollm2:360M"}
"""
STARTS = {"mermaid": "flowchart LR\n", "dot": 'digraph "modellint" {', "svg": "<?xml", "html": "<!DOCTYPE html>"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yaml").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("form", STARTS)
def test_formats(project: Path, capfd: pytest.CaptureFixture[str], form: str) -> None:
    assert main(["graph", "--format", form]) == 0
    out, err = capfd.readouterr()
    assert out.startswith(STARTS[form])
    assert "agent" in out
    assert err == ""
    assert main(["graph", "--format", form, "--output", "picture"]) == 0
    assert capfd.readouterr().out == ""
    assert (project / "picture").read_text(encoding="utf-8") == out


def test_findings_are_marked(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "--format", "svg"]) == 0
    assert "unpinned-model] compose.yaml:4:17:" in capfd.readouterr().out
    assert main(["graph", "--format", "svg", "--no-findings"]) == 0
    assert "unpinned-model" not in capfd.readouterr().out


def test_ways_to_name_the_project(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["."], ["compose.yaml"], ["-f", "compose.yaml"], [str(project)]):
        assert main(["graph", *words, "--no-findings"]) == 0
    found = capfd.readouterr().out
    assert found.count(f"accTitle: {project.name[:5]}") == 5
    assert main(["graph", "-p", "other"]) == 0
    assert "accTitle: other\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["missing.yaml"], "missing.yaml"),
        (["empty"], "contains no Compose file"),
        (["several"], "contains 2 projects, but a graph shows one: choose several/a, several/b"),
        (["broken.yaml"], "broken.yaml:1:11: this `[` is never closed"),
        (["binary.yaml"], "binary.yaml"),
        (["--output", "no/such/folder", "."], "no/such/folder"),
        (["--format", "png"], "--format"),
    ],
)
def test_what_cannot_be_drawn(project: Path, capfd: pytest.CaptureFixture[str], words: list[str], reason: str) -> None:
    (project / "empty").mkdir()
    for name in ("a", "b"):
        (project / "several" / name).mkdir(parents=True)
        (project / "several" / name / "compose.yaml").write_text(TEXT, encoding="utf-8")
    (project / "broken.yaml").write_text("services: [\n", encoding="utf-8")
    (project / "binary.yaml").write_bytes(b"\xff\xfe\x00services")
    assert main(["graph", *words]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert reason in err
    assert "Traceback" not in err


def test_findings_do_not_fail_it(project: Path) -> None:
    (project / "compose.yaml").write_text(TEXT.replace("[llm]", "[lmm]"), encoding="utf-8")
    assert main(["check"]) == 1
    assert main(["graph"]) == 0


SECRET = "kQ7xZ9pL2mN4vB8w"
WITH_SECRETS = f"""\
name: "a-${{TOKEN:-{SECRET}}}"
services:
  app:
    image: "x:${{TOKEN:-{SECRET}}}"
    profiles: ["${{TOKEN:-{SECRET}}}"]
    ports: ["${{PORT_TOKEN:-{SECRET}}}:80"]
    models:
      llm: {{endpoint_var: "${{TOKEN:-{SECRET}}}"}}
  other: {{image: "https://me:{SECRET}@example.com/{"x" * 190}"}}
  last: {{image: {SECRET}, environment: {{A_TOKEN: {SECRET}}}}}
models:
  llm: {{model: "x/y:${{TOKEN:-{SECRET}}}", context_size: "${{TOKEN:-{SECRET}}}"}}
"""


@pytest.mark.parametrize("form", ["mermaid", "dot", "svg", "html"])
def test_what_a_report_masks_is_not_drawn(project: Path, capfd: pytest.CaptureFixture[str], form: str) -> None:
    (project / "compose.yaml").write_text(WITH_SECRETS)
    assert main(["graph", "--format", form]) == 0
    drawn = capfd.readouterr().out
    assert SECRET not in drawn
    assert SECRET[:8] not in drawn
    assert "***" in drawn.replace("#42;", "*")
