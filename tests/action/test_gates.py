"""Linters of workflows have nothing to say about the action and the workflows, and would say it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.action.place import ROOT, Tool
from support.action.recipes import GITHUB, recipe, with_the_action

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def zizmor(program: str, *paths: Path) -> set[str]:
    """The names of what zizmor finds, at its strictest, without asking GitHub."""
    options = ["--offline", "--persona=pedantic", "--format=json", "--no-progress", "--no-config"]
    done = subprocess.run([program, *options, *paths], capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return {str(each["ident"]) for each in found}


def test_zizmor(tool: Tool, tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    shutil.copy(ROOT / "action.yml", tmp_path)
    assert zizmor(tool("zizmor"), tmp_path / "action.yml", *sorted((tmp_path / ".github").rglob("*.yml"))) == set()


def test_zizmor_would_find_an_injection(tool: Tool, tmp_path: Path) -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    broken = text.replace('exit "${MODELLINT_EXIT:-3}"', "echo ${{ inputs.paths }}")
    broken = re.sub("@[0-9a-f]{40} # v", "@v", broken)
    assert broken != text
    (tmp_path / "action.yml").write_text(broken, encoding="utf-8")
    assert {"template-injection", "unpinned-uses"} <= zizmor(tool("zizmor"), tmp_path / "action.yml")


RECIPES = {"with the command": recipe(GITHUB), "with the action": with_the_action()}


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipes_of_the_readme(tool: Tool, tmp_path: Path, name: str) -> None:
    """What is copied from there is as clean, but for the commit of this very action, which no README can know."""
    path = tmp_path / GITHUB
    path.parent.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    used = re.findall(r"uses: (\S+)", RECIPES[name])
    path.write_text(RECIPES[name].replace("@main # pin a commit", f"@{'0' * 40} # v0.1.0"), encoding="utf-8")
    assert zizmor(tool("zizmor"), path) == set()
    assert actionlint(tool("actionlint"), tmp_path) == ""
    own = [each for each in used if each.endswith("@main")]
    assert own == (["modellint/modellint@main"] if name == "with the action" else [])


def actionlint(program: str, folder: Path) -> str:
    """What actionlint says of the workflows in a folder."""
    done = subprocess.run(
        [program, "-no-color", "-shellcheck=", "-pyflakes=", *sorted(folder.glob(".github/workflows/*.yml"))],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The workflows and the action in a repository of their own, which actionlint wants."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    shutil.copy(ROOT / "action.yml", tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_actionlint(tool: Tool, repository: Path) -> None:
    assert actionlint(tool("actionlint"), repository) == ""


def test_actionlint_would_find_a_wrong_input(tool: Tool, repository: Path) -> None:
    path = repository / ".github/workflows/selftest.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("fail-on:", "fail-one:"), encoding="utf-8")
    assert "fail-one" in actionlint(tool("actionlint"), repository)


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_every_action_is_pinned_with_its_version(path: Path) -> None:
    all_pinned(path.read_text(encoding="utf-8"))


def test_every_action_of_a_recipe_is_pinned_with_its_version() -> None:
    all_pinned(recipe(GITHUB))


def all_pinned(text: str) -> None:
    for used in re.findall(r"uses: (.*)", text):
        own = used.startswith(("./ ", "./.github/workflows/"))
        assert own or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_do_little(path: Path) -> None:
    """Nothing by default; a job writes only where its purpose is that."""
    workflow: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    writes = {
        (name, scope)
        for name, job in workflow["jobs"].items()
        for scope, access in job.get("permissions", {}).items()
        if access == "write"
    }
    expected = {
        "release.yml": {("attest", "id-token"), ("attest", "attestations"), ("publish", "id-token")},
        "selftest.yml": {("upload", "security-events")},
    }
    assert writes == expected.get(path.name, set())
    # A job that is a workflow of its own has its limit there.
    assert all("timeout-minutes" in job or "uses" in job for job in workflow["jobs"].values())


def test_a_release_requires_the_soak() -> None:
    release = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))["jobs"]
    soak = yaml.safe_load((ROOT / ".github/workflows/soak.yml").read_text(encoding="utf-8"))
    assert release["soak"]["uses"] == "./.github/workflows/soak.yml"
    assert release["build"]["needs"] == "soak"
    assert "build" in release["publish"]["needs"]
    assert soak[True]["schedule"]  # YAML 1.1 reads the key `on` as true
    assert soak["jobs"]["soak"]["steps"][-1]["run"] == "bash .ci/run soak"


def test_pins_are_one_version_each() -> None:
    """The same action at the same commit everywhere."""
    texts = [path.read_text(encoding="utf-8") for path in [ROOT / "action.yml", *WORKFLOWS]]
    text = "\n".join([*texts, recipe(GITHUB)])
    pins = set(re.findall(r"uses: ([\w./-]+@[0-9a-f]{40} # v\S+)", text))
    assert len(pins) == len({pin.split("@")[0] for pin in pins})
