"""Run the steps of a composite action, or of a workflow's job, as a runner does, without GitHub.

Evaluates the expressions that they use, gives each step its command files, and looks for commands in what it prints.
`uses` steps are not run: what they would be given is noted.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from support.action.commands import Command, commands

FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
KEPT = ("PIP_", "UV_", "SSL_", "REQUESTS_")  # how this machine reaches the package index
FUNCTIONS = re.compile(r"\b(always|success|failure|cancelled)\(")


@dataclass
class Step:
    """What came of one step."""

    name: str
    skipped: bool = False
    uses: str = ""
    given: dict[str, str] = field(default_factory=dict[str, str])
    code: int = 0
    stdout: str = ""
    stderr: str = ""
    commands: list[Command] = field(default_factory=list[Command])
    outputs: dict[str, str] = field(default_factory=dict[str, str])
    environment: str = ""
    path: str = ""
    summary: str = ""


@dataclass
class Outcome:
    """What came of the action."""

    passed: bool
    outputs: dict[str, str]
    steps: list[Step]

    def step(self, name: str) -> Step:
        """The step of a name."""
        return next(step for step in self.steps if step.name == name)

    @property
    def commands(self) -> list[Command]:
        """What the runner was told, in all steps."""
        return [command for step in self.steps for command in step.commands]


@dataclass
class Scene:
    """Where an action runs: its folder, a checked-out repository, and the runner's temporary folder."""

    action: Path
    workspace: Path
    temp: Path
    python: str
    path: str = ""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(self, **given: str) -> Outcome:
        """Run it; an input's `-` is written `_` here."""
        named = {name.replace("_", "-"): value for name, value in given.items()}
        return run(self, {"python": self.python, **named})


def run(scene: Scene, given: Mapping[str, str]) -> Outcome:
    """Run every step of an action whose condition holds."""
    action: dict[str, Any] = yaml.safe_load((scene.action / "action.yml").read_text(encoding="utf-8"))
    unknown = set(given) - set(action["inputs"])
    assert not unknown, f"action.yml has no input {unknown}"
    inputs = {name: given.get(name, str(each.get("default", ""))) for name, each in action["inputs"].items()}
    context: dict[str, Any] = {"inputs": inputs, "steps": {}, "failed": False}
    steps = _run_steps(scene, action["runs"]["steps"], context)
    outputs = {name: replaced(str(each["value"]), context) for name, each in action["outputs"].items()}
    return Outcome(not context["failed"], outputs, steps)


def run_job(scene: Scene, written: list[dict[str, Any]]) -> Outcome:
    """Run the steps of a job, up to the first that fails."""
    named = [{"name": each.get("uses", ""), **each} for each in written]
    context: dict[str, Any] = {"steps": {}, "failed": False, "workspace": scene.workspace}
    # A step without `shell` runs in the same bash, but one that does not stop in the middle of a pipe.
    steps = _run_steps(scene, [{"shell": "bash", **each} if "run" in each else each for each in named], context)
    return Outcome(not context["failed"], {}, steps)


def _run_steps(scene: Scene, all_written: list[dict[str, Any]], context: dict[str, Any]) -> list[Step]:
    steps: list[Step] = []
    for number, written in enumerate(all_written):
        condition = re.sub(r"^\$\{\{|\}\}$", "", str(written.get("if", "success()")).strip())
        if not FUNCTIONS.search(condition):
            condition = f"success() && ({condition})"
        if not truthy(evaluate(condition, context)):
            steps.append(Step(written["name"], skipped=True))
        elif "uses" in written:
            passed = {name: replaced(str(value), context) for name, value in written.get("with", {}).items()}
            steps.append(Step(written["name"], uses=written["uses"], given=passed))
        else:
            steps.append(_run_step(scene, written, context, number))
            context["steps"][written.get("id", written["name"])] = {"outputs": steps[-1].outputs}
            context["failed"] |= steps[-1].code != 0
    return steps


def _run_step(scene: Scene, written: Mapping[str, Any], context: dict[str, Any], number: int) -> Step:
    assert written["shell"] == "bash"
    assert "${{" not in written["run"], "an expression in a script is an injection"
    files = {name: scene.temp / f"{name}_{number}" for name in FILES}
    for path in files.values():
        path.write_text("")
    script = scene.temp / f"step_{number}.sh"
    script.write_text(written["run"], encoding="utf-8")
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "--noprofile", "--norc", "-e", "-o", "pipefail", script],
        cwd=scene.workspace,
        env={
            **{name: value for name, value in os.environ.items() if name.startswith(KEPT)},
            "PATH": scene.path,
            "HOME": str(scene.temp),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_WORKSPACE": str(scene.workspace),
            "GITHUB_ACTION_PATH": str(scene.action),
            "RUNNER_TEMP": str(scene.temp),
            **{name: str(path) for name, path in files.items()},
            **scene.environment,
            **{name: replaced(str(value), context) for name, value in written.get("env", {}).items()},
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    return Step(
        written["name"],
        code=done.returncode,
        stdout=out,
        stderr=err,
        commands=commands(out) + commands(err),
        outputs=assignments(files["GITHUB_OUTPUT"].read_text(encoding="utf-8")),
        environment=files["GITHUB_ENV"].read_text(encoding="utf-8"),
        path=files["GITHUB_PATH"].read_text(encoding="utf-8"),
        summary=files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8"),
    )


def assignments(text: str) -> dict[str, str]:
    """What a command file sets: `name=value`, or `name<<END`, lines, and `END`."""
    found: dict[str, str] = {}
    lines = text.splitlines()
    while lines:
        line = lines.pop(0)
        name, marker, end = line.partition("<<")
        if marker and "=" not in name:
            at = lines.index(end)
            found[name] = "\n".join(lines[:at])
            del lines[: at + 1]
        elif line:
            name, _, found[name] = line.partition("=")
    return found


def replaced(text: str, context: Mapping[str, Any]) -> str:
    """The text with its expressions evaluated."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda match: _shown(evaluate(match[1], context)), text, flags=re.S)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def truthy(value: object) -> bool:
    """What GitHub takes for true."""
    return value not in ("", False, 0, None)


def evaluate(expression: str, context: Mapping[str, Any]) -> object:
    """The value of an expression made of names, texts, `== != && || !`, parentheses and status functions."""
    words = re.findall(r"'(?:[^']|'')*'|==|!=|&&|\|\||!|\(|\)|[A-Za-z_][\w.-]*|\S", expression)
    reader = _Reader(words, context)
    value = reader.either()
    assert not reader.words, f"not understood: {reader.words}"
    return value


class _Reader:
    def __init__(self, words: list[str], context: Mapping[str, Any]) -> None:
        self.words = words
        self.context = context

    def took(self, *wanted: str) -> str:
        return self.words.pop(0) if self.words and self.words[0] in wanted else ""

    def either(self) -> object:
        value = self.both()
        while self.took("||"):
            other = self.both()
            value = value if truthy(value) else other
        return value

    def both(self) -> object:
        value = self.compared()
        while self.took("&&"):
            other = self.compared()
            value = other if truthy(value) else value
        return value

    def compared(self) -> object:
        value = self.single()
        while sign := self.took("==", "!="):
            same = _shown(value).lower() == _shown(self.single()).lower()  # GitHub compares without regard to case
            value = same == (sign == "==")
        return value

    def single(self) -> object:
        if self.took("!"):
            return not truthy(self.single())
        if self.took("("):
            value = self.either()
            assert self.took(")")
            return value
        word = self.words.pop(0)
        if word.startswith("'"):
            return word[1:-1].replace("''", "'")
        if word == "hashFiles":
            opened, path, closed = (self.words.pop(0) for _ in range(3))
            assert (opened, closed) == ("(", ")")
            return hashlib.sha256((Path(self.context["workspace"]) / path[1:-1]).read_bytes()).hexdigest()
        if self.took("("):
            assert self.took(")")
            failed = bool(self.context["failed"])
            return {"always": True, "success": not failed, "failure": failed, "cancelled": False}[word]
        return self._named(word)

    def _named(self, word: str) -> object:
        value: object = self.context
        for part in word.split("."):
            value = cast("Mapping[str, object]", value).get(part, "") if isinstance(value, Mapping) else ""
        return value
