"""Which of a service's ports a port of the machine stands for, in ranges too, and without taking them apart."""

from __future__ import annotations

import pytest

from modellint.compose.loading.load import load
from modellint.evidence.container_ports import ContainerPorts
from modellint.text.source import Source


def ports(section: str, more: str = "") -> ContainerPorts:
    project = load(Source("compose.yaml", f"services:\n  s: {{image: a, ports: {section}{more}}}\n"), {})
    return ContainerPorts(project.services["s"])


@pytest.mark.parametrize(
    ("section", "host", "container"),
    [
        ('["8081:80"]', 8081, 80),
        ('["8081:80"]', 80, None),
        ('["80"]', 80, None),
        ('["8000-8010:9000-9010"]', 8004, 9004),
        ('["8000-8010:9000-9010"]', 8010, 9010),
        ('["8000-8010:9000-9010"]', 8011, None),
        ('["8000-8010:80"]', 8004, None),
        ('["8000-8010:9000-9010", "8004:80"]', 8004, 9004),
        ('["8004:80", "8000-8010:9000-9010"]', 8004, 80),
        ("[{target: 80, published: 8081}]", 8081, 80),
        ('[{target: 80, published: "8081-8083"}]', 8081, None),
        ('["1-65535:1-65535"]', 60000, 60000),
    ],
)
def test_the_port_behind_one_of_the_machine(section: str, host: int, container: int | None) -> None:
    found = ports(section).behind(host)
    assert (found[0] if found else None) == container


@pytest.mark.parametrize(
    ("section", "more", "listens"),
    [
        ('["8000-8010:9000-9010", "1:9020"]', "", {9000, 9005, 9010, 9020}),
        ('["1-3:9001-9003", "3-5:9003-9005", "6-7:9009-9010"]', "", {9001, 9003, 9005, 9009, 9010}),
        ("[]", ", expose: [9004], environment: {A: 'b:9005/c'}", {9004, 9005}),
    ],
)
def test_where_a_program_may_listen(section: str, more: str, listens: set[int]) -> None:
    found = ports(section, more)
    assert {port for port in listens if found.may_listen(port)} == listens
    assert not any(
        found.may_listen(port) for port in (8999, 9006, 9007, 9008, 9011, 9021) if port not in range(9000, 9011)
    )


def test_many_ranges_are_not_taken_apart() -> None:
    wide = ", ".join(f'"{first}-{first + 30000}:{first}-{first + 30000}"' for first in range(1, 20001))
    found = ports(f"[{wide}]")
    assert found.behind(30000) is not None
    assert found.may_listen(50000)
    assert not found.may_listen(50001)
