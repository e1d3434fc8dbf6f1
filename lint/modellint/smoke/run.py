"""The front door: one run, from the project to all that was seen."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from modellint.smoke.check import MODEL, SERVICE, Smoke
from modellint.smoke.countdown import Countdown
from modellint.smoke.docker.endpoint import serving
from modellint.smoke.in_containers import check_contained, routes_of, settings_of
from modellint.smoke.in_namespaces import check_alone
from modellint.smoke.listener import Watch
from modellint.smoke.models import bring_up, look_again
from modellint.smoke.options import DOCKER, chosen_models, chosen_services
from modellint.smoke.runners.plan import wanted
from modellint.smoke.session import SmokeRun
from modellint.system.signals import defer_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from modellint.compose.model.project import Model, Project, Service
    from modellint.registry.options import RegistryOptions
    from modellint.smoke.options import SmokeOptions
    from modellint.smoke.session import BootedModels


def smoke(
    project: Project,
    access: RegistryOptions,
    asked: SmokeOptions,
    *,
    watch: Watch | None = None,
    hold: Callable[[Smoke], object] | None = None,
    tell: Callable[[str], object] | None = None,
) -> Smoke:
    """All that a run saw; nothing that was started is left when it returns or raises.

    `hold` is called when every check is done, or where models are served, while all still runs; `tell` hears what is
    refused to Docker Compose then, and who runs with which rights in containers. Raises `asked.Unknown`, `Failure`
    where the store cannot be used, and `NoEngine` where there is none to serve for.
    """
    services = chosen_services(project, asked.services)
    models = chosen_models(project, services)
    seen = Smoke(asked.engine)
    for model in models:
        seen.row(MODEL, model.name.text)
    for service in services:
        seen.row(SERVICE, service.name.text)
    seen.notes += _untried(project)
    if asked.canary:
        seen.notes.append("`--canary` replaces all weights with a tiny model that answers with its own name")
    with _Stack() as stack:
        run = SmokeRun(project, asked, access, Countdown(asked.seconds), watch or Watch(), stack, seen, tell)
        stack.callback(run.watch.close)
        ready = bring_up(run, models)
        seen.up += [f"{name} at http://{each.host}:{each.port}/v1" for name, each in ready.upstreams.items()]
        if asked.serve:
            routes, settings = routes_of(models, ready), settings_of(models, ready)
            seen.served = stack.enter_context(serving(routes, settings, os.environ, tell))
        else:
            _check(run, services, models, ready)
        seen.seconds = run.clock.passed
        if hold is not None:
            run.watch.close()
            hold(seen)
    return seen


class _Stack(ExitStack):
    """Takes down what was started, and all of it, whatever signals come meanwhile."""

    def __exit__(self, *problem: Any) -> bool | None:
        with defer_interrupt():
            return super().__exit__(*problem)


def _untried(project: Project) -> list[str]:
    """What a reader may miss."""
    names = [model.name.text for model in project.all_models()]
    used = {model.name.text for model in wanted(project)}
    unused = [f"`{name}`" for name in names if name not in used]
    if unused:
        return [f"not granted to a running service, so not tested: {', '.join(dict.fromkeys(unused))}"]
    return [] if names else ["the project declares no models"]


def _check(run: SmokeRun, services: Sequence[Service], models: Sequence[Model], ready: BootedModels) -> None:
    """Add the checks of services, and of what became of the runners meanwhile."""
    if run.asked.engine == DOCKER:
        check_contained(run, services, models, ready)
    check_alone(run, services, models, ready)
    look_again(run, ready)
    if run.clock.over:
        run.smoke.fail_first(run.clock.words)
