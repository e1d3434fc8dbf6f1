"""The scripts that an image runs: those in its Dockerfile, and files of the build context that are started in it."""

from __future__ import annotations

import os
from time import perf_counter

from modellint.evidence.dockerfile import ScriptAt
from modellint.files import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modellint.evidence.dockerfile import Dockerfile
    from modellint.files.reader import Reader
    from modellint.text.source import Source

_FOLDERS = ("", "scripts", "docker", "bin")  # where a script of an image mostly lies in the context
_ENDINGS = (".sh", ".bash")
_SECONDS = 1.0


def started(dockerfile: Dockerfile | None, words: Iterable[str], folder: str, reader: Reader) -> list[ScriptAt]:
    """The scripts of a Dockerfile, and the files below a folder that it, or the words of a command, start.

    Files are read for a while only: there may be many that are made to be slow.
    """
    deadline = perf_counter() + _SECONDS
    found = list(dockerfile.scripts) if dockerfile is not None else []
    paths = [word for text in words for word in text.split() if word.endswith(_ENDINGS)]
    if dockerfile is not None:
        paths += _started_by(dockerfile)
    for name in dict.fromkeys(os.path.basename(path.replace("\\", "/")) for path in paths):
        if perf_counter() > deadline:
            break
        source = _source(name, folder, reader)
        if source is not None:
            from modellint.evidence.shell import read_script

            found.append(ScriptAt(source, range(len(source.text)), read_script(source.text)))
    return found


def _started_by(dockerfile: Dockerfile) -> Iterator[str]:
    """The paths of the script files that `ENTRYPOINT`, `CMD` and `HEALTHCHECK` start."""
    for words in dockerfile.words.values():
        yield from (word for word in words if word.endswith(_ENDINGS))
    for at in dockerfile.scripts:
        for command in at.script.commands if at.runs else ():
            from modellint.evidence.shell import invoked_scripts

            path = invoked_scripts(command)
            if path:
                yield path


def _source(name: str, folder: str, reader: Reader) -> Source | None:
    """A script as a file of the context: an image's path says only what it is called."""
    for below in _FOLDERS:
        candidate = os.path.normpath(os.path.join(folder, below, name))
        if os.path.isfile(candidate) and not os.path.islink(candidate) and disk.inside(candidate, folder):
            try:
                return reader.read(candidate, private=True)
            except disk.Unreadable:
                return None
    return None
