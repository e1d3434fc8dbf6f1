"""The private copy: nothing in it can touch what is the user's, and all that a grant depends on is as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from modellint.smoke.docker.private_project import (
    StandIn,
    external_networks,
    file_variables,
    is_held_back,
    private_copy,
    services_of,
    unmet,
    with_dependencies,
)
from modellint.smoke.docker.rights import EXTERNAL, HOST_FILES, HOST_NETWORK, RIGHTS, HostPath, OutsideResources

STAND_IN = StandIn("empty", ("/python", "-c", "wait"), ("/usr", "/lib"), {"LD_LIBRARY_PATH": "/x"}, "1:2")


ALL = frozenset(RIGHTS)
LIMITS = {"pids_limit": 4096, "oom_score_adj": 500}


def look(path: str) -> HostPath | None:
    """What a test has on its disk."""
    return None if path.startswith("/gone") else HostPath(f"/real{path}", (HOST_FILES,) if "users" in path else ())


OUTSIDE = OutsideResources({}, look)


def copied(
    document: dict[str, Any],
    *replaced: str,
    outside: OutsideResources = OUTSIDE,
    allowed: frozenset[str] = ALL,
    alone: bool = False,
) -> dict[str, Any]:
    before = copy.deepcopy(document)
    made = private_copy(document, "run", STAND_IN, replaced, outside, allowed, alone=alone)
    assert document == before  # what Compose said of the project is asked again later
    return made


def service(
    body: dict[str, Any],
    *replaced: str,
    outside: OutsideResources = OUTSIDE,
    allowed: frozenset[str] = ALL,
    **more: Any,
) -> dict[str, Any]:
    """The one service of a copy, without the limits that all have."""
    made = copied({"services": {"a": body}, **more}, *replaced, outside=outside, allowed=allowed)
    found: dict[str, Any] = made["services"]["a"]
    if found.get("image") != STAND_IN.image:
        assert {key: found.pop(key) for key in LIMITS} == LIMITS
    return found


def test_a_plain_project() -> None:
    grants = {"models": {"llm": None}, "environment": {"A": "x$$y", "B": None}, "image": "i", "command": ["a $$b"]}
    models = {"llm": {"model": "ai/x", "context_size": 5, "runtime_flags": ["--a"]}}
    assert copied({"name": "users", "services": {"a": grants}, "models": models}) == {
        "name": "run", "services": {"a": grants | LIMITS}, "models": models,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("container_name", "users"), ("ports", [{"published": "80"}]), ("profiles", ["p"]), ("pull_policy", "always"),
        ("restart", "always"), ("scale", 3), ("external_links", ["theirs"]), ("labels", {"traefik.enable": "true"}),
        ("logging", {"driver": "syslog"}), ("develop", {"watch": []}), ("annotations", {"a": "b"}), ("x-own", 1),
    ],
)  # fmt: skip
def test_what_a_copy_does_not_have(key: str, value: Any) -> None:
    assert service({"image": "i", key: value}) == {"image": "i"}


GIB = 1 << 30


@pytest.mark.parametrize(
    ("body", "memory", "expected"),
    [
        ({}, 0, {}),
        ({}, 4 * GIB, {"mem_limit": str(4 * GIB)}),
        ({"mem_limit": str(GIB)}, 4 * GIB, {"mem_limit": str(GIB)}),
        ({"mem_limit": str(8 * GIB), "memswap_limit": "-1"}, 4 * GIB, {"mem_limit": str(4 * GIB)}),
        ({"mem_reservation": "1", "mem_swappiness": 0}, 0, {}),
        ({"deploy": {"resources": {"limits": {"memory": str(GIB)}}}}, 4 * GIB, {"mem_limit": str(GIB)}),
        ({"deploy": {"replicas": 50, "mode": "global", "resources": {"limits": {"pids": 5, "cpus": 0.5}}}}, 0,
         {"pids_limit": 5, "cpus": 0.5}),
        ({"pids_limit": -1}, 0, {}),
        ({"pids_limit": 9}, 0, {"pids_limit": 9}),
        ({"oom_score_adj": -1000, "oom_kill_disable": True}, 0, {}),
    ],
)  # fmt: skip
def test_limits(body: dict[str, Any], memory: int, expected: dict[str, Any]) -> None:
    """No container may use all of the machine, and there is one of each service."""
    made = copied({"services": {"a": body}}, outside=OutsideResources({}, look, memory=memory))["services"]["a"]
    assert made == {**LIMITS, **expected}


def test_devices_stay_where_they_are_allowed() -> None:
    reserved = {"resources": {"reservations": {"devices": [{"driver": "nvidia"}], "memory": "1"}}}
    made = service({"deploy": {"replicas": 0, **reserved}})
    assert made == {"deploy": {"resources": {"reservations": {"devices": [{"driver": "nvidia"}]}}}}


@pytest.mark.parametrize(
    ("kind", "used", "kept"),
    [
        ("networks", {"x": None}, {"driver": "bridge"}),
        ("volumes", [{"type": "volume", "source": "x"}], {"driver": "local"}),
        ("configs", [{"source": "x"}], {"content": "c"}), ("secrets", [{"source": "x"}], {"file": "/f"}),
    ],
)  # fmt: skip
def test_a_fixed_name(kind: str, used: Any, kept: dict[str, Any]) -> None:
    """With a name of its own, to remove it removes nothing of the user's. What nobody uses is not there."""
    resource = {"name": "users_x", "labels": {"a": "b"}, "template_driver": "golang", **kept}
    made = copied({"services": {"a": {kind: used}}, kind: {"x": resource, "unused": resource}})
    assert made[kind] == {"x": kept}


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
    assert "volumes" not in copied(document, allowed=ALL - {EXTERNAL})


def test_a_volume_that_is_a_folder() -> None:
    options = {"driver_opts": {"type": "none", "o": "bind", "device": "/users"}}
    mount = {"type": "volume", "source": "x", "target": "/x"}
    body = service({"volumes": [mount]}, volumes={"x": options})
    assert body["volumes"] == [{**mount, "read_only": True}]
    made = copied({"services": {"a": {"volumes": [mount]}}, "volumes": {"x": options}}, allowed=frozenset())
    assert "volumes" not in made


def test_an_own_volume() -> None:
    mounts = [{"type": "volume", "source": "x", "target": "/x"}, {"type": "volume", "target": "/y"}, {"type": "tmpfs"}]
    labelled = {"type": "volume", "source": "x", "target": "/z", "volume": {"nocopy": True, "labels": {"a": "b"}}}
    made = service({"volumes": [*mounts, labelled]}, volumes={"x": {"name": "users_x"}})
    assert made == {"volumes": [*mounts, {**labelled, "volume": {"nocopy": True}}]}
    assert not is_held_back({"services": {"a": {"volumes": mounts}}, "volumes": {"x": {}}}, "a")


@pytest.mark.parametrize(
    "bind",
    [
        {"create_host_path": True}, {"propagation": "rshared"}, {"recursive": "writable"}, {"selinux": "Z"},
        {"recursive": "enabled", "propagation": "shared"}, {},
    ],
)  # fmt: skip
def test_a_folder(bind: dict[str, Any]) -> None:
    """Read-only, without what is mounted below it; and one that is not there is not made on the user's disk."""
    mount = {"type": "bind", "source": "/there", "target": "/x", "bind": bind}
    body = service({"volumes": [mount, {**mount, "source": "/gone"}]})
    only = {"create_host_path": False, "propagation": "rprivate", "recursive": "disabled"}
    assert body["volumes"] == [
        {**mount, "source": "/real/there", "read_only": True, "bind": only}, {"type": "volume", "target": "/x"},
    ]  # fmt: skip
    assert is_held_back({"services": {"a": {"volumes": [mount]}}}, "a")
    assert not is_held_back({"services": {"a": {"volumes": [{**mount, "read_only": True}]}}}, "a")


@pytest.mark.parametrize(
    ("given", "expected"),
    [("b", "b"), ("b:ro", "b:ro"), ("container:x", "container:x:ro"), ("container:x:rw", "container:x:ro")],
)
def test_volumes_of_another_container(given: str, expected: str) -> None:
    assert service({"volumes_from": [given]}) == {"volumes_from": [expected]}


def test_volumes_of_a_stand_in() -> None:
    """They are this machine's Python, and not what the service would have had."""
    made = copied({"services": {"a": {"volumes_from": ["b:ro", "c"]}, "b": {}, "c": {}}}, "b")
    assert made["services"]["a"]["volumes_from"] == ["c"]


def test_an_external_network() -> None:
    """In the user's own network the copy would have the names of the user's services: it gets one that is like it."""
    document: dict[str, Any] = {
        "services": {"a": {"networks": {"x": None, "y": None, "own": None}}},
        "networks": {"x": {"name": "theirs", "external": True}, "y": {"external": True}, "own": {}},
    }  # fmt: skip
    assert external_networks(document) == {"x": "theirs", "y": "y"}
    outside = OutsideResources({"x": {"internal": True}}, look)
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
                "attachable": True, "labels": {"a": "b"},
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


def test_a_network_that_is_not_allowed() -> None:
    """Its service is a stand-in in the network of the project."""
    document = {"services": {"a": {"networks": {"lan": None}}}, "networks": {"lan": {"driver": "macvlan"}}}
    assert copied(document)["networks"] == {"lan": {"driver": "macvlan"}}
    made = copied(document, allowed=ALL - {HOST_NETWORK})
    assert "networks" not in made
    assert made["services"]["a"]["image"] == "empty"
    assert "networks" not in made["services"]["a"]


def test_a_build() -> None:
    """The user's image and tags keep what they name, and no cache is written."""
    lost = {"cache_to": ["type=registry,ref=x"], "cache_from": ["x"], "labels": {"a": "b"}, "tags": ["users:1"]}
    build = {"context": "/c", "args": {"A": "b$$"}, "provenance": True, "sbom": True, **lost}
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


@pytest.mark.parametrize("mode", ["none", "host", "service:b", "container:c", "theirs"])
def test_the_network_of_a_stand_in(mode: str) -> None:
    """Where it may not have that of the service, it is in the project's own."""
    body: dict[str, Any] = {"network_mode": mode, "networks": {"x": {}}}
    assert service(body, "a")["network_mode"] == mode
    little = service(body, "a", allowed=frozenset())
    if mode in ("none", "service:b"):
        assert little["network_mode"] == mode
    else:
        assert not {"network_mode", "networks"} & little.keys()


def test_dependencies() -> None:
    """Nobody waits for a stand-in to be healthy or to end, and a stand-in waits for nobody to be."""
    healthy, done = {"condition": "service_healthy", "required": False}, {"condition": "service_completed_successfully"}
    started, also = {**healthy, "condition": "service_started"}, {"condition": "service_started"}
    body = {"depends_on": {"b": healthy, "c": done}}
    document = {"services": {"a": body, "b": {}, "c": {}}}
    assert copied(document)["services"]["a"] == body | LIMITS
    assert copied(document, "b")["services"]["a"]["depends_on"] == {"b": started, "c": done}
    assert copied(document, "a")["services"]["a"]["depends_on"] == {"b": started, "c": also}


def test_a_model_that_is_declared_as_a_service() -> None:
    """It is no container, and Compose is to ask for it as ever."""
    provider = {"provider": {"type": "model", "options": {"model": "ai/x"}}}
    document: dict[str, Any] = {"services": {"a": {**provider, "ports": [1]}, "b": {"depends_on": {"a": {}}}}}
    assert copied(document)["services"]["a"] == provider
    assert services_of(document) == {"b": {"depends_on": {"a": {}}}}
    assert with_dependencies(document, ["b"]) == ["b"]


@pytest.mark.parametrize(
    "kind", ["./evil.sh", "/evil.sh", "Model", "model ", "./model", "compose", "", None, ["model"]]
)
def test_another_provider(kind: Any) -> None:
    """It is a program that Compose would start on this machine. Nothing allows that."""
    body = {"provider": {"type": kind, "options": {"x": "y"}}, "depends_on": {"c": {"condition": "service_healthy"}}}
    document: dict[str, Any] = {
        "services": {"a": body, "b": {"depends_on": {"a": {"condition": "service_completed_successfully"}}}, "c": {}}
    }
    made = copied(document)["services"]
    assert made["a"]["image"] == "empty"
    assert "provider" not in made["a"]
    assert made["b"]["depends_on"] == {"a": {"condition": "service_started"}}
    assert with_dependencies(document, ["b"]) == ["b", "a", "c"]
    assert list(unmet(document, list(document["services"]), OUTSIDE, ALL)) == ["a"]


def test_secrets_of_variables() -> None:
    document = {"secrets": {"a": {"environment": "A"}, "b": {"file": "/b"}}, "configs": {"a": {"environment": "B"}}}
    assert file_variables(document) == {("secrets", "a"): "A", ("configs", "a"): "B"}


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
    assert made["services"] == ({"a": LIMITS} if document.get("services") else {})
