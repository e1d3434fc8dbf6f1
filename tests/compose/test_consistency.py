"""What Docker Compose refuses beyond the schema is found, at the place where it stands; what it accepts is not."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from modellint.compose.loading.load import load
from modellint.compose.schema.violation import Violation
from modellint.compose.validation.consistency import inconsistencies
from modellint.files import disk
from modellint.text.source import Source

Compose: TypeAlias = "Callable[[Path, Mapping[str, str]], CompletedProcess[str]]"

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "dev"


def service(text: str) -> str:
    """A file with one service that has an image and some lines more."""
    return "services:\n  app:\n    image: app\n" + "".join(f"    {line}\n" for line in text.splitlines())


def two(first: str, second: str) -> str:
    """A file with the services `app` and `db`."""
    return service(first) + "  db:\n    image: db\n" + "".join(f"    {line}\n" for line in second.splitlines())


def top(text: str, inside: str = "") -> str:
    """A file with one service, and sections beside it."""
    return service(inside) + text + "\n"


# What Compose refuses, with «the place» of each violation, and what a message must say.
REFUSED: list[tuple[str, str]] = [
    # casts by path
    (service('privileged: "«maybe»"'), "`privileged` must be true or false, but `maybe` is not"),
    (service('attach: "«maybe»"'), "must be true or false"),
    (service('build: {context: ., no_cache: "«maybe»"}'), "`no_cache` must be true or false"),
    (service('scale: "«two»"'), "`scale` must be a whole number"),
    (service("deploy: {replicas: «two»}"), "`replicas` must be a whole number"),
    (service("deploy: {update_config: {parallelism: «-1»}}"), "it is below 0"),
    (service("deploy: {update_config: {max_failure_ratio: «much»}}"), "must be a number"),
    (service("deploy: {restart_policy: {window: «9»s}}".replace("«9»s", "«9x»")), "must be a duration"),
    (service("deploy: {resources: {limits: {memory: «lots»}}}"), "must be a size"),
    (service("deploy: {resources: {limits: {cpus: «many»}}}"), "must be a number of CPUs"),
    (service("deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: «x»}]}}}"), "or `all`"),
    (service("gpus: [{count: «x»}]"), "a number of devices or `all`"),
    (service("healthcheck: {retries: «x»}"), "must be a whole number of 0 or more"),
    (service("healthcheck: {retries: «-1»}"), "it is below 0"),
    (
        service('cpus: «0.5»\ndeploy: {resources: {limits: {cpus: "1"}}}'),
        "`cpus` differs from `deploy.resources.limits.cpus`",
    ),
    (service("mem_limit: «1g»\ndeploy: {resources: {limits: {memory: 2g}}}"), "`mem_limit` differs"),
    (service("mem_reservation: «1g»\ndeploy: {resources: {reservations: {memory: 2g}}}"), "`mem_reservation` differs"),
    (service("mem_limit: «1g»\ndeploy: {resources: {limits: {}}}"), "has no counterpart"),
    (service("cpus: «0.5»\ndeploy: {resources: {limits: {memory: 1g}}}"), "has no counterpart"),
    (service("pids_limit: «5»\ndeploy: {resources: {limits: {pids: 6}}}"), "`pids_limit` differs"),
    (service('healthcheck: {interval: "«30»"}'), "a number in it has no unit"),
    (service("healthcheck: {start_interval: «soon»}"), "it does not start with a number"),
    (service('stop_grace_period: "«90»"'), "`stop_grace_period` must be a duration"),
    (service('mem_limit: "«1.5 gigs»"'), "its unit is not"),
    (service("mem_limit: «${UNSET}»"), "`${UNSET}` has no value here"),
    (service("shm_size: «big»"), "must be a size"),
    (service('cpu_percent: "«101»"'), "it is above 100"),
    (service('oom_score_adj: "«2000»"'), "it is above 1000"),
    (service('cpu_rt_period: "«950ms»"'), "must be a whole number"),
    (service("blkio_config: {weight: «heavy»}"), "accepts no text here"),
    (service("ulimits: {nofile: «x»}"), "must be a whole number"),
    (service("ulimits: {nofile: {soft: 1, hard: «x»}}"), "`hard` must be a whole number"),
    (service('build: {context: ., ulimits: {nofile: "«5»"}}'), "accepts no text here"),
    (service("secrets: [{source: s, mode: «rw»}]\n") + "secrets: {s: {file: s}}\n", "octal"),
    (service("volumes: [{type: bind, source: a, target: /b, read_only: «maybe»}]"), "`read_only` must be"),
    (service("volumes: [{type: tmpfs, target: /b, tmpfs: {mode: «x»}}]"), "accepts no text here"),
    (service("post_start: [{command: a, privileged: «maybe»}]"), "`privileged` must be"),
    (top("networks: {n: {internal: «maybe»}}"), "`internal` must be true or false"),
    (two("", "profiles: [p]\nprivileged: «maybe»"), "`privileged` must be"),
    # texts with a form of their own
    (service('ports: ["«http»"]'), "`http` in `ports` is not a port"),
    (service('ports: ["«99999:80»"]'), "its host port is above 65535"),
    (service('ports: ["«80:80/icmp»"]'), "its protocol is not"),
    (service('ports: ["«localhost:80:80»"]'), "not a valid IP address"),
    (service('ports: ["«8080:»"]'), "no container port"),
    (service("ports: [«0»]"), "it is below 1"),
    (service("ports: [«80.5»]"), "it has a decimal point"),
    (service("ports: [{target: 80, host_ip: «localhost»}]"), "it is not an IP address"),
    (service("ports: [{«published: 80»}]".replace("{«", "«{").replace("»}", "}»")), "has no `target`"),
    (service('volumes: ["«:/data»"]'), "a part between its colons is empty"),
    (service("volumes: [«'${UNSET}:/data'»]".replace("«'", "'«").replace("'»", "»'")), "a part between its colons"),
    (service("volumes: [«{type: bind, target: /data}»]"), "has no `source`"),
    (service("volumes: [«{type: volume}»]"), "has no `target`"),
    (service("devices: ['«a:b:c:d»']"), "too many colons"),
    (service('command: "«sh -c \'echo»"'), "`command` must be a command line"),
    (service('command: "«f (x»"'), "`command` must be a command line"),
    (service('entrypoint: "«a )»"'), "`entrypoint` must be a command line"),
    (service('environment: ["«NAME =value»"]'), "there are spaces before its `=`"),
    (service("extra_hosts: [«db»]"), "it has no address"),
    (service("build: {context: ., ssh: [«mine»]}"), "only `default` can have no path"),
    (service("build: {context: ., additional_contexts: [«src»]}"), "it has no `=`"),
    (service("gpus: [{count: 1, «device_ids»: ['0']}]"), "both `count` and `device_ids`"),
    (service("storage_opt: {size: «1.5»}"), "must be text"),
    # what excludes what
    (service("network_mode: host\n«networks»: [default]"), "both `network_mode` and `networks`"),
    (service("container_name: «web»\nscale: 2"), "`container_name` can name only one container"),
    (service("container_name: «web»\ndeploy: {replicas: 2}"), "`container_name` can name only one container"),
    (two("container_name: web", "container_name: «web»"), "the service `app` already has this `container_name`"),
    (service("scale: «2»\ndeploy: {replicas: 3}"), "differ"),
    (service("scale: «-1»"), "cannot be below 0"),
    (service("build: {dockerfile: a, «dockerfile_inline»: b}"), "both `dockerfile` and `dockerfile_inline`"),
    (service("platform: «linux/arm64»\nbuild: {context: ., platforms: [linux/amd64]}"), "`build.platforms`"),
    (service("healthcheck: {test: [«curl», localhost]}"), "start with `CMD`"),
    (service("develop: {watch: [{path: ., action: «sync»}]}"), "requires a `target`"),
    # names that nothing declares
    (service("networks: [«back»]"), "the network `back` is not declared"),
    (service("networks: {«back»: {aliases: [a]}}"), "the network `back` is not declared"),
    (service('network_mode: ""\nnetworks: [«default»]'), "the network `default` is not declared"),
    (service("volumes: ['«data»:/data']"), "the volume `data` is not declared"),
    (service("volumes: [{type: volume, source: «data», target: /data}]"), "the volume `data` is not declared"),
    (service("secrets: [«token»]"), "the secret `token` is not declared"),
    (service("secrets: [{source: «token», target: t}]"), "the secret `token` is not declared"),
    (service("configs: [«conf»]"), "the config `conf` is not declared"),
    (service("build: {context: ., secrets: [«token»]}"), "the secret `token` is not declared"),
    (service("depends_on: [«cache»]"), "`depends_on` refers to the service `cache`, which does not exist"),
    (service("depends_on: {«cache»: {condition: service_started, required: false}}"), "does not exist"),
    (service("links: ['«cache»:c']"), "`links` refers to the service `cache`"),
    (service('network_mode: "service:«vpn»"'), "`network_mode` refers to the service `vpn`"),
    (service('pid: "service:«vpn»"'), "`pid` refers to the service `vpn`"),
    (service("volumes_from: ['«store»:ro']"), "`volumes_from` refers to the service `store`"),
    (two("depends_on: [«db»]", "profiles: [p]"), "which no enabled profile starts"),
    (service("build: {context: ., additional_contexts: {x: «service:base»}}"), "that does not exist"),
    (two("build: {context: ., additional_contexts: {x: «service:db»}}", ""), "that has no `build`"),
    # circles
    (two("depends_on: [«db»]", "depends_on: [app]"), "`app` → `db` → `app`"),
    (two("depends_on: [«db»]", "volumes_from: [app]"), "`app` → `db` → `app`"),
    (service("links: [«app»]"), "`app` → `app`"),
    # services and declarations
    ("services:\n  «app»:\n    command: run\n", "neither `image` nor `build`"),
    (top("volumes: {v: {external: true, «driver»: local}}"), "is external, so it cannot have `driver`"),
    (top("volumes: {v: {external: {name: «a»}, name: b}}"), "both `name` and `external.name`"),
    (top("secrets: {«s»: {name: x}}"), "does not specify where its content comes from"),
    (top("secrets: {«s»: {external: false}}"), "does not specify"),
    (top("secrets: {s: {file: a, «environment»: B}}"), "has both `file` and `environment`"),
    (top("configs: {«c»: {}}"), "does not specify"),
    (top("configs: {c: {file: a, «content»: b}}"), "has both `file` and `content`"),
    (top("name: «é»"), "no character that is valid in a project name"),
]

# What looks alike and is accepted.
ACCEPTED: list[str] = [
    service("mem_limit: 1g\ncpus: 0.5\ndeploy: {resources: {limits: {memory: 1024m, cpus: '0.50'}}}"),
    service("mem_limit: 1g\ndeploy: {resources: {reservations: {cpus: '1'}}}"),
    service("mem_limit: 0\ndeploy: {resources: {limits: {memory: 2g}}}"),
    service('privileged: "yes"\nread_only: "Off"\ninit: "true"'),
    service('scale: "2"\nstop_grace_period: "0"\nmem_limit: "-1"\nmemswap_limit: -1\nshm_size: 1.5\npids_limit: 1.5'),
    service("deploy: {replicas: '3', resources: {limits: {cpus: '0.5', memory: 512M}}}"),
    service("healthcheck: {interval: 1m30s, retries: '3', test: [NONE]}"),
    service("healthcheck: {test: 'a (b', start_interval: 1d}"),
    service("healthcheck: {test: []}"),
    service("gpus: [{count: ALL}]"),
    service("ulimits: {nofile: '5', nproc: {soft: 5, hard: 1}}"),
    service('ports: [8080, "80-90:80", "127.0.0.1::80", "[::1]:80:80", ":80", "80/SCTP", "080:80", {target: 99999}]'),
    service("ports: [{target: 80, published: x, host_ip: '::1'}]"),
    service('volumes: ["cache", "./a:/b:ro,z", "/a:/b:bogus", "c:/a:/b", "~/a:/b", {type: cluster, target: a}]'),
    service("volumes: [{type: volume, target: /b}, {type: bind, source: '', target: /c}, {type: npipe, target: d}]"),
    service("command: \"sh -c 'echo (a)' | (b\""),
    service("command: ['a (b']\nentrypoint: 'a `b`'"),
    service('environment: ["=x", "A=x ", "B"]'),
    service("extra_hosts: ['a:::1', 'b=', 'host.docker.internal:host-gateway']"),
    service("devices: ['/dev/a:/dev/b:bogus', 'vendor.com/gpu=all']"),
    service("expose: [x, '99999', 80]"),
    service("networks: [default]\nbuild: {context: ., ssh: [default], additional_contexts: [a=service:app]}"),
    service("network_mode: host\nnetworks: {}"),
    service("network_mode: 'container:x'\nvolumes_from: ['container:y']\nexternal_links: [z]\npid: host"),
    service("container_name: web\nscale: 1"),
    service("platform: linux/arm64\nbuild: {context: ., platforms: [linux/arm64, linux/amd64]}"),
    service("develop: {watch: [{path: ., action: rebuild}, {path: a, action: restart}]}"),
    two("depends_on: {db: {condition: service_started, required: false}}", "profiles: [p]"),
    two("", "profiles: [p]\nnetworks: [n]\nvolumes: ['v:/a']\nsecrets: [s]\ndepends_on: [x]\nscale: -1"),
    two("", "profiles: [p]\nhealthcheck: {test: [curl]}\ncontainer_name: web\ndeploy: {replicas: 2}\nlinks: [db]"),
    two("container_name: web", "container_name: web\nprofiles: [p]"),
    two("container_name: web", "container_name: WEB"),
    two("build: {context: ., additional_contexts: {x: 'service:db'}}", "build: ."),
    "services:\n  app: {image: app, profiles: [p], depends_on: [db]}\n  db: {image: db, profiles: [p], links: [app]}\n"
    "  c: {image: c}\n",
    "services: {app: {provider: {type: x}}, b: {command: x, profiles: [p]}}\n",
    top("networks: {n: {external: true, driver: bridge}}"),
    top("volumes: {v: {external: true, name: x, x-a: b}, w: {external: 'no', driver: local}}"),
    top("secrets: {s: {external: true, file: a}, t: {file: ''}, u: {environment: NONE}}"),
    top("configs: {c: {external: false}, d: {content: ''}}"),
    top("name: A B"),
]  # fmt: skip


def unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without its marks, and the places between them."""
    places: list[tuple[int, int]] = []
    while (start := text.find("«")) >= 0:
        end = text.index("»") - 1
        text = text.replace("«", "", 1).replace("»", "", 1)
        places.append((start, end))
    return text, places


def found(text: str, folder: Path, *, strict: bool = True) -> list[Violation]:
    """What is inconsistent in a file, which must be valid otherwise."""
    project = load(Source(str(folder / "compose.yaml"), text), {})
    violations = inconsistencies(project, strict=strict)
    known = {(violation.span, violation.message) for violation in violations}
    assert [v.message for v in project.violations if (v.span, v.message) not in known] == []
    return violations


@pytest.mark.parametrize(("marked", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_refused(tmp_path: Path, marked: str, says: str) -> None:
    text, places = unmarked(marked)
    violations = found(text, tmp_path)
    assert [(v.span.start, v.span.end) for v in violations] == places
    assert says in violations[0].message
    assert "Compose rejects the file" in violations[0].message
    assert violations[0].hint


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted(tmp_path: Path, text: str) -> None:
    assert [v.message for v in found(text, tmp_path)] == []


@pytest.mark.parametrize("marked", [marked for marked, _ in REFUSED])
def test_compose_refuses(compose_config: Compose, tmp_path: Path, marked: str) -> None:
    (tmp_path / "compose.yaml").write_text(unmarked(marked)[0], "utf-8")
    assert compose_config(tmp_path, {}).returncode != 0


@pytest.mark.parametrize("text", ACCEPTED)
def test_compose_accepts(compose_config: Compose, tmp_path: Path, text: str) -> None:
    (tmp_path / "compose.yaml").write_text(text, "utf-8")
    run = compose_config(tmp_path, {})
    assert run.returncode == 0, run.stderr


def test_a_fragment_may_lean_on_another_file(tmp_path: Path) -> None:
    text = (
        "services:\n  app:\n    networks: [back]\n    depends_on: [db]\n    command: 'a (b'\nsecrets: {s: {name: x}}\n"
    )
    assert [v.span.text for v in found(text, tmp_path, strict=False)] == ["a (b"]
    assert len(found(text, tmp_path)) == 5


def test_what_a_rule_says_is_not_said_twice(tmp_path: Path) -> None:
    text = top("models: {llm: {model: ai/smollm2}}", "depends_on: [llm]\nmodels: [other]")
    assert found(text, tmp_path) == []


def test_a_variables_value_is_never_printed(tmp_path: Path) -> None:
    secret = "hunter2"
    lines = [
        "mem_limit: ${S}", "ports: ['${S}:80']", "networks: ['${S}']", "depends_on: ['${S}']", "command: '${S} ('",
        "volumes: ['${S}:/data']", "environment: ['${S} =1']", "healthcheck: {test: ['${S}']}", "ipc: 'service:${S}'",
        "platform: ${S}\nbuild: {context: ., platforms: [a]}", "secrets: ['${S}']", "links: ['${S}']",
    ]  # fmt: skip
    for line in lines:
        project = load(Source(str(tmp_path / "compose.yaml"), service(line)), {"S": secret})
        violations = inconsistencies(project, strict=True)
        assert violations, line
        assert not [v for v in violations if secret in v.message + v.hint], line


def test_two_circles_are_two_findings(tmp_path: Path) -> None:
    names = {"a": "b", "b": "a", "c": "d", "d": "e", "e": "c", "f": "a"}
    text = "services:\n" + "".join(f"  {name}: {{image: x, depends_on: [{need}]}}\n" for name, need in names.items())
    assert [v.span.first[0] for v in found(text, tmp_path)] == [2, 4]


def test_a_long_chain_is_no_circle(tmp_path: Path) -> None:
    chain = "".join(f"  s{at}: {{image: x, depends_on: [s{at + 1}]}}\n" for at in range(3000))
    assert found(f"services:\n{chain}  s3000: {{image: x}}\n", tmp_path) == []


def test_real_files() -> None:
    """Each file that Compose refuses has an error, and none that it accepts."""
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus is not at {CORPUS}")
    folders = {folder.name.partition("__")[0]: folder for folder in (CORPUS / "files").iterdir()}
    wrong: list[str] = []
    missed: list[str] = []
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8") as index:
        rows = list(csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        path = folders[row["id"]] / row["path"]
        project = load(disk.read(str(path)), {"HOME": "/home/me", "PWD": str(path.parent)})
        violations = inconsistencies(project, strict=True)
        if row["compose_ok"].startswith("ok"):
            wrong.extend(f"{path}: {v.message}" for v in violations)
        elif not violations and not project.violations and not any(file.problems for file in project.files):
            missed.append(row["stderr_first"])
    assert len(rows) > 200
    assert wrong == []
    # The rules dependency-on-model and undefined-model report these.
    assert missed == [
        'service "app" depends on undefined service "gemma": invalid compose project',
        'service "auditor-agent-a2a" refers to undefined model agents: invalid compose project',
    ]


def test_what_hangs_on_an_unset_variable_is_told_apart(tmp_path: Path) -> None:
    text = service("mem_limit: ${UNSET}\nnetworks: ['${UNSET}']\nshm_size: big\nstop_grace_period: ${UNSET:-90}")
    kinds = {v.span.text: v.kind for v in found(text, tmp_path) if v.path[2] != "networks"}
    assert kinds == {"${UNSET}": "variable", "big": "cast", "${UNSET:-90}": "cast"}
    assert [v.kind for v in found(text, tmp_path) if v.path[2] == "networks"] == ["variable"]
