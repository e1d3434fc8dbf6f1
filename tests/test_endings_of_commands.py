"""Whatever happens to a command from outside, it says so in a line, and its help says what its exit status means."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from modellint.commands.table import COMMANDS, ENDINGS, Command

FAILS = "services:\n  app:\n    image: app\n    models: [lmm]\n"
CLOSED = "modellint: standard output: is closed\n"
_STOP = """\
import os, signal, sys
import modellint.cli as cli
{when} = lambda *_: os.kill(os.getpid(), signal.SIGTERM)
sys.argv = ["modellint", *{words}]
cli.run()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text("services:\n  app:\n    image: app\n")
    (tmp_path / "fails.yaml").write_text(FAILS)
    return tmp_path


def shell(words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program with what a shell can do to its streams."""
    return subprocess.run(
        f"{sys.executable} -m modellint {words}", shell=True, cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_help_ends_with_the_exit_statuses_of_its_command(command: Command, folder: Path) -> None:
    said = shell(f"{command.name} --help", folder).stdout
    assert said.endswith(f"\nexit status: {ENDINGS[command.name]}\n")
    assert ("--fail-on" in said) == any(option.name == "--fail-on" for option in command.options)
    assert shell(f"help {command.name}", folder).stdout == said


def test_the_endings_are_those_of_the_commands() -> None:
    assert set(ENDINGS) == {"", *(command.name for command in COMMANDS)}


@pytest.mark.skipif(sys.platform == "win32", reason="the shell is another")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("check fails.yaml >&-", CLOSED),
        ("check --format json fails.yaml >&-", CLOSED),
        ("rules >&-", CLOSED),
        ("check --help >&-", CLOSED),
        ("explain unused-model >&-", CLOSED),
        ("graph >&-", CLOSED),
        ("check - <&-", "modellint: standard input: is closed\n"),
        ("check fails.yaml >&- 2>&-", ""),
        ("chekc 2>&-", ""),
    ],
)
def test_a_closed_stream_is_no_defect(words: str, says: str, folder: Path) -> None:
    done = shell(words, folder)
    assert (done.returncode, done.stderr) == (2, says)


@pytest.mark.skipif(sys.platform == "win32", reason="the shell is another")
def test_what_needs_no_closed_stream_is_done(folder: Path) -> None:
    report = shell("check fails.yaml", folder).stdout
    loud = shell("check fails.yaml 2>&-", folder)
    assert (loud.returncode, loud.stdout) == (1, report)
    filed = shell("check --output report.txt fails.yaml >&-", folder)
    assert (filed.returncode, filed.stderr) == (1, "")
    assert (folder / "report.txt").read_text() == report


@pytest.mark.skipif(sys.platform == "win32", reason="the shell is another")
@pytest.mark.parametrize("words", ["check fails.yaml", "rules", "check --help", "graph", "policy schema"])
def test_a_reader_that_never_reads_is_no_defect(words: str, folder: Path) -> None:
    assert shell(f"{words} | head -0", folder).stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="nobody sends SIGTERM there")
@pytest.mark.parametrize("when", ["cli._main", "cli.main", "cli.arguments.read"])
@pytest.mark.parametrize("words", [["check"], ["fix"], ["smoke"], ["smoke", "--serve"]])
def test_who_is_told_to_end_says_so(when: str, words: list[str], folder: Path) -> None:
    program = _STOP.format(when=when, words=words)
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (143, "", "modellint: stopped\n")
