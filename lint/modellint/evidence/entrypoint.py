"""The scripts that an image runs: those in its Dockerfile, and files of the build context that it starts."""

from __future__ import annotations

import os

from modellint.compose import files
from modellint.evidence.shell import invoked_scripts, read_script
from modellint.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.evidence.dockerfile import Dockerfile
    from modellint.evidence.shell import Script
    from modellint.source import Source

_FOLDERS = ("", "scripts", "docker", "bin")  # where a script of an image mostly lies in the context
_ENDINGS = (".sh", ".bash")


def script_reads(dockerfile: Dockerfile, folder: str, placed: bool) -> dict[str, Span]:
    """The variables that the scripts read and do not set, each with its place; the files lie below a folder.

    `placed`: whether places in the Dockerfile are places in a file of their own.
    """
    found: dict[str, Span] = {}
    for at in dockerfile.scripts:
        if placed:
            for name, start, end in _reads(at.script):
                found.setdefault(name, at.locate(start, end))
    for path in _started(dockerfile):
        source = _source(path, folder)
        if source is not None:
            for name, start, end in _reads(read_script(source.text)):
                found.setdefault(name, Span(source, start, end))
    return found


def _reads(script: Script) -> Iterator[tuple[str, int, int]]:
    for each in script.expansions if not script.sourced else ():
        if each.name not in script.assigned and not each.defaulted:
            yield each.name, each.start, each.end


def _started(dockerfile: Dockerfile) -> Iterator[str]:
    """The paths of the script files that `ENTRYPOINT` and `CMD` start."""
    for words in dockerfile.words.values():
        yield from (word for word in words if word.endswith(_ENDINGS))
    for at in dockerfile.scripts:
        for command in at.script.commands:
            path = invoked_scripts(command)
            if path:
                yield path


def _source(path: str, folder: str) -> Source | None:
    """A script as a file of the context: an image's path says only what it is called."""
    name = os.path.basename(path.replace("\\", "/"))
    for below in _FOLDERS:
        candidate = os.path.normpath(os.path.join(folder, below, name))
        if os.path.isfile(candidate) and not os.path.islink(candidate) and files.inside(candidate, folder):
            try:
                return files.read(candidate, private=True)
            except files.Unreadable:
                return None
    return None
