"""From what a probe saw to outcomes. What it did not say, or said in another way than it should, proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, PASS, Outcome
from modellint.text.json_values import as_array, as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modellint.smoke.isolation.outcome import Status
    from modellint.smoke.isolation.plan import Ask, ForbiddenAddress, ServicePlan

# What a connection ends with where there is nothing to connect to. A silence is none of them: it could be a filter.
_NOTHING_THERE = ("refused", "itself", "Network is unreachable", "No route to host")


class OutsideView(NamedTuple):
    """What was seen outside, around the time of the probe: its namespace, and whether each place could be reached."""

    network: int
    ports: tuple[int, ...]  # where the endpoints listen, inside
    reached: tuple[bool, ...]  # for each forbidden place


def judge(plan: ServicePlan, observations: Mapping[str, object], outside: OutsideView) -> list[Outcome]:
    """The outcome of every check of a plan."""
    asks = as_array(observations.get("asks"))
    knocks = as_array(observations.get("knocks"))
    return [
        *plan.problems,
        _environment(plan, observations),
        _namespace(plan, as_object(observations.get("namespace")), outside),
        *judge_asks(plan, asks),
        *(
            _knock(plan.service, place, as_object(knocks[number] if number < len(knocks) else None), reached)
            for number, (place, reached) in enumerate(zip(plan.forbidden, outside.reached, strict=True))
        ),
    ]


def not_proven(plan: ServicePlan, reason: str) -> list[Outcome]:
    """Every check of a plan, for none of which anything was seen."""
    checks = [
        ("environment", ""), ("namespace", ""), *((ask.check, _subject(plan, ask)) for ask in plan.asks),
        *((place.what, _address(place)) for place in plan.forbidden),
    ]  # fmt: skip
    unknown = [Outcome(plan.service, check, subject, NOT_PROVEN, reason) for check, subject in checks]
    return [*plan.problems, *unknown]


def _environment(plan: ServicePlan, observations: Mapping[str, object]) -> Outcome:
    """Whether the probe worked with the variables that are predicted, and with nothing that it had from elsewhere."""

    def outcome(status: Status, reason: str) -> Outcome:
        return Outcome(plan.service, "environment", "", status, reason)

    if not all(isinstance(observations.get(key), list) for key in ("environment", "variables")):
        return outcome(NOT_PROVEN, "the probe did not report which variables it was given")
    own, seen = ({str(name) for name in as_array(observations.get(key))} for key in ("environment", "variables"))
    expected = {name for name, _ in plan.models} | {endpoint.variable for endpoint in plan.endpoints}
    parts = (("its process has", own), ("it was given", seen - expected), ("it lacks", expected - seen))
    wrong = [f"{word} {', '.join(listed)}" for word, found in parts if (listed := sorted(found))]
    if wrong:
        return outcome(FAIL, f"the probe did not work with the predicted variables: {'; '.join(wrong)}")
    if not expected:
        return outcome(PASS, "no variable is predicted: it has no grant that injects one")
    return outcome(PASS, f"predicted, not injected: exactly the {len(expected)} variables of its grants")


def _namespace(plan: ServicePlan, seen: Mapping[str, object], outside: OutsideView) -> Outcome:
    def outcome(status: Status, reason: str) -> Outcome:
        return Outcome(plan.service, "namespace", "", status, reason)

    number = seen.get("number")
    if not isinstance(number, int) or not outside.network or not seen.get("sees_own"):
        return outcome(NOT_PROVEN, "the probe could not inspect its network namespace")
    if number == outside.network:
        return outcome(FAIL, "it is not in its own network namespace")
    if seen.get("interfaces") != ["lo"]:
        return outcome(FAIL, "it has network interfaces other than loopback")
    if seen.get("listening") != sorted(outside.ports):
        return outcome(FAIL, "its listening ports are not exactly those of its grants")
    return outcome(PASS, f"its own, with {len(outside.ports)} listening ports")


def judge_asks(plan: ServicePlan, seen: Sequence[object]) -> Iterator[Outcome]:
    """The outcome of every request of a plan, in their order."""
    found: list[tuple[Status, str]] = []
    for number, ask in enumerate(plan.asks):
        observation = as_object(seen[number] if number < len(seen) else None)
        status, reason = _ask(ask, observation)
        if status == PASS and ask.control is not None:
            control = plan.asks[ask.control]
            if found[ask.control][0] == PASS:
                reason = f"{reason}, although `{control.check}` passed at the same endpoint"
            else:
                status, reason = NOT_PROVEN, f"{reason}, but this proves nothing: `{control.check}` did not pass"
        found.append((status, reason))
        yield Outcome(plan.service, ask.check, _subject(plan, ask), status, reason)


def _ask(ask: Ask, seen: Mapping[str, object]) -> tuple[Status, str]:
    status, error = seen.get("status"), seen.get("error")
    if not isinstance(status, int):
        if not isinstance(error, str):
            return NOT_PROVEN, "the probe did not report a result"
        return (FAIL if ask.expected == 200 else NOT_PROVEN), f"no response: {error}"
    if status != ask.expected:
        return FAIL, f"returned {status} instead of {ask.expected}"
    if ask.expected != 200:
        return PASS, f"returned {status}"
    return _content(ask, seen)


def _content(ask: Ask, seen: Mapping[str, object]) -> tuple[Status, str]:
    """Whether an answer says what it should."""
    if ask.check == "embeddings":
        numbers = seen.get("numbers")
        good = isinstance(numbers, int) and numbers > 0
        return (PASS, f"embedding with {numbers} numbers") if good else (FAIL, "the response has no embedding")
    if ask.check == "models":
        listed = ", ".join(map(str, as_array(seen.get("ids"))))
        return (
            (PASS, "lists exactly the granted models")
            if listed == ask.answer
            else (FAIL, "does not list exactly the granted models")
        )
    if ask.check == "model":
        return (PASS, "is listed") if seen.get("id") == ask.answer else (FAIL, "is listed as something else")
    text = seen.get("text")
    if not isinstance(text, str):
        return FAIL, "the response has no text"
    if not ask.answer:
        return PASS, "responded with text" if text else "responded with empty text"
    if text.strip() == ask.answer.strip():
        return PASS, "responded as this model"
    return FAIL, "another model responded"


def _knock(service: str, place: ForbiddenAddress, seen: Mapping[str, object], reached: bool) -> Outcome:
    def outcome(status: Status, reason: str) -> Outcome:
        return Outcome(service, place.what, _address(place), status, reason)

    connected, error = seen.get("connected"), seen.get("error")
    if connected is True:
        return outcome(FAIL, "it is reachable")
    if connected is not False or not isinstance(error, str):
        return outcome(NOT_PROVEN, "the probe did not report a result")
    if error not in _NOTHING_THERE:
        return outcome(NOT_PROVEN, f"the connection failed, but not because nothing listens there: {error}")
    if not reached:
        return outcome(NOT_PROVEN, "it is not reachable from outside either")
    return outcome(PASS, "it is not reachable from the service, but is reachable from outside")


def _subject(plan: ServicePlan, ask: Ask) -> str:
    variable = plan.endpoints[ask.endpoint].variable
    return variable if ask.subject == variable else f"{ask.subject} at {variable}"


def _address(place: ForbiddenAddress) -> str:
    return f"{place.host}:{place.port}"
