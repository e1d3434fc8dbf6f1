"""Markdown: a table that holds what was found, and nothing that the text of files put there."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from modellint.check import Report
from modellint.linter.discovery import rules
from modellint.linter.record import FindingRecord, Location
from modellint.report import markdown
from modellint.rule import Rule
from modellint.text.finding import SEVERITIES

MIB = 1 << 20  # what GitHub takes of a step


def table(text: str) -> list[list[Token]]:
    """The cells of each row but the first."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    rows: list[list[Token]] = []
    for number, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            rows[-1].append(tokens[number + 1])
    return rows[1:]


def seen(cell: Token) -> str:
    """What a reader sees in a cell."""
    return "".join([part.content for part in cell.children or []]).replace("\u200b", "")


def made(count: int, severity: str = "error", message: str = "m") -> Report:
    """A report of so many findings."""
    report = Report()
    report.files = 1
    for row in range(1, count + 1):
        place = Location("compose.yaml", row, 1, row, 2, "a", "a")
        report.results.append(FindingRecord("bad-name", severity, message, "", place, [], "", "", []))
    return report


def test_clean(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """One friendly line."""
    assert markdown.render(samples["clean"], known) == "modellint found no problems in 3 files.\n"
    assert markdown.render(Report(), known) == "modellint checked nothing.\n"


def test_plain(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """Counts, and the worst first."""
    text = markdown.render(samples["plain"], {**known, **rules()})
    assert text.startswith("### modellint\n\n**1 error, 1 warning, 1 note** in 2 files.\n\n| severity |")
    rows = [list(map(seen, row)) for row in table(text)]
    assert rows == [
        ["error", "bad-name", "deploy/compose.yaml:2:3", "big model holds a space", "write big-model"],
        [
            "warning",
            "unpinned-model",
            "compose.yaml:6:12",
            "ai/smollm2 has no digest: the weights may change without a change of this file",
            "pin it to a digest",
        ],
        ["note", "hidden-text", "deploy/compose.yaml:3:21", "latest says nothing about what is behind it", ""],
    ]
    links = re.findall(r"\]\((.*?)\)", text)
    assert links == ["https://github.com/modellint/modellint/blob/main/rules/modellint_rules/unpinned_model.py"]


def test_every_row_is_there(sample: Report, known: dict[str, Rule]) -> None:
    """Five cells for each finding and each unreadable path, by severity."""
    rows = table(markdown.render(sample, known))
    assert len(rows) == len(sample.results) + len(sample.unreadable)
    assert all(len(row) == 5 for row in rows)
    order = [SEVERITIES.index(seen(row[0])) for row in rows]
    assert order == sorted(order)


def test_unreadable(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """It is said in the counts, and stands in the table."""
    text = markdown.render(samples["nothing_checked"], known)
    assert "modellint checked nothing; 1 path could not be read.\n" in text
    assert list(map(seen, table(text)[0])) == ["error", "unreadable", "b.yaml", "does not exist", ""]


@pytest.mark.parametrize(
    ("message", "shown", "code"),
    [
        ("`a@b` is", "a@b is", ["a@b"]),
        ("`a|b` is", "`a|b` is", []),
        ("`` is empty", "`` is empty", []),
        ("a ` b", "a ` b", []),
        ("`a` ` `b`", "`a` ` `b`", []),
        ("&#64;x &lt;", "&#64;x &lt;", []),
        ("@x <b> *a* ![i](u) www.x.y http://x :a:", "@x <b> *a* ![i](u) www.x.y http://x :a:", []),
    ],
)
def test_text_stays_what_it_is(message: str, shown: str, code: list[str], known: dict[str, Rule]) -> None:
    """Escaped or in code, a reader sees what the message says."""
    [row] = table(markdown.render(made(1, message=message), known))
    children = row[3].children or []
    assert {part.type for part in children} <= {"text", "code_inline"}
    assert seen(row[3]) == shown
    assert [part.content for part in children if part.type == "code_inline"] == code


def test_no_more_than_fits(known: dict[str, Rule]) -> None:
    """At most so many rows, the worst of them, and at most so many bytes."""
    report = made(markdown.MOST_ROWS, "warning")
    report.results += made(2, "error").results
    text = markdown.render(report, known)
    rows = table(text)
    assert len(rows) == markdown.MOST_ROWS
    assert [seen(row[0]) for row in rows[:3]] == ["error", "error", "warning"]
    assert text.endswith("\n\n2 rows more: run `modellint check` to see all of them.\n")
    assert "more:" not in markdown.render(made(markdown.MOST_ROWS), known)
    long = markdown.render(made(900, message="@漢" * 5000), known)
    assert markdown.MOST_BYTES * 0.9 < len(long.encode()) <= markdown.MOST_BYTES < MIB
    assert re.search(r"\n\n\d+ rows more: ", long)
    assert len(table(long)) + int(re.findall(r"(\d+) rows more", long)[0]) == 900
