"""A signal at the worst moment: between something that has just come to be and the note that it has to go again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from modellint.oci.answers import RegistryAnswer
from modellint.oci.artifact import Artifact
from modellint.oci.query import Query
from modellint.registry.cache import Cache
from modellint.smoke.isolation.gateway import Gateway
from modellint.smoke.isolation.namespace import open_namespace
from modellint.smoke.runners.find import Program
from modellint.smoke.runners.plan import COMPLETION, Files, RunnerConfig
from modellint.smoke.runners.process import start
from modellint.smoke.store import lock
from modellint.smoke.store.store import Store
from modellint.system.signals import defer_interrupt, interrupt
from support.smoke.remains import processes


def test_without_a_block_it_comes_at_once() -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_it_comes_behind_the_outermost_block_and_once() -> None:
    steps: list[int] = []
    with pytest.raises(KeyboardInterrupt), defer_interrupt():
        with defer_interrupt():
            interrupt()
            steps.append(1)
        steps.append(2)
    assert steps == [1, 2]
    with defer_interrupt():
        steps.append(3)


def test_what_fails_in_a_block_does_not_lose_it() -> None:
    with pytest.raises(KeyboardInterrupt), defer_interrupt():
        interrupt()
        raise ValueError
    with pytest.raises(ValueError, match="no signal"), defer_interrupt():
        raise ValueError("no signal")


def test_the_block_of_another_thread_is_no_reason_to_wait() -> None:
    begun, done = threading.Event(), threading.Event()

    def work() -> None:
        with defer_interrupt():
            begun.set()
            done.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(10)
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    done.set()
    thread.join()


def and_then_a_signal(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        result = function(*args, **more)
        interrupt()
        return result

    return call


@pytest.mark.skipif(sys.platform != "linux", reason="runners are started on Linux only")
def test_a_runner_that_has_just_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "runner"
    script.write_text(f"#!{sys.executable} -S\nimport time\ntime.sleep(600)\n")
    script.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", "/tmp")  # a socket's path must be short
    monkeypatch.setattr(subprocess, "Popen", and_then_a_signal(subprocess.Popen))
    with pytest.raises(KeyboardInterrupt), ExitStack() as stack, defer_interrupt():
        stack.enter_context(
            start(Program((str(script),), ""), RunnerConfig("d", COMPLETION, 0, (), ("llm",)), Files("m"))
        )
        assert processes(str(tmp_path))
    assert processes(str(tmp_path)) == []


@pytest.mark.usefixtures("namespaces")
def test_a_namespace_that_has_just_come_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    pids: list[int] = []
    popen = and_then_a_signal(subprocess.Popen)

    def noted(*args: Any, **more: Any) -> Any:
        process = popen(*args, **more)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(subprocess, "Popen", noted)
    with pytest.raises(KeyboardInterrupt), open_namespace(1):
        pytest.fail("it was not interrupted")
    assert len(pids) == 1
    assert not Path(f"/proc/{pids[0]}").exists()


def test_a_gateway_that_is_closed_before_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def not_yet(thread: threading.Thread) -> None:
        threads.append(thread)

    monkeypatch.setattr(threading.Thread, "start", not_yet)
    gateway = Gateway(socket.create_server(("127.0.0.1", 0)), {}, token="t")
    gateway.start()
    gateway.close()
    monkeypatch.undo()
    (thread,) = threads
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_the_folder_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(str(tmp_path / "models")) as store:
        monkeypatch.setattr(lock, "take", and_then_a_signal(lock.take))
        with pytest.raises(KeyboardInterrupt):
            store.start_run()
        assert list(Path(store.layout.runs).iterdir())
    assert not list(Path(store.layout.runs).iterdir())


def test_an_answer_that_is_being_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(str(tmp_path))
    request = Query("localhost:1", "ai/m", "v1")
    cache.keep(request, RegistryAnswer(Artifact("sha256:" + "0" * 64, "model"), time.time()))
    monkeypatch.setattr(os, "open", and_then_a_signal(os.open))
    with pytest.raises(KeyboardInterrupt):
        cache.write()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["r+ai+m"]
