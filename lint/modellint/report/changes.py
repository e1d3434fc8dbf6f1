"""What fixes did, for people: one line a fix, or a unified diff."""

from __future__ import annotations

from modellint.report import terminal
from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.report.unified import unified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from modellint.fix import Applied, Change, Outcome

_CONTEXT = 3  # lines around a change
_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_TAB = "\t"


def show_applied(applied: Iterable[Applied], only_said: bool) -> None:
    """Print one line for each fix."""
    done = "would fix" if only_said else "fixed"
    lines = (line(each.path, each.row, each.column, done, each.rule, each.title) for each in applied)
    terminal.write("".join(f"{each}\n" for each in lines))


def show_diff(changes: Iterable[Change]) -> None:
    """Print a unified diff, in colour on a terminal. Of an env file only the lines that change are shown."""
    lines = [each for change in changes for each in diff(change)]
    if not terminal.is_terminal():
        terminal.write("".join(f"{each}\n" for each in lines))
        return
    from rich.text import Text

    console = terminal.console()
    for each in lines:
        console.print(Text(each, _STYLES.get(each[:1], "")), soft_wrap=True)


def diff(change: Change) -> Iterator[str]:
    """The lines of a unified diff, each made safe to print; line ends are left out."""
    name = relative(change.path)
    context = 0 if change.private else _CONTEXT
    before, after = change.before.splitlines(keepends=True), change.after.splitlines(keepends=True)
    for each in unified(before, after, name, context):
        yield _safe(each.rstrip("\r\n"))
        if each[:1] in "+- " and not each.endswith(("\n", "\r")):
            yield "\\ No newline at end of file"


def line(path: str, row: int, column: int, done: str, rule: str, text: str) -> str:
    """One line about one place."""
    return f"{printable(relative(path))}:{row}:{column} {done}[{rule}] {printable(text)}"


def summary(outcome: Outcome, lost: Container[str], only_said: bool, stale: int) -> str:
    """What was done, in one line."""
    applied = [each for each in outcome.applied if each.path not in lost]
    changed = [each for each in outcome.changes if each.path not in lost]
    words = "would be applied" if only_said else "applied"
    parts = [f"{_counted(applied, 'fix', 'es')} {words} in {_counted(changed, 'file', 's')}"]
    if not applied:
        parts = ["nothing to fix"]
    if outcome.unsafe:
        parts.append(f"{outcome.unsafe} more with `--unsafe`")
    if stale:
        parts.append(f"{stale} stale {'pin' if stale == 1 else 'pins'}, `--update` moves them")
    return "; ".join(parts)


def _safe(text: str) -> str:
    """A line of a diff: what cannot be seen is escaped, but for tabs."""
    return _TAB.join(
        printable(part) if at else text[:1] + printable(part[1:]) for at, part in enumerate(text.split(_TAB))
    )


def _counted(items: Sequence[object], noun: str, plural: str) -> str:
    return f"{len(items)} {noun if len(items) == 1 else noun + plural}"
