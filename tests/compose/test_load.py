"""Projects as a whole: the vectors through real files, env files, several documents, the corpus."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from modellint.compose.loading.load import load, load_project
from modellint.compose.loading.selection import Options, select
from modellint.compose.model.project import Project
from modellint.files import disk
from modellint.text.source import Source
from modellint.yaml.node import Mapping, plain
from modellint.yaml.parse import parse

Agree = Callable[..., Project]

SHARED = Path(__file__).parents[3] / "shared"
VECTORS = SHARED / "vectors" / "compose_models.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8")) if VECTORS.exists() else []
DEV = SHARED / "corpus" / "dev"

DOCUMENTS = {
    "two documents": "services: {app: {image: a, environment: {A: 1}}}\n---\nservices: {app: {environment: [A=2]}}\n",
    "a tag": "services: {app: {image: a, cap_add: [A]}}\n---\nservices: {app: {cap_add: !override [B]}}\n",
    "a `---` before and `...` after": "---\nservices: {app: {image: a}}\n...\n",
    "an empty document at the end": "services: {app: {image: a}}\n---\n",
    "an empty document before": "---\n---\nservices: {app: {image: a}}\n",
    "a list": "services: {app: {image: a}}\n---\n- a\n",
    "a required variable": "services: {app: {image: '${IMAGE:?}', command: '${IMAGE:?}'}}\n",
    "a required variable with a value": "services: {app: {image: '${IMAGE-a}'}}\n",
}
ENV_FILES = {
    "one": "env_file: a.env",
    "a list, the last wins": "env_file: [a.env, sub/b.env]",
    "a later one refers to an earlier one": "env_file: [a.env, c.env]",
    "not required": "env_file: [{path: no.env, required: false}, a.env]",
    "raw": "env_file: [{path: raw.env, format: raw}]",
    "environment wins": "env_file: a.env, environment: {A: own}",
    "missing": "env_file: [a.env, no.env]",
    "a folder": "env_file: sub",
    "malformed": "env_file: bad.env",
    "missing label file": "label_file: no.env",
    "missing, of a service that does not run": "profiles: [p], env_file: no.env",
}


@pytest.mark.skipif(not CASES, reason=f"{VECTORS} is not here")
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_vectors_through_real_files(case: dict[str, Any], agree: Agree) -> None:
    texts = {f"{number}.yaml": text for number, text in enumerate(case["files"])}
    project = agree(texts, *texts, profiles=case["profiles"])
    assert isinstance(project.root, Mapping)


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents(text: str, agree: Agree) -> None:
    agree({"compose.yaml": text})


def test_a_required_variable_is_asked_for_once(loaded: Agree) -> None:
    project = loaded({"compose.yaml": DOCUMENTS["a required variable"]})
    (violation,) = project.violations
    assert (violation.kind, violation.span.text) == ("required-variable", "${IMAGE:?}")
    assert project.whole


@pytest.mark.parametrize("text", ENV_FILES.values(), ids=ENV_FILES)
def test_env_files(text: str, agree: Agree) -> None:
    agree(
        {
            "compose.yaml": f"services: {{z: {{image: z}}, app: {{image: a, models: [m], {text}}}}}\n"
            "models: {m: {model: x}}\n",
            "a.env": "A=1\nB='b'\n",
            "sub/b.env": "B=2\n",
            "c.env": "C=${A}x\nS=${SHELL_SAYS}\n",
            "raw.env": "A='1'\nB=$A # no comment\n",
            "bad.env": "A B=1\n",
        },
        shell={"SHELL_SAYS": "yes"},
    )


def test_a_label_file_is_no_violation(loaded: Agree) -> None:
    project = loaded({"compose.yaml": "services: {a: {image: a, label_file: [a.env]}}\n", "a.env": "A=1\n"})
    assert project.violations == []


def test_env_files_outside_of_the_project_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "secret.env").write_text("SECRET=1\n")
    text = "services: {a: {image: a, models: [m], env_file: ../secret.env}}\nmodels: {m: {model: x}}\n"
    (tmp_path / "own" / "compose.yaml").write_text(text)
    monkeypatch.chdir(tmp_path / "own")
    project = load_project(select(Options(), {}))
    assert project.services["a"].environment == {}
    assert project.violations == []


def test_jobs_are_merged_like_services(loaded: Agree) -> None:
    job = "jobs: {j: {image: a, environment: [A=1], command: [x], triggers: {manual: true}}}\n"
    texts = {
        "a.yaml": f"services: {{s: {{image: s}}}}\n{job}",
        "b.yaml": "jobs: {j: {environment: {B: 2}, command: y}, k: {extends: j}}\n",
        "c.yaml": "jobs: {k: {extends: l, image: k}, l: {triggers: {manual: true}}}\n",
    }
    project = loaded({**texts, "b.yaml": "jobs: {j: {environment: {B: 2}, command: y}}\n"}, *texts)
    assert project.violations == []
    assert project.root is not None
    jobs = cast("dict[str, Any]", plain(project.root)).get("jobs", {})
    assert jobs["j"] == {
        "image": "a", "environment": {"A": "1", "B": 2}, "command": "y", "triggers": {"manual": True},
    }  # fmt: skip
    assert jobs["k"] == {"triggers": {"manual": True}, "image": "k"}


def test_variables_know_whether_they_are_set(loaded: Agree) -> None:
    project = loaded(
        {
            "compose.yaml": "include: [sub/a.yaml]\nservices: {a: {image: 'a:${V}${COMPOSE_PROJECT_NAME}'}}\n",
            "sub/a.yaml": "services: {b: {image: 'b:${V}'}}\n",
            "sub/.env": "V=1\n",
        }
    )
    assert [(one.span.source.path, one.name, one.is_set) for one in project.variables] == [
        ("compose.yaml", "V", False),
        ("compose.yaml", "COMPOSE_PROJECT_NAME", True),
        ("sub/a.yaml", "V", True),
    ]


def test_one_text(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.yaml").write_text("models: {m: {model: ai/x}}\n")
    text = "include: [sub/a.yaml]\nservices: {app: {image: a, models: [m]}}\n"
    project = load(Source(str(tmp_path / "compose.yaml"), text), {})
    assert project.whole
    assert project.services["app"].grants[0].model is project.models["m"]


@pytest.mark.skipif(not DEV.exists(), reason=f"{DEV} is not here")
def test_overlays_of_the_corpus() -> None:
    """A file and its override, or an overlay and its base, grant the models that Docker Compose printed."""
    compared = 0
    rows = [line.split("\t") for line in (DEV / "INDEX.tsv").read_text(encoding="utf-8").splitlines()]
    for row in (dict(zip(rows[0], row, strict=False)) for row in rows[1:]):
        golden = DEV / "golden_merged" / f"{row['id']}.yaml"
        file = DEV / "files" / f"{row['id']}__{row['repo'].replace('/', '__')}" / row["path"]
        if not golden.exists() or not file.exists():
            continue
        expected = cast("dict[str, Any]", plain(parse(disk.read(str(golden))).documents[0]))
        project = _merged(file, expected)
        grants = {
            name: sorted(grant.model_name for grant in service.grants if not grant.legacy)
            for name, service in project.services.items()
            if service.active
        }
        assert grants == {name: sorted(body.get("models") or {}) for name, body in expected["services"].items()}, row[
            "id"
        ]
        models = {name: plain(model.body) for name, model in project.models.items() if model.body and model.grants}
        assert models == expected.get("models", {}), row["id"]
        compared += 1
    assert compared >= 10


def _merged(file: Path, expected: dict[str, Any]) -> Project:
    """The pair of files that gives the services of the golden file."""
    beside = sorted(path for path in file.parent.iterdir() if path.suffix in (".yaml", ".yml") and path != file)
    for other in beside:
        for pair in ((other, file), (file, other)):
            project = load_project(select(Options([str(path) for path in pair]), {}))
            active = {name for name, service in project.services.items() if service.active}
            if active == set(expected["services"]) and project.whole:
                return project
    pytest.fail(f"no file beside {file} gives this project")
