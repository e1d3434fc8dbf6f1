"""The commands of the program and their options, as a table."""

from __future__ import annotations

from modellint.report import FORMATS


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
