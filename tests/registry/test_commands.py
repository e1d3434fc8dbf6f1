"""`fix --pin`, `check --online` and `resolve` as a user runs them, against the real registry."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from support.registry.program import run
from support.registry.push import Registry
from support.registry.raw import Host


@pytest.fixture
def application(registry: Registry, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Three models (a tag, a tag and a digest, a tag that has moved), two images and an index."""
    name = f"app{abs(hash(tmp_path)) % 10_000_000}"
    digests = {
        "llm": registry.push_model(f"{name}/llm", "1B-Q4_K_M", context=8192),
        "coder": registry.push_model(f"{name}/coder", "7B"),
        "old": registry.push_model(f"{name}/embed", "v1", context=512),
        "app": registry.push_image(f"{name}/app", "1.4"),
        "db": registry.push_image(f"{name}/db", "16"),
        "cache": registry.push_index(f"{name}/cache", "8"),
    }
    digests["new"] = registry.push_model(f"{name}/embed", "v1", context=1024)
    host = f"{registry.host}/{name}"
    (tmp_path / "compose.yaml").write_text(
        "# the application\n"
        "services:\n"
        "  app:\n"
        f"    image: {host}/app:1.4\n"
        "    models: [llm, coder, embed]\n"
        "  db:\n"
        f"    image: '{host}/db:16'   # the database\n"
        "  cache:\n"
        f"    image: {host}/cache:8\n"
        "models:\n"
        "  llm:\n"
        f"    model: {host}/llm:1B-Q4_K_M # small\n"
        "    context_size: 32768\n"
        "  coder:\n"
        f"    model: {host}/coder:7B@{digests['coder']}\n"
        "  embed:\n"
        f"    model: {host}/embed@{digests['old']} # v1\n"
    )
    return tmp_path, {**digests, "host": host}


def changed_lines(diff: str) -> list[str]:
    return [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_pin(application: tuple[Path, dict[str, str]]) -> None:
    folder, known = application
    host = known["host"]
    before = (folder / "compose.yaml").read_text()
    shown = run(folder, "fix", "--pin", "--diff", "compose.yaml")
    assert shown.returncode == 0, shown.stderr
    assert (folder / "compose.yaml").read_text() == before
    assert changed_lines(shown.stdout) == [
        f"-    image: {host}/app:1.4",
        f"+    image: {host}/app:1.4@{known['app']}",
        f"-    image: '{host}/db:16'   # the database",
        f"+    image: '{host}/db:16@{known['db']}'   # the database",
        f"-    image: {host}/cache:8",
        f"+    image: {host}/cache:8@{known['cache']}",
        f"-    model: {host}/llm:1B-Q4_K_M # small",
        f"+    model: {host}/llm@{known['llm']} # 1B-Q4_K_M # small",
        f"-    model: {host}/coder:7B@{known['coder']}",
        f"+    model: {host}/coder@{known['coder']} # 7B",
    ]
    done = run(folder, "fix", "--pin", "compose.yaml")
    assert done.returncode == 0
    assert done.stdout.count("fixed[") == 5
    after = (folder / "compose.yaml").read_text()
    loaded = subprocess.run(
        ["docker-compose", "config", "-q"], cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )  # fmt: skip
    assert loaded.returncode == 0, loaded.stderr
    again = run(folder, "fix", "--pin", "compose.yaml")
    assert (again.returncode, again.stdout) == (0, "")
    assert (folder / "compose.yaml").read_text() == after


def test_stale_pins(application: tuple[Path, dict[str, str]]) -> None:
    folder, known = application
    run(folder, "fix", "--pin")
    stale = run(folder, "fix", "--pin", "--check")
    assert stale.returncode == 1
    assert (
        f"compose.yaml:17:12 stale[stale-pin] the tag `v1` of `{known['host']}/embed` now points to a different digest"
        in stale.stderr
    )
    moved = run(folder, "fix", "--pin", "--update", "--diff")
    assert changed_lines(moved.stdout) == [
        f"-    model: {known['host']}/embed@{known['old']} # v1",
        f"+    model: {known['host']}/embed@{known['new']} # v1",
    ]
    assert run(folder, "fix", "--pin", "--update").returncode == 0
    assert run(folder, "fix", "--pin", "--check").returncode == 0


@pytest.mark.parametrize("words", [(), ("--no-cache",)])
def test_a_fresh_pin_is_not_taken_back(
    registry: Registry, application: tuple[Path, dict[str, str]], words: tuple[str, ...]
) -> None:
    """A tag moves after a check has heard what it was: to the next runs the new pin is no stale one."""
    folder, known = application
    select = ("--select", "stale-pin")
    assert "stale-pin" in run(folder, "check", "--online", *select).stdout
    name = known["host"].partition("/")[2]
    newest = registry.push_model(f"{name}/embed", "v1", context=2048)
    assert run(folder, "fix", "--pin", "--update", *select, *words).returncode == 0
    text = (folder / "compose.yaml").read_text()
    assert f"{known['host']}/embed@{newest} # v1" in text
    again = run(folder, "check", "--online", *select)
    assert (again.returncode, again.stdout) == (0, "no problems in 1 file\n"), again.stderr
    assert run(folder, "fix", "--pin", "--update", *select).returncode == 0
    assert (folder / "compose.yaml").read_text() == text


def test_check_finds_what_is_unpinned_too(application: tuple[Path, dict[str, str]]) -> None:
    folder, _ = application
    assert run(folder, "fix", "--pin", "--check").returncode == 1


def test_online_rules(application: tuple[Path, dict[str, str]]) -> None:
    folder, known = application
    host = known["host"]
    with (folder / "compose.yaml").open("a") as file:
        file.write(f"  image:\n    model: {host}/db:16\n  none:\n    model: {host}/llm:no-such-tag\n")
    checked = run(folder, "check", "--online", "--quiet", "--memory", "2MiB")
    assert checked.returncode == 1, checked.stderr
    lines = checked.stdout.splitlines()
    assert any(line.startswith("compose.yaml:13:19 warning[oversized-context]") and "8192" in line for line in lines)
    assert any(line.startswith("compose.yaml:19:12 error[wrong-artifact]") for line in lines)
    assert any("warning[stale-pin]" in line and line.startswith("compose.yaml:17:") for line in lines)
    assert any("error[missing-artifact]" in line and line.startswith("compose.yaml:21:") for line in lines)
    assert any("warning[oversized-model]" in line and line.startswith("compose.yaml:12:12") for line in lines)


def test_fixes_are_offered_in_reports(application: tuple[Path, dict[str, str]]) -> None:
    folder, known = application
    words = ("--select", "unpinned-model,unpinned-image,stale-pin")
    offered = json.loads(run(folder, "check", "--online", "--format", "json", *words).stdout)
    texts = [edit["text"] for finding in offered["findings"] for edit in finding["fix"]["edits"]]
    assert texts == [
        f"@{known['app']}", f"@{known['db']}", f"@{known['cache']}", f"@{known['llm']}", " # 1B-Q4_K_M", known["new"],
    ]  # fmt: skip
    sarif = json.loads(run(folder, "check", "--online", "--format", "sarif", *words).stdout)
    assert all(result["fixes"] for result in sarif["runs"][0]["results"])
    without = json.loads(run(folder, "check", "--format", "json", "--select", "unpinned-model").stdout)
    assert [finding["fix"] for finding in without["findings"]] == [None]


def test_an_env_file_is_pinned_and_not_shown(application: tuple[Path, dict[str, str]]) -> None:
    folder, known = application
    host = known["host"]
    (folder / "compose.yaml").write_text(
        "services:\n  app:\n    image: app\n    build: .\n    models: [llm]\nmodels:\n  llm:\n    model: ${LLM}\n"
    )
    (folder / ".env").write_text(f"SECRET=one\nLLM={host}/llm:1B-Q4_K_M\nTOKEN=two\n")
    shown = run(folder, "fix", "--pin", "--diff")
    assert changed_lines(shown.stdout) == ["-LLM=***", "+LLM=***"]
    checked = run(folder, "check", "--online", "--select", "unpinned-model", "--format", "json")
    for text in (shown.stdout, shown.stderr, checked.stdout, checked.stderr):
        assert "one" not in text
        assert "two" not in text
    assert host not in checked.stdout
    assert run(folder, "fix", "--pin").returncode == 0
    assert (folder / ".env").read_text() == f"SECRET=one\nLLM={host}/llm@{known['llm']} # 1B-Q4_K_M\nTOKEN=two\n"
    assert run(folder, "fix", "--pin", "--check").returncode == 0


def test_only_what_resolves_is_written(application: tuple[Path, dict[str, str]], registry: Registry) -> None:
    folder, known = application
    host = known["host"]
    (folder / "compose.yaml").write_text(
        "services:\n  app:\n    image: app\n    build: .\n    models: [a, b, c, d, e]\nmodels:\n"
        f"  a:\n    model: {host}/llm:1B-Q4_K_M\n  b:\n    model: {host}/llm:none\n  c:\n    model: {host}/cache:8\n"
        "  d:\n    model: localhost:1/x:1\n  e:\n    model: hf.co/org/m:Q4_K_M\n"
    )
    done = run(folder, "fix", "--pin")
    assert done.returncode == 2
    assert (folder / "compose.yaml").read_text().count("@sha256:") == 1
    assert done.stderr.count("not pinned: ") == 4
    assert f"compose.yaml:10:12: `{host}/llm:none` is not pinned: the registry has no such repository" in done.stderr
    assert "compose.yaml:14:12: `localhost:1/x:1` is not pinned: cannot connect to the registry" in done.stderr
    assert "compose.yaml:16:12: `hf.co/org/m:Q4_K_M` is not pinned: models from the Hugging Face Hub" in done.stderr
    places = [line.split(": ")[1] for line in done.stderr.splitlines() if "not pinned" in line]
    assert places == [f"compose.yaml:{line}:12" for line in (10, 12, 14, 16)]
    assert "index" in done.stderr
    assert "Hugging Face" in done.stderr


def test_an_ignored_reference_is_not_pinned(application: tuple[Path, dict[str, str]]) -> None:
    folder, known = application
    text = (
        "services:\n  app:\n    image: app\n    build: .\n    models: [a, b]\nmodels:\n"
        f"  a:\n    model: {known['host']}/llm:1B-Q4_K_M # modellint: ignore[unpinned-model] a demo\n"
        "  b:\n    model: hf.co/org/m:Q4_K_M # modellint: ignore[unpinnable-model] no mirror yet\n"
    )
    (folder / "compose.yaml").write_text(text)
    done = run(folder, "fix", "--pin", "--check")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run", "issue_comment"])
@pytest.mark.parametrize("words", [("fix", "--pin"), ("check", "--online")])
def test_a_run_that_may_see_a_strangers_files_asks_nobody(
    application: tuple[Path, dict[str, str]], event: str, words: tuple[str, ...]
) -> None:
    folder, _ = application
    before = (folder / "compose.yaml").read_text()
    refused = run(folder, *words, GITHUB_EVENT_NAME=event)
    assert refused.returncode == 2
    assert "--trusted" in refused.stderr
    assert event in refused.stderr
    assert (folder / "compose.yaml").read_text() == before
    assert run(folder, *words, "--trusted", GITHUB_EVENT_NAME=event).returncode in (0, 1)
    assert run(folder, "fix", "--pin", GITHUB_EVENT_NAME="pull_request").returncode == 0


def test_offline_uses_what_earlier_runs_were_answered(application: tuple[Path, dict[str, str]]) -> None:
    folder, _ = application
    lost = run(folder, "check", "--online", "--offline")
    assert lost.returncode == 2
    assert "--offline" in lost.stderr
    run(folder, "check", "--online")
    found = run(folder, "check", "--online", "--offline", "--quiet", "--select", "stale-pin")
    assert "stale-pin" in found.stdout


SECRET = "s3cr3t-value-of-mine"


@pytest.mark.parametrize("words", [("check", "--online"), ("fix", "--pin"), ("smoke", "--store", "../store")])
@pytest.mark.parametrize("reference", ["{}/x/${NPM_TOKEN}", "{}/x/a:v-${NPM_TOKEN}", "{}/x/${OWN}", "${NPM_TOKEN}.a/x"])
def test_no_registry_hears_a_secret(tmp_path: Path, words: tuple[str, ...], reference: str) -> None:
    """A reference is made of variables of the shell, and the registry is one of whoever wrote it."""
    (tmp_path / ".env").write_text("OWN=of-${NPM_TOKEN}\n")
    service = {"image": "{}/y:${NPM_TOKEN}", "models": ["m"]}
    with Host(lambda talk: talk.answer(404)) as host:
        text = json.dumps({"services": {"a": service}, "models": {"m": {"model": reference}}})
        (tmp_path / "compose.yaml").write_text(text.replace("{}", host.name))
        done = run(tmp_path, *words, NPM_TOKEN=SECRET)
        assert not host.seen
    assert done.returncode in (1, 2)
    assert (
        "it contains the value of `NPM_TOKEN`, and modellint sends no secret to a registry" in done.stdout + done.stderr
    )
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("GH_PAT", SECRET), ("MINE", "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cD3eF5")]
)
def test_a_secret_is_known_by_its_name_or_its_value(tmp_path: Path, name: str, value: str) -> None:
    with Host(lambda talk: talk.answer(404)) as host:
        text = json.dumps(
            {"services": {"a": {"models": ["m"]}}, "models": {"m": {"model": f"{host.name}/x:${{{name}}}"}}}
        )
        (tmp_path / "compose.yaml").write_text(text)
        done = run(tmp_path, "check", "--online", "--no-cache", **{name: value})
        assert not host.seen
    said = f"it contains the value of `{name}`, and modellint sends no secret to a registry"
    assert said in done.stdout + done.stderr
    assert value not in done.stdout + done.stderr


def test_a_value_of_the_shell_is_not_shown_where_nobody_answers(tmp_path: Path) -> None:
    text = json.dumps({"services": {"a": {"models": ["m"]}}, "models": {"m": {"model": "localhost:1/x/${OWN}:v1"}}})
    (tmp_path / "compose.yaml").write_text(text)
    done = run(tmp_path, "check", "--online", OWN="some-value")
    assert "cannot look up `localhost:1/x/${OWN}:v1`: cannot connect to the registry" in done.stderr
    assert "some-value" not in done.stdout + done.stderr


def test_resolve(application: tuple[Path, dict[str, str]]) -> None:
    folder, known = application
    shown = run(folder, "resolve", f"{known['host']}/llm:1B-Q4_K_M")
    rows = dict(line.split("  ", 1) for line in shown.stdout.splitlines())
    table = {name.strip(): value.strip() for name, value in rows.items()}
    assert table["digest"] == known["llm"]
    assert (table["context"], table["quantization"], table["license"]) == ("8192 tokens", "Q4_K_M", "Apache-2.0")
    again = json.loads(run(folder, "resolve", "--format", "json", f"{known['host']}/llm:1B-Q4_K_M").stdout)
    assert (again["digest"], again["context"], again["cached"]) == (known["llm"], 8192, True)
    index = run(folder, "resolve", "--image", f"{known['host']}/cache:8")
    assert "manifests  2" in index.stdout


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("hf.co/org/m:Q4", "Hugging Face"),
        ("ai/x@sha256:dead", "not a valid model reference"),
        ("localhost:1/x:1", "localhost:1/x:1: "),
    ],
)
def test_resolve_says_why_not(tmp_path: Path, reference: str, reason: str) -> None:
    done = run(tmp_path, "resolve", reference)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr


def test_nothing_is_asked_of_registries_that_were_not_named(application: tuple[Path, dict[str, str]]) -> None:
    folder, _ = application
    done = run(folder, "fix", "--pin", "--registry", "ghcr.io")
    assert done.returncode == 2
    assert "--registry" in done.stderr
    assert "@sha256" not in (folder / "compose.yaml").read_text().replace("7B@sha256", "").replace("embed@sha256", "")
