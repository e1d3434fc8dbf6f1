"""How many steps each function takes: calls, and the lines or the turns of loops that are run in it.

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


def steps(work: Callable[[], object]) -> Steps:
    """Run something; the steps by function, as `folder/file.py:name`. A function called anew counts each time."""
    seen: dict[int, tuple[CodeType, list[int]]] = {}

    def counter(code: CodeType) -> list[int]:
        found = seen.get(id(code))
        if found is None:
            found = seen[id(code)] = (code, [0])  # with the code itself, so that its id stays its own
        return found[1]

    if sys.version_info >= (3, 12):
        _monitor(work, counter)
    else:
        _trace(work, counter)
    found: Steps = {}
    for code, (number,) in seen.values():
        path = Path(code.co_filename)
        name = f"{path.parent.name}/{path.name}:{code.co_qualname}"
        found[name] = found.get(name, 0) + number
    return found


def _trace(work: Callable[[], object], counter: Callable[[CodeType], list[int]]) -> None:
    """Count calls and lines."""

    def call(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        counts = counter(frame.f_code)
        counts[0] += 1

        def line(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
            counts[0] += 1
            return line

        return line

    before = sys.gettrace()
    sys.settrace(call)
    try:
        work()
    finally:
        sys.settrace(before)


def _monitor(work: Callable[[], object], counter: Callable[[CodeType], list[int]]) -> None:
    """Count calls and jumps, of which every turn of a loop has one: far cheaper than lines."""
    if sys.version_info >= (3, 12):
        watch, tool = sys.monitoring, sys.monitoring.PROFILER_ID

        def count(code: CodeType, *_: object) -> None:
            counter(code)[0] += 1

        events = (watch.events.PY_START, watch.events.PY_RESUME, watch.events.JUMP)
        watch.use_tool_id(tool, "growth")
        try:
            for event in events:
                watch.register_callback(tool, event, count)
            watch.set_events(tool, events[0] | events[1] | events[2])
            work()
        finally:
            watch.set_events(tool, 0)
            watch.free_tool_id(tool)


def growing(few: Steps, more: Steps, most: Steps, least: int) -> list[str]:
    """The functions whose steps grow faster than n log n, given the steps for n, 2n and 4n.

    Between 2n and 4n a function may take 2.8 times the steps that it takes more between n and 2n: that is 2 for what
    grows as the input does, 2.3 for n log n, and 4 for its square. Fewer than `least` more steps are not looked at.
    """
    found: list[str] = []
    for name, steps in most.items():
        first, second = more.get(name, 0) - few.get(name, 0), steps - more.get(name, 0)
        if second > least and second > 2.8 * first:
            found.append(f"{name}: {few.get(name, 0)}, {more.get(name, 0)}, {steps}")
    return found
