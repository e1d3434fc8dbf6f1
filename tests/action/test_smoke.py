"""The action with `smoke: true`, and the recipes of README.md: real models, a real registry, real llama.cpp."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from modellint import __version__
from modellint.smoke.isolation.capability import find_capability
from modellint.smoke.runners import canary
from support.action.harness import Outcome, Scene, run_job
from support.action.place import ROOT, entry
from support.action.recipes import GITHUB, GITLAB, recipe, reports, steps, with_the_action
from support.registry import push, servers

FIXTURE = (ROOT / "fixtures/smoke/compose.yaml").read_text(encoding="utf-8")
MISTAKE = FIXTURE.replace('"--temp", "0.1"', '"--temp=0.1"')  # llama.cpp takes no flag like this
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
PROGRAMS = Path(__file__).parents[1] / "support" / "action"
GGUF = "application/vnd.docker.ai.gguf.v3"
REFUSED = "the kernel gives no network namespace: Operation not permitted"


def missing(what: str) -> None:
    """Skip where something is not installed; in CI, where it has to be, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a registry that holds the two models of the fixture."""
    for name in ("gguf", "numpy"):
        if find_spec(name) is None:
            missing(f"{name} is not installed")
    path = tmp_path_factory.mktemp("models") / "model.gguf"
    try:
        with servers.plain() as address:
            into = push.Registry(address)
            for name, embedding in (("canary-llm", False), ("canary-embed", True)):
                canary.write(str(path), name, embedding=embedding)
                layer = into.layer(f"ai/{name}", GGUF, path.read_bytes(), "model.gguf")
                document = {
                    "config": {"format": "gguf", "architecture": "llama", "gguf": {"general.architecture": "llama"}},
                    "descriptor": {"created": "2026-01-01T00:00:00Z"},
                    "rootfs": {"type": "rootfs", "diff_ids": [layer["digest"]]},
                }
                into.push(f"ai/{name}", "v1", into.manifest(f"ai/{name}", push.MODEL_CONFIG, document, [layer]))
            yield address.host
    except servers.NotInstalled as problem:
        missing(str(problem))


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory, interpreter: str, programs: str) -> list[Path]:
    """What the action installs for `smoke: true`, installed once for all tests."""
    if sys.platform != "linux":
        pytest.skip("models are booted on Linux only")
    temp = tmp_path_factory.mktemp("runner")
    scene = Scene(ROOT, tmp_path_factory.mktemp("nothing"), temp, interpreter, programs)
    outcome = scene.run(allow_no_files="true", smoke="true")
    assert (outcome.passed, outcome.outputs["smoke"]) == (True, "skipped"), outcome.steps
    return [Path(outcome.step("Install").outputs[name]) for name in ("dependencies", "runner")]


@pytest.fixture
def smoking(tmp_path: Path, llama: list[Path], registry: str, interpreter: str, programs: str) -> Scene:
    """A repository with the fixture, the action with all that it installs, and the registry."""
    workspace, temp = tmp_path / "workspace", tmp_path / "temp"
    workspace.mkdir()
    temp.mkdir()
    for folder in llama:
        (temp / folder.name).symlink_to(folder)
    write(workspace, FIXTURE)
    return Scene(ROOT, workspace, temp, interpreter, programs, {"REGISTRY": registry})


@pytest.fixture
def namespaces() -> None:
    """What proves isolation."""
    capability = find_capability()
    if not capability.ok:
        missing(f"no network namespaces here: {capability.reason}")


def limited(scene: Scene) -> Scene:
    """The same in a container that may make no namespaces."""
    path = scene.temp / "limited-python"
    words = [scene.python, str(PROGRAMS / "limited.py"), scene.python]
    path.write_text(f'#!/bin/sh\nexec {" ".join(map(shlex.quote, words))} "$@"\n')
    path.chmod(0o755)
    return replace(scene, python=str(path))


def write(folder: Path, text: str, name: str = "compose.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def came(outcome: Outcome) -> tuple[bool, str, str]:
    """Whether the job passed, the exit code, and what came of the smoke test."""
    return outcome.passed, outcome.outputs["exit-code"], outcome.outputs["smoke"]


def store(scene: Scene) -> Path:
    """Where models are kept, of which the action's description and the recipe speak."""
    return scene.temp / ".cache/modellint/models"  # `HOME` is the temporary folder here


def test_pass(smoking: Scene, namespaces: None) -> None:
    outcome = smoking.run(smoke="true")
    step = outcome.step("Smoke")
    assert came(outcome) == (True, "0", "pass"), step.stdout + step.stderr
    assert (outcome.outputs["smoke-failed"], outcome.outputs["smoke-not-proven"]) == ("0", "0")
    assert step.commands == []
    assert step.summary.startswith("### modellint smoke: pass\n\n```\n")
    assert all(each in step.summary and each in step.stdout for each in ("llm", "embedder", "chat", "rag", "web"))
    assert len(list((store(smoking) / "blobs/sha256").iterdir())) >= 4
    assert "~/.cache/modellint/models" in ACTION["inputs"]["smoke"]["description"]
    assert smoking.run(smoke="true", summary="false").step("Smoke").summary == ""


def test_fail(smoking: Scene) -> None:
    write(smoking.workspace, MISTAKE)
    outcome = smoking.run(smoke="true", sarif_file="out.sarif")
    assert came(outcome) == (False, "1", "fail")
    assert int(outcome.outputs["smoke-failed"]) > 0
    step = outcome.step("Smoke")
    assert (step.code, outcome.step("Decide").code) == (0, 1)
    errors = [command for command in step.commands if command.name == "error"]
    assert {(each.properties["file"], each.properties["line"]) for each in errors} == {("compose.yaml", "24")}
    assert "invalid argument: --temp=0.1" in errors[0].data
    assert "invalid argument: --temp=0.1" in step.summary
    assert step.summary.startswith("### modellint smoke: fail\n")
    # Of code scanning it is no matter: the next run without it would close the alerts.
    assert "smoke" not in (smoking.workspace / "out.sarif").read_text(encoding="utf-8")
    outcome = smoking.run(smoke="true", smoke_require="nothing", annotations="false")
    assert came(outcome) == (False, "1", "fail")
    assert outcome.commands == []


def test_nothing_of_it_without_it(scene: Scene, registry: str) -> None:
    """Nothing is installed, pulled or run: in the scene lies what a check installs."""
    write(scene.workspace, FIXTURE)
    before = {path.name for path in scene.temp.iterdir()}
    outcome = replace(scene, environment={"REGISTRY": registry}).run()
    assert came(outcome) == (True, "0", "skipped")
    assert outcome.step("Smoke").skipped
    assert outcome.step("Install").outputs.keys() == {"dependencies"}
    new = {path.name for path in scene.temp.iterdir()} - before
    assert not [name for name in new if re.fullmatch("modellint-[0-9a-f]{16}", name)]
    assert not list(scene.temp.glob("modellint-*/xllamacpp"))
    assert not store(scene).exists()


@pytest.mark.parametrize(("require", "passed"), [("all", False), ("isolation", False), ("nothing", True)])
def test_not_proven_is_no_pass(smoking: Scene, require: str, passed: bool) -> None:
    """In a container that may make no namespaces. Only who asks for no proof passes, and is told."""
    outcome = limited(smoking).run(smoke="true", smoke_require=require)
    step = outcome.step("Smoke")
    assert came(outcome) == (passed, "0" if passed else "1", "not proven"), step.stdout + step.stderr
    assert (outcome.outputs["smoke-failed"], step.summary[:31]) == ("0", "### modellint smoke: not proven")
    assert int(outcome.outputs["smoke-not-proven"]) > 0
    assert {command.name for command in step.commands} == {"warning"}
    assert any(REFUSED in command.data for command in step.commands)


def test_what_must_be_proven_by_default(smoking: Scene) -> None:
    assert came(limited(smoking).run(smoke="true")) == (False, "1", "not proven")


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run", "issue_comment"])
def test_nothing_is_pulled_for_a_stranger(smoking: Scene, event: str) -> None:
    environment = {**smoking.environment, "GITHUB_EVENT_NAME": event}
    outcome = replace(smoking, environment=environment).run(smoke="true", policy_from="head")
    assert came(outcome) == (False, "2", "not proven")
    assert event in outcome.step("Smoke").stderr
    assert not store(smoking).exists()


def test_only_the_registries_that_were_named_are_asked(smoking: Scene) -> None:
    outcome = smoking.run(smoke="true", allow_registries="registry.example")
    assert (outcome.passed, outcome.outputs["smoke"]) == (False, "fail")
    assert "none of those that may be asked" in outcome.step("Smoke").stdout
    blobs = store(smoking) / "blobs/sha256"
    assert not blobs.exists() or not list(blobs.iterdir())


def test_modules_in_the_workspace_are_not_imported(smoking: Scene, namespaces: None) -> None:
    """What runs a model is an interpreter that looks at PYTHONPATH, which a workflow may have set."""
    for name in ("json", "modellint", "xllamacpp", "ctypes", "sitecustomize", "usercustomize", "signal"):
        write(smoking.workspace, "import pathlib\npathlib.Path('PWNED').touch()\n", f"{name}.py")
        write(smoking.workspace, "import pathlib\npathlib.Path('PWNED').touch()\n", f"{name}/__init__.py")
    hostile = {"PYTHONPATH": str(smoking.workspace), **smoking.environment}
    assert came(replace(smoking, environment=hostile).run(smoke="true")) == (True, "0", "pass")
    assert not list(smoking.workspace.rglob("PWNED"))


def test_several_projects(smoking: Scene) -> None:
    """Each is tried; one without a grant has nothing to try, and the worst counts."""
    (smoking.workspace / "compose.yaml").unlink()
    write(smoking.workspace, MISTAKE, "a/compose.yaml")
    write(smoking.workspace, FIXTURE, "b/compose.yaml")
    write(smoking.workspace, "services:\n  web:\n    image: nginx:1.27\n", "c/compose.yaml")
    outcome = smoking.run(smoke="true", smoke_require="nothing")
    step = outcome.step("Smoke")
    assert came(outcome) == (False, "1", "fail")
    assert [line for line in step.stdout.splitlines() if line.startswith("smoke of ")] == ["smoke of a", "smoke of b"]
    assert step.summary.count("### modellint smoke: ") == 2
    assert {command.properties["file"] for command in step.commands if command.name == "error"} == {"a/compose.yaml"}


def test_nothing_to_try_is_no_pass(smoking: Scene) -> None:
    write(smoking.workspace, "services:\n  web:\n    image: nginx:1.27\n")
    outcome = smoking.run(smoke="true")
    assert came(outcome) == (True, "0", "skipped")
    assert "no service" in outcome.step("Smoke").stdout
    assert outcome.outputs["smoke-failed"] == ""


def test_not_after_a_check_that_missed_something(smoking: Scene) -> None:
    outcome = smoking.run(smoke="true", paths="compose.yaml\nmissing.yaml")
    assert came(outcome) == (False, "2", "skipped")
    assert not store(smoking).exists()


def refused(outcome: Outcome, reason: str) -> None:
    assert (outcome.passed, outcome.outputs["exit-code"]) == (False, "2")
    assert [command.name for command in outcome.commands if command.name != "warning"] == ["error"]
    assert reason in outcome.commands[-1].data
    assert [step.environment + step.path for step in outcome.steps] == [""] * 5


@pytest.mark.parametrize("value", ["", "yes", "True", "1", "true\n::error::x", "$(touch PWNED)"])
def test_the_switch_is_exact(scene: Scene, value: str) -> None:
    """Before anything is installed."""
    outcome = scene.run(smoke=value)
    refused(outcome, "`smoke` ")
    assert outcome.outputs["smoke"] == "skipped"
    assert [step.skipped for step in outcome.steps[1:]] == [True] * 4


EVIL = ("", "0", "-1", "1.5", "9e9", "86401", "1\n::add-mask::a", "$(touch PWNED)", "; touch PWNED", "--trusted", "٣")


@pytest.mark.parametrize("name", ["smoke-timeout", "smoke-require"])
def test_values_are_exact(fake: Fake, name: str) -> None:
    scene = fake()
    values = {name: str(each["default"]) for name, each in ACTION["inputs"].items()}
    for value in EVIL:
        named = {entry.PREFIX + each.upper().replace("-", "_"): text for each, text in {**values, name: value}.items()}
        with pytest.raises(entry.Refused, match=f"`{name}` "):
            entry.SmokeInputs({**named, "GITHUB_WORKSPACE": str(scene.workspace), "RUNNER_TEMP": str(scene.temp)})
    for value in EVIL[-3:]:
        outcome = scene.run(smoke="true", **{name: value})
        refused(outcome, f"`{name}` ")
        assert outcome.outputs["smoke"] == "not proven"
        words, _ = ast.literal_eval((scene.workspace / "seen.txt").read_text())
        assert words[0] == "check"
        assert not (scene.workspace / "PWNED").exists()


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_on_linux_only(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is refused before anything is installed."""
    output = tmp_path / "output"
    for name, value in {"MODELLINT_INPUT_SMOKE": "true", "RUNNER_TEMP": tmp_path, "GITHUB_OUTPUT": output}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(sys, "platform", system)
    code = entry.main(["install"])
    monkeypatch.undo()
    assert code == 1
    assert re.search(r"^exit-code<<(.*)\n2\n\1$", output.read_text(), re.M)
    said = capfd.readouterr().out
    assert said.startswith("::error title=modellint::`smoke` works on Linux runners only")
    assert list(tmp_path.iterdir()) == [output]


Fake = Callable[..., Scene]


@pytest.fixture
def fake(tmp_path: Path, interpreter: str, programs: str) -> Fake:
    """The action with another modellint in it, whose smoke test prints, writes and returns what a test wants."""

    def make(
        stdout: str = "", code: int = 0, report: object = None, github: str = "", checked: int = 0, projects: object = 1
    ) -> Scene:
        action, workspace, temp = tmp_path / "action", tmp_path / "workspace", tmp_path / "temp"
        for folder in (action / "lint/modellint/report", action / "rules", action / "policies", workspace, temp):
            folder.mkdir(parents=True)
        for name in ("action.yml", "lint/modellint/__init__.py", "lint/modellint/report/printable.py"):
            shutil.copy(ROOT / name, action / name)
        shutil.copytree(ROOT / "lint/action", action / "lint/action")
        for name in ("requirements.txt", "requirements-smoke.txt"):
            (action / "lint/action" / name).write_text("")
        found = ["compose.yaml"] if projects == 1 else projects
        (action / "lint/action/projects.py").write_text(f"print({json.dumps(json.dumps(found))})\n")
        made = {"json": json.dumps(report), "github": github} if report else {}
        (action / "lint/modellint/cli.py").write_text(
            "import json, os, sys\n"
            "def run():\n"
            "    smoking = sys.argv[1] == 'smoke'\n"
            f"    made = {made!r} if smoking else {{'json': {json.dumps(CLEAN)!r}}}\n"
            "    for word in sys.argv[1:]:\n"
            "        for form, text in made.items():\n"
            "            if word.startswith(f'--report={form}='):\n"
            "                open(word.split('=', 2)[2], 'w').write(text)\n"
            "    open('seen.txt', 'w').write(repr((sys.argv[1:], dict(os.environ))))\n"
            "    if smoking:\n"
            f"        sys.stdout.buffer.write({stdout.encode()!r})\n"
            f"    sys.exit({code} if smoking else {checked})\n"
        )
        return Scene(action, workspace, temp, interpreter, programs)

    return make


def summary(error: int = 0, warning: int = 0) -> dict[str, object]:
    counts = {"error": error, "warning": warning, "note": 0, "files": 1, "projects": 1}
    return {"tool": {"version": "0"}, "unreadable": [], "summary": counts}


CLEAN = summary()


@pytest.mark.parametrize(
    ("checked", "code", "report", "wanted", "smoke"),
    [
        (0, 0, summary(), "0", "pass"),
        (1, 0, summary(), "1", "pass"),
        (0, 0, summary(warning=1), "0", "not proven"),
        (0, 1, summary(warning=1), "1", "not proven"),
        (0, 1, summary(error=1, warning=1), "1", "fail"),
        (0, 0, summary(error=1), "1", "fail"),
        (0, 1, summary(), "1", "not proven"),
        (0, 2, None, "2", "not proven"),
        (1, 2, None, "2", "not proven"),
        (0, 2, summary(), "2", "not proven"),
        (0, 0, None, "3", "not proven"),
        (0, 1, None, "3", "not proven"),
        (0, -9, None, "3", "not proven"),
        (0, -9, summary(), "3", "not proven"),
        (2, 0, summary(), "2", "skipped"),
    ],
)
def test_what_becomes_of_a_code_and_a_report(
    fake: Fake, checked: int, code: int, report: object, wanted: str, smoke: str
) -> None:
    outcome = fake(checked=checked, code=code, report=report).run(smoke="true")
    assert came(outcome) == (wanted == "0", wanted, smoke)
    assert outcome.step("Decide").code == int(wanted)
    said = [command for command in outcome.step("Smoke").commands if "without a report" in command.data]
    assert bool(said) == (report is None)


def test_output_is_not_obeyed(fake: Fake) -> None:
    """Of what it prints nothing reaches the runner, and of its annotations only annotations."""
    evil = "x\n::set-env name=A::b\r::add-mask::a\n##[add-path]/evil\n  ::stop-commands::t\n````\n<img src=x>\n"
    outcome = fake(stdout=evil, report=CLEAN, github=f"{evil}::warning file=a::m\n").run(smoke="true")
    assert outcome.passed
    assert [(command.name, command.data) for command in outcome.commands] == [("warning", "m")]
    assert [step.environment + step.path for step in outcome.steps] == [""] * 5
    shown = outcome.step("Smoke").summary
    assert shown.startswith("### modellint smoke: pass\n\n`````\n")
    assert shown.endswith("\n<img src=x>\n`````\n")


def test_a_summary_is_no_longer_than_github_takes(fake: Fake) -> None:
    projects = [f"{number}.yaml" for number in range(12)]
    shown = fake(stdout="模型\n" * 60_000, report=CLEAN, projects=projects).run(smoke="true").step("Smoke").summary
    assert len(shown.encode()) <= 1_000_000
    assert "\n模型\nThe rest is in the log.\n```\n" in shown


def test_what_it_is_told(fake: Fake) -> None:
    """Values stand behind `=`, the project behind `--`, what is secret is left out, and nothing is trusted."""
    scene = fake(report=CLEAN, projects=["--trusted"])
    secret = {"GITHUB_TOKEN": "t", "GH_TOKEN": "t", "ACTIONS_RUNTIME_TOKEN": "t", "PYTHONPATH": "/evil"}
    given = {"smoke_timeout": "60", "smoke_require": "isolation", "allow_registries": "ghcr.io\n--trusted"}
    assert replace(scene, environment=secret).run(smoke="true", **given).passed
    words, environment = ast.literal_eval((scene.workspace / "seen.txt").read_text())
    assert [word for word in words if not word.startswith("--report=")] == [
        "smoke", "--format=text", "--timeout=60", "--require=isolation", "--registry=ghcr.io", "--registry=--trusted",
        "--", "--trusted",
    ]  # fmt: skip
    assert not [name for name in environment if "TOKEN" in name or name.startswith("MODELLINT_INPUT")]
    roots = [str(scene.action / name) for name in ("lint", "rules", "policies")]
    assert environment["PYTHONPATH"].split(":")[:3] == roots
    assert all(path.startswith(str(scene.temp)) for path in environment["PYTHONPATH"].split(":")[3:])


def test_what_runs_models_and_cannot_be_had_fails_the_job(fake: Fake) -> None:
    """A hash that is not the locked one."""
    scene = fake(report=CLEAN)
    locked = re.search(r"^xllamacpp==[^\n]*\n", (ROOT / "lint/action/requirements-smoke.txt").read_text(), re.M)
    assert locked
    wrong = f"{locked[0]}    --hash=sha256:{'0' * 64}\n"
    (scene.action / "lint/action/requirements-smoke.txt").write_text(wrong)
    outcome = scene.run(smoke="true")
    assert came(outcome) == (False, "2", "skipped")
    assert "could not be installed" in outcome.commands[-1].data


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout and all that it needs, as a package index would have them."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    for name in ("lint", "rules", "policies"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, source)
    run = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(run, cwd=source, check=True, capture_output=True, timeout=120)
    [wheel] = folder.iterdir()
    run = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "-d", folder]
    subprocess.run([*run, f"{wheel}[runner]"], check=True, capture_output=True, timeout=600)
    return folder


@pytest.fixture(scope="session")
def computer(tmp_path_factory: pytest.TempPathFactory, interpreter: str) -> Path:
    """The programs of a runner: those of the system, a fresh Python, and a `sudo` that only notes its words."""
    folder = tmp_path_factory.mktemp("computer")
    subprocess.run([interpreter, "-m", "venv", folder], check=True, timeout=120)
    sudo = folder / "bin/sudo"
    sudo.write_text('#!/bin/sh\necho "$@" >> "$HOME/sudo"\n')
    sudo.chmod(0o755)
    return folder


@pytest.fixture
def job(tmp_path: Path, registry: str, wheels: Path, computer: Path, interpreter: str) -> Scene:
    """A repository with the fixture on a runner, on which the only packages are those wheels."""
    workspace, temp = tmp_path / "workspace", tmp_path / "temp"
    workspace.mkdir()
    temp.mkdir()
    write(workspace, FIXTURE)
    environment = {"REGISTRY": registry, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    return Scene(ROOT, workspace, temp, interpreter, f"{computer / 'bin'}:/usr/bin:/bin", environment)


def test_the_recipe_for_github(job: Scene, namespaces: None) -> None:
    """Every `run` of it, with a stub for what other actions do, and the setting of the kernel only noted."""
    written = steps(recipe(GITHUB))
    outcome = run_job(job, written)
    smoke = outcome.step("Smoke")
    assert outcome.passed, [step.stdout + step.stderr for step in outcome.steps]
    assert [step.uses.partition("@")[0] for step in outcome.steps if step.uses] == [
        "actions/checkout", "actions/setup-python", "actions/cache",
    ]  # fmt: skip
    assert (job.temp / "sudo").read_text() == "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\n"
    assert f"=={__version__}" in recipe(GITHUB)
    cached = outcome.step(next(step.name for step in outcome.steps if step.uses.startswith("actions/cache"))).given
    assert re.fullmatch("modellint-[0-9a-f]{64}", cached["key"])
    blobs = Path(cached["path"].replace("~", str(job.temp), 1)) / "blobs/sha256"
    assert blobs == store(job) / "blobs/sha256"
    assert len(list(blobs.iterdir())) >= 4
    assert smoke.commands == []
    assert "0 failed, 0 not proven" in smoke.stdout
    warm = run_job(job, written[-1:])  # the cache was restored
    assert warm.passed
    assert "0 failed, 0 not proven" in warm.steps[-1].stdout


def test_a_failure_of_the_recipe_for_github(job: Scene) -> None:
    """It is what README.md says that it looks like."""
    write(job.workspace, MISTAKE)
    outcome = run_job(job, steps(recipe(GITHUB)))
    smoke = outcome.steps[-1]
    assert (outcome.passed, smoke.code) == (False, 1)
    errors = [command for command in smoke.commands if command.name == "error"]
    assert {(each.properties["file"], each.properties["line"]) for each in errors} == {("compose.yaml", "24")}
    shown, _ = reports()
    assert len(shown) == 3
    assert not set(shown) - set(smoke.stdout.splitlines())


def test_the_recipe_for_github_without_namespaces(job: Scene) -> None:
    """As on Ubuntu 24.04 without its step: not proven, and no pass."""
    written = [each for each in steps(recipe(GITHUB)) if "sudo" not in each.get("run", "")]
    last = written[-1]["run"]
    written[-1]["run"] = f"python {shlex.quote(str(PROGRAMS / 'limited.py'))} {last}"
    outcome = run_job(job, written)
    smoke = outcome.steps[-1]
    assert (outcome.passed, smoke.code) == (False, 1)
    assert {command.name for command in smoke.commands} == {"warning"}
    assert any(REFUSED in command.data for command in smoke.commands)
    assert "`--require all` fails" in smoke.stderr


def test_the_recipe_with_the_action(smoking: Scene, namespaces: None) -> None:
    """What it is given is what the action runs with."""
    written = steps(with_the_action())
    given = written[-1]["with"]
    assert written[-1]["uses"].startswith("modellint/modellint@")
    assert set(given) <= set(ACTION["inputs"])
    text = {name.replace("-", "_"): str(value).lower() for name, value in given.items()}
    assert came(smoking.run(**text)) == (True, "0", "pass")


def gitlab(scene: Scene, *before: str) -> subprocess.CompletedProcess[str]:
    """The lines of GitLab's job, in one shell that stops at the first failure, as its runner does it."""
    lines = yaml.safe_load(recipe(GITLAB))["smoke"]["script"]
    kept = {name: value for name, value in os.environ.items() if name.startswith("SSL_")}
    return subprocess.run(
        [*before, "bash", "-eo", "pipefail", "-c", "\n".join(lines)],
        cwd=scene.workspace, capture_output=True, text=True, timeout=300, check=False,
        env={**kept, "PATH": scene.path, "HOME": str(scene.temp), "CI": "true", **scene.environment},
    )  # fmt: skip


def test_the_recipe_for_gitlab(job: Scene, namespaces: None) -> None:
    done = gitlab(job)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed, 0 not proven" in done.stdout
    written = yaml.safe_load(recipe(GITLAB))["smoke"]
    assert written["cache"]["key"]["files"] == ["compose.yaml"]
    [cached] = written["cache"]["paths"]
    assert len(list((job.workspace / cached / "blobs/sha256").iterdir())) >= 4
    named = written["artifacts"]["reports"]
    assert json.loads((job.workspace / named["codequality"]).read_text()) == []
    assert "<failure" not in (job.workspace / named["junit"]).read_text()


def test_the_recipe_for_gitlab_in_a_usual_container(job: Scene, computer: Path) -> None:
    """One that may make no namespaces: what is said there is what README.md says."""
    done = gitlab(job, str(computer / "bin/python"), str(PROGRAMS / "limited.py"))
    assert done.returncode == 1, done.stdout + done.stderr
    _, shown = reports()
    assert len(shown) == 4
    assert not set(shown) - set((done.stdout + done.stderr).splitlines())
    named = yaml.safe_load(recipe(GITLAB))["smoke"]["artifacts"]["reports"]
    assert json.loads((job.workspace / named["codequality"]).read_text())
    assert REFUSED in (job.workspace / named["junit"]).read_text()
