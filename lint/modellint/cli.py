"""The command line: run one command, each a module in `commands`, and turn errors into an exit code."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from modellint.commands.arguments import Arguments
    from modellint.system.import_cache import ImportCache

_FAILED = 2  # the exit status `FAILED` of the table of commands, which is imported later
STOPPED = 128 + 15  # the exit status of what SIGTERM has ended, as shells have it
_RARE_GC = 200_000  # objects; a short run that makes few cycles loses time to a collector that looks often


class Stopped(KeyboardInterrupt):
    """SIGTERM has come: somebody has the program end."""


def run() -> None:
    """Run the program in a process of its own."""
    try:
        cache = _begin()
        status = main(sys.argv[1:])
        if sys.argv[1:2] == ["check"]:
            cache.write()
    except KeyboardInterrupt as interruption:
        status = _interrupted(interruption)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        status = _FAILED
    except OSError as error:
        status = (
            _failed(error, "standard output") if status != _FAILED else _FAILED
        )  # of which something is said already
    os._exit(status)  # what the interpreter takes down in an orderly way, a process that ends loses anyway


def _begin() -> ImportCache:
    """Set the process up. From then on what is imported comes from one file, if it was imported before."""
    import gc

    from modellint.system.import_cache import ImportCache

    cache = ImportCache()
    sys.meta_path.insert(0, cache)
    signals = __import__("_signal")  # `signal` is this and an enumeration, which takes a while to be imported
    if signals.getsignal(signals.SIGTERM) == signals.SIG_DFL:
        signals.signal(signals.SIGTERM, _stop)
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from modellint.system.closed_streams import stand_in

        stand_in()
    gc.set_threshold(_RARE_GC)
    from modellint.yaml.events import import_alone

    import_alone()
    return cache


def _stop(_number: int, _frame: object) -> None:
    signals = sys.modules.get("modellint.system.signals")
    if signals is None:  # nothing is started that would have to be taken down
        raise Stopped
    signals.interrupt(Stopped)


def _interrupted(interruption: KeyboardInterrupt) -> int:
    """Say that somebody ended the program; the exit status by which others know it."""
    stopped = isinstance(interruption, Stopped)
    _complain("stopped" if stopped else "interrupted")
    return STOPPED if stopped else _FAILED


def main(words: Sequence[str]) -> int:
    """Run a command and return its exit code. Nothing that goes wrong shows a traceback."""
    from modellint.commands.arguments import UsageError, help_of

    try:
        return _main(words)
    except UsageError as error:
        _complain(f"{error}\nrun `{help_of(words)}` for usage")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader is gone; the exit code still counts
    except OSError as error:
        return _failed(error)
    except KeyboardInterrupt as interruption:
        return _interrupted(interruption)
    except Exception as error:
        from modellint.files.atomic_write import Unwritable

        if isinstance(error, Unwritable):
            _complain(str(error))
        else:  # a defect of modellint; said in one line, so that a log stays readable
            from modellint.system.internal_error import defect

            _complain(f"internal error: {defect(error)}")
    return _FAILED


def _failed(error: OSError, path: str = "") -> int:
    """Say what the system has refused, and of what: without a name, where it was, for no guess is better."""
    from modellint.files.atomic_write import words
    from modellint.system.internal_error import place

    _complain(f"{error.filename or path or f'unexpected, at {place(error)}'}: {words(error)}")
    return _FAILED


def _main(words: Sequence[str]) -> int:
    from modellint.commands import arguments

    if not words or words[0] in ("-h", "--help", "help"):
        if words[1:] and words[0] == "help":
            return _main([words[1], "--help"])
        _print(arguments.usage())
        return 0 if words else _FAILED
    if words[0] == "--version":
        words = ["version"]
    said = arguments.read(words)
    if said.help:
        _print(arguments.usage(said.command))
        return 0
    module = f"modellint.commands.{said.command.name.replace('-', '_')}"
    command: Callable[[Arguments], int] = __import__(module, fromlist=("run",)).run
    return command(said)


def _complain(text: str) -> None:
    from modellint.report.complaint import complain

    complain(text)


def _print(text: str) -> None:
    from modellint.report.output import put

    put(text)
