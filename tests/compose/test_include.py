"""`include`: the same project as with the real Docker Compose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.compose.loading.load import load_project
from modellint.compose.loading.selection import Options, select
from modellint.compose.model.project import Project
from modellint.compose.model.versions import features
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run

Agree = Callable[..., Project]

CASES: dict[str, dict[str, str]] = {
    "models and grants": {
        "compose.yaml": "include: [a.yaml]\nservices: {app: {image: x, models: [m]}}\n",
        "a.yaml": "models: {m: {model: ai/x, runtime_flags: [--mlock]}}\n",
    },
    "what both declare": {
        "compose.yaml": "include: [a.yaml]\nservices: {app: {environment: {B: 3}, models: [m]}}\n"
        "models: {m: {model: ai/y, runtime_flags: ['--temp', '2']}}\n",
        "a.yaml": "services: {app: {image: a, environment: {A: 1, B: 2}}}\n"
        "models: {m: {model: ai/x, context_size: 1, runtime_flags: ['--temp', '1']}}\n",
    },
    "the same declaration": {
        "compose.yaml": "include: [a.yaml]\nservices: {app: {image: a, models: [m]}}\n"
        "models: {m: {model: ai/x, runtime_flags: [--a, --a]}}\n",
        "a.yaml": "models: {m: {model: ai/x, runtime_flags: [--a, --a]}}\n",
    },
    "tags": {
        "compose.yaml": "include: [a.yaml]\nservices: {app: {models: [m], cap_add: !override [Z]}}\n"
        "models: {m: {context_size: !reset null, runtime_flags: !override [--b]}}\n",
        "a.yaml": "services: {app: {image: a, cap_add: [A]}}\n"
        "models: {m: {model: ai/x, context_size: 1, runtime_flags: [--a]}}\n",
    },
    "two that declare one service": {
        "compose.yaml": "include: [a.yaml, b.yaml]\nservices: {z: {image: z}}\n",
        "a.yaml": "services: {s: {image: a, cap_add: [A], environment: [X=a]}}\n",
        "b.yaml": "services: {s: {image: b, cap_add: [B], environment: [X=b]}}\n",
    },
    "one project reached twice": {
        "compose.yaml": "include: [a.yaml, b.yaml]\nservices: {z: {image: z, models: [m]}}\n",
        "a.yaml": "include: [c.yaml]\n",
        "b.yaml": "include: [c.yaml]\n",
        "c.yaml": "models: {m: {model: ai/x, runtime_flags: [--a, --a]}}\n",
    },
    "several files in one": {
        "compose.yaml": "include: [{path: [a/a.yaml, a/b.yaml]}]\nservices: {z: {image: z}}\n",
        "a/a.yaml": "services: {s: {image: a, cap_add: [A]}}\n",
        "a/b.yaml": "services: {s: {cap_add: [B]}}\n",
    },
    "a folder's own variables": {
        ".env": "V=top\n",
        "compose.yaml": "include: [sub/b.yaml]\nservices: {a: {image: 'x:${V}${W-}${X-}'}}\n",
        "sub/b.yaml": "include: [c/c.yaml]\nservices: {b: {image: 'x:${V}${W}'}}\n",
        "sub/.env": "V=sub\nW=w\n",
        "sub/c/c.yaml": "services: {c: {image: 'c:${V}${W}${X}'}}\n",
        "sub/c/.env": "W=c\nX=${W}x\n",
    },
    "folder and env files of the entry": {
        "compose.yaml": "include: [{path: sub/b.yaml, project_directory: ./pd, env_file: [x.env, y.env]}]\n"
        "services: {a: {image: 'x:${V-none}'}}\n",
        "sub/b.yaml": "services: {b: {image: 'x:${V}${P-}', extends: {file: e.yaml, service: e}}}\n",
        "x.env": "V=9\n",
        "y.env": "V=${V}0\n",
        "pd/.env": "P=pd\n",
        "pd/e.yaml": "services: {e: {cap_add: [E]}}\n",
    },
    "no env file at all": {
        "compose.yaml": "include: [{path: sub/b.yaml, env_file: /dev/null}]\n",
        "sub/b.yaml": "services: {b: {image: 'x:${V-none}'}}\n",
        "sub/.env": "V=1\n",
    },
    "the project's name": {
        "compose.yaml": "name: 'Top ${A-a}!'\ninclude: [a.yaml]\nservices: {z: {image: 'z:${COMPOSE_PROJECT_NAME}'}}\n",
        "a.yaml": "name: other\nservices: {s: {image: 's:${COMPOSE_PROJECT_NAME}'}}\n",
    },
    "an empty file": {"compose.yaml": "include: [a.yaml]\nservices: {z: {image: z}}\n", "a.yaml": ""},
    "nothing": {"compose.yaml": "include:\nservices: {z: {image: z}}\n"},
}
REFUSED = {
    "no such file": ({"compose.yaml": "include: [no.yaml]\nservices: {a: {image: a}}\n"}, "no.yaml"),
    "a folder": ({"compose.yaml": "include: [sub]\nservices: {a: {image: a}}\n", "sub/x": ""}, "sub"),
    "a circle": (
        {"compose.yaml": "include: [b.yaml]\nservices: {a: {image: a}}\n", "b.yaml": "include: [compose.yaml]\n"},
        "compose.yaml",
    ),
    "no such env file": (
        {"compose.yaml": "include: [{path: a.yaml, env_file: x.env}]\n", "a.yaml": "services: {b: {image: q}}\n"},
        "x.env",
    ),
    "an env file that is none": (
        {"compose.yaml": "include: [sub/a.yaml]\n", "sub/a.yaml": "services: {b: {image: q}}\n", "sub/.env": "A B=1\n"},
        "sub/a.yaml",
    ),
    "no map": ({"compose.yaml": "include: [a.yaml]\nservices: {a: {image: a}}\n", "a.yaml": "- a\n"}, "a.yaml"),
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_included_as_docker_compose_includes(files: dict[str, str], agree: Agree) -> None:
    project = agree(files)
    assert project.whole
    assert project.root is not None
    assert "include" not in project.root


@pytest.mark.parametrize(("files", "place"), REFUSED.values(), ids=REFUSED)
def test_refused(files: dict[str, str], place: str, agree: Agree) -> None:
    project = agree(files)
    (violation,) = (one for one in project.violations if one.kind == "include")
    assert violation.span.text == place
    assert not project.whole


@pytest.mark.parametrize(
    "text", ["include: a.yaml", "include: [7]", "include: [{path: {a: b}}]", "include: {path: a.yaml}"]
)
def test_what_is_no_include_is_left_to_the_schema(text: str, agree: Agree) -> None:
    project = agree({"compose.yaml": f"services: {{a: {{image: a}}}}\n{text}\n", "a.yaml": ""})
    assert [violation.kind for violation in project.violations] != []


def test_an_incomplete_model_is_refused_in_its_own_file(agree: Agree) -> None:
    files = {
        "compose.yaml": "include: [a.yaml]\nservices: {b: {image: b, models: [m]}}\nmodels: {m: {model: x}}\n",
        "a.yaml": "models: {m: {context_size: 3}}\n",
    }
    (violation,) = agree(files).violations
    assert violation.span.source.path == "a.yaml"


def test_a_remote_project_is_not_loaded(loaded: Agree) -> None:
    for file in ("https://github.com/example/app.git", "oci://example.com/app:1", "git@github.com:example/app.git"):
        project = loaded({"compose.yaml": f"include: ['{file}']\nservices: {{a: {{image: a}}}}\n"})
        assert [(one.kind, one.span.text) for one in project.violations] == [("include", file)]
        assert "is not loaded" in project.violations[0].message
        assert not project.whole


def test_files_outside_of_the_project_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / ".git").mkdir()  # outside of it, nothing is read
    (tmp_path / "shared.yaml").write_text("services: {b: {image: b}}\n")
    (tmp_path / "own" / "compose.yaml").write_text("include: [../shared.yaml, in.yaml]\n")
    (tmp_path / "own" / "in.yaml").write_text("services: {c: {extends: {file: ../shared.yaml, service: b}}}\n")
    monkeypatch.chdir(tmp_path / "own")
    project = load_project(select(Options(), {}))
    assert set(project.services) == {"b", "c"}
    assert [node.shown for node in project.outside] == ["../shared.yaml"]


def test_older_versions_leave_the_models_behind(loaded: Agree, tmp_path: Path) -> None:
    loaded(CASES["models and grants"])
    project = load_project(select(Options(features=features("2.40.3")), {}))
    assert not project.models
    assert [one.span.text for one in run([rules()["undefined-model"]], project)] == ["m"]


def test_findings_stand_in_the_included_file(loaded: Agree) -> None:
    project = loaded(
        {
            "compose.yaml": "include: [sub/a.yaml]\nservices: {app: {image: x, models: [m]}}\n",
            "sub/a.yaml": "models:\n  m:\n    model: ai/x:latest  # modellint: ignore[unpinned-model] local\n",
        }
    )
    assert [one.span.source.path for one in run([rules()["mutable-tag"]], project)] == ["sub/a.yaml"]
    assert run([rules()["unpinned-model"]], project) == []


def test_a_deep_nest_and_many_files_are_survived(loaded: Agree) -> None:
    deep = {f"{number}.yaml": f"include: [{number + 1}.yaml]\n" for number in range(100)}
    project = loaded({**deep, "compose.yaml": "include: [0.yaml]\nservices: {a: {image: a}}\n"})
    assert any("levels deep" in one.message for one in project.violations)
    wide = {f"{number}.yaml": f"services: {{s{number}: {{image: a}}}}\n" for number in range(600)}
    project = loaded({**wide, "compose.yaml": f"include: [{', '.join(wide)}]\n"})
    assert any("more than 500 files" in one.message for one in project.violations)
    assert not project.whole


def test_a_doubling_graph_is_read_once(loaded: Agree) -> None:
    files = {f"{number}.yaml": f"include: [{number + 1}.yaml, ./{number + 1}.yaml]\n" for number in range(35)}
    files["35.yaml"] = "services: {a: {image: a}}\n"
    project = loaded({**files, "compose.yaml": "include: [0.yaml]\n"})
    assert len(project.files) == 37
    assert project.whole


def test_files_that_are_too_much_together_are_said_once(loaded: Agree) -> None:
    """Each is read for a folder of its own, and so anew."""
    entries = "".join(f"  - {{path: a.yaml, project_directory: d{number}}}\n" for number in range(9))
    project = loaded({"compose.yaml": f"include:\n{entries}", "a.yaml": "x-a: [" + "1," * 50_000 + "]\n"})
    assert [violation.message for violation in project.violations] == [
        "the files of the project contain more than 200,000 values in total: modellint reads no more files from here on"
    ]
    assert not project.whole


def test_env_files_that_are_too_much_together_are_said_once(loaded: Agree) -> None:
    parts = {f"a{number}.yaml": "services: {}\n" for number in range(9)}
    variables = {f"{number}.env": "".join(f"A{name}={number}\n" for name in range(40_000)) for number in range(9)}
    entries = "".join(f"  - {{path: a{number}.yaml, env_file: {number}.env}}\n" for number in range(9))
    project = loaded({"compose.yaml": f"include:\n{entries}", **parts, **variables})
    assert [violation.message for violation in project.violations] == [
        "the env files of the included projects set more than 200,000 variables in total: modellint "
        "reads no more files from here on"
    ]
    assert not project.whole
