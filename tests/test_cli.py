"""The command line: what it accepts, what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modellint import __version__
from modellint.linter.discovery import rules

CLEAN = """\
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e
"""
WARNS = CLEAN.replace("ai/smollm2@", "ai/smollm2:1.0 #")
FAILS = CLEAN.replace("models: [llm]", "models: [lmm]")


def run(*words: str, cwd: Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does, and never see a traceback."""
    base = {name: value for name, value in os.environ.items() if not name.startswith(("COMPOSE_", "GITHUB_"))}
    done = subprocess.run(
        [sys.executable, "-m", "modellint", *words],
        cwd=cwd, input=stdin, capture_output=True, check=False, env={**base, **environment},
    )  # fmt: skip
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err
    return subprocess.CompletedProcess(words, done.returncode, out, err)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(CLEAN)
    (tmp_path / "warns.yaml").write_text(WARNS)
    (tmp_path / "fails.yaml").write_text(FAILS)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["check"], 0),
        (["check", "compose.yaml"], 0),
        (["check", "."], 0),
        (["check", "warns.yaml"], 0),
        (["check", "--fail-on", "warning", "warns.yaml"], 1),
        (["check", "--fail-on=warning", "compose.yaml"], 0),
        (["check", "fails.yaml"], 1),
        (["check", "--fail-on", "never", "fails.yaml"], 0),
        (["check", "--ignore", "undefined-model,unused-model", "fails.yaml"], 0),
        (["check", "--select", "unpinned-model", "fails.yaml"], 0),
        (["check", "--select", "undefined-model", "--select", "unpinned-model", "fails.yaml"], 1),
        (["check", "fails.yaml", "nowhere.yaml"], 2),
        (["check", "--", "fails.yaml"], 1),
        (["check", "-f", "compose.yaml"], 0),
        (["check", "-f", "compose.yaml", "-f", "fails.yaml"], 1),
        (["check", "-ffails.yaml"], 1),
        (["check", "-f=fails.yaml"], 1),
        (["check", "--file=nowhere.yaml"], 2),
        (["check", "--env-file", "nowhere.env"], 2),
        (["check", "--project-directory", ".", "--profile", "*", "-p", "name"], 0),
        (["check", "--compose-version", "2.40.3"], 0),
        (["config"], 0),
        (["config", "."], 0),
        (["config", "compose.yaml"], 0),
        (["config", "fails.yaml"], 2),
        (["config", "nowhere.yaml"], 2),
        (["rules"], 0),
        (["explain", "unpinned-model"], 0),
        (["--help"], 0),
        (["check", "--help"], 0),
        (["--version"], 0),
        ([], 2),
    ],
)
def test_exit_status(words: list[str], status: int, folder: Path) -> None:
    assert run(*words, cwd=folder).returncode == status


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["chekc"], "did you mean `check`?"),
        (["compose.yaml"], "modellint check compose.yaml"),
        (["check", "--selct", "x"], "did you mean `--select`?"),
        (["check", "--select", "unpined-model"], "did you mean `unpinned-model`?"),
        (["check", "--ignore", "nothing-like-it-at-all"], "unknown rule"),
        (["check", "--format", "jsn"], "did you mean `json`?"),
        (["check", "--fail-on"], "requires a value: SEVERITY"),
        (["check", "--quiet=yes"], "takes no value"),
        (["explain", "unused-modle"], "did you mean `unused-model`?"),
        (["explain"], "requires an argument: RULE"),
        (["rules", "x"], "takes nothing"),
        (["config", "x", "y"], "takes one PATH"),
        (["check", "-f", "compose.yaml", "compose.yaml"], "either paths or `--file`"),
        (["check", "-x"], "has no option `-x`"),
        (["check", "-f"], "requires a value: FILE"),
        (["fix", "--quiet"], "`fix` has no option `--quiet`; `check` has it\nrun `modellint fix --help` for usage"),
        (["smoke", "--fail-on", "note"], "`smoke` has no option `--fail-on`; `check` has it"),
        (["check", "--bogus"], "run `modellint check --help`"),
        (["resolve", "a b"], "run `modellint resolve --help`"),
        (["help", "nothing-like-it"], "run `modellint --help`"),
        (["check", "-p", "No Name"], "--project-name: is not a valid project name"),
        (["check", "--compose-version", "5"], "`5` is not a Docker Compose version"),
        (["check", "--compose-version", "1.29.2"], "older than 2.38.0"),
        (["check", "--env-file", "nowhere.env"], "nowhere.env: does not exist"),
        (["config", "fails.yaml"], "fails.yaml:"),
        (["new-rule", "Bad Name"], "not a valid rule name"),
        (["check", "nowhere.yaml"], "nowhere.yaml: does not exist"),
    ],
)
def test_a_mistake_is_explained(words: list[str], says: str, folder: Path) -> None:
    done = run(*words, cwd=folder)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.startswith("modellint: ")


@pytest.mark.parametrize(
    ("words", "status"),
    [(["check"], 1), (["check", "compose.yaml"], 1), (["check", "-f", "part.yaml"], 1), (["check", "part.yaml"], 0)],
)
def test_a_service_without_an_image(words: list[str], status: int, tmp_path: Path) -> None:
    """In the project's own file, and in files named with `-f`, it is an error; a file of another name may be a part."""
    for name in ("compose.yaml", "part.yaml"):
        (tmp_path / name).write_text("services:\n  app:\n    environment: {A: b}\n")
    if words[-1] == "part.yaml":
        (tmp_path / "compose.yaml").unlink()
    done = run(*words, cwd=tmp_path)
    assert (done.returncode, "neither `image` nor `build`" in done.stdout) == (status, bool(status))


def test_without_a_path_the_project_above_is_found(folder: Path) -> None:
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    done = run("check", "--format", "json", cwd=below)
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["files"] == 1


def test_config_prints_the_merged_project(folder: Path) -> None:
    (folder / "more.yaml").write_text('name: merged\nservices: {app: {environment: {A: "1"}}}\n')
    done = run("config", "-f", "compose.yaml", "-f", "more.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "name: merged\n" in done.stdout
    assert 'A: "1"\n' in done.stdout
    assert "model: ai/smollm2@sha256:" in done.stdout
    (folder / "compose.override.yaml").write_text("services: {app: {nonsense: 1}}\n")
    refused = run("config", cwd=folder)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("modellint: compose.override.yaml:1:18: `nonsense` is not a valid key")


def test_without_any_project_it_says_so(tmp_path: Path) -> None:
    done = run("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "compose.yaml" in done.stderr


def test_an_unreadable_file_loses_no_other(folder: Path) -> None:
    (folder / "binary.yaml").write_bytes(b"\0\1\2")
    done = run("check", "--format", "json", "binary.yaml", "fails.yaml", cwd=folder)
    assert done.returncode == 2
    assert {finding["rule"] for finding in json.loads(done.stdout)["findings"]} >= {"undefined-model"}
    assert "binary.yaml: is not a text file" in done.stderr


def test_standard_input(folder: Path) -> None:
    done = run("check", "--format", "json", "-", cwd=folder, stdin=FAILS.encode())
    assert done.returncode == 1
    assert {finding["path"] for finding in json.loads(done.stdout)["findings"]} == {"<stdin>"}


def test_output_goes_into_a_file(folder: Path) -> None:
    done = run("check", "--format", "json", "--output", "report.json", "fails.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads((folder / "report.json").read_text())["summary"]["error"] == 1


def test_output_that_cannot_be_written_is_said(folder: Path) -> None:
    done = run("check", "--output", "no/such/folder/report.txt", "fails.yaml", cwd=folder)
    assert done.returncode == 2
    assert "no/such/folder/report.txt" in done.stderr


def test_a_reader_that_stops_early_is_no_error(folder: Path) -> None:
    for number in range(200):
        (folder / f"{number}").mkdir()
        (folder / f"{number}" / "compose.yaml").write_text(FAILS)
    done = subprocess.run(
        f"{sys.executable} -m modellint check . | head -1", shell=True, cwd=folder, capture_output=True, check=False
    )
    assert done.stderr == b""


def test_many_files_give_the_same_report_as_each_alone(folder: Path) -> None:
    """Files are shared between processes above a number; nothing of that shows."""
    names = [f"p{number:02}" for number in range(40)]
    for name in names:
        (folder / name).mkdir()
        (folder / name / "compose.yaml").write_text(FAILS if int(name[1:]) % 3 else WARNS)
    together = json.loads(run("check", "--format", "json", *names, cwd=folder).stdout)
    alone = [json.loads(run("check", "--format", "json", name, cwd=folder).stdout) for name in names]
    assert together["findings"] == [finding for report in alone for finding in report["findings"]]
    assert together["summary"]["files"] == 40


def test_the_environment_is_interpolated_and_never_printed(folder: Path) -> None:
    text = FAILS.replace("ai/smollm2@sha256:9d3e", "ai/${CANARY_NAME}:${CANARY_TAG} # ")
    (folder / "secret.yaml").write_text(text)
    for form in ("text", "json", "sarif", "github"):
        done = run("check", "--format", form, "secret.yaml", cwd=folder, CANARY_NAME="c4n4ry", CANARY_TAG="t0psecret")
        assert done.returncode == 1
        assert "undefined-model" in done.stdout
        assert "c4n4ry" not in done.stdout + done.stderr
        assert "t0psecret" not in done.stdout + done.stderr


def test_a_grant_that_is_named_by_a_variable_is_shown_as_written(folder: Path) -> None:
    (folder / "named.yaml").write_text(
        "services:\n  app:\n    image: app\n    models: ['${CANARY:-llm}']\n"
        "    environment: {C4N4RY_URL: x, BASE: '${AI_C4N4RY_URL}', OTHER: '${C4N4RY_MODEL}'}\n"
        "    command: ['sh', '-c', 'curl $$AI_C4N4RY_URL']\n"
        "models: {c4n4ry: {model: ai/smollm2}}\n"
    )
    for form in ("text", "json", "sarif", "github"):
        done = run("check", "--format", form, "named.yaml", cwd=folder, CANARY="c4n4ry-secret")
        assert "secret" not in done.stdout.lower() + done.stderr.lower()
    done = run("check", "--format", "json", "named.yaml", cwd=folder, CANARY="c4n4ry")
    found = {finding["rule"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert {"uninjected-variable", "overwritten-variable", "interpolated-variable"} <= found.keys()
    assert "${CANARY:-llm}" in found["uninjected-variable"]["message"]
    assert found["uninjected-variable"]["fix"] is None


def test_version(folder: Path) -> None:
    assert run("version", cwd=folder).stdout == f"modellint {__version__}\n"


def test_every_rule_is_listed(folder: Path) -> None:
    listed = run("rules", cwd=folder).stdout
    assert all(name in listed for name in rules())


LISTING = "from modellint.linter.discovery import rules; print(*rules(online=False, policy=False))"


def test_a_new_rule_is_a_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stub is written where the rules are, is found without being registered, and runs."""
    import modellint_rules
    from modellint.commands import new_rule
    from modellint.commands.arguments import UsageError

    package = tmp_path / "modellint_rules"
    package.mkdir()
    (package / "__init__.py").write_text('"""Rules."""\n')
    (tmp_path.parent / "tests").mkdir(exist_ok=True)
    (tmp_path.parent / "tests" / "test_pages.py").touch()
    monkeypatch.setattr(modellint_rules, "__path__", [str(package)])
    said = new_rule.write("odd-model")
    assert "pytest tests/test_pages.py -k odd-model --redraw" in said
    with pytest.raises(UsageError, match="already"):
        new_rule.write("odd-model")
    listing = subprocess.run(
        [sys.executable, "-c", LISTING],
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert listing.stdout.split() == ["odd-model"]


def test_a_new_rule_is_for_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import modellint_rules
    from modellint.commands import new_rule
    from modellint.commands.arguments import UsageError

    package = tmp_path / "lib" / "site-packages" / "modellint_rules"
    package.mkdir(parents=True)
    monkeypatch.setattr(modellint_rules, "__path__", [str(package)])
    with pytest.raises(UsageError, match="this modellint is an installed copy: run `new-rule` in a checkout"):
        new_rule.write("odd-model")
    assert list(package.iterdir()) == []


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_a_picture_of_an_empty_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    done = run("graph", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "modellint: compose.yaml:1:1: the file is empty: Compose rejects it\n"
