"""The text report lines up, fits, and is the same every time."""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from modellint.check import Report
from modellint.linter.record import Location
from modellint.report import FORMATS, page, renderer, text
from modellint.report.snippet import snippet
from modellint.rule import Rule

GOLDEN = Path(__file__).parent / "golden"
LOADED_LAZILY = {"re", "textwrap", "unicodedata", "rich", "json", "typing", "pathlib", "sarif_om", "pydantic", "enum"}


@pytest.mark.parametrize(("form", "width"), [("pipe", None), ("80", 80)])
def test_golden(
    sample: Report, form: str, width: int | None, known: dict[str, Rule], request: pytest.FixtureRequest
) -> None:
    """The whole report, in a pipe and on a terminal of 80 columns."""
    name = re.sub(r"^(pipe-None|80-80)-|-(pipe-None|80-80)$", "", request.node.callspec.id)
    golden = GOLDEN / f"{name}.{form}.txt"
    shown = text.render(sample, known, width=width, statistics=True)
    if request.config.getoption("--redraw"):
        golden.write_text(shown, encoding="utf-8", newline="\n")
    assert shown == golden.read_text(encoding="utf-8")


def test_quiet(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """One line for each finding."""
    shown = text.render(samples["plain"], known, quiet=True)
    assert re.findall(r"^(\S+:\d+:\d+ \w+\[[a-z-]+\]) \S", shown, re.M) == [
        "compose.yaml:6:12 warning[unpinned-model]",
        "deploy/compose.yaml:2:3 error[bad-name]",
        "deploy/compose.yaml:3:21 note[hidden-text]",
    ]
    assert shown.count("\n") == 3
    assert text.render(samples["clean"], known, quiet=True) == ""


def test_no_line_is_too_long(sample: Report, known: dict[str, Rule]) -> None:
    """Only a single long word goes over the edge; the summary is one line."""
    for width in (40, 60, 80, 100):
        for line in text.render(sample, known, width=width).splitlines()[:-1]:
            words = line.split()
            assert cell_len(line) <= width or len(words) == 1 or max(map(cell_len, words)) > width // 2


SHOWN = st.text(st.sampled_from("ab: 'é漢😀ｗ\u0301\u0308-"), max_size=60)


@given(before=SHOWN, span=SHOWN, after=SHOWN)
def test_underline_is_under_the_span(before: str, span: str, after: str) -> None:
    """As many columns before it, and as many as it is wide."""
    line = before + span + after
    place = Location("p", 1, len(before) + 1, 1, len(before) + len(span) + 1, line, span)
    shown, underline = snippet(place, None)
    assert shown == (line if line.strip() else "")
    if shown:
        assert underline == " " * cell_len(before) + "^" * max(1, cell_len(span))


@given(before=SHOWN, span=SHOWN, after=SHOWN, columns=st.integers(min_value=30, max_value=70))
def test_a_cut_line_fits_and_shows_the_span(before: str, span: str, after: str, columns: int) -> None:
    """The carets still stand under the beginning of the span."""
    line = before + span + after
    place = Location("p", 1, len(before) + 1, 1, len(before) + len(span) + 1, line, span)
    shown, underline = snippet(place, columns)
    assert cell_len(shown) <= columns
    if line.strip() and cell_len(span):
        marked = underline.count("^")
        start = len(underline) - marked
        under = [char for at, char in enumerate(shown) if start <= cell_len(shown[:at]) < start + marked]
        assert "".join(under).lstrip("\u0301\u0308").startswith(span.lstrip("\u0301\u0308")[0])
        assert marked >= min(cell_len(span), 20)


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize(
    ("environment", "styled", "coloured"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_terminal(
    environment: dict[str, str],
    styled: bool,
    coloured: bool,
    samples: dict[str, Report],
    known: dict[str, Rule],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Styles only where the terminal has them; without them the text is that of a pipe of the same width."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLUMNS": "80", "LINES": "24", **environment}.items():
        monkeypatch.setenv(name, value)
    for report in samples.values():
        monkeypatch.setattr(sys, "stdout", shown := Terminal())
        text.show(report, known, statistics=True)
        written = shown.getvalue()
        assert re.sub(r"\x1b\[[0-9;]*m", "", written) == text.render(report, known, width=80, statistics=True)
        assert ("\x1b[" in written) is styled
        assert bool(re.search(r"\x1b\[(1;)?3[0-9]m", written)) is coloured


def test_show_in_a_pipe(samples: dict[str, Report], known: dict[str, Rule], capsys: pytest.CaptureFixture[str]) -> None:
    """Plain, and not wrapped."""
    text.show(samples["long_lines"], known)
    assert capsys.readouterr().out == text.render(samples["long_lines"], known)


def test_show_to_a_narrow_encoding(
    samples: dict[str, Report], known: dict[str, Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A character that the output cannot hold is no reason to fail, in a pipe and on a terminal."""
    monkeypatch.setenv("TERM", "xterm")
    for terminal in (False, True):
        stream = io.TextIOWrapper(written := io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(stream, "isatty", lambda terminal=terminal: terminal)
        monkeypatch.setattr(sys, "stdout", stream)
        text.show(samples["wide"], known)
        stream.flush()
        assert b"\\u8a9e" in written.getvalue()


def test_explain(known: dict[str, Rule], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The page as it was written in a pipe, laid out on a terminal."""
    rule = known["unpinned-model"]
    page.explain(rule)
    plain = capsys.readouterr().out
    assert plain.startswith("# unpinned-model\n\n(warning, supply-chain)\n\nA thing is wrong.\n")
    assert rule.doc.strip() in plain
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", shown := Terminal())
    page.explain(rule)
    assert "\x1b[" in shown.getvalue()
    assert "# unpinned-model" not in shown.getvalue()
    assert "unpinned-model" in shown.getvalue()
    assert "bad:" in shown.getvalue()


def test_listing(known: dict[str, Rule], capsys: pytest.CaptureFixture[str]) -> None:
    """Name, severity and summary, in columns."""
    page.listing(known)
    assert capsys.readouterr().out.splitlines()[:2] == [
        "bad-name        error    A thing is wrong.",
        "hidden-text     note     A thing is wrong.",
    ]


PROGRAM = """
import sys
before = set(sys.modules)
from modellint.check import Report
from modellint.compose.loading.load import load
from modellint.linter.run_rules import run
from modellint.report import text
from modellint.linter.record import result
from modellint.rule import ERROR, Finding
from modellint.text.source import Source, Span
source = Source("compose.yaml", "models: {}")
finding = Finding(Span(source, 0, 6), "message", hint="hint", severity=ERROR)
finding.rule = "rule"
report = Report()
report.results.append(result(finding))
text.show(report, {}, statistics=True)
print(*sorted(set(sys.modules) - before))
"""


def test_plain_text_imports_nothing_slow() -> None:
    """Printing costs less than the interpreter's start."""
    shown = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM], capture_output=True, text=True, env=_bare_environment()
    )
    assert shown.returncode == 0, shown.stderr
    *_, modules = shown.stdout.splitlines()
    assert "modellint.report.text" in modules.split()
    assert LOADED_LAZILY.isdisjoint(modules.split())


def _bare_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@pytest.mark.parametrize("form", FORMATS)
def test_same_output_every_time(form: str, samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """Twenty times, the rules in any order, the environment another one."""
    render = renderer(form)
    names = list(known)
    for report in samples.values():
        outputs: set[str] = set()
        for seed in range(20):
            random.Random(seed).shuffle(names)
            outputs.add(render(report, {name: known[name] for name in names}))
        assert len(outputs) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_no_value_of_an_env_file(form: str, samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """A finding in an env file shows the name, never the value."""
    shown = renderer(form)(samples["edits_in_two_files"], known)
    assert "LLM_URL" in shown
    assert "canary" not in shown
