"""What a service is to find, from the project alone."""

from __future__ import annotations

import pytest

from modellint.smoke.isolation.capability import explain
from modellint.smoke.isolation.judge import OutsideView, judge, not_proven
from modellint.smoke.isolation.plan import Upstream, body_of, environment
from support.isolation.parts import plans

LLM = Upstream("127.0.0.1", 1001, answer="canary")
EMBEDDER = Upstream("127.0.0.1", 1002, embeddings=True)
RUNNERS = {"llm": LLM, "embed-der": EMBEDDER}


def compose(models: str, service: str) -> str:
    return f"services:\n  app:\n    image: app\n{service}\nmodels:\n{models}\n"


TWO = "  llm: {model: ai/a}\n  embed-der: {model: ai/b}"
ENVIRONMENTS: dict[str, tuple[str, dict[str, str]]] = {
    "short": ("    models: [llm]", {"LLM_MODEL": "ai/a", "LLM_URL": "http://127.0.0.1:7001/v1/"}),
    "dashes": ("    models: [embed-der]", {"EMBED_DER_MODEL": "ai/b", "EMBED_DER_URL": "http://127.0.0.1:7001/v1/"}),
    "named": (
        "    models: {llm: {endpoint_var: U, model_var: M}, embed-der: {endpoint_var: V}}",
        {"U": "http://127.0.0.1:7001/v1/", "M": "ai/a", "V": "http://127.0.0.1:7002/v1/", "EMBED_DER_MODEL": "ai/b"},
    ),
    "one endpoint for two": (
        "    models: {llm: {endpoint_var: U}, embed-der: {endpoint_var: U}}",
        {"U": "http://127.0.0.1:7001/v1/", "LLM_MODEL": "ai/a", "EMBED_DER_MODEL": "ai/b"},
    ),
    "none": ("", {}),
    "its own variables are not the grants'": ("    environment: {A: b}\n    env_file: [x.env]", {}),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environment(name: str) -> None:
    service, expected = ENVIRONMENTS[name]
    plan = plans(RUNNERS, compose=compose(TWO, service))["app"]
    assert environment(plan, range(7001, 7001 + len(plan.endpoints))) == expected
    assert not plan.problems


PROBLEMS = {
    "undeclared": (TWO, "    models: [nope]", "fail", "the project declares no model with this name"),
    "no reference": ("  llm: {model: ''}", "    models: [llm]", "fail", "the model has no valid reference"),
    "an invalid one": ("  llm: {model: 'ai//x'}", "    models: [llm]", "fail", "the model has no valid reference"),
    "no runner": ("  other: {model: ai/x}", "    models: [other]", "not proven", "no runner is running for this model"),
    "no name": (
        TWO, "    models: {llm: {endpoint_var: 'A=B'}}", "fail",
        "a process cannot have a variable with this name or value",
    ),
    "a name with NUL": (
        TWO, '    models: {llm: {model_var: "A\\0B"}}', "fail",
        "a process cannot have a variable with this name or value",
    ),
    "a name that is too long": (
        TWO, f"    models: {{llm: {{model_var: {'A' * 131072}}}}}", "fail",
        "a process cannot have a variable with this name or value",
    ),
    "two models in one": (
        TWO, "    models: {llm: {model_var: M}, embed-der: {model_var: M}}", "fail",
        "two different values are injected into this variable",
    ),
    "model and endpoint in one": (
        TWO, "    models: {llm: {model_var: M, endpoint_var: M}}", "fail",
        "two different values are injected into this variable",
    ),
    "one reference, two runners": (
        "  llm: {model: ai/a}\n  embed-der: {model: 'docker.io/ai/a:latest'}",
        "    models: {llm: {endpoint_var: U}, embed-der: {endpoint_var: U}}", "not proven",
        "`docker.io/ai/a:latest` has 2 runners, and a request cannot choose between them",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems(name: str) -> None:
    models, service, status, reason = PROBLEMS[name]
    plan = plans(RUNNERS, compose=compose(models, service))["app"]
    assert [(each.status, each.reason) for each in plan.problems] == [(status, reason)]
    environment(plan, [7000 + number for number in range(len(plan.endpoints))])
    for outcomes in (not_proven(plan, "no"), judge(plan, {}, OutsideView(1, (), (True, True)))):
        assert {each.status for each in outcomes} <= {"fail", "not proven"}


def test_a_provider_has_no_container_and_its_variables_keep_the_dash() -> None:
    text = """\
services:
  app: {image: app, depends_on: [my-llm]}
  my-llm: {provider: {type: model, options: {model: ai/a}}}
"""
    found = plans({"my-llm": LLM}, compose=text)
    assert list(found) == ["app"]
    expected = {"MY-LLM_URL": "http://127.0.0.1:7001/engines/v1/", "MY-LLM_MODEL": "ai/a"}
    assert environment(found["app"], [7001]) == expected
    found = plans({"my-llm": LLM}, compose=text.replace("model: ai/a", "model: [ai/a, ai/b]"))
    assert environment(found["app"], [7001])["MY-LLM_MODEL"] == "ai/a,ai/b"
    assert [each.status for each in found["app"].problems] == ["not proven"]


def test_every_refusal_has_a_control() -> None:
    for plan in plans(RUNNERS).values():
        for ask in plan.asks:
            assert (ask.control is None) == (ask.expected == 200)
            if ask.control is not None:
                control = plan.asks[ask.control]
                assert (control.endpoint, control.path, control.expected) == (ask.endpoint, ask.path, 200)
                same = body_of(ask) == body_of(control)
                assert same == (ask.check != "other model")


def test_a_model_of_the_same_artifact_is_no_other_model() -> None:
    plan = plans(RUNNERS, compose=compose(TWO + "\n  c: {model: 'docker.io/ai/a:latest'}", "    models: [llm]"))["app"]
    assert [ask.model for ask in plan.asks if ask.check == "other model"] == ["ai/b", "modellint/not-granted"]


def test_a_reference_in_a_path_is_quoted() -> None:
    plan = plans(RUNNERS, compose=compose("  llm: {model: ' hf.co/a/b:Q4'}", "    models: [llm]"))["app"]
    assert "models/%20hf.co/a/b:Q4" in [ask.path for ask in plan.asks]


GOOD_KNOCK = {"connected": False, "error": "refused"}
KNOCKS: list[tuple[object, bool, str]] = [
    (GOOD_KNOCK, True, "pass"), (GOOD_KNOCK, False, "not proven"), ({"connected": True, "error": ""}, True, "fail"),
    ({"connected": False, "error": "timeout"}, True, "not proven"), ({}, True, "not proven"),
    (None, True, "not proven"),
    ({"connected": False, "error": "itself"}, True, "pass"), ({"connected": True, "error": ""}, False, "fail"),
    ({"connected": False, "error": "Network is unreachable"}, True, "pass"), ({"connected": 0}, True, "not proven"),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "reached", "status"), KNOCKS)
def test_a_port(seen: object, reached: bool, status: str) -> None:
    plan = plans({"llm": LLM}, compose=compose(TWO, ""))["app"]
    outcomes = judge(plan, {"knocks": [seen]}, OutsideView(1, (), (reached,)))
    assert [each.status for each in outcomes if each.check == "runner port"] == [status]


GOOD_SPACE = {"number": 2, "interfaces": ["lo"], "listening": [7001], "sees_own": True}
SPACES = [
    (GOOD_SPACE, "pass"), ({**GOOD_SPACE, "number": 1}, "fail"), ({**GOOD_SPACE, "interfaces": ["lo", "eth0"]}, "fail"),
    ({**GOOD_SPACE, "listening": [7001, 22]}, "fail"), ({**GOOD_SPACE, "listening": []}, "fail"),
    ({**GOOD_SPACE, "sees_own": False}, "not proven"), ({"error": "OSError"}, "not proven"),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "status"), SPACES)
def test_a_namespace(seen: object, status: str) -> None:
    plan = plans({"llm": LLM}, compose=compose(TWO, "    models: [llm]"))["app"]
    outcomes = judge(plan, {"namespace": seen}, OutsideView(1, (7001,), (True,)))
    assert [each.status for each in outcomes if each.check == "namespace"] == [status]


EXPLAINED: list[tuple[str, int, dict[str, str], str]] = [
    ("namespace", 1, {"clone": "0"},
     "the kernel does not allow a network namespace: unprivileged users cannot create them "
     "(sysctl kernel.unprivileged_userns_clone is 0)"),
    ("loopback", 1, {"apparmor": "1"},
     "cannot enable the loopback interface in the new network namespace: AppArmor restricts them "
     "(sysctl kernel.apparmor_restrict_unprivileged_userns is 1)"),
    ("namespace", 13, {"apparmor": "1"},
     "the kernel does not allow a network namespace: AppArmor restricts them (sysctl "
     "kernel.apparmor_restrict_unprivileged_userns is 1)"),
    ("namespace", 1, {},
     "the kernel does not allow a network namespace: Operation not permitted (in a container, the "
     "cause can be the seccomp profile or a missing CAP_SYS_ADMIN)"),
    ("namespace", 28, {"users": "0"},
     "the kernel does not allow a network namespace: sysctl user.max_user_namespaces is 0"),
    ("namespace", 28, {"users": "9", "networks": "0"},
     "the kernel does not allow a network namespace: sysctl user.max_net_namespaces is 0"),
    ("namespace", 28, {},
     "the kernel does not allow a network namespace: the limit of network namespaces is reached "
     "(sysctl user.max_net_namespaces)"),
    ("namespace", 22, {}, "the kernel does not allow a network namespace: this kernel does not support them"),
    ("start", 0, {},
     "cannot start a process to test for network namespaces: the test process did not respond as "
     "expected"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "number", "settings", "words"), EXPLAINED)
def test_a_refusal_in_words(step: str, number: int, settings: dict[str, str], words: str) -> None:
    assert explain(step, number, settings) == words
