"""A policy means what it says; every mistake in one has its place and a way out, and none passes silently."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from modellint.files.disk import Unreadable
from modellint.policy.apply import ruling_of
from modellint.policy.discovery import Policies, nearest
from modellint.policy.load import BUILT_IN, load
from modellint.policy.loaded import MOST_MISTAKES
from modellint.policy.schema import json_schema
from modellint.policy_terms import MOST_ALIKE
from modellint.text.suggest import did_you_mean

POLICIES = Path(__file__).parent.parent.parent / "policies" / "modellint_policies"

# The text of a policy, where its mistake is, and a part of what is said.
MISTAKES: dict[str, tuple[str, str, str]] = {
    "no map": ("- a\n", "1:1", "a policy must be a map"),
    "empty": ("", "1:1", "a policy must be a map"),
    "two documents": ("version: 1\n---\nversion: 1\n", "1:1", "a policy must be a map"),
    "no YAML": ("version: [1\n", "1:10", "no closing `]`"),
    "twice": ("version: 1\nrules: {}\nrules: {}\n", "3:1", "rules"),
    "no version": ("rules: {}\n", "1:1", "missing key `version`"),
    "another version": ("version: 2\n", "1:10", "`version` must be one of `1`"),
    "version as text": ("version: '1'\n", "1:11", "`version` must be one of `1`"),
    "unknown key": ("version: 1\nrulse: {}\n", "2:1", "unknown key `rulse`; did you mean `rules`?"),
    "unknown key inside": ("version: 1\nallow: {registrys: []}\n", "2:9", "did you mean `registries`?"),
    "unknown rule": ("version: 1\nrules:\n  unused-modle: {}\n", "3:3", "did you mean `unused-model`?"),
    "severity": ("version: 1\nrules:\n  unused-model: {severity: err}\n", "3:28", "did you mean `error`?"),
    "a bare severity": ("version: 1\nrules: {unused-model: error}\n", "2:23", "`unused-model`"),
    "unknown option": ("version: 1\nrules: {unused-model: {limit: 1}}\n", "2:9", "has no option `limit`; it has none"),
    "misspelt option": ("version: 1\nrules: {mutable-tag: {allow: []}}\n", "2:9", "did you mean `allowed`?"),
    "type of an option": ("version: 1\nrules: {mutable-tag: {allowed: 3}}\n", "2:9", "must be a list of strings"),
    "truth for a number": ("version: 1\nrules: {oversized-context: {limit: true}}\n", "2:9", "must be a whole number"),
    "text for a list": ("version: 1\nallow: {models: ai/x}\n", "2:17", "`models`"),
    "memory": ("version: 1\nbudget: {memory: lots}\n", "2:18", "such as `16GiB`"),
    "no reason": ("version: 1\nexceptions: [{rule: unused-model}]\n", "2:14", "missing key `reason`"),
    "rule of an exception": ("version: 1\nexceptions: [{rule: unused, reason: x}]\n", "2:21", "unknown rule"),
    "a day": ("version: 1\nexceptions: [{rule: unused-model, reason: x, expires: soon}]\n", "2:55", "must be a date"),
    "no such day": ("version: 1\nexceptions: [{rule: unused-model, reason: x, expires: 2027-02-30}]\n", "2:55", "date"),
    "no owner": (
        "version: 1\nextends: [strict]\nexceptions: [{rule: unused-model, reason: x, expires: 2027-01-01}]\n",
        "3:21", "has no `owner`",
    ),
    "extends nothing": ("version: 1\nextends: [./none.yaml]\n", "2:11", "`./none.yaml` does not exist"),
    "extends itself": ("version: 1\nextends: [policy.yaml]\n", "2:11", "in turn extends this policy"),
    "extends a URL": ("version: 1\nextends: ['https://x.y/p.yaml']\n", "2:12", "does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, where, said = MISTAKES[name]
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(text)
    with pytest.raises(Unreadable) as caught:
        ruling_of("policy.yaml", Policies())
    assert caught.value.path + caught.value.place == f"policy.yaml:{where}"
    assert said in caught.value.reason


MANY = """\
version: 1
extends: [strcit]
rulse: {}
rules:
  unused-modle: {severity: error}
  mutable-tag: {severity: err, allow: []}
  oversized-context: {limit: lots, limmit: 1}
allow: {registrys: [], models: ai/x}
budget: {memory: lots}
exceptions:
  - {rule: unused, reason: x}
  - {rule: unused-model}
  - {rule: unused-model, reason: x, expires: soon}
  - {rule: nope, reason: x, because: y}
  - {rule: mutable-tagg, reason: x}
"""
SAID = [
    "2:11: `strcit` does not exist; did you mean `strict`?",
    "3:1: unknown key `rulse`; did you mean `rules`?",
    "5:3: unknown rule `unused-modle`; did you mean `unused-model`?",
    "6:3: `mutable-tag` has no option `allow`; it has `allowed`; did you mean `allowed`?",
    "6:27: `severity` must be one of `error`, `warning`, `note`, `off`; did you mean `error`?",
    "7:3: `limit` of `oversized-context` must be a whole number",
    "7:3: `oversized-context` has no option `limmit`; it has `limit`; did you mean `limit`?",
    "8:9: unknown key `registrys`; did you mean `registries`?",
    "8:32: `models`: input should be a valid list",
    "9:18: a memory budget must be a size such as `16GiB`",
    "12:5: missing key `reason`",
    "13:46: `expires` must be a date such as `2027-01-31`",
    "14:38: unknown key `because`",
]
WITH_RULES = ["11:12: unknown rule `unused`", "14:12: unknown rule `nope`", "15:12: unknown rule"]


@pytest.mark.parametrize("extends", ["extends: [strcit]", "extends: [recommended]"])
def test_all_mistakes_are_said_in_one_run(extends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of rules in exceptions only where every check is known: they may be those of checks."""
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(MANY.replace("extends: [strcit]", extends))
    with pytest.raises(Unreadable) as caught:
        ruling_of("policy.yaml", Policies())
    said = [str(each).removeprefix("policy.yaml:") for each in caught.value.each()]
    known = [each for each in said if "unknown rule" not in each or each.startswith("5:")]
    assert known == (SAID if "strcit" in extends else SAID[1:])
    about_rules = [each for each in said if each not in known]
    assert len(about_rules) == (0 if "strcit" in extends else 3)
    assert all(each.startswith(start) for each, start in zip(about_rules, WITH_RULES, strict=False))


def test_a_word_that_may_be_meant_is_looked_for_where_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many mistakes only the first are."""
    monkeypatch.chdir(tmp_path)
    asked: list[str] = []

    def look(word: str, known: Sequence[str]) -> str:
        asked.append(word)
        return did_you_mean(word, known)

    monkeypatch.setattr("modellint.policy.loaded.did_you_mean", look)
    text = "version: 1\nrules:\n" + "".join(f"  unused-modle{at}: {{severity: off}}\n" for at in range(300))
    Path("policy.yaml").write_text(text + "exceptions:\n" + "  - {rule: mutable-tagg, reason: x}\n" * 300)
    with pytest.raises(Unreadable) as caught:
        ruling_of("policy.yaml", Policies())
    assert asked == [f"unused-modle{at}" for at in range(MOST_MISTAKES)]
    assert all("did you mean `unused-model`?" in str(each) for each in caught.value.each())


def test_mistakes_of_what_is_extended_and_of_texts_that_are_no_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text("version: 1\nrules: {a: {}}\nallow: {b: []}\n")
    Path("policy.yaml").write_text("version: 1\nextends: [base.yaml]\nrules: {c: {}}\nbudget: {memory: d}\n")
    with pytest.raises(Unreadable) as caught:
        ruling_of("policy.yaml", Policies())
    assert [f"{each.path}{each.place}" for each in caught.value.each()] == [
        "base.yaml:2:9", "base.yaml:3:9", "policy.yaml:3:9", "policy.yaml:4:18",
    ]  # fmt: skip
    Path("policy.yaml").write_text("version: 1\nrules: {}\nrules: {}\nallow: {}\nallow: {}\n")
    with pytest.raises(Unreadable) as caught:
        ruling_of("policy.yaml", Policies())
    assert [each.place for each in caught.value.each()] == [":3:1", ":5:1"]


# A name that is given for a policy, and what is said of it.
NO_POLICY = {
    "strct": "strct: does not exist; did you mean `strict`?",
    "air-gapped": "air-gapped: does not exist; did you mean `airgapped`?",
    "strict.yaml": "strict.yaml: does not exist; did you mean `strict`?",
    "ours": "ours: does not exist; the built-in policies are `recommended`, `strict`, `airgapped`",
    "ours.yaml": "ours.yaml: does not exist",
}


@pytest.mark.parametrize("name", NO_POLICY)
def test_a_policy_that_does_not_exist(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unreadable) as caught:
        ruling_of(name, Policies())
    assert str(caught.value) == NO_POLICY[name]


def test_no_file_of_the_machine_is_read_as_a_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pull request from outside, messages about it would show what it says."""
    (tmp_path / "config.json").write_text('{"auths": {}}')
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    monkeypatch.chdir(repository)
    Path("a.yaml").write_text("version: 1\nextends: [../config.json]\n")
    Path("b.yaml").symlink_to("../config.json")
    Path("c.yaml").write_text("version: 1\nextends: [b.yaml]\n")
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        with pytest.raises(Unreadable, match="outside") as caught:
            ruling_of(name, Policies())
        assert "auths" not in str(caught.value)


EXCEPTIONS = "exceptions:\n- {rule: unused-model, where: '*{}x*', reason: r, owner: o, expires: 2099-01-01}\n"


@pytest.mark.parametrize(
    ("each", "place"),
    [
        ("allow: {models: [\n'*{}x*',\n]}\n", ":2:9"), ("grants: {web: [\n'*{}x*',\n]}\n", ":2:10"),
        ("grants:\n '*{}x*': [m]\n", ":1003:3"), (EXCEPTIONS, ":1003:10"),
        (EXCEPTIONS.replace("'*{}", "'#*{}"), ":1003:10"),
    ],
)  # fmt: skip
def test_too_many_patterns_that_are_alike(tmp_path: Path, each: str, place: str) -> None:
    """Whatever is looked at would be held against each of them."""
    first, *lines = each.splitlines(keepends=True)
    body = "".join(lines[0].replace("{}", str(at)) for at in range(MOST_ALIKE + 1))
    path = tmp_path / "policy.yaml"
    path.write_text(f"version: 1\n{first}{body}{''.join(lines[1:])}")
    with pytest.raises(Unreadable, match="patterns start and end the same way") as caught:
        ruling_of(str(path), Policies())
    assert caught.value.place == place


def test_what_extends_counts_more(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "version: 1\nextends: [strict]\nrules: {unused-model: {severity: note}}\n"
        "allow: {registries: [a], models: [m]}\ngrants: {web: [x]}\n"
        "exceptions: [{rule: unused-model, reason: r, owner: o, expires: 2027-01-01}]\n"
    )
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\nextends: [base.yaml]\nallow: {registries: [b]}\nbudget: {memory: 2GiB}\n")
    policy = load(str(path))
    assert policy.rules["unused-model"][0].severity == "note"
    assert policy.rules["unpinned-model"][0].severity == "error"
    assert {name: patterns for name, (patterns, _) in policy.allow.items()} == {"registries": ["b"], "models": ["m"]}
    assert policy.grants is not None
    assert list(policy.grants) == ["web"]
    assert (policy.memory, len(policy.exceptions)) == (2 << 30, 1)
    assert policy.allow["models"][1].source.path.endswith("base.yaml")


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_policies(name: str) -> None:
    ruling = ruling_of(name, Policies(online=True))
    assert ruling.running
    assert (ruling.severities.get("unpinned-model") == "error") == (name != "recommended")


def test_off_is_off() -> None:
    """YAML 1.1 would read `off` as false."""
    names = {rule.name for rule in ruling_of("strict", Policies()).running}
    assert "unpinned-image" in names
    assert "stale-pin" not in names  # without --online


def test_the_schema_is_the_published_one() -> None:
    assert json_schema() == (POLICIES / "policy.schema.json").read_text(encoding="utf-8")


def test_the_schema_takes_what_is_a_policy() -> None:
    import yaml
    from jsonschema import Draft202012Validator, ValidationError

    schema = json.loads(json_schema())
    Draft202012Validator.check_schema(schema)
    validate: Callable[[object], None] = cast(Any, Draft202012Validator(schema)).validate
    fixtures = POLICIES.parent.parent / "fixtures" / "policies"
    for path in [*POLICIES.glob("*.yaml"), *fixtures.glob("*.yaml")]:
        # As an editor reads it: a day is text to JSON.
        loaded = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))
        for rule in loaded.get("rules", {}).values():
            rule["severity"] = "off" if rule["severity"] is False else rule["severity"]
        validate(loaded)
    with pytest.raises(ValidationError):
        validate({"version": 1, "rulse": {}})


def test_the_nearest_policy_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".modellint.yaml").write_text("version: 1\n")
    monkeypatch.chdir(inner)
    assert Path(nearest(".")).resolve() == tmp_path / ".modellint.yaml"
    (inner / ".modellint.yaml").write_text("version: 1\n")
    assert nearest(".") == ".modellint.yaml"
    assert Policies(["strict"]).of(".") == ["strict"]
