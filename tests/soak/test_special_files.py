"""All pairs of a place whose path is read and a kind of special file, with every command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.special_files import COMMANDS, KINDS, PLACES, lay, run

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_nothing_hangs_crashes_or_leaks(place: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    try:
        project = lay(tmp_path, place, kind)
    except PermissionError:
        pytest.skip("only the superuser can make a device")
    assert run(COMMANDS, project) == []
