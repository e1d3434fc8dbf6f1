"""What every step of a run needs, and what the models' half of it hands to the services' half."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modellint.smoke.check import MODEL, SmokeCheck
from modellint.smoke.isolation.outcome import FAIL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import ExitStack

    from modellint.compose.model.project import Model, Project
    from modellint.registry.options import RegistryOptions
    from modellint.smoke.check import Smoke
    from modellint.smoke.countdown import Countdown
    from modellint.smoke.isolation.outcome import Status
    from modellint.smoke.isolation.plan import Upstream
    from modellint.smoke.listener import Watch
    from modellint.smoke.options import SmokeOptions
    from modellint.smoke.runners.plan import PlanProblem, RunnerConfig
    from modellint.smoke.runners.process import Running
    from modellint.text.source import Span


@dataclass(slots=True)
class SmokeRun:
    """What every step of a run needs. What `stack` holds is ended when the run ends, however it does."""

    project: Project
    asked: SmokeOptions
    access: RegistryOptions
    clock: Countdown
    watch: Watch
    stack: ExitStack
    smoke: Smoke
    tell: Callable[[str], object] | None = None  # hears what a person has to know at once

    def say(self, model: Model, column: str, what: str, status: Status, reason: str) -> None:
        """Add a check of a model."""
        self.smoke.checks.append(SmokeCheck(MODEL, model.name.text, column, what, status, reason, span_of(model)))

    def models_of(self, setup: RunnerConfig) -> list[Model]:
        """The models that share a runner."""
        return [model for model in self.project.all_models() if model.name.text in setup.entries]

    def say_all(self, setup: RunnerConfig, column: str, what: str, status: Status, reason: str) -> None:
        """Add a check of every model that shares a runner."""
        for model in self.models_of(setup):
            self.say(model, column, what, status, reason)

    def say_problems(self, problems: Iterable[PlanProblem]) -> None:
        """Add why Docker Model Runner does not take what is declared."""
        models = {model.name.text: model for model in self.project.all_models()}
        for problem in problems:
            self.say(models[problem.entry], "booted", "configured", FAIL, problem.message)


@dataclass(slots=True)
class BootedModels:
    """The models that run. `upstreams` and `setups` are by the entry's name."""

    upstreams: dict[str, Upstream] = field(default_factory=dict[str, "Upstream"])
    setups: dict[str, RunnerConfig] = field(default_factory=dict[str, "RunnerConfig"])
    running: list[tuple[RunnerConfig, Running]] = field(default_factory=list[tuple["RunnerConfig", "Running"]])


def span_of(model: Model) -> Span:
    """Where findings about a model stand: at its reference."""
    return (model.reference or model.name).content
