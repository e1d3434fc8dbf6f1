"""The options of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modellint.smoke.runners.plan import wanted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from modellint.compose.model.project import Model, Project, Service

NONE: Final = "none"
DOCKER: Final = "docker"
ENGINES = (NONE, DOCKER)


class UnknownService(Exception):
    """A service is named that the project does not run. The text says so."""


@dataclass(frozen=True, slots=True)
class SmokeOptions:
    """What a run is to do; `runner` and `services` are empty where nothing is said."""

    store: str  # the folder of models
    store_limit: int = 0  # the most bytes that it may hold; 0: as many as there is room for
    engine: str = NONE
    runner: str = ""  # a program, or the address of an installed Docker Model Runner
    runner_memory: int = 0  # the most bytes that a runner of llama.cpp may take; 0: worked out from its model
    seconds: float = 0.0  # for all of the run; 0: no limit
    services: tuple[str, ...] = ()
    canary: bool = False  # the tiny model in place of the weights
    compose: tuple[str, ...] = ()  # words of `docker compose` that name the project's files
    serve: bool = False  # keep the endpoint up for `docker compose up`, and check no service
    probe_only: bool = False  # containers of modellint's own in place of the services'
    allowed: frozenset[str] = frozenset()  # rights that services may have in containers, by name


def chosen_services(project: Project, names: tuple[str, ...]) -> list[Service]:
    """The services that run in containers, those of `names` where there are any. Raises `UnknownService`."""
    running = {
        service.name.text: service
        for service in project.services.values()
        if service.active and service.provider is None
    }
    for name in names:
        if name not in running:
            known = ", ".join(running) or "none"
            raise UnknownService(f"no service `{name}` runs in this project with these profiles; available: {known}")
    return [service for name, service in running.items() if not names or name in names]


def chosen_models(project: Project, services: Sequence[Service]) -> list[Model]:
    """The models that Compose hands over for these services."""
    return [model for model in wanted(project) if any(grant.service in services for grant in model.grants)]
