"""The applied fixes, for people: one line per fix, or a unified diff."""

from __future__ import annotations

from modellint.report import terminal
from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.report.unified import unified
from modellint.secrets.lines import secrets_of
from modellint.text.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from modellint.fix import Applied, FixOutcome, RewrittenFile
    from modellint.secrets.lines import Secrets

_CONTEXT = 3  # lines around a change
_HEAD = 2  # lines of a diff that name the file
_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_TAB = "\t"
_QUOTED = frozenset('"\\#')  # a `#` may begin a command to a runner
_MASKED = " (secrets are masked: this does not apply)"  # part of a name, so that no program takes the diff for a patch


def show_applied(applied: Iterable[Applied], only_said: bool) -> None:
    """Print one line for each fix."""
    done = "would fix" if only_said else "fixed"
    lines = (line(each.path, each.row, each.column, done, each.rule, each.title) for each in applied)
    terminal.write("".join(f"{each}\n" for each in lines))


def show_diff(changes: Iterable[RewrittenFile]) -> list[str]:
    """Print a unified diff, in colour on a terminal; returns the paths of the files in which secrets are masked.

    Of an env file only the lines that change are shown.
    """
    masked: list[str] = []
    lines: list[str] = []
    for change in changes:
        shown = list(diff(change))
        lines += shown
        if shown and shown[0].endswith(_MASKED):
            masked.append(change.path)
    if not terminal.is_terminal():
        terminal.write("".join(f"{each}\n" for each in lines))
        return masked
    from rich.text import Text

    console = terminal.console()
    for each in lines:
        console.print(Text(each, _STYLES.get(each[:1], "")), soft_wrap=True)
    return masked


def diff(change: RewrittenFile) -> Iterator[str]:
    """The lines of a unified diff, each made safe to print; line feeds are left out.

    A line is cut where a secret begins. The names in the head then say that the diff is for reading alone.
    """
    name = relative(change.path)
    context = 0 if change.private else _CONTEXT
    before, after = (Source(change.path, text, change.private) for text in (change.before, change.after))
    lines = list(unified(_lines(before), _lines(after), name, context))
    shown = _without_secrets(lines, secrets_of(before), secrets_of(after))
    note = _MASKED if shown != lines else ""
    if shown:
        yield f"--- {_named(f'a/{name}', note)}"
        yield f"+++ {_named(f'b/{name}', note)}"
    for each in shown[_HEAD:]:
        yield _safe(each.rstrip("\r\n")) + ("\r" if each.endswith("\r\n") else "")
        if each[:1] in "+- " and not each.endswith(("\n", "\r")):
            yield "\\ No newline at end of file"


def _lines(source: Source) -> list[str]:
    """The lines with their ends: those that places count, which are not all that `splitlines` knows."""
    starts = source.line_starts()
    lines = [source.text[start:end] for start, end in zip(starts, [*starts[1:], len(source.text)], strict=True)]
    return lines if lines[-1] else lines[:-1]


def _without_secrets(lines: Sequence[str], before: Secrets, after: Secrets) -> list[str]:
    """The lines of a diff, in which the lines of two texts that hold a secret are cut."""
    shown: list[str] = list(lines[:_HEAD])
    old = new = 0
    for each in lines[_HEAD:]:
        sign = each[:1]
        if sign == "@":
            old, new = (int(part[1:].partition(",")[0]) for part in each.split()[1:3])
            # Of a side without lines, the number is that of the line before.
            old, new = old + each.split()[1].endswith(",0"), new + each.split()[2].endswith(",0")
            shown.append(each)
            continue
        secrets, number = (after, new) if sign == "+" else (before, old)
        end = each[len(each.rstrip("\r\n")) :]
        shown.append(sign + secrets.masked(number, each[1:].rstrip("\r\n")) + end)
        old, new = old + (sign != "+"), new + (sign != "-")
    return shown


def line(path: str, row: int, column: int, done: str, rule: str, text: str) -> str:
    """One line about one place."""
    return f"{printable(relative(path))}:{row}:{column} {done}[{rule}] {printable(text)}"


def summary(outcome: FixOutcome, lost: Collection[str], only_said: bool, stale: int) -> str:
    """What was done, in one line."""
    applied = [each for each in outcome.applied if each.path not in lost]
    changed = [each for each in outcome.changes if each.path not in lost]
    words = "would be applied" if only_said else "applied"
    parts = [f"{_counted(applied, 'fix', 'es')} {words} in {_counted(changed, 'file', 's')}"]
    if not applied:
        failed = lost or outcome.left or outcome.unreadable
        parts = ["nothing was fixed" if failed else "nothing to fix"]
    if outcome.unsafe:
        parts.append(f"{outcome.unsafe} more with `--unsafe`")
    if stale:
        parts.append(f"{stale} stale {'pin' if stale == 1 else 'pins'} (use `--update`)")
    return "; ".join(parts)


def _named(name: str, note: str) -> str:
    """A name in the head of a diff, as Git writes it: in quotes if need be; a tab ends one with a space."""
    if name.isprintable() and not _QUOTED.intersection(name):
        return name + (note or (_TAB if " " in name else ""))
    letters = (letter if letter.isprintable() and letter not in _QUOTED else _octal(letter) for letter in name)
    return f'"{"".join(letters)}"{note}'


def _octal(letter: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in letter.encode("utf-8", "surrogateescape"))


def _safe(text: str) -> str:
    """A line of a diff: what cannot be seen is escaped, but for tabs."""
    return _TAB.join(
        printable(part) if at else text[:1] + printable(part[1:]) for at, part in enumerate(text.split(_TAB))
    )


def _counted(items: Sequence[object], noun: str, plural: str) -> str:
    return f"{len(items)} {noun if len(items) == 1 else noun + plural}"
