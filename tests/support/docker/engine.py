"""A Docker engine for the tests: one that answers already, or one of our own where that can be started."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_START = 60.0  # seconds that an engine has to answer
_END = 30.0  # seconds that it has to end
_KINDS = ("container", "network", "volume", "image")


class NoEngine(Exception):
    """There is none, and none can be started. The text says why."""


@dataclass(frozen=True)
class Engine:
    """What reaches it: `environment` are the variables that `docker` needs, `PATH` among them."""

    environment: Mapping[str, str]

    def docker(self, *words: str, given: bytes = b"") -> str:
        """What a command prints."""
        done = self.tried(*words, given=given)
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr.decode()}"
        return done.stdout.decode().strip()

    def tried(self, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """A command that may fail."""
        return subprocess.run(
            ["docker", *words], env=self.environment, input=given, capture_output=True, timeout=120, check=False
        )

    def all(self) -> set[str]:
        """All that it has: containers, networks, volumes and images, those without a name too."""
        found: set[str] = set()
        for kind in _KINDS:
            more = ["--all"] if kind in ("container", "image") else []
            long = [] if kind == "volume" else ["--no-trunc"]
            found |= {f"{kind} {each}" for each in self.docker(kind, "ls", "--quiet", *more, *long).split()}
        return found


@contextlib.contextmanager
def shared_engine(folder: Path) -> Generator[Engine]:
    """An engine that all workers of a session share, which have this folder; one of our own ends with the last of them.

    Two of our own would be in each other's way: both would have the bridge `docker0`. Raises `NoEngine`.
    """
    state, start = folder / "docker.json", folder / "docker-start"
    with (folder / "docker-users").open("w") as users:
        with locked(start):
            path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
            engine = Engine({"PATH": path, "DOCKER_HOST": _host(path, state)})
            if not _answers(engine):
                engine = _start(path, state)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield engine
        finally:
            with locked(start):
                fcntl.flock(users, fcntl.LOCK_UN)
                if state.exists() and _is_last(users):
                    _stop(state)


@contextlib.contextmanager
def locked(path: Path) -> Generator[None]:
    """Alone among all processes that lock this file, which is made where there is none."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _host(path: str, state: Path) -> str:
    """Where the engine is that `docker` would talk to here: tests give it other settings, and must not lose this."""
    if shutil.which("docker", path=path) is None:
        raise NoEngine("there is no `docker` (Debian package docker.io)")
    if state.exists():
        return str(json.loads(state.read_text())["host"])
    if os.environ.get("DOCKER_HOST"):
        return os.environ["DOCKER_HOST"]
    words = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    done = subprocess.run(
        words, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout.strip()


def _answers(engine: Engine) -> bool:
    try:
        return engine.tried("version", "--format", "{{.Server.Version}}").returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _start(path: str, state: Path) -> Engine:
    """An engine of our own, with folders of its own."""
    program = shutil.which("dockerd", path=path)
    if program is None:
        raise NoEngine("no Docker engine answers, and there is no `dockerd` to start one (Debian package docker.io)")
    if os.geteuid() != 0:
        raise NoEngine("no Docker engine answers, and only root can start one")
    folder = Path(tempfile.mkdtemp(prefix="d-", dir="/tmp"))  # short: its sockets lie in it
    host, log = f"unix://{folder}/docker.sock", folder / "log"
    words = [program, f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--host={host}"]
    # Nobody's child: the worker that starts it may end before the others.
    begun = subprocess.run(
        ["sh", "-c", '"$@" > "$0" 2>&1 & echo $!', str(log), *words, f"--pidfile={folder}/pid"], env={"PATH": path},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True, check=True,
    )  # fmt: skip
    state.write_text(json.dumps({"host": host, "folder": str(folder), "pid": int(begun.stdout)}))
    engine = Engine({"PATH": path, "DOCKER_HOST": host})
    end = time.monotonic() + _START
    while not _answers(engine):
        if _has_ended(int(begun.stdout)) or time.monotonic() > end:
            said = log.read_text(errors="replace")[-500:]
            _stop(state)
            raise NoEngine(f"dockerd did not start: {said}")
        time.sleep(0.1)
    return engine


def _stop(state: Path) -> None:
    """End it with all that it runs, and remove its folder."""
    known = json.loads(state.read_text())
    folder, pid = Path(known["folder"]), known["pid"]
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)  # which ends its containers and its containerd too
    end = time.monotonic() + _END
    while not _has_ended(pid) and time.monotonic() < end:
        time.sleep(0.1)
    for each in Path("/proc").iterdir():  # of one that was killed or does not end
        with contextlib.suppress(OSError, ValueError):
            if f"{folder}/".encode() in (each / "cmdline").read_bytes():
                os.kill(int(each.name), signal.SIGKILL)
    _unmount(folder)
    shutil.rmtree(folder, ignore_errors=True)
    state.unlink()


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except OSError:
        return True


def _unmount(folder: Path) -> None:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    mounted = [line.split()[1] for line in lines]
    for each in sorted((each for each in mounted if each.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", each], check=False)
