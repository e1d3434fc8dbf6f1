"""llama-server's command line on top of xllamacpp: `python -m modellint.smoke.runners.shim --model FILE --host HOST …`.

A process of its own, because the library ends the process that it is in when it dislikes something.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys

from modellint.smoke.runners import native
from modellint.smoke.runners.native import PACKAGE

FAILED = 1  # what llama-server ends with, too
UNKNOWN = 3  # the library is not the one that this was made for
_SLOTS = 4  # llama-server's default, with one cache for all of them; xllamacpp's is 1


def main(words: list[str]) -> int:
    """Serve until a signal ends the process; return only where that fails."""
    # The default action: the process is gone at once, even in the middle of loading, and nothing of the library or the
    # interpreter runs at its end, where it was once seen to hang.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    try:
        params = native.parse(words)
    except ImportError as error:
        return _say(f"error: {PACKAGE} cannot be loaded: {error}", UNKNOWN)
    except native.UnknownLibrary as why:
        return _say(f"error: this {PACKAGE} cannot be used with llama-server's flags: {why}", UNKNOWN)
    if params is None:
        native.flush()
        return FAILED
    if params.n_parallel < 0:
        params.n_parallel, params.kv_unified = _SLOTS, True
    try:
        server = importlib.import_module(PACKAGE).Server(params)
    except RuntimeError as error:
        native.flush()
        return _say(f"{PACKAGE}: {error}", FAILED)
    while server:
        signal.pause()
    return FAILED


def _say(text: str, status: int) -> int:
    sys.stderr.write(f"{text}\n")
    return status


if __name__ == "__main__":
    result = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(result)
