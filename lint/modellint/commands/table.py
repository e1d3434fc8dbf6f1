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
        "--file", "Compose file; later files are merged over it (`-` is standard input)", "FILE", many=True, short="-f"
    ),
    Option("--env-file", "env file to use instead of `.env`", "FILE", many=True),
    Option("--profile", "enable a profile", "NAME", many=True),
    Option("--project-directory", "directory for relative paths (default: the directory of the first file)", "FOLDER"),
    Option("--project-name", "project name (default: `name:` in the file, or the directory name)", "NAME", short="-p"),
    Option("--compose-version", "Docker Compose version to follow (default: the newest known)", "X.Y.Z"),
)
NETWORK = (
    Option("--offline", "contact no registry; use cached answers, however old"),
    Option("--no-cache", "do not use the cache, and do not add to it"),
    Option("--timeout", "time limit for each reference (default: 5)", "SECONDS"),
    Option("--registry", "contact only this registry", "HOST", many=True),
    Option("--plain-http", "contact this registry without TLS (not needed for this machine)", "HOST", many=True),
    Option("--token-host", "allow registries to use this host for tokens", "HOST", many=True),
    Option("--ca-file", "PEM file with certificates to trust", "FILE"),
    Option("--anonymous", "do not use the credentials stored by Docker"),
)
POLICY = (
    Option(
        "--policy", "policy file, or recommended, strict or airgapped; if repeated, all must pass", "POLICY", many=True
    ),
    Option("--today", "date to use when checking whether exceptions have expired", "YYYY-MM-DD"),
)
TRUSTED = Option("--trusted", "trust the files although a pull request started this run")
COMMANDS = (
    Command(
        "check", "report problems with the models in Compose projects", "[PATH…]", 0, None,
        (
            Option("--select", "run only these rules (comma-separated; `all` selects every rule)", "RULE", many=True),
            Option("--ignore", "do not run these rules", "RULE", many=True),
            Option("--format", f"{', '.join(FORMATS)} (default: text)", "FORMAT", FORMATS),
            Option("--output", "write the report to a file instead of standard output", "FILE"),
            Option("--report", "also write the report to a file, in another format", "FORMAT=FILE", many=True),
            Option(
                "--fail-on", f"exit with 1 at this severity or higher: {', '.join(FAIL_ON)} (default: error)",
                "SEVERITY", FAIL_ON,
            ),
            Option("--quiet", "print one line per finding"),
            Option("--no-source", "do not read the Dockerfiles and source code of services"),
            Option("--statistics", "print the number of findings per rule"),
            Option("--baseline", "report only findings that are not in this baseline", "FILE"),
            Option("--include-suppressed", "in SARIF, also report findings that are suppressed"),
            Option("--write-baseline", "write the current findings there, and fail for none of them", "FILE"),
            *POLICY,
            Option("--suppressions-from", "use only policies and ignore comments that are also here", "FOLDER"),
            *PROJECT,
            Option("--online", "query registries for missing or wrong models, stale pins and oversized contexts"),
            Option("--memory", "memory limit for one model, such as 16GiB (with `--online`)", "SIZE"),
            TRUSTED,
            *NETWORK,
        ),
    ),
    Command(
        "fix", "apply fixes; every other byte stays unchanged", "[PATH…]", 0, None,
        (
            Option("--unsafe", "also apply fixes that need review"),
            Option("--diff", "print a diff, and write nothing"),
            Option("--check", "exit with 1 if something would change, and write nothing"),
            Option("--select", "fix only findings of these rules", "RULE", many=True),
            Option("--ignore", "do not fix findings of these rules", "RULE", many=True),
            Option("--no-source", "do not read the Dockerfiles and source code of services"),
            *POLICY,
            *PROJECT,
            Option("--pin", "replace model and image tags with digests from the registry, and fix nothing else"),
            Option("--update", "with `--pin`: update existing pins to the current digest of their tags"),
            TRUSTED,
            *NETWORK,
        ),
    ),
    Command(
        "resolve", "look up a reference in its registry", "REFERENCE", 1, 1,
        (
            Option("--image", "treat the reference as a container image"),
            Option("--format", f"{', '.join(RESOLVE_FORMATS)} (default: text)", "FORMAT", RESOLVE_FORMATS),
            *NETWORK,
        ),
    ),
    Command("config", "print the project as `docker compose config` does", "[PATH]", 0, 1, PROJECT),
    Command(
        "smoke", "pull the models, boot their runners, and check that each service gets its grants", "[PATH]", 0, 1,
        (
            Option("--engine", "none: network namespaces; docker: real containers (default: none)", "ENGINE", ENGINES),
            Option("--probe-only", "with docker: run modellint's own containers instead of the services' images"),
            Option(
                "--allow",
                "with docker, which builds and runs the services' images in ordinary containers, as root inside them:"
                f" what else services may use; one that needs more is replaced by a stand-in: {', '.join(RIGHTS)}",
                "RIGHT", RIGHTS, many=True,
            ),
            Option("--serve", "serve the models for `docker compose up` until Ctrl-C; check no service"),
            Option("--keep", "keep everything running after the checks, until Ctrl-C"),
            Option("--service", "check only this service and its granted models", "NAME", many=True),
            Option("--canary", "replace the weights with a tiny model that answers with its own name"),
            Option("--runner", "llama-server program, or address of an installed Docker Model Runner", "PROGRAM"),
            Option("--runner-memory", "memory limit for a runner, not counting its weights", "SIZE"),
            Option("--store", "directory that keeps models between runs", "FOLDER"),
            Option("--store-limit", "size limit of the store, such as 20GiB; the least recently used go first", "SIZE"),
            Option("--timeout", "time limit for the whole run (default: none)", "SECONDS"),
            Option("--require", "fail if this is not proven: isolation, all", "WHAT", ("isolation", "all")),
            Option("--details", "also print the checks that passed"),
            Option("--format", f"{', '.join(FORMATS)} (default: text)", "FORMAT", FORMATS),
            Option("--output", "write the report to a file instead of standard output", "FILE"),
            Option("--report", "also write the report to a file, in another format", "FORMAT=FILE", many=True),
            TRUSTED,
            *PROJECT,
            *(option for option in NETWORK if option.name != "--timeout"),
        ),
    ),
    Command(
        "graph", "draw services, models, grants and published ports", "[PATH]", 0, 1,
        (
            Option("--format", f"{', '.join(GRAPH_FORMATS)} (default: mermaid)", "FORMAT", GRAPH_FORMATS),
            Option("--output", "write to a file instead of standard output", "FILE"),
            Option("--no-findings", "do not mark the findings of `check`"),
            *POLICY,
            *PROJECT,
        ),
    ),
    Command(
        "policy", "print the JSON Schema of policies or the keys available in checks, or check, test or show a policy",
        "schema|keys|check|test|show [POLICY|FOLDER]", 1, 2,
    ),
    Command(
        "init", "write a policy that accepts the current findings for 90 days, into the given directory or this one",
        "[PATH…]", 0, None,
        (*PROJECT, Option("--today", "start date of the 90 days", "YYYY-MM-DD")),
    ),
    Command("explain", "print the documentation of a rule", "RULE", 1, 1),
    Command("rules", "list the rules", "", 0, 0),
    Command("new-rule", "create a new rule in this checkout of modellint", "NAME", 1, 1),
    Command("version", "print the version", "", 0, 0),
)  # fmt: skip
FAILED = 2  # the exit status of a run that could not do, or not read, something
ENDINGS = {  # what the exit statuses of each command mean; those of the whole program have no name
    "": "0 done and nothing found, 1 something was found or failed, 2 something could not be run or read",
    "check": "0 no findings at or above --fail-on, 1 findings, 2 something could not be run or read",
    "fix": "0 done, 1 with --check: something would change, 2 something could not be read, written or fixed",
    "resolve": "0 printed, 2 no answer from the registry, or something could not be run",
    "config": "0 printed, 2 Compose rejects the project, or something could not be read",
    "smoke": (
        "0 nothing failed, 1 something failed, or is not proven although --require asks for it, or "
        "Compose rejects the project, 2 something could not be run or read"
    ),
    "graph": "0 drawn, 2 something could not be run or read",
    "policy": "0 done, 1 with test: an example failed, 2 the policy could not be read",
    "init": "0 written, 1 written, but some findings cannot be excepted, 2 not written, or something could not be read",
    "explain": "0 printed, 2 unknown rule",
    "rules": "0 printed, 2 could not run",
    "new-rule": "0 written, 2 not written",
    "version": "0 printed, 2 could not run",
}
