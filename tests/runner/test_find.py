"""Which program is taken."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from modellint.smoke.runners import find
from modellint.smoke.runners.find import NoRunner


def program(path: Path) -> Path:
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_given_program_is_taken_before_one_on_path(tmp_path: Path) -> None:
    program(tmp_path / "llama-server")
    given = program(tmp_path / "mine")
    assert find.find(str(given), path=str(tmp_path)).words == (str(given),)
    assert find.find("mine", path=str(tmp_path)).words == (str(given),)


def test_one_on_path_is_taken_before_our_own(tmp_path: Path) -> None:
    server = program(tmp_path / "llama-server")
    found = find.find(path=str(tmp_path))
    assert found.words == (str(server),)
    assert found.name == str(server)


@pytest.mark.parametrize(
    ("name", "words"), [("none", "does not exist"), ("plain", "is not executable"), ("folder", "is a directory")]
)
def test_a_given_program_that_is_none(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "plain").touch(0o644)
    (tmp_path / "folder").mkdir()
    with pytest.raises(NoRunner, match=words):
        find.find(str(tmp_path / name))


def test_nothing_to_run_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "PACKAGE", "xllamacpp_that_is_not_there")
    with pytest.raises(NoRunner, match=r"--runner.*pip install 'modellint\[runner\]'"):
        find.find(path="/nonexistent")


def test_another_version_of_the_library_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "PACKAGE", "pytest")
    with pytest.raises(NoRunner, match=f"pytest {metadata.version('pytest')} is installed, but only {find.VERSION}"):
        find.find(path="/nonexistent")
