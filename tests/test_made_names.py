"""No report shows a name that a variable of the machine makes, and no fix writes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modellint.cli import main
from modellint.linter.discovery import rules

SECRET = "wJalrXUtnFEMI_K7MDENG"
NAMED = """\
services:
  app:
    image: app
    models: {llm: {endpoint_var: "${SECRET}", model_var: M}}
  again:
    image: app
    models: {llm: {endpoint_var: "${SECRET}", model_var: M}}
    environment: ["${SECRET}=x"]
  leak:
    image: leak
    environment:
      - ${SECRET}=x
      - LOG=info
  bare:
    image: bare
    environment: ["${NONE:-${SECRET}}"]
  part:
    image: python:3
    build: {context: ., dockerfile_inline: "FROM x"}
    models: ["${SECRET}"]
    environment: ["${SECRET}_URL=y"]
models:
  llm: {model: "ai/llm:1"}
"""


def everything(capture: pytest.CaptureFixture[bytes], *words: str) -> str:
    main(words)
    out, error = capture.readouterr()
    return (out + error).decode().lower()


@pytest.mark.parametrize(
    ("made", "more"),
    [(SECRET, 0), ("http://localhost:12434/" + SECRET, 0), (f"{SECRET}=x", 0), (SECRET, 101), (f"x`{SECRET}", 101)],
)
def test_no_output_shows_a_name_that_a_variable_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], made: str, more: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", made)
    extra = "".join(f"  s{n}: {{image: s, environment: ['${{SECRET}}{n}=x']}}\n" for n in range(more))
    Path("compose.yaml").write_text(NAMED.replace("models:\n  llm: {model", f"{extra}models:\n  llm: {{model"))
    for form in ("text", "json", "sarif", "markdown"):
        assert SECRET.lower() not in everything(capfdbinary, "check", "--select", "all", "--format", form)
    for form in ("html", "dot"):
        assert SECRET.lower() not in everything(capfdbinary, "graph", "--format", form)
    assert SECRET.lower() not in everything(capfdbinary, "fix", "--diff", "--unsafe")


def test_what_is_found_is_said_in_the_words_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, "SECRET", SECRET)
    Path("compose.yaml").write_text(NAMED)
    assert "leaked-variable" in rules()
    assert "`${secret}` is set by hand, but the `llm` grant injects it" in everything(capfdbinary, "check", "--quiet")
