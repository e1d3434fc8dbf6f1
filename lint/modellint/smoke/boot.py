"""Boot a runner of llama.cpp for each artifact and configuration, and see what it makes of it."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from modellint.files.atomic_write import naming
from modellint.smoke.artifacts import CANARY
from modellint.smoke.check import MODEL
from modellint.smoke.countdown import LONGEST_ANSWER, LONGEST_BOOT
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, PASS
from modellint.smoke.isolation.plan import Upstream
from modellint.smoke.runners.canary import NoCanary, write
from modellint.smoke.runners.find import NoRunner, find
from modellint.smoke.runners.plan import EMBEDDING, Files
from modellint.smoke.runners.probe import embeddings
from modellint.smoke.runners.process import RunnerFailed, start
from modellint.smoke.session import BootedModels
from modellint.system.signals import defer_interrupt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modellint.smoke.artifacts import Held
    from modellint.smoke.isolation.outcome import Status
    from modellint.smoke.runners.find import Program
    from modellint.smoke.runners.plan import RunnerConfig
    from modellint.smoke.runners.process import Running
    from modellint.smoke.session import SmokeRun

_CANARY_MEMORY = 4 << 30  # bytes: its weights are tiny, but its context is what a registry or a Compose file says
_CONTEXT = 8192  # tokens that a canary was trained with where the artifact's config says nothing


def boot(run: SmokeRun, setups: Sequence[RunnerConfig], held: Mapping[str, Held]) -> BootedModels:
    """Start every runner, then wait for each, and say what came of it. `held` is by the entry's name."""
    ready = BootedModels(setups={entry: setup for setup in setups for entry in setup.entries})
    program = _program(run, setups) if setups else None
    if program is None:
        return ready
    run.smoke.runner = program.name
    started: list[tuple[RunnerConfig, Running]] = []
    for setup in setups:
        run.watch.step(f"boot {', '.join(setup.entries)}")
        try:
            files = _files(run, setup, held[setup.entries[0]])
            with defer_interrupt():
                memory = run.asked.runner_memory or (_CANARY_MEMORY if run.asked.canary else 0)
                running = start(program, setup, files, tcp=True, memory=memory, serving=run.asked.serve)
                started.append((setup, run.stack.enter_context(running)))
        except RunnerFailed as problem:
            run.say_all(setup, "booted", "booted", FAIL, str(problem))
        except NoCanary as problem:
            run.say_all(setup, "booted", "booted", NOT_PROVEN, str(problem))
    for setup, running in started:
        address = _wait(run, setup, running, held[setup.entries[0]])
        if address is not None:
            ready.running.append((setup, running))
            answer = setup.entries[0] if run.asked.canary else ""
            upstream = Upstream(*address, setup.mode == EMBEDDING, answer)
            ready.upstreams.update(dict.fromkeys(setup.entries, upstream))
    return ready


def _program(run: SmokeRun, setups: Sequence[RunnerConfig]) -> Program | None:
    reason = run.clock.words if run.clock.over else ""
    if sys.platform != "linux":
        reason = "modellint can start runners only on Linux"
    try:
        program = find(run.asked.runner)
    except NoRunner as problem:
        reason = str(problem)
    else:
        if not reason:
            return program
    for setup in setups:
        run.say_all(setup, "booted", "booted", NOT_PROVEN, reason)
    return None


def _files(run: SmokeRun, setup: RunnerConfig, held: Held) -> Files:
    """The files to boot; a canary is made here. Raises `NoCanary`."""
    if held.files is not None:
        return held.files
    with defer_interrupt():
        folder = run.stack.enter_context(tempfile.TemporaryDirectory(prefix="modellint-canary-"))
    path = os.path.join(folder, "canary.gguf")
    context = held.artifact.context or max(setup.context, _CONTEXT)
    with naming(path):
        write(path, setup.entries[0], context=context, embedding=setup.mode == EMBEDDING)
    return Files(path, packed_context=held.artifact.packed_context)


def _wait(run: SmokeRun, setup: RunnerConfig, running: Running, held: Held) -> tuple[str, int] | None:
    """Wait until a runner is healthy; its address, if it is."""
    try:
        running.wait(min(LONGEST_BOOT, running.age + run.clock.left(LONGEST_BOOT)))
        window = running.context()
    except RunnerFailed as problem:
        why = f"{run.clock.words}: {problem}" if run.clock.over else f"{held.doubt}; {problem}".removeprefix("; ")
        run.say_all(setup, "booted", "booted", FAIL, why)
        return None
    run.say_all(setup, "booted", "booted", PASS, f"healthy after {running.seconds:.1f} s")
    if setup.mode == EMBEDDING and held.head is not None and not held.head.embedding:
        _try_embedding(run, setup, running)
    said = window.words or f"{window.request} tokens per request"
    status: Status = PASS if window.ok else FAIL
    if held.files is None and not held.artifact.context:
        status, said = NOT_PROVEN, f"{CANARY}; its config does not specify the trained context size"
    run.say_all(setup, "context", "context", status, said)
    for entry in setup.entries:
        row = run.smoke.row(MODEL, entry)
        row.boot_seconds, row.context = running.seconds, window.request
    address = urlsplit(running.url)
    return address.hostname or "", address.port or 0


def _try_embedding(run: SmokeRun, setup: RunnerConfig, running: Running) -> None:
    """Whether a model that does not say how it makes embeddings can make them nevertheless; llama.cpp says why not."""
    answer = embeddings(f"{running.url}/v1", setup.entries[0], key=setup.key, seconds=run.clock.left(LONGEST_ANSWER))
    if answer.problem:
        why = f"`--embeddings` is set, but the model cannot create embeddings: {answer.problem}"
        run.say_all(setup, "booted", "mode", FAIL, why)
