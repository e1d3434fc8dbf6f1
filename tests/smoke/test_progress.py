"""How far a run has come, drawn on a real terminal or written to a log, and what Ctrl-C does in the middle of it."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.cells import cell_len

from modellint.commands.smoke import Signals
from modellint.report.printable import printable
from modellint.smoke import progress
from modellint.smoke.progress import Lines, Pace, Terminal, watch, words

if sys.platform == "win32":
    pytest.skip("there are no such terminals on Windows", allow_module_level=True)

import fcntl
import pty
import struct
import termios

GIB = 1 << 30
FIXTURE = Path(__file__).parents[2] / "fixtures" / "smoke" / "compose.yaml"


@pytest.mark.parametrize(
    ("done", "total", "rate", "said"),
    [
        (int(3.2 * GIB), int(40.1 * GIB), 51.0 * (1 << 20), "3.2 GiB of 40.1 GiB, 51.0 MiB/s, 12 min left"),
        (0, 4 * GIB, 0.0, "0 bytes of 4.0 GiB"),
        (GIB, 4 * GIB, 0.4, "1.0 GiB of 4.0 GiB"),
        (4 * GIB, 4 * GIB, 2.0 * GIB, "4.0 GiB of 4.0 GiB, 2.0 GiB/s"),
        (0, 99, 1.0, "0 bytes of 99 bytes, 1 bytes/s, 99 s left"),
        (0, 1024, 2048.0, "0 bytes of 1.0 KiB, 2.0 KiB/s, 1 s left"),
        (0, GIB, 100_000.0, "0 bytes of 1.0 GiB, 97.7 KiB/s, 2 h 59 min left"),
        (0, GIB, 1.0, "0 bytes of 1.0 GiB, 1 bytes/s"),  # in 34 years
    ],
)
def test_words(done: int, total: int, rate: float, said: str) -> None:
    assert words(done, total, rate) == said


def test_the_pace_is_that_of_the_last_seconds() -> None:
    """What was there at first is not counted; it falls when nothing comes, and begins anew when bytes are lost."""
    pace = Pace(10.0)
    assert pace.rate(0.0) == 0
    for second in range(31):
        pace.come(second, 1000 + 10 * second + (90 * (second - 20) if second > 20 else 0))
    assert pace.rate(30) == 100
    assert pace.rate(40) == 50
    pace.come(41, 5)
    assert pace.rate(41.5) == 0
    pace.come(43, 25)
    assert pace.rate(43) == 10


class Clock:
    """A time that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_log_gets_a_line_every_half_a_minute(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(printable)
    lines.step("pull llm")
    for second in range(95):
        clock.now = 1000.0 + second
        lines.pull("llm", (second + 100) << 20, 10 * GIB)
    lines.step("boot llm")
    clock.now += 40
    lines.step("probe\x1b[2J")
    lines.step("probe rag")
    lines.close()
    assert capsys.readouterr().err.splitlines() == [
        "pull llm: 130.0 MiB of 10.0 GiB, 1.0 MiB/s, 2 h 48 min left",
        "pull llm: 160.0 MiB of 10.0 GiB, 1.0 MiB/s, 2 h 48 min left",
        "pull llm: 190.0 MiB of 10.0 GiB, 1.0 MiB/s, 2 h 48 min left",
        "probe\\x1b[2J",
    ]


def test_a_short_run_writes_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(printable)
    for second in range(29):
        clock.now = 1000.0 + second
        lines.step("pull llm")
        lines.pull("llm", second, 100)
    lines.close()
    assert capsys.readouterr().err == ""


def test_a_log_that_is_gone_ends_nothing(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        lines = Lines(printable)
        clock.now += 60
        lines.step("boot llm")
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)


@pytest.mark.parametrize(
    ("terminal", "environment", "kind"),
    [
        (True, {"TERM": "xterm"}, Terminal),
        (True, {}, Terminal),
        (True, {"TERM": "xterm", "CI": "true"}, Lines),
        (True, {"TERM": "dumb"}, Lines),
        (False, {"TERM": "xterm"}, Lines),
    ],
)
def test_who_watches(terminal: bool, environment: dict[str, str], kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert type(watch(printable, environment)) is kind


class Screen:
    """A program on a terminal of its own, and what a person sees there."""

    def __init__(
        self, program: str, folder: Path, columns: int = 80, environment: dict[str, str] | None = None
    ) -> None:
        self.raw = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        # A terminal that Ctrl-C can be typed at; and a test may run where SIGINT is ignored.
        begin = "import os, signal; os.login_tty(os.dup(0)); signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-c", begin + program],
            stdin=slave, stdout=slave, stderr=slave, cwd=folder,
            env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(folder), **(environment or {})},
        )  # fmt: skip
        os.close(slave)

    def read(self, until: str = "", seconds: float = 30.0) -> str:
        """All that was written, up to a text if there is one, or to the end."""
        end = time.monotonic() + seconds
        while not until or until not in self.raw:
            ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"it did not write {until!r} in time: {self.raw!r}"
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # the program has ended
                data = b""
            if not data:
                assert not until or until in self.raw, self.raw
                break
            self.raw += data.decode("utf-8", "replace")
        return self.raw

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """Read to the end; the exit status."""
        self.read()
        os.close(self._master)
        return self._process.wait(30)

    def close(self) -> None:
        """Go away, as a window that is closed."""
        os.close(self._master)
        self._process.wait(30)

    @property
    def lines(self) -> list[str]:
        """What is on the screen now, for the few movements that there are."""
        lines, row = [""], 0
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", self.raw):
            if part == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif part == "\x1b[2K":
                lines[row] = ""
            elif part == "\x1b[1A":
                row -= 1
            elif not part.startswith(("\x1b", "\r")):
                lines[row] += part
        return [line for line in lines if line]

    @property
    def frames(self) -> list[str]:
        """Each line as it was drawn, one over the other."""
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.raw)
        return [frame.rstrip() for frame in re.split(r"[\r\n]+", plain) if frame.strip()]

    @property
    def cursor(self) -> bool:
        return self.raw.rfind("\x1b[?25h") >= self.raw.rfind("\x1b[?25l")


RUN = """
import os, sys, time
from modellint.report.printable import printable
from modellint.smoke.progress import watch
told = watch(printable, os.environ)
NAME = sys.argv[1] if len(sys.argv) > 1 else "llm"
try:
    told.step(f"pull {NAME}")
    time.sleep(0.3)
    for done in range(1, 15):
        told.pull(NAME, done << 30, 40 << 30)
        time.sleep(0.1)
    told.step("boot llm")
    time.sleep(1.3)
    ending()
finally:
    told.close()
told.step("never drawn")
told.close()
print("the report")
"""


@pytest.mark.parametrize(
    ("ending", "status", "last"),
    [
        ("pass", 0, ["the report"]),
        ("raise SystemExit(3)", 3, []),
        ("time.sleep(60)", -signal.SIGINT, None),
    ],
    ids=["as it should", "an exception", "Ctrl-C"],
)
def test_a_terminal(ending: str, status: int, last: list[str] | None, tmp_path: Path) -> None:
    """A spinner, a bar, and then nothing of them, with the cursor as it was."""
    screen = Screen(f"def ending():\n    {ending}\n{RUN}", tmp_path)
    if status == -signal.SIGINT:
        screen.read("boot llm 1 s")
        screen.type("\x03")
    assert screen.end() == status
    assert any(re.fullmatch(r"\S pull llm", frame) for frame in screen.frames)
    assert any(
        re.fullmatch(r"pull llm [━╸╺]{20} 1\d\.0 GiB of 40\.0 GiB, \d+\.\d GiB/s, \d s left", each)
        for each in screen.frames
    )
    assert any(re.fullmatch(r"\S boot llm 1 s", frame) for frame in screen.frames)
    assert "never drawn" not in screen.raw
    assert screen.cursor
    assert last is None or screen.lines == last
    assert not any("boot" in line or "pull" in line for line in screen.lines)


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_frame_is_one_line(columns: int, tmp_path: Path) -> None:
    """The name gives way, and then the bar; what is drawn over would else be left."""
    name = "::error::模型\x1b[2J" + "-and-on" * 20
    program = f"def ending(): pass\nimport sys; sys.argv = ['', {name!r}]\n{RUN}"
    screen = Screen(program, tmp_path, columns)
    assert screen.end() == 0
    assert all(cell_len(frame) <= columns for frame in screen.frames)
    pulled = [frame for frame in screen.frames if "GiB" in frame]
    assert any(frame.startswith("pull \\::err"[:12]) or columns == 40 for frame in pulled)
    assert ("━" in "".join(pulled)) is (columns >= 80)
    if columns >= 60:
        assert any(re.search(r"\d s left$", frame) for frame in pulled)
    assert screen.lines == ["the report"]


@pytest.mark.parametrize("setting", [{"CI": "true"}, {"TERM": "dumb"}])
def test_a_terminal_without_a_person(setting: dict[str, str], tmp_path: Path) -> None:
    screen = Screen(f"def ending(): pass\n{RUN}", tmp_path, environment=setting)
    assert screen.end() == 0
    assert screen.raw == "the report\r\n"


# The command, with a run that is made by hand: it says where it is, takes half a second to be taken down, and says so.
COMMAND = """
import sys, time
from contextlib import ExitStack
from modellint import cli
from modellint.commands import smoke as command
from modellint.smoke.check import Smoke, SmokeCheck
from modellint.smoke.session import span_of

def down():
    time.sleep(0.5)
    with open("down", "a") as file:
        file.write("all of it\\n")

def smoke(project, access, asked, *, watch, hold, tell):
    [model, *_] = project.models.values()
    seen = Smoke(asked.engine, seconds=1.0, up=["llm at http://127.0.0.1:1/v1"])
    seen.row("model", "llm")
    seen.checks.append(SmokeCheck("model", "llm", "pulled", "pulled", STATUS, "because", span_of(model)))
    with ExitStack() as stack:
        stack.callback(watch.close)
        stack.callback(down)
        watch.step("boot llm")
        open("begun", "w").close()
        time.sleep(SECONDS)
        watch.close()
        hold(seen)
    return seen

command.smoke = smoke
sys.exit(cli.main(["smoke", *WORDS]))
"""
GONE = "modellint: interrupted; everything that was started is stopped"
NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def command(folder: Path, seconds: float, *words_: str, status: str = "pass") -> Screen:
    (folder / "compose.yaml").write_text(FIXTURE.read_text(encoding="utf-8"), encoding="utf-8")
    head = f"SECONDS, STATUS, WORDS = {seconds!r}, {status!r}, {list(words_)!r}\n"
    return Screen(head + COMMAND, folder)


def has_begun(folder: Path) -> None:
    end = time.monotonic() + 30
    while not (folder / "begun").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    time.sleep(0.2)


@pytest.mark.parametrize("number", [None, *NUMBERS], ids=str)
def test_an_interrupted_run(number: signal.Signals | None, tmp_path: Path) -> None:
    """One signal ends it, in order; further ones, of any kind, change nothing."""
    screen = command(tmp_path, 60)
    has_begun(tmp_path)
    screen.type("\x03") if number is None else screen.signal(number)
    for each in NUMBERS * 2:
        time.sleep(0.05)
        screen.signal(each)
    screen.type("\x03")
    assert screen.end() == 2
    assert (tmp_path / "down").read_text() == "all of it\n"
    assert [line.replace("^C", "") for line in screen.lines if line.strip("^C")] == [GONE]
    assert screen.cursor
    assert "Traceback" not in screen.raw


def test_a_signal_while_all_is_taken_down(tmp_path: Path) -> None:
    """The run is over: it is reported, and its status counts."""
    screen = command(tmp_path, 0, status="fail")
    has_begun(tmp_path)
    for each in NUMBERS:
        screen.signal(each)
    assert screen.end() == 1
    assert (tmp_path / "down").read_text() == "all of it\n"
    assert screen.lines[-1] == "0 passed, 1 failed, 0 not proven in 1.0 s"
    assert "interrupted" not in screen.raw


@pytest.mark.parametrize(("status", "code"), [("pass", 0), ("fail", 1)])
@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_keep(status: str, code: int, number: signal.Signals, tmp_path: Path) -> None:
    """The report comes first; then it waits, and ends with the status of the run."""
    screen = command(tmp_path, 0, "--keep", "--report", "json=a.json", status=status)
    screen.read("http://127.0.0.1:1/v1")
    assert screen.lines[-3].endswith(" in 1.0 s")
    assert screen.lines[-2:] == [
        "Everything is still running; press Ctrl-C to stop it.",
        "  llm at http://127.0.0.1:1/v1",
    ]
    assert screen.cursor
    assert (tmp_path / "a.json").exists()
    time.sleep(0.2)
    assert not (tmp_path / "down").exists()
    screen.signal(number)
    for each in NUMBERS:
        time.sleep(0.05)
        screen.signal(each)
    assert screen.end() == code
    assert (tmp_path / "down").read_text() == "all of it\n"
    assert "interrupted" not in screen.raw


@pytest.mark.parametrize("words_", [[], ["--keep"]])
def test_a_window_that_is_closed(words_: list[str], tmp_path: Path) -> None:
    """The terminal is gone, and with it whoever could read; what was started is taken down all the same."""
    screen = command(tmp_path, 0 if words_ else 60, *words_)
    if words_:
        screen.read("http://127.0.0.1:1/v1")
    has_begun(tmp_path)
    screen.close()
    assert (tmp_path / "down").read_text() == "all of it\n"


def test_in_a_pipe_only_the_report(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(FIXTURE.read_text(encoding="utf-8"), encoding="utf-8")
    program = f"SECONDS, STATUS, WORDS = 0, 'pass', []\n{COMMAND}"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "engine none"
    assert "\x1b" not in done.stdout


def test_what_is_ignored_stays_so() -> None:
    """Under `nohup` a window that is closed ends nothing."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    usual = signal.getsignal(signal.SIGTERM)
    try:
        with Signals():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not usual
        assert signal.getsignal(signal.SIGTERM) is usual
    finally:
        signal.signal(signal.SIGHUP, before)
