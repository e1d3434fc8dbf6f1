"""Engine docker: the real Docker Compose starts the project, and the probes run in the networks of its containers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from modellint.compose.loading.env_files import EnvFile
from modellint.files.disk import foreign
from modellint.smoke.check import of_outcome
from modellint.smoke.docker.plugin_protocol import ModelSettings
from modellint.smoke.docker.run import Order, check_in_containers
from modellint.smoke.isolation.gateway import Route
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, PASS, Outcome
from modellint.smoke.isolation.plan import plan_services
from modellint.yaml.node import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.compose.model.project import Model, Project, Service
    from modellint.smoke.session import BootedModels, SmokeRun


def check_contained(run: SmokeRun, services: Sequence[Service], models: Sequence[Model], ready: BootedModels) -> None:
    """Add the checks of every service, and of what Compose asked of each model."""
    spans = {service.name.text: service.name.content for service in services}
    plans = [plan for plan in plan_services(run.project, ready.upstreams) if plan.service in spans]
    missing = [model.name.text for model in models if model.name.text not in ready.setups]
    if missing or run.clock.over:
        why = (
            run.clock.words
            if run.clock.over
            else f"`{missing[0]}` is not available, and Compose starts nothing without it"
        )
        outcomes = [Outcome(name, "container", "", NOT_PROVEN, why) for name in spans]
        run.smoke.checks += [of_outcome(each, spans[each.service]) for each in outcomes]
        return
    started = run.clock.passed
    order = Order(
        run.asked.compose,
        tuple(plans),
        settings_of(models, ready),
        routes_of(models, ready),
        run.asked.probe_only,
        run.clock.left,
        run.watch.step,
        run.asked.allowed,
        tuple(foreign_files(run.project)),
        run.tell,
    )
    seen = check_in_containers(order, os.environ, run.stack, run.smoke.notes)
    outcomes = [_in_time(run, each) for each in seen.outcomes]
    run.smoke.checks += [of_outcome(each, spans[each.service]) for each in outcomes]
    wrong = dict(seen.models)
    for model in models:
        reference = text_of(model.reference) or ""
        problem = wrong.get(reference)
        if problem:
            run.say(model, "booted", "configured", FAIL, problem)
        elif seen.started:
            run.say(model, "booted", "configured", PASS, f"Compose configured it with {order.ready[reference]}")
    if seen.project:
        run.smoke.notes.append(f"containers took {run.clock.passed - started:.1f} s")
        run.smoke.up.append(f"the containers of `docker compose -p {seen.project}`")


def foreign_files(project: Project) -> list[str]:
    """The files outside the repository that Docker Compose reads for the project, as its files name them."""
    named = [each for each in (*project.outside, *project.unread) if foreign(EnvFile(each).path, project.folder)]
    found = [f"`{each.shown}`" for each in named] + ["a Compose file" for file in project.files if file.source.private]
    links = [path for path in project.env_files if os.path.basename(path) == ".env"]
    return found + ["the target of `.env`" for path in links if foreign(path, os.path.dirname(path) or os.curdir)]


def _in_time(run: SmokeRun, outcome: Outcome) -> Outcome:
    """An outcome that says so where it is bad because there was no more time."""
    late = run.clock.over and outcome.status != PASS
    return outcome._replace(reason=f"{run.clock.words}: {outcome.reason}") if late else outcome


def settings_of(models: Sequence[Model], ready: BootedModels) -> dict[str, ModelSettings]:
    """How Compose configures each model, by reference."""
    found: dict[str, ModelSettings] = {}
    for model in models:
        setup = ready.setups.get(model.name.text)
        if setup is not None:
            found[text_of(model.reference) or ""] = ModelSettings(setup.context, setup.flags, setup.hidden)
    return found


def routes_of(models: Sequence[Model], ready: BootedModels) -> dict[str, Route]:
    """The runners of each reference: one in each mode."""
    routes: dict[str, Route] = {}
    for model in models:
        upstream = ready.upstreams.get(model.name.text)
        if upstream is not None:
            name = text_of(model.reference) or ""
            known = routes.get(name, Route(None, None))
            address = (upstream.host, upstream.port)
            routes[name] = known._replace(**{"embedding" if upstream.embeddings else "completion": address})
    return routes
