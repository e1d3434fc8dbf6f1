"""A project that is hostile, with a real engine and the real Docker Compose: what is not allowed is not had."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.docker.runs import PAUSE, Runs, checks, write
from support.smoke.remains import own_folder

LLM = ["llm"]
SECRET = "s3cr3t-of-the-shell"


def alone(runs: Runs, **more: Any) -> dict[str, Any]:
    """A service that leaves a mark in the engine when its own image runs: it ends with status 7."""
    return runs.python("raise SystemExit(7)", models=LLM, **more)


def images(runs: Runs, folder: Path, *words: str, **variables: str) -> dict[str, str]:
    """For each service: why its own image did not run, and an empty text where it did."""
    done = runs.run(folder, "--details", *words, variables=variables)
    assert done.status == 0, str(done)
    assert SECRET not in done.out + done.err
    names = json.loads((folder / "names").read_text())
    found = {name: checks(done, f"service {name}") for name in names}
    for name, each in found.items():
        assert ("image" in each) == (each["container"] == ("pass", "Compose started it, and it is running")), (
            name,
            each,
        )
        assert each.get("image", ("not proven",))[0] == "not proven"
        assert each["environment"][0] == "pass", (name, each)
    return {name: each.get("image", ("", ""))[1] for name, each in found.items()}


def test_a_provider_of_the_repository(runs: Runs) -> None:
    """Compose would start it here: by a path, by a name on PATH, as a plugin. No option makes it."""
    with own_folder("") as folder:
        marks = folder / "tmp" / "marks"
        program = f"#!/bin/sh\nenv >> {shlex.quote(str(marks))}\n"
        write(folder / "evil.sh", program, 0o755)
        write(folder / "bin" / "evil", program, 0o755)
        # The user's own, which `docker` asks what it is.
        plugin = program.replace("env", '[ "$1" = docker-cli-plugin-metadata ] || env')
        write(folder / "home/.docker/cli-plugins/docker-other", plugin, 0o755)
        types = {"path": "./evil.sh", "full": str(folder / "evil.sh"), "name": "evil", "plugin": "other"}
        services: dict[str, Any] = {each: {"provider": {"type": kind}} for each, kind in types.items()}
        services["chat"] = runs.python(models=LLM, depends_on=list(types))
        write(folder / "compose.yaml", runs.project(services))
        path = os.pathsep.join([str(folder / "bin"), runs.engine.environment["PATH"]])
        everything = [word for right in _rights() for word in ("--allow", right)]
        for words in ([], ["--probe-only"], everything):
            done = runs.run(folder, "--details", *words, variables={"PATH": path, "TOKEN": SECRET})
            assert done.status == 0, str(done)
            assert not marks.exists()
            found = checks(done, "service chat")
            for each in types:
                status, reason = found[f"environment ({each})"]
                assert status == "not proven"
                assert "a program that Compose would start on this machine" in reason
            assert found["chat (llm at LLM_URL)"][0] == "pass"
            assert found["container"] == ("pass", "Compose started it, and it is running")


def _rights() -> tuple[str, ...]:
    from modellint.commands.table import RIGHTS

    return RIGHTS


@pytest.fixture
def listener() -> Iterator[Path]:
    """A socket of another program on this machine."""
    with own_folder("") as folder, socket.socket(socket.AF_UNIX) as found:
        found.bind(str(folder / "d.sock"))
        found.listen()
        yield folder / "d.sock"


def test_what_reaches_this_machine(runs: Runs, listener: Path) -> None:
    """Each is stood in for, with what allows it; beside it a service that asks for nothing runs its own image."""
    bad: dict[str, tuple[dict[str, Any], str]] = {
        "privileged": ({"privileged": True}, "privileged"),
        "pid": ({"pid": "host"}, "host-namespaces"),
        "ipc": ({"ipc": "host"}, "host-namespaces"),
        "uts": ({"uts": "host"}, "host-namespaces"),
        "capability": ({"cap_add": ["SYS_ADMIN"]}, "privileged"),
        "seccomp": ({"security_opt": ["seccomp=unconfined"]}, "privileged"),
        "device": ({"devices": ["/dev/null:/dev/x"]}, "devices"),
        "socket": ({"volumes": [f"{listener}:/d.sock"]}, "docker-socket"),
        "hook": ({"post_start": [{"command": ["x"], "privileged": True}]}, "privileged"),
        "api": ({"use_api_socket": True}, "docker-socket"),
    }
    services = {name: alone(runs, **body) for name, (body, _) in bad.items()}
    services |= {"good": alone(runs), "host": alone(runs, network_mode="host")}
    with own_folder(runs.project(services)) as folder:
        write(folder / "names", json.dumps(list(services)))
        found = images(runs, folder)
        assert found.pop("good") == ""
        assert found.pop("host").endswith("`network_mode: host`, that requires `--allow host-network`")
        for name, (_, right) in bad.items():
            assert found[name].endswith(f"that requires `--allow {right}`"), name
        some = images(
            runs, folder, *(word for each in ("host-namespaces", "host-network") for word in ("--allow", each))
        )
    assert [name for name, why in some.items() if not why] == ["pid", "ipc", "uts", "good", "host"]


def test_it_is_said_who_runs_with_which_rights(runs: Runs) -> None:
    """Before anything runs, and in the report."""
    services = {
        "good": alone(runs), "host": alone(runs, network_mode="host"), "bad": alone(runs, privileged=True),
    }  # fmt: skip
    done = runs.once(runs.project(services), "--allow", "host-network")
    usual = "the project's own image with the rights of any container"
    expected = (
        f"in the Docker engine: good: {usual}, and host-files; host: {usual}, and host-network, "
        "host-files; modellint's own containers replace bad, which has `privileged`; that requires "
        "`--allow privileged`"
    )
    assert f"modellint: {expected}\n" in done.err
    assert expected in " ".join(done.out.split())


MOUNTED = """
import os, pathlib
for each in ("/data/below", "/data"):
    try:
        pathlib.Path(each, "mark").write_text("x")
    except OSError:
        pass
raise SystemExit(9 if pathlib.Path("/data/below/kept").exists() else 8)
"""


@pytest.mark.parametrize(
    "bind", [{}, {"recursive": "writable"}, {"recursive": "enabled", "propagation": "rshared"}], ids=str
)
def test_what_is_mounted_below_a_folder(runs: Runs, bind: dict[str, Any]) -> None:
    """`read_only` holds for the mount alone. What lies below it is the user's, and is not there."""
    mount = {"type": "bind", "source": "./data", "target": "/data", "bind": bind}
    with own_folder(runs.project({"chat": runs.python(MOUNTED, models=LLM, volumes=[mount])})) as folder:
        below = folder / "data" / "below"
        below.mkdir(parents=True)
        if subprocess.run(["mount", "-t", "tmpfs", "none", str(below)], check=False).returncode != 0:
            pytest.skip("nothing can be mounted here")
        try:
            write(below / "kept", "users")
            done = runs.run(folder, "--details")
            assert sorted(each.name for each in below.iterdir()) == ["kept"]
        finally:
            subprocess.run(["umount", str(below)], check=True)
        assert [each.name for each in (folder / "data").iterdir()] == ["below"]
    assert "it is exited with exit status 8" in checks(done, "service chat")["container"][1]


def test_a_link_to_somewhere_else(runs: Runs) -> None:
    """Its folder is in the repository, and what it points at is not."""
    services = {
        name: {"image": runs.image, "entrypoint": ["/nonexistent"], "models": LLM, "volumes": [f"./{name}:/x"]}
        for name in ("link", "own")
    }
    with own_folder(runs.project(services)) as folder:
        (folder / "link").symlink_to("/etc")
        (folder / "own").mkdir()
        done = runs.run(folder, "--details", allow=())
    assert checks(done, "service link")["image"][1].endswith("that requires `--allow host-files`")
    assert checks(done, "service link")["container"][0] == "pass"
    assert "/nonexistent" in checks(done, "service own")["container"][1]


def test_names_that_are_options(runs: Runs) -> None:
    """A service may be called so, and so may what somebody writes in the place of an image."""
    services = {
        "--no-start": runs.python(models=LLM),
        "-h": runs.python(models=LLM, build="."),
        "Upper": runs.python(build="."),
    }
    with own_folder(runs.project(services)) as folder:
        write(folder / "Dockerfile", f"FROM {runs.image}\n")
        done = runs.run(folder, "--details")
    for name in services:
        assert checks(done, f"service {name}")["container"] == ("pass", "Compose started it, and it is running"), name
    image = runs.once(runs.project({"chat": {"image": "--help", "models": LLM}}), "--details")
    assert checks(image, "service chat")["image"][0] == "not proven"


def test_values_of_the_shell(runs: Runs) -> None:
    """Nobody has one of them, however it is asked for; who asks for none runs."""
    seen = f"""
import os, pathlib
files = [each.read_text() for each in map(pathlib.Path, ("/run/secrets/s", "/c", "/d")) if each.is_file()]
raise SystemExit(7 if any({SECRET[::-1]!r}[::-1] in each for each in [*files, *os.environ.values()]) else 8)
"""

    def looking(**more: Any) -> dict[str, Any]:
        return runs.python(seen, models=LLM, **more)

    services = {
        "none": looking(environment={"HOME": "${HOME}", "OWN": "${OWN}", "UNSET": None}),
        "name": looking(environment=["TOKEN"]),
        "text": looking(environment={"A": "x${TOKEN}y"}),
        "secret": looking(secrets=["s"]),
        "config": looking(configs=[{"source": "c", "target": "/c"}]),
        "content": looking(configs=[{"source": "d", "target": "/d"}]),
        "file": looking(env_file=["own.env"]),
        "build": looking(build={"context": ".", "args": ["TOKEN"]}),
        "image": {"image": "registry.invalid/${TOKEN}", "models": LLM},
    }
    shared = {
        "secrets": {"s": {"environment": "TOKEN"}},
        "configs": {"c": {"environment": "TOKEN"}, "d": {"content": "x${TOKEN}"}},
    }
    with own_folder(runs.project(services, **shared)) as folder:
        write(folder / ".env", "OWN=value\n")
        write(folder / "own.env", "B=${TOKEN}\n")
        write(folder / "Dockerfile", f"FROM {runs.image}\n")
        write(folder / "names", json.dumps(list(services)))
        found = images(runs, folder, TOKEN=SECRET)
        assert found.pop("none") == ""
        for name, why in found.items():
            assert why.endswith("that requires `--allow shell-variables`"), (name, why)
        only = ("none", "name", "text", "secret", "config", "content", "file")
        chosen = [word for name in only for word in ("--service", name)]
        done = runs.run(folder, "--details", "--allow", "shell-variables", *chosen, variables={"TOKEN": SECRET})
    assert SECRET not in done.out + done.err
    for name in only:
        expected = f"it is exited with exit status {8 if name == 'none' else 7}"
        assert checks(done, f"service {name}")["container"][1].startswith(expected), name


def test_an_env_file_outside(runs: Runs) -> None:
    """Compose would read it, and print of a line that it does not take. It is not asked."""
    for text in (f"A={SECRET}\n", f"machine x login y password {SECRET}\n"):
        with own_folder("") as other:
            outside = write(other / "outside.env", text)
            services = {"chat": alone(runs), "bad": alone(runs, env_file=[str(outside)])}
            with own_folder(runs.project(services)) as folder:
                done = runs.run(folder, "--details", "--allow", "privileged", allow=())
                assert SECRET not in done.out + done.err
                for name in services:
                    status, reason = checks(done, f"service {name}")["container"]
                    assert status == "not proven"
                    assert reason.endswith("which is outside the repository: that requires `--allow host-files`")


def test_an_env_file_that_is_a_link(runs: Runs) -> None:
    with own_folder("") as other, own_folder(runs.project({"chat": alone(runs)})) as folder:
        (folder / ".env").symlink_to(write(other / "outside.env", f"A={SECRET}\n"))
        done = runs.run(folder, "--details", allow=())
    assert (done.status, done.out) == (2, "")
    assert ".env: is a symbolic link to a file outside its directory and its repository" in done.err
    assert SECRET not in done.err


def test_variables_for_the_programs_that_compose_starts(runs: Runs) -> None:
    """An env file of the project may name LD_PRELOAD. The dynamic linker of none of them hears of it."""
    provider = {"provider": {"type": "model", "options": {"model": f"{runs.registry}/ai/canary-llm:v1"}}}
    secret = 'import pathlib; assert pathlib.Path("/run/secrets/key").read_text() == "of the file"'
    chat = runs.python(f"{secret}; {PAUSE}", depends_on=["my"], secrets=["key"])
    services = {"my": provider, "chat": chat, "built": runs.python(build=".")}
    text = runs.project(services, models=None, secrets={"key": {"environment": "KEY"}})
    with own_folder(text) as folder:
        write(folder / "Dockerfile", f"FROM {runs.image}\n")
        traces = folder / "tmp" / "trace"
        write(folder / ".env", f"LD_DEBUG=libs\nLD_DEBUG_OUTPUT={traces}\nKEY='of the file'\n")
        done = runs.run(folder, "--details")
        assert not list(traces.parent.glob("trace*"))
    assert done.status == 0, str(done)
    assert checks(done, "service chat")["container"] == ("pass", "Compose started it, and it is running")
    assert checks(done, "service built")["container"] == ("pass", "Compose started it, and it is running")


def test_files_of_other_machines(runs: Runs) -> None:
    """Compose would start `git` for what a project includes from there."""
    text = runs.project({"chat": alone(runs)}, include=["https://127.0.0.1:1/x.git"])
    with own_folder(text) as folder:
        mark = folder / "tmp" / "mark"
        write(folder / "bin" / "git", f"#!/bin/sh\n: > {shlex.quote(str(mark))}\nexit 1\n", 0o755)
        path = os.pathsep.join([str(folder / "bin"), runs.engine.environment["PATH"]])
        done = runs.run(folder, "--details", variables={"PATH": path})
        assert not mark.exists()
    said = "it includes remote files, which modellint does not fetch"
    assert checks(done, "service chat")["container"] == ("not proven", said)


def test_no_container_may_use_all_of_the_machine(runs: Runs) -> None:
    limits = """
import pathlib
score = int(pathlib.Path("/proc/self/oom_score_adj").read_text())
found = [int(each.read_text()) for each in pathlib.Path("/sys/fs/cgroup").rglob("*") if each.name in
         ("memory.limit_in_bytes", "memory.max", "pids.max") and each.read_text().strip().isdigit()]
raise SystemExit(7 if score >= 500 and len(found) > 1 and min(found) <= 4096 else 8)
"""
    done = runs.once(runs.project({"chat": runs.python(limits, models=LLM, scale=3, oom_score_adj=-1000)}), "--details")
    assert checks(done, "service chat")["container"][1].startswith("it is exited with exit status 7"), str(done)


def test_a_full_disk(runs: Runs) -> None:
    """It is said which: nothing is started that could not be taken down again."""
    with own_folder(runs.project({"chat": runs.python(models=LLM)})) as folder:
        small = folder / "tmp" / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)], check=False).returncode != 0:
            pytest.skip("nothing can be mounted here")
        try:
            done = runs.run(folder, "--details", variables={"TMPDIR": str(small)})
        finally:
            subprocess.run(["umount", str(small)], check=True)
    assert done.status == 0, str(done)
    said = f"the directory for temporary files, {small}, has less than 8 MiB free"
    assert checks(done, "service chat")["engine"] == ("not proven", said)
