"""unreadable-variable, colliding-variables, overwritten-variable, interpolated-variable: what the pages leave out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import ERROR, WARNING, Finding

Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
MODELS = "models:\n  llm:\n    model: ai/x\n  big:\n    model: ai/y\n"


def app(text: str) -> str:
    return f"services:\n  app:\n    image: app\n{text}{MODELS}"


@pytest.mark.parametrize(("name", "bad"), [("_A1", 0), ("A B=C", 1), ("1A", 1), ("modèle", 1), ("''", 0)])
def test_names_that_a_shell_reads(name: str, bad: int, find: Find) -> None:
    assert len(find("unreadable-variable", app(f"    models: {{llm: {{model_var: {name}}}}}\n"))) == bad


def test_a_provider_service_on_which_nothing_depends_injects_nothing(find: Find) -> None:
    text = "services:\n  my-llm: {provider: {type: model, options: {model: x}}}\n"
    assert not find("unreadable-variable", text)
    users = (
        "  a: {image: a, depends_on: [my-llm]}\n  b: {image: b, depends_on: {my-llm: {condition: service_started}}}\n"
    )
    (finding,) = find("unreadable-variable", text + users)
    assert finding.span.text == "my-llm"
    assert len(finding.related) == 2


@pytest.mark.parametrize(
    ("grants", "count"),
    [
        ("{llm: {endpoint_var: U}, big: {endpoint_var: U}}", 0),
        ("{llm: {model_var: M}, big: {model_var: M}}", 1),
        ("{llm: {model_var: X}, big: {endpoint_var: X}}", 1),
        ("{llm: {endpoint_var: X}, big: {model_var: X}}", 1),
        ("{llm: {model_var: BIG_MODEL}, big: }", 1),
        ("{llm: {model_var: X, endpoint_var: X}}", 1),
    ],
)
def test_collisions(grants: str, count: int, find: Find) -> None:
    assert len(find("colliding-variables", app(f"    models: {grants}\n"))) == count


def test_one_name_for_one_artifact_is_no_collision(find: Find) -> None:
    text = app("    models: {llm: {model_var: M}, big: {model_var: M}}\n").replace("ai/y", "ai/x")
    assert not find("colliding-variables", text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    environment: {LLM_URL: x, A: 1}\n", "    environment: {A: 1}\n"),
        ("    environment: {A: 1, LLM_URL: x}\n", "    environment: {A: 1}\n"),
        ("    environment:\n      LLM_URL:\n      A: 1\n", "    environment:\n      A: 1\n"),
        ("    environment:\n    - LLM_URL=x # no\n    - A\n", "    environment:\n    - A\n"),
        ("    environment:\n      LLM_URL: >\n        x\n        y\n      A: 1\n", "    environment:\n      A: 1\n"),
        ("    environment: {LLM_URL: x, LLM_MODEL: y}\n", ""),
    ],
)
def test_what_is_overwritten_goes(before: str, after: str, repair: Repair) -> None:
    grant = "    models: [llm]\n"
    assert repair("overwritten-variable", app(before + grant)) == app(after + grant)


@pytest.mark.parametrize(
    "environment",
    ["    environment: &e {LLM_URL: x, A: 1}\n", "    environment: {LLM_URL: &v x, A: *v}\n", "    <<: *base\n"],
)
def test_what_is_shared_is_left_alone(environment: str, find: Find) -> None:
    base = "x-base: &base\n  environment: {LLM_URL: x, A: 1}\n"
    (finding,) = find("overwritten-variable", base + app(f"{environment}    models: [llm]\n"))
    assert finding.fix is None
    assert finding.hint


def test_a_provider_overwrites_too(find: Find) -> None:
    text = "services:\n  a: {image: a, depends_on: [llm], environment: [LLM_URL=s3cret]}\n"
    (finding,) = find("overwritten-variable", text + "  llm: {provider: {type: model, options: {model: x}}}\n")
    assert "provider service `llm`" in finding.message
    assert "s3cret" not in finding.message


@pytest.mark.parametrize(
    ("command", "severity"),
    [
        ("${LLM_URL}", ERROR),
        ("$LLM_URL", ERROR),
        ("${LLM_URL:?set it}", ERROR),
        ("${LLM_URL:+x}", ERROR),
        ("${LLM_URL:-}", ERROR),
        ("${LLM_URL:-x}", WARNING),
        ("${A:-${LLM_MODEL}}", ERROR),
    ],
)
def test_uses_in_the_file(command: str, severity: str, find: Find) -> None:
    text = app(f"    command: {command}\n    models: [llm]\n")
    (finding,) = find("interpolated-variable", text)
    assert finding.severity == severity
    assert not find("interpolated-variable", text, {"LLM_URL": "x", "LLM_MODEL": "y"})


@pytest.mark.parametrize(
    "text",
    [
        "    command: $$LLM_URL\n    models: [llm]\n",
        "    environment: ['LLM_URL=${LLM_URL}']\n    models: [llm]\n",
        "    environment: {LLM_URL: '${LLM_URL:-}'}\n    models: [llm]\n",
        "    command: ${LLM_URL}\n",
        "    labels: {'${LLM_URL}': x}\n    models: [llm]\n",
    ],
)
def test_no_use_in_the_file(text: str, find: Find) -> None:
    assert not find("interpolated-variable", app(text))
