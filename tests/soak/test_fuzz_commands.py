"""10,000 mutated Compose files through every command, format, fix and drawing; `MODELLINT_FUZZ` is another number."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.withstood import withstand

TEXTS = int(os.environ.get("MODELLINT_FUZZ", "10000"))
PARTS = 16  # for several workers


@pytest.mark.skipif(os.name != "posix", reason="needs an alarm")
@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_files(part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tally = withstand(range(part, TEXTS, PARTS), tmp_path)
    print(f"part {part}: {tally.codes}, {tally.fixed} fixed")
    assert not tally.faults, "\n\n".join(tally.faults[:20])
    assert tally.fixed > TEXTS / PARTS / 10
