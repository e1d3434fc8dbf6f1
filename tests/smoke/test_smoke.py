"""What is declared is pulled, booted and granted for real; each planted mistake gives its own finding."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from push import Registry

from modellint.isolation.support import find_capability

FIXTURE = Path(__file__).parents[2] / "fixtures" / "smoke"


def environment(folder: Path, registry: Registry) -> dict[str, str]:
    return {
        "HOME": str(folder), "PATH": os.environ["PATH"], "REGISTRY": registry.host,
        "XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder),
    }  # fmt: skip


def smoke(folder: Path, registry: Registry, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "modellint", "smoke", *words, "compose.yaml"],
        cwd=folder, env=environment(folder, registry), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if not find_capability().ok:
        pytest.skip(f"no network namespaces here: {find_capability().reason}")
    (tmp_path / "compose.yaml").write_text((FIXTURE / "compose.yaml").read_text())
    return tmp_path


def left(folder: Path) -> list[str]:
    """The processes that have the folder in their environment, and what lies in it for a runner."""
    found = [path.name for path in folder.glob("modellint-runner-*")]
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                if str(folder).encode() in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_bytes().decode("utf-8", "replace"))
            except OSError:
                continue
    return found


def test_the_fixture(folder: Path, registry: Registry) -> None:
    cold = smoke(folder, registry)
    assert cold.returncode == 0, cold.stdout + cold.stderr
    lines = cold.stdout.splitlines()
    assert lines[-1].endswith(" passed, 0 failed, 0 not proven")
    assert int(lines[-1].split()[0]) > 35
    for subject in ("model llm", "model embedder", "service chat", "service rag", "service web"):
        assert any(line.startswith(subject) for line in lines)
    assert any("2048 tokens for each request" in line for line in lines)
    warm = smoke(folder, registry, "--require", "isolation")
    assert warm.returncode == 0
    assert warm.stdout.count(", 0 bytes of it in ") == 2
    assert not left(folder)


# What is replaced in the fixture, and the place, the check and a part of the message of what is found.
MISTAKES: dict[str, tuple[str, str, int, str, str]] = {
    "no such tag": ("canary-llm:v1", "canary-llm:v9", 24, "pulled", "no such repository"),
    "wrong digest": ("canary-llm:v1", f"canary-llm@sha256:{'0' * 64}", 24, "pulled", ""),
    "an image": ("ai/canary-llm:v1", "ai/image:v1", 24, "pulled", "container image"),
    "a registry that is not there": ("${REGISTRY:-localhost:5000}/ai/canary-llm", "localhost:1/ai/x", 24, "pulled", ""),
    "a flag that the runner refuses": ('"--temp", "0.1"', '"--host", "0.0.0.0"', 24, "configured", "--host"),
    "a flag that llama.cpp refuses": ('"--temp", "0.1"', '"--temp=0.1"', 24, "booted", "invalid argument: --temp=0.1"),
    "a value that llama.cpp refuses": ('"--temp", "0.1"', '"--temp", "warm"', 24, "booted", ""),
    "more than the trained context": ("context_size: 2048", "context_size: 999999", 24, "context", "trained with"),
    "an embedding model in chat mode": (
        'canary-embed:v1\n    runtime_flags: ["--embeddings", ',
        'canary-embed:v1\n    runtime_flags: [', 0, "", "",
    ),
    "one variable for two models": (
        "      embedder: {}", "      embedder:\n        model_var: AI_NAME", 10, "grant", "AI_NAME",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake(folder: Path, registry: Registry, name: str) -> None:
    before, after, line, check, said = MISTAKES[name]
    path = folder / "compose.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    done = smoke(folder, registry, "--format", "json")
    found = json.loads(done.stdout)["findings"]
    if not line:
        assert not [each for each in found if each["severity"] == "error"]
        return
    assert done.returncode == 1
    errors = [each for each in found if each["severity"] == "error"]
    assert any(each["start"]["line"] == line and f", {check}" in each["message"] for each in errors)
    assert any(said in each["message"] for each in errors)
    assert all(each["rule"] == "smoke-failed" for each in found)
    assert not left(folder)


def test_without_a_runner_nothing_is_proven(folder: Path, registry: Registry) -> None:
    done = smoke(folder, registry, "--runner", "/nonexistent")
    assert done.returncode == 0
    assert "not proven" in done.stdout
    assert ", 0 failed, 0 not proven" not in done.stdout
    assert smoke(folder, registry, "--runner", "/nonexistent", "--require", "isolation").returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0.4, 0.8, 1.2])
def test_a_signal_leaves_nothing(folder: Path, registry: Registry, number: signal.Signals, seconds: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "modellint", "smoke", "compose.yaml"],
        cwd=folder, env=environment(folder, registry), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(seconds)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (0, 2, -number)
    assert "Traceback" not in said
    end = time.monotonic() + 10
    while left(folder) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left(folder)
