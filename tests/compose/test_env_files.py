"""An env file that is not there: Compose refuses the project, and a fresh checkout needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modellint.check import Settings, check
from modellint.compose.loading import env_files
from modellint.compose.variables.dotenv import Entry, read_dotenv
from modellint.files import disk
from modellint.linter.discovery import rules
from modellint.text.source import Source

TEXT = "services: {app: {image: app, env_file: %s}}\n"


@pytest.mark.parametrize(
    ("ignored", "env_file", "said"),
    [
        ("", ".env.app", "error[invalid-compose]"),
        (".env*\n", ".env.app", "note[missing-value]"),
        ("*.log\n", ".env.app", "error[invalid-compose]"),
        (".env*\n!.env.app\n", ".env.app", "error[invalid-compose]"),
        (".env*\n", "{path: .env.app, required: false}", ""),
    ],
)
def test_a_missing_env_file(
    ignored: str, env_file: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    monkeypatch.chdir(tmp_path / "app")
    Path("compose.yaml").write_text(TEXT % (f"[{env_file}]"))
    if ignored:
        (tmp_path / ".gitignore").write_text(ignored)
    found = check(["compose.yaml"], Settings(list(rules().values()), {}))
    shown = [f"{result.severity}[{result.rule}]" for result in found.results]
    assert [each for each in shown if "invalid" in each or "missing" in each] == [said] * bool(said)
    assert bool(found.needs) == ("missing" in said)


def invalid(folder: Path, services: str) -> list[str]:
    """What is said of the env files of services."""
    (folder / "compose.yaml").write_text(f"services:\n{services}")
    found = check([str(folder / "compose.yaml")], Settings(list(rules().values()), {}))
    return [result.message for result in found.results if result.rule in ("invalid-compose", "missing-value")]


@pytest.mark.parametrize(("text", "times"), [("A=1\nB=$A\n", 4), ("A=1\nB=2\n", 1)])
def test_a_file_that_says_the_same_to_all_is_parsed_once(
    text: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def counted(source: Source, *given: Any, **named: Any) -> list[Entry]:
        parsed.append(source.path)
        return read_dotenv(source, *given, **named)

    monkeypatch.setattr(env_files, "read_dotenv", counted)
    (tmp_path / "a.env").write_text(text)
    assert not invalid(tmp_path, "".join(f"  s{number}: {{image: a, env_file: a.env}}\n" for number in range(4)))
    assert len([path for path in parsed if path.endswith("a.env")]) in (times, 2 * times)  # refused, and given


@pytest.mark.parametrize("profile", ["", ", profiles: [off]"])
def test_more_variables_than_a_reader_holds(profile: str, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("".join(f"A{number}={number}\n" for number in range(30_000)))
    services = "".join(f"  s{number}: {{image: a, env_file: a.env{profile}}}\n" for number in range(20))
    assert invalid(tmp_path, services) == [
        "the env files of the services set more than 200,000 variables in total: modellint reads no "
        "more of them from here on"
    ]


def test_git_is_asked_once_about_the_files_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(path: str, private: bool = False) -> Source:
        read.append(path)
        return whole(path, private)

    whole = disk.read
    monkeypatch.setattr(disk, "read", counted)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*.env\n")
    said = invalid(tmp_path, "".join(f"  s{number}: {{image: a, env_file: x/{number}.env}}\n" for number in range(9)))
    assert said == [
        "Compose needs the env files "
        + ", ".join(f"`x/{number}.env`" for number in range(8))
        + " and `x/8.env`"
        + " before it starts this project"
    ]
    assert len([path for path in read if path.endswith(".gitignore")]) == 1


def test_an_env_file_elsewhere_in_the_repository_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside the project's folder, which a note says; of a file outside the repository nothing is known."""
    (tmp_path / "e.env").write_text("A B=1\n", "utf-8")
    app = tmp_path / "repo" / "app"
    app.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    (tmp_path / "repo" / "e.env").write_text("A B=1\n", "utf-8")
    monkeypatch.chdir(app)
    shown: list[list[tuple[str, str]]] = []
    for named in ("../e.env", "../../e.env", "/dev/null"):
        Path("compose.yaml").write_text(TEXT % named, "utf-8")
        found = check(["compose.yaml"], Settings([rules()["invalid-compose"], rules()["outside-file"]], {}))
        shown.append([(result.rule, result.message) for result in found.results])
    assert shown == [
        [
            (
                "invalid-compose",
                "cannot read the env file `../e.env`, line 1: a variable name cannot contain a space; write "
                "`NAME=value`",
            ),
            (
                "outside-file",
                "`../e.env` is outside the project directory: copies and reviews of that directory do not include it",
            ),
        ],
        [("outside-file", "`../../e.env` is outside the repository: modellint does not read it or check what it sets")],
        [],
    ]
