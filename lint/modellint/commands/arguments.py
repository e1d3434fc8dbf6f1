"""A reader of arguments that follows the table of commands and options, and what they mean.

`argparse` alone costs as much time as the interpreter's own start, on every run of a program that is run on every
save. This reads what it would read: `--name value`, `--name=value`, the same with a short name and `-nvalue`, `--`
before paths, and `-` for standard input.
"""

from __future__ import annotations

from modellint.commands.table import COMMANDS, ENDINGS
from modellint.report import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.commands.table import Command, Option
    from modellint.compose.loading.selection import Options
    from modellint.policy.discovery import Policies
    from modellint.rule import Rule


class UsageError(Exception):
    """Arguments that cannot be understood, and why, in words for a person."""


class Arguments:
    """What was said: the command, the values of its options by name, and the rest."""

    __slots__ = ("command", "help", "rest", "values")

    def __init__(self, command: Command) -> None:
        self.command = command
        self.values: dict[str, list[str]] = {}
        self.rest: list[str] = []
        self.help = False

    def last(self, name: str, default: str = "") -> str:
        """The value that an option was given last."""
        return self.values.get(name, [default])[-1]

    def each(self, name: str) -> list[str]:
        """All values of an option that may be repeated."""
        return self.values.get(name, [])

    def names(self, name: str) -> list[str]:
        """All values of an option that takes comma-separated names."""
        return [part.strip() for value in self.values.get(name, ()) for part in value.split(",") if part.strip()]

    def reports(self) -> list[tuple[str, str]]:
        """Format and file of each `--report`; raises `UsageError`."""
        asked = [each.partition("=") for each in self.each("--report")]
        for form, _, path in asked:
            if form not in FORMATS or not path:
                known = ", ".join(FORMATS)
                raise UsageError(f"`--report` must be FORMAT=FILE, where FORMAT is one of {known}, not `{form}`")
        return [(form, path) for form, _, path in asked]


def read(words: Sequence[str]) -> Arguments:
    """Read the arguments of a command line that begins with a command; raises `UsageError`."""
    commands = {command.name: command for command in COMMANDS}
    if words[0] not in commands:
        if words[0].endswith((".yaml", ".yml")):
            raise UsageError(f"to check a file, run `modellint check {words[0]}`")
        raise UsageError(f"unknown command `{words[0]}`{_near(words[0], list(commands))}")
    arguments = Arguments(commands[words[0]])
    known = {name: option for option in arguments.command.options for name in (option.name, option.short) if name}
    waiting = list(words[1:])
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            arguments.rest.extend(waiting)
            break
        if word in ("-h", "--help"):
            arguments.help = True
        elif word.startswith("-") and word != "-":
            name, equals, value = word.partition("=")
            if word[1] != "-" and len(name) > 2:  # `-fFILE`
                name, equals, value = word[:2], "=", word[2:]
            option = known.get(name)
            if option is None:
                raise UsageError(_no_option(arguments.command, word.partition("=")[0], list(known)))
            arguments.values.setdefault(option.name, []).append(_value(option, bool(equals), value, waiting))
        else:
            arguments.rest.append(word)
    if not arguments.help:
        _count(arguments)
    return arguments


def _no_option(command: Command, name: str, known: list[str]) -> str:
    """Words for an option that a command lacks; where others have it, it is no slip of the pen."""
    others = [f"`{each.name}`" for each in COMMANDS if any(name in (one.name, one.short) for one in each.options)]
    why = f"; {' and '.join(others)} {'has' if len(others) == 1 else 'have'} it" if others else _near(name, known)
    return f"`{command.name}` has no option `{name}`{why}"


def help_of(words: Sequence[str]) -> str:
    """What to say to be told more: the help of the command that the words begin with, if they do."""
    known = bool(words) and any(each.name == words[0] for each in COMMANDS)
    return f"modellint {words[0]} --help" if known else "modellint --help"


def project_options(arguments: Arguments) -> Options:
    """What the arguments say about the project; raises `UsageError`."""
    from modellint.compose.loading.selection import Options
    from modellint.compose.model.versions import Features, features

    version = arguments.last("--compose-version")
    try:
        known = features(version) if version else Features()
    except ValueError as error:
        raise UsageError(f"`{version}` {error}") from None
    return Options(
        arguments.each("--file"),
        arguments.each("--env-file"),
        arguments.each("--profile"),
        arguments.last("--project-directory"),
        arguments.last("--project-name"),
        known,
    )


def policies(arguments: Arguments) -> Policies:
    """The policies that may be in force; raises `UsageError`."""
    from modellint.policy.discovery import Policies

    today = arguments.last("--today")
    if today and not _is_day(today):
        raise UsageError(f"`--today` must be a date in the form `YYYY-MM-DD`, not `{today}`")
    folder = arguments.last("--suppressions-from")
    before = None
    if folder:
        from os.path import isdir

        from modellint.files.base_version import BaseVersion

        if not isdir(folder):
            raise UsageError(
                f"`--suppressions-from` must be the directory of an earlier version, and `{folder}` is not a directory"
            )
        before = BaseVersion(folder)
    return Policies(
        arguments.each("--policy"),
        arguments.names("--select"),
        arguments.names("--ignore"),
        online="--online" in arguments.values,
        today=today,
        before=before,
    )


def _is_day(text: str) -> bool:
    from datetime import date

    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("YYYY-MM-DD")


def selected(arguments: Arguments, known: dict[str, Rule]) -> list[Rule]:
    """The rules that the arguments ask for; raises `UsageError`."""
    select, ignore = arguments.names("--select"), arguments.names("--ignore")
    for name in (*select, *ignore):
        if name not in known and name != "all":
            from modellint.linter.discovery import online_names, policy_names

            if name in policy_names():
                continue
            if name in online_names():
                raise UsageError(f"`{name}` needs registry data: run `check` with `--online`")
            raise UsageError(f"unknown rule `{name}`{_near(name, list(known))}")
    return [
        rule
        for name, rule in known.items()
        if (name in select or "all" in select or (rule.on and not select)) and name not in ignore
    ]


def _near(word: str, known: Sequence[str]) -> str:
    from modellint.text.suggest import did_you_mean

    return did_you_mean(word, known)


def usage(command: Command | None = None) -> str:
    """The help of a command, or of the whole program."""
    if command is None:
        rows = [(each.name, each.help) for each in COMMANDS]
        return (
            f"usage: modellint COMMAND\n\n{_table(rows)}\nRun `modellint COMMAND --help` for details.\n{_ending('')}\n"
        )
    head = f"usage: modellint {command.name} {'[OPTION…] ' if command.options else ''}{command.arguments}".rstrip()
    rows = [
        (f"{f'{option.short}, ' if option.short else ''}{option.name} {option.metavar}".rstrip(), option.help)
        for option in command.options
    ]
    return f"{head}\n\n{command.help}\n{f'{chr(10)}{_table(rows)}' if rows else ''}\n{_ending(command.name)}\n"


def _ending(name: str) -> str:
    return f"exit status: {ENDINGS[name]}"


def _value(option: Option, given: bool, value: str, waiting: list[str]) -> str:
    if not option.metavar:
        if given:
            raise UsageError(f"`{option.name}` takes no value")
        return "yes"
    if not given:
        if not waiting:
            raise UsageError(f"`{option.name}` requires a value: {option.metavar}")
        value = waiting.pop(0)
    if option.choices and value not in option.choices:
        known = ", ".join(option.choices)
        raise UsageError(f"`{option.name}` must be one of {known}, not `{value}`{_near(value, option.choices)}")
    return value


def _count(arguments: Arguments) -> None:
    command = arguments.command
    if len(arguments.rest) < command.least:
        raise UsageError(f"`{command.name}` requires an argument: {command.arguments}")
    if command.most is not None and len(arguments.rest) > command.most:
        one = f"one {command.arguments.strip('[]')}"
        raise UsageError(f"`{command.name}` takes {one if command.most else 'nothing'}")
    if arguments.rest and arguments.each("--file"):
        raise UsageError("use either paths or `--file`, not both")


def _table(rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "".join(f"  {name:{width}}  {text}\n" for name, text in rows)
