"""Policies, baselines and `init` as a user meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
COMPOSE = """\
services:
  app:
    image: app:1
    models: [llm]
models:
  llm:
    model: ai/smollm2
    context_size: '1'
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "modellint", *words],
        cwd=folder, env={"HOME": str(folder), "PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    return tmp_path


def test_init_accepts_what_is_found_today(folder: Path) -> None:
    assert run(folder, "check").returncode == 1
    done = run(folder, "init", "--today", "2026-11-26")
    assert (done.returncode, done.stdout) == (0, ".modellint.yaml is written, with 3 exceptions\n")
    text = (folder / ".modellint.yaml").read_text()
    assert text.count("expires: 2027-02-24") == text.count("reason: TODO") == 3
    after = run(folder, "check", "--today", "2026-11-26", "--fail-on", "note")
    assert after.returncode == 0
    assert after.stdout.splitlines() == [
        "no problems in 1 file",
        "= the policy `.modellint.yaml` is in force",
        "= not counted: 3 findings (3 excepted by policies)",
    ]
    assert run(folder, "check", "--today", "2027-02-25").returncode == 1
    assert run(folder, "init").returncode == 2


def test_a_baseline_fails_only_for_what_is_new(folder: Path) -> None:
    assert run(folder, "check", "--write-baseline", "base.json").returncode == 0
    same = run(folder, "check", "--baseline", "base.json", "--fail-on", "note")
    assert (same.returncode, same.stdout) == (0, "no problems in 1 file, 3 more in the baseline\n")
    path = folder / "compose.yaml"
    path.write_text("# one\n# two\n" + COMPOSE)
    moved = run(folder, "check", "--baseline", "base.json", "--fail-on", "note")
    assert moved.returncode == 0, moved.stdout
    path.write_text(COMPOSE + "  spare:\n    model: ai/smollm2\n")
    new = run(folder, "check", "--baseline", "base.json", "--format", "json", "--fail-on", "note")
    assert new.returncode == 1
    assert {(each["rule"], each["start"]["line"]) for each in json.loads(new.stdout)["findings"]} >= {
        ("unused-model", 9)
    }
    assert all(each["start"]["line"] > 8 for each in json.loads(new.stdout)["findings"])


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version": 2, "findings": {}}', '{"version": 1, "findings": {"a": "b"}}']
)
def test_what_is_no_baseline(folder: Path, text: str) -> None:
    (folder / "base.json").write_text(text)
    done = run(folder, "check", "--baseline", "base.json")
    assert done.returncode == 2
    assert "is no baseline" in done.stderr
    assert run(folder, "check", "--baseline", "none.json").returncode == 2


def test_the_platform_policy(tmp_path: Path) -> None:
    shown = run(
        ROOT,
        "check",
        "--policy",
        "fixtures/policies/platform.yaml",
        "--today",
        "2026-11-26",
        "--quiet",
        "fixtures/acme",
    )
    assert shown.returncode == 1
    lines = sorted(
        line.split(" ")[1] + line.split(" ")[0].removeprefix("fixtures/") for line in shown.stdout.splitlines()
    )
    assert lines == [
        "error[forbidden-flag]acme/compose.yaml:34:39",
        "error[forbidden-model]acme/compose.yaml:36:12",
        "error[forbidden-registry]acme/compose.yaml:36:12",
        "error[small-context]acme/compose.yaml:33:19",
        "error[ungranted-model]acme/compose.yaml:26:7",
        "error[ungranted-model]acme/compose.yaml:9:7",
        "error[unpinned-model]acme/compose.yaml:36:12",
        "warning[expired-exception]policies/platform.yaml:30:14",
        "warning[unused-exception]policies/platform.yaml:31:11",
    ]


def test_policy_test_is_red_when_an_example_is_broken(tmp_path: Path) -> None:
    path = "fixtures/policies/platform.yaml"
    good = run(ROOT, "policy", "test", path)
    assert (good.returncode, good.stdout) == (0, f"{path}: 3 of 3 examples as expected\n")
    broken = (ROOT / path).read_text().replace("context_size: 8192}", "context_size: 8193}")
    (tmp_path / "platform.yaml").write_text(broken)
    bad = run(tmp_path, "policy", "test", "platform.yaml")
    assert bad.returncode == 1
    assert "platform.yaml:" in bad.stderr
    assert "2 of 3" in bad.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--policy", "p.yaml"),
        ("fix", "--policy", "p.yaml"),
        ("policy", "check", "p.yaml"),
        ("policy", "test", "p.yaml"),
        ("policy", "show", "p.yaml"),
    ],
)
def test_a_policy_with_a_mistake_never_passes(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "p.yaml").write_text("version: 1\nrules:\n  unused-modle: {severity: error}\n")
    done = run(folder, *words)
    assert done.returncode == 2
    assert "p.yaml:3:3: no rule is named `unused-modle`; did you mean `unused-model`?" in done.stderr


def test_show_says_where_each_line_comes_from(folder: Path) -> None:
    (folder / "p.yaml").write_text("version: 1\nextends: [airgapped]\nrules:\n  unused-model: {severity: note}\n")
    shown = run(folder, "policy", "show", "p.yaml").stdout
    assert "  unused-model: {severity: note} # p.yaml:4\n" in shown
    assert "  unchecked-name: {severity: error} # the rule's own\n" in shown
    assert "airgapped.yaml:" in shown
    assert run(folder, "policy", "check", "recommended").returncode == 0
    assert json.loads(run(folder, "policy", "schema").stdout)["title"] == "Policy"
    assert run(folder, "policy", "shwo").returncode == 2


def test_fix_heeds_the_policy(folder: Path) -> None:
    (folder / ".modellint.yaml").write_text("version: 1\nexceptions: [{rule: invalid-compose, reason: later}]\n")
    assert "invalid-compose" not in run(folder, "fix", "--unsafe", "--check").stdout
    (folder / ".modellint.yaml").unlink()
    assert "invalid-compose" in run(folder, "fix", "--unsafe", "--check").stdout


def test_a_day_is_a_day(folder: Path) -> None:
    assert run(folder, "check", "--today", "tomorrow").returncode == 2


def test_init_writes_into_the_folder_that_is_named(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "compose.yaml").rename(folder / "sub" / "compose.yaml")
    done = run(folder, "init", "sub")
    assert (done.returncode, done.stdout) == (0, "sub/.modellint.yaml is written, with 3 exceptions\n")
    assert not (folder / ".modellint.yaml").exists()
    assert 'where: "compose.yaml#' in (folder / "sub" / ".modellint.yaml").read_text()
    assert run(folder, "check", "sub", "--fail-on", "note").returncode == 0
    assert "sub/.modellint.yaml` is there already" in run(folder, "init", "sub").stderr


def test_a_policy_of_a_folder(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / ".modellint.yaml").write_text("version: 1\nrules: {unpinned-model: {severity: note}}\n")
    shown = run(folder, "policy", "show", "sub")
    assert shown.returncode == 0
    assert "unpinned-model: {severity: note} # sub/.modellint.yaml:2" in shown.stdout
    assert run(folder, "policy", "check", "sub").stdout == "sub/.modellint.yaml is a policy\n"


@pytest.mark.parametrize("words", [["test"], ["check"], ["test", "sub"]])
def test_where_there_is_no_policy_none_is_tested(words: list[str], folder: Path) -> None:
    (folder / "sub").mkdir()
    done = run(folder, "policy", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "has no policy: there is no `.modellint.yaml` in it or above it" in done.stderr


def test_a_policy_without_examples_says_so(folder: Path) -> None:
    done = run(folder, "policy", "test", "strict")
    assert (done.returncode, done.stdout) == (0, "strict: there are no `checks` in it, and so no examples to test\n")
