"""Check services in real containers: Compose starts them, and modellint is its Docker Model Runner."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modellint.registry.failure import Failure
from modellint.smoke.docker.containers import Containers, DockerFailed, NotAllowed, ProbeCall
from modellint.smoke.docker.endpoint import endpoint, open_place
from modellint.smoke.docker.engine import NoEngine
from modellint.smoke.docker.judge import judge_calls, judge_variables, predicted
from modellint.smoke.docker.placeholder_image import make_image, stand_in
from modellint.smoke.docker.plugin_protocol import PluginResponder
from modellint.smoke.docker.plugin_server import listening
from modellint.smoke.docker.private_project import with_dependencies
from modellint.smoke.docker.rights import HOST_FILES
from modellint.smoke.docker.who_runs import lacking, who_runs
from modellint.smoke.isolation import probe
from modellint.smoke.isolation.gateway import GatewayLimits
from modellint.smoke.isolation.judge import judge_asks
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, PASS, Outcome
from modellint.smoke.isolation.plan import ServicePlan, body_of
from modellint.text.json_values import as_array, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import ExitStack

    from modellint.smoke.docker.judge import Container
    from modellint.smoke.docker.plugin_protocol import ModelSettings
    from modellint.smoke.docker.subprocesses import Done
    from modellint.smoke.isolation.gateway import Route

_PROBE_SECONDS = 120.0
_MOST = 64  # containers of one run
_SHARE = 0.8  # of the time of a probe is that of its requests


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be checked. `ready` are the models by reference, with how Compose has to configure each."""

    words: tuple[str, ...]  # of `docker compose`, about the user's project
    plans: tuple[ServicePlan, ...]
    ready: Mapping[str, ModelSettings]
    routes: Mapping[str, Route]
    probe_only: bool
    left: Callable[[float], float]  # how many seconds a step may take
    step: Callable[[str], object]  # hears of every step
    allowed: frozenset[str] = frozenset()  # the rights of `--allow`
    foreign: tuple[str, ...] = ()  # files outside the repository that Compose would read, as they are written
    tell: Callable[[str], object] | None = None  # hears who runs with which rights, before anybody does


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it. `models` are the references that Compose configured otherwise than predicted, and how.

    `started` says whether Compose came to an end with starting the project.
    """

    outcomes: list[Outcome]
    models: list[tuple[str, str]]
    started: bool = False
    project: str = ""  # the name that Compose knows it by


def check_in_containers(order: Order, environ: Mapping[str, str], stack: ExitStack, notes: list[str]) -> Seen:
    """The outcomes for every service of the plans. What was made for it is up until `stack` ends, and then gone.

    `notes` get what a reader has to know besides, also what could not be removed at the end of `stack`.
    """
    try:
        return _check(order, environ, notes, stack)
    except NoEngine as problem:
        return Seen([Outcome(plan.service, "engine", "", NOT_PROVEN, str(problem)) for plan in order.plans], [])
    except NotAllowed as problem:
        return Seen([Outcome(plan.service, "container", "", NOT_PROVEN, str(problem)) for plan in order.plans], [])
    except OSError as problem:
        why = f"the directory for temporary files cannot be used: {problem.strerror or problem}"
        return Seen([Outcome(plan.service, "container", "", NOT_PROVEN, why) for plan in order.plans], [])
    except DockerFailed as problem:
        return Seen([_not_started(plan, str(problem)) for plan in order.plans], [])


def _check(order: Order, environ: Mapping[str, str], notes: list[str], stack: ExitStack) -> Seen:
    place = stack.enter_context(open_place(environ, order.left))
    notes.append(f"Docker Compose {place.engine.version}")
    prefix = f"/mlk_{secrets.token_hex(16)}"
    base = stack.enter_context(
        endpoint(place.engine, order.routes, prefix, GatewayLimits(runner_seconds=_PROBE_SECONDS))
    )
    desk = PluginResponder(base, order.ready)
    stack.enter_context(listening(place.socket, desk.answer))
    name = f"modellint-{secrets.token_hex(4)}"
    containers = Containers(place.engine, name, place.folder, order.words, order.left, allowed=order.allowed)
    image = containers.image = f"{name}-probe"
    if order.foreign and HOST_FILES not in order.allowed:
        raise NotAllowed(
            f"Docker Compose would read {order.foreign[0]}, which is outside the repository: that "
            f"requires `--allow {HOST_FILES}`"
        )
    order.step("read the project with docker compose")
    containers.read(alone=order.probe_only)
    names = [plan.service for plan in order.plans]
    needed = with_dependencies(containers.document, names)
    if len(needed) > _MOST:
        raise NotAllowed(
            f"it would start {len(needed)} containers, and the limit is {_MOST}; use `--service` to start fewer"
        )
    unmet = containers.unmet(needed)
    said = who_runs(containers.document, needed, unmet, containers.outside, order.allowed, alone=order.probe_only)
    notes.append(said)
    if order.tell is not None and not order.probe_only:
        order.tell(said)
    stack.push(_end_of(containers, notes))
    if problem := make_image(place.engine, image, order.left):
        raise DockerFailed(f"`docker import`: {problem}")
    own = [name for name in needed if name not in unmet]
    missing = {} if order.probe_only else _images(order, containers, image, own)
    replaced = needed if order.probe_only else [*missing, *unmet]
    containers.write(stand_in(image), replaced, alone=order.probe_only)
    order.step("docker compose up")
    up = containers.up(names)
    found = containers.inspect()
    order.step("probe the services from their networks")
    outcomes = [_not_its_own(service, missing[service]) for service in names if service in missing]
    outcomes += lacking(containers.document, names, unmet, alone=order.probe_only)
    outcomes += _look(order, containers, base, found, "" if up.status == 0 else _why(up, desk, containers))
    wrong = list(judge_calls(order.ready, desk.configured)) if up.status == 0 else []
    return Seen(outcomes, wrong, up.status == 0, name)


def _end_of(containers: Containers, notes: list[str]) -> Callable[[type[BaseException] | None, object, object], None]:
    """What takes all of it down. What cannot be is noted, or raised where no report follows that could say so."""

    def take_down(broken: type[BaseException] | None, *_: object) -> None:
        left = [f"could not be removed: {each}" for each in containers.take_down()]
        notes.extend(left)
        if left and broken is not None:
            raise Failure("left", "; ".join(left))

    return take_down


def _images(order: Order, containers: Containers, image: str, names: Sequence[str]) -> dict[str, str]:
    order.step("pull and build images")
    return containers.missing_images(stand_in(image), names)


def _look(order: Order, containers: Containers, base: str, found: Mapping[str, Container], why: str) -> list[Outcome]:
    """The outcomes of every service: of its variables, and of calls from its network."""
    outcomes: list[Outcome] = []
    todo: dict[str, ServicePlan] = {}
    for full in order.plans:
        plan = full._replace(asks=tuple(ask for ask in full.asks if ask.control is None and ask.check != "models"))
        outcomes += plan.problems
        if plan.service not in found:
            said = f": {why}" if why else ""
            outcomes.append(_not_started(plan, f"`docker compose up` created no container for it{said}"))
            continue
        outcomes.append(judge_variables(plan.service, predicted(plan, base), found[plan.service]))
        if plan.asks:
            todo[plan.service] = plan
    answers = _probe(order, containers, todo, found)
    now = containers.inspect()
    gone = {service: plan for service, plan in todo.items() if _has_gone(answers[service], found, now, service)}
    answers |= _probe(order, containers, gone, now)
    services = [plan.service for plan in order.plans if plan.service in found]
    outcomes += [_state(each, now.get(each, found[each]), why) for each in services]
    for service, plan in todo.items():
        outcomes += _judge(plan, answers[service])
    return outcomes


def _probe(
    order: Order, containers: Containers, plans: Mapping[str, ServicePlan], found: Mapping[str, Container]
) -> dict[str, Done]:
    """What the probes said, by service."""
    with open(probe.__file__, encoding="utf-8") as file:
        source = file.read()
    visits = [_visit(plan, found[service], order.left) for service, plan in plans.items()]
    return dict(zip(plans, containers.probe(source, visits, order.left(_PROBE_SECONDS)), strict=True))


def _has_gone(done: Done, before: Mapping[str, Container], now: Mapping[str, Container], service: str) -> bool:
    """Whether a probe failed because the container ended whose network it was to join."""
    return (
        done.status != 0 and before[service].status == "running" and service in now and now[service].status != "running"
    )


def _visit(plan: ServicePlan, container: Container, left: Callable[[float], float]) -> ProbeCall:
    """What is asked from a container's network. Of its variables the probe is told those that name endpoints."""
    urls = {each.variable: container.variables.get(each.variable, "") for each in plan.endpoints}
    asks = [
        {
            "variable": plan.endpoints[ask.endpoint].variable, "method": "POST" if ask.model else "GET",
            "path": ask.path, "body": body_of(ask), "token": None,
            "slow": ask.expected == 200,
        }
        for ask in plan.asks
    ]  # fmt: skip
    document: dict[str, object] = {
        "variables": urls, "own": [], "knocks": [], "knock_seconds": 1, "asks": asks,
        "ask_seconds": left(_PROBE_SECONDS) * _SHARE,
    }  # fmt: skip
    return ProbeCall(plan.service, container, json.dumps(document).encode())


def _judge(plan: ServicePlan, done: Done) -> list[Outcome]:
    try:
        document: object = json.loads(done.out)
    except ValueError:
        why = f"the probe in the container's network failed: {done.words}"
        return [Outcome(plan.service, ask.check, ask.subject, NOT_PROVEN, why) for ask in plan.asks]
    return list(judge_asks(plan, as_array(as_object(document).get("asks"))))


def _state(service: str, container: Container, why: str) -> Outcome:
    """How a container fares; `why` is what `docker compose up` complained of, if it did."""
    if container.status == "running":
        return Outcome(service, "container", "", PASS, "Compose started it, and it is running")
    if container.exit_code == 0 and container.status == "exited":
        return Outcome(service, "container", "", PASS, "Compose started it, and it exited with status 0")
    if container.error and not container.is_held_back:
        return Outcome(service, "container", "", FAIL, f"Docker could not start it: {container.error}")
    said = [f"it is {container.status} with exit status {container.exit_code}"]
    if container.status == "created" and (container.error or why):
        said.append(container.error or why)
    said.append("the probe ran in its network without the container")
    if container.is_held_back:
        said.append(
            "what it mounts from the disk of this machine, or from an external volume, was read-only in this run"
        )
    return Outcome(service, "container", "", NOT_PROVEN, "; ".join(said))


def _not_its_own(service: str, why: str) -> Outcome:
    said = f"its image is not available, so one of modellint's own containers replaced it: {why}"
    return Outcome(service, "image", "", NOT_PROVEN, said)


def _not_started(plan: ServicePlan, why: str) -> Outcome:
    return Outcome(plan.service, "container", "", FAIL, why)


def _why(up: Done, desk: PluginResponder, containers: Containers) -> str:
    """Why Compose did not start something: in our own words where we refused it."""
    return desk.refusals[0] if desk.refusals else up.told(containers.hide)
