"""Every format points at the very characters that a finding is about."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from modellint.check import Report
from modellint.linter.record import result
from modellint.report import github, sarif
from modellint.report import json as json_report
from modellint.rule import Rule
from modellint.text.edit import Edit, Fix
from modellint.text.finding import Finding, Related
from modellint.text.source import Source, Span

PIECES = st.sampled_from(
    [
        "a",
        ": ",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "é",
        "e\u0301",
        "漢",
        "😀",
        "👩\u200d💻",
        "\u2028",
        "\u0085",
        "\U0010ffff",
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def characters(text: str, first: tuple[int, int], last: tuple[int, int]) -> str:
    """What stands from one line and column to another, read as the standards say: both from 1, in code points."""
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
    return text[starts[first[0] - 1] + first[1] - 1 : starts[last[0] - 1] + last[1] - 1]


@given(text=TEXTS, bounds=st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_the_formats_agree_with_the_source(text: str, bounds: tuple[int, int], known: dict[str, Rule]) -> None:
    """Cutting the source at the printed places gives what the finding covers."""
    start, end = sorted(min(bound, len(text)) for bound in bounds)
    while text[start - 1 : start + 1] == "\r\n":  # a span between the two characters of a line end has no column
        start -= 1
    while text[end - 1 : end + 1] == "\r\n":
        end += 1
    span = Span(Source("compose.yaml", text), start, end)
    finding = Finding(span, "m", Fix("t", [Edit(span, "x")]), [Related(span, "r")], severity="error", rule="bad-name")
    report = Report()
    report.results = [result(finding)]

    [made] = json.loads(json_report.render(report, known))["findings"]
    for place in (made, made["related"][0], made["fix"]["edits"][0]):
        first, last = [(place[side]["line"], place[side]["column"]) for side in ("start", "end")]
        assert characters(text, first, last) == span.text

    [made] = json.loads(sarif.render(report, known))["runs"][0]["results"]
    for region in (
        made["locations"][0]["physicalLocation"]["region"],
        made["relatedLocations"][0]["physicalLocation"]["region"],
        made["fixes"][0]["artifactChanges"][0]["replacements"][0]["deletedRegion"],
    ):
        first, last = (region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])
        assert characters(text, first, last) == span.text

    numbers = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", github.render(report, known))}
    assert ("col" in numbers) == (numbers["line"] == numbers["endLine"])
    if "col" in numbers:
        first, last = (numbers["line"], numbers["col"]), (numbers["endLine"], numbers["endColumn"])
        assert characters(text, first, last) == span.text
