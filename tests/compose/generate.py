"""Random Compose projects, the same for the same seed: many settings, in every form that they may have.

Most are valid. Merges, `extends` and `include` are no part of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, TypeAlias, cast

Make: TypeAlias = Callable[[random.Random], Any]
Table: TypeAlias = "dict[str, tuple[Any, ...]]"  # of each setting: values, or functions that make one

NAMES = ("web", "db", "a-b", "a_b", "x1", "x10", "x2", "Api")
MODELS = ("llm", "small-model", "m2", "m10")
NETWORKS = ("front", "back", "n1")
VOLUMES = ("data", "cache", "v1")
FILES = ("s1", "s2", "s3")
WORDS = (
    "plain", "two words", "", "yes", "No", "true", "null", "~", "1", "08", "0x1f", "1e3", "1.5", "22:22", "0:0",
    "2024-01-01", "a: b", "a:b", "a #b", "#a", "- a", "-a", "?", "a:", "'q'", '"q"', "tab\there", "line\nbreak",
    "line\nbreak\n", "two\n\nbreaks\n\n", "\nleading", "  blank", "blank ", "é", "日本", "\u00a0", "\u2028",
    "emoji 😀", "\x07bell", "\\back", "$$HOME", "a$$", "{a: b}", "[a]", "*a", "&a", "!a", "%a", "@a", "`a`", "|", ">",
    "<<", "=", "---", "...", ".5", "+1", "-0", ".inf", "1_000", "x" * 90, "word " * 30, "it's " * 25, "a\\tb " * 20,
    "wide  blanks " * 12, "first line \nsecond", "a,b", "k=v", "/path/to/file", "http://x:80/y?z#q", "a\rb", "\ttab",
)  # fmt: skip
KEYS = ("A", "B1", "B10", "B2", "B_1", "a.b", "Z-1", "z", "_x", "0", "01", "1a", "KEY_A", "KEYA", "é")


class Plain(str):
    """A scalar to be written as it is, without quotes."""


PLAIN = tuple(map(Plain, (
    "1", "0", "-1", "1.5", "1e3", "1e21", "0440", "0o17", "0b11", "1_000", "true", "False", "null", "~", "yes", "on",
    "2024-01-01", "08", "123456789.5", "0.00001", ".5", "22:22", "100000000000000000000",
)))  # fmt: skip


def text(value: Any) -> str:
    """YAML, in flow style below the second level."""
    if isinstance(value, Plain):
        return str(value)
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value).items()
        return "{" + ", ".join(f"{quoted(key)}: {text(item)}" for key, item in entries) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(text(item) for item in cast("list[Any]", value)) + "]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def quoted(value: str) -> str:
    """A text in double quotes, as YAML escapes it."""
    return '"' + "".join(c if c.isascii() and c not in '"\\' and c >= " " else f"\\U{ord(c):08X}" for c in value) + '"'


def document(seed: int) -> str:
    """The text of one Compose file."""
    draw = random.Random(seed)
    lines = [f"name: {draw.choice(('p', 'my-project', 'p_1'))}"]
    for section, body in project(draw).items():
        if isinstance(body, dict):
            lines.append(f"{section}:")
            entries = cast("dict[str, Any]", body).items()
            lines.extend(f"  {quoted(name)}: {text(item)}" for name, item in entries)
        else:
            lines.append(f"{section}: {text(body)}")
    return "\n".join(lines) + "\n"


def project(draw: random.Random) -> dict[str, Any]:
    """The sections of one project; everything that a service may refer to is declared."""
    names: list[str] = draw.sample(NAMES, draw.randint(1, 4))
    services = {name: service(draw, names[:at]) for at, name in enumerate(names)}
    found: dict[str, Any] = {
        "services": services,
        "networks": {name: one(draw, _network) for name in NETWORKS},
        "volumes": {name: one(draw, _volume) for name in VOLUMES},
        "secrets": {name: one(draw, _secret) for name in FILES},
        "configs": {name: one(draw, _config) for name in FILES},
        "models": {name: one(draw, _model) for name in MODELS},
    }
    if draw.random() < 0.3:
        found["networks"]["default"] = one(draw, _network)
    if draw.random() < 0.2:
        found["jobs"] = {"job": {**some(draw, _JOB, 0.15), "image": "job", "triggers": one(draw, _triggers)}}
    if draw.random() < 0.3:
        found["x-top"] = one(draw, anything)
    if draw.random() < 0.1:
        found["version"] = "3.8"
    return found


def service(draw: random.Random, earlier: list[str]) -> dict[str, Any]:
    """A service that may depend on those before it."""
    found: dict[str, Any] = {
        "image": draw.choice(("alpine", "ghcr.io/x/y:1", "a@sha256:" + "0" * 64)),
        **some(draw, _SERVICE, 0.13),
    }
    if earlier and draw.random() < 0.5:
        found.update(_relation(draw, draw.choice(earlier)))
    if draw.random() < 0.2:
        found["x-extra"] = one(draw, anything)
    if "network_mode" in found:
        found.pop("networks", None)
    limits = found.get("deploy", {}).get("resources", {})
    if limits.get("limits") is not None:
        for name in ("cpus", "mem_limit", "pids_limit"):
            found.pop(name, None)
    if limits.get("reservations") is not None:
        found.pop("mem_reservation", None)
    if "scale" in found:
        found.get("deploy", {}).pop("replicas", None)
    if found.get("scale", 0) not in (0, 1) or found.get("deploy", {}).get("replicas", 0) not in (0, 1):
        found.pop("container_name", None)
    return found


def _relation(draw: random.Random, name: str) -> dict[str, Any]:
    return pick(draw, (
        {"depends_on": [name]},
        {"depends_on": {name: {"condition": "service_healthy"}}},
        {"depends_on": {name: {"condition": "service_started", "restart": True, "required": False, "x-d": 1}}},
        {"depends_on": {name: {"condition": "service_completed_successfully", "required": "yes"}}},
        {"links": [name]}, {"links": [f"{name}:alias"]},
        {"network_mode": f"service:{name}"}, {"ipc": f"service:{name}"}, {"pid": f"service:{name}"},
        {"volumes_from": [name]}, {"volumes_from": [f"{name}:ro", "container:other"]},
    ))  # fmt: skip


def some(draw: random.Random, table: Table, share: float) -> dict[str, Any]:
    """Some of a table's entries, each with one of its values."""
    return {name: one(draw, draw.choice(makes)) for name, makes in table.items() if draw.random() < share}


def pick(draw: random.Random, values: tuple[Any, ...]) -> Any:
    """One of some values."""
    return draw.choice(values)


def one(draw: random.Random, make: Any) -> Any:
    """A value; what is a function in it is made."""
    if callable(make):
        return one(draw, make(draw))
    if isinstance(make, dict):
        return {key: one(draw, item) for key, item in cast("dict[str, Any]", make).items()}
    return [one(draw, item) for item in cast("list[Any]", make)] if isinstance(make, list) else make


def word(draw: random.Random) -> str:
    """A text, ordinary or hard to quote."""
    return draw.choice(WORDS)


def scalar(draw: random.Random) -> Any:
    """A text, or a plain scalar."""
    return draw.choice(PLAIN) if draw.random() < 0.4 else word(draw)


def anything(draw: random.Random, depth: int = 2) -> Any:
    """Any YAML value."""
    kind = draw.random()
    if depth and kind < 0.25:
        return {draw.choice(KEYS): anything(draw, depth - 1) for _ in range(draw.randint(0, 3))}
    if depth and kind < 0.5:
        return [anything(draw, depth - 1) for _ in range(draw.randint(0, 3))]
    return scalar(draw)


def variables(draw: random.Random) -> Any:
    """A map of names to scalars."""
    return {draw.choice(KEYS): scalar(draw) for _ in range(draw.randint(0, 6))}


def assignments(draw: random.Random) -> Any:
    """A list of `NAME=value`, and of names alone."""
    names = draw.sample(KEYS, draw.randint(0, 5))
    return [name if draw.random() < 0.2 else f"{name}={word(draw)}" for name in names]


def words(draw: random.Random) -> Any:
    """A list of different texts."""
    return draw.sample(WORDS, draw.randint(0, 5))


def labels(draw: random.Random) -> Any:
    """A map of labels."""
    names = draw.sample(("a", "com.example.x", "B", "b"), draw.randint(0, 3))
    return {name: scalar(draw) for name in names}


def _network(draw: random.Random) -> Any:
    return pick(draw, (
        None, {}, {"external": True}, {"external": "true", "name": "foo"}, {"external": {"name": "foo"}},
        {"driver": "bridge", "driver_opts": {"a": 1, "b": "x", "c": 1.5}}, {"internal": "yes", "attachable": True},
        {"external": False, "name": "given"}, {"enable_ipv6": True, "enable_ipv4": "false", "x-n": {"b": 1, "a": 2}},
        {"labels": labels(draw)}, {"labels": ["a=b", "c"]}, {"ipam": {}},
        {"ipam": {"driver": "default", "config": [{"subnet": "172.28.0.0/16", "aux_addresses": {"h": "172.28.1.5"}}]}},
    ))  # fmt: skip


def _volume(draw: random.Random) -> Any:
    return pick(draw, (
        None, {}, {"external": True}, {"external": "on"}, {"name": "given", "labels": labels(draw)},
        {"driver": "local", "driver_opts": {"type": "none", "o": "bind", "device": "./data"}},
        {"driver": "local", "driver_opts": {"type": "nfs", "o": "addr=1.2.3.4", "device": ":/x"}},
        {"driver_opts": {"a": 1}, "x-v": None},
    ))  # fmt: skip


def _secret(draw: random.Random) -> Any:
    return pick(draw, (
        {"file": "./secret.txt"}, {"file": "~/secret"}, {"file": "/abs/../secret"}, {"environment": "SECRET"},
        {"external": True}, {"external": True, "name": "given"},
        {"file": "s", "labels": labels(draw), "x-s": 1}, {"file": "s", "name": "named"},
    ))  # fmt: skip


def _config(draw: random.Random) -> Any:
    return pick(draw, (
        {"file": "./config.txt"}, {"content": word(draw)}, {"content": "a: $$b\n  c\n"}, {"environment": "CONFIG"},
        {"external": True}, {"external": "true", "name": "given"},
        {"file": "c", "template_driver": "golang", "labels": ["a=b"]},
    ))  # fmt: skip


def _model(draw: random.Random) -> Any:
    return pick(draw, (
        {"model": "ai/smollm2"}, {"model": "ai/x:1B", "context_size": 4096}, {"model": ""},
        {"model": "hf.co/a/b", "runtime_flags": ["--temp", "0.1", "", "--x=y"], "context_size": 0},
        {"model": "m", "name": "shown", "x-m": [1, {"b": 1, "a": 2}]}, {"model": "m", "runtime_flags": []},
    ))  # fmt: skip


def _triggers(draw: random.Random) -> Any:
    return pick(draw, (
        {"manual": True}, {"manual": "yes"}, {"schedule": ["* * * * *"]},
        {"schedule": [{"cron": "1 * * * *", "timezone": "UTC", "concurrency": "queue", "missed_fires": "one"}]},
    ))  # fmt: skip


def _port(draw: random.Random) -> Any:
    number = draw.randint(1, 60000)
    return pick(draw, (
        number, str(number), f"{number}:80", f"127.0.0.1:{number}:80", f"{number}-{number + 3}:{number}-{number + 3}",
        f"{number}-{number + 9}:80", "98-101", f"127.0.0.1::{number}", f"[::1]:{number}:80", f"::1:{number}:80/udp",
        f"{number}:53/UDP", f"{number}/sctp", {"target": number}, {"target": str(number), "published": number},
        {"target": 80, "published": f"{number}-{number + 5}", "protocol": "udp", "mode": "host"},
        {"target": 80, "published": str(number), "host_ip": "0.0.0.0", "name": "n", "app_protocol": "http", "x-p": 1},
    ))  # fmt: skip


def _mount(draw: random.Random) -> Any:
    target = f"/t{draw.randint(0, 10**6)}"
    return pick(draw, (
        target, f"{target}/", f"data:{target}", f"./a/../b:{target}", f"/x/../y:{target}:ro", f"~/h:{target}:ro,z",
        f"cache:{target}:nocopy", f"../up:{target}:rshared,Z", f"C:\\win:{target}", f".:{target}:rw,unknown",
        f"data:{target}/../{target[1:]}:ro",
        {"type": "bind", "source": "./b", "target": target}, {"type": "volume", "source": "v1", "target": target},
        {"type": "bind", "source": "/b/./c", "target": target, "bind": {"create_host_path": draw.random() < 0.5}},
        {"type": "bind", "source": "~", "target": f"{target}/", "read_only": "true", "bind": {"propagation": "slave"}},
        {"type": "volume", "target": target, "volume": {"nocopy": True, "subpath": "s", "labels": {"a": 1}}},
        {"type": "tmpfs", "target": target, "tmpfs": {"size": "10m", "mode": Plain("0o777")}},
        {"type": "tmpfs", "target": target, "tmpfs": {"size": 1024}, "x-v": 1},
        {"type": "image", "source": "alpine", "target": target, "image": {"subpath": "etc"}},
        {"type": "bind", "source": "b", "target": target, "consistency": "cached", "bind": {"recursive": "readonly"}},
    ))  # fmt: skip


def _reference(draw: random.Random) -> Any:
    name = draw.choice(FILES)
    return pick(draw, (
        name, {"source": name}, {"source": name, "target": f"/x/{name}", "mode": Plain("0440")},
        {"source": name, "uid": "1", "gid": "2", "mode": "0400"}, {"source": name, "mode": 0, "x-r": 1},
    ))  # fmt: skip


def _several(make: Make, most: int = 3) -> Make:
    return lambda draw: [make(draw) for _ in range(draw.randint(0, most))]


def _different(make: Make) -> Make:
    """A list whose items name different sources."""

    def items(draw: random.Random) -> list[Any]:
        found = {item if isinstance(item, str) else item["source"]: item for item in _several(make)(draw)}
        return list(found.values())

    return items


def _ulimits(draw: random.Random) -> Any:
    return pick(draw, (
        {"nofile": 1024}, {"nofile": "1024", "nproc": {"soft": 1, "hard": "2"}}, {}, {"core": -1},
        {"a": {"soft": 0, "hard": 0}},
    ))  # fmt: skip


def _hook(draw: random.Random) -> Any:
    return pick(draw, (
        {"command": "echo 'a b' c"}, {"command": ["a", "b"], "user": "root", "privileged": True, "x-h": 1},
        {"command": "", "working_dir": "/x", "environment": assignments(draw)},
        {"command": "x", "environment": variables(draw)},
    ))  # fmt: skip


def _step(draw: random.Random) -> Any:
    return {"command": "prepare", **some(draw, {**_STEP, "image": ("step",)}, 0.1)}


def _long_build(draw: random.Random) -> Any:
    return {"context": draw.choice((".", "/abs", "../up")), **some(draw, _BUILD, 0.3)}


def _build(draw: random.Random) -> Any:
    return pick(draw, (
        ".", "./dir/../other", "https://github.com/x/y.git#main", "github.com/x/y", "git@github.com:x/y", "~/src",
        _long_build(draw),
        {}, {"dockerfile_inline": "FROM x\nRUN y\n"},
    ))  # fmt: skip


def _deploy(draw: random.Random) -> Any:
    return some(draw, _DEPLOY, 0.4)


def _two_models(draw: random.Random) -> Any:
    return draw.sample(MODELS, 2)


def _container_name(draw: random.Random) -> Any:
    return f"cn-{draw.random()}"


def _limits(draw: random.Random) -> Any:
    return {"limits": draw.choice(_LIMITS)}


def _reservations(draw: random.Random) -> Any:
    return {"reservations": {**draw.choice(_LIMITS[:2]), "devices": _devices(draw)}}


def _devices(draw: random.Random) -> Any:
    return pick(draw, (
        [{"capabilities": ["gpu"]}], [{"capabilities": ["gpu"], "count": "all", "driver": "nvidia"}],
        [{"capabilities": [["gpu"]][0], "count": 2, "options": {"a": 1}}],
        [{"capabilities": ["gpu"], "device_ids": ["0", "1"], "options": ["a=b"], "x-d": 1}],
        [{"capabilities": ["gpu"], "count": "3"}], [],
    ))  # fmt: skip


_COMMAND: tuple[Any, ...] = (
    "", "sh -c 'echo \"a b\"'", 'a "b c" d\\ e', "a $$(b c) d", "a `b c`", "a; b", "a 2>b", "a\\nb \"c\\td\"", "  a  ",
    [], ["a", "b c", ""], ["sh", "-c", "echo a | grep b\necho c\n"], words, None, "a 'it''s' \"\" x", "--flag=\"v w\"",
)  # fmt: skip
_SIZES: tuple[Any, ...] = ("64m", "1.5g", "1024", 2048, "10kb", "1MiB", "0", "1 gb")
_TIMES: tuple[Any, ...] = ("10s", "1m30s", "1.5h", "500ms", "90s", "1d", "0s", "100us", "1h0m0.25s")
_FLAGS: tuple[Any, ...] = (True, False, "true", "no", "ON")
_INTEGERS: tuple[Any, ...] = (0, 1, 50, "7", 1000)
_STEP: Table = {
    "annotations": (labels, ["a=b", "c"]),
    "blkio_config": ({"weight": 10, "device_read_bps": [{"path": "/d", "rate": "1mb"}]},
                     {"device_write_iops": [{"path": "/d", "rate": 0}], "weight_device": [{"path": "/", "weight": 5}]},
                     {}),
    "cap_add": (["ALL"], [], ["A", "B"]), "cap_drop": (["ALL"],), "cgroup": ("host", "private"),
    "cgroup_parent": ("p",), "command": _COMMAND, "configs": (_different(_reference),), "cpu_count": _INTEGERS,
    "cpu_percent": (0, 50), "cpu_period": _INTEGERS, "cpu_quota": _INTEGERS, "cpu_rt_period": _INTEGERS,
    "cpu_rt_runtime": _INTEGERS, "cpu_shares": _INTEGERS, "cpus": (0.5, "1.5", 2, "0.1", 0.333333333),
    "cpuset": ("0-3", "0,1"), "credential_spec": ({"file": "file://x"}, {"registry": "r", "x-c": 1}),
    "device_cgroup_rules": (["c 1:3 mr"],),
    "devices": (["/dev/a"], ["/dev/a:/dev/b", "/dev/c:/dev/d:r"], [{"source": "/s", "target": "/t"}], [],
                [{"source": "/s", "target": "/t", "permissions": "rw", "x-d": 1}], ["vendor.com/gpu=all"]),
    "dns": ("1.1.1.1", ["1.1.1.1", "8.8.8.8"], [""], []), "dns_opt": (["a"], []), "dns_search": ("d", ["d", "e"]),
    "domainname": ("d", ""), "entrypoint": _COMMAND, "environment": (variables, assignments),
    "env_file": ("one.env", ["one.env", "two.env"], [{"path": "./gone.env", "required": False}],
                 ["two.env", {"path": "one.env", "format": "raw"}], [{"path": "one.env", "required": "true"}]),
    "extra_hosts": (["a:1.1.1.1", "b=2.2.2.2"], {"b": "1.1.1.1", "a": ["2.2.2.2", "1.1.1.1"]}, ["a=[::1]", "a:::2"],
                    ["a:1.1.1.1,2.2.2.2"], {}),
    "gpus": ("all", [{"driver": "nvidia"}], [{"count": 1, "capabilities": ["gpu"]}], [{"device_ids": ["0"]}]),
    "group_add": (["a", 1], []), "hostname": ("h",), "init": _FLAGS, "ipc": ("host", "shareable"),
    "isolation": ("default",), "label_file": ("labels.env", ["labels.env"]), "labels": (labels, assignments),
    "logging": ({"driver": "none"}, {"driver": "json-file", "options": {"a": 1, "b": None, "c": "x"}}, {},
                {"options": {"max-size": "10m"}, "x-l": 1}),
    "mem_limit": _SIZES, "mem_reservation": ("1k", "2k"), "mem_swappiness": (60, "10", 0),
    "memswap_limit": ("-1", -1, "9g"),
    "models": (_two_models, {"llm": None}, {"llm": {}},
               {"m10": {"endpoint_var": "URL"}, "m2": {"model_var": "NAME", "x-g": 1}, "llm": None}),
    "network_mode": ("host", "none", "bridge"),
    "networks": (["front"], ["front", "back"], {"front": None}, {"n1": {}, "back": {"aliases": ["a", "b"]}}, [], {},
                 {"front": {"ipv4_address": "172.28.0.5", "priority": 5, "driver_opts": {"a": 1}, "x-n": 1}},
                 {"back": {"gw_priority": 1, "interface_name": "eth1", "mac_address": "02:42:ac:11:00:02",
                           "ipv6_address": "::1", "link_local_ips": ["1.1.1.1"]}}),
    "oom_kill_disable": _FLAGS, "oom_score_adj": (0, 5, "-5"), "pid": ("host",), "pids_limit": (0, -1, "5"),
    "platform": ("linux/amd64",), "privileged": _FLAGS,
    "pull_policy": ("always", "if_not_present", "missing", "daily", "every_5h"), "read_only": _FLAGS,
    "runtime": ("nvidia",),
    "secrets": (_different(_reference),), "security_opt": (["a:b"],), "shm_size": _SIZES,
    "stop_grace_period": _TIMES, "stop_signal": ("SIGINT",), "storage_opt": ({"size": "1G"}, {}),
    "sysctls": ({"net.x": 1, "a": None}, ["a=1", "b=2"]), "tmpfs": ("/t", ["/t", "/u:size=1"], []),
    "ulimits": (_ulimits,), "use_api_socket": (False, True), "user": ("1000", "0:0", "", "root"),
    "userns_mode": ("host",), "uts": ("host",), "working_dir": ("/w",),
}  # fmt: skip
_JOB: Table = {**_STEP, "build": (_build,), "volumes": (_several(_mount),), "profiles": ([], ["off"])}
_SERVICE: Table = {
    **_STEP, "build": (_build,), "volumes": (_several(_mount),), "ports": (_several(_port),),
    "attach": _FLAGS, "container_name": (_container_name,), "deploy": (_deploy,),
    "scale": (0, 1, "3"),
    "develop": ({"watch": [{"path": "./w/../x", "action": "rebuild", "ignore": ["a"]}]},
                {"watch": [{"path": "/w", "action": "sync+exec", "target": "/t", "exec": {"command": "a b"}, "x-w": 1},
                           {"path": "y", "action": "sync", "target": "/t", "include": ["b"], "initial_sync": True}]}),
    "expose": ([80, "90"], ["80-90/udp", "80"], []), "external_links": (["x", "y:z"],),
    "healthcheck": ({"test": "curl x", "interval": "1m30s", "timeout": "10s", "retries": 3, "start_period": "1.5s"},
                    {"test": ["CMD", "a", "b"], "retries": "0", "start_interval": "0s"}, {"disable": "true"},
                    {"test": ["NONE"]}, {"test": ["CMD-SHELL", word]}, {"test": "", "x-h": 1}, {}),
    "post_start": (_several(_hook),), "pre_stop": (_several(_hook),), "pre_start": (_several(_step, 2),),
    "profiles": ([], ["off"]), "provider": ({"type": "model", "options": {"model": "ai/x", "n": 1, "b": True}},
                                            {"type": "p", "options": {"list": ["a", 2]}}, {"type": "p"}),
    "restart": ("always", "no", "on-failure:3"), "stdin_open": _FLAGS, "tty": _FLAGS,
}  # fmt: skip
_BUILD: Table = {
    "dockerfile": ("D", "../D", ""), "args": (variables, assignments), "labels": (labels, ["a=b"]),
    "target": ("t",), "network": ("host",), "no_cache": _FLAGS, "pull": _FLAGS, "privileged": _FLAGS,
    "shm_size": _SIZES, "cache_from": (["a"], []), "cache_to": (["b"],), "tags": (["x:1"],),
    "platforms": (["linux/amd64"],), "extra_hosts": (["a:1.1.1.1"], {"a": "1.1.1.1"}), "isolation": ("default",),
    "secrets": (_different(_reference),), "ulimits": (_ulimits,), "no_cache_filter": ("a", ["a", "b"]),
    "provenance": (True, False, "mode=max"), "sbom": (True, "x"), "entitlements": (["network.host"],),
    "ssh": (["default"], ["k=./p"], ["a=~/q"], {"k": "/abs"}, {"default": None}),
    "additional_contexts": ({"a": "./x", "b": "docker-image://y"}, ["a=../z", "c=https://x"], {"r": "~/q"}),
    "x-build": (anything,),
}  # fmt: skip
_LIMITS: tuple[Any, ...] = (
    {}, {"cpus": "0.5", "memory": "50M"}, {"cpus": 0.25, "memory": "1gb", "pids": 5}, {"memory": "0", "x-r": 1},
)  # fmt: skip
_DEPLOY: Table = {
    "mode": ("replicated", "global"), "replicas": (0, 1, "2"), "labels": (labels, ["a=b"]), "endpoint_mode": ("vip",),
    "update_config": ({}, {"parallelism": 0, "delay": "10s", "order": "start-first", "max_failure_ratio": 0.3},
                      {"parallelism": "2", "failure_action": "pause", "monitor": "0s", "max_failure_ratio": "0.1"}),
    "rollback_config": ({"parallelism": 1, "delay": "0s"},),
    "resources": ({}, _limits,
                  _reservations,
                  {"reservations": {"generic_resources": [{"discrete_resource_spec": {"kind": "gpu", "value": 2}}]}}),
    "restart_policy": ({}, {"condition": "on-failure", "delay": "5s", "max_attempts": 0, "window": "0s"}),
    "placement": ({}, {"constraints": ["a==b"], "preferences": [{"spread": "s"}], "max_replicas_per_node": 1}),
    "x-deploy": (anything,),
}  # fmt: skip
FILES_BESIDE = {
    "one.env": "ONE=1\nTWO=${ONE}2\nQ='a b'\nALONE\n# c\nA=from one\n",
    "two.env": 'TWO="two\\n$$x"\nB1=${TWO}\nexport E=x # c\n',
    "labels.env": "a=file\ncom.example.y=${ONE:-1}\n",
}
