"""Run as a file: compile conditions in CEL and evaluate them, one line of JSON in, one out.

    python -I -S -X utf8 cel_worker.py < QUESTIONS > ANSWERS

The first line says where the engine lies, which variables there are and how many bytes may be taken besides what the
engine itself takes; it is answered with `{}`, or with a `problem`. A question begins with the seconds of the processor
that it may take, and has `each`, `text`, and a `value` where the condition is to be evaluated. The answer has the
`seconds` that it took, and a `problem`, or the `kind` of what came out and its `value` where that is true or false.

Nothing of modellint is imported, since nothing of it is on the path here. What takes too much is ended by the kernel,
and with it this process: the engine itself cannot be interrupted.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from importlib import import_module
from typing import Any

resource: Any = None
with contextlib.suppress(ImportError):  # on Windows, where whoever asks looks at the clock, and then ends this
    resource = import_module("resource")

_LONGEST = 10_000  # letters of a problem


def main() -> None:
    """Answer until the input ends."""
    order = json.loads(sys.stdin.buffer.readline())
    sys.path.extend(order["path"])
    try:
        engine = import_module("cel_expr_python.cel")
        kind = engine.Type.Map(engine.Type.STRING, engine.Type.DYN)
        environments = {each: engine.NewEnv(variables={each: kind}) for each in order["variables"]}
    except Exception as error:
        return _say({"problem": str(error)[:_LONGEST]})
    _limit_memory(order["memory"])
    _say({})
    compiled: dict[tuple[str, str], Any] = {}
    for line in sys.stdin.buffer:
        began = time.process_time()
        seconds, _, said = line.partition(b" ")
        _limit_time(began + float(seconds))
        question = json.loads(said)
        try:
            key = question["each"], question["text"]
            if key not in compiled:
                compiled[key] = environments[key[0]].compile(key[1])
            answer = _evaluated(compiled[key], key[0], question["value"]) if "value" in question else {
                "kind": compiled[key].return_type().name()
            }  # fmt: skip
        except MemoryError:
            answer = {"memory": True}
        except Exception as error:  # whatever it is, nothing came out
            answer = {"problem": str(error)[:_LONGEST]}
        _say({**answer, "seconds": time.process_time() - began})
    return None


def _evaluated(condition: Any, each: str, value: object) -> dict[str, object]:
    result = condition.eval(data={each: value})
    answer, kind = result.value(), result.type().name()
    if kind == "ERROR":
        return {"problem": str(answer)[:_LONGEST]}
    return {"kind": kind, "value": answer if isinstance(answer, bool) else None}


def _limit_memory(more: int) -> None:
    """Let this process have so many bytes more than it has now, and leave no core behind. On Linux only."""
    if resource is None or sys.platform != "linux":
        return
    with open("/proc/self/statm", "rb") as file:
        pages = int(file.read().split()[0])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _limit_time(seconds: float) -> None:
    """Have the kernel end this process (SIGXCPU) when it has used so many seconds of the processor."""
    if resource is not None:
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = int(seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft if hard < 0 else min(soft, hard), hard))


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
