"""The commands and options of the command line as a table, a reader of arguments that follows it, and what they mean.

`argparse` alone costs as much time as the interpreter's own start, on every run of a program that is run on every
save. This reads what it would read: `--name value`, `--name=value`, the same with a short name and `-nvalue`, `--`
before paths, and `-` for standard input.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.compose.selection import Options
    from modellint.policies import Policies
    from modellint.rule import Rule


class Option:
    """One option. Without a `metavar` it is a switch; `choices` are the values it takes; `many` may be repeated."""

    __slots__ = ("choices", "help", "many", "metavar", "name", "short")

    def __init__(
        self,
        name: str,
        help: str,
        metavar: str = "",
        choices: tuple[str, ...] = (),
        many: bool = False,
        short: str = "",
    ) -> None:
        self.name = name
        self.short = short
        self.metavar = metavar
        self.help = help
        self.choices = choices
        self.many = many


class Command:
    """One command: what it takes besides options, and how many of that (`most` None: any number)."""

    __slots__ = ("arguments", "help", "least", "most", "name", "options")

    def __init__(
        self, name: str, help: str, arguments: str, least: int, most: int | None, options: tuple[Option, ...] = ()
    ) -> None:
        self.name = name
        self.help = help
        self.arguments = arguments
        self.least = least
        self.most = most
        self.options = options


RESOLVE_FORMATS = ("text", "json")
GRAPH_FORMATS = ("mermaid", "dot", "svg", "html")
FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown")
ENGINES = ("none", "docker")  # of smoke
RIGHTS = (  # that services may have in containers
    "host-network", "host-namespaces", "host-files", "docker-socket", "privileged", "devices", "shell-variables",
    "external-resources", "other-containers",
)  # fmt: skip
FAIL_ON = ("error", "warning", "note", "never")
PROJECT = (  # what they mean in `docker compose`
    Option(
        "--file", "a Compose file; the next ones are laid over it (`-`: standard input)", "FILE", many=True, short="-f"
    ),
    Option("--env-file", "an env file in place of `.env`", "FILE", many=True),
    Option("--profile", "enable a profile", "NAME", many=True),
    Option("--project-directory", "the folder that relative paths begin at (default: the first file's)", "FOLDER"),
    Option("--project-name", "the project's name (default: `name:` of the file, or the folder's)", "NAME", short="-p"),
    Option("--compose-version", "what that Docker Compose does (default: the newest known)", "X.Y.Z"),
)
NETWORK = (
    Option("--offline", "ask nothing; use what earlier runs were answered, however old"),
    Option("--no-cache", "ask anew, and add no answer to those that are kept"),
    Option("--timeout", "how long one reference may take (default: 5)", "SECONDS"),
    Option("--registry", "ask only this one", "HOST", many=True),
    Option("--plain-http", "ask this one without TLS (one on this machine needs no option)", "HOST", many=True),
    Option("--token-host", "a registry may send us here for a token", "HOST", many=True),
    Option("--ca-file", "certificates to trust, as PEM", "FILE"),
    Option("--anonymous", "use none of the credentials that Docker has stored"),
)
POLICY = (
    Option(
        "--policy", "a policy file, or recommended, strict or airgapped; of several, all must pass", "POLICY", many=True
    ),
    Option("--today", "the day with which the last days of exceptions are compared", "YYYY-MM-DD"),
)
TRUSTED = Option("--trusted", "the files come from nobody outside, although a pull request started this run")
COMMANDS = (
    Command(
        "check", "report what is wrong with the models of Compose projects", "[PATH…]", 0, None,
        (
            Option("--select", "run only these rules (commas separate names; `all` is every rule)", "RULE", many=True),
            Option("--ignore", "run all but these rules", "RULE", many=True),
            Option("--format", f"{', '.join(FORMATS)} (default: text)", "FORMAT", FORMATS),
            Option("--output", "write the report to a file instead of standard output", "FILE"),
            Option("--report", "write the report to a file as well, in another format", "FORMAT=FILE", many=True),
            Option("--fail-on", f"exit 1 from here on: {', '.join(FAIL_ON)} (default: error)", "SEVERITY", FAIL_ON),
            Option("--quiet", "one line a finding"),
            Option("--no-source", "do not read the Dockerfiles and the source code that services are built from"),
            Option("--statistics", "count the findings of each rule"),
            Option("--baseline", "leave out the findings that are written there", "FILE"),
            Option("--include-suppressed", "in SARIF, also what comments, exceptions and the baseline cover"),
            Option("--write-baseline", "write today's findings there, and fail for none of them", "FILE"),
            *POLICY,
            Option("--suppressions-from", "count only policies and ignore comments that are there, too", "FOLDER"),
            *PROJECT,
            Option("--online", "ask the registries: missing or wrong models, stale pins, contexts too large"),
            Option("--memory", "what one model may use, such as 16GiB (with `--online`)", "SIZE"),
            TRUSTED,
            *NETWORK,
        ),
    ),
    Command(
        "fix", "rewrite the files so that findings are gone, and leave every other byte as it is", "[PATH…]", 0, None,
        (
            Option("--unsafe", "also the fixes that a person should look at"),
            Option("--diff", "print what would change, and write nothing"),
            Option("--check", "write nothing, and exit 1 if something would change"),
            Option("--select", "fix only what these rules find", "RULE", many=True),
            Option("--ignore", "fix what all but these rules find", "RULE", many=True),
            Option("--no-source", "do not read the Dockerfiles and the source code that services are built from"),
            *POLICY,
            *PROJECT,
            Option("--pin", "ask the registries, and turn the tags of models and images into digests; nothing else"),
            Option("--update", "with `--pin`: move existing pins to where their tags point now"),
            TRUSTED,
            *NETWORK,
        ),
    ),
    Command(
        "resolve", "ask a registry what a reference stands for", "REFERENCE", 1, 1,
        (
            Option("--image", "the reference is one of a container image, not of a model"),
            Option("--format", f"{', '.join(RESOLVE_FORMATS)} (default: text)", "FORMAT", RESOLVE_FORMATS),
            *NETWORK,
        ),
    ),
    Command("config", "print the project as `docker compose config` does", "[PATH]", 0, 1, PROJECT),
    Command(
        "smoke", "pull the models, boot their runners, and prove that each service gets its grants", "[PATH]", 0, 1,
        (
            Option("--engine", "none: namespaces; docker: real containers (default: none)", "ENGINE", ENGINES),
            Option("--probe-only", "with docker: containers of modellint's own in place of the services' images"),
            Option(
                "--allow",
                "with docker, which builds and runs the services' images in ordinary containers, as root there: what"
                f" services may use besides, without which they are stood in for: {', '.join(RIGHTS)}",
                "RIGHT", RIGHTS, many=True,
            ),
            Option("--serve", "keep the endpoint up for `docker compose up`, until Ctrl-C, and check no service"),
            Option("--keep", "keep everything up after the checks, until Ctrl-C"),
            Option("--service", "check only this service, and the models that it is granted", "NAME", many=True),
            Option("--canary", "run a tiny model that answers with its own name in place of the weights"),
            Option("--runner", "a llama-server, or the address of an installed Docker Model Runner", "PROGRAM"),
            Option("--runner-memory", "the most that a runner may take besides its weights", "SIZE"),
            Option("--store", "where models are kept between runs", "FOLDER"),
            Option("--store-limit", "the most that may lie there, such as 20GiB; the oldest goes first", "SIZE"),
            Option("--timeout", "how long all of it may take (default: no limit)", "SECONDS"),
            Option("--require", "fail where this is not proven: isolation, all", "WHAT", ("isolation", "all")),
            Option("--details", "print every check, also those that passed"),
            Option("--format", f"{', '.join(FORMATS)} (default: text)", "FORMAT", FORMATS),
            Option("--output", "write the report to a file instead of standard output", "FILE"),
            Option("--report", "write the report to a file as well, in another format", "FORMAT=FILE", many=True),
            TRUSTED,
            *PROJECT,
            *(option for option in NETWORK if option.name != "--timeout"),
        ),
    ),
    Command(
        "graph", "draw services, models, grants and published ports", "[PATH]", 0, 1,
        (
            Option("--format", f"{', '.join(GRAPH_FORMATS)} (default: mermaid)", "FORMAT", GRAPH_FORMATS),
            Option("--output", "write it to a file instead of standard output", "FILE"),
            Option("--no-findings", "do not mark what `check` finds"),
            *POLICY,
            *PROJECT,
        ),
    ),
    Command(
        "policy", "print the JSON Schema of policies or the keys that checks see, or check, test or show a policy",
        "schema|keys|check|test|show [POLICY|FOLDER]", 1, 2,
    ),
    Command(
        "init", "write a policy that accepts today's findings for 90 days into the folder that is named, or here",
        "[PATH…]", 0, None,
        (*PROJECT, Option("--today", "the day from which on they are counted", "YYYY-MM-DD")),
    ),
    Command("explain", "print the page of a rule", "RULE", 1, 1),
    Command("rules", "list the rules", "", 0, 0),
    Command("new-rule", "write the stub of a new rule into this checkout of modellint", "NAME", 1, 1),
    Command("version", "print the version", "", 0, 0),
)  # fmt: skip
FAILED = 2  # the exit status of a run that could not do, or not read, something
ENDINGS = {  # what the exit statuses of each command mean; those of the whole program have no name
    "": "0 done and nothing found, 1 something found or failed, 2 could not run or could not read something",
    "check": "0 nothing at or above --fail-on, 1 findings, 2 could not run or could not read something",
    "fix": "0 done, 1 with --check: something would change, 2 something could not be read, written or fixed",
    "resolve": "0 printed, 2 the registry has no answer, or could not run",
    "config": "0 printed, 2 Docker Compose refuses the project, or something could not be read",
    "smoke": (
        "0 nothing failed, 1 something failed, or is not proven and --require asks for it, or Docker Compose refuses "
        "the project, 2 could not be tried"
    ),
    "graph": "0 drawn, 2 could not run or could not read something",
    "policy": "0 done, 1 with test: not every example is as expected, 2 the policy could not be read",
    "init": "0 written, 2 not written, or something could not be read",
    "explain": "0 printed, 2 there is no such rule",
    "rules": "0 printed, 2 could not run",
    "new-rule": "0 written, 2 not written",
    "version": "0 printed, 2 could not run",
}


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
                raise UsageError(f"`--report` is FORMAT=FILE, where FORMAT is one of {known}, not `{form}`")
        return [(form, path) for form, _, path in asked]


def read(words: Sequence[str]) -> Arguments:
    """Read the arguments of a command line that begins with a command; raises `UsageError`."""
    commands = {command.name: command for command in COMMANDS}
    if words[0] not in commands:
        if words[0].endswith((".yaml", ".yml")):
            raise UsageError(f"to check a file, say `modellint check {words[0]}`")
        raise UsageError(f"there is no command `{words[0]}`{_near(words[0], list(commands))}")
    said = Arguments(commands[words[0]])
    known = {name: option for option in said.command.options for name in (option.name, option.short) if name}
    waiting = list(words[1:])
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            said.rest.extend(waiting)
            break
        if word in ("-h", "--help"):
            said.help = True
        elif word.startswith("-") and word != "-":
            name, equals, value = word.partition("=")
            if word[1] != "-" and len(name) > 2:  # `-fFILE`
                name, equals, value = word[:2], "=", word[2:]
            option = known.get(name)
            if option is None:
                raise UsageError(_no_option(said.command, word.partition("=")[0], list(known)))
            said.values.setdefault(option.name, []).append(_value(option, bool(equals), value, waiting))
        else:
            said.rest.append(word)
    if not said.help:
        _count(said)
    return said


def _no_option(command: Command, name: str, known: list[str]) -> str:
    """Words for an option that a command lacks; where others have it, it is no slip of the pen."""
    others = [f"`{each.name}`" for each in COMMANDS if any(name in (one.name, one.short) for one in each.options)]
    why = f"; {' and '.join(others)} {'has' if len(others) == 1 else 'have'} it" if others else _near(name, known)
    return f"`{command.name}` has no option `{name}`{why}"


def help_of(words: Sequence[str]) -> str:
    """What to say to be told more: the help of the command that the words begin with, if they do."""
    known = bool(words) and any(each.name == words[0] for each in COMMANDS)
    return f"modellint {words[0]} --help" if known else "modellint --help"


def project_options(said: Arguments) -> Options:
    """What the arguments say about the project; raises `UsageError`."""
    from modellint.compose.selection import Options
    from modellint.compose.versions import Features, features

    version = said.last("--compose-version")
    try:
        known = features(version) if version else Features()
    except ValueError as error:
        raise UsageError(f"`{version}` {error}") from None
    return Options(
        said.each("--file"),
        said.each("--env-file"),
        said.each("--profile"),
        said.last("--project-directory"),
        said.last("--project-name"),
        known,
    )


def policies(said: Arguments) -> Policies:
    """The policies that may be in force; raises `UsageError`."""
    from modellint.policies import Policies

    today = said.last("--today")
    if today and not _is_day(today):
        raise UsageError(f"`--today` is a day as `YYYY-MM-DD`, not `{today}`")
    folder = said.last("--suppressions-from")
    before = None
    if folder:
        from os.path import isdir

        from modellint.base_version import BaseVersion

        if not isdir(folder):
            raise UsageError(f"`--suppressions-from` is the folder of an earlier version, and `{folder}` is none")
        before = BaseVersion(folder)
    return Policies(
        said.each("--policy"),
        said.names("--select"),
        said.names("--ignore"),
        online="--online" in said.values,
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


def selected(said: Arguments, known: dict[str, Rule]) -> list[Rule]:
    """The rules that the arguments ask for; raises `UsageError`."""
    select, ignore = said.names("--select"), said.names("--ignore")
    for name in (*select, *ignore):
        if name not in known and name != "all":
            from modellint.pack import online_names, policy_names

            if name in policy_names():
                continue
            if name in online_names():
                raise UsageError(f"`{name}` needs what registries answer: say `--online` with `check`")
            raise UsageError(f"no rule is named `{name}`{_near(name, list(known))}")
    return [
        rule
        for name, rule in known.items()
        if (name in select or "all" in select or (rule.on and not select)) and name not in ignore
    ]


def _near(word: str, known: Sequence[str]) -> str:
    from modellint.near import did_you_mean

    return did_you_mean(word, known)


def usage(command: Command | None = None) -> str:
    """The help of a command, or of the whole program."""
    if command is None:
        rows = [(each.name, each.help) for each in COMMANDS]
        return f"usage: modellint COMMAND\n\n{_table(rows)}\n`modellint COMMAND --help` tells more.\n{_ending('')}\n"
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
            raise UsageError(f"`{option.name}` needs a {option.metavar}")
        value = waiting.pop(0)
    if option.choices and value not in option.choices:
        known = ", ".join(option.choices)
        raise UsageError(f"`{option.name}` is one of {known}, not `{value}`{_near(value, option.choices)}")
    return value


def _count(said: Arguments) -> None:
    command = said.command
    if len(said.rest) < command.least:
        raise UsageError(f"`{command.name}` needs a {command.arguments}")
    if command.most is not None and len(said.rest) > command.most:
        one = f"one {command.arguments.strip('[]')}"
        raise UsageError(f"`{command.name}` takes {one if command.most else 'nothing'}")
    if said.rest and said.each("--file"):
        raise UsageError("give either paths or `--file`: a file that is named with `--file` is the project")


def _table(rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "".join(f"  {name:{width}}  {text}\n" for name, text in rows)
