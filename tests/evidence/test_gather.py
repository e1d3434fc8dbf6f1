"""What is gathered of builds: only inside the context, only where it may be read, and nothing of it is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMPOSE = """\
services:
  app:
    build: {build}
    models: [llm]
models:
  llm:
    model: ai/qwen3@sha256:5f1d1e34f0b2c7a9d8e6b4c3a2f1e0d9c8b7a6958473625140f0e1d2c3b4a596
"""
CODE = 'import os\nPASSWORD = "hunter2"\nURL = os.environ["CHAT_LLM_URL"]\nMODEL = os.environ["LLM_MODEL"]\n'


def rules_found(folder: Path, *words: str) -> tuple[dict[str, str], str]:
    """Rule and message of each finding, and all that was printed as JSON and as text."""
    shown: list[str] = []
    for form in ("json", "text"):
        done = subprocess.run(
            [sys.executable, "-m", "modellint", "check", "--format", form, *words, "compose.yaml"],
            cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "TERM": "dumb"},
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        shown.append(done.stdout + done.stderr)
    findings = json.loads(shown[0])["findings"]
    return {finding["rule"]: finding["message"] for finding in findings}, "".join(shown)


def project(folder: Path, build: str = "./app", files: dict[str, str] | None = None) -> Path:
    (folder / ".git").mkdir(parents=True)
    (folder / "compose.yaml").write_text(COMPOSE.replace("{build}", build), encoding="utf-8")
    for name, text in (files if files is not None else {"app/main.py": CODE}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_code_that_reads_another_name_is_found_and_only_the_name_is_printed(tmp_path: Path) -> None:
    found, shown = rules_found(project(tmp_path / "p"))
    assert "`CHAT_LLM_URL`" in found["uninjected-variable"]
    assert "app/main.py" in shown
    assert "hunter2" not in shown and "os.environ" not in shown


def test_the_end_of_a_long_dockerfile_counts(tmp_path: Path) -> None:
    dockerfile = "FROM python\n" + "# why\n" * 12_000 + "ENV CHAT_LLM_URL=x\n"
    made = project(tmp_path / "p", files={"app/main.py": CODE, "app/Dockerfile": dockerfile})
    assert "uninjected-variable" not in rules_found(made)[0]


def test_a_dockerfile_that_cannot_be_read_proves_nothing(tmp_path: Path) -> None:
    made = project(tmp_path / "p", files={"app/main.py": CODE, "app/Dockerfile": "FROM python\n"})
    assert "uninjected-variable" in rules_found(made)[0]
    (made / "app/Dockerfile").write_bytes(b"FROM python\nENV CHAT_LLM_URL=\xff\n")
    assert "uninjected-variable" not in rules_found(made)[0]


def test_reading_can_be_switched_off(tmp_path: Path) -> None:
    assert rules_found(project(tmp_path / "p"), "--no-source")[0] == {}


@pytest.mark.parametrize(
    "files",
    [
        {"app/main.py": CODE, "app/config.py": 'import os\nX = os.environ["LLM_URL"]\n'},
        {"app/main.py": CODE, "app/.dockerignore": "main.py\n"},
        {"app/main.py": CODE, "app/Dockerfile": "FROM python\nENV CHAT_LLM_URL=http://models.example.com/v1\n"},
        {"app/tests/test_main.py": CODE},
        {"main.py": CODE, "app/readme.md": "x"},
    ],
    ids=["the name is read too", "ignored by Docker", "set by the Dockerfile", "only a test", "outside of the context"],
)
def test_code_that_proves_nothing(files: dict[str, str], tmp_path: Path) -> None:
    assert "uninjected-variable" not in rules_found(project(tmp_path / "p", files=files))[0]


@pytest.mark.parametrize("build", ["../elsewhere", "{context: ../elsewhere}", "https://example.com/app.git", "/"])
def test_a_context_outside_of_the_repository_is_not_read(build: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "main.py").write_text(CODE, encoding="utf-8")
    assert "uninjected-variable" not in rules_found(project(tmp_path / "p", build, {}))[0]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_a_link_out_of_the_context_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "Dockerfile").write_text("FROM x\nENV A=http://model-runner.docker.internal\n", encoding="utf-8")
    folder = project(tmp_path / "p", files={"app/readme.md": "x"})
    (folder / "app" / "main.py").symlink_to(tmp_path / "secret.py")
    (folder / "app" / "Dockerfile").symlink_to(tmp_path / "Dockerfile")
    assert rules_found(folder)[0] == {}


def test_scripts_that_an_image_starts_are_read(tmp_path: Path) -> None:
    files = {
        "app/Dockerfile": 'FROM alpine\nCOPY . /\nENTRYPOINT ["/start.sh"]\n',
        "app/start.sh": '#!/bin/sh\ncurl -fsS "$AI_LLM_URL/models"\n',
    }
    found, shown = rules_found(project(tmp_path / "p", files=files))
    assert "`AI_LLM_URL`" in found["uninjected-variable"]
    assert "app/start.sh:2:13" in shown


def test_an_address_in_a_dockerfile_is_shown_with_its_place(tmp_path: Path) -> None:
    files = {"app/Dockerfile": "FROM alpine\nENV LLM_HOST=http://model-runner.docker.internal/v1\n"}
    found, shown = rules_found(project(tmp_path / "p", files=files))
    assert "`LLM_HOST`" in found["hardcoded-endpoint"]
    assert "app/Dockerfile:2:5" in shown


def test_a_grant_that_nothing_reads(tmp_path: Path) -> None:
    code = 'import os\nLEVEL = os.environ["LOG_LEVEL"]\n'
    assert "overexposed-grant" in rules_found(project(tmp_path / "a", files={"app/main.py": code}))[0]
    mentioned = {"app/main.py": code, "app/settings.ini": "url = %(LLM_URL)s\n"}
    assert "overexposed-grant" not in rules_found(project(tmp_path / "b", files=mentioned))[0]
    opaque = {"app/main.py": code + "print(dict(os.environ))\n"}
    assert "overexposed-grant" not in rules_found(project(tmp_path / "c", files=opaque))[0]


@pytest.mark.parametrize(
    ("dockerfile", "place"),
    [
        ("FROM alpine\nCMD curl -fsS http://model-runner.docker.internal/v1\n", "Dockerfile:2:15"),
        ("FROM alpine\nHEALTHCHECK CMD curl http://model-runner.docker.internal/v1\n", "Dockerfile:2:22"),
        ("FROM alpine\nRUN curl -fsS http://model-runner.docker.internal/v1\n", ""),
    ],
)
def test_an_address_that_an_image_calls(dockerfile: str, place: str, tmp_path: Path) -> None:
    found, shown = rules_found(project(tmp_path / "p", files={"app/Dockerfile": dockerfile}))
    assert ("hardcoded-endpoint" in found) is bool(place)
    assert place in shown


@pytest.mark.parametrize(
    "files",
    [
        {"app/Dockerfile": "FROM ollama/ollama\nRUN ollama serve & ollama pull hidden-name\n"},
        {"app/Dockerfile": 'FROM x\nENTRYPOINT ["/start.sh"]\n', "app/start.sh": "ollama pull hidden-name\n"},
        {"app/Dockerfile": "FROM x\nRUN pip install x && \\\n    hf download hidden-name\n"},
    ],
    ids=["a build", "a script", "continued lines"],
)
def test_weights_that_an_image_fetches(files: dict[str, str], tmp_path: Path) -> None:
    found, shown = rules_found(project(tmp_path / "p", files=files))
    assert "static-weights" in found
    assert "hidden-name" not in shown


def test_a_script_that_the_compose_file_starts(tmp_path: Path) -> None:
    build = "./app\n    command: [sh, /run.sh]"
    found, shown = rules_found(project(tmp_path / "p", build, {"app/run.sh": 'echo "$AI_LLM_URL"\n'}))
    assert "`AI_LLM_URL`" in found["uninjected-variable"]
    assert "app/run.sh:1:8" in shown
