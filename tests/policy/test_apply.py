"""Policies decide which rules run, how severe they are, what is allowed, and what is accepted for a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import Report, Settings, check
from modellint.cli import main
from modellint.compose.loading.selection import Options
from modellint.linter.discovery import rules
from modellint.policy.discovery import Policies

COMPOSE = """\
services:
  app:
    image: app:1
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
  spare:
    model: ai/qwen3:latest
"""
DEFAULT = [
    ("unpinned-model", "warning", 7), ("unused-model", "warning", 8), ("mutable-tag", "warning", 9),
    ("unpinned-model", "warning", 9),
]  # fmt: skip


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text(COMPOSE)


def checked(*policies: str, paths: tuple[str, ...] = ("compose.yaml",), select: tuple[str, ...] = ()) -> Report:
    """A check with policies of which the texts are given, or with the one that lies in the folder."""
    names: list[str] = []
    for at, text in enumerate(policies):
        names.append(f"policy{at}.yaml")
        Path(names[-1]).write_text(text)
    default = [rule for rule in rules(online=False, policy=False).values() if rule.on]
    return check(paths, Settings(default, {}, (), Options(), True, None, Policies(names, select, today="2026-11-26")))


def found(report: Report) -> list[tuple[str, str, int]]:
    assert not report.unreadable
    return [(each.rule, each.severity, each.place.row) for each in report.results]


def test_without_a_policy_all_is_as_it_was() -> None:
    assert sorted(found(checked())) == sorted(DEFAULT)
    assert sorted(found(checked("version: 1\n"))) == sorted(DEFAULT)


def test_severities() -> None:
    text = (
        "version: 1\nrules:\n  unused-model: {severity: off}\n  mutable-tag: {severity: error}\n"
        "  unpinned-image: {severity: note}\n"
    )
    assert ("mutable-tag", "error", 9) in found(checked(text))
    assert ("unpinned-image", "note", 3) in found(checked(text))
    assert not any(rule == "unused-model" for rule, _, _ in found(checked(text)))


def test_options() -> None:
    assert not any(
        rule == "mutable-tag"
        for rule, _, _ in found(checked("version: 1\nrules: {mutable-tag: {allowed: [latest]}}\n"))
    )


def test_all_of_several_policies_must_pass() -> None:
    off = "version: 1\nrules: {unused-model: {severity: off}, mutable-tag: {severity: note}}\n"
    hard = "version: 1\nrules: {unused-model: {severity: error}}\nallow: {models: [ai/smollm2]}\n"
    together = found(checked(off, hard))
    assert ("unused-model", "error", 8) in together
    assert ("mutable-tag", "warning", 9) in together
    assert ("forbidden-model", "error", 9) in together
    assert len(together) == len(set(together))


def exception(rule: str, where: str = "", expires: str = "", version: str = "version: 1\n") -> str:
    more = (f"    where: '{where}'\n" if where else "") + (f"    expires: {expires}\n" if expires else "")
    return f"{version}exceptions:\n  - rule: {rule}\n    reason: known\n{more}"


# The `where` of an exception for unpinned-model, and the lines of the findings that it leaves.
WHERE = {
    "": [], "compose.yaml": [], "*.yaml": [], "#models": [], "compose.yaml#models.*": [],
    "compose.yaml#models.llm": [9], "#models.spare.model": [7], "#*.spare": [7], "other.yaml": [7, 9],
    "compose.yaml#services": [7, 9], "compose.yaml#models.ll": [7, 9],
}  # fmt: skip


@pytest.mark.parametrize("where", WHERE)
def test_an_exception_covers_its_place(where: str) -> None:
    left = [row for rule, _, row in found(checked(exception("unpinned-model", where))) if rule == "unpinned-model"]
    assert left == WHERE[where]


def test_an_unused_exception_is_reported_where_it_is_judged() -> None:
    used = found(checked(exception("conflicting-models")))
    assert ("unused-exception", "warning", 3) in used
    Path("other.yaml").write_text("")
    assert not any(rule == "unused-exception" for rule, _, _ in found(checked(exception("unused-model", "other.yaml"))))
    assert not any(rule == "unused-exception" for rule, _, _ in found(checked(exception("unused-model"))))
    assert not any(
        rule == "unused-exception"
        for rule, _, _ in found(checked(exception("conflicting-models"), select=("mutable-tag", "unused-exception")))
    )


# The `where` of an exception in `deploy/policy.yaml`, what is said of it, and the `where` that is meant.
ASTRAY = {
    "deploy/app/compose.yaml#models.llm": ("no `deploy/app/compose.yaml` in `deploy`", "app/compose.yaml#models.llm"),
    "compose.yaml": ("no `compose.yaml` in `deploy`, the directory of this policy", "../compose.yaml"),
    "services/app/compose.yaml": ("no `services/app/compose.yaml` in `deploy`", "app/compose.yaml"),
    "deploy/app/*.yaml#models": ("no `deploy/app` in `deploy`", "app/*.yaml#models"),
    "app/compose.yml": ("no `app/compose.yml` in `deploy`", "app/compose.yaml"),
    "app#models": ("`app` is a directory", "app/*#models"),
    "models.llm": ("no `models.llm` in `deploy`", "#models.llm"),
    "nothing.like.it": ("no `nothing.like.it` in `deploy`", ""),
}


@pytest.mark.parametrize("where", ASTRAY)
def test_an_exception_that_begins_at_the_wrong_folder_is_reported(where: str) -> None:
    said, meant = ASTRAY[where]
    Path("deploy/app").mkdir(parents=True)
    Path("deploy/app/compose.yaml").write_text(COMPOSE)
    Path("deploy/policy.yaml").write_text(exception("unused-model", where))
    default = [rule for rule in rules(online=False, policy=False).values() if rule.on]
    report = check(["."], Settings(default, {}, (), Options(), True, None, Policies(["deploy/policy.yaml"])))
    [only] = [each for each in report.results if each.rule == "unused-exception"]
    assert (only.place.path, only.place.text) == ("deploy/policy.yaml", where)
    assert said in only.message
    assert only.hint == (f"did you mean `{meant}`?" if meant else "correct its `where`, or remove the exception")


@pytest.mark.parametrize("where", ["./compose.yaml", "../{}/compose.yaml#models", ".//*.yaml"])
def test_a_path_may_be_written_in_other_ways(where: str) -> None:
    rows = found(checked(exception("unused-model", where.format(Path.cwd().name))))
    assert not {"unused-model", "unused-exception"} & {rule for rule, _, _ in rows}


def test_an_expired_exception_covers_nothing() -> None:
    over = found(checked(exception("unused-model", expires="2026-11-25")))
    assert ("unused-model", "warning", 8) in over
    assert ("expired-exception", "warning", 5) in over
    last = found(checked(exception("unused-model", expires="2026-11-26")))
    assert ("expired-exception", "note", 5) in last
    assert not any(rule == "unused-model" for rule, _, _ in last)
    assert not any(
        rule == "expired-exception" for rule, _, _ in found(checked(exception("unused-model", expires="2026-12-10")))
    )


def test_an_exception_is_used_if_one_of_many_projects_needs_it() -> None:
    for name in ("a", "b"):
        Path(name).mkdir()
        Path(name, "compose.yaml").write_text(
            COMPOSE if name == "a" else COMPOSE.replace("  spare:\n    model: ai/qwen3:latest\n", "")
        )
    Path(".modellint.yaml").write_text(exception("unused-model"))
    assert not any(rule == "unused-exception" for rule, _, _ in found(checked(paths=("a", "b"))))
    assert any(rule == "unused-exception" for rule, _, _ in found(checked(paths=("b",))))


def test_the_policy_of_the_folder_is_found() -> None:
    Path(".modellint.yaml").write_text("version: 1\nrules: {unused-model: {severity: error}}\n")
    report = checked()
    assert ("unused-model", "error", 8) in found(report)
    assert report.policies == [".modellint.yaml"]


def test_a_policy_with_a_mistake_is_said_once_and_checks_nothing() -> None:
    Path("a").mkdir()
    Path("a/compose.yaml").write_text(COMPOSE)
    Path(".modellint.yaml").write_text("version: 1\nrules: {nope: {}}\n")
    report = checked(paths=("a", "compose.yaml"))
    assert [str(trouble) for trouble in report.unreadable] == [".modellint.yaml:2:9: unknown rule `nope`"]
    assert not report.results


def test_every_command_says_all_mistakes_of_a_policy(capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.yaml").write_text("version: 1\nrules: {nope: {}}\nallow: {nix: []}\n")
    for words in ("check", "fix", "graph", "policy check", "policy show", "policy test"):
        named = ["p.yaml"] if words.startswith("policy") else ["--policy", "p.yaml"]
        assert main([*words.split(), *named]) == 2
        said = capsys.readouterr().err
        assert "p.yaml:2:9: unknown rule `nope`" in said, words
        assert "p.yaml:3:9: unknown key `nix`" in said, words


MATRIX = """\
version: 1
allow: {registries: [docker.io], flags: [--temp], models: ["ai/*"]}
grants: {app: [other]}
"""


def test_demands() -> None:
    rows = found(checked(MATRIX))
    assert ("ungranted-model", "error", 4) in rows
    assert not any(rule.startswith("forbidden") for rule, _, _ in rows)
    rows = found(checked("version: 1\nallow: {registries: []}\n"))
    assert [row for rule, _, row in rows if rule == "forbidden-registry"] == [7, 9]


def test_a_finding_names_the_policy() -> None:
    report = checked(MATRIX)
    result = next(each for each in report.results if each.rule == "ungranted-model")
    assert [(place.path, place.row) for place, _ in result.related] == [("policy0.yaml", 3)]


REFUSED = COMPOSE.replace("model: ai/qwen3:latest", "model: ai/qwen3:latest\n    context_size: '1'")


@pytest.mark.parametrize("where", ["", "compose.yaml#models.spare"])
@pytest.mark.parametrize("more", ["", "rules: {invalid-compose: {severity: note}}\n"])
def test_no_exception_covers_what_compose_refuses(where: str, more: str) -> None:
    """And the exception itself is reported."""
    Path("compose.yaml").write_text(REFUSED)
    rows = found(checked(exception("invalid-compose", where) + more))
    assert ("invalid-compose", "note" if more else "error", 10) in rows
    assert [rule for rule, _, row in rows if row == 3] == ["void-exception"]


def test_an_exception_covers_the_warnings_of_such_a_rule() -> None:
    Path("compose.yaml").write_text(COMPOSE.replace("[llm]", "[nope]\n    profiles: [later]"))
    assert ("undefined-model", "warning", 4) in found(checked())
    rows = found(checked(exception("undefined-model")))
    assert not {"undefined-model", "void-exception", "unused-exception"} & {rule for rule, _, _ in rows}


def test_what_a_page_calls_refused_is_refused() -> None:
    """Whatever a rule reports as an error because the project cannot start, no exception covers."""
    words = (
        "Compose refuses",
        "Compose rejects",
        "Runner rejects",
        "does not start",
        "nothing to start",
        "cannot run",
    )
    for rule in rules().values():
        drawn = [line for line in rule.doc.splitlines() if "^^" in line]
        if rule.severity == "error" and not rule.policy and any(word in line for word in words for line in drawn):
            assert rule.refused, rule.name
        assert rule.severity == "error" or not rule.refused, rule.name
