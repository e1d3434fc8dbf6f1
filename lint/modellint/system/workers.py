"""Share work on many files between processes.

`os.fork` and a pipe start a worker in 2 ms; the pools of the standard library need more than a whole check of a small
file takes, only to be imported. Where there is no `fork`, the work is done in one process.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_WORTH_IT = 16  # items; below that a second process costs more than it saves
_MOST_WORKERS = 8
_CHUNK = 8  # items that a worker takes at a time, more where there are very many
_MOST_CHUNKS = 16_000  # their numbers, two bytes each, must fit into a pipe


class WorkerDied(RuntimeError):
    """A worker process ended before it had handed over its results."""


def spread(items: Sequence[str], work: Callable[[Sequence[str]], Any], most: int = 0) -> list[Any]:
    """The results of the work on parts of the items, in no particular order.

    A result is made of what `marshal` can write: tuples, lists, text and numbers. There are at most `most` workers; 0
    means as many as the machine bears.
    """
    workers = most or min(_cores(), _MOST_WORKERS)
    if len(items) < _WORTH_IT or workers < 2 or not hasattr(os, "fork") or _has_threads():
        return [work(items)]
    size = max(_CHUNK, -(-len(items) // _MOST_CHUNKS))
    take, give = os.pipe()
    os.write(give, b"".join(number.to_bytes(2, "big") for number in range(-(-len(items) // size))))
    os.close(give)
    running = [_start(items, size, work, take) for _ in range(workers)]
    os.close(take)
    return [result for worker, out in running for result in _collect(worker, out)]


def _start(items: Sequence[str], size: int, work: Callable[[Sequence[str]], Any], take: int) -> tuple[int, int]:
    """Fork a worker; its number, and the pipe that its results come from.

    Each worker takes the next chunk when it is free, so that one on a busy core takes fewer.
    """
    import marshal

    out, into = os.pipe()
    worker = os.fork()
    if worker:
        os.close(into)
        return worker, out
    status = 1
    try:
        os.close(out)
        results: list[Any] = []
        while len(number := os.read(take, 2)) == 2:
            first = int.from_bytes(number, "big") * size
            results.append(work(items[first : first + size]))
        with open(into, "wb") as pipe:
            pipe.write(marshal.dumps(results))
        status = 0
    finally:
        os._exit(status)


def _collect(worker: int, out: int) -> list[Any]:
    import marshal

    with open(out, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(worker, 0)
    if status != 0:
        raise WorkerDied(f"a worker process exited with status {status}; its files were not checked")
    results: list[Any] = marshal.loads(data)
    return results


def _has_threads() -> bool:
    """Whether other threads run. A fork would copy the locks that they hold, and not them."""
    threading = sys.modules.get("threading")  # not imported where nobody has started one
    return threading is not None and threading.active_count() > 1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
