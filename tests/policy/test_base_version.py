"""`--suppressions-from`: a change cannot switch off what checks it, and what it tries to is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from modellint.cli import main

COMPOSE = "services:\n  web:\n    image: web:1\n    models: [nope]\n"
OFF = "version: 1\nrules: {undefined-model: {severity: off}}\n"
ON = "version: 1\n"
SPARE = COMPOSE.replace("nope", "llm") + "models:\n  llm: {model: ai/a}\n  spare: {model: ai/b}\n"
EXCEPTED = "version: 1\nexceptions: [{rule: unused-model, where: 'compose.yaml#models.spare', reason: known}]\n"
IGNORED = COMPOSE.replace("[nope]", "[nope]  # modellint: ignore[undefined-model] known")


class Done(NamedTuple):
    """What came of a check."""

    returncode: int
    stdout: str
    stderr: str


class Scene:
    """A repository after a change, and the folder with the one before it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]) -> None:
        self.monkeypatch = monkeypatch
        self.capture = capture
        self.repo = folder / "repo"
        self.before = folder / "before"
        (self.repo / ".git").mkdir(parents=True)
        self.before.mkdir()
        self.both("compose.yaml", COMPOSE)

    def both(self, name: str, text: str) -> None:
        for folder in (self.repo, self.before):
            self.write(folder, name, text)

    def write(self, folder: Path, name: str, text: str) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    def run(self, *words: str, within: str = ".", before: Path | None = None) -> Done:
        self.monkeypatch.chdir(self.repo / within)
        code = main(["check", "--suppressions-from", str(before or self.before), *words])
        out, error = self.capture.readouterr()
        return Done(code, out.decode(), error.decode())

    def report(self, *words: str) -> dict[str, Any]:
        done = self.run("--format", "json", *words)
        assert done.returncode in (0, 1), done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def found(self, *words: str) -> list[str]:
        """The rules that found something, of those that a policy or a comment here may switch off."""
        return [each["rule"] for each in self.report(*words)["findings"] if each["rule"] in SWITCHED]

    def unheeded(self, *words: str) -> list[tuple[str, int | None]]:
        return [(each["path"], each["line"]) for each in self.report(*words)["unheeded"]]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Scene:
    return Scene(tmp_path, monkeypatch, capfdbinary)


FOUND = ["undefined-model"]
SWITCHED = (*FOUND, "unused-model")


def test_a_new_policy_is_not_in_force(scene: Scene) -> None:
    scene.write(scene.repo, ".modellint.yaml", OFF)
    assert scene.found() == FOUND
    assert scene.unheeded() == [(".modellint.yaml", None)]
    assert "= `.modellint.yaml`: this policy is new and is not in force\n" in scene.run().stdout


def test_a_changed_policy_is_the_one_before(scene: Scene) -> None:
    scene.write(scene.before, ".modellint.yaml", ON)
    scene.write(scene.repo, ".modellint.yaml", OFF)
    assert scene.found() == FOUND
    assert scene.unheeded() == [(".modellint.yaml", None)]
    scene.write(scene.before, ".modellint.yaml", OFF)
    scene.write(scene.repo, ".modellint.yaml", ON)
    assert scene.found() == []
    assert scene.unheeded() == [(".modellint.yaml", None)]


def test_a_policy_that_is_gone_still_counts(scene: Scene) -> None:
    scene.write(scene.before, ".modellint.yaml", "version: 1\nrules: {undefined-model: {severity: note}}\n")
    [policy] = scene.report()["policies"]
    assert policy["lowered"] == FOUND
    assert "`.modellint.yaml`: this policy was removed" in scene.run().stdout


def test_a_nearer_policy_does_not_hide_the_one_above(scene: Scene) -> None:
    scene.both("app/compose.yaml", COMPOSE)
    scene.both(".modellint.yaml", ON)
    scene.write(scene.repo, "app/.modellint.yaml", OFF)
    assert scene.found("app") == FOUND
    assert scene.unheeded("app") == [("app/.modellint.yaml", None)]


def test_the_same_policy_is_said_to_be_no_change(scene: Scene) -> None:
    scene.both(".modellint.yaml", OFF)
    assert scene.found() == []
    assert scene.unheeded() == []


def test_exceptions_of_the_policy_before_are_about_the_files_now(scene: Scene) -> None:
    scene.both(".modellint.yaml", EXCEPTED)
    scene.both("compose.yaml", SPARE)
    assert scene.found() == []
    assert [each["kind"] for each in scene.report()["suppressed"]] == ["exception"]
    scene.write(scene.repo, "compose.yaml", SPARE.replace("spare:", "other:"))
    assert scene.found() == ["unused-model"]


def test_what_a_policy_extends_is_the_one_before_as_well(scene: Scene) -> None:
    scene.both(".modellint.yaml", "version: 1\nextends: [ours.yaml, strict]\n")
    scene.write(scene.before, "ours.yaml", ON)
    scene.write(scene.repo, "ours.yaml", OFF)
    assert scene.found() == FOUND
    assert scene.unheeded() == [("ours.yaml", None)]


def test_a_policy_that_is_named_is_the_one_before(scene: Scene) -> None:
    scene.write(scene.repo, "own.yaml", OFF)
    assert scene.found("--policy", "own.yaml") == FOUND
    assert scene.found("--policy", str(scene.repo / "own.yaml")) == FOUND
    assert scene.found("--policy", "own.yaml", "--policy", "strict") == FOUND
    scene.write(scene.before, "own.yaml", OFF)
    assert scene.found("--policy", "own.yaml") == []


def test_a_policy_outside_of_the_repository_is_not_part_of_the_change(scene: Scene) -> None:
    outside = scene.repo.parent / ".modellint.yaml"
    outside.write_text(OFF)
    assert scene.found() == []
    assert scene.found("--policy", str(outside)) == []
    assert scene.report()["policies"][0]["outside"] == "repository"


def test_a_link_is_part_of_the_change(scene: Scene) -> None:
    """One that leads to a laxer policy elsewhere on the machine, itself or its folder."""
    elsewhere = scene.repo.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".modellint.yaml").write_text(OFF)
    (elsewhere / "compose.yaml").write_text(COMPOSE)
    (scene.repo / ".modellint.yaml").symlink_to(elsewhere / ".modellint.yaml")
    assert scene.found() == FOUND
    assert scene.found("--policy", ".modellint.yaml") == FOUND
    (scene.repo / "sub").symlink_to(elsewhere)
    assert scene.found("--policy", "sub/.modellint.yaml") == FOUND


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        (IGNORED, True),
        (f"# a line more\n{IGNORED}", True),
        (IGNORED.replace("known", "for another reason"), True),
        (IGNORED.replace("nope", "other"), False),
        (IGNORED.replace("ignore[undefined-model]", "ignore[undefined-model, unpinned-model]"), True),
        (COMPOSE.replace("    models", "    # modellint: ignore[undefined-model]\n    models"), True),
    ],
)
def test_an_ignore_comment_counts_for_the_line_that_it_was_about(scene: Scene, text: str, counts: bool) -> None:
    scene.write(scene.before, "compose.yaml", IGNORED)
    scene.write(scene.repo, "compose.yaml", text)
    assert scene.found() == ([] if counts else FOUND)


def test_a_new_ignore_comment_does_not_count_and_is_named(scene: Scene) -> None:
    scene.write(scene.repo, "compose.yaml", IGNORED)
    report = scene.report()
    assert [each["rule"] for each in report["findings"]] == FOUND
    assert (report["suppressed"], scene.unheeded()) == ([], [("compose.yaml", 4)])
    said = scene.run("--format", "github").stdout
    assert (
        "::warning title=modellint::`compose.yaml:4`: this ignore comment for `undefined-model` is new in this change"
        in said
    )


def test_one_ignore_comment_does_not_count_twice(scene: Scene) -> None:
    scene.write(scene.before, "compose.yaml", IGNORED)
    scene.write(scene.repo, "compose.yaml", IGNORED + IGNORED.replace("services:\n", "").replace("web:\n", "two:\n"))
    assert scene.found() == FOUND
    assert scene.unheeded() == [("compose.yaml", 7)]


def test_a_file_that_is_new_has_no_ignore_comments(scene: Scene) -> None:
    scene.write(scene.repo, "app/compose.yaml", IGNORED)
    assert scene.found("app") == FOUND


def test_a_baseline_is_the_one_before(scene: Scene) -> None:
    scene.both("compose.yaml", SPARE)
    scene.run("--write-baseline", "base.json")
    assert scene.found("--baseline", "base.json") == ["unused-model"]
    assert scene.unheeded("--baseline", "base.json") == [("base.json", None)]
    scene.write(scene.before, "base.json", (scene.repo / "base.json").read_text())
    assert scene.found("--baseline", "base.json") == []
    assert scene.unheeded("--baseline", "base.json") == []


def test_below_the_root_of_the_repository(scene: Scene) -> None:
    """The folder mirrors the working folder; what lies above that and in the repository is looked for beside it."""
    scene.both("app/compose.yaml", COMPOSE)
    scene.write(scene.repo, ".modellint.yaml", OFF)
    done = scene.run(within="app", before=scene.before / "app")
    assert (done.returncode, "undefined-model" in done.stdout) == (1, True)


def test_many_projects_are_checked_alike(scene: Scene) -> None:
    """In the processes that share the work."""
    for number in range(20):
        scene.both(f"p{number}/compose.yaml", COMPOSE)
        scene.write(scene.repo, f"p{number}/.modellint.yaml", OFF)
    assert len(scene.found(".")) == 21
    assert len(scene.unheeded(".")) == 20


def test_a_folder_that_is_not_there_is_refused(scene: Scene) -> None:
    done = scene.run(before=scene.repo / "missing")
    assert done.returncode == 2
    assert "`--suppressions-from` must be the directory of an earlier version" in done.stderr


def test_what_takes_a_project_in_takes_it_out_of_no_policy(scene: Scene) -> None:
    checks = "checks: [{name: small, each: model, must: 'model.context_size < 9', message: too large}]\n"
    scene.both("app/.modellint.yaml", f"version: 1\nrules: {{unused-model: {{severity: error}}}}\n{checks}")
    scene.both("app/compose.yaml", "services: {web: {image: w}}\nmodels: {m: {model: ai/m, context_size: 10}}\n")
    scene.write(scene.repo, "zz/compose.yaml", "include: [../app/compose.yaml]\nmodels: {m: {context_size: 1}}\n")
    for path in ("app", "."):
        found = {each["rule"] for each in scene.report(path)["findings"] if each["path"] == "app/compose.yaml"}
        assert found >= {"small", "unpinned-model"}
