"""unreachable-runner and invalid-gpu-reservation: forms that the pages leave out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

Find = Callable[..., list[Finding]]


@pytest.mark.parametrize(
    ("service", "networks", "count"),
    [
        ("", "{default: {internal: true}}", 1),
        ("networks: {a: {aliases: [x]}, b: }", "{a: {internal: true}, b: {internal: true}}", 1),
        ("networks: [a, b]", "{a: {internal: true}, b: {internal: false}}", 0),
        ("networks: [missing]", "{a: {internal: true}}", 0),
        ("network_mode: host", "{default: {internal: true}}", 0),
        ("network_mode: 'none'", "{}", 1),
    ],
)
def test_networks(service: str, networks: str, count: int, find: Find) -> None:
    text = f"services:\n  app:\n    image: app\n    models: [llm]\n    {service}\nnetworks: {networks}\n"
    assert len(find("unreachable-runner", text + "models: {llm: {model: ai/x}}\n")) == count


@pytest.mark.parametrize(
    ("device", "count"),
    [
        ("{capabilities: [gpu], count: -1}", 0),
        ("{capabilities: [gpu], count: ALL}", 0),
        ("{capabilities: [gpu], count: '+1'}", 0),
        ("{capabilities: [gpu], count: -2}", 1),
        ("{capabilities: [gpu], count: '0'}", 1),
        ("{capabilities: [gpu], count: ''}", 1),
        ("{capabilities: [gpu], count: ${N:-1}}", 0),
        ("{capabilities: [gpu], count: 1, device_ids: []}", 1),
        ("{capabilities: [gpu], count: 1.5}", 0),  # the schema refuses it
        ("{count: 1}", 0),  # the schema refuses it in one place, Compose completes it in the other
        ("gpu", 0),
    ],
)
def test_devices(device: str, count: int, find: Find) -> None:
    head = "services:\n  app:\n    image: app\n"
    deploy = f"{head}    deploy: {{resources: {{reservations: {{devices: [{device}]}}}}}}\n"
    assert len(find("invalid-gpu-reservation", deploy)) == count
    assert len(find("invalid-gpu-reservation", f"{head}    gpus: [{device}]\n")) == count


def test_capabilities_are_needed_only_below_deploy(find: Find) -> None:
    head = "services:\n  app:\n    image: app\n"
    assert not find("invalid-gpu-reservation", f"{head}    gpus: [{{capabilities: []}}]\n")
