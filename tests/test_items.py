"""Edits of lists and maps: entries taken out, and lines added."""

from __future__ import annotations

import pytest

from modellint.fixing.list_edits import add_lines, take_out_entry
from modellint.text.edit import Edit, Fix, rewrite
from modellint.text.source import Source
from modellint.yaml.node import Mapping, Scalar, Sequence
from modellint.yaml.parse import parse


def read(text: str) -> tuple[Source, Mapping]:
    source = Source("x.yaml", text)
    document = parse(source).documents[0]
    assert isinstance(document, Mapping)
    return source, document


def applied(source: Source, edits: list[Edit] | None) -> str | None:
    return rewrite(source, [Fix("", edits)]) if edits else None


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("m:\n  a: 1\n  b: 2 # b\n", "m:\n  a: 1\n"),
        ("m:\r\n  b: 2\r\n  a: 1\r\n", "m:\r\n  a: 1\r\n"),
        ("m: {a: 1, b: 2}\n", "m: {a: 1}\n"),
        ("m: {b: 2, a: 1}\n", "m: {a: 1}\n"),
        ("m: {a: 1, b: 2, c: 3}\n", "m: {a: 1, c: 3}\n"),
        ("m: [{b: 2, a: 1}]\n", "m: [{a: 1}]\n"),
        ("m:\n  - b: 2\n    a: 1\n", "m:\n  - a: 1\n"),
        ("m:\n  - a: 1\n    b: 2\n", "m:\n  - a: 1\n"),
        ("m:\n  - b: 2 # why\n    a: 1\n", None),  # the comment would speak of another entry
        ("m: {b: 2}\n", None),  # nothing would be left
        ("m: &m {a: 1, b: 2}\n", None),
        ("m: {a: 1, b: &b 2}\n", None),
    ],
)
def test_take_out_entry(text: str, after: str | None) -> None:
    source, document = read(text)
    node = document.get("m")
    body = node.items[0] if isinstance(node, Sequence) else node
    assert isinstance(body, Mapping)
    assert applied(source, take_out_entry(body, "b")) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("m:\n  a: 1\n  b: 2", "m:\n  a: 1\n  x: y\n  b: 2"),
        ("m:\r\n  a: [\r\n    1]\r\n", "m:\r\n  a: [\r\n    1]\r\n  x: y\r\n"),
        ("m:\n  a: 1", "m:\n  a: 1\n  x: y"),
        ("m:\n  a: 1 # one\n\n  b: 2\n", "m:\n  a: 1 # one\n  x: y\n\n  b: 2\n"),
        (
            "m:\n  a:\n    c: 1\n    # d: 2\n  # of b\n  b: 2\n",
            "m:\n  a:\n    c: 1\n    # d: 2\n  x: y\n  # of b\n  b: 2\n",
        ),
        ("m:\n  a: |\n    # text\n\n  b: 2\n", "m:\n  a: |\n    # text\n  x: y\n\n  b: 2\n"),
        ("m:\n  a:\n  b: 2\n", "m:\n  a:\n  x: y\n  b: 2\n"),
        ("n: &n\n  c: 1\nm:\n  a: *n\n  b: 2\n", "n: &n\n  c: 1\nm:\n  a: *n\n  x: y\n  b: 2\n"),
    ],
)
def test_add_lines(text: str, after: str) -> None:
    source, document = read(text)
    body = document.get("m")
    assert isinstance(body, Mapping)
    key, value = body.pairs[0]
    assert isinstance(key, Scalar)
    assert applied(source, [add_lines(key, value, ["  x: y"])]) == after
