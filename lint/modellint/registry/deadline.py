"""The time that one reference has, from the first connection to the last byte."""

from __future__ import annotations

import time

from modellint.registry.failure import Failure, timed_out


class Deadline:
    """Counts from its creation on. `closed` is set from outside once nobody waits for the result any more.

    `has_room` says whether it has the network's room for a large body.
    """

    __slots__ = ("_end", "closed", "has_room", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.closed = False
        self.has_room = False
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left; raises `Failure` where there are none. Asked before everything that may wait."""
        left = self._end - time.monotonic()
        if self.closed or left <= 0:
            raise self.over()
        return left

    def over(self) -> Failure:
        """What is said when it is used up."""
        return timed_out(self.seconds)

    def wait(self, seconds: float, otherwise: Failure) -> None:
        """Sleep; raises the given failure at once where there is not that much time."""
        if seconds >= self.left():
            raise otherwise
        time.sleep(seconds)
