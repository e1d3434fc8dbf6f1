"""Engine none: each service's grants in a network namespace of its own, and modellint's probe in place of its code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from modellint.registry.hosts import on_this_machine
from modellint.registry.names import split_port
from modellint.smoke.check import ISOLATION, SERVICE, of_outcome
from modellint.smoke.countdown import LONGEST_SERVICE
from modellint.smoke.isolation.capability import find_capability
from modellint.smoke.isolation.judge import not_proven
from modellint.smoke.isolation.outcome import NOT_PROVEN, Outcome
from modellint.smoke.isolation.plan import ForbiddenAddress, plan_services
from modellint.smoke.isolation.run import check_service
from modellint.smoke.options import DOCKER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modellint.compose.model.project import Model, Service
    from modellint.smoke.isolation.capability import Capability
    from modellint.smoke.isolation.plan import ServicePlan
    from modellint.smoke.session import BootedModels, SmokeRun


def check_alone(run: SmokeRun, services: Sequence[Service], models: Sequence[Model], ready: BootedModels) -> None:
    """Add the checks of every service; those of isolation only, where the others ran in containers."""
    in_containers = run.asked.engine == DOCKER
    capability = find_capability()
    spans = {service.name.text: service.name.content for service in services}
    plans = plan_services(run.project, ready.upstreams, list(_registries(models)))
    for plan in plans:
        if plan.service not in spans:
            continue
        run.watch.step(f"probe {plan.service}")
        started = time.monotonic()
        outcomes = _outcomes(run, plan, capability)
        outcomes += _without_a_runner(plan.service, models, ready)
        checks = [of_outcome(each, spans[plan.service]) for each in outcomes]
        # What containers have shown of variables and endpoints is not shown again. Compose isolates nothing: that is
        # shown here alone.
        run.smoke.checks += [each for each in checks if not in_containers or each.column == ISOLATION]
        run.smoke.row(SERVICE, plan.service).seconds += time.monotonic() - started


def _outcomes(run: SmokeRun, plan: ServicePlan, capability: Capability) -> list[Outcome]:
    if run.clock.over:
        return not_proven(plan, run.clock.words)
    outcomes = check_service(plan, capability, run.clock.left(LONGEST_SERVICE))
    seen = outcomes[len(plan.problems) :]
    if run.clock.over and all(each.status == NOT_PROVEN for each in seen):  # its probe did not come to its end
        return [*plan.problems, *(each._replace(reason=run.clock.words) for each in seen)]
    return outcomes


def _without_a_runner(service: str, models: Sequence[Model], ready: BootedModels) -> Iterator[Outcome]:
    """What does not run cannot be shown to be out of reach."""
    names = [model.name.text for model in models if model.name.text not in ready.upstreams]
    if names:
        why = "no runner is running, so there is nothing to isolate the service from"
        yield Outcome(service, "runner port", ", ".join(names), NOT_PROVEN, why)


def _registries(models: Sequence[Model]) -> Iterator[ForbiddenAddress]:
    """The registries on this machine, which no service may reach."""
    seen: set[int] = set()
    for model in models:
        host, port = split_port(model.ref.registry) if model.ref is not None else ("", "")
        if port and on_this_machine(host) and int(port) not in seen:
            seen.add(int(port))
            yield ForbiddenAddress("registry port", "127.0.0.1", int(port))
