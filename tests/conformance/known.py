"""The kinds in which modellint still differs from Docker Compose, each with the reason why it may."""

from __future__ import annotations

import re


class Known:
    """A kind of difference: what is said about it, and what stands in one of the files of the project."""

    def __init__(self, name: str, reason: str, said: str, text: str = "") -> None:
        self.name = name
        self.reason = reason
        self.said = re.compile(said)
        self.text = re.compile(text, re.MULTILINE)


KNOWN: list[Known] = []


def kind_of(said: str, files: dict[str, str]) -> Known | None:
    """The kind that a difference is of; none where nothing explains it."""
    for known in KNOWN:
        if known.said.search(said) and any(known.text.search(text) for text in files.values()):
            return known
    return None
