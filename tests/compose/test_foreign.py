"""A project may name any file of the machine; of one that is not its own, nothing appears in what is printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modellint.check import Report, Settings, check
from modellint.cli import main
from modellint.linter.discovery import rules
from modellint.policy.discovery import Policies
from modellint.report import renderer

SECRET = "c2VjcmV0OnRva2Vu"
OWN = "services: {app: {image: app}}\n"
FOREIGN = {
    "credentials": '{"auths": {"registry.example.com": {"auth": "' + SECRET + '"}}}\n',
    "a token": f"{SECRET}\n",
    "an assignment": f"token: [{SECRET}\n",
    "an env file": f"{SECRET}=1\nA={SECRET}\nB {SECRET}={SECRET}\n",
    "a list": f"- {SECRET}\n- {SECRET}: x\n",
    "a project": (
        f"services: {{{SECRET}: {{image: '{SECRET}:latest', models: [{SECRET}],\n"
        f"    environment: {{{SECRET}: {SECRET}}}}},\n"
        f"  x: {{image: {SECRET}, models: {{{SECRET}: {{model_var: {SECRET}}}}}}}}}\n"
        f"models: {{llm: {{model: '{SECRET}:latest', context_size: {SECRET},\n"
        f"    runtime_flags: ['--{SECRET}={SECRET}']}}}}\n"
        f"{SECRET}: {{{SECRET}: {SECRET}}}\n"
    ),
}  # fmt: skip
INCLUDED = f"include: [../elsewhere.yaml]\n{OWN}"
# What the repository holds; a value that begins with `->` is a link.
WAYS = {
    "include": {"compose.yaml": INCLUDED},
    "include by its full path": {"compose.yaml": "include: ['{elsewhere}']\n" + OWN},
    "include of an include": {
        "compose.yaml": f"include: [a/b.yaml]\n{OWN}", "a/b.yaml": "include: [../../elsewhere.yaml]\n",
    },
    "include of a link": {"compose.yaml": f"include: [x.yaml]\n{OWN}", "x.yaml": "->../elsewhere.yaml"},
    "env file of an include": {
        "compose.yaml": f"include: [{{path: x.yaml, env_file: ../elsewhere.yaml}}]\n{OWN}",
        "x.yaml": "services: {x: {image: 'x:$A'}}\n",
    },
    "folder of an include": {
        "compose.yaml": f"include: [{{path: x.yaml, project_directory: sub}}]\n{OWN}",
        "x.yaml": "services: {x: {image: 'x:$A'}}\n", "sub/.env": "->../../elsewhere.yaml",
    },
    "extends": {"compose.yaml": "services: {app: {extends: {file: ../elsewhere.yaml, service: x}}}\n"},
    "a link": {"compose.yaml": "->../elsewhere.yaml"},
    "a link to a folder": {"compose.yaml": "->../other"},
    "an override that is a link": {"compose.yaml": OWN, "compose.override.yaml": "->../elsewhere.yaml"},
    "COMPOSE_FILE": {"compose.yaml": OWN, ".env": "COMPOSE_FILE=../elsewhere.yaml\n"},
    "COMPOSE_FILE, its full path": {"compose.yaml": OWN, ".env": "COMPOSE_FILE={elsewhere}\n"},
    "COMPOSE_FILE, the second": {"compose.yaml": OWN, ".env": "COMPOSE_FILE=compose.yaml:../elsewhere.yaml\n"},
    "COMPOSE_FILE, a link": {"compose.yaml": OWN, ".env": "COMPOSE_FILE=x/y.yaml\n", "x": "->../other", "z": ""},
    "COMPOSE_FILE, what git keeps": {"compose.yaml": OWN, ".env": "COMPOSE_FILE=.git/config\n"},
    "include of what git keeps": {"compose.yaml": f"include: [.git/config]\n{OWN}"},
    ".env": {"compose.yaml": "services: {app: {image: 'app:$A'}}\n", ".env": "->../elsewhere.yaml"},
    "env_file": {"compose.yaml": "services: {app: {image: app, env_file: ../elsewhere.yaml}}\n"},
    "env_file, a link": {
        "compose.yaml": "services: {app: {image: app, env_file: a.env}}\n", "a.env": "->../elsewhere.yaml",
    },
    "label_file": {"compose.yaml": "services: {app: {image: app, label_file: ../elsewhere.yaml}}\n"},
    "policy": {"compose.yaml": OWN, ".modellint.yaml": "->../elsewhere.yaml"},
    "base of a policy": {"compose.yaml": OWN, ".modellint.yaml": "version: 1\nextends: [../elsewhere.yaml]\n"},
    "Dockerfile": {
        "compose.yaml": "services: {app: {build: {context: ., dockerfile: ../elsewhere.yaml}, models: [a]}}\n"
        "models: {a: {model: ai/x}}\n",
    },
    "context": {"compose.yaml": "services: {app: {build: ../other, models: [a]}}\nmodels: {a: {model: ai/x}}\n"},
}  # fmt: skip
NAMES = (
    "include",
    "COMPOSE_FILE",
    "a link",
    ".env",
    "extends",
    "an override that is a link",
)  # a few, for the programs
FORMS = ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown")
COMMANDS = (
    "config",
    "graph --format html",
    "graph",
    "fix --unsafe --diff",
    "smoke --offline --timeout 2",
    "policy show",
    "init",
)


def machine(tmp_path: Path, text: str, files: dict[str, str]) -> Path:
    """A repository, and beside it a file and a folder that are none of its business."""
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(text)
    (tmp_path / "other").mkdir()
    for name in ("compose.yaml", "y.yaml", "Dockerfile", "a.py"):
        (tmp_path / "other" / name).write_text(text)
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / ".git" / "config").write_text(text)
    for name, written in files.items():
        path = repository / name
        path.parent.mkdir(exist_ok=True)
        if written.startswith("->"):
            path.symlink_to(written[2:])
        else:
            path.write_text(written.replace("{elsewhere}", str(elsewhere)))
    return repository


def checked(*paths: str) -> tuple[Report, str]:
    known = rules()
    found = check(paths, Settings(list(known.values()), {}, policies=Policies()))
    return found, "".join(renderer(form)(found, known) for form in FORMS) + "".join(map(str, found.unreadable))


@pytest.mark.parametrize("paths", [(), (".",), ("compose.yaml",)], ids=["no path", "folder", "file"])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_a_foreign_file_is_reported(
    way: str, paths: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, text in enumerate(FOREIGN.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(machine(folder, text, WAYS[way]))
        found, said = checked(*paths)
        assert SECRET not in said
        assert found.unreadable or way in ("env_file", "env_file, a link", "label_file", "Dockerfile", "context") or (
            way.startswith("COMPOSE_FILE") and paths == ("compose.yaml",)
        )  # fmt: skip


@pytest.mark.parametrize("way", NAMES)
def test_nothing_of_a_foreign_file_is_printed_by_any_command(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(machine(tmp_path, FOREIGN["a project"], WAYS[way]))
    for command in COMMANDS:
        status = main(command.split())
        assert status == 2 or command == "policy show", command
    said = b"".join(capfdbinary.readouterr())
    assert SECRET.encode() not in said
    assert b"outside" in said


def test_config_prints_nothing_of_a_foreign_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(machine(tmp_path, f"A={SECRET}\n", WAYS["env_file"]))
    assert main(["config"]) == 2
    out, error = capfd.readouterr()
    assert out == ""
    assert "compose.yaml:1:40: `../elsewhere.yaml` is outside the repository, so modellint does not read it" in error


def test_a_part_that_is_not_read_is_named_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(machine(tmp_path, OWN, {"compose.yaml": f"{INCLUDED}models: {{a: {{model: ai/x}}}}\n"}))
    found, _ = checked(".")
    why = (
        "`../elsewhere.yaml` is outside the repository, so modellint does not read it and part of "
        "the project is missing"
    )
    assert [str(trouble) for trouble in found.unreadable] == [f"compose.yaml: {why}"]
    (finding,) = (each for each in found.results if each.rule == "invalid-compose")
    assert (finding.message, finding.place.row, finding.place.column) == (why, 1, 11)


def test_whether_a_foreign_file_exists_is_judged_as_compose_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = machine(tmp_path, OWN, {"compose.yaml": f"include: [../missing.yaml]\n{OWN}"})
    monkeypatch.chdir(repository)
    found, _ = checked(".")
    assert [each.message for each in found.results if each.rule == "invalid-compose"] == [
        "`../missing.yaml` does not exist: Compose rejects the project"
    ]


def test_a_file_of_the_same_repository_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "common.yaml").write_text("services: {db: {imag: db}}\n")
    (tmp_path / "app" / "compose.yaml").write_text(f"include: [../common.yaml]\n{OWN}")
    (tmp_path / "app" / "compose.override.yaml").symlink_to("../over.yaml")
    (tmp_path / "over.yaml").write_text("services: {app: {imag: db}}\n")
    monkeypatch.chdir(tmp_path / "app")
    found, said = checked()
    assert "services: {db: {imag: db}}" in said
    assert "services: {app: {imag: db}}" in said
    assert not found.unreadable


def test_what_the_user_names_may_lie_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its path, through a link to the whole repository, with the shell's variables, with `--env-file`."""
    repository = machine(tmp_path, OWN, {"compose.yaml": OWN})
    (tmp_path / "link").symlink_to(repository)
    (tmp_path / "a.env").write_text("COMPOSE_FILE=elsewhere.yaml\n")
    monkeypatch.chdir(tmp_path / "other")
    for path in (
        repository,
        repository / "compose.yaml",
        tmp_path / "link",
        tmp_path / "link" / "compose.yaml",
        "../link",
    ):
        found, _ = checked(str(path))
        assert not found.unreadable, path
        assert found.files == 1
    monkeypatch.chdir(repository)
    for words, shell in ((["-f", "../elsewhere.yaml"], {}), ([], {"COMPOSE_FILE": "../elsewhere.yaml"})):
        done = subprocess.run(
            [sys.executable, "-m", "modellint", "check", "--format", "json", *words],
            env={**os.environ, **shell}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "../elsewhere.yaml" in done.stdout or done.returncode == 0, done.stderr
        assert done.returncode in (0, 1), done.stderr


def test_a_link_in_a_repository_is_not_the_word_of_who_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook or a script names what a pull request may have turned into a link."""
    monkeypatch.chdir(
        machine(tmp_path, FOREIGN["a project"], {"sub": "->../other", "up": "->..", "x.yaml": "->../elsewhere.yaml"})
    )
    for path in ("sub", "sub/compose.yaml", "up", "up/elsewhere.yaml", "x.yaml"):
        found, said = checked(path)
        assert SECRET not in said
        assert len(found.unreadable) == 1, path
        assert "symbolic link" in found.unreadable[0].reason


def test_standard_input_is_not_for_the_repository_to_read(tmp_path: Path) -> None:
    for name in ("-", "./-", "compose.yaml:-"):
        folder = tmp_path / str(len(name))
        folder.mkdir()
        (folder / "compose.yaml").write_text(OWN)
        (folder / ".env").write_text(f"COMPOSE_FILE={name}\n")
        for words in (["check"], ["check", "."], ["config"], ["graph"]):
            with subprocess.Popen(
                [sys.executable, "-m", "modellint", *words],
                cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            ) as run:  # fmt: skip
                assert run.wait(30) == 2  # while its standard input stays open and empty
                assert run.stdout is not None
                assert b"`COMPOSE_FILE` names `" in run.stdout.read()
