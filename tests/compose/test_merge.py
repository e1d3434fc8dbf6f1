"""Files laid over one another: what the real Docker Compose makes of them, and where each value stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from modellint.compose.model.project import Project
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run
from modellint.text.finding import Finding
from modellint.yaml.node import Mapping, Scalar, plain

Agree = Callable[..., Project]
RULES = rules()

MERGED = [
    ("environment: {A: 1, B: 2}", "environment: [B=3, C, D=]"),
    ("environment: [A=1, B=2, A=3]", "environment: {B: , E: x=y}"),
    ("environment: {A: 1, B: 2}", "environment: {A: !reset null}"),
    ("environment: [A=1, B=2]", "environment: {A: !reset null}"),
    ("environment: {A: 1, B: 2}", "environment: {B: 3}", "environment: {A: !reset null}"),
    ("environment: {A: 1}", "environment: !override {B: 2}", "environment: [C=3]"),
    ("environment: {A: 1}", "environment: !reset {}"),
    ("labels: {a: true, b: 1}", "labels: [a=2, c]"),
    ("annotations: [a=1]", "annotations: {a: 2, b: 3}"),
    ("sysctls: {net.core.somaxconn: 1}", "sysctls: [net.core.somaxconn=2]"),
    ("cap_add: [A, B]", "cap_add: [B, C]", "cap_add: [!reset D, E]"),
    ("cap_drop: [A]", "cap_drop: []"),
    ("dns: 1.1.1.1", "dns: [1.1.1.1, 2.2.2.2]", "dns: 3.3.3.3"),
    ("tmpfs: [/a, '/b:size=1']", "tmpfs: '/b:size=1'"),
    ("links: [db:x], depends_on: [db]", "links: [db:x, db]"),
    ("expose: [80, '90']", "expose: ['80', 90, 100]"),
    ("security_opt: [a:b]", "security_opt: [a:c, a:b]"),
    ("user: u", "user: null", "user: v"),
    ("ulimits: {n: 5, m: {soft: 1, hard: 2}, k: 3}", "ulimits: {n: {soft: 1, hard: 2}, m: {soft: 3, hard: 9}, k: 4}"),
    ("depends_on: [db]", "depends_on: {db: {condition: service_healthy}}"),
    ("depends_on: [db]", "depends_on: {db: !reset null}"),
    ("models: [llm]", "models: {llm: {model_var: M}, other: }"),
    ("models: [llm, other]", "models: {other: !reset null}"),
    ("restart: always, working_dir: /a", "restart: !reset null, working_dir: /b"),
    ("x-note: [1]", "x-note: [2]"),
    ("cap_add: [A]", "cap_add: {A: 1}"),
    ("deploy: {replicas: 1}", "deploy: one"),
    ("logging: {driver: x}", "logging: null"),
    ("models: [llm]", "models: 7"),
]
SHAPES = [  # what is not printed in the form it was written in, so that what we hold is compared with what must come
    ("ports: ['80:80', 70]", "ports: ['81:80', '70', '80:80']", "ports", ["80:80", "70", "81:80"]),
    ("ports: ['127.0.0.1:90:90/udp']", "ports: [{target: 90, published: '90', host_ip: 127.0.0.1, protocol: udp}]",
     "ports", [{"target": 90, "published": "90", "host_ip": "127.0.0.1", "protocol": "udp"}]),
    ("volumes: ['./a:/x:ro', 'bb:/y', /z/]", "volumes: ['nn:/x', 'bb:/y/', /z]", "volumes", ["nn:/x", "bb:/y/", "/z"]),
    ("devices: ['/dev/a:/dev/b']", "devices: ['/dev/c:/dev/b:r']", "devices", ["/dev/c:/dev/b:r"]),
    ("configs: [c]", "configs: [{source: c, target: /c}]", "configs", [{"source": "c", "target": "/c"}]),
    ("secrets: [s]", "secrets: [{source: s, target: s}]", "secrets", ["s", {"source": "s", "target": "s"}]),
    ("command: [a, b]", "command: c", "command", "c"),
    ("entrypoint: [a, b]", "entrypoint: [c]", "entrypoint", ["c"]),
    ("healthcheck: {test: [NONE], retries: 1}", "healthcheck: {test: x}", "healthcheck", {"test": "x", "retries": 1}),
    ("build: ./ctx", "build: {args: [A=1]}", "build", {"context": "./ctx", "args": ["A=1"]}),
    ("logging: {driver: x, options: {a: b}}", "logging: {driver: y}", "logging", {"driver": "y"}),
    ("logging: {driver: x, options: {a: b}}", "logging: {options: {c: d}}", "logging",
     {"driver": "x", "options": {"a": "b", "c": "d"}}),
    ("extra_hosts: ['a:1.1.1.1']", "extra_hosts: {a: [1.1.1.1, 3.3.3.3], c: 4.4.4.4}", "extra_hosts",
     ["a:1.1.1.1", "a=1.1.1.1", "a=3.3.3.3", "c=4.4.4.4"]),
    ("depends_on: {db: {condition: service_healthy, restart: true}}", "depends_on: [db]", "depends_on",
     {"db": {"condition": "service_started", "restart": True, "required": True}}),
    ("env_file: a.env", "env_file: [./a.env, {path: a.env, required: false}]", "env_file",
     [{"path": "a.env", "required": False}, "./a.env"]),
]  # fmt: skip
TOP = (
    "models: {llm: {model: ai/a}, other: {model: ai/b}}\nvolumes: {b: {}, n: {}}\n"
    "configs: {c: {content: x}}\nsecrets: {s: {environment: X}}\n"
)


def files(base: str, *over: str) -> dict[str, str]:
    """A file with the service `app`, and others that say more about it."""
    texts = [f"services: {{db: {{image: db}}, app: {{image: a, {base}}}}}\n{TOP}"]
    texts += [f"services: {{app: {{{more}}}}}\n" for more in over]
    return {f"{number}.yaml": text for number, text in enumerate(texts)}


def app(project: Project) -> Any:
    return plain(project.services["app"].body)


def found(rule: str, project: Project) -> list[Finding]:
    return run([RULES[rule]], project)


@pytest.mark.parametrize("parts", MERGED, ids=[" + ".join(parts) for parts in MERGED])
def test_merged_as_docker_compose_merges(parts: tuple[str, ...], agree: Agree) -> None:
    texts = files(*parts)
    agree(texts, *texts)


@pytest.mark.parametrize(("base", "over", "key", "expected"), SHAPES)
def test_shape(base: str, over: str, key: str, expected: object, loaded: Agree) -> None:
    texts = files(base, over)
    assert app(loaded({**texts, "a.env": ""}, *texts))[key] == expected


def test_subnets_are_mixed_up_as_docker_compose_mixes_them_up(loaded: Agree) -> None:
    base = "services: {app: {image: a, networks: [n]}}\n"
    base += "networks: {n: {ipam: {config: [{subnet: 10.1.0.0/16}, {subnet: 10.3.0.0/16}]}}}\n"
    over = "networks: {n: {ipam: {config: [{subnet: 10.1.0.0/16, gateway: 10.1.0.1}, {subnet: 10.2.0.0/16}]}}}\n"
    project = loaded({"a.yaml": base, "b.yaml": over}, "a.yaml", "b.yaml")
    assert project.root is not None
    config = project.root.get("networks", "n", "ipam", "config")
    assert config is not None
    assert plain(config) == [{"subnet": "10.2.0.0/16", "gateway": "10.1.0.1"}, {"subnet": "10.2.0.0/16"}]


def test_every_value_knows_its_own_file(loaded: Agree) -> None:
    texts = files("environment: [A=1, B=2], depends_on: [db]", "environment: {B: 3}, depends_on: {db: {restart: true}}")
    body = loaded(texts, *texts).services["app"].body
    environment = body.get("environment")
    assert isinstance(environment, Mapping)
    places = {
        key.text: (key.source.path, key.span.text, value.source.path, value.span.text) for key, value in environment
    }
    assert places == {"A": ("0.yaml", "A", "0.yaml", "1"), "B": ("1.yaml", "B", "1.yaml", "3")}
    dependency = body.get("depends_on")
    assert isinstance(dependency, Mapping)
    assert [(key.source.path, key.span.text) for key, _ in dependency] == [("0.yaml", "db")]
    assert [name.value for name in loaded(texts, *texts).services["app"].depends_on] == ["db"]


def test_a_finding_shows_what_its_value_replaced(loaded: Agree) -> None:
    texts = {
        "a.yaml": "services: {app: {image: a, models: [llm]}}\nmodels: {llm: {model: ai/x:1}}\n",
        "b.yaml": "models: {llm: {model: 'ai/x:2'}}\n",
        "c.yaml": "models: {llm: {model: ai/x:latest}}\n",
    }
    (finding,) = found("mutable-tag", loaded(texts, *texts))
    assert finding.span.source.path == "c.yaml"
    overridden = [
        (each.span.source.path, each.span.text) for each in finding.related if each.message == "overrides this"
    ]
    assert overridden == [("a.yaml", "ai/x:1"), ("b.yaml", "'ai/x:2'")]


def test_a_repeated_flag_is_fixed_in_its_own_file(loaded: Agree) -> None:
    texts = {
        "a.yaml": "services: {app: {image: a, models: [llm]}}\n"
        "models:\n  llm:\n    model: ai/x\n    runtime_flags: ['--temp', '1', --mlock]\n",
        "b.yaml": "models:\n  llm:\n    runtime_flags:\n      - --temperature\n      - '2'\n",
    }
    (finding,) = found("duplicated-flags", loaded(texts, *texts))
    assert (finding.span.source.path, finding.span.text) == ("b.yaml", "--temperature")
    assert [(each.span.source.path, each.span.text) for each in finding.related] == [("a.yaml", "--temp")]
    assert finding.fix is not None
    assert {edit.span.source.path for edit in finding.fix.edits} == {"a.yaml"}


def test_a_dropped_flag_is_found_in_the_override(agree: Agree) -> None:
    texts = {
        "a.yaml": "services: {app: {image: a, models: [llm]}}\n"
        "models: {llm: {model: ai/x, runtime_flags: ['--temp', '1']}}\n",
        "b.yaml": "models: {llm: {runtime_flags: ['--temp', '2', '--top-k', '1', '--mlock']}}\n",
    }
    project = agree(texts, *texts)
    assert [flag.value for flag in project.models["llm"].flags] == ["--temp", "1", "2", "--top-k", "--mlock"]
    dropped = found("dropped-flag", project)
    assert [(finding.span.source.path, finding.span.text) for finding in dropped] == [
        ("b.yaml", "--temp"),
        ("b.yaml", "1"),
    ]


def test_no_value_of_a_variable_is_shown(loaded: Agree) -> None:
    texts = files("environment: ['A=${SECRET}']", "environment: {B: 1}")
    environment = loaded(texts, *texts, shell={"SECRET": "s3cret"}).services["app"].body.get("environment")
    assert isinstance(environment, Mapping)
    ((_, value), *_) = environment
    assert isinstance(value, Scalar)
    assert (value.value, value.shown) == ("s3cret", "${SECRET}")


def test_refused_merge_is_reported_at_the_key(agree: Agree) -> None:
    texts = files("cap_add: [A]", "cap_add: {A: 1}")
    (violation,) = agree(texts, *texts).violations
    assert (violation.span.source.path, violation.span.text, violation.kind) == ("1.yaml", "cap_add", "merge")
    assert "`0.yaml`" in violation.message


def test_a_merge_that_grows_too_large_is_refused(loaded: Agree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modellint.compose.loading.merge.MAX_MERGED", 10)
    texts = files("cap_add: [A]", "cap_add: [B]")
    project = loaded(texts, *texts)
    assert not project.whole
    assert ["too large" in violation.message for violation in project.violations][:1] == [True]
