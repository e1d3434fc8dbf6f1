"""Models that an installed Docker Model Runner pulls and boots: it is asked as `docker compose up` asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from modellint.oci.query import of_model
from modellint.registry.ask import ask
from modellint.registry.names import disclosing
from modellint.secrets.disclosure import disclosed
from modellint.smoke.check import MODEL
from modellint.smoke.countdown import LONGEST_BOOT, LONGEST_PULL
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, PASS
from modellint.smoke.isolation.plan import Upstream
from modellint.smoke.runners.find import NoRunner
from modellint.smoke.runners.model_runner import Installed
from modellint.smoke.runners.plan import EMBEDDING, plan, wish
from modellint.smoke.runners.process import RunnerFailed
from modellint.smoke.session import BootedModels
from modellint.yaml.node import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.compose.model.project import Model
    from modellint.smoke.isolation.outcome import Status
    from modellint.smoke.runners.plan import RunnerConfig
    from modellint.smoke.session import SmokeRun


def is_address(runner: str) -> bool:
    """Whether `--runner` names an installed runner, and not a program."""
    return "://" in runner


def bring_up_installed(run: SmokeRun, models: Sequence[Model]) -> BootedModels:
    """Have the runner pull and boot the models, and say of each what came of it."""
    try:
        runner = run.stack.enter_context(Installed(run.asked.runner))
        run.smoke.runner = runner.greet()
    except NoRunner as problem:
        for model in models:
            run.say(model, "booted", "booted", NOT_PROVEN, str(problem))
        return BootedModels()
    digests = {model.name.text: digest for model in models if (digest := _pull(run, runner, model))}
    pulled = [model for model in models if model.name.text in digests]
    planned = plan([wish(model, digests[model.name.text], run.project) for model in pulled])
    run.say_problems(planned.problems)
    ready = BootedModels(setups={entry: setup for setup in planned.setups for entry in setup.entries})
    address = urlsplit(runner.base)
    for setup in planned.setups:
        if _boot(run, runner, setup):
            upstream = Upstream(address.hostname or "", address.port or 80, setup.mode == EMBEDDING)
            ready.upstreams.update(dict.fromkeys(setup.entries, upstream))
    return ready


def _pull(run: SmokeRun, runner: Installed, model: Model) -> str:
    """The digest of what the runner has now; empty if it could not pull the model, or pulled another one."""
    name, reference = model.name.text, text_of(model.reference) or ""
    if run.clock.over:
        run.say(model, "pulled", "pulled", NOT_PROVEN, run.clock.words)
        return ""
    if variable := disclosed(reference, run.project.environment):
        run.say(model, "pulled", "pulled", FAIL, disclosing(variable))
        return ""
    run.watch.step(f"pull {name}")
    before = run.clock.passed
    try:
        digest = runner.pull(
            reference, run.clock.left(LONGEST_PULL), lambda done, total: run.watch.pull(name, done, total)
        )
    except RunnerFailed as problem:
        run.say(model, "pulled", "pulled", FAIL, run.clock.words if run.clock.over else str(problem))
        return ""
    row = run.smoke.row(MODEL, name)
    row.digest, row.pull_seconds = digest, run.clock.passed - before
    run.say(model, "pulled", "pulled", PASS, f"available in the runner after {row.pull_seconds:.1f} s")
    status, reason = _compare(run, model, digest)
    run.say(model, "verified", "verified", status, reason)
    return digest if status != FAIL else ""


def _compare(run: SmokeRun, model: Model, digest: str) -> tuple[Status, str]:
    """Whether the runner has what the reference means: it does not compare a digest itself."""
    request = of_model(model.ref) if model.ref is not None else None
    if request is None:
        return NOT_PROVEN, "no registry can resolve this reference"
    wanted = request.digest
    if not wanted:
        answer = ask([request], run.access, details=False)[request]
        if answer.artifact is None:
            return NOT_PROVEN, f"the registry did not resolve this tag: {answer.reason}"
        wanted = answer.artifact.digest
    if wanted != digest:
        return FAIL, f"the runner has {digest}, but the reference resolves to {wanted}"
    return PASS, f"the runner has {digest}, as the reference requires"


def _boot(run: SmokeRun, runner: Installed, setup: RunnerConfig) -> bool:
    models = run.models_of(setup)
    run.watch.step(f"boot {', '.join(setup.entries)}")
    try:
        booted = runner.boot(setup, text_of(models[0].reference) or "", run.clock.left(LONGEST_BOOT))
    except RunnerFailed as problem:
        run.say_all(setup, "booted", "booted", FAIL, run.clock.words if run.clock.over else str(problem))
        return False
    run.say_all(setup, "booted", "booted", PASS, f"loaded after {booted.seconds:.1f} s")
    status, reason = _judge_context(setup.context, booted.context)
    run.say_all(setup, "context", "context", status, reason)
    for entry in setup.entries:
        row = run.smoke.row(MODEL, entry)
        row.boot_seconds, row.context = booted.seconds, booted.context
    return True


def _judge_context(declared: int, seen: int) -> tuple[Status, str]:
    if not declared:
        return PASS, "no `context_size` is declared"
    if not seen:
        return NOT_PROVEN, "this runner does not report the context size of a request"
    if seen < declared:
        return FAIL, f"`context_size` is {declared}, but a request gets {seen}"
    return PASS, f"{seen} tokens per request"
