"""A project may name any file of the machine; of one that is not its own, no text appears in a report."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import check
from modellint.pack import rules
from modellint.report import renderer

SECRET = "c2VjcmV0OnRva2Vu"
OWN = "services: {app: {image: app}}\n"
FOREIGN = {
    "credentials": '{"auths": {"registry.example.com": {"auth": "' + SECRET + '"}}}\n',
    "a token": f"{SECRET}\n",
    "an assignment": f"token: [{SECRET}\n",
    "a list": f"- {SECRET}\n- {SECRET}: x\n",
}


def reports(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    known = rules()
    found = check([], list(known.values()), {})
    assert found.results
    return "".join(renderer(form)(found, known) for form in ("text", "json", "sarif", "github"))


def machine(tmp_path: Path, text: str) -> Path:
    """A repository, and a file beside it that is none of its business."""
    (tmp_path / "elsewhere.yaml").write_text(text)
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    return tmp_path / "repository"


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("way", ["include", "extends", "link"])
def test_nothing_of_a_foreign_file_is_printed(
    name: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = machine(tmp_path, FOREIGN[name])
    if way == "link":
        (folder / "compose.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    elif way == "include":
        (folder / "compose.yaml").write_text(f"include: [../elsewhere.yaml]\n{OWN}")
    else:
        (folder / "compose.yaml").write_text("services: {app: {extends: {file: ../elsewhere.yaml, service: x}}}\n")
    assert SECRET not in reports(folder, monkeypatch)


def test_a_file_of_the_same_repository_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "common.yaml").write_text("services: {db: {imag: db}}\n")
    (tmp_path / "app" / "compose.yaml").write_text(f"include: [../common.yaml]\n{OWN}")
    assert "services: {db: {imag: db}}" in reports(tmp_path / "app", monkeypatch)
