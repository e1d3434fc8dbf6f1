"""What Docker Compose asks of `docker-model` is answered, and nothing else; what it really asks is asked here too."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modellint.smoke.docker.docker_config import add_compose, make_config
from modellint.smoke.docker.plugin_protocol import (
    Configured,
    ModelSettings,
    PluginReply,
    PluginResponder,
    read_configure,
    read_provider,
)
from modellint.smoke.docker.plugin_server import listening
from support.docker.engine import Engine
from support.docker.runs import COMPOSE

BASE = "http://172.17.0.1:12434/mlk_x/"
READY = {"ai/a:1": ModelSettings(2048, ("--temp", "0.1")), "ai/b": ModelSettings()}
METADATA = ["docker-cli-plugin-metadata"]
# As Compose 5.6.1 calls, with the options in any order: see `test_compose_asks_so`.
UP = [
    "compose",
    "--project-name=p",
    "up",
    "--context-size=512",
    "--model=ai/b",
    "--runtime-flags=--threads 1",
    "legacy",
]
DOWN = ["compose", "--project-name=p", "down", "legacy"]


def desk() -> PluginResponder:
    return PluginResponder(BASE, READY)


def test_metadata() -> None:
    reply = desk().answer(METADATA)
    said = json.loads(reply.out)
    assert (reply.status, reply.err, said["SchemaVersion"]) == (0, "", "0.1.0")
    assert tuple(map(int, said["Version"].removeprefix("v").split("."))) >= (1, 0, 6)  # else there are no flags


def test_the_calls_for_models() -> None:
    asked = desk()
    assert json.loads(asked.answer(["ls", "--json"]).out) == []
    status = json.loads(asked.answer(["status", "--json"]).out)
    assert status["endpoint"] == f"{BASE}v1/"
    assert asked.answer(["pull", "ai/a:1"]).status == 0
    configure = ["configure", "--context-size", "2048", "ai/a:1", "--", "--temp", "0.1"]
    assert asked.answer(configure) == PluginReply()
    assert asked.answer(["configure", "ai/b"]) == PluginReply()
    assert asked.pulled == ["ai/a:1"]
    assert asked.configured == [Configured(name, settings) for name, settings in READY.items()]
    assert asked.refusals == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["pull", "ai/c"], "`ai/c` did not exist when modellint started"),
        (["configure", "ai/c"], "`ai/c` did not exist when modellint started"),
        (["configure", "ai/a:1"], "`ai/a:1` runs with --context-size 2048 -- --temp 0.1, not with no settings"),
        (["configure", "ai/b", "--", "-c", "a b"], "`ai/b` runs with no settings, not with -- -c 'a b'"),
        (["configure"], "Compose configures a model in a way that modellint does not support"),
        (
            ["configure", "--keep-alive", "5m", "ai/b"],
            "Compose configures a model in a way that modellint does not support",
        ),
        (
            ["configure", "--context-size", "²", "ai/b"],
            "Compose configures a model in a way that modellint does not support",
        ),
        (["run", "ai/b"], "this stand-in for Docker Model Runner supports only what `docker compose` needs"),
        ([], "this stand-in for Docker Model Runner supports only what `docker compose` needs"),
        (["pull"], "this stand-in for Docker Model Runner supports only what `docker compose` needs"),
        (["compose"], "this stand-in for Docker Model Runner supports only what `docker compose` needs"),
    ],
)
def test_a_refusal(words: list[str], why: str) -> None:
    """It is said to who asks, and kept for the report: Compose itself shows only a status."""
    asked = desk()
    assert asked.answer(words) == PluginReply(err=f"{why}\n", status=1)
    assert asked.refusals == [why]


def test_a_provider() -> None:
    asked = desk()
    described = json.loads(asked.answer(["compose", "metadata"]).out)
    named = {each["name"]: each["required"] for each in described["up"]["parameters"]}
    assert named == {"model": True, "context-size": False, "runtime-flags": False}
    reply = asked.answer(UP)
    assert reply.status == 0
    assert [json.loads(line) for line in reply.out.splitlines()] == [
        {"type": "setenv", "message": f"URL={BASE}engines/v1/"},
        {"type": "setenv", "message": "MODEL=ai/b"},
    ]
    assert asked.configured == [Configured("ai/b", ModelSettings(512, ("--threads", "1")))]
    assert asked.answer(DOWN) == PluginReply()


def test_a_provider_of_several_models() -> None:
    reply = desk().answer(["compose", "--project-name=p", "up", "--model=ai/a:1", "--model=ai/b", "legacy"])
    assert json.loads(reply.out.splitlines()[1])["message"] == "MODEL=ai/a:1,ai/b"


@pytest.mark.parametrize("service", ["up", "down"])
def test_a_provider_with_the_name_of_a_command(service: str) -> None:
    asked = desk()
    assert asked.answer(["compose", "--project-name=up", "down", service]) == PluginReply()
    assert asked.configured == []
    assert asked.answer(["compose", "--project-name=down", "up", "--model=ai/b", service]).status == 0
    assert [each.reference for each in asked.configured] == ["ai/b"]


@pytest.mark.parametrize(
    ("option", "why"),
    [("--model=ai/c", "`ai/c` did not exist when modellint started"), ("--runtime-flags='", "No closing quotation")],
)
def test_a_provider_that_is_refused(option: str, why: str) -> None:
    """As a message of the protocol: Compose shows it then."""
    asked = desk()
    reply = asked.answer(["compose", "--project-name=p", "up", option, "legacy"])
    assert reply.status == 1
    assert json.loads(reply.out) == {"type": "error", "message": why}
    assert asked.refusals == [why]


@given(st.lists(st.text() | st.sampled_from([*UP, *DOWN, "configure", "--context-size", "--", "pull"]), max_size=8))
def test_whatever_is_asked_has_an_answer(words: list[str]) -> None:
    asked = desk()
    reply = asked.answer(words)
    assert json.loads(json.dumps(reply._asdict()))["status"] == reply.status
    assert bool(asked.refusals) == (reply.status != 0)


@given(st.integers(0, 1 << 40), st.lists(st.text()), st.text().filter(lambda text: not text.startswith("-")))
def test_what_is_configured_is_read_back(context: int, flags: list[str], reference: str) -> None:
    size = ["--context-size", str(context)] if context else []
    words = [*size, reference, *(["--", *flags] if flags else [])]
    assert read_configure(words) == Configured(reference, ModelSettings(context, tuple(flags)))
    options = [f"--context-size={context}", f"--runtime-flags={shlex.join(flags)}", f"--model={reference}"]
    assert read_provider(["up", *options, "x"]) == [Configured(reference, ModelSettings(context, tuple(flags)))]


def test_settings_in_words() -> None:
    assert str(ModelSettings()) == "no settings"
    secret = ModelSettings(0, ("--api-key", "s3cr3t-key", "--x"), (("s3cr3t-key", "${KEY}"),))
    assert str(secret) == "-- --api-key '${KEY}' --x"
    assert secret.unlike(ModelSettings(0, ("--api-key", "another"))) == "others"
    assert secret == ModelSettings(0, ("--api-key", "s3cr3t-key", "--x"))
    assert str(ModelSettings(512)) == "--context-size 512"
    assert str(ModelSettings(0, ("--a", "b c"))) == "-- --a 'b c'"


# The real Compose, which calls the real plugin of a private folder.

PROJECT = """\
name: modellint-test-contract
services:
  chat: {image: "%s", command: [x], models: [one, two], depends_on: [legacy]}
  legacy:
    provider: {type: model, options: {model: ai/legacy, context-size: 512, runtime-flags: "--threads 1"}}
models:
  one: {model: "ai/a:1", context_size: 2048, runtime_flags: ["--temp", "0.1", "an ü'"]}
  two: {model: ai/b, context_size: -1}
"""


def test_compose_asks_so(engine: Engine, tmp_path: Path) -> None:
    """Every call of Compose 5.6.1, in any order."""
    image = "modellint-test-contract:1"
    engine.docker("import", "-", image, given=bytes(10240))
    folder = Path(os.path.realpath(tmp_path))
    config = folder / "a 'b"
    config.mkdir()
    path = make_config(str(config), {"DOCKER_CONFIG": str(tmp_path / "nobody")})
    add_compose(str(config), str(COMPOSE))
    (folder / "compose.yaml").write_text(PROJECT % image)
    asked: list[list[str]] = []
    known = PluginResponder(
        BASE,
        {
            "ai/legacy": ModelSettings(),
            "ai/b": ModelSettings(),
            "ai/a:1": ModelSettings(2048, ("--temp", "0.1", "an ü'")),
        },
    )

    def answer(words: Sequence[str]) -> PluginReply:
        asked.append(list(words))
        return known.answer(words)

    def compose(*words: str) -> None:
        environ = {**engine.environment, "DOCKER_CONFIG": str(config), "HOME": str(folder)}
        done = subprocess.run(
            ["docker", "compose", *words], cwd=folder, env=environ, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    try:
        with listening(path, answer):
            compose("create")
            created = list(asked)
            variables = engine.docker("inspect", "modellint-test-contract-chat-1", "--format={{json .Config.Env}}")
            compose("down")
    finally:
        engine.docker("image", "rm", image)
    assert known.refusals == []
    project = "--project-name=modellint-test-contract"
    options = ["--context-size=512", "--model=ai/legacy", "--runtime-flags=--threads 1"]
    golden = [
        ["ls", "--json"],
        ["status", "--json"],
        ["pull", "ai/a:1"],
        ["pull", "ai/b"],
        ["configure", "--context-size", "2048", "ai/a:1", "--", "--temp", "0.1", "an ü'"],
        ["configure", "ai/b"],
        ["compose", "metadata"],
        ["compose", project, "up", *options, "legacy"],
    ]
    # `docker` may ask for the name of its plugin, and then Compose.
    seen = [
        [*each[:3], *sorted(each[3:-1]), each[-1]] if "up" in each else each for each in created if each != METADATA
    ]
    assert sorted(seen) == sorted(golden)
    assert METADATA in created
    assert set(json.loads(variables)) >= {
        "ONE_MODEL=ai/a:1", f"ONE_URL={BASE}v1/", "TWO_MODEL=ai/b", f"TWO_URL={BASE}v1/",
        "LEGACY_MODEL=ai/legacy", f"LEGACY_URL={BASE}engines/v1/",
    }  # fmt: skip
    later = [each for each in asked[len(created) :] if each != METADATA]
    assert ["compose", project, "down", "legacy"] in later


def test_many_calls_at_once(tmp_path: Path) -> None:
    """Compose configures models side by side. Each gets its own answer, and none is lost."""
    config = tmp_path / "config"
    config.mkdir()
    path = make_config(str(config), {"DOCKER_CONFIG": str(tmp_path / "nobody")})
    names = [f"ai/{number}" for number in range(24)]
    known = PluginResponder(BASE, dict.fromkeys(names[:12], ModelSettings()))

    def call(name: str) -> subprocess.CompletedProcess[str]:
        words = [str(config / "cli-plugins" / "docker-model"), "configure", name]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    with listening(path, known.answer), ThreadPoolExecutor(8) as pool:
        done = list(pool.map(call, names))
    assert [each.returncode for each in done] == [0] * 12 + [1] * 12
    assert all(name in each.stderr for name, each in zip(names[12:], done[12:], strict=True))
    assert sorted(each.reference for each in known.configured) == sorted(names)
    gone = call("ai/0")
    assert gone.returncode == 1
    assert gone.stderr == "modellint is no longer running: start `modellint smoke --serve` again\n"
