"""What every command has to withstand, whatever the text of a Compose file is: run in this process, for speed."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

from modellint import fix as fix_module
from modellint.check import Settings, check
from modellint.cli import main
from modellint.commands.table import GRAPH_FORMATS
from modellint.linter.discovery import rules
from modellint.report import FORMATS, renderer
from modellint.text.edit import Fix
from modellint.text.source import Source
from support.mutations import mutated

SEED = 5
SECONDS = 30  # for all commands about one text: what takes longer, takes for ever
COMPOSE = "compose.yaml"
RULES = rules(online=False, policy=False)
CRASHES = ("internal error", "failed on it", "Traceback")


class Fault(Exception):
    """What a command did not withstand."""


class Tally:
    """What came of some texts: how often each exit code of `check`, `fix` and so on, and how many texts were fixed."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, int], int] = {}
        self.fixed = 0
        self.faults: list[str] = []


def withstand(numbers: range, folder: Path) -> Tally:
    """Run all commands about the texts of some numbers; the same number is always the same text."""
    tally = Tally()
    os.chdir(folder)
    for number in numbers:
        text = text_of(number)
        try:
            with _in_time(), _edits_alone():
                _try(number, text, tally)
        except Fault as fault:
            tally.faults.append(f"{number}: {fault}: {text!r}")
    return tally


def text_of(number: int) -> str:
    """The text of a number."""
    return mutated(random.Random(f"{SEED}-{number}"))


def _try(number: int, text: str, tally: Tally) -> None:
    path = Path(COMPOSE)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    form = FORMATS[number % len(FORMATS)]
    _valid(form, _run(tally, "check", "--select", "all", "--format", form, COMPOSE))
    report = check([COMPOSE], Settings(list(RULES.values()), {}))
    for each in FORMATS:
        _valid(each, renderer(each)(report, RULES))
    for at, each in enumerate(GRAPH_FORMATS):
        marks = () if at == number % len(GRAPH_FORMATS) else ("--no-findings",)
        _valid(each, _run(tally, "graph", "--format", each, *marks, COMPOSE))
    _run(tally, "config", COMPOSE)
    _run(tally, "fix", "--unsafe", "--select", "all", "--diff", COMPOSE)
    _same(path, text, "`--diff` has written")
    for words in (["fix"], ["fix", "--unsafe", "--select", "all"]):
        before = path.read_bytes()
        _run(tally, *words, COMPOSE)
        after = path.read_bytes()
        _run(tally, *words, COMPOSE)
        if path.read_bytes() != after:
            raise Fault(f"{' '.join(words)} made of {after!r} something else")
        tally.fixed += after != before
    if sorted(os.listdir()) != [COMPOSE]:  # noqa: PTH208
        raise Fault(f"left behind: {os.listdir()}")  # noqa: PTH208


def _same(path: Path, text: str, what: str) -> None:
    if path.read_bytes() != text.encode("utf-8", "surrogatepass"):
        raise Fault(what)


def _run(tally: Tally, *words: str) -> str:
    """What a command prints; raises `Fault` where it crashes."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(words)
        out.flush()
    said = err.getvalue()
    if status not in (0, 1, 2) or any(crash in said for crash in CRASHES):
        raise Fault(f"{' '.join(words)} exited with {status}: {said}")
    if status == 2 and not said:
        raise Fault(f"{' '.join(words)} failed without a word")
    key = (words[0], status)
    tally.codes[key] = tally.codes.get(key, 0) + 1
    return out.buffer.getvalue().decode()  # type: ignore[attr-defined, no-any-return]  # pyright: ignore


def _valid(form: str, text: str) -> None:
    """Raises `Fault` where a report is not what its format has to be; an empty one was not made."""
    known: dict[str, Callable[[str], object]] = {
        "json": json.loads, "sarif": json.loads, "gitlab": json.loads, "rdjson": json.loads,
        "junit": ElementTree.fromstring, "svg": ElementTree.fromstring, "github": _commands,
    }  # fmt: skip
    try:
        if text:
            known.get(form, str)(text)
    except (ValueError, ElementTree.ParseError) as error:
        raise Fault(f"{form} is not valid ({error}): {text!r}") from None


def _commands(text: str) -> None:
    for line in text.splitlines():
        if not line.startswith(("::error ", "::warning ", "::notice ")):
            raise ValueError(line)


@contextmanager
def _in_time() -> Generator[None]:
    def late(*_: object) -> None:
        raise Fault("it did not end in time")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _edits_alone() -> Generator[None]:
    """See to it that every character outside of the edits of a fix stays."""
    rewrite = fix_module.rewrite

    def watched(source: Source, fixes: list[Fix]) -> str:
        after = rewrite(source, fixes)
        edits = sorted(
            {(edit.span.start, edit.span.end, edit.text) for each in fixes for edit in each.edits
             if edit.span.source.path == source.path}
        )  # fmt: skip
        made, at = "", 0
        for start, end, text in edits:
            made += source.text[at:start] + text
            at = end
        if made + source.text[at:] != after:
            raise Fault(f"a fix made of {source.text!r} {after!r}, with the edits {edits!r}")
        return after

    fix_module.rewrite = watched  # type: ignore[assignment]
    try:
        yield
    finally:
        fix_module.rewrite = rewrite


if __name__ == "__main__":
    print(text_of(int(sys.argv[1])))
