"""Test the plans of services, each in its own namespace with its own gateways."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from typing import TYPE_CHECKING

from modellint.smoke.isolation.capability import explain, find_capability, read_settings
from modellint.smoke.isolation.gateway import Gateway, GatewayLimits
from modellint.smoke.isolation.judge import OutsideView, judge, not_proven
from modellint.smoke.isolation.namespace import MOST_LISTENERS, RefusedError, network_of, open_namespace
from modellint.smoke.isolation.plan import body_of, environment
from modellint.system.programs import bare_environment, isolated
from modellint.text.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from modellint.smoke.isolation.capability import Capability
    from modellint.smoke.isolation.namespace import Namespace
    from modellint.smoke.isolation.outcome import Outcome
    from modellint.smoke.isolation.plan import Ask, ForbiddenAddress, ServicePlan

_PROBE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe.py")
_KNOCK_SECONDS = 2.0
_SHARE = 0.8  # of the time of a probe is for its requests: it has to come to its end, or all that it saw is lost


def check_services(
    plans: Iterable[ServicePlan], capability: Capability | None = None, seconds: float = 120.0
) -> list[Outcome]:
    """The outcomes for all services, one after the other. `seconds` is for each of them."""
    capability = capability or find_capability()
    return [outcome for plan in plans for outcome in check_service(plan, capability, seconds)]


def check_service(
    plan: ServicePlan, capability: Capability, seconds: float = 120.0, probe: str = _PROBE
) -> list[Outcome]:
    """The outcomes for a service. The thread that calls this waits for the service's process, and kills it."""
    if not capability.ok:
        return not_proven(plan, capability.reason)
    if len(plan.endpoints) > MOST_LISTENERS:
        return not_proven(plan, f"it has more than {MOST_LISTENERS} endpoints")
    try:
        with open_namespace(len(plan.endpoints), {place.port for place in plan.forbidden}) as namespace:
            return _check_in(namespace, plan, seconds, [*isolated(), probe])
    except RefusedError as error:
        return not_proven(plan, explain(error.step, error.number, read_settings()))


def _check_in(namespace: Namespace, plan: ServicePlan, seconds: float, words: Sequence[str]) -> list[Outcome]:
    tokens = [f"mlk_{secrets.token_hex(16)}" for _ in plan.endpoints]
    variables = environment(plan, namespace.ports)
    with contextlib.ExitStack() as stack:
        for endpoint, listener, token in zip(plan.endpoints, namespace.listeners, tokens, strict=True):
            models = {model.reference: (model.upstream.host, model.upstream.port) for model in endpoint.models}
            gateway = Gateway(listener, models, token=token, limits=GatewayLimits(runner_seconds=seconds))
            stack.callback(gateway.close)
            gateway.start()
        before = [_is_reachable(place) for place in plan.forbidden]
        finished = namespace.run(words, _for_probe(plan, variables, tokens, seconds), seconds)
        after = [_is_reachable(place) for place in plan.forbidden]
    if finished.problem:
        return not_proven(plan, f"the probe failed: {finished.problem}")
    reached = tuple(first and last for first, last in zip(before, after, strict=True))
    return judge(plan, _read(finished.output), OutsideView(network_of(), tuple(namespace.ports), reached))


def _for_probe(plan: ServicePlan, variables: dict[str, str], tokens: Sequence[str], seconds: float) -> bytes:
    def ask(each: Ask) -> dict[str, object]:
        token = {"right": tokens[each.endpoint], "wrong": f"mlk_{secrets.token_hex(16)}", "none": None}[each.token]
        body = body_of(each)
        return {
            "variable": plan.endpoints[each.endpoint].variable, "method": "GET" if body is None else "POST",
            "path": each.path, "body": body, "token": token, "slow": each.expected == 200,
        }  # fmt: skip

    document = {
        "variables": variables, "own": sorted(bare_environment()),
        "knock_seconds": _KNOCK_SECONDS, "ask_seconds": seconds * _SHARE,
        "knocks": [{"host": place.host, "port": place.port} for place in plan.forbidden],
        "asks": [ask(each) for each in plan.asks],
    }  # fmt: skip
    return json.dumps(document).encode()


def _is_reachable(place: ForbiddenAddress) -> bool:
    """The control of a negative probe: the same connection, from here."""
    try:
        with socket.create_connection((place.host, place.port), timeout=_KNOCK_SECONDS) as connection:
            return bool(connection.getsockname() != connection.getpeername())
    except (OSError, OverflowError):
        return False


def _read(output: bytes) -> dict[str, object]:
    try:
        document: object = json.loads(output)
    except (ValueError, RecursionError):
        return {}
    return as_object(document)
