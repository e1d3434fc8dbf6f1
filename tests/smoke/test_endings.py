"""Whatever ends a run, nothing of it is left, and it says what happened: each ending a few times.

With `MODELLINT_ENDINGS=20` it is twenty times each, as `make soak` has it. These are runs of the whole command with the
real registry and real llama.cpp, each in a folder of its own, watched by a `warden`. The moments of signals are spread
over what a run does, not over its seconds: those differ between machines.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modellint.smoke.store.store import Store
from support.registry.push import sha256
from support.registry.servers import free_port, program
from support.smoke.door import Door, End
from support.smoke.remains import Ended, cache_of, guarded, own_folder, remains, smoke
from support.smoke.tiny import Canary, push
from support.store.canned import GGUF, Stored, noise

TIMES = int(os.environ.get("MODELLINT_ENDINGS", "3"))
PROJECT = """\
name: endings
services:
  chat:
    image: registry.example.com/chat:1
    models: [llm]
models:
  llm:
    model: ${REGISTRY}/ai/%s:v1
    context_size: 2048
    runtime_flags: ["--threads", "1", "--no-warmup", "--temp", "0.1"]
"""
SMALL, LARGE, HUGE = (PROJECT % name for name in ("small", "large", "huge"))
# What a run does, and seconds after that has begun: twenty moments, four in each of the five things that it does.
ALL_MOMENTS = [
    *(("command", after) for after in (0.0, 0.02, 0.05, 0.1)),
    *(("pull", after) for after in (0.0, 0.05, 0.15, 0.25)),
    *(("boot", after) for after in (0.0, 0.1, 0.25, 0.4)),
    *(("probe", after) for after in (0.0, 0.03, 0.06, 0.1)),
    *(("end", after) for after in (0.0, 0.005, 0.01, 0.02)),
]
# In each of the five at least one, or all of them.
MOMENTS = ALL_MOMENTS if len(ALL_MOMENTS) <= TIMES else [ALL_MOMENTS[at] for at in (0, 5, 8, 13, 16)]
GONE = "modellint: interrupted; everything that was started is stopped\n"
SLEEP = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="runners and namespaces are for Linux only"),
    pytest.mark.usefixtures("namespaces"),
]


@pytest.fixture(scope="module")
def models(registry: Stored, make: Canary) -> Stored:
    """A registry with a model of 300 KB, and two of which most is another file, so that a pull has a middle."""
    weights = (GGUF, make("small"), "model.gguf")
    other = "application/vnd.docker.ai.model.file"
    push(registry, "ai/small", [weights])
    push(registry, "ai/large", [weights, (other, noise(3_000_000), "more.bin")])
    push(registry, "ai/huge", [weights, (other, noise(1 << 26), "more.bin")])
    return registry


def several(run: Callable[[int], Ended], at_once: int = 4, times: int = TIMES) -> list[Ended]:
    """Do it several times; none leaves anything or shows a traceback."""
    with ThreadPoolExecutor(at_once) as pool:
        all_ended = list(pool.map(run, range(times)))
    for each in all_ended:
        assert not each.left, str(each)
        assert "Traceback" not in each.err, str(each)
        assert "internal error" not in each.err, str(each)
    seconds = sorted(each.seconds for each in all_ended)
    print(f"\n{times} runs: {seconds[0]:.2f} to {seconds[-1]:.2f} s, median {seconds[times // 2]:.2f} s")
    return all_ended


def share(number: int) -> int:
    """The same for one of a few runs as for one of twenty: how far it is on the way from the first to the last."""
    return number * 20 // TIMES


def once(
    host: str,
    text: str,
    *words: str,
    at: tuple[str, float] = ("", 0.0),
    signals: tuple[tuple[int, int, float], ...] = (),
) -> Ended:
    """A run in a folder of its own."""
    with own_folder(text) as folder:
        return smoke(folder, "--format", "json", *words, variables={"REGISTRY": host}, at=at, signals=signals)


def errors(run: Ended) -> list[str]:
    """What a run reports as failed."""
    return [each["message"] for each in json.loads(run.out)["findings"] if each["severity"] == "error"]


# The check itself


DIGEST = sha256(b"data").removeprefix("sha256:")
LEFT = {
    "tmp/modellint-runner-1": "file: tmp/modellint-runner-1",
    "tmp/.hidden": "file: tmp/.hidden",
    "home/.config": "file: home/.config",
    "core": "file: core",
    "store/runs/0123456789abcdef": "file: store/runs/0123456789abcdef",
    "store/runs/0123456789abcdef.lock": "file: store/runs/0123456789abcdef.lock",
    "store/partial/new": "file: store/partial/new",
    "store/blobs/sha256/new": "file: store/blobs/sha256/new",
    f"store/blobs/sha256/{'0' * 64}": f"wrong: store/blobs/sha256/{'0' * 64}",
    "cache/modellint/registry/other/r+m.12.34": "file: cache/modellint/registry/other/r+m.12.34",
}


@pytest.mark.parametrize("name", LEFT)
def test_a_file_that_is_left_is_noticed(name: str) -> None:
    with own_folder(SMALL) as folder:
        for allowed in (
            f"store/blobs/sha256/{DIGEST}", f"store/partial/{DIGEST}.part", f"store/locks/{DIGEST}.use",
            f"store/locks/{DIGEST}.pull", "store/runs", "cache/modellint/registry/localhost+5000/r+ai+m",
        ):  # fmt: skip
            write(place(folder, allowed))
        (folder / "store/runs").unlink()
        (folder / "store/runs").mkdir()
        assert remains(folder) == []
        write(place(folder, name))
        assert remains(folder) == [LEFT[name]]


def place(folder: Path, name: str) -> Path:
    return (folder.parent if name.startswith("cache/") else folder) / name


def test_a_lock_that_is_held_is_noticed() -> None:
    with own_folder(SMALL) as folder:
        path = folder / f"store/locks/{DIGEST}.use"
        write(path)
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            assert remains(folder) == [f"lock: store/locks/{DIGEST}.use"]
        assert remains(folder) == []


@pytest.mark.parametrize("how", ["words", "environment"])
def test_a_process_that_is_left_is_noticed(how: str) -> None:
    with own_folder(SMALL) as folder:
        words, variables = (SLEEP, {"X": str(folder)}) if how == "environment" else ([*SLEEP, str(folder)], {})
        with subprocess.Popen(words, env=variables) as process:
            while "time.sleep" not in Path(f"/proc/{process.pid}/cmdline").read_text():  # it is not it yet
                time.sleep(0.01)
            assert remains(folder) == [f"process: {' '.join(words)}"]
            process.kill()
        assert remains(folder) == []


@pytest.mark.parametrize("network", [False, True], ids=["", "in a network namespace"])
def test_a_process_that_hides_is_noticed(network: bool) -> None:
    """Neither its words nor its environment say what it comes from, and it is in another session."""
    enter = "import ctypes; ctypes.CDLL(None).unshare(0x40000000) and ctypes.CDLL(None).unshare(0x50000000); "
    sleep = [*SLEEP[:-1], (enter if network else "") + SLEEP[-1]]
    leave = f"import subprocess; subprocess.Popen({sleep}, env={{}}, cwd='/', start_new_session=True)"
    pause = "; import time; time.sleep(1)" if network else ""  # it needs some time to get there
    with own_folder(SMALL) as folder:
        (left,) = guarded(order(folder, [sys.executable, "-I", "-S", "-c", leave + pause], 30)).left
    assert left == f"process: {' '.join(sleep)}" + (", in a network namespace of its own" if network else "")


def test_a_program_that_does_not_end_is_noticed() -> None:
    with own_folder(SMALL) as folder:
        assert guarded(order(folder, SLEEP, 0.5)).left == ["it did not end within 0.5 s"]


def order(folder: Path, words: list[str], seconds: float) -> dict[str, Any]:
    return {
        "words": words, "folder": str(folder), "environment": dict[str, str](), "phase": "", "seconds": seconds,
        "patience": 0,
    }  # fmt: skip


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"data")


# Endings


def test_success(models: Stored) -> None:
    for run in several(lambda _: once(models.host, SMALL, "--require", "all")):
        assert run.status == 0, str(run)
        assert json.loads(run.out)["findings"] == []
        assert run.err == ""


def test_failure(models: Stored) -> None:
    text = SMALL.replace('"--temp", "0.1"', '"--temp=0.1"')
    for run in several(lambda _: once(models.host, text)):
        assert run.status == 1, str(run)
        assert errors(run) == [
            "model llm, booted: the runner exited with status 1: error: invalid argument: --temp=0.1"
        ], str(run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_signal(models: Stored, number: signal.Signals) -> None:
    interrupted(models, ((0, number, 0.0),))


def test_an_impatient_person(models: Stored) -> None:
    """What takes a run down is not interrupted."""
    interrupted(models, ((0, signal.SIGINT, 0.005), (0, signal.SIGINT, 0.05), (0, signal.SIGTERM, 0.0)))


def interrupted(models: Stored, signals: tuple[tuple[int, int, float], ...]) -> None:
    def run(number: int) -> Ended:
        with Door(models.host, pause=0.02) as slow:
            return once(slow.host, SMALL, at=MOMENTS[number], signals=signals)

    all_ended = several(run, times=len(MOMENTS))
    for (phase, after), each in zip(MOMENTS, all_ended, strict=True):
        if phase in ("boot", "probe", "end") and each.status == 0:
            assert errors(each) == []  # it was too late to stop it: a boot may take less than the moment is after
            continue
        assert each.sent, f"{phase} + {after} s: {each}"
        assert (each.status, each.out, each.err) == (2, "", GONE), f"{phase} + {after} s: {each}"
    assert sum(each.status == 2 for each in all_ended) >= len(MOMENTS) * 13 // 20


def test_a_kill(models: Stored) -> None:
    """The program itself can do nothing then. What it has in the store, the next run removes.

    An answer that it was just writing down stays beside the others in the cache.
    """

    def run(number: int) -> Ended:
        with Door(models.host, pause=0.02) as slow, own_folder(SMALL) as folder:
            variables = {"REGISTRY": slow.host}
            at, signals = MOMENTS[number], ((0, signal.SIGKILL, 0.0),)
            killed = smoke(folder, variables=variables, at=at, signals=signals, patience=10)
            assert killed.status in (-signal.SIGKILL, 0), str(killed)
            stay = [each for each in killed.left if not each.startswith(("file: store/runs/", "file: cache/"))]
            assert not stay, str(killed)
            if killed.left:
                removed.append(killed)
                Store(str(folder / "store")).close()
                shutil.rmtree(cache_of(folder), ignore_errors=True)
            return replace(killed, left=remains(folder))

    removed: list[Ended] = []
    several(run, times=len(MOMENTS))
    assert len(removed) >= len(MOMENTS) // 5


def test_a_time_out(models: Stored) -> None:
    """`--timeout` is over anywhere in a run."""
    for run in several(lambda number: once(models.host, SMALL, "--timeout", f"{0.05 + share(number) / 12:.2f}")):
        assert run.status in (0, 1), str(run)
        found = errors(run)
        assert len(found) == run.status, str(run)
        assert all("`--timeout` of" in each for each in found), str(run)


# Runners

RELAY = """
import os, signal, socket, subprocess, sys, threading
words = sys.argv[1:]
place = words.index("--port") + 1
listener = socket.create_server(("127.0.0.1", int(words[place])), backlog=64)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    inner = free.getsockname()
words[place] = str(inner[1])
asked = set()
real = subprocess.Popen([sys.executable, "-P", "-m", "modellint.smoke.runners.shim", *words])
def up(client, server):
    while data := client.recv(65536):
        if data.startswith(b"POST"):
            asked.add(client)
        server.sendall(data)
def serve(client):
    try:
        server = socket.create_connection(inner)
    except OSError:
        return client.close()
    threading.Thread(target=up, args=(client, server), daemon=True).start()
    while data := server.recv(65536):
        if client in asked:
            misbehave(client, data)
        client.sendall(data)
    client.shutdown(socket.SHUT_RDWR)
    client.close()
def accept():
    while True:
        threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
"""
NEVER_READY = "import time; print('thinking', flush=True); time.sleep(600)"
RUNNERS = {
    "hangs": """
def misbehave(client, data):
    os.kill(real.pid, signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    threading.Event().wait()  # it takes a moment to come to this thread
real.wait()
""",
    "hangs if warm": """
def misbehave(client, data):
    if "0.9" in words:
        threading.Event().wait()
real.wait()
""",
    "dies": """
def misbehave(client, data):
    client.sendall(data[:20])
    os.kill(real.pid, signal.SIGKILL)
    sys.stderr.write("error: cannot go on\\n")
    sys.stderr.flush()
    os._exit(7)
real.wait()
""",
    "is deaf and has children everywhere": """
def misbehave(client, data):
    pass
deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
sleep = [sys.executable, "-I", "-S", "-c", deaf]
subprocess.Popen(sleep)
subprocess.Popen(sleep, env={}, cwd="/", start_new_session=True)
again = "import subprocess, sys; subprocess.Popen(sys.argv[1:], env={}, cwd='/', start_new_session=True)"
subprocess.run([sys.executable, "-I", "-S", "-c", again, *sleep])
signal.signal(signal.SIGTERM, signal.SIG_IGN)
real.wait()
while True:
    signal.pause()
""",
}


@pytest.fixture
def runner(tmp_path: Path) -> Callable[[str], str]:
    """A program that stands between modellint and the real runner: `runner("hangs")`."""

    def written(name: str) -> str:
        path = tmp_path / "runner"
        path.write_text(f"#!{sys.executable} -S\n{RELAY + RUNNERS[name] if name in RUNNERS else NEVER_READY}")
        path.chmod(0o755)
        return str(path)

    return written


def test_a_runner_that_hangs(models: Stored, runner: Callable[[str], str]) -> None:
    path = runner("hangs")
    in_time = 0
    for run in several(lambda _: once(models.host, SMALL, "--runner", path, "--timeout", "8"), at_once=TIMES):
        assert run.status == 1, str(run)
        found = errors(run)
        if "--timeout" in found[0]:  # a slow machine
            continue
        in_time += 1
        assert len(found) == 2, str(run)
        assert found[0].startswith("service chat, chat (llm at LLM_URL): no response: no data within ")
        assert found[1] == ("model llm, kept running: the runner is no longer healthy: no response within 2 s"), str(
            run
        )
    assert in_time


def test_a_runner_that_hangs_does_not_take_the_time_of_another(models: Stored, runner: Callable[[str], str]) -> None:
    text = SMALL.replace("models: [llm]", "models: [llm, warm]") + SMALL[SMALL.index("  llm:") :]
    text = text[: text.rindex("llm:")] + text[text.rindex("llm:") :].replace("llm", "warm").replace("0.1", "0.9")
    with Door(models.host) as other:  # for the same artifact there would be one runner only
        text = text[: text.rindex("${REGISTRY}")] + other.host + "/ai/large:v1" + text[text.rindex(":v1") + 3 :]
        run = once(models.host, text, "--runner", runner("hangs if warm"), "--timeout", "15")
    assert run.status == 1, str(run)
    (found,) = errors(run)
    assert found.startswith("service chat, chat (warm at WARM_URL): no response: no data within "), str(run)
    assert not run.left


def test_a_runner_that_is_never_ready(models: Stored, runner: Callable[[str], str]) -> None:
    path = runner("is never ready")
    in_time = 0
    for run in several(lambda _: once(models.host, SMALL, "--runner", path, "--timeout", "5"), at_once=10):
        assert run.status == 1, str(run)
        (found,) = errors(run)
        assert "the `--timeout` of 5 s expired" in found
        in_time += found.startswith("model llm, booted: the `--timeout` of 5 s expired: the runner was not healthy")
    assert in_time  # on a slow machine some do not come so far


def test_a_runner_that_does_not_end(models: Stored, runner: Callable[[str], str]) -> None:
    path = runner("is deaf and has children everywhere")
    for run in several(lambda _: once(models.host, SMALL, "--runner", path), at_once=10):
        assert run.status == 0, str(run)
        assert json.loads(run.out)["findings"] == []


# Registries


@contextlib.contextmanager
def another(registry: Stored, folder: Path) -> Generator[tuple[int, str]]:
    """A registry of its own with the same files: its process and its host."""
    port = free_port()
    settings = {
        "version": "0.1", "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(registry.storage)}}, "http": {"addr": f"127.0.0.1:{port}"},
    }  # fmt: skip
    path = folder / f"{port}.yml"
    path.write_text(json.dumps(settings))
    with subprocess.Popen(
        [program(), "serve", str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"},
    ) as process:  # fmt: skip
        try:
            wait_for(port)
            yield process.pid, f"localhost:{port}"
        finally:
            process.kill()


def wait_for(port: int) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_registry_that_is_killed(models: Stored, tmp_path: Path) -> None:
    def run(_: int) -> Ended:
        with another(models, tmp_path) as (pid, host):
            return once(host, HUGE, at=("pull", 0.0), signals=((pid, signal.SIGKILL, 0.0),))

    stopped(several(run, at_once=10))


def test_a_registry_that_stops(models: Stored) -> None:
    def run(number: int) -> Ended:
        end: End = "close" if number % 2 else "reset"
        with Door(models.host, most=1000 + share(number) * 150_000, end=end) as door:
            return once(door.host, LARGE)

    stopped(several(run, at_once=10))


def stopped(all_ended: list[Ended]) -> None:
    for run in all_ended:
        assert run.status == 1, str(run)
        assert len(found := errors(run)) == 1, str(run)
        assert found[0].startswith("model llm, pulled: "), str(run)
        assert "registry" in found[0], str(run)


def test_a_registry_that_hangs(models: Stored) -> None:
    def run(number: int) -> Ended:
        with Door(models.host, most=1000 + share(number) * 150_000, end="hang") as door:
            return once(door.host, LARGE, "--timeout", "5")

    for run_ in several(run, at_once=10):
        assert run_.status == 1, str(run_)
        assert errors(run_) == ["model llm, pulled: the `--timeout` of 5 s expired"], str(run_)
