"""Moments in which a signal has to wait: something has come to be, and nobody knows yet that it has to go again.

A signal that asks to end becomes a `KeyboardInterrupt`, and that can come up between any two steps of the main thread:
also between the start of a process and the note that it has to be ended, or in the middle of a clean-up.

    with defer_interrupt():
        running = stack.enter_context(start(program))

Here it comes up behind the block. A block is to be short, for a person waits; it must not wait for anything slow.
"""

from __future__ import annotations

from threading import local


class _State(local):
    """Of each thread, although only the main thread is ever interrupted: what others do is no reason to wait."""

    depth = 0
    waits: type[KeyboardInterrupt] | None = None


_state = _State()


class defer_interrupt:
    """A block that `interrupt` does not interrupt."""

    __slots__ = ()

    def __enter__(self) -> None:
        _state.depth += 1

    def __exit__(self, *_: object) -> None:
        _state.depth -= 1
        waits = _state.waits
        if waits and not _state.depth:
            _state.waits = None
            raise waits


def interrupt(kind: type[KeyboardInterrupt] = KeyboardInterrupt) -> None:
    """Raise `KeyboardInterrupt`, or a kind of it, now or behind the block. For handlers of signals."""
    if not _state.depth:
        raise kind
    _state.waits = kind
