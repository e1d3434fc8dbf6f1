"""What is said of a container's variables, and of what Compose configured."""

from __future__ import annotations

import pytest

from modellint.smoke.docker.judge import Container, judge_calls, judge_variables, predicted
from modellint.smoke.docker.plugin_protocol import Configured, ModelSettings
from modellint.smoke.isolation.outcome import FAIL, PASS
from modellint.smoke.isolation.plan import ServiceEndpoint, ServicePlan

EXPECTED = {"LLM_URL": "http://x/", "LLM_MODEL": "ai/x"}
SECRET = "hunter2"


def container(variables: dict[str, str], *own: str) -> Container:
    return Container("id", "running", 0, "net", variables, frozenset(own))


def test_the_prediction() -> None:
    """An endpoint is the address of the run with the path of its kind; of one name, the endpoint wins."""
    endpoints = (ServiceEndpoint("LLM_URL", "/v1/", ()), ServiceEndpoint("OLD_URL", "/engines/v1/", ()))
    plan = ServicePlan("chat", (("LLM_MODEL", "ai/x"), ("OLD_URL", "ai/y")), endpoints, (), (), ())
    assert predicted(plan, "http://h:1/k/") == {
        "LLM_MODEL": "ai/x", "LLM_URL": "http://h:1/k/v1/", "OLD_URL": "http://h:1/k/engines/v1/",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("expected", "given", "own", "what"),
    [
        (EXPECTED, EXPECTED, (), "the 2 variables that its grants inject"),
        (EXPECTED, {**EXPECTED, "PATH": SECRET}, ("PATH",), "the 2 variables that its grants inject"),
        ({}, {"A": SECRET}, ("A",), "no injected variables"),
    ],
)
def test_all_is_well(expected: dict[str, str], given: dict[str, str], own: tuple[str, ...], what: str) -> None:
    outcome = judge_variables("chat", expected, container(given, *own))
    assert (outcome.status, outcome.reason) == (PASS, f"its container has {what}, and otherwise only its own variables")


@pytest.mark.parametrize(
    ("given", "own", "reason"),
    [
        ({"LLM_MODEL": "ai/x"}, (), "its container lacks LLM_URL"),
        ({}, ("LLM_URL",), "its container lacks LLM_MODEL, LLM_URL"),
        ({**EXPECTED, "LLM_URL": SECRET}, ("LLM_URL",), "its container has different values for LLM_URL"),
        ({**EXPECTED, "B": SECRET, "A": SECRET}, ("C",), "its container also has A, B"),
        (
            {"LLM_MODEL": SECRET, "A": SECRET}, (),
            "its container lacks LLM_URL; it has different values for LLM_MODEL; it also has A",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong(given: dict[str, str], own: tuple[str, ...], reason: str) -> None:
    """Names alone: a value may be somebody's secret."""
    outcome = judge_variables("chat", EXPECTED, container(given, *own))
    assert (outcome.service, outcome.check, outcome.status, outcome.reason) == ("chat", "environment", FAIL, reason)
    assert SECRET not in str(outcome)


def test_many_names() -> None:
    outcome = judge_variables("chat", {}, container({f"V{number:04}": "" for number in range(2000)}))
    assert outcome.reason.count("V") == 20


A, B = ModelSettings(2048, ("--temp", "0.1")), ModelSettings()


@pytest.mark.parametrize(
    ("configured", "wrong"),
    [
        ([("a", A), ("b", B)], []),
        ([("b", B), ("a", B), ("a", A)], []),  # the last one counts
        ([("a", A)], [("b", "Compose did not configure it")]),
        (
            [("a", B), ("b", B)],
            [
                (
                    "a",
                    "Compose configured it with no settings instead of the predicted --context-size 2048 -- --temp 0.1",
                )
            ],
        ),
        ([("a", A), ("b", B), ("c", B)], [("c", "Compose configured it, which was not predicted")]),
    ],
)
def test_what_compose_configured(configured: list[tuple[str, ModelSettings]], wrong: list[tuple[str, str]]) -> None:
    assert list(judge_calls({"a": A, "b": B}, [Configured(*each) for each in configured])) == wrong
