"""The network options of the command line, and registry queries for the commands."""

from __future__ import annotations

import os
import sys

from modellint.check import open_project, targets
from modellint.commands.arguments import UsageError
from modellint.commands.trust import refuse_untrusted
from modellint.files.disk import Unreadable
from modellint.fixing.pin_edits import called
from modellint.fixing.pinning import requests
from modellint.oci.answers import NOT_FOUND, Facts
from modellint.registry.ask import ask
from modellint.registry.cache import default_folder
from modellint.registry.options import MAX_AGE, TIMEOUT, RegistryOptions
from modellint.text.sizes import read_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeAlias

    from modellint.commands.arguments import Arguments
    from modellint.compose.loading.selection import Options
    from modellint.oci.answers import RegistryAnswer
    from modellint.oci.query import Query

    Place: TypeAlias = tuple[str, int, int, str]  # path, line and column, and the reference for a message

_LONGEST = 600.0  # seconds
_WRITING = ("fix",)  # commands that write answers into files: what a tag was ten minutes ago is not good enough for it


def access(arguments: Arguments, environment: Mapping[str, str]) -> RegistryOptions:
    """What the arguments allow; raises `UsageError`. `--timeout` of `smoke` is about all of a run."""
    return RegistryOptions(
        registries=arguments.each("--registry"),
        plain_http=arguments.each("--plain-http"),
        token_hosts=arguments.each("--token-host"),
        ca_file=_ca_file(arguments.last("--ca-file")),
        credentials="--anonymous" not in arguments.values,
        timeout=_seconds(arguments.last("--timeout")) if arguments.command.name != "smoke" else TIMEOUT,
        cache=default_folder(environment),
        recalls="--no-cache" not in arguments.values,
        max_age=0.0 if arguments.command.name in _WRITING else MAX_AGE,
        offline="--offline" in arguments.values,
        checked=(os.curdir, *arguments.rest, *arguments.each("--file")),
        warn=_complain_once(),
    )


def _complain_once() -> Callable[[str], None]:
    told: set[str] = set()

    def tell(text: str) -> None:
        if text not in told:
            told.add(text)
            from modellint.report.complaint import complain

            complain(text)

    return tell


def ask_projects(
    arguments: Arguments, options: Options, environment: Mapping[str, str], all_images: bool
) -> tuple[Facts, list[Unreadable]]:
    """Ask about every reference of the projects that the arguments name, once and all together.

    The second value is what could not be asked, at the place that names it.
    """
    refuse_untrusted(arguments, "--online", environment)
    memory = _memory(arguments.last("--memory"))
    places = named(arguments.rest, options, environment, all_images=all_images)
    facts = Facts(ask_all(places, access(arguments, environment), details=True), memory)
    return facts, unanswered(places, facts)


def named(
    paths: Iterable[str], options: Options, environment: Mapping[str, str], *, all_images: bool
) -> dict[Query, Place]:
    """What the projects of some paths ask registries for, and the first place that does. What is unreadable is not."""
    places: dict[Query, Place] = {}
    for target in targets(list(paths), []):
        try:
            project, _, _ = open_project(target, options, environment)
        except Unreadable:
            continue
        for node, request in requests(project, all_images=all_images):
            row, column = node.content.first
            places.setdefault(request, (node.source.path, row, column, called(node, request)))
    return places


def unanswered(places: Mapping[Query, Place], facts: Facts) -> list[Unreadable]:
    """The references for which nothing is known, not even that they do not exist."""
    lost: list[Unreadable] = []
    for request, (path, row, column, shown) in places.items():
        answer = facts.answer(request)
        if answer is not None and answer.artifact is None and answer.code != NOT_FOUND:
            lost.append(Unreadable(path, f"cannot look up {shown}: {answer.reason}", row, column))
    return lost


def ask_all(asked: Iterable[Query], allowed: RegistryOptions, *, details: bool) -> dict[Query, RegistryAnswer]:
    """Ask, with a progress bar where a person looks at standard error."""
    waiting = list(asked)
    if not waiting or not sys.stderr.isatty() or os.environ.get("CI"):
        return ask(waiting, allowed, details=details)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("querying registries"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(waiting))

        def advance(_request: Query, _answer: RegistryAnswer) -> None:
            progress.advance(task)

        return ask(waiting, allowed, details=details, answered=advance)


def _seconds(text: str) -> float:
    if not text:
        return TIMEOUT
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"`--timeout` must be a number of seconds up to {_LONGEST:.0f}, not `{text}`")
    return seconds


def _memory(text: str) -> int:
    if not text:
        return 0
    try:
        return read_size(text)
    except ValueError:
        raise UsageError(f"`--memory` must be a size such as 16GiB, not `{text}`") from None


def _ca_file(path: str) -> str:
    if path and not os.path.isfile(path):
        raise UsageError(f"`--ca-file {path}` is not a file")
    return path
