"""`modellint smoke --serve`: a person's own `docker compose up` finds the models, as long as it runs and no longer."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.docker.runs import COMPOSE, Runs, users_config, write
from support.smoke.remains import environment, own_folder, remains

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="runners are for Linux only"),
]
# What a service does: it asks its model, at once and as a stream, and prints what comes.
ASK = """
import json, os, urllib.error, urllib.request
def ask(url, **more):
    body = {"model": os.environ["LLM_MODEL"], "messages": [{"role": "user", "content": "hi"}], "max_tokens": 8, **more}
    asked = urllib.request.Request(url + "chat/completions", json.dumps(body).encode())
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return str(error.code)
url = os.environ["LLM_URL"]
print("whole", ask(url))
print("stream", *ask(url, stream=True).split("\\n\\n"))
print("guessed", ask(url.split("/mlk_")[0] + "/v1/"), "other", ask(url, model="ai/other"))
"""


class Serving:
    """`modellint smoke --serve` in a folder; `config` is what it says for `DOCKER_CONFIG`."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        words = [sys.executable, "-m", "modellint", "smoke", "--serve", "--store", "store", "compose.yaml"]
        self.process = subprocess.Popen(
            words, cwd=folder, env=environment(folder, **variables), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stderr is not None
        said = ""
        for line in self.process.stderr:
            said += line
            if found := re.search(r"DOCKER_CONFIG=(\S+) docker compose up", line):
                self.config = Path(found[1])
                break
        else:
            raise AssertionError(f"it ended with {self.process.wait()}: {said}")

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Its status, and what it wrote since it was up."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def serving(runs: Runs, text: str) -> Generator[tuple[Path, Serving]]:
    """It runs, for a person who has Docker Compose as a plugin."""
    with own_folder(text) as folder, users_config() as config:
        run = Serving(folder, {**runs.engine.environment, "DOCKER_CONFIG": str(config)})
        try:
            yield folder, run
        finally:
            if run.process.poll() is None:
                run.end(signal.SIGKILL)
            runs.compose(config, folder, "-p", "modellint-test-serve", "down", "--timeout", "0")


def left(folder: Path) -> list[str]:
    return [each for each in remains(folder) if each != "file: other.yaml"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_docker_compose_up(runs: Runs, number: signal.Signals) -> None:
    text = runs.project({"chat": runs.python(ASK, models=["llm"])}, name="modellint-test-serve")
    before = runs.engine.all()
    with serving(runs, text) as (folder, run):
        up = runs.compose(run.config, folder, "up", "--abort-on-container-exit", "--no-log-prefix")
        assert up.returncode == 0, up.stderr
        said = dict(
            line.split(" ", 1) for line in up.stdout.splitlines() if line.startswith(("whole", "stream", "guessed"))
        )
        assert json.loads(said["whole"])["choices"][0]["message"]["content"] == "canary-llm"
        assert said["stream"].count("data: ") > 2
        assert said["stream"].rstrip().endswith("data: [DONE]")
        assert said["guessed"] == "404 other 403"  # who was not told the path, and for what nobody is granted
        runs.compose(run.config, folder, "down", "--timeout", "0")
        status, out, err = run.end(number)
        assert status == 0, err
        assert "Traceback" not in err
        assert out.startswith("engine none")
        assert not left(folder)
        # With the folder its plugin has gone.
        gone = subprocess.run(
            [str(COMPOSE), "up", "--detach"], cwd=folder, env=runs.compose_environment(run.config), capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        assert gone.returncode == 1
        assert gone.stderr == "'models' support requires Docker Model plugin\n"
    assert not runs.left(before)


def test_a_project_with_other_settings(runs: Runs) -> None:
    """Compose says only that it failed; in modellint's own terminal stands why."""
    text = runs.project({"chat": runs.python(models=["llm"])}, name="modellint-test-serve")
    before = runs.engine.all()
    with serving(runs, text) as (folder, run):
        write(folder / "other.yaml", text.replace('"context_size": 2048', '"context_size": 1024'))
        other = runs.compose(run.config, folder, "--file", "other.yaml", "up", "--detach")
        assert other.returncode == 1
        assert "exit status 1" in other.stderr
        write(folder / "other.yaml", text.replace("canary-llm", "canary-embed"))
        assert runs.compose(run.config, folder, "--file", "other.yaml", "up", "--detach").returncode == 1
        status, _, err = run.end(signal.SIGINT)
        assert status == 0
        assert err.splitlines() == [
            f"modellint: `{runs.registry}/ai/canary-llm:v1` runs with --context-size 2048 -- --threads 1 "
            "--no-warmup, not with --context-size 1024 -- --threads 1 --no-warmup",
            f"modellint: `{runs.registry}/ai/canary-embed:v1` did not exist when modellint started",
        ]
        assert not left(folder)
    assert not runs.left(before)


def test_two_at_once(runs: Runs) -> None:
    """The second one has another port, and each its own way in."""
    text = runs.project({"chat": runs.python(ASK, models=["llm"])}, name="modellint-test-serve")
    with serving(runs, text) as (folder, first), serving(runs, text) as (other, second):
        for where, run in ((folder, first), (other, second)):
            up = runs.compose(run.config, where, "up", "--abort-on-container-exit", "--no-log-prefix")
            assert "canary-llm" in up.stdout, up.stderr
            runs.compose(run.config, where, "down", "--timeout", "0")
        assert first.end(signal.SIGINT)[0] == second.end(signal.SIGINT)[0] == 0
        assert not left(folder) + left(other)


def test_a_kill(runs: Runs) -> None:
    """Its folder stays then, and its plugin has nobody to ask; the runner has gone with it."""
    text = runs.project({"chat": runs.python(models=["llm"])}, name="modellint-test-serve")
    with serving(runs, text) as (folder, run):
        run.end(signal.SIGKILL)
        up = runs.compose(run.config, folder, "up", "--detach")
        assert up.returncode == 1
        assert "failed to load Docker Model plugin" in up.stderr
        plugin = [str(run.config / "cli-plugins" / "docker-model"), "ls"]
        said = subprocess.run(plugin, capture_output=True, text=True, timeout=30, check=False)
        assert said.returncode == 1
        assert said.stderr == "modellint is no longer running: start `modellint smoke --serve` again\n"


def test_without_an_engine(runs: Runs, tmp_path: Path) -> None:
    text = runs.project({"chat": runs.python(models=["llm"])})
    with own_folder(text) as folder:
        words = [sys.executable, "-m", "modellint", "smoke", "--serve", "--store", "store", "compose.yaml"]
        variables = {"PATH": os.environ["PATH"], "DOCKER_HOST": f"unix://{tmp_path}/missing"}
        done = subprocess.run(
            words, cwd=folder, env=environment(folder, **variables), capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.startswith("modellint: the Docker engine does not respond: ")
        assert not left(folder)
