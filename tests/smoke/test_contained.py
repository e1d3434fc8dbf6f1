"""What is decided before Docker Compose is started."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from modellint.check import open_project
from modellint.compose.selection import Options
from modellint.docker.run import Seen
from modellint.registry.access import Access
from modellint.smoke import contained
from modellint.smoke.asked import DOCKER, Asked, chosen_services
from modellint.smoke.check import Smoke
from modellint.smoke.clock import Clock
from modellint.smoke.session import Ready, Run
from modellint.smoke.watch import Watch

COMPOSE = "services: {web: {image: web, models: [llm]}}\nmodels: {llm: {model: ai/x}}\n"


def tried(folder: Path, dotenv: str, shell: dict[str, str]) -> list[tuple[str, str]]:
    """What is said of containers where the model is there, and Compose would be started next."""
    (folder / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    (folder / ".env").write_text(dotenv, encoding="utf-8")
    project, _, _ = open_project(str(folder), Options(), shell)
    asked = Asked("store", engine=DOCKER)
    with ExitStack() as stack:
        run = Run(project, asked, Access(), Clock(0.0), Watch(), stack, Smoke(DOCKER))
        contained.check_contained(run, chosen_services(project, ()), [], Ready())
    return [(each.status, each.reason) for each in run.smoke.checks]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Each start of Compose."""
    seen: list[object] = []

    def start(order: object, *_: object) -> Seen:
        seen.append(order)
        return Seen([], [])

    monkeypatch.setattr(contained, "check_in_containers", start)
    return seen


@pytest.mark.parametrize(
    "name", ["LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "ENV", "PYTHONPATH", "PATH", "GIT_SSH_COMMAND", "NODE_OPTIONS"]
)
def test_an_env_file_that_would_run_code_on_this_machine(name: str, tmp_path: Path, started: list[object]) -> None:
    ((status, reason),) = tried(tmp_path, f"A=1\n{name}=/x/evil.so\n", {})
    assert status == "fail"
    assert reason.startswith(f"Docker Compose was not started: an env file sets `{name}`, which it hands to ")
    assert "/x" not in reason
    assert not started


def test_other_variables_and_those_of_the_shell_are_no_reason(tmp_path: Path, started: list[object]) -> None:
    dotenv = "HTTP_PROXY=http://p\nSSL_CERT_FILE=/c\nPIP_INDEX_URL=http://i\nLLM_URL=x\nPATH=/x\nHOME=/x\n"
    assert tried(tmp_path, dotenv, {"PATH": "/bin", "HOME": "/root", "LD_PRELOAD": "/usr/lib/jemalloc.so"}) == []
    assert len(started) == 1
