"""200,000 annotations made of hostile text, and what a runner makes of the log."""

from __future__ import annotations

import random
import time

from modellint.check import Report
from modellint.files.disk import Unreadable
from modellint.linter.record import FindingRecord, Location
from modellint.report import github
from support.action.commands import Command, commands
from support.action.place import entry

CASES = 200_000
PIECES = (
    "::", "::error::x", "::add-mask::a", "::stop-commands::t", "::set-env name=A::b", ":: error::x", "::ERROR::x",
    "##[error]", "##[set-env name=A]b", "##[add-path]/x", "##", "#[", "[", "]", "##vso[", "\n", "\r", "\r\n", "\n::",
    "\r::", "%0A", "%0D", "%0A::error::", "%250A", "%25", "%", ",", ":", "=", ";", "%3A", "%2C", "\x1b[31m",
    "\x1b]0;t\x07", "\u2028", "\u2029", "\x85", "\xa0", "\u202e", "\ufeff", "\u200b", " ", "\t", "\x0b", "\x0c",
    "\u3000", "\ud800", "\udcff", "é", "😀", "ai/smollm2", "title=x", "line=9", "endLine=9", ",line=9", "`",
    "\\", "\\::", "warning file=a::b", "::warning file=a::b",
)  # fmt: skip
WHERE = {"file", "line", "endLine", "col", "endColumn", "title"}


def hostile(rand: random.Random) -> str:
    return "".join(rand.choices(PIECES, k=rand.randrange(6)))


def annotated(finding: list[str], unreadable: list[str]) -> str:
    """What the action prints for one finding and one unreadable path: two cases, all of whose text is hostile."""
    message, path, rule, advice = finding
    lost, why = unreadable
    report = Report()
    report.results = [
        FindingRecord(f"r{rule}", "warning", message, advice, Location(path or "x", 3, 1, 3, 2, "", ""), [], "", "", [])
    ]
    report.unreadable = [Unreadable(lost or "x", why)]
    return "\n".join(entry.safe(github.render(report, {}), annotations=True))


def harmless(found: list[Command]) -> bool:
    """Two annotations, at their places."""
    return (
        [(command.name, set(command.properties)) for command in found]
        == [("error", {"file", "title"}), ("warning", WHERE)]
        and found[0].properties["title"] == "unreadable"
        and [found[1].properties[name] for name in ("line", "endLine", "col", "endColumn")] == ["3", "3", "1", "2"]
    )


def test_no_injection() -> None:
    rand = random.Random(20_251)
    started = time.perf_counter()
    broken: list[str] = []
    for _ in range(CASES // 2):
        texts = [hostile(rand) for _ in range(6)]
        said = annotated(texts[:4], texts[4:])
        # What else is printed is no command at all: standard error, text reports, and what an installer says.
        raw = "\n".join(entry.safe(texts[0] + texts[5]))
        if not harmless(commands(said)) or commands(raw):
            broken.append(said)
    print(f"{CASES:,} cases, {len(broken)} injections, {time.perf_counter() - started:.1f} s")
    assert broken == []


def test_the_same_texts_do_harm_without_care() -> None:
    """A negative control: what a plain f-string would let through."""
    rand = random.Random(20_251)
    harm = 0
    for _ in range(2_000):
        message, path, rule, _ = (hostile(rand) for _ in range(4))
        found = commands(f"::warning file={path},line=3,title={rule}::{message}\n")
        harm += [(command.name, command.properties.get("line")) for command in found] != [("warning", "3")]
    assert harm > 500


def test_only_whole_annotations_pass() -> None:
    lines = [
        "::error file=a,line=1::x",
        "::warning title=modellint::y%0Az",
        "::error::x",
        "::notice file=a::x ##[add-path]b",
        " ::error file=a::x",
        "::error file=a::x\r::add-mask::b",
        "::add-mask::a",
        "::ERROR file=a::x",
        "::group::a",
        "::error file=a,title=unreadable::contains no Compose file",
        "::error file=a,title=x::contains no Compose file",
    ]
    text = "\n".join(lines)
    assert [line for line in entry.safe(text, annotations=True) if line.startswith("::")] == [
        lines[0], lines[1], lines[9], lines[10],
    ]  # fmt: skip
    kept = entry.safe(text, annotations=True, quiet=entry.NO_FILES)
    assert [line for line in kept if line.startswith("::")] == [lines[0], lines[1], lines[10]]
    assert commands("\n".join(entry.safe(text))) == []


def test_the_oracle_finds_commands() -> None:
    """It would see an attack."""
    log = (
        "a\r::set-env name=A%2CB::c%0Ad\n\u3000::Error::x\nx ##[add-path]y\n::unknown::z\n ##[nothing]\n"
        "::error file=a%3Ab,line=2, title=t::%25\r\n##[set-env name=A%3BB;x=y]c\n"
    )
    assert commands(log) == [
        ("set-env", {"name": "A,B"}, "c\nd"),
        ("error", {}, "x"),
        ("add-path", {}, "y"),
        ("error", {"file": "a:b", "line": "2", " title": "t"}, "%"),
        ("set-env", {"name": "A;B", "x": "y"}, "c"),
    ]
