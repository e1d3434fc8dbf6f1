"""The command line: commands, their output, and exit codes."""

from __future__ import annotations

import os
import sys

from modellint import options
from modellint.options import FAILED, Arguments, UsageError, policies, project_options, selected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from modellint.check import Report
    from modellint.compose.files import Unreadable
    from modellint.facts import Facts
    from modellint.rule import Rule

_SEVERITIES = ("error", "warning", "note")
_NO_ROOM = ("gitlab", "rdjson")  # formats that hold findings and nothing else
STOPPED = 128 + 15  # the exit status of what SIGTERM has ended, as shells have it
_RARE_GC = 200_000  # objects; a short run that makes few cycles loses time to a collector that looks often


class Stopped(KeyboardInterrupt):
    """SIGTERM has come: somebody has the program end."""


def run() -> None:
    """Run the program in a process of its own."""
    try:
        _begin()
        status = main(sys.argv[1:])
    except KeyboardInterrupt as interruption:
        status = _interrupted(interruption)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        status = FAILED
    except OSError as error:
        status = FAILED if status == FAILED else _failed(error, "standard output")  # of which something is said already
    os._exit(status)  # what the interpreter takes down in an orderly way, a process that ends loses anyway


def _begin() -> None:
    """Set the process up."""
    import gc

    signals = __import__("_signal")  # `signal` is this and an enumeration, which takes a while to be imported
    if signals.getsignal(signals.SIGTERM) == signals.SIG_DFL:
        signals.signal(signals.SIGTERM, _stop)
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from modellint.closed_streams import stand_in

        stand_in()
    gc.set_threshold(_RARE_GC)
    from modellint.yaml_events import import_alone

    import_alone()


def _stop(_number: int, _frame: object) -> None:
    undisturbed = sys.modules.get("modellint.undisturbed")
    if undisturbed is None:  # nothing is started that would have to be taken down
        raise Stopped
    undisturbed.interrupt(Stopped)


def _interrupted(interruption: KeyboardInterrupt) -> int:
    """Say that somebody ended the program; the exit status by which others know it."""
    stopped = isinstance(interruption, Stopped)
    _complain("stopped" if stopped else "interrupted")
    return STOPPED if stopped else FAILED


def main(words: Sequence[str]) -> int:
    """Run a command and return its exit code. Nothing that goes wrong shows a traceback."""
    try:
        return _main(words)
    except UsageError as error:
        _complain(f"{error}\ntry `{options.help_of(words)}`")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader is gone; the exit code still counts
    except OSError as error:
        return _failed(error)
    except KeyboardInterrupt as interruption:
        return _interrupted(interruption)
    except Exception as error:
        from modellint.atomic_write import Unwritable

        if isinstance(error, Unwritable):
            _complain(str(error))
        else:  # a defect of modellint; said in one line, so that a log stays readable
            from modellint.defect import defect

            _complain(f"internal error: {defect(error)}")
    return FAILED


def _failed(error: OSError, path: str = "") -> int:
    """Say what the system has refused, and of what: without a name, where it was, for no guess is better."""
    from modellint.atomic_write import words
    from modellint.defect import place

    _complain(f"{error.filename or path or f'unexpected, at {place(error)}'}: {words(error)}")
    return FAILED


def _main(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        if words[1:] and words[0] == "help":
            return _main([words[1], "--help"])
        _print(options.usage())
        return 0 if words else FAILED
    if words[0] == "--version":
        words = ["version"]
    said = options.read(words)
    if said.help:
        _print(options.usage(said.command))
        return 0
    return _RUN[said.command.name](said)


def _check(said: Arguments) -> int:
    from modellint.check import check
    from modellint.pack import online_names, policy_names, rules

    online = "--online" in said.values
    known = rules(online=online, policy=False)
    running = selected(said, known)
    idle = {*known, *online_names(), *policy_names()} - {rule.name for rule in running}
    options, in_force = project_options(said), policies(said)
    facts: Facts | None = None
    unanswered: list[Unreadable] = []
    if online:
        from modellint.commands.network import ask_projects

        facts, unanswered = ask_projects(said, options, os.environ, "unpinned-image" not in idle)
    report = check(said.rest, running, os.environ, idle, options, "--no-source" not in said.values, facts, in_force)
    report.unreadable.extend(unanswered)
    if report.policies:
        from modellint.policy.apply import rules_of

        known = {**known, **rules_of(report.policies, in_force)}
    if "--baseline" in said.values or "--write-baseline" in said.values:
        from modellint.baseline import apply_baseline

        refused = {name for name, rule in known.items() if rule.refused}
        apply_baseline(report, said.last("--baseline"), said.last("--write-baseline"), refused, in_force.before)
    try:
        _show(said, report, known)
        if said.last("--format", "text") in _NO_ROOM or "--quiet" in said.values:
            _say_terms(report)
    finally:
        for trouble in report.unreadable:
            _complain(str(trouble))
    if report.unreadable:
        return FAILED
    fail_on = said.last("--fail-on", "error")
    worst = _SEVERITIES[: _SEVERITIES.index(fail_on) + 1] if fail_on != "never" else ()
    return 1 if any(result.severity in worst for result in report.results) else 0


def _fix(said: Arguments) -> int:
    from modellint.commands.fix import run

    return run(said)


def _resolve(said: Arguments) -> int:
    from modellint.commands.resolve import run

    return run(said)


def _smoke(said: Arguments) -> int:
    from modellint.commands.smoke import run

    return run(said)


def _policy(said: Arguments) -> int:
    from modellint.commands.policy import run

    return run(said)


def _init(said: Arguments) -> int:
    from modellint.commands.init import run

    return run(said)


def _config(said: Arguments) -> int:
    from modellint.compose.files import Unreadable
    from modellint.config import Refused, config
    from modellint.pack import rules

    try:
        _print(config(said.rest[0] if said.rest else "", project_options(said), os.environ, rules()))
    except Unreadable as trouble:
        _complain(str(trouble))
        return FAILED
    except Refused as refused:
        for span, message in refused.reasons:
            line, column = span.first
            _complain(f"{span.source.path}:{line}:{column}: {message}")
        if not refused.reasons:
            _complain("Compose refuses a project without a name; give it one with `--project-name`")
        return FAILED
    return 0


def _show(said: Arguments, report: Report, known: dict[str, Rule]) -> None:
    """Print the report, and write it into the files that are named."""
    from modellint.report import output

    def show() -> None:
        from modellint.report import text

        quiet, statistics = bool(said.last("--quiet")), bool(said.last("--statistics"))
        text.show(report, known, quiet=quiet, statistics=statistics)

    form, path = said.last("--format", "text"), said.last("--output")
    output.deliver(form, path, said.reports(), lambda form: _rendered(form, report, known, said), show)


def _say_terms(report: Report) -> None:
    """Say on standard error what the report has no room for, where the check is less than it could be."""
    from modellint.report.terms import terms, weakened

    if weakened(report):
        for term in terms(report):
            _complain(term)


def _rendered(form: str, report: Report, known: dict[str, Rule], said: Arguments) -> str:
    if form == "text":
        from modellint.report import text

        quiet, statistics = bool(said.last("--quiet")), bool(said.last("--statistics"))
        return text.render(report, known, quiet=quiet, statistics=statistics)
    if form == "sarif":
        from modellint.report import sarif

        return sarif.render(report, known, suppressed="--include-suppressed" in said.values)
    from modellint.report import renderer

    return renderer(form)(report, known)


def _graph(said: Arguments) -> int:
    from modellint.commands.graph import run

    return run(said)


def _explain(said: Arguments) -> int:
    from modellint.pack import rules
    from modellint.report import page
    from modellint.smoke.page import SMOKE_FAILED

    known = {**rules(), SMOKE_FAILED.name: SMOKE_FAILED}
    name = said.rest[0]
    if name not in known:
        from modellint.near import did_you_mean

        raise UsageError(f"no rule is named `{name}`{did_you_mean(name, list(known))}")
    page.explain(known[name])
    return 0


def _rules(said: Arguments) -> int:
    from modellint.pack import rules
    from modellint.report import page

    page.listing(rules())
    return 0


def _new_rule(said: Arguments) -> int:
    from modellint.stub import write

    _print(write(said.rest[0]))
    return 0


def _version(said: Arguments) -> int:
    from modellint import __version__

    _print(f"modellint {__version__}\n")
    return 0


def _complain(text: str) -> None:
    from modellint.report.complaint import complain

    complain(text)


def _print(text: str) -> None:
    from modellint.report.output import put

    put(text)


_RUN: dict[str, Callable[[Arguments], int]] = {
    "check": _check,
    "fix": _fix,
    "resolve": _resolve,
    "graph": _graph,
    "policy": _policy,
    "smoke": _smoke,
    "init": _init,
    "config": _config,
    "explain": _explain,
    "rules": _rules,
    "new-rule": _new_rule,
    "version": _version,
}
