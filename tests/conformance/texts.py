"""Projects with random text where Compose reads a language of its own: env files, templates, units, YAML itself."""

from __future__ import annotations

import random

from generated import Generated

ENV = [
    "A", "B", "C", "D", "=", ":", " ", "\t", "\n", "\n", "\n", "export ", "'", '"', "\\", "\\n", "\\$", "$", "${A}",
    "$B",
    "${U:-d}", "${U}", "#", " #", "x", "y z", "1", ".", "-", "_", "é", "=v\n", "A=1\n", "B='q'\n", 'C="p"\n', "\r\n",
    '\\"', "\\'", "{", "}", "[", "]", "\\0101", "\\t", "/", "!", ",", ";", "``", "$$", "${", "=$(x)",
]  # fmt: skip
TEMPLATE = [
    "$", "$$", "${", "}", "{", "A", "B", "E", "U", ":-", ":+", ":?", "-", "+", "?", "${A}", "${U}", "${A:-", "${U:-",
    "${E:+", "${A:+", "${E-", "${U-", "$A", "$U", "x", " ", "\n", "é", "'", '"', "${U:?", "${A?", "${1}", "$1",
    "${A.b}",
    "${A-b}", "${A[0]}", "$_", "${_}", "/", "${A:", "${ A }", "${A }", "=", ":", "%", "$(x)", "${a}", "${A:-}}",
    "$${A}",
    "${A:-${B:-${U:-d}}}", "$$$A", "\\$A", "${A:?m}",
]  # fmt: skip
SHELL = {"A": "av", "B": "b$c", "E": "", "a": "low", "_": "us"}
WORDS = [
    "a", "abc", "yes", "no", "on", "off", "y", "n", "true", "null", "~", "1", "0", "08", "0x1f", "1e3", "1_000", ".5",
    "5.", "-1", "+1", "12:30", "1:2:3", ":", "::", "- ", "-", "? ", "?", "#", " #", "# ", "'", '"', "\\", "[", "]", "{",
    "}", ",", "&", "*", "!", "|", ">", "%", "@", "`", "=", "<<", "\n", " ", "  ", "\t", "é", "\u200b", "\u2028",
    "\u0085",
    "\u00a0", "\U0001f600", "\ufeff", "\r", "2024-01-01", "2024-01-01T00:00:00Z", "x: y", "x:y", "---", "...", "--- a",
    ".inf", ".nan", "NaN", "0b1", "0o7", "١", "ß", "word " * 3, "longword" * 12, " trailing ", "\x00", "\x1b", "\x7f",
    "$$", "\ud7ff", "\ue000",
]  # fmt: skip
DIGITS = [
    *"0123456789", *"0123456789", *"..eE+-__xXoObBnNaAiIfFtTzZ: ~", "0x", "0o", "0b", "null", "true", "Yes",
    "2024-01-01",
    "T10:20:30", "Z", "1e", "e+", "e-", "-0", "00",
]  # fmt: skip
_NUMBERS = [
    "1", "0", "-", "+", "1.5", ".5", "5.", "e", "3", "1_0", "0x1f", "0b1", "0o7", "inf", "nan", " ", "all", "true",
    "07",
    "08", "9223372036854775808", "2147483648",
]  # fmt: skip
_BYTES = [
    "1", "0", "512", "1.5", ".5", "5.", "k", "kb", "K", "KB", "kib", "m", "M", "MiB", "g", "G", "t", "p", "e", "b", "B",
    " ", "-", "+", "1e3", "0x10", "_", "i", "1,000", "infinity", "nan", "99999999999999999999",
]  # fmt: skip
_DURATIONS = [
    "1", "0", "90", "1.5", ".5", "5.", "s", "m", "h", "d", "w", "ms", "us", "µs", "ns", "-", "+", " ", "1h", "1m30s",
    "10s",
    "y", "S", "00", "1e3", "_",
]  # fmt: skip
_PORTS = [
    "80", "8080", "1", "0", "65535", "65536", "127.0.0.1", "::1", "[::1]", "localhost", ":", "-", "/", "tcp", "udp",
    "UDP",
    "http", " ", "8000-8005", "9000-9005", "80-", "-80", "", "1-2", "3-4", "+5", "fe80::1%eth0", "::", "[", "]", "80.5",
    "08", "0x50",
]  # fmt: skip
_MOUNTS = [
    "a", "data", "./x", "../y", "/abs", ".", "..", "~/h", "~", "C:\\x", "c:/y", "\\\\s\\p", ":", "ro", "rw", "z",
    "nocopy",
    "cached", ",", "", "/t", "/t/", "b", "rshared", "private", "volume-nocopy", "${U}", "$$x", "a b", "é", "/a/../b",
    "D:",
    "/x:", "=", "readonly", "rro", "ro=true", "/",
]  # fmt: skip
_COMMANDS = [
    "a", "-x", '"', "'", "\\", " ", "  ", "\t", "\n", "$$", "$$(", "(", ")", "`", "&&", ";", "|", ">", "<", "2>&1", "#",
    "é", "\\n", '\\"', "${U}", "{", "}", "*", "~", "a=b", "=", "!", "&", "\r", "\\ ", "''", '""', "a'b'", "|| true",
]  # fmt: skip
_HOSTS = ["a", "b.c", "host-gateway", "1.1.1.1", "::1", "[::1]", "=", ":", ",", "", "[", "]", " ", "fe80::1"]
_NAMESPACES = ["service:", "b", "host", "container:", "c", "none", "bridge", "shareable", "", " ", "private", ":"]
# What a service says, the words of which its value is made, and how many of them at most.
UNITS: list[tuple[str, list[str], int]] = [
    *(
        (text, _DURATIONS, 4)
        for text in (
            "healthcheck: {test: x, interval: @}", "stop_grace_period: @", "healthcheck: {test: x, start_period: @}",
            "deploy: {restart_policy: {delay: @, window: @}, update_config: {delay: @, monitor: @}}",
        )
    ),
    *(
        (text, _BYTES, 3)
        for text in (
            "mem_limit: @", "shm_size: @", "memswap_limit: @", "mem_swappiness: @", "mem_reservation: @",
            "deploy: {resources: {limits: {memory: @}}}", "volumes: [{type: tmpfs, target: /x, tmpfs: {size: @}}]",
            "build: {context: ., shm_size: @}", "blkio_config: {device_read_bps: [{path: /x, rate: @}]}",
        )
    ),
    *(
        (text, _NUMBERS, 2)
        for text in (
            "cpus: @", "cpu_count: @", "cpu_percent: @", "cpu_shares: @", "cpu_period: @", "pids_limit: @", "scale: @",
            "oom_score_adj: @", "deploy: {replicas: @}", "deploy: {resources: {limits: {cpus: @, pids: @}}}",
            "healthcheck: {test: x, retries: @}", "ulimits: {n: @}", "ulimits: {n: {soft: @, hard: @}}", "tty: @",
            "gpus: [{count: @}]", "init: @", "ports: [{target: @}]", "ports: [{target: 80, published: @}]",
            "networks: {default: {priority: @, gw_priority: @}}", "blkio_config: {weight: @}", "cpu_rt_runtime: @",
            "deploy: {update_config: {parallelism: @, max_failure_ratio: @}, restart_policy: {max_attempts: @}}",
            "deploy: {placement: {max_replicas_per_node: @}}", "build: {context: ., no_cache: @, pull: @}",
            "expose: [@]", "labels: {a: @}", "environment: {A: @}",
            "depends_on: {b: {condition: service_started, required: @}}",
            "volumes: [{type: bind, source: ., target: /x, read_only: @, bind: {create_host_path: @}}]",
            "volumes: [{type: tmpfs, target: /x, tmpfs: {mode: @}}]", "configs: [{source: c, mode: @}]",
        )
    ),
    *[("ports: [@]", _PORTS, 6)] * 4,
    *[("volumes: [@]", _MOUNTS, 5)] * 4,
    *[(text, _COMMANDS, 9) for text in ("command: @", "entrypoint: @")] * 2,
    *[("extra_hosts: [@]", _HOSTS, 5)] * 2,
    ("pull_policy: @", ["always", "build", "daily", "every_", "1d", "12h", "w", "s", "refresh", "", " ", "every_d"], 3),
    ("restart: @", ["no", "always", "on-failure", ":", "3", "unless-stopped", "x", "-1", " "], 3),
    ("devices: [@]", ["/dev/a", ":", "rwm", "r", "", "/x", "vendor.com/class=name", "a"], 5),
    *[(f"{key}: [@]", ["b", ":", "x", "", "container:", "ro", "b:x"], 4) for key in ("links", "volumes_from")],
    *[(f"{key}: @", _NAMESPACES, 2) for key in ("network_mode", "ipc", "pid", "userns_mode", "cgroup")],
]  # fmt: skip
YAML = [
    """\
name: shop
x-common: &common
  restart: always
  environment: &env
    LOG: info   # a comment
    'KEY': "a\\tb"
services:
  web:
    <<: *common
    image: "nginx:${TAG:-1.25}"
    ports:
      - "8080:80"
      - 443
    command: ["run", '--fast', "a b"]
    labels:
      - a=1
      - "b=2"
    models:
      llm:
        endpoint_var: LLM_URL
  db:
    image: postgres
    environment:
      <<: *env
      PASS: |
        one
        two
models:
  llm:
    model: ai/smollm2
    context_size: 4096
    runtime_flags: [--temp, "0.1"]
""",
    """\
{"services": {"a": {"image": "i", "environment": {"A": "1", "B": null}, "ports": ["80:80"],
  "models": ["m"]}}, "models": {"m": {"model": "ai/x", "runtime_flags": ["--a"]}}}
""",
    """\
services:
  a: {image: i, env_file: [e.env], depends_on: [b]}
  b:
    image: >-
      folded
    healthcheck:
      test: ["CMD-SHELL", "curl -f http://localhost || exit 1"]
      interval: 1m30s
    deploy:
      resources: {limits: {cpus: '0.5', memory: 50M}}
---
services:
  a:
    labels: !override
      k: v
    environment:
    - A=1
    - B
""",
    """\
configs:
  c:
    content: |+
      server {
        listen 80;
      }

services:
  a:
    image: i
    configs: [c]
    annotations:
      ? k
      : v
      "long": >
        one
        two

        three
    extra_hosts: { "h": 1.1.1.1 }
""",
]
CUTS = [
    *" \t\n:#-?&*!|>'\"%@`{}[],~=\\/$.<", "\r\n", "  ", "\n\n", "- ", ": ", " #", "? ", "---\n", "...\n",
    "<<: *env\n", "é",
    "\u00a0", "\u2028", "\u0085", "\ufeff", "&x ", "*x", "!!str ", "!reset ", "!override ", "null", "''", '""', "|\n",
    ">-\n", "%YAML 1.1\n", "0", "1.5", "true", "\\x", "\\n", "\\/", "\x07", "\t ", " \t",
]  # fmt: skip
ENDS = [" ", "\t", " # c", "\t# c", ":", " :", " -", "\\", "|", " >"]


def env_text(seed: int) -> Generated:
    """An env file of random pieces: `.env`, of a service, raw, of labels, of an include."""
    chance = random.Random(f"env text {seed}")
    text = ("A=" if chance.random() < 0.7 else "") + _joined(chance, ENV, 2, 14)
    made = chance.choice((_dotenv, _of_service, _raw, _of_labels, _of_include))(text)
    return Generated(made, ["compose.yaml"], [], {"B": "shell"})


def _dotenv(text: str) -> dict[str, str]:
    service = "{image: i, environment: {A: , B: , C: , D: , x: }, labels: {a: '${A}', b: '${B-unset}'}}"
    return {"compose.yaml": f"services: {{a: {service}}}\n", ".env": text}


def _of_service(text: str) -> dict[str, str]:
    service = "{image: i, environment: {D: own, B: }, env_file: [e.env, f.env]}"
    return {"compose.yaml": f"services: {{a: {service}}}\n", "e.env": text, "f.env": "F=${A}\nB=x${C}\n"}


def _raw(text: str) -> dict[str, str]:
    return {"compose.yaml": "services: {a: {image: i, env_file: [{path: e.env, format: raw}]}}\n", "e.env": text}


def _of_labels(text: str) -> dict[str, str]:
    return {"compose.yaml": "services: {a: {image: i, label_file: e.env}}\n", "e.env": text}


def _of_include(text: str) -> dict[str, str]:
    base = "include: [{path: s/i.yaml, env_file: [e.env, f.env]}]\nservices: {a: {image: 'i:${A-none}'}}\n"
    included = "services: {b: {image: i, environment: {A: , B: , C: }, labels: {a: '${A}', f: '${F}'}}}\n"
    return {"compose.yaml": base, "s/i.yaml": included, "e.env": text, "f.env": "F=${A}${C}\n"}


def template(seed: int) -> Generated:
    """A value with random variables and defaults."""
    chance = random.Random(f"template {seed}")
    values = [quoted("v" + _joined(chance, TEMPLATE, 1, 6)) for _ in range(chance.choice((1, 1, 3)))]
    return Generated({"compose.yaml": _list_of("command", values)}, ["compose.yaml"], [], SHELL)


def words(seed: int) -> Generated:
    """Texts of every kind of character, quoted, as values, keys, items and extensions."""
    chance = random.Random(f"words {seed}")
    texts = [_joined(chance, WORDS, 1, chance.choice((1, 5, 20))).replace("$", "$$") for _ in range(20)]
    form = chance.choice(("values", "keys", "items", "extension"))
    if form == "keys":
        keys = sorted({quoted(text) for text in texts if text.strip() and "=" not in text and text.isprintable()})
        body = "    labels:\n" + "".join(f"      ? {key}\n      : v\n" for key in keys)
    elif form == "extension":
        body = "    x-a:\n" + "".join(f"      - k: {quoted(text)}\n" for text in texts)
    elif form == "values":
        body = "    labels:\n" + "".join(f"      k{at}: {quoted(text)}\n" for at, text in enumerate(texts))
    else:
        return _alone(_list_of("command", [quoted(text) for text in texts]))
    return _alone(f"services:\n  a:\n    image: i\n{body}")


def plain(seed: int) -> Generated:
    """Plain scalars that look like numbers, dates and truth values."""
    chance = random.Random(f"plain {seed}")
    found = (_joined(chance, DIGITS, 1, 6).strip() for _ in range(20))
    texts = [text for text in found if text and ": " not in text and text[-1] != ":" and text[0] not in "~:?-"]
    form = chance.choice(("environment", "x-v", "labels", "documents"))
    if form == "labels":
        return Generated(
            {"compose.yaml": _list_of(form, [f"k{at}={text}" for at, text in enumerate(texts)])}, ["compose.yaml"], []
        )
    key = "x-v" if form == "x-v" else "environment"
    text = f"services:\n  a:\n    image: i\n    {key}:\n" + "".join(
        f"      K{at}: {each}\n" for at, each in enumerate(texts)
    )
    if form == "documents":
        text += "---\nservices:\n  a:\n    environment: {Z: 1}\n"
    return _alone(text)


def unit(seed: int) -> Generated:
    """One value in a form of its own: a duration, a size, a number, a port, a mount, a command."""
    chance = random.Random(f"unit {seed}")
    body, words, most = chance.choice(UNITS)
    value = _joined(chance, words, 1, most)
    quotes = words is not _NUMBERS or chance.random() < 0.6 or " " in value
    service = body.replace("@", quoted(value) if quotes else value)
    text = f"services:\n  a:\n    image: i\n    {service}\n  b: {{image: b, build: .}}\n"
    return Generated(
        {"compose.yaml": text + "volumes: {a: , data: , b: }\nconfigs: {c: {file: f}}\n"}, ["compose.yaml"], []
    )


def yaml_text(seed: int) -> Generated:
    """A Compose file with a few characters or lines put in, taken away or moved."""
    chance = random.Random(f"yaml {seed}")
    text = chance.choice(YAML)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        text = _cut(chance, text)
    return Generated({"compose.yaml": text, "e.env": "E=1\n"}, ["compose.yaml"], [])


def _cut(chance: random.Random, text: str) -> str:
    form, at = chance.random(), chance.randrange(len(text) + 1)
    if form < 0.5:
        return text[:at] + chance.choice(CUTS) + text[at:]
    if form < 0.65:
        return text[:at] + text[at + chance.randint(1, 3) :]
    if form < 0.8:
        return text[:at] + chance.choice(CUTS) + text[at + 1 :]
    lines = text.split("\n")
    row = chance.randrange(len(lines))
    lines[row] = chance.choice(
        (
            " " * chance.randint(1, 3) + lines[row],
            lines[row][1:],
            lines[chance.randrange(len(lines))] + "\n" + lines[row],
            lines[row].rstrip() + chance.choice(ENDS),
            lines[row].replace(" ", "\t", 1),
        )
    )
    return "\n".join(lines)


def _alone(text: str) -> Generated:
    return Generated({"compose.yaml": text}, ["compose.yaml"], [])


def _joined(chance: random.Random, words: list[str], least: int, most: int) -> str:
    return "".join(chance.choice(words) for _ in range(chance.randint(least, most)))


def _list_of(key: str, values: list[str]) -> str:
    return f"services:\n  a:\n    image: i\n    {key}:\n" + "".join(f"      - {value}\n" for value in values)


def quoted(text: str) -> str:
    """A text in double quotes, every character beyond ASCII escaped."""
    escaped = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(escaped.get(one) or (one if " " <= one <= "~" else f"\\U{ord(one):08x}") for one in text) + '"'
