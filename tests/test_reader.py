"""Files of a project: from disk, or from the drafts that stand for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.files.disk import Unreadable
from modellint.files.reader import Reader
from modellint.linter.discovery import rules

TEXT = "services: {app: {image: 'app:1', build: app, env_file: app.env, models: [llm]}}\nmodels: {llm: {model: ai/x}}\n"


def test_a_draft_stands_for_a_file(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("a: 1\n")
    (tmp_path / "link.yaml").symlink_to(path)
    reader = Reader({str(path): "a: 2\n"})
    assert reader.read(str(path)).text == reader.read_compose(str(tmp_path / "link.yaml")).text == "a: 2\n"
    assert Reader().read(str(path)).text == "a: 1\n"
    assert list(reader.paths) == [str(path), str(tmp_path / "link.yaml")]


def test_a_draft_needs_no_file(tmp_path: Path) -> None:
    """An editor has a new file before the disk has."""
    path = str(tmp_path / "app.env")
    reader = Reader({path: "A=1\n"})
    assert (reader.exists(path), reader.is_file(path), reader.trouble(path)) == (True, True, "")
    assert reader.read_settings(path).text == "A=1\n"
    assert (Reader().exists(path), Reader().trouble(path)) == (False, "does not exist")
    with pytest.raises(Unreadable, match="does not exist"):
        Reader().read_settings(path)


def test_a_project_of_drafts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    drafts = {str(tmp_path / "compose.yaml"): TEXT, str(tmp_path / "app.env"): "LLM_URL=http://x\n"}
    settings = Settings(list(rules().values()), {}, drafts=drafts)
    report = check([], settings)
    found = {result.rule for result in report.results}
    assert {"unpinned-model", "leaked-variable"} & found
    assert "missing-value" not in found
    assert report.files == 1
    assert [str(each) for each in check([], Settings([], {})).unreadable] != []


def test_an_override_of_a_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yaml").write_text(TEXT.replace(", env_file: app.env", ""))
    over = str(tmp_path / "compose.override.yaml")
    drafts = {over: "services: {app: {models: [other]}}\n"}
    found = check([], Settings([rules()["undefined-model"]], {}, drafts=drafts)).results
    assert [each.place.path for each in found] == ["compose.override.yaml"]
    assert check([], Settings([rules()["undefined-model"]], {})).results == []


def test_a_check_names_every_file_that_it_has_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    files = {
        "compose.yaml": TEXT, ".env": "A=1\n", "app.env": "B=1\n", "app/Dockerfile": "FROM python\nCMD [\"a.py\"]\n",
        "app/a.py": "import os\nos.environ['LLM_URL']\n", "app/.dockerignore": "b.py\n", "app/b.py": "",
        "unread.txt": "",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    report = check([], Settings([rule for rule in rules().values() if rule.on], {}))
    assert report.read == sorted({*files} - {"app/b.py", "unread.txt"})


def test_as_many_workers_as_are_wanted(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        (folder / "compose.yaml").write_text(TEXT)
    reports = [check([str(tmp_path)], Settings([rules()["unpinned-model"]], {}, workers=n)) for n in (1, 3)]
    assert [len(each.results) for each in reports] == [20, 20]
