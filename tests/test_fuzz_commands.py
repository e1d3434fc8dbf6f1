"""A share of what `tests/soak/test_fuzz_commands.py` does with 10,000 texts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.withstood import withstand

TEXTS = 40


@pytest.mark.skipif(os.name != "posix", reason="needs an alarm")
def test_mutated_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tally = withstand(range(TEXTS), tmp_path)
    assert not tally.faults, "\n\n".join(tally.faults)
    # Neither all refused nor all sound, or one half of the program would be looked at only.
    assert {("check", 0), ("check", 1), ("graph", 0), ("config", 0), ("config", 2)} <= set(tally.codes)
    assert tally.fixed > TEXTS / 10
