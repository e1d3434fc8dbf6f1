"""Random Compose projects of several files, to load with two programs and compare.

A seed gives a project: the same one on every machine. Projects are small and dense: what merges, extends, includes and
interpolation do to one another shows in few lines. Most are valid; some are not, and both programs must say so.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, cast

Tree = dict[str, Any]


class Generated:
    """A project: texts by file name, the files named with `-f`, the profiles that are enabled, and the shell."""

    def __init__(
        self, files: dict[str, str], named: list[str], profiles: list[str], shell: dict[str, str] | None = None
    ) -> None:
        self.files = files
        self.named = named
        self.profiles = profiles
        self.shell = shell or {}


def generate(seed: int) -> Generated:
    """The project of a seed."""
    return _Maker(random.Random(seed)).project()


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.files: dict[str, str] = {}
        self.names = chance.sample(["web", "api", "worker", "db", "cache"], chance.randint(1, 3))
        self.models = chance.sample(["llm", "embed", "my-llm", "v1.5"], chance.randint(0, 3))

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def pick(self, *options: Any) -> Any:
        return self.chance.choice(options)

    def some(self, options: list[Any], most: int = 3) -> list[Any]:
        return self.chance.sample(options, self.chance.randint(1, min(most, len(options))))

    def project(self) -> Generated:
        if self.maybe(0.6):
            lines = ["TAG=1.2", "EMPTY=", "PORT=8081", 'QUOTED="a b"', "REF=${TAG}-x", "LEVEL='debug'"]
            self.files[".env"] = "\n".join(self.some(lines, 6)) + "\n"
        self.files["app.env"] = "APP_A=1\nAPP_B=${TAG:-none}\nLOG=from-file\n"
        base = self.document(self.names, self.models, complete=True)
        if self.maybe(0.25):
            base["include"] = self.includes()
        if self.maybe(0.3):
            self.extend(base)
        named = ["compose.yaml"]
        self.files["compose.yaml"] = dump(base)
        for number in range(self.pick(0, 1, 1, 2)):
            name = f"over{number}.yaml"
            over = self.document(self.some(self.names), self.some(self.models) if self.models else [], complete=False)
            self.files[name] = dump(self.tag(over))
            named.append(name)
        return Generated(self.files, named, ["debug"] if self.maybe(0.3) else [])

    def document(self, names: list[str], models: list[str], complete: bool) -> Tree:
        document: Tree = {}
        if complete and self.maybe(0.3):
            document["name"] = self.pick("shop", "my_app", "a-b")
        document["services"] = {name: self.service(name, complete) for name in names}
        if models:
            document["models"] = {name: self.model(complete) for name in models}
        if self.maybe(0.5) or complete:
            document["networks"] = {
                "front": self.pick({}, None, {"driver": "bridge"}, {"labels": {"a": "b"}}),
                "back": None,
            }
        if self.maybe(0.5) or complete:
            document["volumes"] = {"data": self.pick({}, None, {"driver": "local", "driver_opts": {"size": 5}})}
        if self.maybe(0.3):
            document["x-extra"] = {"k": self.pick("v", "${TAG:-t}"), "list": [1, 2]}
        return document

    def service(self, name: str, complete: bool) -> Tree:
        service: Tree = {}
        if complete or self.maybe(0.3):
            service["image"] = self.pick(f"{name}:1.0", f"{name}:${{TAG:-latest}}", "alpine", f"{name}:${{TAG}}")
        for key, (share, make) in self.fields(name).items():
            if self.maybe(share if complete else share * 0.7):
                service[key] = make()
        return service

    def fields(self, name: str) -> dict[str, tuple[float, Callable[[], Any]]]:
        pick = self.pick
        others = [other for other in self.names if other < name]
        fields: dict[str, tuple[float, Callable[[], Any]]] = {
            "environment": (0.6, self.environment),
            "command": (
                0.3,
                lambda: pick("run --fast", ["run", "-x"], "sh -c 'echo \"$$HOME\"'", "", ["a b", "${TAG:-c}"]),
            ),
            "entrypoint": (0.15, lambda: pick("/bin/sh", ["/entry", "x"], "")),
            "ports": (
                0.4,
                lambda: self.some(
                    [
                        "8080:80",
                        "127.0.0.1:5000:5000/udp",
                        "3000",
                        "9000-9001:9000-9001",
                        "${PORT:-7000}:70",
                        {"target": 81, "published": "8081"},
                    ]
                ),
            ),
            "expose": (0.15, lambda: self.some(["80", 81, "3000-3001"])),
            "volumes": (
                0.35,
                lambda: self.some(
                    [
                        "data:/data",
                        "./src:/src:ro",
                        "/abs:/abs",
                        "/anon",
                        {"type": "bind", "source": "./b", "target": "/b"},
                        {"type": "tmpfs", "target": "/t"},
                    ]
                ),
            ),
            "networks": (0.3, lambda: pick(["front"], ["front", "back"], {"front": {"aliases": ["x"]}, "back": None})),
            "labels": (0.3, lambda: pick(["a=1", "b"], {"a": 2, "c": "${TAG:-z}"}, {"com.example/x": "true"})),
            "depends_on": (0.3, lambda: pick(others, {other: {"condition": "service_started"} for other in others})),
            "restart": (0.2, lambda: pick("always", "no", "on-failure:3")),
            "healthcheck": (
                0.2,
                lambda: pick(
                    {"test": "curl -f http://x", "interval": "1m30s"},
                    {"test": ["CMD", "true"], "retries": 3, "timeout": "500ms"},
                    {"disable": True},
                ),
            ),
            "env_file": (
                0.2,
                lambda: pick("app.env", ["app.env"], [{"path": "gone.env", "required": False}, "app.env"]),
            ),
            "profiles": (0.1, lambda: pick(["debug"], ["other"])),
            "deploy": (
                0.15,
                lambda: pick(
                    {"replicas": 2}, {"resources": {"limits": {"cpus": "0.5", "memory": "50M"}}}, {"labels": {"l": 1}}
                ),
            ),
            "extra_hosts": (0.1, lambda: pick(["a:1.2.3.4", "b=host-gateway"], {"c": "4.3.2.1"})),
            "dns": (0.1, lambda: pick("1.1.1.1", ["1.1.1.1", "8.8.8.8"])),
            "cap_add": (0.1, lambda: self.some(["NET_ADMIN", "SYS_TIME"])),
            "tmpfs": (0.1, lambda: pick("/run", ["/run", "/tmp:size=1m"])),
            "ulimits": (0.1, lambda: pick({"nofile": 1024}, {"nofile": {"soft": 1, "hard": 2}})),
            "logging": (
                0.1,
                lambda: pick({"driver": "json-file", "options": {"max-size": "1m"}}, {"options": {"max-file": 3}}),
            ),
            "sysctls": (0.1, lambda: pick(["net.core.somaxconn=1024"], {"net.core.somaxconn": 512})),
            "mem_limit": (0.1, lambda: pick("512m", "1gb", 1048576)),
            "stop_grace_period": (0.1, lambda: pick("1m30s", "10s")),
            "working_dir": (0.1, lambda: "/app"),
            "user": (0.1, lambda: pick("1000", 1000, "1000:1000")),
            "init": (0.1, lambda: pick(True, "true", False)),
            "x-note": (0.1, lambda: pick("n", {"deep": ["${TAG:-q}"]})),
        }
        if self.models:
            fields["models"] = (0.6, self.grants)
        return fields

    def environment(self) -> Any:
        values = {
            "LOG": self.pick("info", "${LEVEL:-warn}", "$LEVEL"),
            "A": self.pick(1, 1.10, True, None, "x", "${EMPTY:-e}", "${EMPTY-e}", "${TAG:+set}"),
            "B": self.pick("${REF}", "$$dollar", "${NOPE:-${TAG:-deep}}", "a=b", "0440"),
            "PASS": None,
        }
        chosen = dict(self.some(list(values.items()), 4))
        if self.maybe(0.5):
            return chosen
        texts = {True: "true", None: ""}
        return [name if value is None else f"{name}={texts.get(value, value)}" for name, value in chosen.items()]

    def grants(self) -> Any:
        names = self.some(self.models)
        if self.maybe(0.5):
            return names
        return {
            name: self.pick(None, {}, {"endpoint_var": "E"}, {"model_var": "M", "endpoint_var": "${TAG:-E}"})
            for name in names
        }

    def model(self, complete: bool) -> Tree:
        model: Tree = {}
        if complete or self.maybe(0.5):
            model["model"] = self.pick("ai/smollm2", "ai/x:${TAG:-v1}", "${MODEL:-ai/y}")
        if self.maybe(0.5):
            model["context_size"] = self.pick(4096, 8192)
        if self.maybe(0.5):
            model["runtime_flags"] = self.some(["--temp", "0.1", "--jinja", "${FLAG:---mlock}"])
        return model

    def includes(self) -> list[Any]:
        inner: Tree = {"services": {"inc": {"image": "inc:${TAG:-i}", "volumes": ["./d:/d"], "env_file": "inc.env"}}}
        if self.maybe(0.5):
            inner["models"] = {self.pick("inner", *self.models): {"model": "ai/inner", "runtime_flags": ["--a"]}}
        if self.maybe(0.3):
            inner["networks"] = {"front": {}}
        self.files["sub/inc.yaml"] = dump(inner)
        self.files["sub/inc.env"] = "INC=${TAG:-x}\n"
        self.files["sub/more.env"] = "TAG=inner\n"
        return [
            self.pick(
                "sub/inc.yaml",
                {"path": "sub/inc.yaml"},
                {"path": ["sub/inc.yaml"], "env_file": "sub/more.env"},
                {"path": "sub/inc.yaml", "project_directory": "sub"},
            )
        ]

    def extend(self, base: Tree) -> None:
        common: Tree = {"common": self.service("common", complete=True)}
        for key in ("depends_on", "models", "networks", "profiles"):
            common["common"].pop(key, None)
        name = self.pick(*base["services"])
        if self.maybe(0.5):
            base["services"].update(common)
            base["services"][name]["extends"] = self.pick("common", {"service": "common"})
        else:
            self.files["lib/common.yaml"] = dump({"services": common})
            self.files["lib/app.env"] = "LIB=1\n"
            base["services"][name]["extends"] = {"file": "lib/common.yaml", "service": "common"}

    def tag(self, over: Tree) -> Tree:
        """Now and then reset or override something."""
        for service in over["services"].values():
            for key in list(service):
                if self.maybe(0.06):
                    service[key] = Tagged("!reset", None)
                elif self.maybe(0.06):
                    service[key] = Tagged("!override", service[key])
        return over


class Tagged:
    """A value with a YAML tag."""

    def __init__(self, tag: str, value: Any) -> None:
        self.tag = tag
        self.value = value


def dump(value: Any) -> str:
    """YAML in block style for the outer levels, flow style inside: both forms are met."""
    return "".join(_block(value, 0))


def _block(value: Any, depth: int) -> list[str]:
    if not isinstance(value, dict) or not value or depth > 2:
        return [f" {_flow(value)}\n"]
    lines = ["\n"] if depth else []
    for key, item in cast("Tree", value).items():
        lines.append(f"{'  ' * depth}{_flow(key)}:")
        lines.extend(_block(item, depth + 1))
    return lines


def _flow(value: Any) -> str:
    if isinstance(value, Tagged):
        return f"{value.tag} {_flow(value.value)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in cast("Tree", value).items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in cast("list[Any]", value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
