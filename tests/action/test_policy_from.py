"""`policy-from: base`: in a pull request the policies and ignore comments of the base count, and a change is shown."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support.action.harness import Outcome, Scene
from support.action.place import Tool, entry

COMPOSE = "services:\n  app:\n    image: app:1\n    models: [nope]\n"
IGNORED = COMPOSE.replace("[nope]", "[nope]  # modellint: ignore[undefined-model] known")
OFF = "version: 1\nrules:\n  undefined-model: {severity: off}\n"
ON = "version: 1\n"
UNPINNED = COMPOSE.replace("nope", "llm") + "models:\n  llm: {model: 'ai/smollm2:360M-Q4_K_M'}\n"
HOSTILE = "#!/bin/sh\ntouch PWNED\ncat\n"


class Pull:
    """A pull request: an upstream repository, and a checkout of the merge commit as actions/checkout makes it."""

    def __init__(self, scene: Scene, git: str) -> None:
        self.git_path = git
        self.upstream = scene.temp.parent / "upstream"
        self.upstream.mkdir()
        self.event = scene.temp / "event.json"
        programs = scene.temp.parent / "programs"
        programs.mkdir()
        for name in ("git", "uv"):
            if found := git if name == "git" else shutil.which(name, path=scene.path):
                (programs / name).symlink_to(found)
        environment = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(self.event)}
        self.scene = replace(scene, path=str(programs), environment=environment)
        self.git(self.upstream, "init", "--quiet", "--initial-branch=main")
        self.git(self.upstream, "config", "uploadpack.allowAnySHA1InWant", "true")
        self.base = self.head = ""

    def git(self, folder: Path, *words: str) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.scene.temp if hasattr(self, "scene") else folder)}
        who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            [self.git_path, *who, *words], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, files: dict[str, str | None]) -> str:
        """Write files (None: take away), and commit."""
        for name, text in files.items():
            path = self.upstream / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            elif text.startswith("-> "):
                path.symlink_to(text[3:])
            else:
                path.write_text(text, encoding="utf-8")
        self.git(self.upstream, "add", "--all")
        self.git(self.upstream, "commit", "--quiet", "--allow-empty", "--message=change")
        return self.git(self.upstream, "rev-parse", "HEAD")

    def open(self, base: dict[str, str | None], change: dict[str, str | None], depth: str = "--depth=1") -> None:
        """Commit both, and check out what the pull request would be once it is merged."""
        self.base = self.commit(base)
        self.git(self.upstream, "checkout", "--quiet", "-b", "change")
        self.head = self.commit(change)
        self.git(self.upstream, "checkout", "--quiet", "main")
        self.git(self.upstream, "merge", "--quiet", "--no-ff", "--message=merge", "change")
        self.event.write_text(json.dumps({"pull_request": {"base": {"sha": self.base}, "head": {"sha": self.head}}}))
        place = self.scene.workspace
        self.git(place, "clone", "--quiet", *([depth] if depth else []), self.upstream.as_uri(), ".")

    def run(self, **given: str) -> Outcome:
        return self.scene.run(**given)


@pytest.fixture
def pull(scene: Scene, tool: Tool) -> Pull:
    return Pull(scene, tool("git"))


def warnings(outcome: Outcome) -> list[str]:
    return [
        command.data for command in outcome.commands if command.name == "warning" and "file" not in command.properties
    ]


def test_a_policy_of_the_pull_request_does_not_count_and_is_shown(pull: Pull) -> None:
    pull.open({"compose.yaml": COMPOSE, ".modellint.yaml": ON}, {".modellint.yaml": OFF, "app/compose.yaml": COMPOSE})
    outcome = pull.run()
    assert (outcome.outputs["exit-code"], outcome.outputs["errors"]) == ("1", "2")
    said = "`.modellint.yaml`: this policy was changed; the version before the change is in force"
    assert warnings(outcome) == [said]
    assert f"- {said}" in outcome.step("Check").summary.replace("&#59;", ";")
    assert said in pull.run(annotations="false").step("Check").stdout
    assert pull.run(policy_from="head").outputs["exit-code"] == "0"
    assert "modellint-base" not in str(outcome.steps)


def test_a_policy_of_the_base_counts(pull: Pull) -> None:
    pull.open({"compose.yaml": COMPOSE, ".modellint.yaml": OFF}, {"README.md": "more\n"})
    outcome = pull.run()
    assert (outcome.outputs["exit-code"], warnings(outcome)) == ("0", [])
    assert "`.modellint.yaml` is in force: it disables 1 rule" in outcome.step("Check").stdout


def test_an_ignore_comment_of_the_pull_request_does_not_count(pull: Pull) -> None:
    pull.open({"compose.yaml": COMPOSE, "old/compose.yaml": IGNORED}, {"compose.yaml": IGNORED})
    outcome = pull.run()
    assert outcome.outputs["errors"] == "1"
    [said] = warnings(outcome)
    assert said.startswith("`compose.yaml:4`: this ignore comment for `undefined-model` is new in this change")


def test_a_policy_that_the_workflow_names_is_that_of_the_base(pull: Pull) -> None:
    pull.open({"deploy/compose.yaml": COMPOSE, "deploy/own.yml": ON}, {"deploy/own.yml": OFF})
    assert pull.run(working_directory="deploy", policy="own.yml").outputs["errors"] == "1"
    assert pull.run(working_directory="deploy", policy="own.yml", policy_from="head").outputs["errors"] == "0"


def test_links_of_the_base_are_followed_in_the_base(pull: Pull) -> None:
    """Also where the pull request has turned them."""
    base: dict[str, str | None] = {
        "compose.yaml": COMPOSE,
        ".modellint.yaml": "-> ops/policy.yaml",
        "ops/policy.yaml": ON,
    }
    pull.open(base, {"ops/policy.yaml": OFF})
    assert pull.run().outputs["errors"] == "1"


@pytest.mark.parametrize("depth", ["--depth=1", ""])
def test_the_base_is_fetched_where_it_is_missing(pull: Pull, depth: str) -> None:
    pull.open({"compose.yaml": COMPOSE, ".modellint.yaml": OFF}, {"README.md": "more\n"}, depth)
    before = pull.git(pull.scene.workspace, "rev-list", "--count", "--all")
    assert pull.run().outputs["exit-code"] == "0"
    assert pull.git(pull.scene.workspace, "rev-list", "--count", "--all") == before
    assert pull.git(pull.scene.workspace, "status", "--porcelain") == ""


def test_a_base_that_cannot_be_read_switches_nothing_off_and_passes_nothing(pull: Pull) -> None:
    pull.open({"compose.yaml": IGNORED, ".modellint.yaml": OFF}, {"README.md": "more\n"})
    shutil.rmtree(pull.upstream)
    outcome = pull.run()
    assert (outcome.outputs["exit-code"], outcome.outputs["errors"]) == ("2", "1")
    [said] = [
        command.data
        for command in outcome.commands
        if command.name == "error" and command.properties == {"title": "modellint"}
    ]
    assert said.startswith("The base of the pull request cannot be read (`git fetch` exited with status 128)")
    assert "`policy-from: head`" in said
    assert len(warnings(outcome)) == 1
    assert str(pull.upstream) not in str(outcome.steps)


def test_a_named_policy_that_cannot_be_read_is_not_passed_over(pull: Pull) -> None:
    """It may demand what nothing else does."""
    strict = "version: 1\nrules: {unpinned-image: {severity: error}}\nallow: {registries: [registry.example]}\n"
    pull.open({"compose.yaml": COMPOSE, "own.yaml": strict, "own.policy": strict}, {"README.md": "more\n"})
    outcome = pull.run(policy="own.policy")
    assert outcome.outputs["exit-code"] == "2"
    assert "must end with .yaml" in str(outcome.commands)
    shutil.rmtree(pull.upstream)
    outcome = pull.run(policy="own.yaml")
    assert outcome.outputs["exit-code"] == "2"
    assert "and so neither can the file in `policy`" in str(outcome.commands)


@pytest.mark.parametrize(
    "event",
    [
        "", "[]", "{}", '{"pull_request": []}', '{"pull_request": {"base": {"sha": "--upload-pack=touch PWNED"}}}',
        '{"pull_request": {"base": {"sha": "HEAD"}}}',
    ],
)  # fmt: skip
def test_an_event_without_a_base_is_refused(event: str, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(event)
    with pytest.raises(entry.base_commit.Unreadable, match="event"):
        entry.base_commit.base_commit(str(path))
    path.write_text(json.dumps({"merge_group": {"base_sha": "a" * 40}}))
    assert entry.base_commit.base_commit(str(path)) == "a" * 40


def test_without_git_or_a_repository_there_is_no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"base": {"sha": "a" * 40}}}))
    put = entry.base_commit.put_base
    with pytest.raises(entry.base_commit.Unreadable, match="contains no repository"):
        put(str(tmp_path / "into"), str(tmp_path), str(tmp_path), str(event))
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(entry.base_commit.Unreadable, match="`git` is not on PATH"):
        put(str(tmp_path / "into"), str(tmp_path), str(tmp_path), str(event))


def test_nothing_of_the_repository_runs(pull: Pull) -> None:
    """Neither filters, nor hooks, nor a git that lies in the workspace."""
    attributes = "* filter=evil diff=evil text eol=crlf ident\n"
    pull.open(
        {"compose.yaml": COMPOSE, ".modellint.yaml": OFF, ".gitattributes": attributes, "git": HOSTILE, "sh": HOSTILE},
        {".gitattributes": attributes, "base_commit.py": "open('PWNED', 'w')\n"},
    )
    workspace = pull.scene.workspace
    for name in ("filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "core.fsmonitor"):
        pull.git(workspace, "config", name, "touch PWNED; cat")
    for hook in ("post-checkout", "reference-transaction", "post-merge", "pre-auto-gc"):
        (workspace / ".git/hooks").mkdir(exist_ok=True)
        (workspace / ".git/hooks" / hook).write_text("#!/bin/sh\ntouch PWNED\n")
        (workspace / ".git/hooks" / hook).chmod(0o755)
    assert pull.run().outputs["exit-code"] == "0"
    assert not list(workspace.rglob("PWNED"))
    assert not list(pull.scene.temp.rglob("PWNED"))


TOUCH = shutil.which("touch")  # with its path: the job has few programs
COMMANDS = {
    "core.sshCommand": ("ssh://127.0.0.1/x", f"{TOUCH} {{}}; false"),
    "core.gitProxy": ("git://127.0.0.1/x", f"{TOUCH} {{}}"),
    "remote.origin.uploadpack": ("{upstream}", f"{TOUCH} {{}};"),
    "protocol.ext.allow": (f"ext::{TOUCH} {{}}", "always"),
    "remote.origin.vcs": (f"{TOUCH} {{}}", "ext"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_repository_inside_of_the_checkout_is_not_asked(pull: Pull, tmp_path: Path, name: str) -> None:
    """Whatever it is configured to run."""
    pull.open({"sub/compose.yaml": COMPOSE, ".modellint.yaml": OFF}, {"README.md": "more\n"})
    ran = tmp_path / "PWNED"
    url, value = (each.format(ran, upstream=pull.upstream.as_uri()) for each in COMMANDS[name])
    inside = pull.scene.workspace / "sub"
    pull.git(inside, "init", "--quiet")
    pull.git(inside, "config", "remote.origin.url", url)
    pull.git(inside, "config", name, value)
    outcome = pull.run(working_directory="sub")
    assert not ran.exists()
    assert outcome.outputs["exit-code"] == "0"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "core.sshCommand"])
def test_the_checkout_itself_runs_nothing_but_git(pull: Pull, tmp_path: Path, name: str) -> None:
    """And the `core.sshCommand` that actions/checkout writes for a key."""
    pull.open({"compose.yaml": COMPOSE, ".modellint.yaml": OFF}, {"README.md": "more\n"})
    ran = tmp_path / "PWNED"
    url, value = (each.format(ran, upstream=pull.upstream.as_uri()) for each in COMMANDS[name])
    pull.git(pull.scene.workspace, "config", "remote.origin.url", url)
    pull.git(pull.scene.workspace, "config", name, value)
    pull.run()
    assert not ran.exists()


def test_a_checkout_in_a_folder_of_the_workspace_is_found(tmp_path: Path) -> None:
    for folder in ("repository/.git", "repository/sub/.git", "repository/sub/deep"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    found = entry.base_commit._repository(str(tmp_path / "repository/sub/deep"), str(tmp_path))
    assert found == os.path.realpath(tmp_path / "repository")


def test_when_the_base_counts() -> None:
    def chosen(value: str, event: str) -> str:
        return entry._policy_from({f"{entry.PREFIX}POLICY_FROM": value, "GITHUB_EVENT_NAME": event})

    events = {"pull_request": "base", "pull_request_target": "base", "push": "head", "merge_group": "head"}
    assert {event: chosen("", event) for event in events} == events
    assert {chosen("base", event) for event in events} == {"base"}
    assert {chosen("head", event) for event in events} == {"head"}
    with pytest.raises(entry.Refused, match="`policy-from` must be one of base, head, not `Base`"):
        chosen("Base", "push")


def baseline(folder: Path) -> str:
    """The baseline of a folder with the findings of `UNPINNED`."""
    folder.mkdir()
    (folder / "compose.yaml").write_text(UNPINNED)
    words = [sys.executable, "-m", "modellint", "check", "--write-baseline", "known.json"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return (folder / "known.json").read_text()


@pytest.mark.parametrize("name", ["known.json", "ops/known"])
def test_a_baseline_is_that_of_the_base(pull: Pull, tmp_path: Path, name: str) -> None:
    known = baseline(tmp_path / "known")
    pull.open({"compose.yaml": UNPINNED}, {name: known})
    outcome = pull.run(baseline=name, fail_on="warning")
    assert (outcome.outputs["exit-code"], outcome.outputs["warnings"]) == ("1", "1")
    assert warnings(outcome) == [f"`{name}`: this baseline has changed; the one before the change is used"]
    assert pull.run(baseline=name, policy_from="head").outputs["findings"] == "0"


def test_a_baseline_of_the_base_counts_whatever_it_is_called(pull: Pull, tmp_path: Path) -> None:
    known = baseline(tmp_path / "known")
    pull.open({"compose.yaml": UNPINNED, "ops/known": known}, {"README.md": "more\n"})
    outcome = pull.run(working_directory="ops", paths="..", baseline="known")
    assert (outcome.outputs["findings"], warnings(outcome)) == ("0", [])
