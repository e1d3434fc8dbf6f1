"""What would be started for a project, without starting it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modellint.compose.loading.load import load
from modellint.compose.model.project import Project
from modellint.smoke.runners.plan import (
    COMPLETION,
    CONFLICT,
    EMBEDDING,
    REFUSED,
    Files,
    ModelConfig,
    RunnerConfig,
    arguments,
    plan,
    wanted,
    wish,
)
from modellint.text.source import Source

VECTORS = Path(__file__).parents[3] / "shared/vectors/runtime_flags.json"
FIXTURE = Path(__file__).parents[2] / "fixtures/smoke/compose.yaml"


def project(models: str, shell: dict[str, str] | None = None) -> Project:
    text = f"services:\n  app:\n    image: app\n    models: [llm]\nmodels:\n{models}"
    return load(Source("compose.yaml", text), shell or {})


def one(body: str, shell: dict[str, str] | None = None) -> ModelConfig:
    loaded = project(f"  llm: {{model: ai/x, {body}}}\n", shell)
    return wish(loaded.models["llm"], "d", loaded)


def of_flags(*flags: str) -> ModelConfig:
    return one(f"runtime_flags: {json.dumps(flags)}")


@pytest.mark.parametrize(
    ("body", "context"),
    [
        ("", 0),
        ("context_size: 4096", 4096),
        ("context_size: 0", 0),
        ("context_size: -1", 0),
        ("context_size: 0x1000", 4096),
    ],
)
def test_the_context_is_the_one_that_compose_hands_over(body: str, context: int) -> None:
    assert one(body).context == context


def test_a_context_that_no_plugin_takes() -> None:
    assert "2147483647" in one("context_size: 2147483648").refusals[0]


@pytest.mark.parametrize(
    ("flags", "mode"),
    [
        ((), COMPLETION),
        (("--embeddings",), EMBEDDING),
        (("--threads", "1", "--embeddings", "--pooling", "mean"), EMBEDDING),
        (("--embedding",), COMPLETION),
        (("--embeddings=1",), COMPLETION),
        (("--reranking",), COMPLETION),
    ],
)
def test_only_one_word_makes_the_mode(flags: tuple[str, ...], mode: str) -> None:
    assert of_flags(*flags).mode == mode


def test_refused_flags_are_said_in_the_words_of_the_rule_and_nothing_is_started() -> None:
    refused = of_flags("--temp 0.1", "--lora", "/x")
    assert [text.partition(":")[0] for text in refused.refusals] == [
        "`--temp 0.1` puts several arguments in one list item",
        "`--lora` names a file, which is not allowed in runtime flags",
        "`/x` contains a slash or backslash, which is not allowed in runtime flags",
    ]
    planned = plan([refused])
    assert not planned.setups
    assert [(each.entry, each.kind) for each in planned.problems] == [("llm", REFUSED)] * 3


def provided(flags: str, shell: dict[str, str] | None = None) -> ModelConfig:
    """What a service with a provider asks for, whose flags are one text."""
    options = json.dumps({"model": "ai/x", "runtime-flags": flags})
    provider = f"llm: {{provider: {{type: model, options: {options}}}}}"
    text = f"services:\n  app: {{image: app, depends_on: [llm]}}\n  {provider}\n"
    loaded = load(Source("compose.yaml", text), shell or {})
    return wish(loaded.legacy[0], "d", loaded)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("--temp 0.1", ("--temp", "0.1")),
        ("--grammar 'root ::= \"a b\"' --jinja", ("--grammar", 'root ::= "a b"', "--jinja")),
        ("--embeddings", ("--embeddings",)),
        ("", ()),
    ],
)
def test_a_provider_s_flags_are_taken_apart_as_a_shell_does(text: str, flags: tuple[str, ...]) -> None:
    asked = provided(text)
    assert (asked.flags, asked.refusals) == (flags, ())
    assert asked.mode == (EMBEDDING if "--embeddings" in flags else COMPLETION)


def test_what_is_refused_of_a_provider_s_flags() -> None:
    assert provided("--host 0.0.0.0").refusals == (
        'Docker Model Runner: runtime flag "--host" is not allowed for backend "llama.cpp"',
    )
    assert provided("--temp '0.1").refusals == ("`runtime-flags` cannot be split into words: no closing quotation",)
    hidden = provided("--api-key s3cr3t-of-mine --grammar ${WHERE}", {"WHERE": "/home/of/somebody"})
    assert hidden.hidden == (
        ("s3cr3t-of-mine", "***"),
        ("--api-key", "***"),
        ("s3cr3t-of-mine", "***"),
        ("--grammar", "***"),
        ("/home/of/somebody", "***"),
    )
    assert not any("somebody" in each or "s3cr3t" in each for each in hidden.refusals)
    assert hidden.refusals


@pytest.mark.skipif(not VECTORS.exists(), reason=f"{VECTORS} is not here")
def test_what_the_real_validator_refuses_is_not_started() -> None:
    cases = [case for case in json.loads(VECTORS.read_text(encoding="utf-8")) if case["backend"] == "llama.cpp"]
    assert len(cases) > 40
    wrong = [case for case in cases if bool(of_flags(*case["flags"]).refusals) != bool(case["error"])]
    assert wrong == []


def test_entries_of_one_artifact_share_a_runner() -> None:
    planned = plan([
        ModelConfig("a", "d", 4096, ("--temp", "0.1", "--mlock")),
        ModelConfig("b", "d", 4096, ("--mlock", "--temp", "0.1")),
        ModelConfig("c", "d", 0, ("--embeddings",)), ModelConfig("e", "other", 8),
    ])  # fmt: skip
    assert [(each.digest, each.mode, each.entries) for each in planned.setups] == [
        ("d", COMPLETION, ("a", "b")), ("d", EMBEDDING, ("c",)), ("other", COMPLETION, ("e",)),
    ]  # fmt: skip
    assert planned.problems == ()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (ModelConfig("b", "d", 2048), "`b` and `a` use the same artifact with different `context_size`: "),
        (ModelConfig("b", "d", 0), "`b` and `a` use the same artifact with different `context_size`: "),
        (
            ModelConfig("b", "d", 4096, ("--mlock",)),
            "`b` and `a` use the same artifact with different `runtime_flags`: ",
        ),
        (
            ModelConfig("b", "d", 1, ("-t", "2")),
            "`b` and `a` use the same artifact with different `context_size` and `runtime_flags`: ",
        ),
    ],
)
def test_entries_of_one_artifact_that_differ_are_a_conflict(other: ModelConfig, words: str) -> None:
    planned = plan([ModelConfig("a", "d", 4096), other])
    assert not planned.setups
    assert [each.kind for each in planned.problems] == [CONFLICT]
    assert planned.problems[0].message.startswith(words)


def test_the_last_of_two_values_counts_so_their_order_does() -> None:
    assert plan(
        [ModelConfig("a", "d", 0, ("-t", "1", "-t", "2")), ModelConfig("b", "d", 0, ("-t", "2", "-t", "1"))]
    ).problems


def setup(mode: str = COMPLETION, context: int = 0, *flags: str) -> RunnerConfig:
    return RunnerConfig("d", mode, context, flags, ("llm",))


@pytest.mark.parametrize(
    ("given", "files", "words"),
    [
        (setup(), Files("/m"), "--jinja"),
        (setup(COMPLETION, 2048, "--temp", "0"), Files("/m"), "--ctx-size 2048 --temp 0 --jinja"),
        (setup(), Files("/m", packed_context=512), "--ctx-size 512 --jinja"),
        (setup(COMPLETION, 9), Files("/m", packed_context=512), "--ctx-size 9 --jinja"),
        (setup(), Files("/m", "/t"), "--chat-template-file /t --jinja"),
        (setup(COMPLETION, 1, "-v"), Files("/m", "/t", "/p"), "--chat-template-file /t --ctx-size 1 -v --mmproj /p"),
        (setup(EMBEDDING, 1, "--embeddings"), Files("/m", "/t"), "--embeddings --ctx-size 1 --embeddings --jinja"),
    ],
)
def test_the_words_stand_in_docker_model_runner_s_order(given: RunnerConfig, files: Files, words: str) -> None:
    assert arguments(given, files, "/s.sock") == f"-ngl 999 --metrics --model /m --host /s.sock {words}".split()


def test_a_port_and_half_of_the_cores_of_an_arm_machine() -> None:
    words = " ".join(arguments(setup(), Files("/m"), "127.0.0.1", 80, cores=8))
    assert words == "-ngl 999 --metrics --threads 4 --model /m --host 127.0.0.1 --port 80 --jinja"
    assert "2" in arguments(setup(), Files("/m"), "h", cores=1)


@pytest.mark.parametrize(
    ("flags", "divided"),
    [
        ((), False),
        (("--parallel", "2"), True),
        (("-np", "1"), False),
        (("-np", "-1"), False),
        (("-np", "2", "-kvu"), False),
        (("-np", "4", "--parallel", "1"), False),
        (("--parallel",), False),
    ],
)
def test_slots_that_were_asked_for_divide_the_context(flags: tuple[str, ...], divided: bool) -> None:
    assert setup(COMPLETION, 4096, *flags).divided == divided


def test_what_messages_may_not_show() -> None:
    asked = one(
        'runtime_flags: ["--api-key", "${KEY}", "--temp", "${T}", "--grammar", "$$x"]', {"KEY": "k1,k2", "T": "warm"}
    )
    assert asked.flags == ("--api-key", "k1,k2", "--temp", "warm", "--grammar", "$x")
    assert asked.hidden == (("k1", "***"), ("k2", "***"), ("k1,k2", "${KEY}"), ("warm", "${T}"))
    assert plan([asked]).setups[0].key == "k1"


def test_only_what_compose_hands_over_is_wanted() -> None:
    loaded = project("  llm: {model: ai/x}\n  idle: {model: ai/y}\n")
    assert [model.name.text for model in wanted(loaded)] == ["llm"]


def test_the_fixture() -> None:
    loaded = load(Source("compose.yaml", FIXTURE.read_text(encoding="utf-8")), {"REGISTRY": "127.0.0.1:5001"})
    models = wanted(loaded)
    assert [model.ref.request for model in models if model.ref] == [
        "127.0.0.1:5001/ai/canary-llm:v1", "127.0.0.1:5001/ai/canary-embed:v1",
    ]  # fmt: skip
    planned = plan([wish(model, model.name.text, loaded) for model in models])
    assert [(each.mode, each.context) for each in planned.setups] == [(COMPLETION, 2048), (EMBEDDING, 0)]
    assert planned.problems == ()
