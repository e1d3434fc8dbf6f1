"""An env file that is not there: Compose refuses the project, and a fresh checkout is told so more softly."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import check
from modellint.pack import rules

TEXT = "services: {app: {image: app, env_file: %s}}\n"


@pytest.mark.parametrize(
    ("ignored", "env_file", "severity"),
    [
        ("", ".env.app", "error"),
        (".env*\n", ".env.app", "warning"),
        ("*.log\n", ".env.app", "error"),
        (".env*\n!.env.app\n", ".env.app", "error"),
        (".env*\n", "{path: .env.app, required: false}", ""),
    ],
)
def test_a_missing_env_file(
    ignored: str, env_file: str, severity: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    monkeypatch.chdir(tmp_path / "app")
    Path("compose.yaml").write_text(TEXT % (f"[{env_file}]"))
    if ignored:
        (tmp_path / ".gitignore").write_text(ignored)
    found = check(["compose.yaml"], list(rules().values()), {})
    assert [result.severity for result in found.results if result.rule == "invalid-compose"] == [severity] * bool(
        severity
    )
