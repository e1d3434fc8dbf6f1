"""What a check sees of a project, where it stands, and how examples are completed."""

from __future__ import annotations

from typing import Any, cast

import pytest

from modellint.compose.loading.load import load
from modellint.compose.model.project import Project
from modellint.policy.loaded import PolicyError
from modellint.policy.subjects import SHAPES, Subject, example, knows, subjects
from modellint.text.source import Source
from modellint.yaml.node import Mapping
from modellint.yaml.parse import parse

COMPOSE = """\
name: shop
services:
  app:
    image: app:${TAG}
    build: {context: ., args: {TOKEN: build-secret}}
    command: [run, --key, command-secret]
    environment: {API_KEY: map-secret, LOG: "${LEVEL}"}
    env_file: app.env
    ports: [8080, "127.0.0.1:9090:90/udp", "[::1]:1:2", "3000-3005:3000-3005", {target: 70, published: "7070"}]
    labels: {owner: web, secret: "${SECRET}"}
    x-team: {lead: "${SECRET}", size: 3}
    profiles: [web]
    depends_on: {db: {condition: service_started}}
    privileged: true
    models:
      llm: {endpoint_var: AI_URL}
      lost:
  plain:
    image: plain
    environment: [A=list-secret, B]
    models: [llm]
  db: {image: db, user: ~}
  old: {provider: {type: model, options: {model: ai/old, context-size: 512}}}
models:
  llm:
    model: hf.co/acme/m:Q4
    context_size: 8192
    runtime_flags: ["--temp", 0.2]
    x-owner: ml
    x-big: 99999999999999999999
  digest: {model: "reg.example:5000/a/b@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"}
  bad: {model: "A B"}
  none: {}
"""
VARIABLES = {"TAG": "1.0", "LEVEL": "value-secret", "SECRET": "label-secret"}


@pytest.fixture
def project(tmp_path: Any) -> Project:
    (tmp_path / "app.env").write_text("FROM_FILE=file-secret\n", encoding="utf-8")
    return load(Source(f"{tmp_path}/compose.yaml", COMPOSE), VARIABLES)


def by_name(project: Project, each: str) -> dict[str, Subject]:
    return {subject.name: subject for subject in subjects(project, each, sees=True)}


MODELS: dict[str, Any] = {
    "llm": {
        "name": "llm", "model": "hf.co/acme/m:Q4", "registry": "huggingface.co", "repository": "acme/m", "tag": "Q4",
        "context_size": 8192, "runtime_flags": ["--temp", 0.2], "granted_to": ["app", "plain"], "legacy": False,
        "x-owner": "ml", "x-big": 1e20,
    },
    "digest": {
        "name": "digest", "registry": "reg.example:5000", "repository": "a/b", "runtime_flags": [], "granted_to": [],
        "legacy": False,
        "model": "reg.example:5000/a/b@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e",
        "digest": "sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e",
    },
    "bad": {"name": "bad", "model": "A B", "runtime_flags": [], "granted_to": [], "legacy": False},
    "none": {"name": "none", "runtime_flags": [], "granted_to": [], "legacy": False},
    "old": {
        "name": "old", "model": "ai/old", "registry": "docker.io", "repository": "ai/old", "context_size": 512,
        "runtime_flags": [], "granted_to": [], "legacy": True,
    },
}  # fmt: skip


def test_models(project: Project) -> None:
    assert {name: subject.value for name, subject in by_name(project, "model").items()} == MODELS


def test_services(project: Project) -> None:
    found = by_name(project, "service")
    assert found["app"].value == {
        "name": "app", "image": "app:1.0", "build": True, "models": ["llm", "lost"],
        "environment": ["FROM_FILE", "API_KEY", "LOG"],
        "ports": [
            {"target": 8080, "protocol": "tcp"},
            {"target": 90, "published": 9090, "host_ip": "127.0.0.1", "protocol": "udp"},
            {"target": 2, "published": 1, "host_ip": "::1", "protocol": "tcp"},
            {"target": "3000-3005", "published": "3000-3005", "protocol": "tcp"},
            {"target": 70, "published": 7070, "protocol": "tcp"},
        ],
        "labels": {"owner": "web", "secret": "${SECRET}"}, "x-team": {"lead": "${SECRET}", "size": 3},
        "profiles": ["web"], "depends_on": ["db"], "networks": [], "privileged": True,
    }  # fmt: skip
    assert found["plain"].value["environment"] == ["A", "B"]
    assert "user" not in found["db"].value


def test_bindings(project: Project) -> None:
    found = by_name(project, "binding")
    assert list(found) == ["app/llm", "app/lost", "plain/llm"]
    variables = {name: (one.value["endpoint_var"], one.value["model_var"]) for name, one in found.items()}
    assert variables == {
        "app/llm": ("AI_URL", "LLM_MODEL"),
        "app/lost": ("LOST_URL", "LOST_MODEL"),
        "plain/llm": ("LLM_URL", "LLM_MODEL"),
    }
    assert found["app/llm"].value["model"] == MODELS["llm"]
    assert "model" not in found["app/lost"].value
    assert cast("dict[str, Any]", found["plain/llm"].value["service"])["image"] == "plain"


def test_the_project(project: Project) -> None:
    (whole,) = subjects(project, "project")
    assert whole.name == "shop"
    assert whole.value["name"] == "shop"
    assert whole.value["models"] == MODELS
    assert list(cast("dict[str, Any]", whole.value["services"])) == ["app", "plain", "db", "old"]


@pytest.mark.parametrize("each", SHAPES)
def test_no_secret_is_in_reach_and_every_key_is_documented(project: Project, each: str) -> None:
    for subject in subjects(project, each):
        assert "-secret" not in repr(subject.value)
        assert all(knows(SHAPES[each], key) for key in subject.value)


@pytest.mark.parametrize(
    ("each", "name", "key", "expected"),
    [
        ("model", "llm", None, "llm"),
        ("model", "llm", "context_size", "8192"),
        ("model", "llm", "model", "hf.co/acme/m:Q4"),
        ("model", "llm", "tag", "Q4"),
        ("model", "llm", "digest", "hf.co/acme/m:Q4"),
        ("model", "digest", "digest", "sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e"),
        ("model", "llm", "runtime_flags", "runtime_flags"),
        ("model", "none", "context_size", "none"),
        ("model", "old", "context_size", "512"),
        ("service", "app", "image", "app:${TAG}"),
        ("service", "app", "privileged", "true"),
        ("service", "app", "ports", "ports"),
        ("binding", "app/llm", "endpoint_var", "AI_URL"),
        ("binding", "app/llm", "model_var", "llm"),
        ("binding", "plain/llm", None, "llm"),
        ("binding", "app/lost", "service", "app"),
        ("project", "shop", "name", "shop"),
        ("project", "shop", "models", "models"),
        ("project", "shop", None, "name"),
    ],
)
def test_places(project: Project, each: str, name: str, key: str | None, expected: str) -> None:
    assert by_name(project, each)[name].at(key).text == expected


def completed(each: str, text: str) -> Any:
    body = parse(Source("p.yaml", f"x: {text}\n")).documents[0]
    assert isinstance(body, Mapping)
    return example(each, body.entries["x"][1])


MODEL: dict[str, Any] = {"name": "example", "runtime_flags": [], "granted_to": [], "legacy": False}
SERVICE: dict[str, Any] = {
    "name": "example", "models": [], "environment": [], "ports": [], "labels": {}, "profiles": [], "depends_on": [],
    "networks": [],
}  # fmt: skip
AI_A: dict[str, Any] = {"model": "ai/a", "registry": "docker.io", "repository": "ai/a"}


@pytest.mark.parametrize(
    ("each", "text", "expected"),
    [
        ("model", "{}", MODEL),
        (
            "model", "{model: 'ai/a:v1', context_size: 5}",
            {**MODEL, **AI_A, "model": "ai/a:v1", "tag": "v1", "context_size": 5},
        ),
        ("model", "{name: m, granted_to: [a], tag: x}", {**MODEL, "name": "m", "granted_to": ["a"], "tag": "x"}),
        ("service", "{}", SERVICE),
        (
            "service", "{image: a, models: [m], environment: {A: 1}}",
            {**SERVICE, "image": "a", "models": ["m"], "environment": ["A"]},
        ),
        (
            "binding", "{model: {model: ai/a}, service: {name: app}}",
            {
                "name": "example", "endpoint_var": "EXAMPLE_URL", "model_var": "EXAMPLE_MODEL",
                "model": {**MODEL, **AI_A, "granted_to": ["app"]},
                "service": {**SERVICE, "name": "app", "models": ["example"]},
            },
        ),
        (
            "binding", "{name: llm, endpoint_var: URL}",
            {"name": "llm", "endpoint_var": "URL", "service": {**SERVICE, "models": ["llm"]}},
        ),
        (
            "project", "{models: {m: {model: ai/a}}, services: {app: {models: [m]}}}",
            {
                "name": "example", "models": {"m": {**MODEL, **AI_A, "name": "m", "granted_to": ["app"]}},
                "services": {"app": {**SERVICE, "name": "app", "models": ["m"]}},
            },
        ),
        ("project", "{}", {"name": "example", "models": {}, "services": {}}),
    ],
)  # fmt: skip
def test_examples_are_completed(each: str, text: str, expected: object) -> None:
    assert completed(each, text) == expected


def test_an_example_is_read_as_the_real_one(project: Project) -> None:
    """The piece of the file, as an example, gives what the project gives."""
    text = "{model: hf.co/acme/m:Q4, context_size: 8192, runtime_flags: [--temp, 0.2], x-owner: ml, name: llm, "
    given = completed("model", f"{text} granted_to: [app, plain]}}")
    assert {**given, "x-big": 1e20} == MODELS["llm"]


@pytest.mark.parametrize(
    ("each", "text", "place", "said"),
    [
        ("model", "{contxt_size: 1}", "contxt_size", "no key `contxt_size` in checks; did you mean `con"),
        ("binding", "{service: {imag: a}}", "imag", "no key `imag` in checks; did you mean `image`?"),
        ("binding", "{model: ai/a}", "ai/a", "an example must be a map"),
        ("project", "{models: [a]}", "[a]", "an example must be a map"),
        ("project", "{volumes: {}}", "volumes", "no key `volumes` in checks"),
        ("model", "5", "5", "an example must be a map"),
        ("service", "{command: a}", "command", "no key `command` in checks"),
    ],
)  # fmt: skip
def test_what_is_no_example(each: str, text: str, place: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        completed(each, text)
    assert caught.value.span.text == place
    assert said in str(caught.value)
