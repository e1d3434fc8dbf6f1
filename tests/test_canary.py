"""No value of a variable is printed; `tests/soak` tries every attribute in every shape, with every command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.cli import main
from modellint.linter.discovery import rules
from modellint.report import renderer
from support.canary import CANARY, PLACES, hide, write_place, write_projects

FORMS = ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown")


def reports() -> str:
    known = rules()
    found = check(["."], Settings(list(known.values()), os.environ))
    assert not any("failed on it" in str(trouble) for trouble in found.unreadable)
    return "".join(renderer(form)(found, known) for form in FORMS) + "".join(map(str, found.unreadable))


def test_attributes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert write_projects(tmp_path, 0, step=16) > 30
    said = reports()
    assert said.count("${CANARY}") > 50
    assert [line for line in said.splitlines() if CANARY in line] == []


@pytest.mark.parametrize("place", PLACES)
def test_a_path_is_shown_as_it_is_written(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    hide(monkeypatch)
    monkeypatch.chdir(tmp_path)
    write_place(tmp_path, place)
    assert CANARY not in reports()
    main(["graph"])
    main(["fix", "--unsafe", "--diff", "compose.yaml"])
    main(["config"])
    out, error = capfd.readouterr()
    assert CANARY not in error  # `config` itself prints what Compose would, values included
    assert CANARY not in out or "services:" in out


def test_what_is_missing_is_named_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    hide(monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text("include: [{path: a.yaml, env_file: './${NPM_TOKEN}'}]\n")
    Path("a.yaml").write_text("services: {x: {image: x}}\n")
    monkeypatch.setenv("NPM_TOKEN", CANARY)
    main(["check"])
    assert "the env file `./${NPM_TOKEN}` does not exist" in capfd.readouterr().out
    Path(".env").write_text("COMPOSE_FILE=${NPM_TOKEN}\n")
    main(["check"])
    assert ".env: `COMPOSE_FILE` names `${NPM_TOKEN}`, which does not exist" in capfd.readouterr().err
