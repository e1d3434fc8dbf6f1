"""The time that is left for a run: each step has its own limit, and so does the whole run."""

from __future__ import annotations

import time

LONGEST_BOOT = 300.0  # seconds, as Docker Model Runner waits: 600 times half a second
LONGEST_SERVICE = 120.0
LONGEST_ANSWER = 60.0
LONGEST_PULL = 86_400.0  # seconds of a pull that somebody else does


class Countdown:
    """Counts down from a number of seconds; 0 is no limit."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.started = time.monotonic()

    @property
    def passed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def over(self) -> bool:
        """Whether there is no time left."""
        return bool(self.seconds) and self.passed >= self.seconds

    @property
    def words(self) -> str:
        """Why something was not done any more."""
        return f"the `--timeout` of {self.seconds:g} s expired"

    def left(self, most: float) -> float:
        """How many seconds a step may take that never takes more than `most`."""
        return max(0.01, min(most, self.seconds - self.passed)) if self.seconds else most
