"""What a run prints and writes: tables, findings, every format, and exit codes; no model and no network is needed."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from modellint import cli
from modellint.check import Report
from modellint.commands import smoke as command
from modellint.commands.arguments import read
from modellint.linter.record import FindingRecord, result
from modellint.report import smoke as shown
from modellint.report import terminal
from modellint.smoke.check import MODEL, SERVICE, Smoke, SmokeCheck, findings
from modellint.smoke.options import ENGINES, SmokeOptions
from modellint.text.source import Source, Span

if TYPE_CHECKING:
    from modellint.compose.model.project import Project
    from modellint.smoke.isolation.outcome import Status

GOLDEN = Path(__file__).parent / "golden"
FIXTURE = Path(__file__).parents[2] / "fixtures" / "smoke" / "compose.yaml"
TEXT = FIXTURE.read_text(encoding="utf-8")
LLM = "${REGISTRY:-localhost:5000}/ai/canary-llm:v1"
EMBEDDER = "${REGISTRY:-localhost:5000}/ai/canary-embed:v1"
LONG = "a-model-with-a-name-that-goes-on-and-on-and-never-comes-to-an-end"
# What the columns of a model and of a service are called, with one check for each.
CHECKS = {
    MODEL: [("pulled", "pulled"), ("verified", "verified"), ("booted", "booted"), ("context", "context")],
    SERVICE: [("variables", "environment"), ("reachable", "chat (llm at LLM_URL)"), ("isolation", "namespace")],
}


class Run:
    """A run that is made by hand."""

    def __init__(self, runner: str = "xllamacpp 2026.10.11549", seconds: float = 2.64) -> None:
        self.source = Source("compose.yaml", TEXT)
        self.seen = Smoke("none", runner, seconds=seconds)

    def at(self, text: str) -> Span:
        start = self.source.text.index(text)
        return Span(self.source, start, start + len(text))

    def add(self, kind: str, name: str, place: str, *statuses: Status | None, reason: str = "as it should be") -> None:
        """A row, and a check for each of its columns that has a status."""
        self.seen.row(kind, name)
        for (column, what), status in zip(CHECKS[kind], statuses, strict=False):
            if status:
                self.seen.checks.append(SmokeCheck(kind, name, column, what, status, reason, self.at(place)))

    def measured(self, name: str, size: int, downloaded: int, pull: float, boot: float, context: int) -> None:
        row = self.seen.row(MODEL, name)
        row.size, row.downloaded, row.context = size, downloaded, context
        row.pull_seconds, row.boot_seconds = pull, boot

    @property
    def report(self) -> Report:
        report = Report()
        report.results = sorted(map(result, findings(self.seen.checks)), key=FindingRecord.order)
        report.files = report.projects = 1
        return report

    def text(self, width: int | None = None, *, details: bool = False) -> str:
        return shown.render(self.seen, self.report, width=width, details=details)


def passing() -> Run:
    """All is well: one model comes over the network, the other lies in the store."""
    run = Run()
    run.add(MODEL, "llm", LLM, "pass", "pass", "pass", "pass")
    run.add(MODEL, "embedder", EMBEDDER, "pass", "pass", "pass", "pass")
    run.measured("llm", 307_507, 308_224, 0.14, 0.62, 2048)
    run.measured("embedder", 307_507, 0, 0.04, 12.25, 131_072)
    for name in ("chat", "rag"):
        run.add(SERVICE, name, f"{name}:", "pass", "pass", "pass")
        run.seen.row(SERVICE, name).seconds = 0.234
    run.add(SERVICE, "web", "web:", "pass", None, "pass")
    return run


def failing() -> Run:
    """One of each: passed, failed, not proven, and not checked."""
    run = Run()
    run.add(MODEL, "llm", LLM, "pass", "fail", reason="the registry sent a config that does not have its digest")
    run.add(MODEL, "embedder", EMBEDDER, "fail", reason="localhost:5000 has no such repository, or lets nobody see it")
    run.measured("llm", 43_000_000_000, 1_234_567_890, 432.1, 0.0, 0)
    run.add(SERVICE, "chat", "chat:", "pass", "fail", "not proven", reason="the response has no text")
    run.add(SERVICE, "web", "web:", "not proven", None, "not proven", reason="no network namespaces here")
    return run


def canary() -> Run:
    """Notes, and nothing that ran."""
    run = Run(runner="")
    run.seen.notes = [
        "`--canary` ran a tiny model in place of the weights: what the models answer, and how well, is not proven",
        "engine none says nothing about the services' own images",
    ]
    run.add(MODEL, "llm", LLM, "not proven", None, "not proven", "not proven", reason="no runner is here")
    run.measured("llm", -1, -1, 0.0, 0.0, 8192)
    return run


def names() -> Run:
    """Names that are wide, long, empty, or want to be a command; reasons that do."""
    run = Run(runner="/opt/\x1b[31mllama-server")
    run.seen.notes = ["::error::\x1b[2J", "模型"]
    for name in ("模型", LONG, "", "::error::x\n", "e\u0301\u202e", "llm"):
        run.add(MODEL, name, LLM, "pass", "pass", "not proven", "fail", reason="::add-mask::x\r##[error]語言")
        run.measured(name, 307_507, 0, 0.0, 0.1, 2048)
        run.add(SERVICE, name, "chat:", "pass", "fail", "not proven", reason="\x1b]0;title\x07 is what it said")
    return run


def nothing() -> Run:
    """A project without models and services."""
    return Run(runner="", seconds=0.0)


SAMPLES: dict[str, Callable[[], Run]] = {make.__name__: make for make in (passing, failing, canary, names, nothing)}


@pytest.mark.parametrize(("form", "width"), [("pipe", None), ("80", 80)])
@pytest.mark.parametrize("name", SAMPLES)
def test_golden(name: str, form: str, width: int | None, pytestconfig: pytest.Config) -> None:
    """The whole report with and without details, in a pipe and on a terminal of 80 columns."""
    run, golden = SAMPLES[name](), GOLDEN / f"{name}.{form}.txt"
    made = f"{run.text(width)}\n--details\n\n{run.text(width, details=True)}"
    if pytestconfig.getoption("--redraw"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(made, encoding="utf-8", newline="\n")
    assert made == golden.read_text(encoding="utf-8")


def test_the_last_line_counts() -> None:
    assert passing().text().splitlines()[-1] == "16 passed, 0 failed, 0 not proven in 2.6 s"
    assert failing().text().splitlines()[-1] == "2 passed, 3 failed, 3 not proven in 2.6 s"


def tables(text: str) -> list[list[str]]:
    """The lines of each table."""
    blocks = text.split("\n\n")
    return [block.splitlines() for block in blocks if re.match(r"(MODEL|SERVICE) ", block)]


@pytest.mark.parametrize("width", [None, 40, 60, 80, 100, 140])
@pytest.mark.parametrize("name", SAMPLES)
def test_columns_line_up(name: str, width: int | None) -> None:
    """Each cell begins or ends where its title does, counted in columns of a terminal."""
    for head, *rows in tables(SAMPLES[name]().text(width)):
        titles = [(match.start(), match.end()) for match in re.finditer(r"\S+", head)][1:]
        for row in rows:
            at = [cell_len(row[: match.start()]) for match in re.finditer(r"\S+(?: \S+)*", row)]
            ends = [cell_len(row[: match.end()]) for match in re.finditer(r"\S+(?: \S+)*", row)]
            if len(at) == 1 and not row.startswith(" "):  # a long name, above its row
                continue
            cells = list(zip(at, ends, strict=True))[-len(titles) :]
            for (start, end), (first, last) in zip(titles, cells, strict=True):
                assert start == first or end == last


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_is_too_long_and_no_word_is_cut(name: str, width: int) -> None:
    """Only a single long word goes over the edge."""
    run = SAMPLES[name]()
    run.seen.checks = [each for each in run.seen.checks if each.name != LONG or each.kind == MODEL]
    text = run.text(width, details=True)
    for line in text.splitlines():
        longest = max(map(cell_len, line.split()), default=0)
        assert cell_len(line) <= width or longest > width // 2
        assert line == line.rstrip()
    here = shown.render(run.seen, Report(), width=width, details=True).split()
    whole = set(shown.render(run.seen, Report(), details=True).split())
    measured = {"SIZE", "FETCHED", "PULL", "BOOT"}  # where there is nothing, and little room, they are left out
    assert whole - measured <= {*here, *(each.rstrip(",") for each in here)}


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_that_it_prints_is_a_command(name: str) -> None:
    text = SAMPLES[name]().text(details=True) + SAMPLES[name]().text(80, details=True)
    for line in text.splitlines():
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


class Terminal:
    """Standard output that is a terminal."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.written = ""

    def write(self, text: str) -> int:
        self.written += text
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
@pytest.mark.parametrize("name", SAMPLES)
def test_colours(name: str, setting: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the same text as in a pipe of its width, with styles."""
    for variable in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color", **setting}.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    run = SAMPLES[name]()
    assert terminal.is_terminal()
    shown.show(run.seen, run.report, details=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", screen.written) == run.text(80, details=True)
    for words, code in (("pass", "1;32"), ("FAIL", "1;31"), ("not proven", "1;33")):
        cells = [line for table in tables(run.text(80)) for line in table if f"  {words}" in line]
        assert (f"  \x1b[{code}m{words}" in screen.written) is (coloured and bool(cells))


# From here on the command is run, with a run that is made by hand.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "compose.yaml").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[SmokeOptions]:
    """What the runs of the command were asked; they all see `failing`."""
    heard: list[SmokeOptions] = []

    def smoke(_project: Project, _access: object, asked: SmokeOptions, **more: Any) -> Smoke:
        heard.append(asked)
        seen = failing().seen
        more["hold"](seen)
        return seen

    monkeypatch.setattr(command, "smoke", smoke)
    return heard


def see(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Let the command see a run."""

    def smoke(*_: object, **more: Any) -> Smoke:
        more["hold"](run.seen)
        return run.seen

    monkeypatch.setattr(command, "smoke", smoke)


# Where, how bad and what each format has to say of the findings of `failing`: one that failed, one that is not proven.
MISSING = "`--require isolation` fails: not everything is proven for service chat, service web\n"
SAID = [
    (24, 12, "error", "model llm, verified: the registry sent a config that does not have its digest"),
    (18, 3, "warning", "service web, namespace: not proven: no network namespaces here"),
]


def of_json(text: str) -> list[tuple[Any, ...]]:
    return [
        (each["start"]["line"], each["start"]["column"], each["severity"], each["message"], each["rule"])
        for each in json.loads(text)["findings"]
    ]


def of_sarif(text: str) -> list[tuple[Any, ...]]:
    [run] = json.loads(text)["runs"]
    [rule] = run["tool"]["driver"]["rules"]
    assert rule["id"] == "smoke-failed"
    assert "A warning is a check that is not proven" in rule["fullDescription"]["text"]
    found: list[tuple[Any, ...]] = []
    for each in run["results"]:
        [place] = each["locations"]
        region = place["physicalLocation"]["region"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "compose.yaml"
        found.append(
            (
                region["startLine"],
                region["startColumn"],
                each["level"],
                each["message"]["text"].rstrip("."),
                each["ruleId"],
            )
        )
    return found


def of_github(text: str) -> list[tuple[Any, ...]]:
    pattern = r"::(\w+) file=compose.yaml,line=(\d+),endLine=\d+,col=(\d+),endColumn=\d+,title=([\w-]+)::(.*)"
    return [(int(line), int(column), kind, said, rule) for kind, line, column, rule, said in re.findall(pattern, text)]


def of_gitlab(text: str) -> list[tuple[Any, ...]]:
    severities = {"major": "error", "minor": "warning"}
    columns = {line: column for line, column, _, _ in SAID}  # which the format has not
    found: list[tuple[Any, ...]] = []
    for each in json.loads(text):
        line, severity = each["location"]["lines"]["begin"], severities[each["severity"]]
        found.append((line, columns.get(line), severity, each["description"], each["check_name"]))
    return found


def of_junit(text: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for case in ET.fromstring(text).iter("testcase"):
        [failure] = case
        _, line, column, _ = (failure.text or "").split(":", 3)
        rule, _, message = case.attrib["name"].partition(": ")
        assert failure.attrib["message"] == message
        assert line == case.attrib["line"]
        found.append((int(line), int(column), failure.attrib["type"], message, rule))
    return found


def of_rdjson(text: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for each in json.loads(text)["diagnostics"]:
        start = each["location"]["range"]["start"]
        found.append((start["line"], start["column"], each["severity"].lower(), each["message"], each["code"]["value"]))
    return found


def of_markdown(text: str) -> list[tuple[Any, ...]]:
    pattern = r"\| (\w+) \| `([\w-]+)` \| `compose.yaml:(\d+):(\d+)` \| (.*?) \|  \|"
    return [(int(line), int(column), kind, said, rule) for kind, rule, line, column, said in re.findall(pattern, text)]


READERS = {
    "json": of_json, "sarif": of_sarif, "github": of_github, "gitlab": of_gitlab, "junit": of_junit,
    "rdjson": of_rdjson, "markdown": of_markdown,
}  # fmt: skip


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("form", READERS)
def test_formats(form: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check that failed and one that is not proven: rule, severity, place and message."""
    assert cli.main(["smoke", "--format", form]) == 1
    found = READERS[form](capsys.readouterr().out)
    assert len(found) == 6
    for one in SAID:
        assert (*one, "smoke-failed") in found


@pytest.mark.usefixtures("asked")
def test_reports_are_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several of them beside what is printed, or in place of it."""
    (folder / "out").mkdir()
    words = ["--report", "sarif=a.sarif", "--report", "json=out/a.json", "--report", "text=a.txt"]
    assert cli.main(["smoke", *words]) == 1
    printed = capsys.readouterr().out
    assert (folder / "a.txt").read_text(encoding="utf-8") == printed == failing().text()
    assert len(of_sarif((folder / "a.sarif").read_text())) == len(of_json((folder / "out" / "a.json").read_text())) == 6
    assert cli.main(["smoke", "--details", "--output", "b.txt"]) == 1
    assert capsys.readouterr().out == ""
    assert (folder / "b.txt").read_text(encoding="utf-8") == failing().text(details=True)


@pytest.mark.parametrize(
    ("make", "require", "status", "says"),
    [
        (passing, "", 0, ""),
        (passing, "isolation", 0, ""),
        (passing, "all", 0, ""),
        (failing, "", 1, ""),
        (canary, "", 0, ""),
        (canary, "isolation", 0, ""),
        (canary, "all", 1, "`--require all` fails: not everything is proven for model llm\n"),
        (failing, "isolation", 1, MISSING),
    ],
)
def test_exit_status(
    make: Callable[[], Run], require: str, status: int, says: str,
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    see(monkeypatch, make())
    assert cli.main(["smoke", *(["--require", require] if require else [])]) == status
    assert capsys.readouterr().err.removeprefix("modellint: ") == says


def test_what_is_asked(folder: Path, asked: list[SmokeOptions]) -> None:
    cli.main(["smoke", "--store", "there"])
    words = "--service chat --service rag --canary --runner here --store there --store-limit 1.5GiB --timeout 90"
    words += " --runner-memory 4GiB"
    cli.main(["smoke", *words.split()])
    cli.main(["smoke", "--engine", "docker", "--probe-only", "--store", "there"])
    expected = SmokeOptions(
        "there", store_limit=3 << 29, runner="here", runner_memory=4 << 30, seconds=90.0, services=("chat", "rag"),
        canary=True,
    )  # fmt: skip
    assert asked[:2] == [SmokeOptions("there"), expected]
    assert (asked[2].engine, asked[2].probe_only) == ("docker", True)
    assert f"--file={folder / 'compose.yaml'}" in asked[2].compose
    [engine] = [each for each in read(["smoke"]).command.options if each.name == "--engine"]
    assert engine.choices == ENGINES


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--probe-only", "`--probe-only` requires `--engine docker`"),
        ("--probe-only --engine none", "`--probe-only` requires `--engine docker`"),
        ("--serve --engine docker", "`--serve` cannot be used with `--engine docker`"),
        ("--serve --keep", "`--serve` cannot be used with `--keep`: it already keeps the endpoint running"),
        ("--serve --probe-only --engine docker", "`--serve` cannot be used with `--probe-only`"),
        ("--serve --require all", "`--serve` cannot be used with `--require`: it checks no service"),
        ("--serve --details", "`--serve` cannot be used with `--details`"),
        ("--serve --format json", "`--serve` cannot be used with `--format`: it writes no report"),
        ("--serve --output a.txt", "`--serve` cannot be used with `--output`"),
        ("--serve --report json=a.json", "`--serve` cannot be used with `--report`"),
        ("--store-limit much", "`--store-limit` must be a size such as 20GiB, not `much`"),
        ("--store-limit 0", "`--store-limit` must be a size such as 20GiB, not `0`"),
        ("--runner-memory 0", "`--runner-memory` must be a size such as 20GiB, not `0`"),
        ("--runner-memory 4GiB --runner http://localhost:12434", "which has its own limits"),
        ("--timeout soon", "`--timeout` must be a number of seconds up to 86400, not `soon`"),
        ("--timeout 0", "`--timeout` must be a number of seconds up to 86400, not `0`"),
        ("--timeout nan", "not `nan`"),
        ("--require everything", "`--require` must be one of isolation, all, not `everything`"),
        ("--engine podman", "`--engine` must be one of none, docker, not `podman`"),
        ("--report pdf=a.pdf", "`--report` must be FORMAT=FILE"),
        ("--output nowhere/a.txt", "cannot write the report to `nowhere/a.txt`: `nowhere` is not a directory"),
        ("--report json=.", "cannot write the report to `.`: it is a directory"),
    ],
)
def test_contradictions(
    words: str, says: str, folder: Path, asked: list[SmokeOptions], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is said before anything begins."""
    assert cli.main(["smoke", *words.split()]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("modellint: ")
    assert says in said.err
    assert (said.out, asked) == ("", [])


def test_what_could_not_be_tried(folder: Path, asked: list[SmokeOptions], capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "broken.yaml").write_text("models: [")
    assert cli.main(["smoke", "nowhere.yaml"]) == 2
    assert "nowhere.yaml: does not exist" in capsys.readouterr().err
    assert cli.main(["smoke", "broken.yaml"]) == 1
    assert "broken.yaml:1:9 error[invalid-yaml] this `[` is never closed" in capsys.readouterr().out
    assert not asked


def test_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "smoke-failed"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# smoke-failed\n\n(error)\n\nA model or a grant does not behave")
    for name in ("pulled", "verified", "configured", "booted", "context", "environment", "chat", "namespace"):
        assert f"`{name}`" in page
    assert cli.main(["explain", "smoke-faild"]) == 2
    assert "did you mean `smoke-failed`?" in capsys.readouterr().err
