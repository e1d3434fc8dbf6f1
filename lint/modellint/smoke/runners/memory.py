"""How much memory a runner may take: what its model and its context bear out, with room to spare.

A template of 120 bytes, or a context of two thousand million tokens, has llama.cpp take all that a machine has. The
limit is for what a process has of its own: weights are mapped from their file and not counted, unless a flag or
llama.cpp itself copies them. An honest model stays far below; the sizes are llama.cpp's, each rounded up:

* the cache of keys and values, with 4 bytes a number, although it mostly has 2;
* the buffers of a batch: attention as it is computed without flash attention, the widest layers, the vocabulary;
* stacks and heaps of threads, the interpreter, and the libraries.

A context above the trained one is not believed: llama-server gives no request more than that.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
from typing import TYPE_CHECKING

from modellint.smoke.runners import gguf
from modellint.smoke.runners.gguf import NotGguf, Shape

if TYPE_CHECKING:
    from modellint.smoke.runners.plan import Files, RunnerConfig

_FIXED = 768 << 20
_OF_A_CORE = 64 << 20
_OF_A_THREAD = 16 << 20  # 8 MiB of stack, and a heap of its own
_OF_PICTURES = 2 << 30  # what a projector of pictures computes with, besides its weights
_OF_A_GPU = 6 << 30  # what a driver, and a program that uses it, may take of the main memory
_GPUS = ("/dev/nvidiactl", "/dev/dri", "/dev/kfd")
_OF_PROMPTS = 8 << 30  # what llama-server keeps of prompts (`--cache-ram`), which fills while it serves
_BATCH = 512  # tokens that are computed at once, unless `--ubatch-size` says otherwise
_SLOTS = 4  # llama-server's default
_ABOVE_TRAINED = 4  # times the trained context, of which llama-server itself says that it is too much
_PART = re.compile(r"-00001-of-\d{5}\.gguf$")


def limit_of(setup: RunnerConfig, files: Files, *, on_gpu: bool = False, serving: bool = False) -> int:
    """The bytes that a runner of these files may take of its own, and never more than the machine has.

    `on_gpu`: the program may use a GPU, where there is one. `serving`: it is for applications, not for a few probes.
    """
    limit = estimate(setup, files) + (_OF_PROMPTS if serving else 0)
    if on_gpu and any(map(os.path.exists, _GPUS)):
        limit += _OF_A_GPU
    machine = machine_memory()
    return min(limit, machine) if machine else limit


def estimate(setup: RunnerConfig, files: Files) -> int:
    """The bytes that it may need at most; where the model does not say what it is like, more than any machine has."""
    try:
        head = gguf.read(files.model)
    except NotGguf:  # which llama.cpp will say
        head = None
    shape, trained = (head.shape, head.context) if head is not None else (Shape(layers=1), 1)
    slots = max(setup.slots, _SLOTS)
    context = max(setup.context or files.packed_context or trained, setup.largest("-c", "--ctx-size"))
    if trained:
        context = min(context, _ABOVE_TRAINED * trained * slots)
    if not context or not shape.layers:
        return 1 << 62
    batch = max(setup.largest("-ub", "--ubatch-size"), _BATCH)
    threads = 2 * slots + sum(setup.largest(name) for name in ("--threads", "--threads-batch", "--threads-http"))
    weights = _weights(files.model) + (_size(files.mmproj) + _OF_PICTURES if files.mmproj else 0)
    return (
        _FIXED + (os.cpu_count() or 1) * _OF_A_CORE + threads * _OF_A_THREAD + weights * 3 // 2
        + context_bytes(shape, context, batch)
    )  # fmt: skip


def context_bytes(shape: Shape, context: int, batch: int) -> int:
    """What a context of so many tokens takes, and a batch that is computed in it."""
    width = shape.width // (shape.heads or 1)
    numbers = shape.layers * (shape.kv_heads or shape.heads or 1) * ((shape.key or width) + (shape.value or width))
    attention = batch * (shape.heads + 2)
    forward = batch * (8 * shape.feed_forward + 16 * shape.width + 2 * shape.vocabulary)
    return 4 * (context * (numbers + attention) + forward)


def machine_memory() -> int:
    """The bytes of memory and swap that this machine, or this container, has; 0 where it does not say."""
    found = 0
    with contextlib.suppress(OSError, ValueError), open("/proc/meminfo", encoding="ascii") as file:
        rows = (line.split() for line in file)
        found = 1024 * sum(int(row[1]) for row in rows if row[0] in ("MemTotal:", "SwapTotal:"))
    with contextlib.suppress(OSError, ValueError), open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
        found = min(found, int(file.read()))  # `max` where there is none
    return found


def taken(supervisor: int) -> int:
    """The bytes of its own that the program of a supervisor has now; 0 where that cannot be seen."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        with open(f"/proc/{supervisor}/task/{supervisor}/children", encoding="ascii") as file:
            child = int(file.read().split()[0])
        with open(f"/proc/{child}/status", encoding="utf-8", errors="replace") as file:
            return 1024 * sum(int(line.split()[1]) for line in file if line.startswith("VmData:"))
    return 0


def _weights(path: str) -> int:
    """The bytes of a model, of all files that it is split into."""
    if not _PART.search(path):
        return _size(path)
    return sum(map(_size, glob.glob(f"{glob.escape(_PART.sub('', path))}-*.gguf")))


def _size(path: str) -> int:
    with contextlib.suppress(OSError):
        return os.stat(path).st_size
    return 0
