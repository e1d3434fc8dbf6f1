"""Text from files cannot hide, and cannot command."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modellint.report.printable import printable
from modellint.report.width import width, wrap


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("ai/smollm2", "ai/smollm2"),
        ("模型 é 😀 👩\u200d💻", "模型 é 😀 👩\u200d💻"),
        ("a\tb\r\nc", "a\\tb\\r\\nc"),
        ("\x1b[31m\x00\x7f\x9b", "\\x1b[31m\\x00\\x7f\\x9b"),
        ("\u202egpj\u2066\u200e\u061c", "\\u202egpj\\u2066\\u200e\\u061c"),
        ("zero\u200bwidth\ufeff\u2060", "zero\\u200bwidth\\ufeff\\u2060"),
        ("\ud800 \udcff", "\\ud800 \\udcff"),
        ("\u2028\u2029\x85\u00a0", "\\u2028\\u2029\\x85\\xa0"),
        ("\U000e0041", "\\U000e0041"),
        ("::error::x", "\\::error::x"),
        (" \u3000::error::x", " \u3000\\::error::x"),
        ("a ::error::x", "a ::error::x"),
        ("x ##[error]y", "x #\\#[error]y"),
        ("##vso[task.setvariable]", "#\\#vso[task.setvariable]"),
        ("###[a]####[b]", "#\\#\\#[a]#\\#\\#\\#[b]"),
        ("## a heading", "## a heading"),
    ],
)
def test_examples(text: str, safe: str) -> None:
    """What is shown for it."""
    assert printable(text) == safe


@given(st.text(st.sampled_from("#[:]a \u3000\t\x85\r\n\x1b\u202e\u200b\ud800é漢"), max_size=12))
def test_nothing_hides_and_nothing_commands(text: str) -> None:
    """One visible line that is no command, and that is not changed again."""
    safe = printable(text)
    assert not [char for char in safe if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert not safe.lstrip().startswith("::")
    assert "##[" not in safe
    assert printable(safe) == safe


def test_wrap_keeps_every_word() -> None:
    """Words stay whole, in order, and fit where they can."""
    text = "a bb 漢字漢字 ccc " + "d" * 30 + " e"
    lines = wrap(text, 6, 10)
    assert " ".join(lines) == text
    assert [line for line in lines if width(line) > 10] == ["d" * 30]
    assert wrap("word", 2, 10) == ["", "word"]
