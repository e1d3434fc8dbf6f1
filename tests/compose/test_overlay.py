"""An overlay is checked over the file that it evidently belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import Report, Settings, check
from modellint.linter.discovery import rules

BASE = """\
services:
  app:
    image: app
    models:
      llm:
        endpoint_var: URL
        model_var: MODEL
models:
  llm:
    model: ai/smollm2:latest
"""
SECOND = """\
services:
  app:
    models:
      big:
        endpoint_var: URL
        model_var: MODEL
models:
  big:
    model: ai/qwen3:8B
"""
UNUSED = "models:\n  other:\n    model: ai/qwen3:8B\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yaml").write_text(BASE)
    return tmp_path


def report(*paths: str, shell: dict[str, str] | None = None) -> Report:
    return check(paths, Settings(list(rules().values()), shell or {}))


def found(made: Report) -> set[tuple[str, str]]:
    return {(result.place.path, result.rule) for result in made.results}


def test_what_the_base_adds_is_seen_and_only_the_overlay_reported(folder: Path) -> None:
    (folder / "compose.big.yaml").write_text(SECOND)
    made = report("compose.big.yaml")
    assert ("compose.big.yaml", "colliding-variables") in found(made)
    assert {path for path, _ in found(made)} == {"compose.big.yaml"}
    assert (made.files, made.projects) == (1, 1)


def test_absence_counts_only_where_no_other_overlay_lies_beside(folder: Path) -> None:
    (folder / "compose.x.yaml").write_text(UNUSED)
    assert ("compose.x.yaml", "unused-model") in found(report("compose.x.yaml"))
    (folder / "compose.y.yaml").write_text("services: {app: {models: [other]}}\n")
    assert ("compose.x.yaml", "unused-model") not in found(report("compose.x.yaml"))


def test_a_default_override_counts_whatever_lies_beside(folder: Path) -> None:
    (folder / "compose.override.yaml").write_text(UNUSED)
    (folder / "compose.y.yaml").write_text("services: {app: {models: [other]}}\n")
    assert found(report("compose.override.yaml")) >= {("compose.override.yaml", "unused-model")}


def test_a_file_and_its_override_are_one_project(folder: Path) -> None:
    (folder / "compose.override.yaml").write_text(UNUSED)
    made = report("compose.yaml", "compose.override.yaml")
    assert ("compose.override.yaml", "unused-model") in found(made)
    assert ("compose.yaml", "mutable-tag") in found(made)
    assert (made.files, made.projects) == (2, 1)
    assert found(report(".")) == found(report()) == found(made)


def test_without_a_base_it_stays_a_fragment(folder: Path) -> None:
    (folder / "compose.yaml").unlink()
    (folder / "compose.x.yaml").write_text(UNUSED)
    rules_found = {rule for _, rule in found(report("compose.x.yaml"))}
    assert "unpinned-model" in rules_found
    assert "unused-model" not in rules_found


def test_what_both_get_wrong_is_reported_in_the_overlay(folder: Path) -> None:
    (folder / "compose.yaml").write_text(BASE + "    image: wrong\n")
    (folder / "compose.x.yaml").write_text(UNUSED.replace("other", "llm") + "    image: wrong\n")
    assert ("compose.x.yaml", "invalid-compose") in found(report("compose.x.yaml"))


@pytest.mark.parametrize(
    ("beside", "unknown"),
    [("services: {web: {image: web}}\n", False), ("services: {web: {init: true}}\n", True), ("}{\n", True)],
)
def test_a_service_that_nobody_declares(folder: Path, beside: str, unknown: bool) -> None:
    (folder / "compose.x.yaml").write_text("services:\n  web:\n    environment: {A: b}\n")
    (folder / "compose.y.yaml").write_text(beside)
    messages = [result.message for result in report("compose.x.yaml").results]
    assert any("`web` is not a service of `compose.yaml`" in message for message in messages) is unknown


def test_a_file_that_stands_alone_is_no_overlay(folder: Path) -> None:
    (folder / "compose.test.yaml").write_text("services: {t: {image: t, models: [llm]}}\n")
    assert ("compose.test.yaml", "undefined-model") in found(report("compose.test.yaml"))


def test_a_project_that_another_includes_is_no_second_one(folder: Path) -> None:
    (folder / "part").mkdir()
    (folder / "part/compose.yaml").write_text("services: {p: {image: p, models: [llm]}}\n")
    (folder / "compose.yaml").write_text("include: [part/compose.yaml]\n" + BASE)
    made = report(".")
    assert (made.files, made.projects) == (2, 1)
    assert "undefined-model" not in {rule for _, rule in found(made)}
    assert ("part/compose.yaml", "undefined-model") in found(report("part"))
    assert report("compose.yaml", "part/compose.yaml").projects == 2


WRONG = """
services:
  web: {image: web, models: [llm]}
models:
  llm: {model: "${LLM:-ai/llm:1}", runtime_flags: [--no-such-flag]}
"""
_TAKEN_IN = {
    "an extended service": "services: {web: {extends: {file: ../app/compose.yaml, service: web}}}\n",
    "other variables": "include: [{path: ../app/compose.yaml, env_file: ok.env}]\n",
    "laid over": "include: [{path: [../app/compose.yaml, over.yaml]}]\n",
}


@pytest.mark.parametrize("second", _TAKEN_IN.values(), ids=_TAKEN_IN)
def test_what_takes_a_project_in_switches_none_of_its_findings_off(folder: Path, second: str) -> None:
    (folder / ".git").mkdir()
    (folder / "app").mkdir()
    (folder / "app/compose.yaml").write_text(WRONG)
    alone = found(report("."))
    (folder / "zz").mkdir()
    (folder / "zz/ok.env").write_text("LLM=ai/llm@sha256:" + "0" * 64 + "\n")
    (folder / "zz/over.yaml").write_text("services: {web: !override {image: x}}\nmodels: !reset {}\n")
    (folder / "zz/compose.yaml").write_text(second)
    assert alone >= {("app/compose.yaml", "rejected-flag"), ("app/compose.yaml", "unpinned-model")}
    assert found(report(".")) >= alone


def test_projects_that_include_each_other_are_both_checked(folder: Path) -> None:
    (folder / ".git").mkdir()
    for name, other in (("app", "zz"), ("zz", "app")):
        (folder / name).mkdir()
        (folder / name / "compose.yaml").write_text(f"include: [../{other}/compose.yaml]\n" + WRONG)
    made = report(".")
    assert made.projects == 3
    assert found(made) >= {
        (f"{name}/compose.yaml", rule) for name in ("app", "zz") for rule in ("rejected-flag", "invalid-compose")
    }


def test_what_a_project_that_is_taken_in_lacks_is_not_missed(folder: Path) -> None:
    (folder / "part").mkdir()
    (folder / "part/compose.yaml").write_text(
        "services:\n  p:\n    image: ${IMAGE:?}\n    networks: [back]\n    depends_on: [db]\n    models: [llm, own]\n"
        "    ports: ['${PORT}:80']\n    env_file: ../none.env # modellint: ignore[invalid-compose] made later\n"
        "models: {own: {model: '${OWN}', context_size: 4096}}\n"
    )
    (folder / ".env").write_text("IMAGE=p:1\nPORT=1\nURL=http://db:1/v1\nOWN=ai/own@sha256:" + "0" * 64 + "\n")
    (folder / "compose.yaml").write_text(
        "include: [part/compose.yaml]\nservices: {db: {image: db}}\nnetworks: {back: {}}\n"
        "models: {llm: {model: ai/llm}}\n"
    )
    assert {rule for path, rule in found(report(".")) if path == "part/compose.yaml"} <= {"unpinned-image"}
