"""Pull what a project declares, boot it, and prove that each service gets exactly its grants: the library's front door.

What Docker does not do here is said in `isolation` and `runner`: the variables are those that Compose would inject, the
probes are modellint's own and not the services' code.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from modellint.finding import ERROR, WARNING, Finding
from modellint.isolation.outcome import FAIL, NOT_PROVEN, PASS
from modellint.isolation.plan import Place, Upstream, plan_services
from modellint.isolation.run import check_services
from modellint.isolation.support import find_capability
from modellint.registry.failure import Failure
from modellint.registry.hosts import on_this_machine
from modellint.registry.names import split_port
from modellint.request import of_model
from modellint.runner.find import NoRunner, find
from modellint.runner.plan import EMBEDDING, Files, plan, wanted, wish
from modellint.runner.process import RunnerFailed, start
from modellint.sizes import binary
from modellint.store.pull import pull
from modellint.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modellint.compose.project import Model, Project
    from modellint.isolation.outcome import Status
    from modellint.registry.access import Access
    from modellint.runner.plan import Setup
    from modellint.runner.process import Running
    from modellint.source import Span
    from modellint.store.bundle import Bundle

RULE = "smoke-failed"


class Check(NamedTuple):
    """What came of one check of a model or a service, and the place in the Compose file that it is about."""

    subject: str  # `model llm`, `service chat`
    check: str  # `pulled`, `booted`, `context`, `environment`, `chat`, …
    status: Status
    reason: str
    span: Span


def smoke(project: Project, access: Access, folder: str, *, runner: str = "", seconds: float = 60.0) -> list[Check]:
    """Every check of a project, in order; nothing that was started is left when it returns or raises.

    `folder` is that of the store, `runner` a program in place of the one that is found, `seconds` how long each pull,
    each boot and each service may take. Raises `Failure` where the store cannot be used.
    """
    with ExitStack() as stack:
        store = stack.enter_context(Store(folder))
        models = wanted(project)
        checks: list[Check] = []
        bundles: dict[str, Bundle] = {}
        for model in models:
            check, bundle = _pull(model, access, store, seconds, stack)
            checks.append(check)
            if bundle is not None:
                bundles[model.name.text] = bundle
        pulled = [model for model in models if model.name.text in bundles]
        planned = plan([wish(model, bundles[model.name.text].digest, project) for model in pulled])
        spans = {model.name.text: _span(model) for model in models}
        checks += [
            Check(f"model {problem.entry}", "configured", FAIL, problem.message, spans[problem.entry])
            for problem in planned.problems
        ]
        upstreams = _boot(planned.setups, bundles, runner, seconds, spans, checks, stack)
        plans = plan_services(project, upstreams, list(_registries(models)))
        names = {service.name.text: service.name.content for service in project.services.values()}
        for outcome in check_services(plans, find_capability(), seconds=seconds):
            what = f"{outcome.check} ({outcome.subject})" if outcome.subject else outcome.check
            subject = f"service {outcome.service}"
            checks.append(Check(subject, what, outcome.status, outcome.reason, names[outcome.service]))
        return checks


def findings(checks: Sequence[Check]) -> list[Finding]:
    """What failed, and what could not be proven, as findings for a report."""
    found: list[Finding] = []
    for check in checks:
        if check.status != PASS:
            proven = "" if check.status == FAIL else "not proven: "
            finding = Finding(
                check.span,
                f"{check.subject}, {check.check}: {proven}{check.reason}",
                severity=ERROR if check.status == FAIL else WARNING,
            )
            finding.rule = RULE
            found.append(finding)
    return found


def _pull(model: Model, access: Access, store: Store, seconds: float, stack: ExitStack) -> tuple[Check, Bundle | None]:
    subject, span = f"model {model.name.text}", _span(model)
    request = of_model(model.ref) if model.ref is not None else None
    if request is None:
        hub = model.ref is not None and model.ref.kind == "hub"
        reason = "models of the Hugging Face Hub are not pulled" if hub else "the reference names nothing to pull"
        return Check(subject, "pulled", NOT_PROVEN if hub else FAIL, reason, span), None
    try:
        bundle = stack.enter_context(pull(request, access, store, deadline=seconds))
    except Failure as failure:
        return Check(subject, "pulled", FAIL, failure.reason, span), None
    said = f"{bundle.digest}, {binary(bundle.size)}, {binary(bundle.downloaded)} of it in {bundle.seconds:.1f} s"
    return Check(subject, "pulled", PASS, said, span), bundle


def _boot(
    setups: Sequence[Setup],
    bundles: dict[str, Bundle],
    runner: str,
    seconds: float,
    spans: dict[str, Span],
    checks: list[Check],
    stack: ExitStack,
) -> dict[str, Upstream]:
    """Start every runner, then wait for each; the addresses of those that run, by entry."""
    if not setups:
        return {}
    try:
        program = find(runner)
    except NoRunner as problem:
        checks += [
            Check(f"model {entry}", "booted", NOT_PROVEN, str(problem), spans[entry])
            for setup in setups
            for entry in setup.entries
        ]
        return {}
    started: list[tuple[Setup, Running]] = []
    for setup in setups:
        bundle = bundles[setup.entries[0]]
        files = Files(bundle.gguf[0], bundle.template, bundle.mmproj, bundle.artifact.packed_context)
        try:
            started.append((setup, stack.enter_context(start(program, setup, files, tcp=True))))
        except RunnerFailed as problem:
            checks += _of_entries(setup, "booted", FAIL, str(problem), spans)
    upstreams: dict[str, Upstream] = {}
    for setup, running in started:
        try:
            running.wait(seconds)
            window = running.context()
        except RunnerFailed as problem:
            checks += _of_entries(setup, "booted", FAIL, str(problem), spans)
            continue
        checks += _of_entries(setup, "booted", PASS, f"healthy after {running.seconds:.1f} s", spans)
        said = window.words or f"{window.request} tokens for each request"
        checks += _of_entries(setup, "context", PASS if window.ok else FAIL, said, spans)
        address = urlsplit(running.url)
        for entry in setup.entries:
            upstreams[entry] = Upstream(address.hostname or "", address.port or 0, setup.mode == EMBEDDING)
    return upstreams


def _of_entries(setup: Setup, check: str, status: Status, reason: str, spans: dict[str, Span]) -> Iterator[Check]:
    for entry in setup.entries:
        yield Check(f"model {entry}", check, status, reason, spans[entry])


def _registries(models: Sequence[Model]) -> Iterator[Place]:
    """The registries on this machine, which no service may reach."""
    seen: set[int] = set()
    for model in models:
        host, port = split_port(model.ref.registry) if model.ref is not None else ("", "")
        if port and on_this_machine(host) and int(port) not in seen:
            seen.add(int(port))
            yield Place("registry port", "127.0.0.1", int(port))


def _span(model: Model) -> Span:
    return (model.reference or model.name).content
