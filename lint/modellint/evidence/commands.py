"""The shell scripts that a service runs, read with the grammar of a shell. Imported only where there is one."""

from __future__ import annotations

from time import perf_counter

from modellint.evidence.shell import Script, read_script
from modellint.evidence.texts import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from modellint.compose.model.project import Service
    from modellint.evidence.shell import Expansion, ShellWord
    from modellint.text.source import Span
    from modellint.yaml.node import Scalar


class RunScript:
    """A script, and the value that holds it: at `offset`, or -1 where it is not there to the letter."""

    __slots__ = ("key", "offset", "scalar", "script")

    def __init__(self, key: str, scalar: Scalar, script: Script, offset: int) -> None:
        self.key = key
        self.scalar = scalar
        self.script = script
        self.offset = offset

    def locate(self, start: int, end: int) -> Span:
        """Where `script.text[start:end]` stands."""
        return self.scalar.content if self.offset < 0 else self.scalar.locate(start + self.offset, end + self.offset)

    def words(self) -> Iterator[Text]:
        """The words of the commands that the script runs; what a comment says is none."""
        for command in self.script.commands:
            for at, word in enumerate(command.words):
                if "$(" in word.text or "`" in word.text:
                    continue  # what it substitutes is a command of its own
                yield Text("command", command.name if at else "", word.text, self._locate(word), self.scalar)

    def _locate(self, word: ShellWord) -> Callable[[int, int], Span]:
        verbatim = self.script.text.find(word.text, word.start, word.end)  # behind a quote that may open the word

        def locate(start: int, end: int) -> Span:
            return self.locate(verbatim + start, verbatim + end) if verbatim >= 0 else self.locate(word.start, word.end)

        return locate

    def reads(self) -> list[Expansion]:
        """The variables that the script reads and does not set itself; none where it may take them from elsewhere."""
        return [] if self.script.sourced else [e for e in self.script.expansions if e.name not in self.script.assigned]


class ScriptReader:
    """Reads the scripts of a project, for a while: a file may hold thousands that are made to be slow."""

    __slots__ = ("_left",)

    def __init__(self, seconds: float = 1.0) -> None:
        self._left = seconds

    def runs(self, service: Service) -> list[RunScript]:
        """Every script of a service: of its command, its health check and its hooks; none when the time is over."""
        found: list[RunScript] = []
        start = perf_counter()
        for run in _runs(service) if self._left > 0 else ():
            found.append(run)
            if perf_counter() - start > self._left:
                break
        self._left -= perf_counter() - start
        return found


def _runs(service: Service) -> Iterator[RunScript]:
    for line in service.commands:
        if line.script is not None:
            script = read_script(line.script.text)
            script.assigned = script.assigned.union(line.assigned)
            yield RunScript(line.role, line.script.node, script, line.script.start)
