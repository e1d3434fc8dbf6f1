"""Names, paths and messages that want to be more than text: 20,000 of them, the same on every run.

`make soak` takes 200,000.
"""

from __future__ import annotations

import json
import os
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from modellint.check import Report
from modellint.files.disk import Unreadable
from modellint.linter.discovery import rules
from modellint.linter.record import FindingRecord, Location, TextChange
from modellint.report import gitlab, home, junit, markdown, rdjson
from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.text.finding import SEVERITIES

MANY = 10 if "MODELLINT_SOAK" in os.environ else 1
CASES = {"gitlab": 14_000 * MANY, "junit": 4_000 * MANY, "rdjson": 1_000 * MANY, "markdown": 1_000 * MANY}  # findings
AT_ONCE = {"gitlab": 2000, "junit": 1000, "rdjson": 500, "markdown": 500}  # findings of a report
PIECES = (
    "@all", "@", "a@b.cd", "#1", "#", "##[error]x", "##vso[", "::error::x", "::", "\n", "\r", "\r\n", "\t", "\0",
    "\x1b[31m", "\u2028", "\x85", "\u202e", "\u200b", "\ufeff", "\ud800", "\udcff", "\ufffe", "\U000e0001", "`",
    "``", "```", "~~~", "~~", "|", "\\|", "\\", "\\`", "\\\\", "| --- |", "![i](http://e.vil/i.png)",
    "[l](http://e.vil)", "[l][r]", "[r]: http://e.vil", "](", ")", "[", "]", "<b>", "<img src=x onerror=y>", "<!--",
    "-->", "<script>", "<http://e.vil>", "http://e.vil", "https://e.vil/`", "www.e.vil", "ftp://e", "mailto:a@b.cd",
    "xmpp:a@b.cd", "&amp;", "&#64;all", "&commat;all", "&lt;b&gt;", "&", "]]>", "<![CDATA[", "<?x?>", "\"", "'",
    "</failure>", "<!DOCTYPE", "*x*", "**", "_x_", "$x$", "$", "{", "}", "- ", "> ", "# ", "1. ", "---", "===",
    ":tada:", ":", "%0A", " ", "  ", "é", "漢", "😀", "e\u0301", "ai/smollm2", "compose.yaml", "\",\"x\":\"",
    "\u3000", "\xa0", "../", "/", "./", "`@all`", "`a|b`", "`x`",
)  # fmt: skip
KNOWN = rules()
NAMES = list(KNOWN)
URLS = {home.page_url(rule) for rule in KNOWN.values()}
# What GitHub turns into links and mentions in text that Markdown leaves alone.
LIVE = re.compile(r"@\w|\w@\w|(?:https?|ftp)://|www\.\w|mailto:\w|xmpp:\w|#\d", re.I | re.A)
EMOJI = re.compile(r":\w+:", re.A)


@cache
def reader() -> MarkdownIt:
    """Markdown as GitHub reads it, but for what `LIVE` stands for."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def reports(form: str) -> Iterator[Report]:
    """Hostile reports; derived from the format's name, so that formats see different ones."""
    chance = random.Random(form)
    texts = [""]  # the messages so far, for everything but messages to hold

    def message() -> str:
        texts.append("".join(chance.choices(PIECES, k=chance.randint(1, 6))))
        return texts[-1]

    def path() -> str:
        return chance.choice(texts).replace("\0", "") or "compose.yaml"

    for _ in range(CASES[form] // AT_ONCE[form]):
        report = Report()
        report.files = 1
        for row in range(1, AT_ONCE[form] + 1):
            said, other = message(), chance.choice(texts)
            place = Location(path() if row % 2 else "compose.yaml", row, 1, row, 2, other, "a")
            rule = NAMES[row % len(NAMES)] if row % 3 else chance.choice(texts)
            title, hint = (other if row % 5 == 0 else ""), (other if row % 5 < 3 else "")
            changes = [TextChange(place, said)] if title else []
            related = [(place, other)]
            severity = SEVERITIES[row % 7 % 3]
            report.results.append(FindingRecord(rule, severity, said, hint, place, related, title, "safe", changes))
        report.unreadable.append(Unreadable(path(), message()))
        yield report


def no_commands(text: str) -> None:
    """No runner finds a command in what is printed."""
    assert not re.search(r"##(?:\[|vso\[|teamcity\[)", text)
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def bare(text: str) -> str:
    """The text without what escaping may take or give: spaces, gaps and backticks."""
    return re.sub("[\\s`\u200b]", "", text)


def test_there_are_enough() -> None:
    """So many findings in all."""
    assert sum(CASES.values()) == 20_000 * MANY


def test_the_parsers_see_attacks() -> None:
    """They would complain."""
    for text in ("@all", "a@b.cd", "http://e.vil", "WWW.e", "#1"):
        assert LIVE.search(text)
    assert EMOJI.search(":tada:")
    attacks = "[l](http://e) ![i](http://e) <b> *x* <http://e>"
    types = {token.type for token in reader().parseInline(attacks)[0].children or []}
    assert {"link_open", "image", "html_inline", "em_open"} <= types


def test_gitlab() -> None:
    """It parses, and every text is what was said."""
    for report in reports("gitlab"):
        text = gitlab.render(report, KNOWN)
        no_commands(text)
        first, *others = json.loads(text)
        assert first["check_name"] == "unreadable"
        assert len({entry["fingerprint"] for entry in (first, *others)}) == AT_ONCE["gitlab"] + 1
        for entry, found in zip(others, report.results, strict=True):
            advice = found.title or found.hint
            said = f"{found.message}; help: {advice}" if advice else found.message
            assert entry["description"] == printable(said)
            assert entry["location"]["path"] == printable(relative(found.place.path))


def test_junit() -> None:
    """It parses, every text is what was said, and there is no element but those of the report."""
    for report in reports("junit"):
        text = junit.render(report, KNOWN)
        no_commands(text)
        root = ET.fromstring(text.encode())
        tests = {
            (suite.attrib["name"], case.attrib["line"], case[0].attrib.get("message"), case[0].text)
            for suite in root
            for case in suite
            if case[0].tag != "error"
        }
        for found in report.results:
            path, row = relative(found.place.path), found.place.row
            lines = [f"{path}:{row}:1: {found.message}", f"{path}:{row}:1: {found.related[0][1]}"]
            if advice := found.title or found.hint:
                lines.append(f"help: {advice}")
            message = None if found.severity == "note" else printable(found.message)
            assert (printable(path), str(row), message, "\n".join(map(printable, lines))) in tests
        assert len(root.findall(".//testcase")) == int(root.attrib["tests"]) == AT_ONCE["junit"] + 1
        assert {child.tag for child in root.iter()} <= {
            "testsuites", "testsuite", "testcase", "failure", "error", "system-out"
        }  # fmt: skip


def test_rdjson() -> None:
    """It parses, and a message is nothing but text and code when it is read as Markdown."""
    for report in reports("rdjson"):
        text = rdjson.render(report, KNOWN)
        no_commands(text)
        _, *others = json.loads(text)["diagnostics"]
        for diagnostic, found in zip(others, report.results, strict=True):
            assert diagnostic["location"]["path"] == printable(relative(found.place.path))
            lines = diagnostic["message"].split("\n")
            said = [found.message]
            if advice := found.title or found.hint:
                said.append(f"help: {advice}")
            assert [bare(line).replace("'", "") for line in lines] == [
                bare(printable(line)).replace("'", "") for line in said
            ]
            for token in reader().parse(diagnostic["message"]):
                assert token.type not in ("fence", "html_block", "heading_open") or token.markup in ("=", "-")
                assert_harmless(token, {"text", "code_inline", "softbreak", "hardbreak", *EMPHASIS})


EMPHASIS = {f"{kind}_{end}" for kind in ("em", "strong", "s") for end in ("open", "close")}


def test_markdown() -> None:
    """A heading, a paragraph and a table of five columns, and in its cells text, code and links to pages of rules."""
    for report in reports("markdown"):
        text = markdown.render(report, KNOWN)
        no_commands(text)
        tokens = reader().parse(text)
        blocks = [token.type for token in tokens if token.level == 0 and token.type.endswith("_open")]
        assert blocks == ["heading_open", "paragraph_open", "table_open"]
        cells = [tokens[at + 1] for at, token in enumerate(tokens) if token.type == "td_open"]
        assert len(cells) == 5 * (AT_ONCE["markdown"] + 1)
        found = sorted(report.results, key=lambda result: SEVERITIES.index(result.severity))
        for number, result in enumerate(found, 1):
            severity, rule, place, message, advice = cells[5 * number : 5 * number + 5]
            assert severity.content == result.severity
            assert bare(seen(rule)) == bare(printable(result.rule))
            path = f"{relative(result.place.path)}:{result.place.row}:1"
            assert bare(seen(place)) == bare(printable(path))
            assert bare(seen(message)) == bare(printable(result.message))
            assert bare(seen(advice)) == bare(printable(result.title or result.hint))
            links = [part.attrs["href"] for part in rule.children or [] if part.type == "link_open"]
            assert links == ([home.page_url(KNOWN[result.rule])] if result.rule in KNOWN else [])
            assert_harmless(rule, {"text", "code_inline", "link_open", "link_close"})
            for cell in (place, message, advice):
                assert_harmless(cell, {"text", "code_inline"})
                assert not any(EMOJI.search(part.content) for part in cell.children or [] if part.type == "text")


def seen(cell: Token) -> str:
    """What a reader sees."""
    return "".join([part.content for part in cell.children or []])


def assert_harmless(token: Token, types: set[str]) -> None:
    """Inline text of these kinds, in which nothing is a mention or an address."""
    parts = token.children or []
    assert {part.type for part in parts} <= types
    text = "".join([part.content if part.type == "text" else "\n" for part in parts])
    assert not LIVE.search(text), text
    assert "html" not in token.type


@pytest.mark.parametrize("render", [gitlab.render, junit.render, rdjson.render, markdown.render])
def test_the_same_on_every_run(render: object) -> None:
    """What is rendered depends on nothing but the report."""
    assert callable(render)
    report = next(reports("markdown"))
    assert render(report, KNOWN) == render(report, KNOWN)
