"""Annotations: the runner understands exactly what was meant, whatever the text."""

from __future__ import annotations

import os
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from modellint.check import Report
from modellint.files.disk import Unreadable
from modellint.linter.record import FindingRecord, Location
from modellint.report import github, text
from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.rule import Rule

COMMANDS = frozenset(
    (
        "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice",
        "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
    )
)  # fmt: skip
WHITE = (  # what .NET trims
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"
)

Command = tuple[str, dict[str, str], str]


def understood(log: str) -> list[Command]:
    """The commands that a runner finds in a log."""
    lines = re.split(r"\r\n|\r|\n", log)
    return [command for line in lines if (command := _double_colon(line) or _bracket(line))]


def _double_colon(line: str) -> Command | None:
    match = re.match(r"::([^ ]*?)(?: (.*?))?::(.*)", line.lstrip(WHITE), re.S)
    if match is None or match[1].lower() not in COMMANDS:
        return None
    pairs = [pair.partition("=") for pair in (match[2] or "").strip(WHITE).split(",")]
    return match[1].lower(), {key: _property(value) for key, _, value in pairs if key and value}, _data(match[3])


def _bracket(line: str) -> Command | None:
    match = re.search(r"##\[([^ \]]*)[^\]]*\](.*)", line, re.S)
    return (match[1].lower(), {}, match[2]) if match and match[1].lower() in COMMANDS else None


def _property(value: str) -> str:
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
        value = value.replace(code, char)
    return value.replace("%25", "%")


def _data(value: str) -> str:
    return value.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def test_the_runner_of_this_test_finds_commands() -> None:
    """It would see an attack."""
    log = "a\r::set-env name=A%2CB::c%0Ad\n\u3000::Error::x\nx ##[add-path]y\n::unknown::z\n ##[nothing]\n"
    assert understood(log) == [("set-env", {"name": "A,B"}, "c\nd"), ("error", {}, "x"), ("add-path", {}, "y")]


def test_one_of_each_kind(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """The worst come first, with their places."""
    assert understood(github.render(samples["plain"], known)) == [
        (
            "error",
            {"file": "deploy/compose.yaml", "line": "2", "endLine": "2", "col": "3", "endColumn": "12",
             "title": "bad-name"},
            "`big model` holds a space\nhelp: write `big-model`",
        ),
        (
            "warning",
            {"file": "compose.yaml", "line": "6", "endLine": "6", "col": "12", "endColumn": "22",
             "title": "unpinned-model"},
            "`ai/smollm2` has no digest: the weights may change without a change of this file\n"
            "help: pin it to a digest",
        ),
        (
            "notice",
            {"file": "deploy/compose.yaml", "line": "3", "endLine": "3", "col": "21", "endColumn": "27",
             "title": "hidden-text"},
            "`latest` says nothing about what is behind it",
        ),
    ]  # fmt: skip


def test_no_columns_on_several_lines(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """A runner does not take them there."""
    [(_, properties, _)] = understood(github.render(samples["several_lines"], known))
    assert properties == {"file": "compose.yaml", "line": "3", "endLine": "5", "title": "bad-name"}


def test_no_more_than_a_runner_keeps(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """Nine of a kind, and how many more there are."""
    commands = understood(github.render(samples["many"], known))
    assert [name for name, _, _ in commands] == ["error"] * 10 + ["warning"] * 10 + ["notice"]
    assert commands[9] == ("error", {"title": "modellint"}, "1 more error: run `modellint check` to see all of them")
    assert commands[19][2] == "3 more warnings: run `modellint check` to see all of them"


def test_unreadable_is_an_error(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """What was not checked is not silent."""
    assert understood(github.render(samples["nothing_checked"], known)) == [
        ("error", {"file": "b.yaml", "title": "unreadable"}, "does not exist")
    ]
    assert github.render(samples["clean"], known) == ""


PIECES = st.sampled_from(
    (
        "::", "::error::x", "::add-mask::a", "::stop-commands::t", "##[error]", "##[set-env name=A]b", "##", "#[",
        "##vso[", "\n", "\r", "\r\n", "%0A", "%250A", "%", ",", ":", "=", "]", "\x1b[31m", "\x1b]0;t\x07", "\u2028",
        "\x85", "\xa0", "\u202e", "\ufeff", " ", "\t", "\x0b", "\u3000", "é", "😀", "\ud800", "title=x", "ai/smollm2",
    )
)  # fmt: skip
HOSTILE = st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join)


@settings(max_examples=2500 if "MODELLINT_SOAK" in os.environ else 250, deadline=None)
@given(message=HOSTILE, path=HOSTILE, rule=HOSTILE, advice=HOSTILE, line=HOSTILE)
def test_hostile_text(message: str, path: str, rule: str, advice: str, line: str) -> None:
    """Two annotations are two annotations, at their places, and the text report is none at all."""
    path = path.replace("\0", "") or "x"
    place = Location(path, 3, 1, 3, 2, line, line[:1])
    report = Report()
    report.results = [FindingRecord(f"r{rule}", "warning", message, advice, place, [(place, message)], advice, "", [])]
    report.unreadable = [Unreadable(path, message)]
    rendered = github.render(report, {})
    first, second = understood(rendered)
    assert (first[0], set(first[1])) == ("error", {"file", "title"})
    assert (second[0], set(second[1])) == ("warning", {"file", "line", "endLine", "col", "endColumn", "title"})
    assert (second[1]["line"], second[1]["endLine"], second[1]["col"]) == ("3", "3", "1")
    assert first[1]["file"] == second[1]["file"] == printable(relative(path))
    assert first[2] == printable(message)
    said = [message, f"help: {advice}"] if advice else [message]
    assert second[2] == "\n".join(map(printable, said))
    assert rendered.count("\n") == 2
    for width in (None, 40):
        assert understood(text.render(report, {}, width=width, statistics=True)) == []
