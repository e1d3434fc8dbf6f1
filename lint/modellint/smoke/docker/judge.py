"""Compare the variables of a container, and the calls of Compose, with the prediction: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from modellint.smoke.isolation.outcome import FAIL, PASS, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modellint.smoke.docker.plugin_protocol import Configured, ModelSettings
    from modellint.smoke.isolation.plan import ServicePlan

_MOST_NAMES = 20


class Container(NamedTuple):
    """A container of a service, as the engine describes it.

    `own` are the names that its image, its service and Docker itself set. `error` is why it could not be started;
    `is_held_back` says that it may be because what it wants to write to was read-only.
    """

    id: str
    status: str  # `running`, `exited`, …
    exit_code: int
    network: str  # what `docker run --network` takes to be in the same one
    variables: Mapping[str, str]
    own: frozenset[str]
    error: str = ""
    is_held_back: bool = False


def predicted(plan: ServicePlan, base: str) -> dict[str, str]:
    """The variables that the grants of a service inject; `base` is the endpoint without its `v1/`."""
    urls = {endpoint.variable: f"{base}{endpoint.path.removeprefix('/')}" for endpoint in plan.endpoints}
    return {**dict(plan.models), **urls}


def judge_variables(service: str, expected: Mapping[str, str], container: Container) -> Outcome:
    """The outcome of comparing them. Names only: a value may be somebody's secret."""
    given = container.variables
    wrong = [
        ("lacks", expected.keys() - given.keys()),
        (
            "has different values for",
            {name for name in expected.keys() & given.keys() if given[name] != expected[name]},
        ),
        ("also has", given.keys() - expected.keys() - container.own),
    ]
    said = [f"{words} {', '.join(sorted(names)[:_MOST_NAMES])}" for words, names in wrong if names]
    if said:
        return Outcome(service, "environment", "", FAIL, f"its container {'; it '.join(said)}")
    what = f"the {len(expected)} variables that its grants inject" if expected else "no injected variables"
    return Outcome(service, "environment", "", PASS, f"its container has {what}, and otherwise only its own variables")


def judge_calls(ready: Mapping[str, ModelSettings], configured: Sequence[Configured]) -> Iterator[tuple[str, str]]:
    """What Compose did otherwise than predicted: each reference, and what was wrong."""
    seen = {each.reference: each.settings for each in configured}
    for reference, settings in ready.items():
        if reference not in seen:
            yield reference, "Compose did not configure it"
        elif seen[reference] != settings:
            other = settings.unlike(seen[reference])
            yield reference, f"Compose configured it with {other} instead of the predicted {settings}"
    for reference in sorted(seen.keys() - ready.keys()):
        yield reference, "Compose configured it, which was not predicted"
