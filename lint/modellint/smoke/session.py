"""What every step of a run needs, and what the models' half of it hands to the services' half."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modellint.smoke.check import MODEL, Check
from modellint.smoke.isolation.outcome import FAIL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import ExitStack

    from modellint.compose.model.project import Model, Project
    from modellint.registry.options import Access
    from modellint.smoke.check import Smoke
    from modellint.smoke.deadline import Clock
    from modellint.smoke.isolation.outcome import Status
    from modellint.smoke.isolation.plan import Upstream
    from modellint.smoke.listener import Watch
    from modellint.smoke.options import Asked
    from modellint.smoke.runners.plan import Problem, Setup
    from modellint.smoke.runners.process import Running
    from modellint.text.source import Span


@dataclass(slots=True)
class Run:
    """What every step of a run needs. What `stack` holds is ended when the run ends, however it does."""

    project: Project
    asked: Asked
    access: Access
    clock: Clock
    watch: Watch
    stack: ExitStack
    smoke: Smoke
    tell: Callable[[str], object] | None = None  # hears what a person has to know at once

    def say(self, model: Model, column: str, what: str, status: Status, reason: str) -> None:
        """Add a check of a model."""
        self.smoke.checks.append(Check(MODEL, model.name.text, column, what, status, reason, span_of(model)))

    def models_of(self, setup: Setup) -> list[Model]:
        """The models that share a runner."""
        return [model for model in self.project.all_models() if model.name.text in setup.entries]

    def say_all(self, setup: Setup, column: str, what: str, status: Status, reason: str) -> None:
        """Add a check of every model that shares a runner."""
        for model in self.models_of(setup):
            self.say(model, column, what, status, reason)

    def say_problems(self, problems: Iterable[Problem]) -> None:
        """Add why Docker Model Runner does not take what is declared."""
        models = {model.name.text: model for model in self.project.all_models()}
        for problem in problems:
            self.say(models[problem.entry], "booted", "configured", FAIL, problem.message)


@dataclass(slots=True)
class Ready:
    """The models that run. `upstreams` and `setups` are by the entry's name."""

    upstreams: dict[str, Upstream] = field(default_factory=dict[str, "Upstream"])
    setups: dict[str, Setup] = field(default_factory=dict[str, "Setup"])
    running: list[tuple[Setup, Running]] = field(default_factory=list[tuple["Setup", "Running"]])


def span_of(model: Model) -> Span:
    """Where findings about a model stand: at its reference."""
    return (model.reference or model.name).content
