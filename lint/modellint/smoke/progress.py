"""How far a run has come, on standard error: a bar or a spinner on a terminal, and elsewhere a line now and then."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

from modellint.smoke.listener import Watch
from modellint.text.sizes import binary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Final

    from rich.console import RenderableType
    from rich.live import Live

PAUSE: Final = 30.0  # seconds between two lines where nobody looks at a terminal
_WINDOW = 10.0  # seconds of which the rate is the mean
_SOON = 1.0  # seconds after which a rate says something, and a step is worth a time
_LONGEST = 359_999.0  # seconds; more are no forecast
_BAR = 20  # columns
_ROOMY = 76  # columns of a terminal that has room for a bar
_DULL = ("dumb", "unknown")  # terminals that cannot go back in a line


def watch(shown: Callable[[str], str], environment: Mapping[str, str]) -> Watch:
    """The watch for standard error as it is. `shown` makes names printable."""
    looks = sys.stderr.isatty() and not environment.get("CI") and environment.get("TERM", "").lower() not in _DULL
    return Terminal(shown) if looks else Lines(shown)


class Pace:
    """How many bytes a second come: the mean of the last seconds."""

    def __init__(self, window: float = _WINDOW) -> None:
        self._window = window
        self._marks: deque[tuple[float, int]] = deque()

    def come(self, now: float, done: int) -> None:
        """So many bytes are there now. Fewer than before: it begins anew."""
        if self._marks and done < self._marks[-1][1]:
            self._marks.clear()
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - self._window:
            self._marks.popleft()

    def rate(self, now: float) -> float:
        """Bytes a second; 0 where that cannot be said yet. It falls while nothing comes."""
        if not self._marks:
            return 0.0
        began, before = self._marks[0]
        return (self._marks[-1][1] - before) / (now - began) if now - began >= _SOON else 0.0


class _Pulled:
    """A pull that goes on."""

    def __init__(self, name: str, window: float) -> None:
        self.name = name
        self.done = self.total = 0
        self.pace = Pace(window)

    def come(self, done: int, total: int) -> None:
        """Remember what is there now."""
        self.done, self.total = done, total
        self.pace.come(time.monotonic(), done)

    def words(self) -> str:
        """`3.2 GiB of 40.1 GiB, 51.0 MiB/s, 12 min left`."""
        return words(self.done, self.total, self.pace.rate(time.monotonic()))


class Lines(Watch):
    """For a log: what goes on, at most every half a minute, and nothing in a short run."""

    def __init__(self, shown: Callable[[str], str], pause: float = PAUSE) -> None:
        self._shown = shown
        self._pause = pause
        self._last = time.monotonic()
        self._pulled: _Pulled | None = None

    def step(self, text: str) -> None:
        """Say that something begins."""
        self._pulled = None
        self._say(lambda: self._shown(text))

    def pull(self, name: str, done: int, total: int) -> None:
        """Say how far a pull is."""
        if self._pulled is None or self._pulled.name != name:
            self._pulled = _Pulled(name, self._pause)
        pulled = self._pulled
        pulled.come(done, total)
        self._say(lambda: f"pull {self._shown(name)}: {pulled.words()}")

    def _say(self, text: Callable[[], str]) -> None:
        now = time.monotonic()
        if now - self._last >= self._pause:
            self._last = now
            with contextlib.suppress(OSError):  # a log that is gone is no reason to end a run
                sys.stderr.write(f"{text()}\n")
                sys.stderr.flush()


class Terminal(Watch):
    """For a person: a bar for a pull, a spinner for every other step; both are gone when the run ends."""

    def __init__(self, shown: Callable[[str], str]) -> None:
        self._shown = shown
        self._text = ""
        self._began = 0.0
        self._pulled: _Pulled | None = None
        self._live: Live | None = None
        self._closed = False

    def step(self, text: str) -> None:
        """Turn the spinner for this."""
        self._pulled, self._text, self._began = None, self._shown(text), time.monotonic()
        self._open()

    def pull(self, name: str, done: int, total: int) -> None:
        """Draw the bar of a pull."""
        pulled = self._pulled
        if pulled is None or pulled.name != name:
            self._text = f"pull {self._shown(name)}"
            pulled = _Pulled(name, _WINDOW)
        pulled.come(done, total)
        self._pulled = pulled
        self._open()

    def close(self) -> None:
        """Take it from the terminal. Nothing is drawn after that."""
        self._closed = True
        live, self._live = self._live, None
        if live is not None:
            with contextlib.suppress(OSError):  # the terminal may be what is gone
                live.stop()

    def _open(self) -> None:
        if self._live is not None or self._closed:
            return
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self._console = Console(stderr=True, highlight=False, emoji=False, markup=False)
        self._spinner = Spinner("dots" if self._console.encoding.startswith("utf") else "line")
        self._live = Live(
            get_renderable=self._drawn, console=self._console, transient=True, refresh_per_second=8,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._live.start()

    def _drawn(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        pulled, text = self._pulled, Text(self._text, no_wrap=True, overflow="ellipsis")
        if pulled is None or not pulled.total:
            passed = time.monotonic() - self._began
            return _line(self._spinner, text, _time(passed) if passed >= _SOON else "")
        told = pulled.words()
        if self._console.width < _ROOMY:
            return _line(text, told)
        return _line(text, ProgressBar(pulled.total, min(pulled.done, pulled.total), width=_BAR), told)


def _line(*cells: RenderableType) -> RenderableType:
    """One line, in which a `Text` gives way where there is no room."""
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=(0, 1))
    for cell in cells:
        line.add_column(no_wrap=not isinstance(cell, Text), overflow="ellipsis")
    line.add_row(*cells)
    return line


def words(done: int, total: int, rate: float) -> str:
    """`3.2 GiB of 40.1 GiB, 51.0 MiB/s, 12 min left`; the rate and the time only where they are known."""
    parts = [f"{binary(done)} of {binary(total)}"]
    if rate >= 1:
        parts.append(f"{binary(int(rate))}/s")
        left = (total - done) / rate
        if 0 < left <= _LONGEST:
            parts.append(f"{_time(left)} left")
    return ", ".join(parts)


def _time(seconds: float) -> str:
    whole = round(seconds)
    if whole < 100:
        return f"{max(whole, 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"
