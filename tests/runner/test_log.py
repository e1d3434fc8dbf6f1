"""What of a runner's log reaches a message."""

from __future__ import annotations

import pytest

from modellint.smoke.runners.log import mask, printable, tail, telling


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("hello\n\n", "hello"),
        ("warning: no GPU\nerror: invalid argument: --temp=0.1\n", "error: invalid argument: --temp=0.1"),
        (
            'x\nerror while handling argument "--threads": stoi\n\nusage:\n',
            'error while handling argument "--threads": stoi',
        ),
        ("0.00.001.002 I srv: ok\n0.00.001.003 E srv: cannot\n0.00.001.004 I end\n", "srv: cannot"),
        ("\x1b[31merror: red\x1b[0m\nmore", "error: red"),
        ("chat_init: error: parser\nerror: the template is not supported\n", "error: the template is not supported"),
        ("/l.cpp:25: GGML_ASSERT(n >= 1) failed\nmore", "/l.cpp:25: GGML_ASSERT(n >= 1) failed"),
    ],
)
def test_the_line_that_says_what_went_wrong(text: str, line: str) -> None:
    assert telling(text) == line


def test_the_last_lines_and_no_more() -> None:
    lines = tail("\n".join(f"line {number}" for number in range(50)) + "\n" + "x" * 5000)
    assert len(lines) == 12
    assert lines[0] == "line 39"
    assert len(lines[-1]) == 300


def test_no_terminal_acts_upon_it() -> None:
    assert printable("\x1b]0;title\x07a\x1b[2Jb\rc\u202ed\x00", 50) == "ab c d"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("got k1 and k1,k2", "got *** and ***,***"),
        ("k10 0.k1.2", "k10 0.k1.2"),
        ("Xlong-secret-valueX", "X***X"),
        ("Authorization: Bearer abc", "Authorization: Bearer ***"),
        ("invalid: warm", r"invalid: ${T\1}"),
    ],
)
def test_secrets_are_masked(text: str, shown: str) -> None:
    hidden = [("k1", "***"), ("k2", "***"), ("long-secret-value", "***"), ("warm", r"${T\1}"), ("", "no")]
    assert mask(text, hidden) == shown
