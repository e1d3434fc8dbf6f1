"""Every attribute of a Compose file names a secret of the machine, in every shape of a value; no command prints it."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.cli import main
from support.canary import CANARY, PLACES, SHAPES, hide, write_place, write_projects

FORMS = ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown")
COMMANDS = [
    *(["check", "--select", "all", "--format", form] for form in FORMS),
    ["check", "."],
    *(["graph", "--format", form] for form in ("mermaid", "html", "svg", "dot")),
    ["fix", "--unsafe", "--diff"],
    ["smoke", "--offline", "--timeout", "2"],
    ["policy", "show"],
    ["init"],
]


def said_by(command: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> bytes:
    assert main(command) in (0, 1, 2)
    said = b"".join(capfdbinary.readouterr())
    Path(".modellint.yaml").unlink(missing_ok=True)
    assert b"internal error" not in said
    assert b"failed on it" not in said
    return said


@pytest.mark.parametrize("shape", range(SHAPES))
def test_no_attribute_gives_a_value_away(
    shape: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    hide(monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert write_projects(tmp_path, shape) > 500
    for command in (["check", "--select", "all", "--format", "json", "."], ["fix", "--unsafe", "--diff", "."]):
        lines = said_by(command, capfdbinary).decode().splitlines()
        told = [(at, line) for at, line in enumerate(lines) if CANARY in line]
        assert not told, ["\n".join(lines[max(0, at - 3) : at + 12]) for at, _ in told[:3]]


@pytest.mark.parametrize("place", PLACES)
def test_no_command_gives_a_value_away(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    hide(monkeypatch)
    monkeypatch.chdir(tmp_path)
    write_place(tmp_path, place)
    for command in COMMANDS:
        assert CANARY.encode() not in said_by(command, capfdbinary), command
