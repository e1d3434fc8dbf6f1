"""Whatever lies where a file is expected: no run hangs, crashes, or opens it. `tests/soak` tries all pairs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.special_files import COMMANDS, KINDS, PLACES, lay, run

CHECK, FILE, BASELINE, FIX, GRAPH, CONFIG, SHOW, POLICY = COMMANDS
# Each kind, and the places in which it has done most harm.
SHARE = [
    ("fifo", "base.json", BASELINE),
    ("fifo", ".git/index", CHECK),
    ("socket", "svc.env", CHECK),
    ("device", "ctx/start.sh", CHECK),
    ("link to a device", "sub/.gitignore", CHECK),
    ("link to standard input", "base.json", BASELINE),
    ("link to standard input", ".env", FILE),
    ("link to a terminal", "compose.yaml", CHECK),
    ("link to itself", "inc", CONFIG),
    ("link to nothing", "compose.override.yaml", FIX),
    ("link out", "inc/inc.env", CHECK),
    ("link out", "pol.yaml", SHOW),
    ("folder", ".env", GRAPH),
    ("terabyte", "base.json", BASELINE),
    ("link to memory", "ext.yaml", FILE),
    ("link to the kernel's log", "base.json", BASELINE),
    ("link to a fifo", ".modellint.yaml", POLICY),
    ("link to the root", "compose.yaml", FILE),
    ("link to the folder above", "ctx", CHECK),
    ("nothing", ".git", CHECK),
]


def test_the_share_has_every_kind() -> None:
    assert {kind for kind, _, _ in SHARE} == set(KINDS)
    assert {place for _, place, _ in SHARE} <= set(PLACES)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize(("kind", "place", "command"), SHARE)
def test_nothing_hangs_crashes_or_leaks(
    kind: str, place: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    try:
        project = lay(tmp_path, place, kind)
    except PermissionError:
        pytest.skip("only the superuser can make a device")
    assert run([command], project) == []
