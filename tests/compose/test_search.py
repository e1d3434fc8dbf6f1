"""What git tracks is checked, whatever `.gitignore` says; what is left out is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.files.disk import DEFAULT_NAMES
from modellint.files.git_index import tracked
from modellint.linter.discovery import rules

BROKEN = "services: {web: {image: nginx, models: [nope]}}\n"
OWN = "services: {web: {image: nginx}}\n"


def git(folder: Path, *words: str) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, env=environment)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def looked_at(path: str = ".") -> tuple[set[str], list[str]]:
    """The files in which a check finds the grant of a model that is not declared, and what was left out."""
    found = check([path], Settings([rules()["undefined-model"]], {}))
    return {each.place.path for each in found.results}, [f"{each.path}: {each.reason}" for each in found.left_out]


IGNORED = "/compose.yaml\nbuild/\n*.log\n"
TREE = {
    ".gitignore": IGNORED, "compose.yaml": BROKEN, "build/deep/compose.yml": BROKEN, "build/compose.yaml": BROKEN,
    "a/compose.yaml": BROKEN, "build/other/compose.yaml": BROKEN,
}  # fmt: skip
UNTRACKED = "build/other/compose.yaml"


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("hashes", ["sha1", "sha256"])
def test_a_tracked_file_is_checked_although_it_is_ignored(
    version: int, hashes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q", f"--object-format={hashes}")
    write(tmp_path, {**TREE, **{f"src/{number}/{'n' * number}.py": "" for number in range(40)}})
    git(tmp_path, "add", "-f", *(name for name in TREE if name != UNTRACKED), "src")
    if version == 3:  # an entry with a flag that version 2 has no room for
        write(tmp_path, {"z.py": ""})
        git(tmp_path, "add", "-N", "z.py")
    git(tmp_path, "update-index", "--index-version", str(version))
    assert (tmp_path / ".git" / "index").read_bytes()[7] == version
    assert tracked(str(tmp_path), DEFAULT_NAMES) == sorted(
        name for name in TREE if name not in (UNTRACKED, ".gitignore")
    )
    found, left_out = looked_at()
    assert found == {"compose.yaml", "a/compose.yaml", "build/compose.yaml", "build/deep/compose.yml"}
    assert left_out == []  # no search went into the folder that holds the last one
    assert looked_at("a/..")[0] == found


def test_what_git_ignores_and_does_not_track_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    write(tmp_path, {**TREE, "node_modules/compose.yaml": BROKEN, "b/.venv/docker-compose.yml": BROKEN})
    git(tmp_path, "add", ".gitignore", "a")
    found, left_out = looked_at()
    assert found == {"a/compose.yaml"}
    assert left_out == [
        "b/.venv/docker-compose.yml: it is in a directory of dependencies",
        "build/compose.yaml: Git ignores it and does not track it",
        "compose.yaml: Git ignores it and does not track it",
        "node_modules/compose.yaml: it is in a directory of dependencies",
    ]


def test_a_repository_without_an_index_tracks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    write(tmp_path, TREE)
    assert looked_at()[0] == {"a/compose.yaml"}


@pytest.mark.parametrize(
    "index",
    [b"DIRC", b"junk" * 40, b"DIRC\0\0\0\x05\0\0\0\0", b"DIRC\0\0\0\x04\xff\xff\xff\xff" + b"\0" * 500],
    ids=["cut off", "no index", "of a later version", "full of nothing"],
)
def test_where_it_cannot_be_known_what_is_tracked_nothing_is_left_out(
    index: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(index)
    write(tmp_path, TREE)
    found, left_out = looked_at()
    assert found == {"compose.yaml", "a/compose.yaml", "build/compose.yaml"}
    assert left_out == []


def test_a_split_index_is_not_taken_for_all(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, TREE)
    git(tmp_path, "add", "-f", "compose.yaml", "build")
    git(tmp_path, "update-index", "--split-index")
    assert tracked(str(tmp_path), DEFAULT_NAMES) is None


def test_worktrees_and_submodules_have_an_index_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main, library = tmp_path / "main", tmp_path / "library"
    for folder in (main, library):
        folder.mkdir()
        git(folder, "init", "-q")
        write(folder, TREE)
        git(folder, "add", "-f", "compose.yaml", ".gitignore")
        git(folder, "commit", "-qm", "Begin")
    git(main, "submodule", "add", "-q", str(library), "vendor")
    git(main, "worktree", "add", "-q", "../tree")
    (tmp_path / "tree" / "build").mkdir()
    (tmp_path / "tree" / "build" / "compose.yaml").write_text(BROKEN)
    monkeypatch.chdir(tmp_path / "tree")
    assert looked_at() == ({"compose.yaml"}, ["build/compose.yaml: Git ignores it and does not track it"])
    monkeypatch.chdir(main)
    assert {"compose.yaml", "vendor/compose.yaml"} <= looked_at()[0]


def test_a_damaged_index_is_read_in_bounds(tmp_path: Path) -> None:
    """Whatever stands in it; and a long one of version 4, in which each path is made of the one before."""
    git(tmp_path, "init", "-q")
    write(tmp_path, TREE)
    git(tmp_path, "add", "-f", ".")
    path = tmp_path / ".git" / "index"
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at])
        tracked(str(tmp_path), DEFAULT_NAMES)
        path.write_bytes(whole[:at] + b"\xff" + whole[at + 1 :])
        tracked(str(tmp_path), DEFAULT_NAMES)
    entry = b"\0" * 60 + b"\x0f\xff" + b"\0"
    path.write_bytes(
        b"DIRC\0\0\0\x04\0\x0f\xff\xff" + b"\0" * 60 + b"\x0f\xff\0" + b"x" * 4096 + b"\0" + (entry + b"\0") * 15_000
    )
    before = time.process_time()
    tracked(str(tmp_path), DEFAULT_NAMES)
    assert time.process_time() - before < 5  # a tenth of a second


def test_the_default_file_that_an_env_file_passes_over_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"compose.yaml": BROKEN, "ok/compose.yaml": OWN, ".env": "COMPOSE_FILE=ok/compose.yaml\n"})
    for path in (".", str(tmp_path)):
        found = check([path], Settings(list(rules().values()), {}))
        assert [(os.path.relpath(each.path), each.reason) for each in found.left_out] == [
            ("compose.yaml", "`COMPOSE_FILE` in `.env` names other files")
        ]
    (tmp_path / ".env").write_text("COMPOSE_FILE=compose.yaml:ok/compose.yaml\n")
    assert looked_at()[1] == []
    assert (
        check([], Settings(list(rules().values()), {"COMPOSE_FILE": "ok/compose.yaml"})).left_out == []
    )  # the user says so


def test_workers_say_what_they_leave_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many projects are checked by several processes."""
    monkeypatch.chdir(tmp_path)
    for number in range(40):
        files = {"compose.yaml": BROKEN, "x.yaml": OWN, ".env": "COMPOSE_FILE=x.yaml\n"}
        write(tmp_path, {f"p{number}/{name}": text for name, text in files.items()})
    assert len(looked_at()[1]) == 40


def test_a_folder_elsewhere_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, other = tmp_path / "repository", tmp_path / "other"
    write(tmp_path, {"repository/a/compose.yaml": BROKEN, "other/compose.yaml": BROKEN})
    (repository / ".git").mkdir()
    for name, target in {"out": "../other", "up": "..", "root": "/", "own": "a", "loop": "loop"}.items():
        (repository / name).symlink_to(target)
    (other / ".gitignore").write_text("*\n")
    (repository / ".gitignore").symlink_to("../other/.gitignore")  # git does not read it either
    monkeypatch.chdir(repository)
    why = "it is a symbolic link to a directory outside the repository"
    assert looked_at() == ({"a/compose.yaml"}, [f"{name}: {why}" for name in ("out", "root", "up")])


def test_what_compose_would_pass_over_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds a default file that comes first takes the other one out of the check."""
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {
            "compose.yaml": OWN,
            "docker-compose.yml": BROKEN,
            "o/compose.yaml": OWN,
            "o/compose.override.yaml": BROKEN,
            "o/.env": "COMPOSE_FILE=compose.yaml\n",
            ".svn/compose.yaml": BROKEN,
            "same/compose.yaml": OWN,
        },
    )
    (tmp_path / "same/docker-compose.yml").symlink_to("compose.yaml")
    second = "docker-compose.yml: Docker Compose uses `compose.yaml` in this directory"
    found, left_out = looked_at()
    assert found == set()
    assert left_out == [
        ".svn/compose.yaml: it is in a directory that a version control system uses for its own files",
        second,
        "o/compose.override.yaml: `COMPOSE_FILE` in `o/.env` names other files",
    ]
    assert [f"{each.path}: {each.reason}" for each in check([], Settings([], {})).left_out] == [second]
    assert check(["."], Settings([], {})).projects == 3
    named = check([".", "docker-compose.yml"], Settings([rules()["undefined-model"]], {}))
    assert [each.path for each in named.left_out][1:] == ["o/compose.override.yaml"]  # what is checked is not left out


@pytest.mark.parametrize("version", [2, 4])
def test_what_git_tracks_below_a_folder_of_dependencies_is_said(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the project's own, however deep it lies; what a package manager has put there is not looked for."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    own = ["node_modules/x/compose.yaml", ".venv/a/compose.yaml", "deep/site-packages/b/c/docker-compose.yml"]
    write(tmp_path, dict.fromkeys([*own, "node_modules/y/compose.yaml", "node_modules/compose.yml"], BROKEN))
    write(tmp_path, {"compose.yaml": BROKEN, ".gitignore": "node_modules/\n"})
    git(tmp_path, "add", "-f", "compose.yaml", *own)
    git(tmp_path, "update-index", "--index-version", str(version))
    found, left_out = looked_at()
    assert found == {"compose.yaml"}
    named = sorted([*own, "node_modules/compose.yml"])
    assert sorted(left_out) == [f"{path}: it is in a directory of dependencies" for path in named]
    assert looked_at("node_modules/x")[0] == {"node_modules/x/compose.yaml"}
    (tmp_path / ".git/index").write_bytes(b"DIRC\0\0\0\x09")
    assert "node_modules: it is a directory of dependencies, and it is unknown what Git tracks in it" in looked_at()[1]
