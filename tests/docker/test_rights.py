"""Every attribute of a Compose file is judged: harmless, left out, or allowed by name. What is new is refused."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from modellint.commands import table
from modellint.smoke.docker import private_project, rights
from modellint.smoke.docker.rights import (
    DEVICES,
    DOCKER_SOCKET,
    EXTERNAL,
    HOST_FILES,
    HOST_NAMESPACES,
    HOST_NETWORK,
    NOTHING,
    OTHER_CONTAINERS,
    PRIVILEGED,
    RIGHTS,
    SHELL_VARIABLES,
    HostPath,
    OutsideResources,
    needs,
)

PLACES = {
    "/own": HostPath("/own"), "/own/folder": HostPath("/own/folder", folder=True),
    "/etc": HostPath("/etc", (HOST_FILES,), True),
    "/run": HostPath("/run", (HOST_FILES, DOCKER_SOCKET), True), "/d.sock": HostPath("/d.sock", (DOCKER_SOCKET,)),
    "/dev/sda": HostPath("/dev/sda", (DEVICES,)),
}  # fmt: skip


def look(path: str) -> HostPath | None:
    """What a test has on its disk."""
    return PLACES.get(path)


OUTSIDE = OutsideResources({"like": {}}, look, frozenset({"odd"}))
SHARED: dict[str, Any] = {
    "networks": {
        "like": {"external": True}, "odd": {"external": True}, "gone": {"external": True}, "lan": {"driver": "macvlan"},
        "own": {"driver": "bridge"}, "machine": {"external": True, "name": "host"},
    },
    "volumes": {
        "theirs": {"external": True}, "disk": {"driver_opts": {"o": "bind", "device": "/"}}, "nfs": {"driver": "nfs"},
        "own": {"driver": "local"},
    },
    "secrets": {
        "file": {"file": "/own"}, "etc": {"file": "/etc/shadow"}, "sock": {"file": "/d.sock"}, "all": {"file": "/etc"},
        "folder": {"file": "/own/folder"}, "variable": {"environment": "A"}, "gone": {"file": "/gone"},
        "unseen": {"file": "/unseen"},
    },
    "configs": {"text": {"content": "x"}, "new": {"something": 1}},
}  # fmt: skip
PLACES["/etc/shadow"] = PLACES["/own/link"] = PLACES["/ignored/.dockerignore"] = HostPath("/etc/shadow", (HOST_FILES,))
PLACES["/unseen"] = HostPath("/unseen", (HOST_FILES,), there=False)


def schema() -> dict[str, Any]:
    """The schema of Compose that check-jsonschema ships."""
    spec = find_spec("check_jsonschema")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["$defs"]
    return found


def properties(*names: str) -> set[str]:
    return {key for name in names for key in schema()[name]["properties"]}


def variants(definition: dict[str, Any]) -> set[str]:
    """The keys of the one of several forms that is a table."""
    return {key for each in definition["oneOf"] for key in each.get("properties", {})}


def test_every_attribute_has_an_entry() -> None:
    """A newer schema has more of them: each has to be looked at before it is in a copy. Until then it is refused."""
    service = schema()["workload_spec"]["properties"]
    assert properties("container_spec", "workload_spec", "service") == rights.SERVICE.keys()
    assert variants(service["build"]) == rights.BUILD.keys()
    assert properties("service_hook") == rights.HOOK.keys()


def test_every_key_of_a_resource_is_known() -> None:
    """These are lists of what stays in the copy, so that a new key is left out by itself; none is misspelt."""
    container = schema()["container_spec"]["properties"]
    mount = variants(container["volumes"]["items"])
    assert mount - set(rights.MOUNT) == {"bind", "consistency"}
    assert set(rights.MOUNT) < mount
    networks = next(each for each in container["networks"]["oneOf"] if "patternProperties" in each)
    (connection,) = networks["patternProperties"].values()
    assert set(rights.CONNECTION) < variants(connection)
    assert set(rights.NETWORK) < properties("network")
    assert set(rights.MODEL) < properties("model")
    assert set(rights.FILE_MOUNT) == variants(schema()["service_config_or_secret"]["items"])


def test_what_is_new_is_refused() -> None:
    """In a service, in a build, and in a hook: stood in for, and left out where it says nothing."""
    for body in (
        {"new": 1},
        {"build": {"context": "/own", "new": True}},
        {"post_start": [{"command": ["x"], "new": 1}]},
    ):
        assert {each.right for each in wanted(body)} == {NOTHING}
    assert not wanted({"new": None, "x-new": 1})


def test_the_names_are_those_of_the_option() -> None:
    assert tuple(RIGHTS) == table.RIGHTS


def wanted(body: dict[str, Any], outside: OutsideResources = OUTSIDE) -> list[rights.RequiredRight]:
    return needs({"services": {"a": body}, **SHARED}, "a", outside)


def mount(source: str, kind: str = "bind") -> dict[str, Any]:
    return {"volumes": [{"type": kind, "source": source, "target": "/x"}]}


# All that needs a right, with a value for each way to get it.
DANGEROUS: list[tuple[dict[str, Any], str]] = [
    ({"build": {"context": "/etc"}}, HOST_FILES),
    ({"build": {"context": "https://github.com/x/y.git"}}, NOTHING),
    ({"build": {"context": "git@github.com:x/y.git"}}, NOTHING),
    ({"build": {"context": "/own", "dockerfile": "/etc/shadow"}}, HOST_FILES),
    ({"build": {"context": "/own", "dockerfile": "../etc/shadow"}}, HOST_FILES),
    ({"build": {"context": "/own", "additional_contexts": {"x": "/etc"}}}, HOST_FILES),
    ({"build": {"context": "/own", "additional_contexts": {"x": "https://x.git"}}}, NOTHING),
    ({"build": {"context": "/own", "additional_contexts": {"x": "oci-layout:///etc"}}}, NOTHING),
    ({"build": {"context": "/own", "network": "host"}}, HOST_NETWORK),
    ({"build": {"context": "/own", "network": "theirs"}}, EXTERNAL),
    ({"build": {"context": "/own", "privileged": True}}, PRIVILEGED),
    ({"build": {"context": "/own", "entitlements": ["security.insecure"]}}, PRIVILEGED),
    ({"build": {"context": "/own", "ssh": ["default"]}}, HOST_FILES),
    ({"build": {"context": "/own", "secrets": [{"source": "etc"}]}}, HOST_FILES),
    ({"build": "https://x"}, NOTHING),
    ({"cap_add": ["SYS_ADMIN"]}, PRIVILEGED),
    ({"cgroup": "host"}, HOST_NAMESPACES),
    ({"cgroup_parent": "/x"}, PRIVILEGED),
    ({"configs": [{"source": "new"}]}, NOTHING),
    ({"cpu_rt_period": 1}, PRIVILEGED),
    ({"cpu_rt_runtime": 1}, PRIVILEGED),
    ({"credential_spec": {"file": "x"}}, HOST_FILES),
    ({"deploy": {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"]}]}}}}, DEVICES),
    ({"deploy": {"resources": {"reservations": {"generic_resources": [{}]}}}}, DEVICES),
    ({"device_cgroup_rules": ["a *:* rwm"]}, DEVICES),
    ({"devices": ["/dev/kvm"]}, DEVICES),
    ({"gpus": "all"}, DEVICES),
    ({"ipc": "host"}, HOST_NAMESPACES),
    ({"ipc": "container:x"}, OTHER_CONTAINERS),
    ({"ipc": "odd"}, NOTHING),
    ({"network_mode": "host"}, HOST_NETWORK),
    ({"network_mode": "container:x"}, OTHER_CONTAINERS),
    ({"network_mode": "theirs"}, EXTERNAL),
    ({"networks": {"lan": None}}, HOST_NETWORK),
    ({"networks": {"odd": None}}, EXTERNAL),
    ({"networks": {"machine": None}}, HOST_NETWORK),
    ({"pid": "host"}, HOST_NAMESPACES),
    ({"pid": "container:x"}, OTHER_CONTAINERS),
    ({"post_start": [{"command": ["x"], "privileged": True}]}, PRIVILEGED),
    ({"pre_start": [{"command": ["x"]}]}, NOTHING),
    ({"pre_stop": [{"command": ["x"]}, {"command": ["x"], "privileged": True}]}, PRIVILEGED),
    ({"privileged": True}, PRIVILEGED),
    ({"provider": {"type": "./evil.sh"}}, NOTHING),
    ({"runtime": "nvidia"}, DEVICES),
    ({"runtime": "other"}, PRIVILEGED),
    ({"secrets": [{"source": "etc"}]}, HOST_FILES),
    ({"secrets": [{"source": "unseen"}]}, HOST_FILES),
    ({"build": {"context": "/own", "dockerfile": "missing/../link"}}, HOST_FILES),
    ({"build": {"context": "/ignored", "dockerfile": "Dockerfile"}}, HOST_FILES),
    ({"secrets": [{"source": "sock"}]}, DOCKER_SOCKET),
    ({"secrets": [{"source": "folder"}]}, NOTHING),
    ({"security_opt": ["apparmor=unconfined"]}, PRIVILEGED),
    ({"security_opt": ["no-new-privileges", "seccomp=unconfined"]}, PRIVILEGED),
    ({"sysctls": {"kernel.core_pattern": "|/evil"}}, PRIVILEGED),
    ({"sysctls": ["net.core.somaxconn=1", "vm.x=1"]}, PRIVILEGED),
    ({"use_api_socket": True}, DOCKER_SOCKET),
    ({"userns_mode": "host"}, HOST_NAMESPACES),
    ({"uts": "host"}, HOST_NAMESPACES),
    (mount("/etc"), HOST_FILES),
    (mount("/d.sock"), DOCKER_SOCKET),
    (mount("/dev/sda"), DEVICES),
    (mount("theirs", "volume"), EXTERNAL),
    (mount("disk", "volume"), HOST_FILES),
    (mount("nfs", "volume"), HOST_FILES),
    (mount("x", "npipe"), NOTHING),
    (mount("x", "cluster"), NOTHING),
    ({"volumes_from": ["b", "container:x"]}, OTHER_CONTAINERS),
]


@pytest.mark.parametrize(("body", "right"), DANGEROUS, ids=lambda value: json.dumps(value)[:60])
def test_what_needs_a_right(body: dict[str, Any], right: str) -> None:
    """Without it the service is a stand-in that has nothing of it; with all others too; with it the service runs."""
    found = wanted(body)
    assert {each.right for each in found} == {right}
    document = {"services": {"a": body}, **SHARED}
    others = frozenset(RIGHTS) - {right}
    assert list(private_project.unmet(document, ["a"], OUTSIDE, others)) == ["a"]
    stand_in = private_project.StandIn("empty", ("x",), (), {}, "1:2")
    made = private_project.private_copy(document, "run", stand_in, [], OUTSIDE, others, alone=False)["services"]["a"]
    assert made["image"] == "empty"
    assert not made.keys() & (body.keys() - {"networks", "network_mode", "volumes", "security_opt"})
    assert made["volumes"] == []
    assert made["security_opt"] == ["label=disable", "no-new-privileges"]
    assert not {"networks", "network_mode"} & made.keys()
    if right:
        assert not private_project.unmet(document, ["a"], OUTSIDE, frozenset({right}))


def test_every_right_is_needed_by_something() -> None:
    assert {right for _, right in DANGEROUS} | {SHELL_VARIABLES} == {*RIGHTS, NOTHING}


def test_every_attribute_that_may_need_one_is_tried() -> None:
    """By the table: what is neither kept nor left out has a value above that needs a right."""
    judged = {key for key, entry in rights.SERVICE.items() if entry not in (rights.KEEP, rights.DROP)}
    assert judged == {key for body, _ in DANGEROUS for key in body}
    judged = {key for key, entry in rights.BUILD.items() if entry not in (rights.KEEP, rights.DROP)}
    builds = [body["build"] for body, _ in DANGEROUS if isinstance(body.get("build"), dict)]
    assert judged == {key for build in builds for key in build} - {"dockerfile"}


HARMLESS: list[dict[str, Any]] = [
    {"build": {"context": "/own", "dockerfile": "Dockerfile", "args": {"A": "b"}, "network": "none", "target": "x"}},
    {"build": {"context": "/own", "additional_contexts": {"x": "/own", "y": "service:b", "z": "docker-image://b"}}},
    {"build": {"context": "/own", "dockerfile_inline": "FROM x", "network": "default", "privileged": False, "ssh": []}},
    {"configs": [{"source": "text"}], "secrets": [{"source": "file"}, {"source": "variable"}, {"source": "gone"}]},
    {"deploy": {"replicas": 3, "resources": {"limits": {"cpus": 1}, "reservations": {"memory": "1"}}}},
    {"ipc": "private"}, {"ipc": "service:b"}, {"ipc": "shareable"}, {"pid": "service:b"}, {"cgroup": "private"},
    {"network_mode": "none"}, {"network_mode": "bridge"}, {"network_mode": "service:b"},
    {"networks": {"own": None, "like": None, "gone": None}},
    {"post_start": [{"command": ["x"], "user": "root", "privileged": False, "environment": {"A": "b"}}]},
    {"privileged": False, "use_api_socket": False, "cap_add": [], "devices": None, "gpus": []},
    {"provider": {"type": "model", "options": {"model": "ai/x"}}},
    {"security_opt": ["no-new-privileges:true"]},
    {"sysctls": {"net.core.somaxconn": 1024, "kernel.shmmax": 1, "fs.mqueue.msg_max": 1}},
    mount("/own"), mount("/gone"), mount("/unseen"), mount("own", "volume"), mount("", "volume"), mount("", "tmpfs"),
    mount("i:1", "image"),
    {"volumes_from": ["b:ro"]},
    {"ports": ["80:80"], "container_name": "x", "logging": {"driver": "syslog"}, "labels": {"a": "b"}},
]  # fmt: skip


@pytest.mark.parametrize("body", HARMLESS, ids=lambda value: json.dumps(value)[:60])
def test_what_needs_none(body: dict[str, Any]) -> None:
    assert not wanted(body)


def test_several_at_once() -> None:
    found = wanted({"privileged": True, "volumes": [{"type": "bind", "source": "/run"}], "image": "x"})
    assert [(each.right, each.what) for each in found] == [
        (PRIVILEGED, "`privileged`"), (HOST_FILES, "a path outside the repository in `volumes`"),
        (DOCKER_SOCKET, "a socket in `volumes`"),
    ]  # fmt: skip


def test_values_of_the_shell() -> None:
    outside = OUTSIDE._replace(shell={"a": ("build", "environment")})
    assert [each.right for each in wanted({}, outside)] == [SHELL_VARIABLES]
    assert needs({"services": {"b": {}}}, "b", outside) == []
