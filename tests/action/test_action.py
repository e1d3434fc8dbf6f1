"""The action, run step by step as a runner does, with the real modellint unless a test says otherwise."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from modellint import __version__
from modellint.policy.load import BUILT_IN
from support.action.harness import Outcome, Scene, evaluate
from support.action.place import ROOT, entry, sarif_tests

PIN = "@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"
CLEAN = f"""\
services:
  app:
    image: app:1.0
    models: [llm]
models:
  llm:
    model: ai/smollm2{PIN}
"""
WARNS = CLEAN.replace(PIN, ":360M-Q4_K_M")  # no digest
FAILS = CLEAN.replace("[llm]", "[llm, lmm]")  # and nobody declares it
HOSTILE = (
    "x\n::set-env name=LD_PRELOAD::/evil\r::add-mask::a\n##[add-path]/evil\n  ::stop-commands::t\n\u3000::error::e\n"
)
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def write(scene: Scene, text: str, name: str = "compose.yaml") -> Path:
    path = scene.workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(outcome: Outcome) -> list[str]:
    return [command.name for command in outcome.commands]


def refused(outcome: Outcome, reason: str) -> None:
    """Nothing ran, the job fails, and the only thing that is said is why."""
    assert (outcome.passed, outcome.outputs["exit-code"]) == (False, "2")
    assert [command.name for command in outcome.commands] == ["error"]
    assert reason in outcome.commands[0].data
    assert outcome.outputs["sarif-file"] == ""


def untouched(outcome: Outcome) -> None:
    """No step changed the environment of later steps."""
    assert [step.environment + step.path for step in outcome.steps] == [""] * 5


def outside_code(markdown: str) -> str:
    """What of a summary is not code, and could be HTML, a link or a mention."""
    return re.sub("`[^`\n]*`", "", re.sub("(?ms)^(```+)mermaid$.*?^\\1$", "", markdown))


@pytest.mark.parametrize(
    ("text", "fail_on", "code"),
    [
        (CLEAN, "note", "0"),
        (WARNS, "error", "0"),
        (WARNS, "warning", "1"),
        (WARNS, "note", "1"),
        (WARNS, "never", "0"),
        (FAILS, "error", "1"),
        (FAILS, "warning", "1"),
        (FAILS, "never", "0"),
    ],
)
def test_fail_on(scene: Scene, text: str, fail_on: str, code: str) -> None:
    write(scene, text)
    outcome = scene.run(fail_on=fail_on)
    assert outcome.outputs["exit-code"] == code
    assert outcome.passed is (code == "0")
    assert [step.skipped for step in outcome.steps] == [False, False, True, True, code == "0"]
    assert outcome.step("Check").code == 0


def test_outputs(scene: Scene) -> None:
    write(scene, FAILS.replace(PIN, ":360M-Q4_K_M"))
    outputs = scene.run().outputs
    assert Path(outputs.pop("sarif-file")).is_relative_to(scene.temp)
    assert {name: outputs.pop(name) for name in list(outputs) if name.startswith("smoke")} == {
        "smoke": "skipped", "smoke-failed": "", "smoke-not-proven": "",
    }  # fmt: skip
    assert outputs == {"exit-code": "1", "findings": "2", "errors": "1", "warnings": "1", "version": __version__}


def test_annotations_are_of_the_changed_lines(scene: Scene) -> None:
    """Of the files as the repository knows them, from whatever folder."""
    write(scene, FAILS, "deploy/compose.yaml")
    for given in ({}, {"working_directory": "deploy"}, {"paths": "deploy/compose.yaml"}, {"paths": "deploy"}):
        [command] = scene.run(**given).commands
        assert command.name == "error"
        assert command.properties["file"] == "deploy/compose.yaml"
        assert (command.properties["line"], command.properties["title"]) == ("4", "undefined-model")


def test_no_more_annotations_than_a_runner_keeps(scene: Scene) -> None:
    write(scene, CLEAN.replace("[llm]", f"[{', '.join(f'm{number}' for number in range(40))}]"))
    outcome = scene.run()
    errors = [command for command in outcome.commands if command.name == "error"]
    assert len(errors) == 10
    assert errors[-1].data.startswith("31 more errors")
    assert outcome.step("Check").summary.count("| error |") == 40


def test_text_in_the_place_of_annotations(scene: Scene) -> None:
    write(scene, FAILS)
    outcome = scene.run(annotations="false")
    assert outcome.commands == []
    assert "compose.yaml:4:19" in outcome.step("Check").stdout


def test_several_projects_and_paths(scene: Scene) -> None:
    write(scene, FAILS, "a/compose.yaml")
    write(scene, FAILS, "b/compose.yaml")
    write(scene, FAILS, "c/compose.yaml")
    assert scene.run().outputs["errors"] == "3"
    outcome = scene.run(paths="a\n\n  b/compose.yaml  \n")
    assert {command.properties["file"] for command in outcome.commands} == {"a/compose.yaml", "b/compose.yaml"}


def inputs(scene: Scene, **given: str) -> Any:
    """What the script makes of the inputs; raises `entry.Refused`."""
    values = {name: str(each["default"]) for name, each in ACTION["inputs"].items()} | given
    named = {entry.PREFIX + name.upper().replace("-", "_"): value for name, value in values.items()}
    return entry.Inputs({**named, "GITHUB_WORKSPACE": str(scene.workspace), "RUNNER_TEMP": str(scene.temp)})


SWITCHES = ("annotations", "summary", "upload-sarif", "online", "allow-no-files")


@pytest.mark.parametrize("name", ["fail-on", *SWITCHES])
def test_values_are_exact(scene: Scene, name: str) -> None:
    assert inputs(scene, **{name: "never" if name == "fail-on" else "true"})
    for value in ("", "yes", "True", "ERROR", "1", "true\n::error::x", "true;", "$(touch PWNED)"):
        with pytest.raises(entry.Refused, match=f"`{name}`"):
            inputs(scene, **{name: value})
    refused(scene.run(**{name: "yes"}), f"`{name}` must be one of")


EVIL = """\
$(touch PWNED)
; touch PWNED
`touch PWNED`
--output=PWNED
-h
--fix
::add-mask::a
##[add-path]b
%0A::error::
"""


LINES = ("paths", "policy", "allow-registries", "profile", "env-file", "select", "ignore")


@pytest.mark.parametrize("name", LINES)
def test_lines_are_no_script_and_no_options(scene: Scene, name: str) -> None:
    write(scene, CLEAN)
    before = sorted(scene.workspace.iterdir())
    outcome = scene.run(**{name: EVIL, "online": "true" if name == "allow-registries" else "false"})
    assert not outcome.passed
    assert set(names(outcome)) <= {"error"}
    untouched(outcome)
    assert sorted(scene.workspace.iterdir()) == before


SINGLE = ("working-directory", "sarif-file", "category", "python", "baseline", "compose-version", "memory")


@pytest.mark.parametrize("name", SINGLE)
def test_single_values_are_no_script(scene: Scene, name: str) -> None:
    write(scene, CLEAN)
    script = "$(touch PWNED); touch PWNED & `touch PWNED`"
    for value in (script, "--help", "a\n::add-mask::b", "a\r##[add-path]b"):
        outcome = scene.run(**{name: value})
        assert set(names(outcome)) <= {"error"}
        untouched(outcome)
        assert not (scene.workspace / "PWNED").exists()


@pytest.mark.parametrize(
    "name",
    [
        "a\nb.yaml",
        "a\n::set-env name=A::b\n.yaml",
        "\r::add-mask::a.yaml",
        "a,line=1::error::x.yaml",
        "%0A::error::x.yaml",
        "##[set-env name=A]b.yaml",
        "--output=x.yaml",
        "-f.yaml",
        "<img src=x> @octo [a](http:b) |.yaml",
    ],
)
def test_names_of_files_do_no_harm(scene: Scene, name: str) -> None:
    """A folder of that name is found, and its file reported, with one annotation that says nothing else."""
    write(scene, FAILS, f"{name}/compose.yaml")
    outcome = scene.run()
    [command] = outcome.commands
    assert (command.name, command.properties["line"], command.properties["title"]) == ("error", "4", "undefined-model")
    assert set(command.properties) == {"file", "line", "endLine", "col", "endColumn", "title"}
    untouched(outcome)
    assert command.properties["file"].endswith("/compose.yaml")
    if name.isprintable():
        assert scene.run(paths=name).outputs["errors"] == "1"
    summary = outcome.step("Check").summary
    assert not re.search("<img|@octo", outside_code(summary))
    assert summary.count("\n| error |") == 1


def test_what_files_say_does_no_harm(scene: Scene) -> None:
    evil = json.dumps(HOSTILE + "<img src=x> @octo/team [a](javascript:b) | ``` EOF")
    write(scene, f"services:\n  {evil}:\n    image: a\n    models: [{evil}]\n    x: {evil}\n")
    for asked in ("true", "false"):
        outcome = scene.run(annotations=asked)
        assert outcome.outputs["exit-code"] == "1"
        assert set(names(outcome)) == ({"error", "warning"} if asked == "true" else set())
        untouched(outcome)
        said = outside_code(outcome.step("Check").summary)
        assert not re.search(r"<img|@octo|\]\(javascript", said)


def test_what_policies_say_does_no_harm(scene: Scene) -> None:
    write(scene, CLEAN)
    evil = json.dumps(HOSTILE)
    write(scene, f"version: 1\nrules:\n  {evil}: error\n{evil}: {evil}\n", "policy.yaml")
    outcome = scene.run(policy="policy.yaml")
    assert not outcome.passed
    assert set(names(outcome)) <= {"error", "warning"}
    untouched(outcome)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("select", ["Unused", "a b", "all;", "a=b", "$(x)"]),
        ("ignore", ["Unused", "a,,b", "a/b"]),
        ("profile", ["-x", "a b", "**", "$(x)"]),
        ("compose-version", ["5", "latest", "5.6.x", "5.6.1-rc1", "=5.6.1"]),
        ("memory", ["much", "-1", "16 G i B", "16GiB\n::error::x"]),
    ],
)
def test_values_have_their_shape(scene: Scene, name: str, values: list[str]) -> None:
    for value in values:
        with pytest.raises(entry.Refused, match=f"`{name}`"):
            inputs(scene, **{name: value, "online": "true"})


def test_memory_is_for_what_registries_answer(scene: Scene) -> None:
    refused(scene.run(memory="16GiB"), "`memory` requires `online: true`")


def test_rules_are_selected_and_ignored(scene: Scene) -> None:
    write(scene, CLEAN.replace("smollm2@", "smollm2 #"))
    every = int(scene.run().outputs["warnings"])
    assert every > 1
    assert scene.run(select="unpinned-model").outputs["warnings"] == "1"
    assert int(scene.run(ignore="unpinned-model").outputs["warnings"]) == every - 1
    assert scene.run(select="unpinned-model\nmutable-tag", ignore="mutable-tag").outputs["warnings"] == "1"
    assert scene.run(select="unpined-model").outputs["exit-code"] == "2"


def test_a_baseline(scene: Scene) -> None:
    write(scene, WARNS, "deploy/compose.yaml")
    words = [sys.executable, "-m", "modellint", "check", "--write-baseline", "deploy/known", "deploy"]
    subprocess.run(words, cwd=scene.workspace, check=True, capture_output=True)
    assert scene.run(fail_on="note", baseline="deploy/known").outputs["findings"] == "0"
    assert scene.run(working_directory="deploy", fail_on="note", baseline="known").passed
    assert scene.run(working_directory="deploy", baseline="unknown").outputs["exit-code"] == "2"


def test_which_project_it_is(scene: Scene) -> None:
    """In the check, and in the drawing of it."""
    write(
        scene,
        "services:\n  app:\n    image: app\n    profiles: [extra]\n    models: ['${GRANTED}']\n"
        "models:\n  llm:\n    model: ai/x\n",
    )
    write(scene, "GRANTED=llm\n", "good.env")
    write(scene, "GRANTED=nope\n", "bad.env")
    assert scene.run(select="undefined-model", profile="extra", env_file="good.env").outputs["errors"] == "0"
    bad = scene.run(select="undefined-model", profile="extra", env_file="bad.env")
    assert bad.outputs["errors"] == "1"
    assert "nope" not in str(bad.steps)
    assert scene.run(env_file="missing.env").outputs["exit-code"] == "2"
    assert scene.run(compose_version="2.40.3").outputs["exit-code"] != "2"
    assert scene.run(compose_version="1.29.2").outputs["exit-code"] == "2"


def test_policies(scene: Scene) -> None:
    """Names that are built in, and files from the folder that is checked."""
    write(scene, WARNS, "deploy/compose.yaml")
    write(scene, "version: 1\nrules:\n  unpinned-model: {severity: error}\n", "deploy/own.yaml")
    assert scene.run(working_directory="deploy", policy="own.yaml").outputs["errors"] == "1"
    assert scene.run(working_directory="deploy", policy="recommended\nown.yaml").outputs["errors"] == "1"
    assert scene.run(working_directory="deploy", policy="recommended").outputs["exit-code"] == "0"
    assert scene.run(working_directory="deploy", policy="missing.yaml").outputs["exit-code"] == "2"


@pytest.mark.parametrize("name", ["working-directory", "paths", "policy", "env-file", "baseline"])
def test_nothing_leads_out_of_the_workspace(scene: Scene, name: str) -> None:
    (scene.workspace / "link").symlink_to("/etc")
    for path in ("..", "../..", "/", "/etc", "a/../../..", "link", "link/x", f"{scene.workspace}2", "../workspace2"):
        with pytest.raises(entry.Refused, match=f"`{name}` is outside the workspace"):
            inputs(scene, **{name: path})
    refused(scene.run(**{name: "link"}), f"`{name}` is outside the workspace")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../out.sarif", "outside"),
        ("/etc/out.sarif", "outside"),
        ("link/out.sarif", "outside"),
        ("a/../../out.sarif", "outside"),
        (".git/hooks/post-checkout", "is in `.git`"),
        (".GIT/x", "is in `.git`"),  # the same folder on Windows and macOS
        ("folder", "is a directory"),
        ("folder/", "is a directory"),
        ("..", "is a directory"),
        ("a\nb", "not printable"),
    ],
)
def test_sarif_stays_where_it_may_be(scene: Scene, path: str, reason: str) -> None:
    (scene.workspace / "folder").mkdir()
    (scene.workspace / "link").symlink_to(scene.workspace.parent)
    with pytest.raises(entry.Refused, match=f"`sarif-file` .*{reason}"):
        inputs(scene, **{"sarif-file": path})


def test_sarif_that_leads_out_is_not_written(scene: Scene) -> None:
    write(scene, CLEAN)
    refused(scene.run(sarif_file="../out.sarif"), "`sarif-file` is outside the workspace")
    assert not (scene.workspace.parent / "out.sarif").exists()


def test_sarif_replaces_a_link(scene: Scene) -> None:
    """A pull request may have put it there."""
    write(scene, CLEAN)
    victim = write(scene, "precious", "victim")
    (scene.workspace / "out.sarif").symlink_to(victim)
    assert scene.run(sarif_file="out.sarif").passed
    assert victim.read_text() == "precious"
    assert not (scene.workspace / "out.sarif").is_symlink()


def test_sarif(scene: Scene, multitool: Path) -> None:
    """What is uploaded is valid, in its place, and of its category."""
    write(scene, FAILS, "deploy/compose.yaml")
    outcome = scene.run(working_directory="deploy", sarif_file="new/out.sarif", upload_sarif="true", category="prod")
    path = scene.workspace / "deploy/new/out.sarif"
    upload = outcome.step("Upload SARIF")
    assert upload.given == {"sarif_file": str(path), "category": "prod"}
    assert outcome.outputs["sarif-file"] == str(path)
    log = json.loads(path.read_text(encoding="utf-8"))
    schema = json.loads((multitool / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    jsonschema.Draft202012Validator(schema).validate(log)  # pyright: ignore[reportUnknownMemberType]
    assert sarif_tests.complaints(multitool, log, scene.temp) == []
    [run] = log["runs"]
    assert run["automationDetails"] == {"id": "prod/"}
    [found] = run["results"]
    where = found["locations"][0]["physicalLocation"]["artifactLocation"]
    assert where == {"uri": "deploy/compose.yaml", "uriBaseId": "%SRCROOT%"}
    assert sorted(path.parent.iterdir()) == [path]


def test_nothing_is_uploaded_of_a_run_that_missed_something(scene: Scene) -> None:
    """Code scanning would close the alerts of what was not read."""
    write(scene, FAILS)
    outcome = scene.run(paths="compose.yaml\nmissing.yaml", upload_sarif="true", sarif_file="out.sarif")
    assert (outcome.passed, outcome.outputs["exit-code"], outcome.outputs["errors"]) == (False, "2", "1")
    assert outcome.step("Upload SARIF").skipped
    assert {command.properties["title"] for command in outcome.commands} == {"unreadable", "undefined-model"}
    [run] = json.loads((scene.workspace / "out.sarif").read_text(encoding="utf-8"))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_unreadable(scene: Scene) -> None:
    os.mkfifo(scene.workspace / "compose.yaml")
    outcome = scene.run(fail_on="never")
    assert (outcome.passed, outcome.outputs["exit-code"]) == (False, "2")
    assert "error" in names(outcome)


def test_standard_input_is_no_path(scene: Scene) -> None:
    for path in ("-", "./-", "a/../-"):
        with pytest.raises(entry.Refused, match="standard input"):
            inputs(scene, paths=path)


def test_no_files(scene: Scene) -> None:
    outcome = scene.run()
    assert (outcome.passed, outcome.outputs["exit-code"]) == (False, "2")
    outcome = scene.run(allow_no_files="true")
    assert (outcome.passed, outcome.outputs["exit-code"], outcome.commands) == (True, "0", [])
    (scene.workspace / "empty").mkdir()
    write(scene, FAILS, "full/compose.yaml")
    paths = "empty\nfull"
    assert scene.run(paths=paths).outputs["exit-code"] == "2"
    assert scene.run(paths=paths, allow_no_files="true").outputs["exit-code"] == "1"
    assert scene.run(paths=paths, allow_no_files="true", fail_on="never").outputs["exit-code"] == "0"
    assert scene.run(paths=f"{paths}\nmissing", allow_no_files="true").outputs["exit-code"] == "2"


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run", "issue_comment"])
def test_registries_are_not_asked_for_a_stranger(scene: Scene, event: str) -> None:
    write(scene, WARNS)
    outcome = replace(scene, environment={"GITHUB_EVENT_NAME": event}).run(online="true")
    assert (outcome.passed, outcome.outputs["exit-code"]) == (False, "2")
    assert event in outcome.step("Check").stderr
    assert "--trusted" not in (ROOT / "lint/action/entry.py").read_text(encoding="utf-8").replace("`--trusted`", "")


def test_only_the_registries_that_were_named_are_asked(scene: Scene) -> None:
    write(scene, WARNS)
    outcome = scene.run(online="true", allow_registries="registry.example\n")
    assert outcome.outputs["exit-code"] == "2"
    assert "docker.io" in outcome.step("Check").stderr


def test_modules_in_the_workspace_are_not_imported(scene: Scene) -> None:
    """A pull request may bring its own `json.py`."""
    write(scene, CLEAN)
    for name in ("json", "modellint", "ruamel", "os", "sitecustomize", "usercustomize", "pydantic"):
        write(scene, "import pathlib\npathlib.Path('PWNED').touch()\n", f"{name}.py")
        write(scene, "import pathlib\npathlib.Path('PWNED').touch()\n", f"{name}/__init__.py")
    for file in ("uv.toml", "pip.conf", "pyproject.toml", "setup.py"):
        write(scene, "broken [", file)
    hostile = {"PYTHONPATH": str(scene.workspace), "PYTHONSTARTUP": str(scene.workspace / "json.py")}
    assert replace(scene, environment=hostile).run().passed
    assert not (scene.workspace / "PWNED").exists()


def test_summary(scene: Scene) -> None:
    write(scene, FAILS)
    summary = scene.run().step("Check").summary
    assert "**1 error** in 1 file" in summary
    assert "| `compose.yaml:4:19` |" in summary
    assert scene.run(summary="false").step("Check").summary == ""


def test_summary_draws_each_project(scene: Scene) -> None:
    write(scene, CLEAN, "a/compose.yaml")
    write(scene, CLEAN.replace("app:", "other:"), "b/compose.yaml")
    summary = scene.run().step("Check").summary
    assert summary.count("\n```mermaid\n") == 2
    assert "other" in summary


Fake = Callable[..., Scene]


@pytest.fixture
def fake(scene: Scene, tmp_path: Path) -> Fake:
    """The action with another modellint in it, which prints and writes what a test wants."""

    def make(
        stdout: str = "", stderr: str = "", code: int = 0, report: object = None, markdown: str = "", drawing: str = ""
    ) -> Scene:
        action = tmp_path / "action"
        for name in ("rules", "policies"):
            (action / name).mkdir(parents=True)
        shutil.copy(ROOT / "action.yml", action)
        shutil.copytree(ROOT / "lint/action", action / "lint/action")
        package = action / "lint/modellint"
        (package / "report").mkdir(parents=True)
        shutil.copy(ROOT / "lint/modellint/__init__.py", package)
        shutil.copy(ROOT / "lint/modellint/report/printable.py", package / "report")
        (package / "check.py").write_text("def targets(paths, lost):\n    return paths\n")
        sarif = json.dumps({"version": "2.1.0", "runs": [{}]})
        made = {"json": json.dumps(report), "sarif": sarif, "markdown": markdown} if report else {}
        (package / "cli.py").write_text(
            "import os, sys\n"
            "def run():\n"
            f"    for word in sys.argv[1:]:\n"
            f"        for form, text in {made!r}.items():\n"
            "            if word.startswith(f'--report={form}='):\n"
            "                open(word.split('=', 2)[2], 'w').write(text)\n"
            f"    sys.stdout.buffer.write({stdout.encode('utf-8', 'surrogateescape')!r})\n"
            f"    sys.stderr.buffer.write({stderr.encode('utf-8', 'surrogateescape')!r})\n"
            "    open('seen.txt', 'w').write(repr((sys.argv[1:], sorted(os.environ))))\n"
            f"    sys.exit({code})\n"
            "def main(words):\n"
            f"    open(words[3].split('=', 1)[1], 'w').write({drawing!r})\n"
        )
        return replace(scene, action=action)

    return make


REPORT: dict[str, object] = {
    "tool": {"version": "0"},
    "unreadable": [],
    "summary": {"error": 0, "warning": 0, "note": 0, "files": 1, "projects": 1},
}


def test_output_is_not_obeyed(fake: Fake) -> None:
    """Of what modellint prints, only annotations reach the runner, even if modellint itself were wrong."""
    said = (
        HOSTILE
        + "::warning file=a::m\n::error file=a::x ##[add-path]y\n::warning::m\n::group::g\n::error file=a\r::b::c\n"
    )
    outcome = fake(stdout=said, stderr=said, report=REPORT).run()
    assert outcome.passed
    assert [(command.name, command.data) for command in outcome.commands] == [("warning", "m")]
    untouched(outcome)
    assert fake_text(outcome).count("/evil") == 4


def fake_text(outcome: Outcome) -> str:
    step = outcome.step("Check")
    return step.stdout + step.stderr


@pytest.mark.parametrize(
    ("code", "stderr", "wanted"),
    [
        (1, "Traceback (most recent call last):\n" + HOSTILE, "3"),
        (0, "", "3"),
        (-9, "", "3"),
        (139, "", "3"),
        (2, "modellint: internal error: ValueError\n", "2"),
    ],
)
def test_a_run_without_a_report_fails(fake: Fake, code: int, stderr: str, wanted: str) -> None:
    outcome = fake(code=code, stderr=stderr).run(fail_on="never", allow_no_files="true", upload_sarif="true")
    assert (outcome.passed, outcome.outputs["exit-code"]) == (False, wanted)
    assert outcome.step("Decide").code == int(wanted)
    assert names(outcome) == ["error"]
    assert "without a report" in outcome.commands[0].data
    assert outcome.step("Upload SARIF").skipped


def test_a_broken_report_is_an_internal_error(fake: Fake) -> None:
    outcome = fake(report={"summary": HOSTILE}).run()
    assert (outcome.passed, outcome.outputs["exit-code"], names(outcome)) == (False, "3", ["error"])
    untouched(outcome)


def test_what_the_check_is_told(fake: Fake) -> None:
    """Values stand behind `=`, paths behind `--`, and what is secret is left out of its environment."""
    scene = fake(report=REPORT)
    secret = {"GITHUB_TOKEN": "t", "GH_TOKEN": "t", "ACTIONS_RUNTIME_TOKEN": "t", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t"}
    given = {
        "paths": "-a\n--b", "policy": "strict\n--c", "online": "true", "allow_registries": "ghcr.io\n--d",
        "profile": "gpu\n*", "env_file": "a.env\n--f", "compose_version": "2.40.3", "select": "all\n--g, h",
        "ignore": "unpinned-model", "baseline": "--i", "memory": "16GiB",
    }  # fmt: skip
    outcome = replace(scene, environment=secret).run(**given)
    words, environment = ast.literal_eval((scene.workspace / "seen.txt").read_text())
    assert [word for word in words if not word.startswith("--report=")] == [
        "check", "--format=github", "--fail-on=error", "--profile=gpu", "--profile=*", "--env-file=a.env",
        "--env-file=--f", "--compose-version=2.40.3", "--select=all", "--select=--g, h", "--ignore=unpinned-model",
        "--baseline=--i", "--policy=strict", "--policy=--c", "--online", "--registry=ghcr.io", "--registry=--d",
        "--memory=16GiB", "--", "-a", "--b",
    ]  # fmt: skip
    assert {word.split("=")[1] for word in words if word.startswith("--report=")} == {"json", "sarif", "markdown"}
    assert not [name for name in environment if re.search("TOKEN|MODELLINT_INPUT|GITHUB_(ENV|OUTPUT|PATH|STATE)", name)]
    assert "GITHUB_EVENT_NAME" in environment
    assert outcome.passed


def test_a_drawing_stays_in_its_fence(fake: Fake) -> None:
    drawing = "flowchart LR\n````\n<img src=x>\n```\n  a --> b\n"
    summary = fake(report=REPORT, markdown="# Report\n", drawing=drawing).run().step("Check").summary
    assert summary == f"# Report\n\n`````mermaid\n{drawing}`````\n"


def test_a_summary_is_no_longer_than_github_takes(fake: Fake) -> None:
    row = "| error | `模型` |\n"
    summary = (
        fake(report=REPORT, markdown="# Report\n\n" + row * 80_000, drawing="a" * 50_001).run().step("Check").summary
    )
    assert 900_000 < len(summary.encode()) <= 1_000_000
    assert summary.endswith(f"{row}\n\nThe rest is omitted: GitHub accepts no more.\n".replace("\n\n\n", "\n\n"))
    assert "mermaid" not in summary


def test_dependencies_that_cannot_be_had_fail_the_job(fake: Fake) -> None:
    """A hash that is not the locked one, for example."""
    scene = fake(report=REPORT)
    path = scene.action / "lint/action/requirements.txt"
    locked = re.search(r"^mdurl==[^\n]*\n", path.read_text(encoding="utf-8"), re.M)
    assert locked
    path.write_text(f"{locked[0]}    --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    outcome = scene.run()
    assert (outcome.passed, outcome.outputs["exit-code"], outcome.outputs["version"]) == (False, "2", __version__)
    assert [step.skipped for step in outcome.steps] == [False, True, True, True, True]
    assert "could not be installed" in outcome.commands[-1].data
    assert set(names(outcome)) == {"error"}


def test_pip_where_there_is_no_uv(tmp_path: Path, interpreter: str) -> None:
    """The whole action with pip: what it installs is enough, and nothing else is on the path."""
    workspace, temp = tmp_path / "workspace", tmp_path / "temp"
    workspace.mkdir()
    temp.mkdir()
    scene = Scene(ROOT, workspace, temp, interpreter, path=str(tmp_path))
    write(scene, FAILS)
    outcome = scene.run()
    assert (outcome.outputs["exit-code"], outcome.outputs["errors"]) == ("1", "1")
    assert scene.run().step("Install").outputs == outcome.step("Install").outputs  # once for all uses in a job
    assert len([path for path in temp.iterdir() if re.fullmatch("modellint-[0-9a-f]{16}", path.name)]) == 1


def test_an_old_python_is_told_so() -> None:
    """The script at least parses there, and has nothing to import that is not there."""
    for name in (
        "action/entry.py",
        "modellint/__init__.py",
        "modellint/report/__init__.py",
        "modellint/report/printable.py",
    ):
        ast.parse((ROOT / "lint" / name).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_only_the_standard_library(interpreter: str) -> None:
    done = subprocess.run(
        [interpreter, "-I", "-S", ROOT / "lint/action/entry.py", "nothing"],
        env={"GITHUB_OUTPUT": os.devnull}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "has no step" in done.stdout + done.stderr


def test_every_input_is_used_and_none_in_a_script() -> None:
    steps = ACTION["runs"]["steps"]
    assert not [step["name"] for step in steps if "${{" in step.get("run", "")]
    used = set(re.findall(r"inputs\.([a-z-]+)", json.dumps(steps)))
    assert used == set(ACTION["inputs"])
    assert not {"args", "version", "token"} & used
    assert all(len(step["uses"].split("@")[1]) == 40 for step in steps if "uses" in step)


def test_names_of_policies_are_those_of_modellint() -> None:
    text = (ROOT / "lint/action/entry.py").read_text(encoding="utf-8")
    assert f"POLICIES = {json.dumps(list(BUILT_IN)).replace('[', '(').replace(']', ')')}" in text


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a' == 'A'", True),
        ("inputs.a || 'b'", "b"),
        ("steps.x.outputs.y == '' && !failure()", True),
        ("(inputs.a == '1' || inputs.b != '2') && success()", True),
        ("steps.none.outputs.none || inputs.none || '3'", "3"),
        ("'it''s'", "it's"),
    ],
)
def test_expressions(expression: str, value: object) -> None:
    """The runner of these tests evaluates as GitHub does."""
    context = {"inputs": {"a": "", "b": "1"}, "steps": {"x": {"outputs": {"y": ""}}}, "failed": False}
    assert evaluate(expression, context) == value
