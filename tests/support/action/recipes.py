"""The workflows that README.md shows, as they stand there."""

from __future__ import annotations

import re
from typing import Any

import yaml

from support.action.place import ROOT

GITHUB, ACTION, GITLAB = ".github/workflows/smoke.yml", "in .github/workflows/smoke.yml", ".gitlab-ci.yml"


def recipe(name: str) -> str:
    """The block of YAML whose first line is a comment with this name."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [found] = re.findall(rf"^```yaml\n(# {re.escape(name)}\n.*?)^```$", text, re.M | re.S)
    return found


def reports() -> list[list[str]]:
    """The lines of each report that is shown there, where something is left out of all of them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^```console\n\$ modellint smoke [^\n]*\n(…\n.*?)^```$", text, re.M | re.S)
    return [[line for line in block.splitlines() if line != "…"] for block in found]


def with_the_action() -> str:
    """The workflow with the action in place of its last two steps."""
    kept, marker, _ = recipe(GITHUB).partition("      - name: Install\n")
    assert marker
    return kept + recipe(ACTION)


def steps(workflow: str) -> list[dict[str, Any]]:
    """The steps of its only job."""
    [job] = yaml.safe_load(workflow)["jobs"].values()
    return job["steps"]
