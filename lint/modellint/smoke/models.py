"""Have the models of a run booted, and say of each what came of it: the models' half of a run.

Three things can run a model: llama.cpp with the artifact's own weights, llama.cpp with a canary in their place, and a
Docker Model Runner that is installed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modellint.smoke.artifacts import get
from modellint.smoke.boot import boot
from modellint.smoke.gguf_checks import judge
from modellint.smoke.isolation.outcome import FAIL
from modellint.smoke.model_runner import bring_up_installed, is_address
from modellint.smoke.runners.plan import plan, wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.compose.model.project import Model
    from modellint.smoke.artifacts import Held
    from modellint.smoke.runners.plan import ModelConfig
    from modellint.smoke.session import BootedModels, SmokeRun


def bring_up(run: SmokeRun, models: Sequence[Model]) -> BootedModels:
    """Get and boot the models. Raises `Failure` where the store cannot be used."""
    if is_address(run.asked.runner):
        return bring_up_installed(run, models)
    held = {each.model.name.text: each for each in get(run, models)}
    wishes = [wish(each.model, each.artifact.digest, run.project) for each in held.values()]
    planned = plan(wishes)
    run.say_problems(planned.problems)
    for each in wishes:
        _judge_head(run, held[each.entry], each)
    return boot(run, planned.setups, held)


def _judge_head(run: SmokeRun, held: Held, wished: ModelConfig) -> None:
    if held.head is not None and held.files is not None:
        note = judge(held.head, held.files, wished)
        if note is not None:
            run.say(held.model, "booted", *note)


def look_again(run: SmokeRun, ready: BootedModels) -> None:
    """Say of every runner that has ended since it was healthy that it has, and why."""
    for setup, running in ready.running:
        problem = running.ended()
        if problem is not None:
            for model in run.models_of(setup):
                run.say(model, "booted", "kept running", FAIL, str(problem))
