"""No registry can make `ask` hang, grow, follow, leak, print or lie. `make hostile` prints the scenarios as a table."""

from __future__ import annotations

import sys

import pytest

from support.registry.scenarios import SCENARIOS
from support.registry.scene import run

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs the addresses 127.x.y.z, and fork")
# What is wrong with a client that thinks nothing of it: a word of the problem that must be found.
FAULTS = {
    "honest": "a foreign secret was seen",
    "half-body-hang": "took 1",
    "body-400mb": " MB",
    "cookies": "a cookie was seen",
    "404-text": "wrote to stderr",
    "403-text": "the reason is",
    "list": "raised",
    "negative-size": "a size",
    "digest-wrong": "instead of digest-mismatch",
    "digest-none": "the digest is",
    "redirect-there": "connected to",
    "redirect-metadata": "connected to",
    "bearer-there": "a secret was seen there",
    "helper-foreign": "the helper was asked",
}


def test_there_are_many() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names) >= 60


@linux
def test_hostile_registries() -> None:
    """All in one test, because most of them wait."""
    assert {scene.scenario.name: scene.problems for scene in run(SCENARIOS) if scene.problems} == {}


@linux
def test_faults_are_found() -> None:
    scenes = run([scenario for scenario in SCENARIOS if scenario.name in FAULTS], "naive")
    found = {scene.scenario.name: "; ".join(scene.problems) for scene in scenes}
    assert {name: found.get(name) for name, word in FAULTS.items() if word not in found.get(name, "")} == {}
