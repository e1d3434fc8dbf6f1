"""Policies, baselines and `init` as a user meets them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modellint.policy.schema import json_schema
from modellint.policy.subjects import SHAPES

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


STARTS = COMPOSE.replace("'1'", "1")


def test_init_accepts_what_is_found_today(folder: Path) -> None:
    (folder / "compose.yaml").write_text(STARTS)
    done = run(folder, "init", "--today", "2026-11-26")
    assert (done.returncode, done.stdout) == (0, "wrote .modellint.yaml with 2 exceptions\n")
    text = (folder / ".modellint.yaml").read_text()
    assert text.count("expires: 2027-02-24") == text.count("reason: TODO") == 2
    after = run(folder, "check", "--today", "2026-11-26", "--fail-on", "note")
    assert after.returncode == 0
    assert after.stdout.splitlines() == [
        "no problems in 1 file",
        "= the policy `.modellint.yaml` is in force",
        "= not counted: 2 findings (2 excepted by policies)",
    ]
    assert run(folder, "check", "--today", "2027-02-25", "--fail-on", "warning").returncode == 1
    assert run(folder, "init").returncode == 2


def test_init_accepts_nothing_that_keeps_the_project_from_starting(folder: Path) -> None:
    (folder / "compose.yaml").write_text(COMPOSE + "    runtime_flags: [--temp=0.2]\n")
    done = run(folder, "init")
    assert done.returncode == 1
    assert done.stdout == (
        "wrote .modellint.yaml with 2 exceptions\n"
        "2 errors are not accepted, because Compose or the runner rejects them; fix them:\n"
        "  compose.yaml:8:19 invalid-compose: `context_size` must be a whole number, and Compose does not convert the "
        "text `1`: it rejects the file\n"
        "  compose.yaml:9:21 joined-flag: llama-server rejects `--temp=0.2` and does not start: `--temp` and its value "
        "must be separate list items\n"
    )
    after = run(folder, "check", "--format", "json")
    assert after.returncode == 1
    assert [each["rule"] for each in json.loads(after.stdout)["findings"]] == ["invalid-compose", "joined-flag"]


TWICE = STARTS + '    runtime_flags: [--temp, "1", --temp, "2"]\n'


def test_an_exception_that_init_writes_is_for_one_finding(folder: Path) -> None:
    """Not for whatever its rule finds in the model; and it stays when lines move."""
    path = folder / "compose.yaml"
    path.write_text(TWICE)
    assert run(folder, "init").returncode == 0
    text = (folder / ".modellint.yaml").read_text()
    assert '    where: "compose.yaml#models.llm.runtime_flags"\n    about: "--temp"\n' in text
    path.write_text("# one\n" + TWICE.replace("[--temp", '[--top-k, "1", --top-k, "2", --temp'))
    found = json.loads(run(folder, "check", "--format", "json").stdout)["findings"]
    assert [(each["rule"], each["message"].split("`")[1]) for each in found] == [("duplicated-flags", "--top-k")]


def test_what_init_writes_of_a_secret_is_no_secret(folder: Path) -> None:
    secret = "sk-proj-abcdefghijklmnop1234567890"
    (folder / "compose.yaml").write_text(
        STARTS.replace("    models", f"    environment: {{OPENAI_API_KEY: {secret}}}\n    models")
    )
    assert run(folder, "init").returncode == 0
    run(folder, "check", "--policy", "recommended", "--write-baseline", "base.json")
    for name in (".modellint.yaml", "base.json"):
        text = (folder / name).read_text()
        assert "environment.OPENAI_API_KEY" in text
        assert secret not in text
    assert run(folder, "check", "--fail-on", "note").returncode == 0
    assert (
        run(folder, "check", "--policy", "recommended", "--baseline", "base.json", "--fail-on", "note").returncode == 0
    )


@pytest.mark.parametrize("name", ["a#b.yaml", "q\"'.yaml", "\u0085 \U0001f600.yaml"])
def test_init_writes_a_policy_that_can_be_read(folder: Path, name: str) -> None:
    long = "x" * 400
    (folder / name).write_text(STARTS + f"  {long}:\n    model: ai/smollm2\n")
    assert run(folder, "init", name).returncode == 0
    after = run(folder, "check", "--fail-on", "note", name)
    assert after.returncode == 0, after.stdout + after.stderr


def test_a_baseline_fails_only_for_what_is_new(folder: Path) -> None:
    path = folder / "compose.yaml"
    path.write_text(STARTS)
    assert run(folder, "check", "--write-baseline", "base.json").returncode == 0
    same = run(folder, "check", "--baseline", "base.json", "--fail-on", "note")
    assert (same.returncode, same.stdout) == (0, "no problems in 1 file, 2 more in the baseline\n")
    path.write_text("# one\n# two\n" + STARTS)
    moved = run(folder, "check", "--baseline", "base.json", "--fail-on", "note")
    assert moved.returncode == 0, moved.stdout
    path.write_text(STARTS + "  spare:\n    model: ai/smollm2\n")
    new = run(folder, "check", "--baseline", "base.json", "--format", "json", "--fail-on", "note")
    assert new.returncode == 1
    assert {(each["rule"], each["start"]["line"]) for each in json.loads(new.stdout)["findings"]} >= {
        ("unused-model", 9)
    }
    assert all(each["start"]["line"] > 8 for each in json.loads(new.stdout)["findings"])


def test_a_baseline_knows_a_finding_by_what_it_is_about(folder: Path) -> None:
    """One more flag in a list on one line brings back none of the old findings."""
    path = folder / "compose.yaml"
    keys = STARTS.replace("    models", "    environment: [{}]\n    models")
    path.write_text(keys.format("OPENAI_API_KEY, GROQ_API_KEY"))
    run(folder, "check", "--write-baseline", "base.json")
    written = json.loads((folder / "base.json").read_text())
    place = {"path": "compose.yaml", "at": "services.app.environment"}
    assert {"rule": "leaked-variable", **place, "about": "OPENAI_API_KEY", "count": 1} in written["findings"]
    path.write_text(keys.format("OPENAI_API_KEY, XAI_API_KEY, GROQ_API_KEY"))
    new = json.loads(run(folder, "check", "--baseline", "base.json", "--format", "json").stdout)["findings"]
    assert [each["message"].split("`")[1] for each in new] == ["XAI_API_KEY"]


def test_a_baseline_holds_and_covers_nothing_that_keeps_a_project_from_starting(folder: Path) -> None:
    (folder / "compose.yaml").write_text(COMPOSE + "    runtime_flags: [--temp=1]\n")
    done = run(folder, "check", "--write-baseline", "base.json")
    assert (done.returncode, "invalid-compose" in done.stdout, "joined-flag" in done.stdout) == (1, True, True)
    known = json.loads((folder / "base.json").read_text())
    assert {each["rule"] for each in known["findings"]} == {"mutable-tag", "unpinned-model"}
    known["findings"] += [
        {**known["findings"][0], "rule": "invalid-compose", "at": "models.llm.context_size", "about": "'1'"}
    ]
    (folder / "base.json").write_text(json.dumps(known))
    assert run(folder, "check", "--baseline", "base.json").returncode == 1


def test_a_baseline_of_an_earlier_version_is_read(folder: Path) -> None:
    def mark(rule: str, line: str) -> str:
        return hashlib.sha256(f"{rule}\0compose.yaml\0{line}".encode()).hexdigest()[:32]

    (folder / "compose.yaml").write_text(STARTS)
    known = {mark("mutable-tag", "model: ai/smollm2"): 1}
    (folder / "base.json").write_text(json.dumps({"version": 1, "findings": known}))
    left = json.loads(run(folder, "check", "--baseline", "base.json", "--format", "json").stdout)["findings"]
    assert [each["rule"] for each in left] == ["unpinned-model"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"version": 2, "findings": {}}',
        '{"version": 1, "findings": {"a": "b"}}',
        '{"version": 3}',
        '{"version": 2, "findings": [{"rule": "a"}]}',
        '{"version": 2, "findings": [{"rule": 1, "count": 1}]}',
    ],
)
def test_what_is_no_baseline(folder: Path, text: str) -> None:
    (folder / "base.json").write_text(text)
    done = run(folder, "check", "--baseline", "base.json")
    assert done.returncode == 2
    assert "is not a baseline" in done.stderr
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
    assert (good.returncode, good.stdout) == (0, f"{path}: 3 of 3 examples passed\n")
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
    assert "p.yaml:3:3: unknown rule `unused-modle`; did you mean `unused-model`?" in done.stderr


def test_show_says_where_each_line_comes_from(folder: Path) -> None:
    (folder / "p.yaml").write_text("version: 1\nextends: [airgapped]\nrules:\n  unused-model: {severity: note}\n")
    shown = run(folder, "policy", "show", "p.yaml").stdout
    assert "  unused-model: {severity: note} # p.yaml:4\n" in shown
    assert "  unchecked-name: {severity: error} # rule default\n" in shown
    assert "airgapped.yaml:" in shown
    assert run(folder, "policy", "check", "recommended").returncode == 0
    assert json.loads(run(folder, "policy", "schema").stdout)["title"] == "Policy"
    assert run(folder, "policy", "shwo").returncode == 2


def test_fix_heeds_the_policy(folder: Path) -> None:
    (folder / "compose.yaml").write_text(COMPOSE + "  spare:\n    model: ai/smollm2\n")
    (folder / ".modellint.yaml").write_text("version: 1\nexceptions: [{rule: unused-model, reason: later}]\n")
    assert "unused-model" not in run(folder, "fix", "--unsafe", "--check").stdout
    (folder / ".modellint.yaml").unlink()
    assert "unused-model" in run(folder, "fix", "--unsafe", "--check").stdout


def test_a_day_is_a_day(folder: Path) -> None:
    assert run(folder, "check", "--today", "tomorrow").returncode == 2


def test_the_keys_that_a_check_sees(folder: Path) -> None:
    done = run(folder, "policy", "keys")
    assert (done.returncode, done.stderr) == (0, "")
    for shape in SHAPES.values():
        assert all(f"`{key}`" in done.stdout for key in shape)
    assert "policy keys" in json_schema()


def test_a_name_of_a_policy_is_misspelt(folder: Path) -> None:
    done = run(folder, "check", "--policy", "strct")
    assert (done.returncode, done.stderr) == (2, "modellint: strct: does not exist; did you mean `strict`?\n")


def test_policy_check_names_exceptions_that_cover_nothing(folder: Path) -> None:
    (folder / "p.yaml").write_text(
        "version: 1\nexceptions:\n"
        "  - {rule: unused-model, reason: r, where: deploy/compose.yaml}\n"
        "  - {rule: unused-model, reason: r, expires: 2020-01-31}\n"
    )
    done = run(folder, "policy", "check", "p.yaml")
    assert (done.returncode, done.stdout) == (0, "p.yaml is a valid policy\n")
    assert done.stderr.splitlines() == [
        f"modellint: p.yaml:3:44: there is no `deploy/compose.yaml` in `{folder.name}`, the directory of this policy, "
        "to which `where` is relative: this exception for `unused-model` covers nothing; did you mean `compose.yaml`?",
        "modellint: p.yaml:4:46: this exception for `unused-model` expired on 2020-01-31; "
        "fix the findings that it covers, or set a later `expires` date",
    ]


def test_init_writes_into_the_folder_that_is_named(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "compose.yaml").unlink()
    (folder / "sub" / "compose.yaml").write_text(STARTS)
    done = run(folder, "init", "sub")
    assert (done.returncode, done.stdout) == (0, "wrote sub/.modellint.yaml with 2 exceptions\n")
    assert not (folder / ".modellint.yaml").exists()
    assert 'where: "compose.yaml#' in (folder / "sub" / ".modellint.yaml").read_text()
    assert run(folder, "check", "sub", "--fail-on", "note").returncode == 0
    assert "sub/.modellint.yaml` already exists" in run(folder, "init", "sub").stderr


def test_a_policy_of_a_folder(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / ".modellint.yaml").write_text("version: 1\nrules: {unpinned-model: {severity: note}}\n")
    shown = run(folder, "policy", "show", "sub")
    assert shown.returncode == 0
    assert "unpinned-model: {severity: note} # sub/.modellint.yaml:2" in shown.stdout
    assert run(folder, "policy", "check", "sub").stdout == "sub/.modellint.yaml is a valid policy\n"


@pytest.mark.parametrize("words", [["test"], ["check"], ["test", "sub"]])
def test_where_there_is_no_policy_none_is_tested(words: list[str], folder: Path) -> None:
    (folder / "sub").mkdir()
    done = run(folder, "policy", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "has no policy: there is no `.modellint.yaml` in it or in a parent directory" in done.stderr


def test_a_policy_without_examples_says_so(folder: Path) -> None:
    done = run(folder, "policy", "test", "strict")
    assert (done.returncode, done.stdout) == (0, "strict: no examples to test, because it has no `checks`\n")
