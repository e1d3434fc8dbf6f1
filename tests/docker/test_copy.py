"""The private copy: nothing in it can touch what is the user's, and all that a grant depends on is as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from modellint.docker.copy import (
    Outside,
    StandIn,
    external_networks,
    is_held_back,
    private_copy,
    services_of,
    with_dependencies,
)

STAND_IN = StandIn("empty", ("/python", "-c", "wait"), ("/usr", "/lib"), {"LD_LIBRARY_PATH": "/x"}, "1:2")


def there(path: str) -> bool:
    """What a test has on its disk."""
    return not path.startswith("/gone")


OUTSIDE = Outside({}, there)


def copied(document: dict[str, Any], *replaced: str, outside: Outside = OUTSIDE, alone: bool = False) -> dict[str, Any]:
    before = copy.deepcopy(document)
    made = private_copy(document, "run", STAND_IN, replaced, outside, alone=alone)
    assert document == before  # what Compose said of the project is asked again later
    return made


def service(body: dict[str, Any], *replaced: str, outside: Outside = OUTSIDE, **more: Any) -> dict[str, Any]:
    """The one service of a copy."""
    found: dict[str, Any] = copied({"services": {"a": body}, **more}, *replaced, outside=outside)["services"]["a"]
    return found


def test_a_plain_project() -> None:
    grants = {"models": {"llm": None}, "environment": {"A": "x$$y", "B": None}, "image": "i", "command": ["a $$b"]}
    models = {"llm": {"model": "ai/x", "context_size": 5, "runtime_flags": ["--a"]}}
    assert copied({"name": "users", "services": {"a": grants}, "models": models}) == {
        "name": "run", "services": {"a": grants}, "models": models,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("container_name", "users"), ("ports", [{"published": "80"}]), ("profiles", ["p"]), ("pull_policy", "always"),
        ("restart", "always"), ("scale", 3), ("external_links", ["theirs"]), ("labels", {"traefik.enable": "true"}),
    ],
)  # fmt: skip
def test_what_a_copy_does_not_have(key: str, value: Any) -> None:
    assert service({"image": "i", key: value}) == {"image": "i"}


def test_replicas() -> None:
    limits = {"resources": {"limits": {"memory": "1g"}}}
    assert service({"deploy": {"replicas": 0, "mode": "global", **limits}}) == {"deploy": limits}


@pytest.mark.parametrize("kind", ["networks", "volumes", "configs", "secrets"])
def test_a_fixed_name(kind: str) -> None:
    """With a name of its own, to remove it removes nothing of the user's."""
    made = copied({"services": {}, kind: {"x": {"name": "users_x", "driver": "d"}}})
    assert made[kind] == {"x": {"driver": "d"}}


def test_an_external_volume() -> None:
    """It stays what it is, and is read-only: the user's own containers may be at work on it."""
    document: dict[str, Any] = {
        "services": {"a": {"volumes": [{"type": "volume", "source": "x", "target": "/x", "volume": {}}]}},
        "volumes": {"x": {"name": "theirs", "external": True}},
    }
    made = copied(document)
    assert made["volumes"] == document["volumes"]
    assert made["services"]["a"]["volumes"][0]["read_only"] is True
    assert is_held_back(document, "a")
    assert copied(document, alone=True)["volumes"] == {"x": {}}


def test_a_volume_that_is_a_folder() -> None:
    options = {"driver_opts": {"type": "none", "o": "bind", "device": "/users"}}
    mount = {"type": "volume", "source": "x", "target": "/x"}
    body = service({"volumes": [mount]}, volumes={"x": options})
    assert body["volumes"] == [{**mount, "read_only": True}]


def test_an_own_volume() -> None:
    mounts = [{"type": "volume", "source": "x", "target": "/x"}, {"type": "volume", "target": "/y"}, {"type": "tmpfs"}]
    assert service({"volumes": mounts}, volumes={"x": {"name": "users_x"}}) == {"volumes": mounts}
    assert not is_held_back({"services": {"a": {"volumes": mounts}}, "volumes": {"x": {}}}, "a")


def test_a_folder() -> None:
    """Read-only; and one that is not there is not made on the user's disk."""
    mount = {"type": "bind", "source": "/there", "target": "/x", "bind": {"create_host_path": True}}
    body = service({"volumes": [mount, {**mount, "source": "/gone"}]})
    assert body["volumes"] == [{**mount, "read_only": True}, {"type": "volume", "target": "/x"}]
    assert is_held_back({"services": {"a": {"volumes": [mount]}}}, "a")
    assert not is_held_back({"services": {"a": {"volumes": [{**mount, "read_only": True}]}}}, "a")


@pytest.mark.parametrize(
    ("given", "expected"),
    [("b", "b"), ("b:ro", "b:ro"), ("container:x", "container:x:ro"), ("container:x:rw", "container:x:ro")],
)
def test_volumes_of_another_container(given: str, expected: str) -> None:
    assert service({"volumes_from": [given]}) == {"volumes_from": [expected]}


def test_an_external_network() -> None:
    """In the user's own network the copy would have the names of the user's services: it gets one that is like it."""
    document: dict[str, Any] = {
        "services": {}, "networks": {"x": {"name": "theirs", "external": True}, "y": {"external": True}, "own": {}},
    }  # fmt: skip
    assert external_networks(document) == {"x": "theirs", "y": "y"}
    outside = Outside({"x": {"internal": True}}, there)
    made = copied(document, outside=outside)["networks"]
    assert made == {"x": {"internal": True}, "y": {"external": True}, "own": {}}
    assert copied(document, outside=outside, alone=True)["networks"] == {"x": {"internal": True}, "y": {}, "own": {}}


def test_fixed_addresses() -> None:
    """While the user's own project is up, nobody else can have them."""
    fixed = {"ipv4_address": "10.0.0.5", "ipv6_address": "fd00::5", "mac_address": "02:00:00:00:00:01"}
    document: dict[str, Any] = {
        "services": {"a": {"networks": {"x": {**fixed, "priority": 1}, "y": {}}}},
        "networks": {
            "x": {
                "name": "x", "ipam": {"config": [{"subnet": "10.0.0.0/24"}]}, "enable_ipv6": True, "internal": True,
                "driver_opts": {"com.docker.network.bridge.name": "br0", "com.docker.network.driver.mtu": "1400"},
            },
            "y": {"ipam": {}, "enable_ipv6": True},
        },
    }  # fmt: skip
    made = copied(document)
    assert made["services"]["a"]["networks"] == {"x": {"priority": 1}, "y": {}}
    assert made["networks"] == {
        "x": {"internal": True, "driver_opts": {"com.docker.network.driver.mtu": "1400"}}, "y": {"enable_ipv6": True},
    }  # fmt: skip


def test_who_is_called_by_the_name_of_its_container() -> None:
    body = service({"container_name": "users-db", "networks": {"x": {"aliases": ["db"]}, "y": None}})
    assert body == {"networks": {"x": {"aliases": ["db", "users-db"]}, "y": {"aliases": ["users-db"]}}}


def test_a_build() -> None:
    """The user's image and tags keep what they name, and no cache is written."""
    build = {"context": "/c", "args": {"A": "b$$"}, "tags": ["users:1"], "cache_to": ["type=registry,ref=x"]}
    assert service({"image": "users:2", "build": build}) == {"build": {"context": "/c", "args": {"A": "b$$"}}}
    assert service({"image": "users:2"}) == {"image": "users:2"}


def test_a_stand_in() -> None:
    """All that decides about variables and networks stays, and nothing else."""
    kept: dict[str, Any] = {
        "models": {"llm": {"endpoint_var": "U"}}, "networks": {"x": {}}, "extra_hosts": ["a=1"], "dns": ["1.1.1.1"],
        "environment": {"A": "$$b"},
    }  # fmt: skip
    lost = {
        "image": "i", "build": {"context": "/c"}, "volumes": [{"type": "bind", "source": "/users", "target": "/"}],
        "command": ["x"], "entrypoint": ["y"], "privileged": True, "pid": "host", "healthcheck": {"test": ["x"]},
        "secrets": [{"source": "s"}], "deploy": {"replicas": 3}, "user": "root", "working_dir": "/w",
        "cap_add": ["SYS_ADMIN"], "devices": ["/dev/kvm"], "env_file": ["x"],
    }  # fmt: skip
    assert service({**kept, **lost}, "a") == {
        **kept, "environment": {"A": "$$b", "LD_LIBRARY_PATH": "/x"}, "image": "empty", "user": "1:2", "command": [],
        "entrypoint": ["/python", "-c", "wait"], "stop_signal": "SIGKILL", "cap_drop": ["ALL"],
        "security_opt": ["label=disable", "no-new-privileges"],
        "volumes": [{"type": "bind", "source": each, "target": each, "read_only": True} for each in ("/usr", "/lib")],
    }  # fmt: skip


@pytest.mark.parametrize("mode", ["none", "host", "service:b"])
def test_the_network_of_a_stand_in(mode: str) -> None:
    assert service({"network_mode": mode}, "a")["network_mode"] == mode


def test_dependencies() -> None:
    """Nobody waits for a stand-in to be healthy or to end, and a stand-in waits for nobody to be."""
    healthy, done = {"condition": "service_healthy", "required": False}, {"condition": "service_completed_successfully"}
    started, also = {**healthy, "condition": "service_started"}, {"condition": "service_started"}
    body = {"depends_on": {"b": healthy, "c": done}}
    document = {"services": {"a": body, "b": {}, "c": {}}}
    assert copied(document)["services"]["a"] == body
    assert copied(document, "b")["services"]["a"]["depends_on"] == {"b": started, "c": done}
    assert copied(document, "a")["services"]["a"]["depends_on"] == {"b": started, "c": also}


def test_a_provider() -> None:
    """It is no container, and Compose is to ask for it as ever."""
    body = {"provider": {"type": "model", "options": {"model": "ai/x"}}, "ports": [1]}
    assert service(body) == body
    document: dict[str, Any] = {"services": {"a": body, "b": {"depends_on": {"a": {}}}}}
    assert services_of(document) == {"b": {"depends_on": {"a": {}}}}
    assert with_dependencies(document, ["b"]) == ["b"]


def test_all_that_is_started() -> None:
    document = {
        "services": {
            name: {"depends_on": dict.fromkeys(needs)}
            for name, needs in {"a": "bc", "b": "d", "c": "d", "d": "a", "e": "a"}.items()
        }
    }
    assert with_dependencies(document, ["b"]) == ["b", "d", "a", "c"]
    assert with_dependencies(document, ["e", "unknown"]) == ["e", "a", "b", "c", "d"]


@pytest.mark.parametrize("document", [{}, {"services": None}, {"services": {"a": None}, "volumes": {"v": None}}])
def test_little(document: dict[str, Any]) -> None:
    made = copied(document)
    assert made["name"] == "run"
    assert made["services"] == ({"a": {}} if document.get("services") else {})
