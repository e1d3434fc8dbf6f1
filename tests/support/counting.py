"""How many steps each line takes: how often it is called or run, or how often a loop turns in it.

What happens within one call of a function of C (`str.find`, `in` of a list, a slice) counts as nothing: for that there
are the seconds and megabytes of `tests/soak/test_growth_seconds.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, TypeAlias

Steps: TypeAlias = dict[str, int]
Count: TypeAlias = Callable[[CodeType, int], None]  # of a place in the code: a line, or an offset


def steps(work: Callable[[], object]) -> Steps:
    """Run something; the steps by line, as `folder/file.py:name:line`."""
    seen: dict[int, CodeType] = {}  # the code itself, so that its id stays its own
    counts: dict[tuple[int, int], int] = {}

    def count(code: CodeType, place: int) -> None:
        key = (id(code), place)
        if key in counts:
            counts[key] += 1
        else:
            seen[id(code)] = code
            counts[key] = 1

    by_offset = sys.version_info >= (3, 12)
    (_monitor if by_offset else _trace)(work, count)
    found: Steps = {}
    for (id_of_code, place), number in counts.items():
        code = seen[id_of_code]
        path = Path(code.co_filename)
        line = _line(code, place) if by_offset else place
        name = f"{path.parent.name}/{path.name}:{code.co_qualname}:{line}"
        found[name] = found.get(name, 0) + number
    return found


def _trace(work: Callable[[], object], count: Count) -> None:
    """Count calls and lines."""

    def call(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        code = frame.f_code
        count(code, code.co_firstlineno)

        def line(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
            count(code, frame.f_lineno)
            return line

        return line

    before = sys.gettrace()
    sys.settrace(call)
    try:
        work()
    finally:
        sys.settrace(before)


def _monitor(work: Callable[[], object], count: Count) -> None:
    """Count calls and jumps, of which every turn of a loop has one: far cheaper than lines."""
    if sys.version_info >= (3, 12):
        watch, tool = sys.monitoring, sys.monitoring.PROFILER_ID

        def jump(code: CodeType, offset: int, _: object) -> None:
            count(code, offset)

        callbacks = {watch.events.PY_START: count, watch.events.PY_RESUME: count, watch.events.JUMP: jump}
        watch.use_tool_id(tool, "growth")
        try:
            for event, callback in callbacks.items():
                watch.register_callback(tool, event, callback)
            watch.set_events(tool, sum(callbacks))
            work()
        finally:
            watch.set_events(tool, 0)
            watch.free_tool_id(tool)


def _line(code: CodeType, offset: int) -> int:
    lines = (line for start, end, line in code.co_lines() if start <= offset < end)
    return next(lines, None) or code.co_firstlineno


def growing(few: Steps, more: Steps, most: Steps, least: int) -> list[str]:
    """The lines whose steps grow faster than n log n, given the steps for n, 2n and 4n.

    Between 2n and 4n a line may take 3 times the steps that it takes more between n and 2n: that is 2 for what grows as
    the input does, 2.4 for n log n, and 4 for its square. Fewer than `least` more steps are not looked at.
    """
    found: list[str] = []
    for name, steps in most.items():
        first, second = more.get(name, 0) - few.get(name, 0), steps - more.get(name, 0)
        if second > least and second > 3 * first:
            found.append(f"{name}: {few.get(name, 0)}, {more.get(name, 0)}, {steps}")
    return found
