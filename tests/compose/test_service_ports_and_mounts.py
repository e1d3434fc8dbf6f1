"""What a service publishes and mounts, in every form."""

from __future__ import annotations

import pytest

from modellint.compose.loading.load import load
from modellint.compose.model.ports import PortSet, read_exposed
from modellint.compose.model.project import Service
from modellint.text.source import Source


def service(body: str) -> Service:
    text = f"services:\n  app:\n    image: app\n    {body}\n"
    return load(Source("nowhere/compose.yaml", text), {}).services["app"]


@pytest.mark.parametrize(
    ("item", "host_ip", "host", "container", "protocol"),
    [
        ("'80'", "", None, (80, 80), ""),
        ("80", "", None, (80, 80), ""),
        ("'8080:80'", "", (8080, 8080), (80, 80), ""),
        ("'127.0.0.1:8080:80/udp'", "127.0.0.1", (8080, 8080), (80, 80), "udp"),
        ("'[::1]:8080:80'", "::1", (8080, 8080), (80, 80), ""),
        ("'127.0.0.1::80'", "127.0.0.1", None, (80, 80), ""),
        ("'8000-8002:9000-9002'", "", (8000, 8002), (9000, 9002), ""),
        ("'8000-8002:80'", "", (8000, 8002), (80, 80), ""),
        ("{target: 80}", "", None, (80, 80), ""),
        ("{target: 80, published: '8080', host_ip: '::', protocol: tcp}", "::", (8080, 8080), (80, 80), "tcp"),
        ("{target: 80, published: 8000-8002}", "", (8000, 8002), (80, 80), ""),
        ("'${HOST}:80'", "", None, (80, 80), ""),
        ("'8080:${PORT}'", "", (8080, 8080), None, ""),
        ("x", "", None, None, ""),
        ("'2-1'", "", None, None, ""),
        ("'70000'", "", None, None, ""),
    ],
)
def test_ports(
    item: str, host_ip: str, host: tuple[int, int] | None, container: tuple[int, int] | None, protocol: str
) -> None:
    (port,) = service(f"ports: [{item}]").ports
    assert (port.host_ip, port.host, port.container, port.protocol) == (host_ip, host, container, protocol)
    assert port.is_open == (host_ip in ("", "::"))
    assert port.is_tcp == (protocol != "udp")
    assert port.is_fixed == (
        host is not None and container is not None and host[1] - host[0] == container[1] - container[0]
    )
    assert port.holds(80) == (container == (80, 80))
    assert port.span.text == item.strip("'")


@pytest.mark.parametrize("section", ["{}", "x", "[[], {published: 80}, null, 1.5, true]"])
def test_no_ports(section: str) -> None:
    assert service(f"ports: {section}").ports == []


def test_where_the_address_stands() -> None:
    (port,) = service("ports: ['0.0.0.0:8080:80']").ports
    assert port.node.part(*port.host_at).text == "0.0.0.0:"


def test_exposed_ports() -> None:
    assert read_exposed(service("expose: ['80', 81, 90-92/udp, x]").body) == [(80, 80), (81, 81), (90, 92)]
    assert read_exposed(service("expose: {}").body) == []


def test_a_set_of_ports() -> None:
    ports = PortSet([(5, 7), (1, 1), (6, 9), (11, 65535), (10, 10)])
    assert [port for port in (0, 1, 2, 4, 5, 9, 10, 65535, 65536) if port in ports] == [1, 5, 9, 10, 65535]
    assert 1 not in PortSet([])


@pytest.mark.parametrize(
    ("item", "kind", "source", "target", "place"),
    [
        ("./a:/b", "bind", "./a", "/b", "./a"),
        ("/a:/b:ro", "bind", "/a", "/b", "/a"),
        ("~/a:/b", "bind", "~/a", "/b", "~/a"),
        ("data:/b", "volume", "data", "/b", "data"),
        ("/b", "volume", "", "/b", ""),
        ("C:\\a:/b", "bind", "C:\\a", "/b", "C:\\a"),
        ("{type: bind, source: ./a, target: /b}", "bind", "./a", "/b", "./a"),
        ("{type: tmpfs, target: /b}", "tmpfs", "", "/b", "/b"),
        ("{type: image, source: app, target: /b}", "image", "app", "/b", "app"),
        ("'${A}:/b'", "", "", "/b", "${A}:/b"),
    ],
)
def test_volumes(item: str, kind: str, source: str, target: str, place: str) -> None:
    (mount,) = service(f"volumes: [{item}]").mounts
    assert (mount.kind, mount.source, mount.target, mount.span.text) == (kind, source, target, place)
    assert mount.read_only == item.endswith(":ro")


@pytest.mark.parametrize(
    ("body", "mounts"),
    [
        ("tmpfs: /a", [("tmpfs", "", "/a")]),
        ("tmpfs: ['/a:size=1', /b]", [("tmpfs", "", "/a"), ("tmpfs", "", "/b")]),
        (
            "configs: [a, {source: b}, {source: c, target: /d}]",
            [("config", "a", "/a"), ("config", "b", "/b"), ("config", "c", "/d")],
        ),
        (
            "secrets: [a, {source: b, target: c}]",
            [("secret", "a", "/run/secrets/a"), ("secret", "b", "/run/secrets/c")],
        ),
        ("volumes: [1, [x], {}, null]", []),
        ("configs: {}", []),
    ],
)
def test_other_mounts(body: str, mounts: list[tuple[str, str, str]]) -> None:
    assert [(mount.kind, mount.source, mount.target) for mount in service(body).mounts] == mounts


def test_the_options_of_a_volume() -> None:
    mounts = service(
        "volumes: ['./a:/b:z,ro', {type: bind, source: a, target: /c, read_only: true}, './a:/d:rw']"
    ).mounts
    assert [mount.read_only for mount in mounts] == [True, True, False]
