"""Taking down: also what the engine makes only after Compose has ended, and never without saying so when it fails."""

from __future__ import annotations

import dataclasses
import errno
import json
import shlex
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from modellint.registry.failure import Failure
from modellint.smoke.docker import containers as module
from modellint.smoke.docker.containers import Containers, DockerFailed, NotAllowed
from modellint.smoke.docker.placeholder_image import stand_in
from modellint.smoke.docker.run import Order, check_in_containers
from modellint.smoke.isolation.plan import ServicePlan
from support.docker.doubles import OURS, calls, double, engine_of, saying, unbounded

# An engine of files: what has a container, a network or a volume lies in a folder of that name. A container whose name
# is in `coming` is being made: it is in no list, and its name is taken.
ENGINE = r"""
cd {folder}/engine
take() {{ for each; do case $each in -*) ;; *) rm -f "$kind/$each" ;; esac; done; }}
kind=$1
case "$*" in
*"container create"*)
    for each; do case $each in --name=*) name=${{each#--name=}} ;; esac; done
    if [ -e "coming/$name" ] || [ -e "container/$name" ]; then
        echo "Error response from daemon: Conflict. The container name \"/$name\" is already in use by container" >&2
        exit 1
    fi
    : > "container/$name" ;;
*"network create"*) for each; do name=$each; done; : > "network/$name" ;;
*" ls "*label=modellint.smoke=*) ls "$kind" ;;
*" ls "*) ;;
*" rm "*) shift 2; take "$@" ;;
esac
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    for kind in ("container", "network", "volume", "coming"):
        (tmp_path / "engine" / kind).mkdir(parents=True)
    return tmp_path / "engine"


def answers(folder: Path, up: str = ":") -> dict[str, str]:
    engine = ENGINE.format(folder=shlex.quote(str(folder)))
    return {
        "*' up --detach'*": up, "*' down '*": ":", "'image rm'*": ":",
        "'container '*|'network '*|'volume '*": engine,
    }  # fmt: skip


def made(folder: Path, given: dict[str, str], document: dict[str, Any] | None = None) -> Containers:
    found = Containers(engine_of(double(folder, given)), "run", str(folder), (), unbounded)
    found.document = {"services": {"a": {"depends_on": {"b": {}}}, "b": {}, "c": {}}} if document is None else document
    found.image = "run-probe"
    found.write(stand_in("run-probe"), [], alone=False)
    return found


def left(engine: Path) -> list[str]:
    return sorted(f"{path.parent.name} {path.name}" for path in engine.rglob("*") if path.is_file())


@pytest.fixture
def late(engine: Path) -> Iterator[threading.Thread]:
    """An engine that finishes a container one second after it was asked for."""

    def finish() -> None:
        coming = engine / "coming" / "run-b-1"
        while not coming.exists():
            time.sleep(0.01)
        time.sleep(1.0)
        coming.rename(engine / "container" / "run-b-1")

    thread = threading.Thread(target=finish, daemon=True)
    thread.start()
    yield thread
    thread.join(20)


@pytest.mark.parametrize("end", ["exit 1", "kill -KILL $$"])
def test_a_container_that_comes_late(tmp_path: Path, engine: Path, late: threading.Thread, end: str) -> None:
    """Compose has failed, or was killed, and the engine still makes what it was asked for."""
    found = made(tmp_path, answers(tmp_path, f": > {shlex.quote(str(engine))}/coming/run-b-1; {end}"))
    assert found.up(["a"]).status != 0
    assert found.take_down() == []
    assert not late.is_alive()  # it was waited for
    assert left(engine) == []


def test_nothing_is_waited_for_without_a_cause(tmp_path: Path, engine: Path) -> None:
    found = made(tmp_path, answers(tmp_path))
    assert found.up(["a"]).status == 0
    assert found.take_down() == []
    assert not [each for each in calls(tmp_path) if " create " in each]
    assert calls(tmp_path)[-1] == "image rm --force run-probe"


def test_an_engine_that_never_finishes(tmp_path: Path, engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somewhen it is enough."""
    monkeypatch.setattr(module, "_LATE", 0.5)
    found = made(tmp_path, answers(tmp_path, f": > {shlex.quote(str(engine))}/coming/run-b-1; exit 1"))
    found.up(["a"])
    began = time.monotonic()
    assert found.take_down() == []
    assert time.monotonic() - began < 10
    assert left(engine) == ["coming run-b-1"]


def test_what_compose_has_left(tmp_path: Path, engine: Path) -> None:
    """Of every kind; containers first, which hold the others."""
    for kind in ("volume", "network", "container"):
        (engine / kind / "x").touch()
    assert made(tmp_path, answers(tmp_path)).take_down() == []
    removed = [each.split()[0] for each in calls(tmp_path) if " rm " in each]
    assert removed == ["container", "network", "volume", "image"]


def test_the_images_of_builds(tmp_path: Path, engine: Path) -> None:
    """By the names of the run alone."""
    document = {"services": {"a": {"build": {"context": "."}, "image": "users:1"}, "b": {"image": "users:2"}}}
    made(tmp_path, answers(tmp_path), document).take_down()
    assert [each for each in calls(tmp_path) if each.startswith("image")] == ["image rm --force run-probe run-a"]


def test_what_cannot_be_removed_is_said(tmp_path: Path) -> None:
    stuck = {
        "*' down '*": ":",
        "'image rm'*": ":",
        "'container ls '*label=modellint.smoke=*": "echo abc",
        "*' ls '*": ":",
    }
    assert made(tmp_path, {**stuck, "*' rm '*": "exit 1"}).take_down() == ["container abc"]


def test_an_engine_that_has_gone(tmp_path: Path) -> None:
    """Nobody knows then what is left; that is not nothing."""
    found = made(tmp_path, {"*": "echo 'Cannot connect to the Docker daemon' >&2; exit 1"})
    (said,) = found.take_down()
    assert "com.docker.compose.project=run" in said
    assert "Cannot connect to the Docker daemon" in said


STUCK = {
    "'network inspect bridge'": saying(OURS),
    "'compose version --short'": saying("5.6.1"),
    "*' config'": saying("name: x"),
    "'import '*|*' up '*|*' down '*|*' rm '*": ":",
    "'container ls '*label=modellint.smoke=*": "echo abc",
    "*' ls '*": ":",
}
ORDER = Order((), (), {}, {}, True, unbounded, lambda _: None)


def test_what_cannot_be_removed_is_in_the_report(tmp_path: Path) -> None:
    notes: list[str] = []
    with ExitStack() as stack:
        seen = check_in_containers(ORDER, double(tmp_path, STUCK), stack, notes)
        assert seen.started
        assert notes[0] == "Docker Compose 5.6.1"
        assert notes[1:] == ["no image of the project runs: modellint's own containers replace all services"]
    assert notes[2:] == ["could not be removed: container abc"]


def test_a_disk_that_fills_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said of which folder, and what was made is taken down."""

    def write(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Containers, "write", write)
    notes: list[str] = []
    order = dataclasses.replace(ORDER, plans=(ServicePlan("a", (), (), (), (), ()),))
    with ExitStack() as stack:
        seen = check_in_containers(order, double(tmp_path, STUCK), stack, notes)
    assert [(each.status, each.reason) for each in seen.outcomes] == [
        ("not proven", "the directory for temporary files cannot be used: No space left on device")
    ]
    assert notes[-1] == "could not be removed: container abc"


def test_what_cannot_be_removed_where_there_is_no_report(tmp_path: Path) -> None:
    """A signal: `everything is gone` would not be true."""
    with pytest.raises(Failure) as problem, ExitStack() as stack:
        check_in_containers(ORDER, double(tmp_path, STUCK), stack, [])
        raise KeyboardInterrupt
    assert problem.value.reason == "could not be removed: container abc"


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ("exit 1", "`docker compose config`: it exited with status 1"),
        ("echo 'services.a: bad' >&2; exit 15", "`docker compose config`: services.a: bad"),
        (":", "`docker compose config` printed no project"),
        ("echo '[1]'", "`docker compose config` printed no project"),
        ("echo '{'", "`docker compose config` printed no project"),
        ("printf '\\377\\000'", "`docker compose config` printed no project"),
    ],
)
def test_a_project_that_compose_does_not_take(tmp_path: Path, printed: str, why: str) -> None:
    with pytest.raises(DockerFailed) as problem:
        made(tmp_path, {"*' config'": printed}).read()
    assert str(problem.value) == why


def test_a_project_is_read_with_its_words(tmp_path: Path) -> None:
    found = made(tmp_path, {"*' config'": "printf 'name: x\\nservices:\\n  a: {command: [\"$$b\"]}\\n'"})
    found.words = ("--file=/x/a b.yaml", "--profile=p", "--project-directory=/x")
    found.read()
    assert found.document == {"name": "x", "services": {"a": {"command": ["$$b"]}}}
    assert calls(tmp_path) == ["compose --file=/x/a b.yaml --profile=p --project-directory=/x config"]


def test_an_external_network_is_looked_at(tmp_path: Path) -> None:
    """One of the usual kind is made anew; of any other, and of a missing one, Compose is to say what it thinks."""
    document = "\n".join(
        ["networks:", *(f"  {each}: {{external: true, name: {each}}}" for each in ("usual", "inside", "odd", "gone"))]
    )
    given = {
        "*' config'": saying(document),
        "'network inspect -- usual'": saying('[{"Driver": "bridge", "Internal": false}]'),
        "'network inspect -- inside'": saying('[{"Driver": "bridge", "Internal": true}]'),
        "'network inspect -- odd'": saying('[{"Driver": "macvlan"}]'),
    }
    found = made(tmp_path, given)
    found.read()
    assert found.outside.networks == {"usual": {"internal": False}, "inside": {"internal": True}}
    assert found.outside.odd == {"odd"}


# What Compose says of a project, with the variable TOKEN of the shell and without it.
SHELL = """case "$TOKEN" in
?*) echo 'services: {a: {environment: {T: "s3cr3t"}}, b: {image: x}}' ;;
*) echo 'services: {a: {environment: {T: null}}, b: {image: x}}' ;;
esac"""


def test_values_of_the_shell(tmp_path: Path) -> None:
    """Who has one is not started with it, unless that is allowed; nothing of it matters where nothing runs."""
    for allowed, alone, expected in (("", False, "a"), ("shell-variables", False, ""), ("", True, "")):
        found = made(tmp_path, {"*' config'": SHELL})
        found.engine.environ["TOKEN"] = "s3cr3t"
        found.allowed = frozenset([allowed])
        found.read(alone=alone)
        assert "".join(found.unmet(["a", "b"])) == expected


def test_a_project_that_needs_the_shell(tmp_path: Path) -> None:
    """What each service has of it cannot be told then; the values are in no message."""
    failing = 'case "$TOKEN" in ?*) echo "services: {}" ;; *) echo "TOKEN is missing" >&2; exit 1 ;; esac'
    found = made(tmp_path, {"*' config'": failing})
    found.engine.environ["TOKEN"] = "s3cr3t"
    with pytest.raises(NotAllowed, match=r"--allow shell-variables.*TOKEN is missing"):
        found.read()


LONG = "s3cr3t" * 100


@pytest.mark.parametrize("value", ["s3cr3t", LONG, "s3cr3t\nof two lines", 's3cr3t"quoted'])
@pytest.mark.parametrize("said", ["bad $TOKEN", 'bad $(printf %s "$TOKEN" | cut -c 3-)', "bad %q $TOKEN"])
def test_a_message_about_a_value_of_the_shell(tmp_path: Path, value: str, said: str) -> None:
    """Compose quotes values, or takes them apart; what it would not say without one is not repeated."""
    found = made(tmp_path, {"*' config'": f'echo "{said}" >&2; exit 1'})
    found.engine.environ["TOKEN"] = value
    with pytest.raises(DockerFailed, match="rejects the project because of the value of a shell variable") as problem:
        found.read()
    assert "cr3t" not in str(problem.value)


def test_a_message_about_something_else(tmp_path: Path) -> None:
    """It is repeated as Compose says it without any value of the shell."""
    found = made(tmp_path, {"*' config'": 'echo "services.a: bad, in $HOME" >&2; exit 1'})
    found.engine.environ["TOKEN"] = "s3cr3t"
    with pytest.raises(DockerFailed, match=f"services.a: bad, in {found.engine.environ['HOME']}"):
        found.read()


# `.env` says `KEY=${TOKEN}`, which Compose shows nowhere.
THROUGH = """case "$*" in
*values.json*) echo "services: {values: {environment: {KEY: \\"of ${TOKEN}\\", OWN: b}}}" ;;
*) echo 'services: {a: {secrets: [{source: s}]}, b: {configs: [{source: t}]}, c: {build: {secrets: [{source: s}]}}}'
   echo 'secrets: {s: {environment: KEY}}'
   echo 'configs: {t: {environment: OWN}}' ;;
esac"""


def test_values_of_the_shell_that_an_env_file_passes_on(tmp_path: Path) -> None:
    found = made(tmp_path, {"*' config'": THROUGH})
    found.engine.environ["TOKEN"] = "s3cr3t"
    found.read()
    lacking = {name: {each.right for each in needs} for name, needs in found.unmet(["a", "b", "c"]).items()}
    assert lacking == {"a": {"shell-variables"}, "c": {"shell-variables"}}


VALUES = """case "$*" in
*values.json*) echo 'services: {values: {environment: {A: "a$$b", B: null}}}' ;;
*) echo 'services: {a: {secrets: [{source: s}, {source: t}]}}'
   echo 'secrets: {s: {environment: A}, t: {environment: B}}' ;;
esac"""


def test_the_users_env_files(tmp_path: Path) -> None:
    """Compose hands all of them to what it starts: the copy has none, and only the values that are its secrets."""
    (tmp_path / ".env").write_text("A=b\n")
    env = f"env > {shlex.quote(str(tmp_path))}/up"
    found = made(tmp_path, {"*' up '*": env, "*' config'": VALUES})
    found.words = ("--env-file=/x/a", "--file=/x/c.yaml", f"--project-directory={tmp_path}")
    found.engine.environ.update({"COMPOSE_ENV_FILES": "c.env", "COMPOSE_PROFILES": "p"})
    found.read()
    asked = f"compose --env-file=/x/a --project-directory={tmp_path} --file={tmp_path}/values.json config"
    assert calls(tmp_path)[-1] == asked
    assert found.compose("up")[2:] == ("-p", "run", "-f", f"{tmp_path}/compose.json", "up")
    found.write(stand_in("run-probe"), [], alone=False)
    found.up(["a"])
    copy = json.loads((tmp_path / "compose.json").read_text())
    name = copy["secrets"]["s"]["environment"]
    assert copy["secrets"]["t"] == {"environment": "B"}  # Compose says that it is missing
    given = (tmp_path / "up").read_text().splitlines()
    assert f"{name}=a$b" in given
    assert "COMPOSE_DISABLE_ENV_FILE=1" in given
    assert not [each for each in given if each.startswith(("COMPOSE_ENV_FILES", "COMPOSE_PROFILES"))]


ENV = ["OWN=x", "SET=y", "P_X=1", "S_Y=2", "http_proxy=p", "NEW=z", "BARE"]
INSPECTED = {
    "Id": "1", "Name": "/run-a-1", "Image": "i", "HostConfig": {"NetworkMode": "run_default"},
    "State": {"Status": "created", "ExitCode": 127, "Error": "no  such\nfile"},
    "Config": {"Env": ENV, "Labels": {"com.docker.compose.service": "a"}},
}  # fmt: skip


def test_a_container(tmp_path: Path) -> None:
    """What is its own is what its image and its service set. No provider of the project's has run."""
    document: dict[str, Any] = {
        "services": {
            "a": {"environment": {"SET": "y"}, "depends_on": {"p": {}, "s": {}}},
            "p": {"provider": {"type": "other"}}, "s": {"provider": {"type": "model"}},
        }
    }  # fmt: skip
    given = {
        "'container ls '*": "echo 1", "'inspect 1'": saying(json.dumps([INSPECTED])),
        "'image inspect i'": saying('[{"Id": "i", "Config": {"Env": ["OWN=image"]}}]'),
    }  # fmt: skip
    found = made(tmp_path, given, document).inspect()["a"]
    assert (found.id, found.status, found.exit_code, found.network) == ("1", "created", 127, "run_default")
    assert found.error == "no such file"
    assert found.variables.keys() - found.own == {"P_X", "S_Y", "NEW", "BARE"}


def test_why_a_container_is_not_started(tmp_path: Path) -> None:
    """The engine quotes what it was to run: with `--allow shell-variables`, a value of one."""
    body = {**INSPECTED, "State": {"Error": 'exec: "s3cr3t": not found'}}
    given = {"'container ls '*": "echo 1", "'inspect 1'": saying(json.dumps([body])), "'image inspect i'": "echo []"}
    found = made(tmp_path, given)
    found.engine.environ["TOKEN"] = "s3cr3t"
    assert found.inspect()["a"].error == 'exec: "…": not found'


@pytest.mark.parametrize("said", ["invalid JSON", "exit 3"])
def test_a_container_that_is_not_described(tmp_path: Path, said: str) -> None:
    given = {"'container ls '*": "echo 1", "'inspect 1'": said if said.startswith("exit") else saying(said)}
    with pytest.raises(DockerFailed, match="docker"):
        made(tmp_path, given).inspect()
