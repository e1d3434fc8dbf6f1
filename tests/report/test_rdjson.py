"""rdjson: what reviewdog reads, with columns in bytes and fixes that it can offer whole."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modellint.check import Report
from modellint.files.disk import decode
from modellint.linter.discovery import rules
from modellint.linter.record import Location, result
from modellint.report import home, rdjson
from modellint.rule import Rule
from modellint.text.edit import Edit, Fix, remark
from modellint.text.finding import Finding
from modellint.text.source import Source, Span

# Written from the messages of reviewdog.proto. Its reader refuses other properties, hence `additionalProperties`.
POSITION = {
    "type": "object",
    "required": ["line"],
    "additionalProperties": False,
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
RANGE = {
    "type": "object",
    "required": ["start"],
    "additionalProperties": False,
    "properties": {"start": POSITION, "end": POSITION},
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["source", "diagnostics"],
    "additionalProperties": False,
    "properties": {
        "source": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {"name": {"const": "modellint"}, "url": {"type": "string"}},
        },
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "location", "severity", "code"],
                "additionalProperties": False,
                "properties": {
                    "message": {"type": "string", "minLength": 1},
                    "location": {
                        "type": "object",
                        "required": ["path"],
                        "additionalProperties": False,
                        "properties": {"path": {"type": "string", "minLength": 1}, "range": RANGE},
                    },
                    "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
                    "code": {
                        "type": "object",
                        "required": ["value"],
                        "additionalProperties": False,
                        "properties": {"value": {"type": "string"}, "url": {"type": "string"}},
                    },
                    "suggestions": {
                        "type": "array",
                        "maxItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["range", "text"],
                            "additionalProperties": False,
                            "properties": {"range": RANGE, "text": {"type": "string"}},
                        },
                    },
                },
            },
        },
    },
}
VALIDATOR: Any = jsonschema.Draft202012Validator(SCHEMA)


def diagnostics(report: Report, known: dict[str, Rule]) -> list[dict[str, Any]]:
    """The list."""
    made: list[dict[str, Any]] = json.loads(rdjson.render(report, known))["diagnostics"]
    return made


def one(finding: Finding) -> dict[str, Any]:
    """The diagnostic of a finding."""
    report = Report()
    report.results = [result(finding.of("bad-name", "error"))]
    [made] = diagnostics(report, {})
    VALIDATOR.validate({"source": {"name": "modellint"}, "diagnostics": [made]})
    return made


def test_follows_the_format(sample: Report, known: dict[str, Rule]) -> None:
    """One diagnostic for each finding and each unreadable path, without properties that reviewdog refuses."""
    text = rdjson.render(sample, known)
    made = json.loads(text)
    VALIDATOR.validate(made)
    assert text.isascii()
    assert len(made["diagnostics"]) == len(sample.results) + len(sample.unreadable)


def test_shape(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """Every property of one diagnostic; the two adjoining edits of its fix are one suggestion."""
    first, second, third = diagnostics(samples["plain"], {**known, **rules()})
    start = {"line": 6, "column": 12}
    assert first == {
        "message": "`ai/smollm2` has no digest: the weights may change without a change of this file\n"
        "help: pin it to a digest",
        "location": {"path": "compose.yaml", "range": {"start": start, "end": {"line": 6, "column": 22}}},
        "severity": "WARNING",
        "code": {
            "value": "unpinned-model",
            "url": "https://github.com/modellint/modellint/blob/main/rules/modellint_rules/unpinned_model.py",
        },
        "suggestions": [{"range": {"start": start, "end": {"line": 6, "column": 31}}, "text": "ai/smollm2@sha256:00"}],
    }
    assert (second["severity"], third["severity"]) == ("ERROR", "INFO")
    assert second["code"] == {"value": "bad-name"}  # no built-in rule, no page
    assert "suggestions" not in second


def test_pages_exist(pytestconfig: pytest.Config) -> None:
    """The address of each rule names a file of this repository."""
    for rule in rules().values():
        path = home.page_url(rule).removeprefix(f"{home.HOME}/blob/main/")
        assert (pytestconfig.rootpath / path).is_file()


def test_unreadable(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """It has a file and no line."""
    first, _ = diagnostics(samples["unreadable"], known)
    assert first == {
        "message": "does not exist",
        "location": {"path": "b.yaml"},
        "severity": "ERROR",
        "code": {"value": "unreadable"},
    }


PIECES = st.sampled_from(
    ("a", ": ", " ", "\t", "\n", "\r\n", "\r", "é", "e\u0301", "漢", "😀", "👩\u200d💻", "\u2028", "\x85", "\U0010ffff")
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def in_bytes(data: bytes, start: dict[str, int], end: dict[str, int]) -> tuple[int, int]:
    """Offsets of a range in a file, read as the format says; an editor that counts columns sees no byte order mark."""
    mark = len(b"\xef\xbb\xbf") if data.startswith(b"\xef\xbb\xbf") else 0
    starts = [mark, *(match.end() for match in re.finditer(rb"\r\n|\r|\n", data))]
    return starts[start["line"] - 1] + start["column"] - 1, starts[end["line"] - 1] + end["column"] - 1


@settings(max_examples=1500 if "MODELLINT_SOAK" in os.environ else 150, deadline=None)
@given(text=TEXTS, bounds=st.tuples(st.integers(0, 60), st.integers(0, 60)), mark=st.booleans(), new=TEXTS)
def test_columns_count_bytes(text: str, bounds: tuple[int, int], mark: bool, new: str) -> None:
    """Cut from the file's bytes, the range is what the finding covers; the suggestion put there is the fixed file."""
    start, end = sorted(min(bound, len(text)) for bound in bounds)
    while text[start - 1 : start + 1] == "\r\n":  # a span between the two characters of a line end has no column
        start -= 1
    while text[end - 1 : end + 1] == "\r\n":
        end += 1
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    source = Source("compose.yaml", decode("compose.yaml", data))
    span = Span(source, start, end)
    made = one(Finding(span, "m", Fix("t", [Edit(span, new)])))
    first, last = in_bytes(data, made["location"]["range"]["start"], made["location"]["range"]["end"])
    assert data[first:last].decode() == text[start:end]
    [suggestion] = made["suggestions"]
    first, last = in_bytes(data, suggestion["range"]["start"], suggestion["range"]["end"])
    fixed = data[:first] + suggestion["text"].encode() + data[last:]
    assert fixed.removeprefix(b"\xef\xbb\xbf").decode() == text[:start] + new + text[end:]


def test_a_fix_is_offered_whole_or_not_at_all() -> None:
    """Edits with signs between them are one replacement; with more, on two lines or in two files, they are none."""
    source = Source("compose.yaml", 'a: "漢/x"  # old\nb: one, two\nc: three\n')
    env = Source("app.env", "A=1\n", private=True)

    def span(text: str, where: Source = source) -> Span:
        start = where.text.index(text)
        return Span(where, start, start + len(text))

    def suggestion(*edits: Edit) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = one(Finding(edits[0].span, "m", Fix("t", edits))).get("suggestions", [])
        return found

    [whole] = suggestion(Edit(span("  # old"), ""), Edit(span("漢/x"), "漢/y"))
    assert whole == {"range": {"start": {"line": 1, "column": 5}, "end": {"line": 1, "column": 18}}, "text": '漢/y"'}
    assert suggestion(Edit(span("b"), "x"), Edit(span("one"), "y"))[0]["text"] == "x: y"
    assert suggestion(Edit(span("b"), "x"), Edit(span("two"), "y")) == []
    assert suggestion(Edit(span("two"), "x"), Edit(span("three"), "y")) == []
    assert suggestion(Edit(span("two"), "x"), Edit(span("A", env), "y")) == []
    [noted] = suggestion(Edit(span("three"), "four"), *remark(span("three"), "was three"))
    assert noted["text"] == "four # was three"


def test_lines_alone_where_the_text_is_not_in_the_report() -> None:
    """Of a secret and of a very long line no column is made up."""
    source = Source("compose.yaml", f"key: canary-5\n{'é' * 500}FAR\nlast: 1\n")
    secret = one(Finding(Span(source, 5, 13), "m", secret=True))
    assert secret["location"]["range"] == {"start": {"line": 1}, "end": {"line": 1}}
    start = source.text.index("FAR")
    far = one(Finding(Span(source, start, start + 3), "m", Fix("t", [Edit(Span(source, start, start + 3), "x")])))
    assert far["location"]["range"] == {"start": {"line": 2}, "end": {"line": 2}}
    assert "suggestions" not in far
    private = Source("app.env", "KEY=canary-6\nB=2\n", private=True)
    lines = one(Finding(Span(private, 0, 13), "m"))
    assert lines["location"]["range"] == {"start": {"line": 1}, "end": {"line": 1}}
    assert rdjson.byte_columns(Location("p", 1, 1, 1, 1, "", "")) == (1, 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`ai/x@sha256:0` is not `#1` of <b>", "`ai/x@sha256:0` is not `#1` of <\u200bb>"),
        ("@all", "@\u200ball"),
        ("a ` b @c", "a ' b @\u200bc"),
        ("``@c``", "''@\u200bc''"),
        ("\\`@c`", "\\'@\u200bc'"),
        ("![x](http://e)", "![x]\u200b(http:\u200b//e)"),
        ("[r]: /x", "[r]\u200b: /x"),
        ("~~~ &commat;x", "~\u200b~~ &\u200bcommat;x"),
    ],
)
def test_a_comment_is_markdown(text: str, shown: str) -> None:
    """Text of files mentions nobody and links nowhere in a comment."""
    assert rdjson.comment(text) == shown
