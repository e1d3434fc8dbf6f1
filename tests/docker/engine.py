"""A Docker engine for the tests: one that answers already, or one of our own where that can be started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

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
def any_engine() -> Generator[Engine]:
    """An engine until the block ends. Raises `NoEngine`."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    if shutil.which("docker", path=path) is None:
        raise NoEngine("there is no `docker` (Debian package docker.io)")
    host = _host(path)
    engine = Engine({"PATH": path, "DOCKER_HOST": host})
    if host and _answers(engine):
        yield engine
        return
    daemon = shutil.which("dockerd", path=path)
    if daemon is None:
        raise NoEngine("no Docker engine answers, and there is no `dockerd` to start one (Debian package docker.io)")
    if os.geteuid() != 0:
        raise NoEngine("no Docker engine answers, and only root can start one")
    with _started(daemon, path) as engine:
        yield engine


def _host(path: str) -> str:
    """Where the engine is that `docker` would talk to here: tests give it other settings, and must not lose this."""
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


@contextlib.contextmanager
def _started(program: str, path: str) -> Generator[Engine]:
    folder = Path(tempfile.mkdtemp(prefix="d-", dir="/tmp"))  # short: its sockets lie in it
    try:
        socket = f"unix://{folder}/docker.sock"
        words = [program, f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--host={socket}"]
        engine = Engine({"PATH": path, "DOCKER_HOST": socket})
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*words, f"--pidfile={folder}/pid"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": path}, start_new_session=True,
            )  # fmt: skip
        try:
            _wait(engine, process, folder / "log")
            yield engine
        finally:
            _end(process, folder)
    finally:
        _unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START
    while not _answers(engine):
        if process.poll() is not None or time.monotonic() > end:
            raise NoEngine(f"dockerd did not start: {log.read_text(errors='replace')[-500:]}")
        time.sleep(0.1)


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.terminate()  # which ends its containers and its containerd too
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END)
    for each in Path("/proc").iterdir():  # of one that was killed or does not end
        with contextlib.suppress(OSError, ValueError):
            if f"{folder}/".encode() in (each / "cmdline").read_bytes():
                os.kill(int(each.name), signal.SIGKILL)
    process.wait()


def _unmount(folder: Path) -> None:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    mounted = [line.split()[1] for line in lines]
    for each in sorted((each for each in mounted if each.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", each], check=False)
