"""What a project needs from outside before Compose starts it is said once, softly, and in every report."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from modellint.check import open_project
from modellint.cli import main
from modellint.compose.loading.selection import Options
from modellint.compose.model.missing import example_for
from modellint.linter.discovery import rules
from modellint.linter.refusals import refusals

FULL = """\
services:
  web:
    image: ${IMAGE}
    container_name: "${PREFIX}-"
    pull_policy: ${POLICY}
    shm_size: ${SHM}
    env_file: [.env, ./.env]
    environment: ["TOKEN=${TOKEN:?set it}", "AGAIN=${TOKEN?}"]
    volumes: ["${DIR}:/data", {type: "${KIND}", source: x, target: /x}]
    ports: ["127.0.0.1:${PORT}:${PORT}"]
    networks: ["${NET}"]
    models: ["${GRANT}"]
volumes: {x: }
models: {llm: {model: ai/smollm2}}
"""
NAMES = ["IMAGE", "PREFIX", "POLICY", "SHM", "TOKEN", "DIR", "KIND", "PORT", "NET", "GRANT"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a fresh clone."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text(".env\n", "utf-8")
    (tmp_path / "compose.yaml").write_text(FULL, "utf-8")
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, list[dict[str, object]]]:
    capsys.readouterr()
    main(["check", *words, "--format", "json"])
    found: dict[str, list[dict[str, object]]] = json.loads(capsys.readouterr().out)
    return found


def test_one_note_for_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, "--select", "invalid-compose,missing-value,invalid-yaml")
    (note,) = found["findings"]
    assert (note["rule"], note["severity"]) == ("missing-value", "note")
    assert note["message"] == (
        "Compose needs the env file `.env` and values for `IMAGE`, `PREFIX`, `POLICY`, `SHM`, `TOKEN`, `DIR`, `KIND`, "
        "`PORT`, `NET` and `GRANT` before it starts this project"
    )
    assert found["needs"] == [{"path": "compose.yaml", "env_files": [".env"], "variables": NAMES}]
    assert "hint" in note
    (folder / ".env.sample").write_text("A=1\n", "utf-8")
    (note,) = report(capsys, "--select", "missing-value")["findings"]
    assert note["hint"] == "copy `.env.sample` to `.env`, and fill it in"


def test_a_report_without_it_says_it_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else it would look as if the project could start."""
    (folder / "compose.yaml").write_text("services: {a: {image: '${IMAGE:?}'}}\n", "utf-8")
    last = "Compose needs a value for `IMAGE` before this project starts"
    for form in ("text", "markdown", "github", "sarif", "junit"):
        assert main(["check", "--ignore", "missing-value", "--format", form]) == 0
        assert last.replace("`", "'") in capsys.readouterr().out.replace("`", "'"), form
    assert main(["check", "--select", "missing-value", "--fail-on", "note"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"= {last}"
    (folder / "more").mkdir()
    shutil.copy("compose.yaml", "more")
    main(["check", "--ignore", "missing-value", "."])
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"= Compose needs a value for `IMAGE` before `{path}` starts" for path in ("compose.yaml", "more/compose.yaml")
    ]


def test_values_that_are_there_are_not_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = ["i:1", "p", "always", "1m", "t", "./d", "volume", "80", "n", "llm"]
    lines = [f"{name}={value}\n" for name, value in zip(NAMES, values, strict=True)]
    (folder / ".env").write_text("".join(lines), "utf-8")
    with Path("compose.yaml").open("a", encoding="utf-8") as file:
        file.write("networks: {n: }\n")
    found = report(capsys, "--select", "missing-value,invalid-compose,undefined-model")
    assert (found["findings"], found["needs"]) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {image: i, container_name: '${X:-}'}}",
        "services: {a: {image: i, volumes: ['${X-}:/x']}}",
        "services: {a: {image: '${X:-}'}}",
        "services: {a: {image: i, env_file: wbe.env}}",
        "services: {a: {image: i}}\nmodels: {m: {model: x, context_size: '${X}'}}",
        "services: {a: {image: i, stop_grace_period: '${X:-90}'}}",
    ],
)
def test_what_no_value_mends_is_an_error(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "compose.yaml").write_text(text, "utf-8")
    found = report(capsys, "--select", "invalid-compose,missing-value")
    assert [(each["rule"], each["severity"]) for each in found["findings"]] == [("invalid-compose", "error")]
    assert found["needs"] == []


def test_the_commands_that_need_a_whole_project_refuse_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config"]) == 2
    said = capsys.readouterr().err
    assert "`TOKEN` is required here but has no value" in said
    assert "the env file `.env` does not exist" in said
    project, _, _ = open_project("", Options(), {})
    assert len(refusals(project, rules())) >= len(NAMES)


def test_examples(tmp_path: Path) -> None:
    pairs = {
        ".env": [".env.example", ".env.sample", ".env.dist", "example.env"],
        "app.env": ["app.env.example", "app.example.env", "example.app.env", "app.env.template"],
    }
    for name, examples in pairs.items():
        for example in examples:
            assert example_for(str(tmp_path / name)) == ""
            (tmp_path / example).touch()
            assert example_for(str(tmp_path / name)) == example
            (tmp_path / name).touch()
            assert example_for(str(tmp_path / name)) == ""
            (tmp_path / name).unlink()
            (tmp_path / example).unlink()


def test_compose_refuses_for_want_of_each(folder: Path) -> None:
    """The real one."""
    program = Path(__file__).parents[2] / ".venv" / "bin" / "docker-compose"
    if not program.exists():
        pytest.skip("Docker Compose is not installed")
    for text in ("container_name: '${X}-'", "pull_policy: '${X}'", "volumes: ['${X}:/x']", "env_file: .env"):
        (folder / "compose.yaml").write_text(f"services: {{a: {{image: i, {text}}}}}\n", "utf-8")
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
        assert subprocess.run([program, "config"], capture_output=True, env=environment).returncode != 0, text
