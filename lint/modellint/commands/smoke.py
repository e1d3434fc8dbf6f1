"""`modellint smoke`: what is declared is pulled and booted, and each service's grants are proven."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from modellint.check import Report, open_whole
from modellint.commands.arguments import UsageError, project_options
from modellint.commands.network import access
from modellint.commands.table import FAILED
from modellint.commands.trust import refuse_untrusted, warning
from modellint.files.atomic_write import refuse_links
from modellint.files.disk import Unreadable
from modellint.linter import discovery
from modellint.linter.record import FindingRecord, result, results
from modellint.linter.refusals import refusing
from modellint.registry.failure import Failure
from modellint.report import output, renderer
from modellint.report import smoke as text
from modellint.report import text as check_text
from modellint.report.complaint import complain
from modellint.report.printable import printable
from modellint.smoke.check import findings
from modellint.smoke.docker.engine import NoEngine
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN
from modellint.smoke.options import DOCKER, NONE, SmokeOptions, UnknownService
from modellint.smoke.page import SMOKE_FAILED
from modellint.smoke.progress import watch
from modellint.smoke.run import smoke
from modellint.smoke.store.layout import default_folder
from modellint.system.signals import interrupt
from modellint.text.sizes import read_size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from modellint.commands.arguments import Arguments
    from modellint.compose.loading.selection import Options, Selection
    from modellint.compose.model.project import Project
    from modellint.registry.options import RegistryOptions
    from modellint.smoke.check import Smoke

_LONGEST = 86_400.0
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # where there are such
_KEPT = "Everything is still running; press Ctrl-C to stop it."
_GONE = "interrupted; everything that was started is stopped"
# What makes no sense with `--serve`, which checks no service and so has nothing to report.
_NOT_SERVED = {
    "--keep": "it already keeps the endpoint running",
    "--probe-only": "it starts no containers",
    "--require": "it checks no service",
    "--details": "it checks no service",
    "--format": "it writes no report",
    "--output": "it writes no report",
    "--report": "it writes no report",
}


def run(arguments: Arguments) -> int:
    """Smoke one project; returns the exit code: 0 nothing failed, 1 something did, 2 it could not be tried."""
    _refuse_contradictions(arguments)
    _refuse_lost_reports(arguments)
    refuse_untrusted(arguments, "smoke", os.environ)
    asked = _asked(arguments)
    allowed = access(arguments, os.environ)
    if warned := "--trusted" not in arguments.values and warning(os.environ):
        complain(warned)
    try:
        options = project_options(arguments)
        project, selection, overlay = open_whole(arguments.rest[0] if arguments.rest else "", options, os.environ)
        if _is_refused(arguments, project):
            return 1
        if asked.engine == DOCKER:
            asked = replace(asked, compose=_compose_words(options, selection, overlay))
        seen = _tried(arguments, project, asked, allowed)
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # after SIGHUP nobody may be there to read it
            complain(_GONE)
        return FAILED
    except UnknownService as trouble:
        raise UsageError(str(trouble)) from None
    except (Unreadable, NoEngine, Failure) as trouble:
        complain(trouble.reason if isinstance(trouble, Failure) else str(trouble))
        return FAILED
    missing = _missing(arguments.last("--require"), seen)
    if missing:
        complain(missing)
    return 1 if missing or seen.count(FAIL) else 0


class Signals:
    """While it is entered, the first signal that asks to end raises `KeyboardInterrupt`, and no further one does.

    So what was started is taken down once, and all of it. A program that is started to take something down needs a
    session of its own: Ctrl-C reaches all of the terminal's.
    """

    def __init__(self) -> None:
        numbers: list[signal.Signals] = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
        # What is ignored from the start stays so: `nohup`, and what a script puts into the background.
        self._numbers = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.getsignal(number) for number in self._numbers}
        self._deaf = False

    def __enter__(self) -> Signals:
        for number in self._numbers:
            signal.signal(number, self._come)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def ignore(self) -> None:
        """Take down what runs without being disturbed."""
        self._deaf = True

    def wait(self, lines: Iterable[str]) -> None:
        """Say something on standard error, and return when a signal comes."""
        with contextlib.suppress(KeyboardInterrupt):
            sys.stderr.write("".join([f"{printable(line)}\n" for line in lines]))
            sys.stderr.flush()
            while True:
                time.sleep(_LONGEST)

    def _come(self, _number: int, _frame: FrameType | None) -> None:
        if not self._deaf:
            self._deaf = True
            interrupt()


def _is_refused(arguments: Arguments, project: Project) -> bool:
    """Whether Docker Compose refuses the project; if it does, report why, in the words of a check."""
    rules = discovery.rules()
    refused = refusing(project, rules)
    if not refused:
        return False
    report = _report_of(project, results(refused, project))

    def render(form: str) -> str:
        return check_text.render(report, rules) if form == "text" else renderer(form)(report, rules)

    form, path = arguments.last("--format", "text"), arguments.last("--output")
    output.deliver(form, path, arguments.reports(), render, lambda: check_text.show(report, rules))
    complain("Compose rejects this project, so nothing was pulled or started")
    return True


def _tried(arguments: Arguments, project: Project, asked: SmokeOptions, allowed: RegistryOptions) -> Smoke:
    """Run it, and report."""
    keep = "--keep" in arguments.values or asked.serve
    with Signals() as signals:

        def hold(seen: Smoke) -> None:
            if keep:
                _deliver(arguments, project, seen)
                signals.wait(_up(seen))
            signals.ignore()

        told = watch(printable, os.environ)
        seen = smoke(project, allowed, asked, watch=told, hold=hold, tell=complain)
    if not keep:
        _deliver(arguments, project, seen)
    return seen


def _up(seen: Smoke) -> list[str]:
    """What is up, and what to do with it."""
    if seen.served is None:
        return [_KEPT, *(f"  {each}" for each in seen.up)]
    return [
        f"The models are available at {seen.served.url} until Ctrl-C. In another terminal, run:",
        f"  DOCKER_CONFIG={shlex.quote(seen.served.config)} docker compose up",
    ]


def _deliver(arguments: Arguments, project: Project, seen: Smoke) -> None:
    """Print the report, and write it into the files that are named."""
    report, details = _report(project, seen), "--details" in arguments.values

    def render(form: str) -> str:
        if form == "text":
            return text.render(seen, report, details=details)
        return renderer(form)(report, {SMOKE_FAILED.name: SMOKE_FAILED})

    form, path = arguments.last("--format", "text"), arguments.last("--output")
    output.deliver(form, path, arguments.reports(), render, lambda: text.show(seen, report, details=details))


def _report(project: Project, seen: Smoke) -> Report:
    """What failed and what is not proven."""
    return _report_of(project, [result(each) for each in findings(seen.checks)])


def _report_of(project: Project, found: Iterable[FindingRecord]) -> Report:
    """A report of one project, in the order of a check."""
    report = Report()
    report.results = sorted(found, key=FindingRecord.order)
    report.files = len({os.path.normpath(file.source.path) for file in project.files})
    report.projects = 1
    return report


def _missing(required: str, seen: Smoke) -> str:
    """What is not proven and has to be, in words; empty where there is nothing."""
    subjects = [each.subject for each in seen.checks if each.status == NOT_PROVEN and required in ("all", each.column)]
    where = ", ".join(dict.fromkeys(subjects))
    return f"`--require {required}` fails: not everything is proven for {where}" if subjects else ""


def _compose_words(options: Options, selection: Selection, overlay: str) -> tuple[str, ...]:
    """What tells `docker compose` to load the same project. Variables that choose files and profiles count for both."""
    if overlay:
        raise UsageError(f"{overlay} is an overlay: with `--engine docker`, name both files with `--file`")
    if "-" in selection.files:
        raise UsageError("`--engine docker` requires files, because Docker Compose reads them itself")
    words = [f"--file={os.path.abspath(path)}" for path in selection.files]
    words += [f"--env-file={os.path.abspath(path)}" for path in options.env_files]
    words += [f"--profile={name}" for name in options.profiles]
    return (*words, f"--project-directory={os.path.abspath(selection.folder)}")


def _asked(arguments: Arguments) -> SmokeOptions:
    return SmokeOptions(
        arguments.last("--store") or default_folder(os.environ),
        store_limit=_size(arguments, "--store-limit"),
        engine=arguments.last("--engine", NONE),
        runner=arguments.last("--runner"),
        runner_memory=_size(arguments, "--runner-memory"),
        seconds=_time(arguments.last("--timeout")),
        services=tuple(arguments.each("--service")),
        canary="--canary" in arguments.values,
        serve="--serve" in arguments.values,
        probe_only="--probe-only" in arguments.values,
        allowed=frozenset(arguments.each("--allow")),
    )


def _refuse_contradictions(arguments: Arguments) -> None:
    """Raise `UsageError` where options do not go together."""
    docker = arguments.last("--engine", NONE) == DOCKER
    if "--serve" in arguments.values:
        for option, why in _NOT_SERVED.items():
            if option in arguments.values:
                raise UsageError(f"`--serve` cannot be used with `{option}`: {why}")
        if docker:
            raise UsageError(
                "`--serve` cannot be used with `--engine docker`: `docker compose up` starts the containers"
            )
    if "--runner-memory" in arguments.values and "://" in arguments.last("--runner"):
        raise UsageError(
            "`--runner-memory` cannot be used with an installed Docker Model Runner, which has its own limits"
        )
    if "--canary" in arguments.values and "://" in arguments.last("--runner"):
        raise UsageError(
            "`--canary` cannot be used with an installed Docker Model Runner, which runs only what it pulls"
        )
    if "--probe-only" in arguments.values and not docker:
        raise UsageError("`--probe-only` requires `--engine docker`")
    if "--allow" in arguments.values and not docker:
        raise UsageError("`--allow` requires `--engine docker`")


def _refuse_lost_reports(arguments: Arguments) -> None:
    """Raise `UsageError` or `Unwritable` for a report that could not be written at the end, maybe an hour away."""
    for path in [arguments.last("--output"), *(path for _, path in arguments.reports())]:
        folder = os.path.dirname(path) or "."
        if os.path.isdir(path):
            raise UsageError(f"cannot write the report to `{path}`: it is a directory")
        if path and not os.path.isdir(folder):
            raise UsageError(f"cannot write the report to `{path}`: `{folder}` is not a directory")
        if path:
            refuse_links(path)


def _size(arguments: Arguments, option: str) -> int:
    text = arguments.last(option)
    try:
        size = read_size(text) if text else 0
    except ValueError:
        size = 0
    if text and not size:
        raise UsageError(f"`{option}` must be a size such as 20GiB, not `{text}`")
    return size


def _time(text: str) -> float:
    if not text:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"`--timeout` must be a number of seconds up to {_LONGEST:.0f}, not `{text}`")
    return seconds
