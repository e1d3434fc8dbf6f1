"""Who is told how far a run has come. This one says nothing; `progress` has one for a terminal."""

from __future__ import annotations


class Watch:
    """Hears of every step. All methods are called in the thread of the run."""

    def step(self, text: str) -> None:
        """Something begins: `boot llm`."""

    def pull(self, name: str, done: int, total: int) -> None:
        """Bytes of a model that are there, and those that there will be; `done` can also become less."""

    def close(self) -> None:
        """Nothing more comes; the terminal is to be as it was."""
