"""A project that tries several ways out at once, with a real engine; `tests/soak/docker` tries each of them alone."""

from __future__ import annotations

import shlex
import subprocess
from typing import Any

from support.docker.runs import PAUSE, Runs, checks, write
from support.smoke.remains import own_folder

LLM = ["llm"]
SECRET = "s3cr3t-of-the-shell"
# Ends with status 8 where nothing can be written to or seen below a mounted folder.
MOUNTED = """
import pathlib
for each in ("/data/below", "/data"):
    try:
        pathlib.Path(each, "mark").write_text("x")
    except OSError:
        pass
raise SystemExit(9 if pathlib.Path("/data/below/kept").exists() else 8)
"""


def test_a_hostile_project(runs: Runs) -> None:
    """A program on this machine, a library for Docker's own programs, a mount below a mount, root, and a secret."""
    services: dict[str, Any] = {
        "provider": {"provider": {"type": "./evil.sh"}},
        "chat": runs.python(models=LLM, depends_on=["provider"]),
        "mount": runs.python(MOUNTED, models=LLM, volumes=["./data:/data"]),
        "root": runs.python(models=LLM, privileged=True),
        "token": runs.python(models=LLM, environment=["TOKEN"]),
        "file": runs.python(
            f"import pathlib; assert pathlib.Path('/run/secrets/key').read_text() == 'own'; {PAUSE}", secrets=["key"]
        ),
    }
    with own_folder(runs.project(services, secrets={"key": {"environment": "KEY"}})) as folder:
        marks = folder / "tmp" / "marks"
        write(folder / "evil.sh", f"#!/bin/sh\nenv >> {shlex.quote(str(marks))}\n", 0o755)
        # Each program that the dynamic linker hears this for writes a file.
        write(folder / ".env", f"LD_DEBUG=libs\nLD_DEBUG_OUTPUT={marks}\nKEY=own\n")
        below = folder / "data" / "below"
        below.mkdir(parents=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "none", str(below)], check=False).returncode == 0
        write(below / "kept", "users")
        try:
            done = runs.run(folder, "--details", variables={"TOKEN": SECRET})
            assert sorted(each.name for each in below.iterdir()) == ["kept"]
        finally:
            if mounted:
                subprocess.run(["umount", str(below)], check=True)
        assert not list(marks.parent.iterdir())
    assert done.status == 0, str(done)
    assert SECRET not in done.out + done.err
    found = {name: checks(done, f"service {name}") for name in services}
    assert found["chat"]["environment (provider)"][0] == "not proven"
    if mounted:
        assert found["mount"]["container"][1].startswith("it is exited with exit status 8")
    for name, right in (("root", "privileged"), ("token", "shell-variables")):
        status, reason = found[name]["image"]
        assert (status, reason.endswith(f"that requires `--allow {right}`")) == ("not proven", True)
    for name in ("chat", "root", "token", "file"):
        assert found[name]["container"] == ("pass", "Compose started it, and it is running")
    usual = "the project's own image with the rights of any container, and host-files"
    assert (
        f"modellint: in the Docker engine: chat, mount, file: {usual}; modellint's own containers replace " in done.err
    )
