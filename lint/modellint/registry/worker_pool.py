"""Many requests at a time: threads, and a wall clock that no host can stop.

A thread that is stuck, because a look-up of a name or a credential helper does not come back, cannot be ended. It is
left behind: its budget is closed, so that it sends nothing any more, and its request is answered without it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from modellint.oci.answers import RegistryAnswer
from modellint.registry.deadline import Deadline
from modellint.registry.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from modellint.oci.artifact import Artifact
    from modellint.oci.query import Query

_PER_HOST = 16
_IN_ALL = 64
_GRACE = 0.25  # seconds that a thread has to say itself that its time is over
_ENOUGH = 3  # requests that a host leaves without an answer, and none with one, before it counts as down


class _Job:
    """A request that a thread works on. `over` is when nobody waits for it any more."""

    __slots__ = ("budget", "over", "request")

    def __init__(self, request: Query, seconds: float) -> None:
        self.request = request
        self.budget = Deadline(seconds)
        self.over = time.monotonic() + seconds + _GRACE


class _Queue:
    """The requests for one registry, and what is known of it. `failure` is what it ends with that is down."""

    __slots__ = ("active", "answers", "down", "failure", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Query] = deque()
        self.active = 0
        self.answers = False
        self.down = 0
        self.failure: Failure | None = None

    def may_start(self) -> bool:
        """Whether the next request may be worked on. Of a host that is in doubt, those under way come first."""
        doubtful = self.down and not self.answers
        return bool(self.waiting) and self.active < _PER_HOST and not (doubtful and self.active)

    def learn(self, outcome: Artifact | Failure) -> None:
        """Note how a request ended."""
        if not isinstance(outcome, Failure) or not outcome.down:
            self.answers = True
            return
        self.down += 1
        if self.down >= _ENOUGH and not self.answers:
            self.failure = outcome


class WorkerPool:
    """Works on requests: up to 16 of a registry at a time, and up to 64 in all."""

    def __init__(self, requests: Sequence[Query], work: Callable[[Query, Deadline], Artifact], seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._queues: dict[str, _Queue] = {}
        for request in requests:
            self._queues.setdefault(request.registry, _Queue()).waiting.append(request)
        self._todo: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[_Job, Artifact | Failure]] = queue.SimpleQueue()
        self._active: dict[_Job, None] = {}  # in the order in which their time ends
        self._threads: list[threading.Thread] = []
        self._stuck = 0

    def results(self) -> Generator[tuple[Query, RegistryAnswer]]:
        """One answer for each request, as they come."""
        try:
            while True:
                yield from self._start()
                if not self._active:
                    return
                for job, outcome in self._finished():
                    own = self._queues[job.request.registry]
                    own.active -= 1
                    own.learn(outcome)
                    yield job.request, _answer(outcome)
        finally:
            self._end()

    def _start(self) -> Iterator[tuple[Query, RegistryAnswer]]:
        """Hand out as many requests as may be worked on, to each registry in turn; answer those of one that is down."""
        progress = True
        while progress:
            progress = False
            for own in self._queues.values():
                if own.failure:
                    while own.waiting:
                        yield own.waiting.popleft(), _answer(own.failure)
                elif own.may_start() and len(self._active) < _IN_ALL:
                    self._hand_out(own)
                    progress = True

    def _hand_out(self, own: _Queue) -> None:
        own.active += 1
        job = _Job(own.waiting.popleft(), self._seconds)
        self._active[job] = None
        if len(self._active) + self._stuck > len(self._threads):
            thread = threading.Thread(target=self._run, name="modellint-registry", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system allows no more; those that run do the work
                if not self._threads:
                    self._done.put((job, Failure("internal", "the system cannot start another thread")))
            else:
                self._threads.append(thread)
        self._todo.put(job)

    def _finished(self) -> list[tuple[_Job, Artifact | Failure]]:
        """Wait for the next result, or for the end of the time of a request that gets none."""
        oldest = next(iter(self._active))
        try:
            job, outcome = self._done.get(timeout=max(0.0, oldest.over - time.monotonic()))
        except queue.Empty:
            now = time.monotonic()
            late = [each for each in self._active if each.over <= now]
            for each in late:
                each.budget.closed = True
                self._stuck += 1
                del self._active[each]
            return [(each, each.budget.over()) for each in late]
        if job.budget.closed:  # it came back after all
            self._stuck -= 1
            return []
        del self._active[job]
        return [(job, outcome)]

    def _run(self) -> None:
        """Work on one request after another, in a thread."""
        while (job := self._todo.get()) is not None:
            outcome: Artifact | Failure
            try:
                outcome = self._work(job.request, job.budget)
            except Failure as failure:
                outcome = failure.copy()  # without the traceback, whose frames hold what was read
            except Exception as problem:  # whatever a library raises: one request has no answer, the others do
                outcome = Failure("internal", f"internal error in modellint ({type(problem).__name__})")
            self._done.put((job, outcome))

    def _end(self) -> None:
        """Let nothing go on. A thread ends as soon as it asks for its time."""
        for job in self._active:
            job.budget.closed = True
        for _ in self._threads:
            self._todo.put(None)
        if not self._active and not self._stuck:
            for thread in self._threads:
                thread.join(_GRACE)


def _answer(outcome: Artifact | Failure) -> RegistryAnswer:
    if isinstance(outcome, Failure):
        return RegistryAnswer(None, time.time(), code=outcome.code, reason=outcome.reason)
    return RegistryAnswer(outcome, time.time())
