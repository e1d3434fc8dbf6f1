"""A policy of the repository learns nothing of the variables of the machine; one that the user names may."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.compose.loading.selection import Options
from modellint.linter.discovery import rules
from modellint.policy.discovery import Policies

# Two values that every check and every list below tells apart.
VALUES = ("apple-kx9q", "zebra-kx9q")
LISTS = """\
version: 1
allow:
  models: ["ai/a*", "ai/own", "${TOKEN}/own:1", "apple*/**"]
  registries: [docker.io, "${TOKEN}", "apple*"]
  flags: ["--temp", "--apple*"]
grants:
  "*": ["apple*", llm]
checks:
"""
# Conditions by name, each for one kind of object.
MUST = {
    "a-model": ("model", '!string(model.model).startsWith("a")'),
    "a-context": ("model", '!has(model.context_size) || string(model.context_size) != "apple-kx9q"'),
    "a-flag": ("model", '!model.runtime_flags.exists(flag, flag.contains("apple"))'),
    "a-part": ("model", '!has(model.repository) || !model.repository.contains("apple")'),
    "a-tag": ("model", '!has(model.tag) || !model.tag.contains("apple")'),
    "an-image": ("service", '!has(service.image) || !service.image.contains("apple")'),
    "a-name": ("service", '!service.environment.exists(name, name.contains("apple"))'),
    "a-grant": ("service", '!service.models.exists(name, name.contains("apple"))'),
    "a-label": ("service", '!service.labels.exists(name, (name + service.labels[name]).contains("apple"))'),
    "a-port": ("service", '!service.ports.exists(port, has(port.host_ip) && port.host_ip.contains("apple"))'),
    "a-profile": ("service", '!service.profiles.exists(name, name.contains("apple"))'),
    "a-volume": ("service", '!has(service.volumes) || !service.volumes.exists(one, one.contains("apple"))'),
    "an-extension": ("service", '!string(service["x-a"]).contains("apple")'),
    "a-binding": ("binding", '!(binding.name + binding.endpoint_var).contains("apple")'),
    "a-project": ("project", '!has(project.name) || !project.name.contains("apple")'),
}
CHECKS = LISTS + "".join(
    f"  - {{name: {name}, each: {each}, message: m, must: '{must}'}}\n" for name, (each, must) in MUST.items()
)
COMPOSE = """\
name: "%s"
services:
  s:
    image: "x:%s"
    environment: ["%s=1"]
    labels: ["%s=2", "b=%s"]
    ports: ["%s:1:1"]
    profiles: ["%s"]
    volumes: ["%s:/x"]
    models: ["%s"]
    x-a: "%s"
  t: {image: a, x-a: b, models: {llm: {endpoint_var: "%s"}}, labels: {a: "%s"}}
models:
  llm: {model: "%s.io/own:1", context_size: "%s", runtime_flags: ["--%s", "--temp", "%s"]}
  own: {model: "ai/%s"}
  tagged: {model: "ai/own:%s"}
"""
OF_POLICIES = ("forbidden-model", "forbidden-registry", "forbidden-flag", "ungranted-model", *MUST)
# How the value of a variable of the shell comes in, and the text of `.env`.
WAYS = {
    "plain": ("${TOKEN}", ""),
    "default": ("${NONE:-${TOKEN}}", ""),
    "bare": ("$TOKEN", ""),
    "env file": ("${OWN}", "OWN=${TOKEN}\n"),
    "env file twice": ("${OWN}", "A=of-$TOKEN\nOWN=$A\n"),
    "escaped in an env file": ("${OWN}", 'OWN="\\0044{TOKEN}"\n'),
    "escaped": ("\\x24{TOKEN}", ""),
    "name of the project": ("${COMPOSE_PROJECT_NAME}", "COMPOSE_PROJECT_NAME=$TOKEN\n"),
}


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a repository, which is the working folder."""
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def said(value: str, *named: str, options: Options | None = None) -> list[str]:
    """What the policy's own rules and checks find; the shell sets a variable, unless options bring it along."""
    shell = {} if options else {"TOKEN": value}
    policies = Policies(named, today="2026-11-26")
    report = check(
        ["compose.yaml"], Settings([*rules().values()], shell, (), options or Options(), True, None, policies)
    )
    assert not report.unreadable
    return [f"{each.rule} {each.place.row} {each.message}" for each in report.results if each.rule in OF_POLICIES]


def write(way: str, compose: str = COMPOSE) -> None:
    written, env = WAYS[way]
    Path("compose.yaml").write_text(compose.replace("%s", written))
    Path(".env").write_text(env)


@pytest.mark.parametrize("where", ["found", "named"])
@pytest.mark.parametrize("way", WAYS)
def test_a_policy_of_the_repository_sees_what_is_written(way: str, where: str) -> None:
    """Whatever it asks, the answer does not depend on the value."""
    write(way)
    Path(".modellint.yaml").write_text(CHECKS)
    named = [".modellint.yaml"] if where == "named" else []
    one, other = (said(value, *named) for value in VALUES)
    assert one == other
    assert one
    assert not any(value in each for value in VALUES for each in one)


@pytest.mark.parametrize("way", ["plain", "env file"])
def test_the_name_of_the_project_does_not_pass_it_on(way: str) -> None:
    write(
        way, COMPOSE.replace("%s", "${COMPOSE_PROJECT_NAME}").replace('name: "${COMPOSE_PROJECT_NAME}"', 'name: "%s"')
    )
    Path(".modellint.yaml").write_text(CHECKS)
    one, other = (said(value) for value in VALUES)
    assert one == other


@pytest.mark.parametrize("way", ["plain", "env file"])
def test_what_is_included_has_variables_of_its_own(way: str) -> None:
    written, env = WAYS[way]
    Path("part").mkdir()
    Path("part/compose.yaml").write_text(COMPOSE.replace('name: "%s"\n', "").replace("%s", written))
    Path("part/.env").write_text(env)
    Path("compose.yaml").write_text("include: [part/compose.yaml]\nservices: {u: {image: a, x-a: b}}\n")
    Path(".modellint.yaml").write_text(CHECKS)
    one, other = (said(value) for value in VALUES)
    assert one == other


def test_a_policy_that_the_user_names_sees_values(tmp_path: Path) -> None:
    write("plain")
    (tmp_path / "mine.yaml").write_text(CHECKS)
    one, other = (said(value, str(tmp_path / "mine.yaml")) for value in VALUES)
    assert {each.split()[0] for each in {*one} ^ {*other}} == {*OF_POLICIES} - {"an-extension"}


@pytest.mark.parametrize("env", ["IMAGE=apple:1\n", "BASE=apple\nIMAGE=$BASE:1\n"])
def test_what_the_repository_says_itself_is_seen(env: str) -> None:
    """From a default in the text, or from an env file of the repository."""
    Path(".env").write_text(env)
    Path("compose.yaml").write_text(
        "services:\n  a: {image: $IMAGE, x-a: b}\n  b: {image: '${NONE:-apple}', x-a: b}\n  c: {image: pear, x-a: b}\n"
    )
    Path(".modellint.yaml").write_text(CHECKS)
    assert said("") == ["an-image 2 m", "an-image 3 m"]


def test_an_env_file_outside_the_repository_is_the_users(tmp_path: Path) -> None:
    write("plain")
    Path(".modellint.yaml").write_text(CHECKS)
    answers: list[list[str]] = []
    for value in VALUES:
        (tmp_path / "mine.env").write_text(f"TOKEN={value}\n")
        answers.append(said(value, options=Options(env_files=[str(tmp_path / "mine.env")])))
    assert answers[0] == answers[1]
