"""The scripts of a service: which of its commands are one, what they read and call, and where that stands."""

from __future__ import annotations

import pytest

from modellint.compose.loading.load import load
from modellint.compose.model.project import Service
from modellint.evidence.commands import ScriptReader
from modellint.evidence.gather import Evidence
from modellint.text.source import Source


def service(body: str) -> tuple[Service, Evidence]:
    project = load(Source("nowhere/compose.yaml", f"services:\n  app:\n    image: app\n{body}"), {})
    return project.services["app"], Evidence(project)


def read(body: str) -> list[tuple[str, str]]:
    """Each variable that the scripts read and do not set, and the text at its place."""
    return [
        (one.name, run.locate(one.start, one.end).text)
        for run in ScriptReader().runs(service(body)[0])
        for one in run.reads()
    ]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("    command: [sh, -c, 'curl -fsS \"$$LLM_URL/models\" || wget $${B:-x}']\n", ["LLM_URL", "B"]),
        ('    command: [bash, -lc, "exec app --url $${LLM_URL%/} --n $$((N+1))"]\n', ["LLM_URL", "N"]),
        ("    command: sh -c 'curl $$LLM_URL'\n", ["LLM_URL"]),
        ("    entrypoint: [/bin/sh, -ec]\n    command: ['echo $$A']\n", ["A"]),
        ('    entrypoint: [tini, --, sh, -c, \'cmd=(curl "$$A"); "$${cmd[@]}"\']\n', ["A"]),
        ("    healthcheck: {test: 'curl -f $$A'}\n", ["A"]),
        ("    healthcheck: {test: [CMD-SHELL, 'test -n \"$$A\" && curl $$B']}\n", ["A", "B"]),
        ("    healthcheck: {test: [CMD, sh, -c, 'echo $$A']}\n", ["A"]),
        ("    post_start: [{command: [sh, -c, 'echo $$A']}]\n", ["A"]),
        (
            "    command:\n      - sh\n      - -c\n      - |\n        for i in 1; do : $$i; done\n        : $$A\n",
            ["A"],
        ),
        ("    command: [sh, -c, 'A=1; export B=2; read C; echo $$A $$B $$C']\n", []),
        ("    command: [sh, -c, '. ./env.sh; echo $$A']\n", []),
        ("    command: [sh, -c, \"echo '$$A'\"]\n", []),
        ("    command: [app, --url, $$A]\n", []),
        ("    command: app --url $$A\n", []),
        ("    command: [sh, start.sh]\n", []),
    ],
)
def test_what_scripts_read(body: str, names: list[str]) -> None:
    found = read(body)
    assert [name for name, _ in found] == names
    assert [place for _, place in found] == names or "cmd[@]" in body


@pytest.mark.parametrize(
    ("command", "hosts"),
    [
        ("curl -fsS http://one:8080/x && wget -q https://two/y", ["one:8080", "two"]),
        ("curl -fsS three:9000/health", ["three:9000"]),
        ("# http://one:8080\ntrue", []),
        ("curl http://$$HOST:8080/ http://one/$$PATH_PART", ["one"]),
        ("nc -z db 5432", []),
        ("echo $$(curl -s 'http://one:1')", ["one:1"]),
    ],
)
def test_what_scripts_call(command: str, hosts: list[str]) -> None:
    body = "    command:\n      - sh\n      - -c\n      - |\n" + "".join(
        f"        {line}\n" for line in command.split("\n")
    )
    app, evidence = service(body)
    found = evidence.endpoints(app)
    assert [each.url.authority for each in found] == hosts
    assert [each.text.locate(each.url.start, each.url.end).text for each in found] == hosts


def test_a_plain_command_is_not_read_with_a_grammar() -> None:
    app, evidence = service(
        "    command: [curl, -f, 'http://one:80/$$X']\n    healthcheck: {test: [CMD, curl, 'http://two']}\n"
    )
    assert evidence.runs(app) == []
    assert [each.url.host for each in evidence.endpoints(app)] == ["one", "two"]
