"""Read one large body at a time, in a separate thread.

What a thread frees, the C library keeps for that thread: sixteen threads that each held four megabytes once go on
taking 64. So whatever is large is read and parsed in one and the same thread, while the one that wants it waits.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, TypeVar, cast

from modellint.registry.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.registry.deadline import Deadline

LARGE = 1 << 17  # bytes; what is smaller may be held by every thread at a time
_T = TypeVar("_T")


class SerialWorker:
    """The thread, and the order in which it is used: a budget that has come in keeps the room until `leave`."""

    def __init__(self) -> None:
        self._free = threading.Lock()
        self._todo: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], _T], budget: Deadline) -> _T:
        """The result of work in that thread; raises what it raises, and `Failure` where it takes too long."""
        if not budget.has_room:
            if not self._free.acquire(timeout=budget.left()):
                raise budget.over()
            budget.has_room = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="modellint-registry-large", daemon=True)
                self._thread.start()
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._todo.put((work, done))
        try:
            result, problem = done.get(timeout=budget.left())
        except queue.Empty:
            raise budget.over() from None
        if problem is not None:
            raise problem
        return cast("_T", result)

    def leave(self, budget: Deadline) -> None:
        """Let the next one in, if this budget has the room."""
        if budget.has_room:
            budget.has_room = False
            self._free.release()

    def close(self) -> None:
        """End the thread once it has done what it does."""
        if self._thread is not None:
            self._todo.put(None)

    def _serve(self) -> None:
        while (job := self._todo.get()) is not None:
            work, done = job
            try:
                done.put((work(), None))
            except Failure as failure:
                done.put((None, failure.copy()))
            except Exception as problem:
                done.put((None, problem.with_traceback(None)))  # its frames hold what was read
            del job, work, done
